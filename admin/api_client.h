// SPDX-License-Identifier: MIT
// ApiClient: the larder command's way to larderd. Blocking; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "base/result.h"

namespace larder::admin {

struct ApiAnswer {
  int status = 0;
  std::string body;
  bool good() const { return status >= 200 && status < 300; }
};

class ApiClient {
 public:
  // `url`: http://host[:port] or https://...; "" `token`: none is sent.
  ApiClient(std::string url, std::string token);

  // Called some times a second during an exchange: what has come of an answer's body, or been sent of a request's, and
  // how much that will be (0: not known).
  void on_progress(std::function<void(std::uint64_t done, std::uint64_t total)> tell) { tell_ = std::move(tell); }

  // Fails, saying what to do, when larderd cannot be reached. An answer of any status is no failure here.
  Result<ApiAnswer> get(const std::string& target);
  Result<ApiAnswer> post(const std::string& target, const std::string& body,
                         const char* content_type = "application/json");

 private:
  Result<ApiAnswer> ask(const std::string& target, const std::string* body, const char* content_type);

  std::string url_;
  std::string token_;
  std::function<void(std::uint64_t, std::uint64_t)> tell_;
};

// A value as it stands in a query.
std::string query_escape(const std::string& text);

}  // namespace larder::admin
