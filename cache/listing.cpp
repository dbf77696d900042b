// SPDX-License-Identifier: MIT
// Reader::list: walking the objects in the order of their keys. A cursor is a key in hexadecimal.
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/text.h"
#include "cache/store_reader.h"

namespace larder::cache {

namespace {

std::string to_cursor(ByteView key) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string cursor;
  for (const std::byte byte : key) {
    cursor += kDigits[std::to_integer<std::size_t>(byte >> 4)];
    cursor += kDigits[std::to_integer<std::size_t>(byte & std::byte{15})];
  }
  return cursor;
}

std::byte digit_value(char digit) {
  const char lower = to_lower(digit);
  return static_cast<std::byte>(is_digit(lower) ? lower - '0' : lower - 'a' + 10);
}

// Nothing for "" and for what is no cursor: the listing then begins at the beginning.
std::optional<UrlKey> from_cursor(std::string_view cursor) {
  UrlKey key;
  if (cursor.size() != key.bytes.size() * 2 || !std::ranges::all_of(cursor, is_hex_digit)) return {};
  for (std::size_t i = 0; i < key.bytes.size(); ++i) {
    key.bytes[i] = digit_value(cursor[2 * i]) << 4 | digit_value(cursor[2 * i + 1]);
  }
  return key;
}

}  // namespace

Reader::Listing StoreReader::list(std::string_view cursor, std::size_t limit) {
  Listing listing;
  const Index& index = environments_->index;
  const Turn turn(index_, index.environment());
  if (!turn) return listing;
  auto walk = Cursor::open(turn.handle(), index.objects());
  if (!walk) return listing;
  const std::optional<UrlKey> after = from_cursor(cursor);
  auto entry = after ? walk->at_or_after(after->bytes) : walk->first();
  if (after && entry && *entry && std::ranges::equal((*entry)->key, after->bytes)) entry = walk->next();
  std::string last;
  for (; entry && *entry; entry = walk->next()) {
    if (listing.objects.size() == limit) {
      listing.next = last;
      return listing;
    }
    last = to_cursor((*entry)->key);
    auto object = decode_object((*entry)->value);
    if (!object) continue;
    const auto extent = index.extent(turn.handle(), object->extent);
    const bool known = extent && *extent;
    if (known && (*extent)->complete) object->digest = (*extent)->digest;
    const auto pinned = index.pinned(turn.handle(), url_key(object->url));
    listing.objects.push_back(std::make_shared<const Object>(std::move(*object)));
    listing.bytes_held.push_back(known ? (*extent)->bytes_held : 0);
    listing.pinned.push_back(pinned && *pinned);
  }
  return listing;
}

}  // namespace larder::cache
