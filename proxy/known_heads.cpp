// SPDX-License-Identifier: MIT
#include "proxy/known_heads.h"

#include <xxhash.h>

namespace larder::proxy {

KnownHead::KnownHead(std::string_view bytes, const RequestHead& parsed) : text(bytes), head(parsed) {
  head.look_at_copy(bytes.data(), text.data());
}

std::uint64_t KnownHeads::hash_of(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

KnownHeadPtr KnownHeads::find(std::string_view bytes) {
  if (bytes.size() > kHeadBytes) return nullptr;
  const std::uint64_t hash = hash_of(bytes);
  const Place& place = place_of(hash);
  return place.hash == hash && place.head && place.head->text == bytes ? place.head : nullptr;
}

KnownHeadPtr KnownHeads::met(std::string_view bytes, const RequestHead& head) {
  if (bytes.size() > kHeadBytes) return nullptr;
  const std::uint64_t hash = hash_of(bytes);
  Place& place = place_of(hash);
  if (place.hash != hash) {
    place = {hash, nullptr};
    return nullptr;
  }
  if (!place.head || place.head->text != bytes) place.head = std::make_shared<KnownHead>(bytes, head);
  return place.head;
}

}  // namespace larder::proxy
