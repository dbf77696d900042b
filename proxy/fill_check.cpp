// SPDX-License-Identifier: MIT
// A fill of what a catalogue publishes digests of. What is stored is checked behind the fill, by the ContentChecker.
// The last chunk to come is neither shown to readers nor stored before the verdict: no reader ends with bytes that are
// not the vendor's, and no crash leaves such bytes whole in the store. Whichever chunk is the last to be opened is that
// chunk, wherever it lies, so nobody waits for a part of the object that nobody fetches.
#include <algorithm>

#include "proxy/fill.h"
#include "proxy/fill_desk.h"

namespace larder::proxy {

void Fill::begin_check() {
  checking_ = false;
  check_passed_ = false;
  deciding_ = false;
  held_back_.clear();
  if (object_->complete()) return;
  published_ = desk_.published(order_);
  if (!published_) return;
  checking_ = published_->sha256 || published_->sha1 || published_->archive_head || !published_->chunk_list.empty();
  if (checking_) desk_.begin_check(*this, published_, held_);
}

// The catalogue has come while its file was fetched: what has been sent has been sent, but nothing wrong is kept.
void Fill::check_late() {
  if (checking_ || published_ || object_->complete() || !desk_.published(order_)) return;
  if (!refused_for_size(object_->size_bytes)) begin_check();
}

// The head tells enough to refuse them.
bool Fill::refused_for_size(std::uint64_t size) {
  const updates::PublishedPtr published = desk_.published(order_);
  if (!published || !published->size_bytes || *published->size_bytes == size) return false;
  const std::uint64_t listed = *published->size_bytes;
  desk_.refuse(*this, "it has " + std::to_string(size) + " bytes, not " + std::to_string(listed));
  return true;
}

bool Fill::is_last_to_open() const {
  return checking_ && !check_passed_ && held_.count() + in_flight_.size() + 1 >= held_.chunks();
}

void Fill::decide_when_whole() {
  if (!checking_ || check_passed_ || deciding_ || ended()) return;
  if (held_.count() + held_back_.size() < held_.chunks()) return;
  const bool full = std::all_of(held_back_.begin(), held_back_.end(),
                                [](const auto& held) { return held.second->filled() == held.second->capacity(); });
  if (!full) return;
  deciding_ = true;
  desk_.checker().decide(id_, held_back_);
}

void Fill::checked(const Verdict& verdict) {
  if (ended()) return;
  deciding_ = false;
  switch (verdict.kind) {
    case Verdict::Kind::good:
      release_held_back();
      return;
    case Verdict::Kind::wrong:
      desk_.refuse(*this, verdict.why);
      return;
    case Verdict::Kind::lost:
      held_.clear(verdict.lost);
      needs_.insert(verdict.lost.value);
      finish_all_ = true;
      plan();
      return;
  }
}

void Fill::release_held_back() {
  check_passed_ = true;
  add(desk_.counters.contents_checked);
  for (const auto& [chunk, buffer] : std::exchange(held_back_, {})) {
    announce_opened(chunk, buffer);
    desk_.put_chunk(*this, chunk, buffer);
  }
  wake_loops();
  check_complete();
}

}  // namespace larder::proxy
