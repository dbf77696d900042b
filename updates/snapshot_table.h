// SPDX-License-Identifier: MIT
// SnapshotTable<Entry>: a hash table whose copies share what neither has changed since. A copy costs a thousand
// pointers whatever the table's size; a change to a copy costs one shard. Entries are immutable, have a `std::string
// key`, and live as long as any table holds them. Threads: a table that is no longer written may be read by any; one
// that is written belongs to one thread.
#pragma once

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace larder::updates {

template <class Entry>
class SnapshotTable {
 public:
  using Pointer = std::shared_ptr<const Entry>;

  SnapshotTable() = default;
  // The copy owns no shard yet: what it changes it first makes its own.
  SnapshotTable(const SnapshotTable& other) : shards_(other.shards_), size_(other.size_) {}
  SnapshotTable& operator=(const SnapshotTable&) = delete;
  ~SnapshotTable() = default;

  std::size_t size() const { return size_; }

  // Null when there is none.
  Pointer find(std::string_view key) const {
    const Slot* found = slot(key);
    return found == nullptr ? nullptr : found->entry;
  }

  // As find, without taking a share: valid as long as the table is neither changed nor gone.
  const Entry* peek(std::string_view key) const {
    const Slot* found = slot(key);
    return found == nullptr ? nullptr : found->entry.get();
  }

  // Adds, or takes the place of the entry with the same key.
  void put(Pointer entry) {
    const std::size_t hashed = hash(entry->key);
    Slots& slots = own(shard_of(hashed));
    auto at = lower(slots, hashed);
    while (at != slots.end() && at->hash == hashed && at->entry->key != entry->key) ++at;
    if (at != slots.end() && at->hash == hashed) {
      slots[static_cast<std::size_t>(at - slots.begin())].entry = std::move(entry);
      return;
    }
    slots.insert(at, Slot{hashed, std::move(entry)});
    ++size_;
  }

  void remove(std::string_view key) {
    const std::size_t hashed = hash(key);
    if (peek(key) == nullptr) return;
    Slots& slots = own(shard_of(hashed));
    const auto at = std::find_if(slots.begin(), slots.end(), [&](const Slot& slot) { return slot.entry->key == key; });
    slots.erase(at);
    --size_;
  }

  // `visit` must not change the table.
  void each(const std::function<void(const Entry&)>& visit) const {
    for (const auto& shard : shards_) {
      if (!shard) continue;
      for (const Slot& slot : *shard) visit(*slot.entry);
    }
  }

 private:
  static constexpr std::size_t kShards = 1024;

  struct Slot {
    std::size_t hash;
    Pointer entry;
  };
  using Slots = std::vector<Slot>;  // in the order of their hashes

  static std::size_t hash(std::string_view key) { return std::hash<std::string_view>{}(key); }
  static std::size_t shard_of(std::size_t hashed) { return hashed % kShards; }

  static auto lower(const Slots& slots, std::size_t hashed) {
    return std::lower_bound(slots.begin(), slots.end(), hashed,
                            [](const Slot& slot, std::size_t wanted) { return slot.hash < wanted; });
  }

  const Slot* slot(std::string_view key) const {
    const std::size_t hashed = hash(key);
    const auto& shard = shards_[shard_of(hashed)];
    if (!shard) return nullptr;
    for (auto at = lower(*shard, hashed); at != shard->end() && at->hash == hashed; ++at) {
      if (at->entry->key == key) return &*at;
    }
    return nullptr;
  }

  Slots& own(std::size_t shard) {
    if (!owned_[shard]) {
      shards_[shard] = shards_[shard] ? std::make_shared<Slots>(*shards_[shard]) : std::make_shared<Slots>();
      owned_.set(shard);
    }
    return *shards_[shard];
  }

  std::array<std::shared_ptr<Slots>, kShards> shards_{};
  std::bitset<kShards> owned_;
  std::size_t size_ = 0;
};

}  // namespace larder::updates
