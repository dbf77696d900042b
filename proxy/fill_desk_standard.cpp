// SPDX-License-Identifier: MIT
// What the fill desk does for hosts that are cached as RFC 9111 says: variants, and what other methods do to what is
// stored.
#include <atomic>

#include "proxy/fill_desk.h"

namespace larder::proxy {
namespace {

// A part up to this long of something unknown is asked for as the client says it, the first time: a look into an
// archive is worth no chunk of it. Who looks again in so long a time is given chunks, and so is everybody after him.
constexpr std::uint64_t kSmallPart = 64 * 1024;
constexpr auto kSmallPartFor = std::chrono::minutes(5);
constexpr std::size_t kSmallParts = 10000;
// Objects looked at in one read of the index, at the start.
constexpr std::size_t kListedAtOnce = 1000;

// Calls `done` with the last of several answers. Its copies are counted, not its calls, so that none can be missed.
std::function<void(const Status&)> after_all(const std::function<void()>& done) {
  const std::shared_ptr<void> last(nullptr, [done](void*) { done(); });
  return [last](const Status&) {};
}

}  // namespace

void FillDesk::learn_variants() {
  std::vector<cache::ObjectPtr> variants;
  std::string cursor;
  do {
    cache::Reader::Listing page = reader_->list(cursor, kListedAtOnce);
    for (cache::ObjectPtr& object : page.objects) {
      if (cache::is_variant_key(object->url)) variants.push_back(std::move(object));
    }
    cursor = std::move(page.next);
  } while (!cursor.empty());
  for (const std::string& key : variants_.learn(variants)) store.remove(key, {});
}

// A loop may have looked before the URL's variants were known.
void FillDesk::select_variant(FillOrder& order) {
  if (!order.standard || order.key != order.url) return;
  const auto key = variants_.key_for(order.url, says(order.standard->request));
  if (!key) return;
  order.key = *key;
  order.known = reader_->find(order.key);
  order.validate = order.known && cache::use_for(order.known->freshness, order.name, order.directives, clock.now()) !=
                                      cache::Use::as_it_is;
}

bool FillDesk::first_small_part(const FillOrder& order, Want want) {
  if (!order.standard || order.known || want.end - want.first > kSmallPart) return false;
  const SteadyTime now = clock.steady();
  if (const auto asked = small_parts_.find(order.url); asked != small_parts_.end()) {
    const bool lately = now < asked->second;
    small_parts_.erase(asked);
    if (lately) return false;
  }
  if (small_parts_.size() >= kSmallParts) small_parts_.clear();
  small_parts_[order.url] = now + kSmallPartFor;
  return true;
}

std::string FillDesk::variant_key(const std::string& url, const std::vector<std::string>& fields,
                                  const cache::Fields& request) {
  if (fields.empty()) {
    // The newest answer is for everybody.
    for (const std::string& key : variants_.forget(url)) store.remove(key, {});
    return url;
  }
  const auto noted = variants_.note(url, fields, says(request), store.new_extent().value);
  if (!noted.dropped.empty()) store.remove(noted.dropped, {});
  // What was stored before it varied would be found first.
  if (reader_->find(url)) store.remove(url, {});
  return noted.key;
}

// Who asks for the key from now on joins this fill.
void FillDesk::rename(Fill& fill, const std::string& key) {
  if (const auto old = by_key_.find(fill.order().key); old != by_key_.end() && old->second == &fill) by_key_.erase(old);
  by_key_.try_emplace(key, &fill);
}

void FillDesk::invalidate(const std::vector<std::string>& urls, const std::function<void()>& done) {
  const auto one_done = after_all(done);
  for (const std::string& url : urls) {
    std::vector<std::string> keys = variants_.forget(url);
    keys.push_back(url);
    for (const std::string& key : keys) {
      set_aside(key);
      store.remove(key, one_done);
    }
  }
}

// Nobody joins this key's fill from now on. Who has been told what it brings gets the rest of it; who has not asks
// again.
void FillDesk::set_aside(const std::string& key) {
  const auto running = by_key_.extract(key);
  if (!running) return;
  running.mapped()->not_to_be_kept();
  if (running.mapped()->state() != FillState::asking) return;
  running.mapped()->end(FillState::changed, fail(ErrorKind::origin_failed, key + " was changed while it was fetched"));
}

// Whoever asked has been sent the stale; it is validated once it is stored.
void FillDesk::validate_at_end(const Fill& running, const FillOrder& order) {
  at_end_[running.id()].emplace_back([this, order](const Fill& ended_fill) {
    if (ended_fill.state() != FillState::finished) return;
    FillOrder again = order;
    again.known = ended_fill.object();
    again.validate = true;
    thread.post([this, again = std::move(again)] { fetch(again, [](const Status&) {}); });
  });
}

void FillDesk::head_answered(const std::string& key, const OriginAnswer& answer, const std::function<void()>& done) {
  const cache::ObjectPtr stored = reader_->find(key);
  if (!stored || answer.status != stored->status) {
    done();
    return;
  }
  const bool same_length = !answer.content_length || *answer.content_length == stored->size_bytes;
  if (!same_length || !may_be_same(*stored, answer)) {
    store.remove(key, after_all(done));
    return;
  }
  const WallTime now = clock.now();
  const cache::ObjectPtr newer = freshened(*stored, answer, cache::NameClass::ordinary, now, now);
  if (stays_stored(*stored, *newer, false)) {
    store.put_object(*newer, after_all(done));
  } else {
    store.remove(key, after_all(done));
  }
}

}  // namespace larder::proxy
