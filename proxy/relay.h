// SPDX-License-Identifier: MIT
// Relay: an answer whose length nobody knows yet, sent on to all who wait for it while it comes. The fill that receives
// it appends, and goes on gathering what can be stored at its end; each taker gets it from its first byte, at its own
// pace, through the PassInbox of its loop, as if it were a pass.
//
// While the answer may still be stored all of it is kept, so a slow taker delays nobody. What is too long for that, or
// may not be stored, is let go when all have it; then nobody new is taken, and the origin is read no faster than the
// slowest of them takes it.
//
// Threads: what is said of the answer is const, and anybody's; all else belongs to `origin`. Lifetime: shared by the
// fill, its mirrors and the exchanges that take it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "cache/freshness.h"
#include "proxy/event_thread.h"
#include "proxy/fill_mirror.h"
#include "proxy/pass_desk.h"

namespace larder::proxy {

class Relay : public std::enable_shared_from_this<Relay> {
 public:
  // Bytes of an answer that is not stored, received and not yet taken by the slowest: at it the origin is not read.
  static constexpr std::size_t kAheadBytes = 1024 * 1024;
  // Bytes that all relays together may keep: at it one that grows is kept no more.
  static constexpr std::size_t kKeptBytes = 256 * 1024 * 1024;
  // What all relays hold in memory. Any thread.
  using Held = std::shared_ptr<std::atomic<std::size_t>>;

  struct Terms {
    OriginAnswer answer;
    cache::Fields request;                      // of the client whose request it answers: it selects the variant
    std::optional<cache::Freshness> freshness;  // nothing: it may not be stored
    std::optional<ReaderId> only_for;           // it may not be shared
    bool range_ignored = false;                 // a range was asked for, and this came
  };

  // `hold` stops (true) and goes on with (false) reading the origin.
  Relay(EventThread& origin, Terms terms, std::string begun, bool kept, Held held, std::function<void(bool)> hold);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  const Terms& terms() const { return terms_; }

  // The taker hears the head, then the bytes, then the end; or at once of a failed end, when it comes too late.
  void add(ReaderId reader, EventThread& loop, PassInbox& inbox);
  void taken(ReaderId reader, std::size_t bytes);
  void remove(ReaderId reader);

  void append(std::span<const std::byte> bytes);
  // All bytes so far, while they are kept.
  std::span<const std::byte> body() const { return std::as_bytes(std::span(bytes_)); }
  bool kept() const { return kept_; }
  // Too long to be kept: by itself, or all of them together.
  bool too_long(std::size_t most_bytes) const { return bytes_.size() > most_bytes || *all_ > kKeptBytes; }
  void keep_no_more();
  // The origin has ended it; later calls mean nothing. `hold` is not called any more.
  void end(Status status);

 private:
  struct Taker {
    EventThread* loop;
    PassInbox* inbox;
    std::uint64_t position = 0;  // of the next byte it is given
    std::size_t untaken = 0;
  };

  std::uint64_t end_position() const { return let_go_ + bytes_.size(); }
  void flush();
  bool give(ReaderId reader, Taker& taker);
  void let_go();
  template <class Tell>
  static void tell(ReaderId reader, const Taker& taker, Tell function);

  EventThread& origin_;
  const Terms terms_;
  std::string bytes_;
  std::uint64_t let_go_ = 0;  // bytes before those of bytes_
  bool kept_;
  const Held all_;
  std::function<void(bool)> hold_;  // empty once it has ended
  bool held_ = false;
  bool flushing_ = false;  // a flush is on its way
  std::optional<Status> ended_;
  std::map<ReaderId, Taker> takers_;
};

}  // namespace larder::proxy
