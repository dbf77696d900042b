// SPDX-License-Identifier: MIT
// Fills whose bytes are checked: what the checker needs, and what becomes of bytes that are not the vendor's.
#include <spdlog/spdlog.h>

#include "proxy/fill_desk.h"
#include "updates/canonical.h"

namespace larder::proxy {
namespace {

constexpr std::size_t kMismatchesShown = 20;

}  // namespace

updates::PublishedPtr FillDesk::published(const FillOrder& order) const {
  if (order.standard) return nullptr;
  if (const updates::ListedFile* file = knowledge_->find(order.key)) return file->published;
  return order.what ? order.what->published : nullptr;
}

void FillDesk::begin_check(const Fill& fill, const updates::PublishedPtr& published, const cache::ChunkMap& held) {
  const cache::ObjectPtr& object = fill.object();
  checker_.begin(fill.id(), {object->url, object->extent, object->size_bytes, published, held});
  const std::string& list = published->chunk_list;
  if (list.empty()) return;
  const cache::ObjectPtr known = reader_->find(list);
  if (known && known->complete()) {
    checker_.list_settled(fill.id());
  } else {
    // A head is being read inside libcurl, where no other transfer may begin.
    thread.post([this, id = fill.id(), list] { fetch_chunk_list(id, list); });
  }
}

void FillDesk::fetch_chunk_list(FillId fill, const std::string& key) {
  const auto named = updates::Url::parse(key);
  if (!named || find(fill) == nullptr) return;
  const updates::CanonicalUrl url = updates::canonical(*named);
  FillOrder order;
  order.key = url.key;
  order.origin = url.origin;
  order.fallbacks = url.fallbacks;
  order.name = cache::NameClass::immutable;
  order.known = reader_->find(key);
  fetch(std::move(order), [this, fill](const Status&) { checker_.list_settled(fill); });
}

void FillDesk::refuse(Fill& fill, const std::string& why) {
  const FillOrder& order = fill.order();
  add(counters.contents_refused);
  spdlog::warn("refusing {} from {}: {}; what a catalogue publishes of it is believed", order.key, order.origin.host,
               why);
  const bool told = order.what != nullptr;
  mismatches_.push_front(
      {clock.now(), order.key, told ? order.what->product : "", told ? order.what->version : "", why});
  if (mismatches_.size() > kMismatchesShown) mismatches_.pop_back();
  remember_uncacheable(order.url);
  const bool described = fill.state() == FillState::filling;
  if (described) forget(order.key, fill.object()->extent);
  // Who has been sent nothing yet goes to the origin at once (exchange.cpp).
  fill.end(FillState::failed,
           fail(ErrorKind::corrupt, "the bytes of " + order.key + " are not what is published: " + why));
}

}  // namespace larder::proxy
