// SPDX-License-Identifier: MIT
// KnownHeads: request heads a loop has seen more than once, byte for byte, with what it found out about them. Devices
// of one kind ask alike, and ask again: the second time nothing is parsed, classified or planned. Threads: one loop's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/asked.h"
#include "proxy/planned_answer.h"
#include "proxy/request_head.h"
#include "reports/fetch_record.h"

namespace larder::proxy {

// A head without a body. Found out when it is first answered, and true as long as the loop knows the head.
struct KnownHead {
  std::string text;                                    // its bytes
  RequestHead head;                                    // views into text
  AskedPtr asked;                                      // null: not classified yet, or to be classified each time
  AgentPtr agent;                                      // null: not looked at yet
  std::shared_ptr<const reports::RequestWords> words;  // null: nobody has wanted them yet
  PlannedAnswer answer;

  KnownHead(std::string_view bytes, const RequestHead& parsed);
  KnownHead(const KnownHead&) = delete;
  KnownHead& operator=(const KnownHead&) = delete;
};
using KnownHeadPtr = std::shared_ptr<KnownHead>;

class KnownHeads {
 public:
  // Longer heads are not remembered.
  static constexpr std::size_t kHeadBytes = 2048;

  // The head that is all of `bytes`; null when it is not known.
  KnownHeadPtr find(std::string_view bytes);

  // To be told of every head that was read: the second time it becomes known. Another one may be forgotten for it.
  KnownHeadPtr met(std::string_view bytes, const RequestHead& head);

  // What was found out is true no more. Exchanges that go on keep what they have.
  void forget() { places_ = {}; }

 private:
  static constexpr std::size_t kPlaces = 512;
  struct Place {
    std::uint64_t hash = 0;
    KnownHeadPtr head;  // null: its bytes have been met once
  };
  static std::uint64_t hash_of(std::string_view bytes);
  Place& place_of(std::uint64_t hash) { return places_[hash % kPlaces]; }

  std::array<Place, kPlaces> places_;
};

}  // namespace larder::proxy
