// SPDX-License-Identifier: MIT
#include "cache/inventory.h"

#include <cassert>

namespace larder::cache {

namespace {

// The extent knows its own number through its place in the order of use.
ExtentId number_of(const HeldExtent& extent) {
  return *extent.place;
}

}  // namespace

HeldExtent& Inventory::add(ExtentId extent, std::uint64_t size_bytes, WallTime used) {
  HeldExtent& held = extents_[extent];
  held.size_bytes = size_bytes;
  held.chunks.assign(chunk_count(size_bytes), false);
  held.used = used;
  held.used_unsaved = true;
  held.place = by_use_.insert(by_use_.end(), extent);
  unnamed_.insert(extent);
  return held;
}

void Inventory::erase(ExtentId extent) {
  const auto found = extents_.find(extent);
  if (found == extents_.end()) return;
  assert(found->second.names.empty());
  set_incomplete(found->second);
  by_use_.erase(found->second.place);
  unnamed_.erase(extent);
  extents_.erase(found);
}

HeldExtent* Inventory::find(ExtentId extent) {
  const auto found = extents_.find(extent);
  return found == extents_.end() ? nullptr : &found->second;
}

void Inventory::set_chunk(HeldExtent& extent, ChunkIndex chunk) {
  if (extent.chunks[chunk.value]) return;
  extent.chunks[chunk.value] = true;
  ++extent.chunks_held;
  extent.bytes_held += chunk_length(chunk, extent.size_bytes);
}

void Inventory::clear_chunk(HeldExtent& extent, ChunkIndex chunk) {
  if (!extent.chunks[chunk.value]) return;
  extent.chunks[chunk.value] = false;
  --extent.chunks_held;
  extent.bytes_held -= chunk_length(chunk, extent.size_bytes);
}

void Inventory::set_complete(HeldExtent& extent, const Digest& digest) {
  extent.digest = digest;
  if (extent.complete) return;
  extent.complete = true;
  ++blobs_;
  objects_complete_ += extent.names.size();
}

void Inventory::set_incomplete(HeldExtent& extent) {
  if (!extent.complete) return;
  extent.complete = false;
  --blobs_;
  objects_complete_ -= extent.names.size();
}

void Inventory::name(HeldExtent& extent, const UrlKey& key) {
  extent.was_named = true;
  if (!extent.names.insert(key).second) return;
  ++objects_;
  if (extent.complete) ++objects_complete_;
  if (pinned_.contains(key)) ++extent.pins;
  unnamed_.erase(number_of(extent));
}

void Inventory::unname(HeldExtent& extent, const UrlKey& key) {
  if (extent.names.erase(key) == 0) return;
  --objects_;
  if (extent.complete) --objects_complete_;
  if (pinned_.contains(key)) --extent.pins;
  if (extent.names.empty()) unnamed_.insert(number_of(extent));
}

void Inventory::pin(const UrlKey& key, HeldExtent& extent) {
  if (pinned_.insert(key).second) ++extent.pins;
}

void Inventory::unpin(const UrlKey& key, HeldExtent& extent) {
  if (pinned_.erase(key) != 0) --extent.pins;
}

void Inventory::use(ExtentId extent, WallTime now) {
  HeldExtent* held = find(extent);
  if (held == nullptr) return;
  held->used = now;
  held->used_unsaved = true;
  by_use_.splice(by_use_.end(), by_use_, held->place);
}

void Inventory::sort_by_use() {
  by_use_.sort([this](ExtentId a, ExtentId b) {
    const WallTime used_a = extents_.at(a).used;
    const WallTime used_b = extents_.at(b).used;
    return used_a != used_b ? used_a < used_b : a < b;
  });
}

}  // namespace larder::cache
