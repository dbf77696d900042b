// SPDX-License-Identifier: MIT
#include "reports/pseudonyms.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "reports/stored_bytes.h"

namespace larder::reports {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kIdBytes = 12;

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4U];
    text += kDigits[static_cast<unsigned char>(c) & 15U];
  }
  return text;
}

}  // namespace

// In `meta`: u64 microseconds since 1970 when it was made, and the key.
bool Pseudonyms::begin(WriteTxn& txn, WallTime now) {
  if (!on_) return false;
  const auto now_us = static_cast<std::uint64_t>(std::max<std::int64_t>(0, now.time_since_epoch().count()));
  constexpr std::uint64_t kLifeUs = std::chrono::microseconds(kPseudonymLife).count();
  const auto stored = txn.get(Table::meta, kMetaPseudonyms);
  if (stored && stored->size() == sizeof(std::uint64_t) + kKeyBytes) {
    const std::uint64_t made_us = StoredReader(*stored).u64();
    if (now_us < made_us + kLifeUs) {
      const bool other = key_ != stored->substr(sizeof(std::uint64_t));
      key_ = stored->substr(sizeof(std::uint64_t));
      return other;
    }
  }
  std::array<unsigned char, kKeyBytes> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) std::abort();  // never on a booted kernel
  StoredWriter out;
  out.u64(now_us);
  key_.assign(reinterpret_cast<const char*>(random.data()), random.size());
  out.raw(key_);
  txn.put(Table::meta, kMetaPseudonyms, out.view());
  return true;
}

std::string Pseudonyms::of(std::string id) const {
  if (!on_) return id;
  return "p:" + hexadecimal(std::string_view(hash(id)).substr(0, kIdBytes));
}

config::Address Pseudonyms::of(const config::Address& address) const {
  if (!on_) return address;
  const std::string hashed = hash({reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()});
  config::Address pseudonym;
  std::copy_n(hashed.begin(), pseudonym.bytes.size(), pseudonym.bytes.begin());
  pseudonym.bytes[0] = 0xFD;
  return pseudonym;
}

std::string Pseudonyms::hash(std::string_view text) const {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned length = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), reinterpret_cast<unsigned char*>(digest.data()), &length);
  digest.resize(length);
  return digest;
}

}  // namespace larder::reports
