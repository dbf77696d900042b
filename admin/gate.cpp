// SPDX-License-Identifier: MIT
#include "admin/gate.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <span>
#include <utility>

#include "base/text.h"
#include "config/token.h"
#include "proxy/authority.h"

namespace larder::admin {
namespace {

Digest digest_of(std::string_view text) {
  return Sha256::of(std::as_bytes(std::span(text.data(), text.size())));
}

bool is_loopback(const std::string& host) {
  static const auto v4 = config::Network::parse("127.0.0.0/8");
  static const auto v6 = config::Network::parse("::1/128");
  if (host == "localhost") return true;
  const auto address = config::Address::parse(host);
  return address && (v4->contains(*address) || v6->contains(*address));
}

bool same_site(const Request& request) {
  return request.origin == "http://" + request.host || request.origin == "https://" + request.host;
}

}  // namespace

Result<Gate> Gate::open(const config::AccessConfig& access, const std::vector<config::Endpoint>& listening) {
  Gate gate;
  for (const auto& endpoint : listening) gate.own_hosts_.push_back(endpoint.host);
  if (access.admin_token_file.empty()) return gate;
  const auto token = config::read_admin_token(access.admin_token_file);
  if (!token) return token.error();
  gate.token_ = digest_of(*token);
  if (access.read_token_file.empty()) return gate;
  const auto read_token = config::read_admin_token(access.read_token_file);
  if (!read_token) return read_token.error();
  gate.read_token_ = digest_of(*read_token);
  return gate;
}

std::optional<Response> Gate::refusal(const Route& route, const Request& request) const {
  if (route.path == "/healthz" || route.path == "/readyz") return std::nullopt;
  if (!token_ && !is_own_name(request.host)) {
    return problem(421,
                   "this server does not answer to this name; use http://127.0.0.1 or http://localhost with its "
                   "port, or set access.admin_token_file");
  }
  if (route.who == Who::anyone) return std::nullopt;
  if (token_) {
    if (auto refused = wrong_token(route, request)) return refused;
  }
  if (route.method == "GET") return std::nullopt;
  if (!request.origin.empty() && !same_site(request)) {
    return problem(403, "pages of other sites may not give orders; use Larder's own page or the larder command");
  }
  return std::nullopt;
}

std::optional<Response> Gate::wrong_token(const Route& route, const Request& request) const {
  constexpr std::string_view kScheme = "bearer ";
  const bool bearer = request.authorization.size() > kScheme.size() &&
                      equals_ignoring_case(request.authorization.substr(0, kScheme.size()), kScheme);
  const Digest given =
      digest_of(bearer ? trim(std::string_view(request.authorization).substr(kScheme.size())) : std::string_view{});
  const auto is = [&](const Digest& token) {
    return CRYPTO_memcmp(given.bytes.data(), token.bytes.data(), Digest::kSize) == 0;
  };
  if (is(*token_)) return std::nullopt;
  if (read_token_ && is(*read_token_)) {
    if (route.method == "GET") return std::nullopt;
    return problem(403, "this token only reads; orders need the one in the file that access.admin_token_file names");
  }
  Response refused = problem(401, bearer ? "the token is wrong; it is in the file that access.admin_token_file names"
                                         : "a token is needed; send Authorization: Bearer with the token in the file "
                                           "that access.admin_token_file names");
  refused.fields.emplace_back("WWW-Authenticate", "Bearer realm=\"larder\"");
  return refused;
}

bool Gate::is_own_name(const std::string& host) const {
  const auto authority = proxy::parse_authority(host);
  if (!authority) return false;
  return is_loopback(authority->host) ||
         std::find(own_hosts_.begin(), own_hosts_.end(), authority->host) != own_hosts_.end();
}

}  // namespace larder::admin
