// SPDX-License-Identifier: MIT
// Gate: who may ask what. With a token set, everything an administrator sees demands it, or a second one that reads and
// gives no orders. Without one Larder listens on
// loopback only, and what must be kept out are pages of other sites in the administrator's browser: a name that was
// made to resolve to 127.0.0.1 is refused by its Host, a form of another site by its Origin.
// Immutable; made anew on a reload.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "admin/message.h"
#include "admin/routes.h"
#include "base/digest.h"
#include "config/config.h"

namespace larder::admin {

class Gate {
 public:
  // Reads the token files when there are any. `listening`: the server's own addresses.
  static Result<Gate> open(const config::AccessConfig& access, const std::vector<config::Endpoint>& listening);

  // The refusal; nothing when the request may pass.
  std::optional<Response> refusal(const Route& route, const Request& request) const;

 private:
  std::optional<Response> wrong_token(const Route& route, const Request& request) const;
  bool is_own_name(const std::string& host) const;

  // SHA-256 of tokens, so that comparing takes the same time for every length.
  std::optional<Digest> token_;
  std::optional<Digest> read_token_;
  std::vector<std::string> own_hosts_;
};

}  // namespace larder::admin
