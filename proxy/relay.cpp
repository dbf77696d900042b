// SPDX-License-Identifier: MIT
#include "proxy/relay.h"

#include <algorithm>
#include <utility>

namespace larder::proxy {
namespace {

// Bytes on their way to one taker: at it no more are given to it until its client has taken some.
constexpr std::size_t kTakerWindow = 1024 * 1024;
// Given at once, so that a taker far behind does not get all its window in one piece of memory.
constexpr std::size_t kPiece = 256 * 1024;

}  // namespace

Relay::Relay(EventThread& origin, Terms terms, std::string begun, bool kept, Held held, std::function<void(bool)> hold)
    : origin_(origin),
      terms_(std::move(terms)),
      bytes_(std::move(begun)),
      kept_(kept),
      all_(std::move(held)),
      hold_(std::move(hold)) {
  *all_ += bytes_.size();
}

Relay::~Relay() {
  *all_ -= bytes_.size();
}

template <class Tell>
void Relay::tell(ReaderId reader, const Taker& taker, Tell function) {
  taker.loop->post([inbox = taker.inbox, reader, function = std::move(function)]() mutable {
    if (PassListener* listener = inbox->find(reader)) function(*listener);
  });
}

void Relay::add(ReaderId reader, EventThread& loop, PassInbox& inbox) {
  Taker taker{&loop, &inbox};
  if (let_go_ > 0 || (ended_ && !*ended_)) {
    Status late = ended_ && !*ended_ ? *ended_ : fail(ErrorKind::busy, "the beginning of the answer is gone");
    tell(reader, taker, [late = std::move(late)](PassListener& listener) { listener.on_pass_end(late); });
    return;
  }
  tell(reader, taker,
       [self = shared_from_this()](PassListener& listener) { listener.on_pass_head(self->terms_.answer); });
  const auto added = takers_.emplace(reader, taker).first;
  if (!give(reader, added->second)) takers_.erase(added);
}

void Relay::taken(ReaderId reader, std::size_t bytes) {
  const auto found = takers_.find(reader);
  if (found == takers_.end()) return;
  found->second.untaken -= std::min(bytes, found->second.untaken);
  if (!give(reader, found->second)) takers_.erase(found);
  let_go();
}

void Relay::remove(ReaderId reader) {
  takers_.erase(reader);
  let_go();
}

void Relay::append(std::span<const std::byte> bytes) {
  bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  *all_ += bytes.size();
  let_go();
  if (std::exchange(flushing_, true)) return;
  origin_.post([self = shared_from_this()] { self->flush(); });
}

void Relay::keep_no_more() {
  kept_ = false;
  let_go();
}

void Relay::end(Status status) {
  if (ended_) return;
  ended_ = std::move(status);
  hold_ = nullptr;
  flush();
}

void Relay::flush() {
  flushing_ = false;
  for (auto entry = takers_.begin(); entry != takers_.end();) {
    entry = give(entry->first, entry->second) ? std::next(entry) : takers_.erase(entry);
  }
  let_go();
}

// What its window has room for, and the end behind all. False: it has been told the end.
bool Relay::give(ReaderId reader, Taker& taker) {
  while (taker.position < end_position() && taker.untaken < kTakerWindow && !(ended_ && !*ended_)) {
    const std::size_t at = static_cast<std::size_t>(taker.position - let_go_);
    std::string piece = bytes_.substr(at, std::min(kPiece, kTakerWindow - taker.untaken));
    taker.position += piece.size();
    taker.untaken += piece.size();
    tell(reader, taker,
         [piece = std::move(piece)](PassListener& listener) mutable { listener.on_pass_body(std::move(piece)); });
  }
  const bool over = ended_ && (!*ended_ || taker.position == end_position());
  if (over) tell(reader, taker, [status = *ended_](PassListener& listener) { listener.on_pass_end(status); });
  return !over;
}

// Bytes that all have, of what is not kept; and whether the origin may be read on.
void Relay::let_go() {
  if (kept_) return;
  std::uint64_t slowest = end_position();
  for (const auto& [reader, taker] : takers_) slowest = std::min(slowest, taker.position);
  const auto had = static_cast<std::size_t>(slowest - let_go_);
  if (had >= std::min(bytes_.size(), kPiece)) {  // not for each small piece: what stays is moved
    bytes_.erase(0, had);
    *all_ -= had;
    let_go_ = slowest;
  }
  const bool hold = bytes_.size() >= (held_ ? kAheadBytes / 2 : kAheadBytes);
  if (hold_ && std::exchange(held_, hold) != hold) hold_(hold);
}

}  // namespace larder::proxy
