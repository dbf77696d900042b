// SPDX-License-Identifier: MIT
// Device tokens: the name a profile gives a device, as a leading /d/<token>/ of a path or as the user name of a proxy.
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "proxy/request_head.h"

namespace larder::proxy {

// 1 to limits::kTokenBytes of A-Z a-z 0-9 . _ : -
bool is_token(std::string_view text);

// The user name of `Proxy-Authorization: Basic`, when it is a token; "" otherwise (never a reason to refuse).
std::string proxy_user(const RequestHead& head);

struct TokenPath {
  std::string token;       // "" none
  std::string_view path;   // behind the token, beginning with '/'; the whole path when there is none
  bool malformed = false;  // the path begins with /d/ but no token follows
};

// Takes a leading /d/<token>/ off a path. The token is percent-decoded once. A view into `path`.
TokenPath take_token(std::string_view path);

}  // namespace larder::proxy
