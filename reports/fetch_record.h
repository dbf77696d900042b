// SPDX-License-Identifier: MIT
// FetchRecord: one client's request for one object, as the loops hand it to the ledger, and the words for how it came,
// how it was answered and how its device is known. Numbers of the enumerations are stored: never change one.
#pragma once

#include <boost/container/small_vector.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "config/network.h"
#include "reports/device_system.h"
#include "reports/fetch_subject.h"

namespace larder::reports {

enum class Entrance : std::uint8_t {
  content_cache,
  proxy,
  tunnel,
  steered,
  sni,
  update_cache,
  delivery_optimization,
  helper,
  own
};
enum class Answered : std::uint8_t { hit, joined, miss, stale, pass, refused, failed };
// How it ended for the client.
enum class Outcome : std::uint8_t { served, refused, failed };
// How a device is known. Numbers are stored; which is better, better_evidence() says.
enum class DeviceEvidence : std::uint8_t {
  token,       // in the URL
  proxy_user,  // of Proxy-Authorization
  mac,         // the hardware address behind the client's address
  address,     // nothing else is known
  lease,       // it has named itself from this address not long ago
  dhcp,        // the hardware address that a DHCP server has given the client's address to
  name         // what a nameserver calls the client's address
};
inline constexpr std::uint8_t kDeviceEvidences = 7;
// Whether `a` says more about who it was than `b`.
bool better_evidence(DeviceEvidence a, DeviceEvidence b);

std::string_view to_string(Entrance entrance);
std::string_view to_string(Answered answered);
// An answer of 500 and above has failed, whoever gave it.
Outcome outcome_of(Answered answered, int status);
std::string_view to_string(Outcome outcome);
std::string_view to_string(FileKind kind);
std::string_view to_string(DeviceEvidence evidence);

// [first, end) each, in the order they were sent. Nearly always one.
using SentRanges = boost::container::small_vector<std::pair<std::uint64_t, std::uint64_t>, 1>;

// How a request was made: what the access log alone repeats of it.
struct RequestWords {
  std::string method;      // "GET"
  std::string protocol;    // "HTTP/1.1"
  std::string user_agent;  // as sent, its first kAgentBytes; "" none
  std::string referer{};   // likewise, its first kRefererBytes
};
inline constexpr std::size_t kAgentBytes = 512;
inline constexpr std::size_t kRefererBytes = 512;

// One client's request for one object, or with Entrance::own one of Larder's own, of which only bytes_from_origin
// counts in reports. What the loops hand over. Texts may hold anything: what is not printable is replaced, overlong
// ones are cut (identity.h), and a token that cannot name a device counts as none.
struct FetchRecord {
  WallTime time;  // when the request's head was complete
  std::chrono::microseconds duration{0};
  config::Address client;
  std::string token;  // from the URL or Proxy-Authorization; "" none
  DeviceEvidence token_from = DeviceEvidence::token;
  SystemSaid system;  // what the request says of the device's system
  Entrance entrance = Entrance::proxy;
  Answered answered = Answered::miss;
  SharedSubject subject;  // what was fetched
  int status = 0;
  std::uint64_t object_bytes = 0;  // the whole object's size, 0 unknown
  std::uint64_t bytes_asked = 0;
  std::uint64_t bytes_sent = 0;                 // body bytes
  std::uint64_t bytes_from_origin = 0;          // on this fetch's account
  SentRanges sent_ranges;                       // of the object, that reached the client
  bool complete = false;                        // everything asked was sent
  std::shared_ptr<const RequestWords> words{};  // null: no access log is kept, or it came without (Entrance::sni)
};

}  // namespace larder::reports
