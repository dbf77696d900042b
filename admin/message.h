// SPDX-License-Identifier: MIT
// One request to the administration and its answer, as the handlers see them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/network.h"

namespace larder::admin {

struct Request {
  std::string method;
  std::string path;   // as sent, without the query
  std::string query;  // as sent, without '?'
  std::string body;
  std::string host;           // the Host field
  std::string authorization;  // the Authorization field
  config::Address peer;       // where it comes from
  std::string origin;         // the Origin field browsers send
  std::string content_type;
  std::string agent;          // the User-Agent field
  std::string if_none_match;  // the If-None-Match field
  bool accepts_gzip = false;
  std::string parameter;  // what stands in the path for the route's {name}, decoded
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string cache_control = "no-store";
  std::vector<std::pair<std::string, std::string>> fields;  // beside Content-Type, Content-Length, Connection
};

// Answers a request. Called once, on any thread, also when the client or the server has gone meanwhile.
using Reply = std::function<void(Response)>;

// A problem object (RFC 9457): what went wrong, in a sentence that says what to do.
Response problem(int status, std::string_view detail);
// The one table from failures to statuses.
Response problem(const Error& error);

std::string_view reason_phrase(int status);

}  // namespace larder::admin
