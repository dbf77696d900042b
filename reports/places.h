// SPDX-License-Identifier: MIT
// Places: what all fetches add up to by where they went and where they came from, beside the totals by release
// (rollup_format.h). Big-endian u32 numbers, then entrance and outcome as u8; the first three tables hold tallies.
//   place_totals  network, origin, product, entrance, outcome
//   place_days    day, network, origin, product, entrance, outcome
//   place_hours   hour, network, origin, product, entrance, outcome
//   examples      origin, entrance, outcome -> key of the newest fetch of these, of what was not served or went unread
// Network, origin and product are text ids (dictionary.h). Whoever is refused can be anybody and name anything: of
// these, an hour has kStrangers pairs of network and origin at most, and counts the rest under neither. Threads:
// `ledger` only, but for the free functions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "reports/dictionary.h"
#include "reports/environment.h"
#include "reports/identity.h"
#include "reports/row_cache.h"

namespace larder::reports {

inline constexpr std::size_t kStrangers = 64;

// The network a client's address is counted under: its /24, or its /64. "" for pseudonyms' addresses (pseudonyms.h):
// `hashed`, the ledger has had some.
std::string network_of(const config::Address& client, bool hashed);
// What may stay of a client's address when its device is forgotten: its network's.
config::Address without_host(const config::Address& client, bool hashed);
// "swcdn.apple.com", "cache.example.org:8080"; "" when the URL's host is not an origin.
std::string origin_of(std::string_view url);
// Whether the ledger holds pseudonyms, or has held some.
bool has_pseudonyms(const Txn& txn);

// Whether the newest of such fetches is kept as an example.
bool makes_example(Entrance entrance, Outcome outcome);

struct Place {
  std::uint32_t network = 0, origin = 0, product = 0;
  Entrance entrance = Entrance::proxy;
  Outcome outcome = Outcome::served;

  RowKey total() const;
  RowKey within(std::uint32_t time) const;
  // Of the three tables' keys; nothing when it is none.
  static std::optional<Place> from(Table table, std::string_view key);
};

class Places {
 public:
  explicit Places(Dictionary& dictionary) : dictionary_(dictionary) {}

  void begin(const Txn& txn) { hashed_ = has_pseudonyms(txn); }
  // Whether it is one too many of this hour's refused: it is to have no URL, and is added as a stranger.
  bool is_stranger(std::uint64_t time_us, const config::Address& client, std::string_view url);
  enum class As { itself, stranger };
  void add(WriteTxn& txn, const FetchKey& key, const StoredFetch& fetch, As as);
  void write(WriteTxn& txn);
  void forget();

 private:
  Place place_of(WriteTxn& txn, const StoredFetch& fetch, As as);
  std::uint32_t origin_id(WriteTxn& txn, std::uint32_t url);
  std::uint32_t network_id(WriteTxn& txn, const config::Address& client);
  std::uint32_t product_id(WriteTxn& txn, std::uint32_t release);

  Dictionary& dictionary_;
  bool hashed_ = false;
  std::unordered_map<std::uint32_t, std::uint32_t> origins_;   // by URL's id
  std::unordered_map<std::uint32_t, std::uint32_t> products_;  // by release's id
  std::unordered_map<config::Address, std::uint32_t, AddressHash> networks_;
  std::map<std::uint32_t, std::set<std::pair<std::string, std::string>>> strangers_;  // by hour: network, origin
  RowCache<Tally> totals_{Table::place_totals}, hours_{Table::place_hours}, days_{Table::place_days};
  std::map<RowKey, FetchKey> examples_;
};

}  // namespace larder::reports
