// SPDX-License-Identifier: MIT
#include "reports/dictionary.h"

#include <xxhash.h>

#include "base/text.h"
#include "reports/stored_bytes.h"

namespace larder::reports {
namespace {

// Memory of the remembered texts: at most 32,768 of 1 KiB for each of three kinds; URLs are 100 to 200 bytes.
constexpr std::size_t kRemembered = 32768;
constexpr std::size_t kRememberedBytes = 1024;

std::string name_key(TextKind kind, std::uint32_t id) {
  StoredWriter out;
  out.u8(static_cast<std::uint8_t>(kind));
  out.u32(id);
  return out.take();
}

std::string hash_key(TextKind kind, std::string_view text, std::uint64_t seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(text.data(), text.size(), seed);
  StoredWriter out;
  out.u8(static_cast<std::uint8_t>(kind));
  out.u64(hash.high64);
  out.u64(hash.low64);
  return out.take();
}

}  // namespace

std::string Release::text() const {
  std::string text;
  text.reserve(product.size() + version.size() + build.size() + 4);
  for (const std::string* part : {&product, &version, &build}) {
    text += *part;
    text += '\0';
  }
  if (catalogue) text += 'c';
  return text;
}

Release Release::from(std::string_view text) {
  const auto parts = split(text, '\0');
  Release release;
  release.product = parts[0];
  if (parts.size() > 1) release.version = parts[1];
  if (parts.size() > 2) release.build = parts[2];
  release.catalogue = parts.size() > 3 && parts[3] == "c";
  return release;
}

std::string text_of(const Txn& txn, TextKind kind, std::uint32_t id) {
  if (id == 0) return {};
  return std::string(txn.get(Table::names, name_key(kind, id)).value_or(std::string_view()));
}

std::uint32_t known_text(const Txn& txn, std::string_view text) {
  if (text.empty()) return 0;
  for (std::uint64_t seed = txn.number(kMetaSeed);; ++seed) {
    const auto stored = txn.get(Table::ids, hash_key(TextKind::text, text, seed));
    if (!stored) return 0;
    const std::uint32_t id = StoredReader(*stored).u32();
    if (text_of(txn, TextKind::text, id) == text) return id;
  }
}

std::uint32_t Dictionary::id_of(WriteTxn& txn, TextKind kind, std::string_view text) {
  if (text.empty()) return 0;
  auto& ids = known(kind).ids;
  if (const auto found = ids.find(text); found != ids.end()) return found->second;
  const std::uint32_t id = find_or_add(txn, kind, text);
  if (ids.size() >= kRemembered) ids.clear();
  if (text.size() <= kRememberedBytes) ids.emplace(text, id);
  return id;
}

std::optional<std::uint32_t> Dictionary::remembered(TextKind kind, std::string_view text) const {
  const auto& ids = known_.at(static_cast<std::size_t>(kind) - 1).ids;
  const auto found = ids.find(text);
  if (found == ids.end()) return std::nullopt;
  return found->second;
}

std::uint32_t Dictionary::find_or_add(WriteTxn& txn, TextKind kind, std::string_view text) {
  for (std::uint64_t seed = txn.number(kMetaSeed);; ++seed) {
    const std::string hashed = hash_key(kind, text, seed);
    const auto stored = txn.get(Table::ids, hashed);
    if (txn.failure() != 0) return 0;
    StoredWriter id;
    if (!stored) {
      id.u32(next_id(txn, kind));
      txn.put(Table::ids, hashed, id.view());
      txn.put(Table::names, name_key(kind, known(kind).last_id), text);
      return known(kind).last_id;
    }
    const std::uint32_t candidate = StoredReader(*stored).u32();
    if (text_of(txn, kind, candidate) == text) return candidate;
  }
}

std::uint32_t Dictionary::next_id(const WriteTxn& txn, TextKind kind) {
  std::uint32_t& last = known(kind).last_id;
  if (last == 0) {
    Cursor cursor = txn.cursor(Table::names);
    const std::string beyond = name_key(kind, UINT32_MAX);
    const bool found = cursor.seek(beyond) ? cursor.previous() : cursor.last();
    if (found && cursor.key().substr(0, 1) == std::string_view(beyond).substr(0, 1)) {
      last = StoredReader(cursor.key().substr(1)).u32();
    }
  }
  return ++last;
}

void Dictionary::forget() {
  for (Known& kind : known_) kind = {};
}

}  // namespace larder::reports
