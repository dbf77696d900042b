// SPDX-License-Identifier: MIT
// Entrances: by which of the ways a request came, and what it therefore asks for. Every fetch ends in one canonical
// URL; behind this file nothing depends on the way but the ledger. Pure; any thread.
//
// In this order:
//   CONNECT HOST:PORT                          tunnel
//   absolute form, http or https               proxy; the query is the origin's, `source=` in it means nothing.
//                                              /self-test of a host that is no origin: a helper, if it is Larder's
//   Host names an origin                       steered; likewise
//   source=HOST[:PORT][&sourceScheme=S]        content cache (Apple's clients, mist-cli, preheat tools)
//   cacheHostOrigin=HOST                       delivery optimization
//   /mau/..., MAUCacheAdmin's layouts          update cache, see updates/mau.h
//   /pr/<GUID>/MacAutoupdate/..., /mro1cdnstorage/...   update cache: Microsoft's own layouts under any Host
//   / with Max-Forwards: 0, /, /proxy.pac, /lcdn/locate, /self-test, /profiles/...   helpers
//   Host is localhost, and that names an origin (only where the configuration says so)   steered
//
// A leading /d/<token>/ names the device: it is taken off, decoded once, and must be 1 to 64 of A-Z a-z 0-9 . _ : -
// (400 otherwise). Paths that belong to an origin (proxy, steered, delivery optimization) lose it only when it is a
// token, and on windowsupdate.com, whose own paths begin with /c/ and /d/, only when such a path follows.
//
// Refusals, in the words that make each client go straight to the origin:
//   400  malformed: source=, sourceScheme=, cacheHostOrigin= empty, doubled, both kinds at once or no host; a token
//   that
//        is none; a scheme other than http and https
//   403  content cache, delivery optimization, proxy: a host Larder does not fetch from, address literals included
//        (Apple's clients leave at any status from 400; Delivery Optimization bans this cache for that host only at
//        4xx)
//   404  a path that means nothing here; an update-cache path with an unknown channel or a bad name
//   421  Host is a name that is no origin, and the path means nothing here: steered here by mistake
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "proxy/device_token.h"
#include "proxy/origin_table.h"
#include "proxy/request_head.h"
#include "reports/ledger.h"
#include "updates/canonical.h"
#include "updates/mau.h"

namespace larder::proxy {

enum class ListenerKind { plain, tls, sni };  // sni: no HTTP is spoken, see tunnel.h

struct FetchTarget {
  updates::CanonicalUrl url;  // empty while `mau` waits for updates::resolve_mau
  reports::Entrance entrance = reports::Entrance::proxy;
  std::string token;                                                      // "" none
  reports::DeviceEvidence token_from = reports::DeviceEvidence::address;  // token or proxy_user where there is one
  std::optional<updates::MauRequest> mau;
};

struct Helper {
  enum class Kind {
    probe,      // GET / with Max-Forwards: 0: 200, Accept-Ranges: bytes, Content-Length: 0
    root,       // GET / of a person
    proxy_pac,  // /proxy.pac
    locate,     // /lcdn/locate
    self_test,  // /self-test, /self-test.json
    profiles,   // /profiles/...; see `path`
    asterisk    // OPTIONS *
  };
  Kind kind = Kind::root;
  std::string token;  // "" none
  std::string path;   // without the token
  std::string host;   // asked by absolute form: whether it is Larder's own is the caller's to say; "" by origin form
};

// `rule` is null for hosts that are no origin: whether those are tunnelled is the caller's policy.
struct Connect {
  std::string host;  // lower case, no brackets
  std::uint16_t port = 0;
  const OriginRule* rule = nullptr;  // valid as long as the table
  std::string token;                 // from Proxy-Authorization; "" none
};

struct Refusal {
  int status = 400;
  std::string reason;                                       // a sentence: the body, as text/plain
  std::vector<std::pair<std::string, std::string>> fields;  // to send along; Cache-Control: no-store among them
  // For the record, as far as it is understood: by which entrance, of which origin ("http://host/"), by whom.
  reports::Entrance entrance = reports::Entrance::helper;
  std::string url{};
  std::string token{};
  reports::DeviceEvidence token_from = reports::DeviceEvidence::token;
};

using Classified = std::variant<FetchTarget, Helper, Connect, Refusal>;

// How a host that is no origin is refused.
Refusal refuse_host(std::string_view host);

// For every method; which methods an entrance allows is the caller's. `head` as HeadParser accepts it.
Classified classify(const RequestHead& head, const OriginTable& origins, ListenerKind listener);

// Whether what is asked for is cached as RFC 9111 says (origins.host.cache). What Apple's and Windows' own protocols
// ask for is an update, whoever's host it lies on.
bool is_standard(reports::Entrance entrance, const OriginRule& rule);

// What the body of a request may be at most, before anything else is known of it: limits::kLocateBytes for locate
// requests, limits::kRequestBodyBytes for others.
std::uint64_t most_body_bytes(const RequestHead& head);

}  // namespace larder::proxy
