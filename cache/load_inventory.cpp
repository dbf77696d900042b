// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>
#include "cache/recovery.h"

#include "base/limits.h"

namespace larder::cache {

namespace {

class Loader {
 public:
  Loader(const Index& index, MDB_txn* txn, Inventory& inventory) : index_(index), txn_(txn), inventory_(inventory) {}

  Status load() {
    if (Status done = each(index_.extents(), &Loader::add_extent); !done) return done;
    if (Status done = each(index_.maps(), &Loader::add_page); !done) return done;
    if (Status done = each(index_.extents(), &Loader::complete_extent); !done) return done;
    if (Status done = each(index_.recency(), &Loader::add_recency); !done) return done;
    if (Status done = each(index_.objects(), &Loader::add_object); !done) return done;
    if (Status done = each(index_.pins(), &Loader::add_pin); !done) return done;
    inventory_.sort_by_use();
    return ok();
  }

 private:
  Status each(MDB_dbi table, void (Loader::*visit)(const Entry&)) {
    auto cursor = Cursor::open(txn_, table);
    if (!cursor) return std::move(cursor).error();
    auto entry = cursor->first();
    while (entry && *entry) {
      (this->*visit)(**entry);
      entry = cursor->next();
    }
    if (!entry) return std::move(entry).error();
    return ok();
  }

  void add_extent(const Entry& entry) {
    const auto key = decode_extent_key(entry.key);
    const auto record = decode_extent(entry.value);
    if (!key || !record || record->size_bytes > limits::kObjectBytes) return;
    HeldExtent& held = inventory_.add(*key, record->size_bytes, WallTime());
    held.used_unsaved = false;
    held.digest = record->digest;
  }

  void add_page(const Entry& entry) {
    const auto key = decode_numbered_key(entry.key);
    const auto page = decode_map_page(entry.value);
    HeldExtent* held = key ? inventory_.find(key->extent) : nullptr;
    if (held == nullptr || !page) return;
    const std::uint64_t first = std::uint64_t{key->number} * kChunksPerPage;
    for (std::uint32_t slot = 0; slot < page->slots() && first + slot < held->chunks.size(); ++slot) {
      if (page->has(slot)) inventory_.set_chunk(*held, {static_cast<std::uint32_t>(first + slot)});
    }
  }

  void complete_extent(const Entry& entry) {
    const auto key = decode_extent_key(entry.key);
    const auto record = decode_extent(entry.value);
    HeldExtent* held = key ? inventory_.find(*key) : nullptr;
    if (held != nullptr && record && record->complete && held->full()) inventory_.set_complete(*held, *record->digest);
  }

  void add_recency(const Entry& entry) {
    const auto key = decode_extent_key(entry.key);
    const auto used = decode_number(entry.value);
    HeldExtent* held = key ? inventory_.find(*key) : nullptr;
    if (held == nullptr || !used) return;
    held->used = WallTime(std::chrono::microseconds(static_cast<std::int64_t>(*used)));
  }

  void add_object(const Entry& entry) {
    const auto object = decode_object(entry.value);
    HeldExtent* held = object ? inventory_.find(object->extent) : nullptr;
    if (held == nullptr || held->size_bytes != object->size_bytes) return;
    const UrlKey key = url_key(object->url);
    if (std::ranges::equal(entry.key, key.bytes)) inventory_.name(*held, key);
  }

  void add_pin(const Entry& entry) {
    UrlKey key;
    if (entry.key.size() != key.bytes.size()) return;
    std::ranges::copy(entry.key, key.bytes.begin());
    auto object = index_.object(txn_, key);
    HeldExtent* held = object && *object ? inventory_.find((*object)->extent) : nullptr;
    if (held != nullptr && held->names.contains(key)) inventory_.pin(key, *held);
  }

  const Index& index_;
  MDB_txn* txn_;
  Inventory& inventory_;
};

}  // namespace

Status load_inventory(const Index& index, MDB_txn* txn, Inventory& inventory) {
  inventory = Inventory();
  return Loader(index, txn, inventory).load();
}

}  // namespace larder::cache
