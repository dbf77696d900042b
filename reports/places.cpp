// SPDX-License-Identifier: MIT
#include "reports/places.h"

#include <algorithm>

#include "base/text.h"

namespace larder::reports {
namespace {

// Origins, networks and products remembered; some 50 bytes each.
constexpr std::size_t kRemembered = 32768;
// Hours whose strangers are remembered: fetches arrive some hours after they began at most.
constexpr std::size_t kHours = 12;

config::Network network_around(const config::Address& client) {
  constexpr std::uint8_t kSite4 = 96 + 24;  // of the 128-bit form
  constexpr std::uint8_t kSite6 = 64;
  config::Network network{client, client.is_v4() ? kSite4 : kSite6};
  std::fill(network.base.bytes.begin() + network.prefix / 8, network.base.bytes.end(), std::uint8_t{0});
  return network;
}

bool is_pseudonym(const config::Address& client, bool hashed) {
  constexpr std::uint8_t kPseudonym = 0xFD;
  return hashed && client.bytes[0] == kPseudonym;
}

RowKey example_key(const Place& place) {
  RowKey key({place.origin}, place.entrance);
  key.add(static_cast<std::uint8_t>(place.outcome));
  return key;
}

}  // namespace

std::string network_of(const config::Address& client, bool hashed) {
  if (client == config::Address{} || is_pseudonym(client, hashed)) return {};
  return network_around(client).text();
}

config::Address without_host(const config::Address& client, bool hashed) {
  return is_pseudonym(client, hashed) ? config::Address{} : network_around(client).base;
}

std::string origin_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  std::string_view host = url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  const std::string_view usual = url.starts_with("https:") ? ":443" : ":80";
  if (host.ends_with(usual)) host.remove_suffix(usual.size());
  return clean_name(host);
}

bool has_pseudonyms(const Txn& txn) {
  return txn.get(Table::meta, kMetaPseudonyms).has_value();
}

bool makes_example(Entrance entrance, Outcome outcome) {
  return outcome != Outcome::served || entrance == Entrance::tunnel || entrance == Entrance::sni;
}

RowKey Place::total() const {
  RowKey key({network, origin, product}, entrance);
  key.add(static_cast<std::uint8_t>(outcome));
  return key;
}

RowKey Place::within(std::uint32_t time) const {
  RowKey key({time, network, origin, product}, entrance);
  key.add(static_cast<std::uint8_t>(outcome));
  return key;
}

std::optional<Place> Place::from(Table table, std::string_view key) {
  const std::size_t first = table == Table::place_totals ? 0 : 1;
  constexpr std::size_t kWords = 3;
  const std::size_t size = (first + kWords) * sizeof(std::uint32_t) + 2;
  if (key.size() != size) return std::nullopt;
  const auto outcome = static_cast<std::uint8_t>(key.back());
  if (outcome > static_cast<std::uint8_t>(Outcome::failed)) return std::nullopt;
  return Place{word_at(key, first), word_at(key, first + 1), word_at(key, first + 2),
               entrance_of(key.substr(0, size - 1)), static_cast<Outcome>(outcome)};
}

bool Places::is_stranger(std::uint64_t time_us, const config::Address& client, std::string_view url) {
  while (strangers_.size() > kHours) strangers_.erase(strangers_.begin());
  auto& pairs = strangers_[static_cast<std::uint32_t>(time_us / kHourUs)];
  std::pair pair(network_of(client, hashed_), origin_of(url));
  if (pairs.contains(pair)) return false;
  if (pairs.size() >= kStrangers) return true;
  pairs.insert(std::move(pair));
  return false;
}

void Places::add(WriteTxn& txn, const FetchKey& key, const StoredFetch& fetch, As as) {
  const auto hour = static_cast<std::uint32_t>(key.time_us / kHourUs);
  const Place place = place_of(txn, fetch, as);
  const Tally tally = Tally::of(key, fetch);
  totals_.change(txn, place.total()).add(tally);
  days_.change(txn, place.within(hour / kDayHours)).add(tally);
  hours_.change(txn, place.within(hour)).add(tally);
  if (makes_example(place.entrance, place.outcome)) {
    FetchKey& newest = examples_[example_key(place)];
    newest = std::max(newest, key);
  }
}

Place Places::place_of(WriteTxn& txn, const StoredFetch& fetch, As as) {
  Place place;
  place.product = product_id(txn, fetch.release);
  place.entrance = fetch.entrance;
  place.outcome = outcome_of(fetch.answered, static_cast<int>(fetch.status));
  if (as == As::stranger) return place;
  place.origin = origin_id(txn, fetch.url);
  if (fetch.entrance != Entrance::own) place.network = network_id(txn, fetch.client);
  return place;
}

std::uint32_t Places::origin_id(WriteTxn& txn, std::uint32_t url) {
  if (const auto known = origins_.find(url); known != origins_.end()) return known->second;
  const std::uint32_t id = dictionary_.id_of(txn, TextKind::text, origin_of(text_of(txn, TextKind::url, url)));
  if (origins_.size() >= kRemembered) origins_.clear();
  origins_.emplace(url, id);
  return id;
}

std::uint32_t Places::network_id(WriteTxn& txn, const config::Address& client) {
  const config::Address base = network_around(client).base;
  if (const auto known = networks_.find(base); known != networks_.end()) return known->second;
  const std::uint32_t id = dictionary_.id_of(txn, TextKind::text, network_of(client, hashed_));
  if (networks_.size() >= kRemembered) networks_.clear();
  networks_.emplace(base, id);
  return id;
}

std::uint32_t Places::product_id(WriteTxn& txn, std::uint32_t release) {
  if (const auto known = products_.find(release); known != products_.end()) return known->second;
  const std::string product = Release::from(text_of(txn, TextKind::release, release)).product;
  const std::uint32_t id = product.empty() ? 0 : dictionary_.id_of(txn, TextKind::text, product);
  if (products_.size() >= kRemembered) products_.clear();
  products_.emplace(release, id);
  return id;
}

void Places::write(WriteTxn& txn) {
  for (auto* tallies : {&totals_, &days_, &hours_}) tallies->write(txn);
  for (const auto& [key, fetch] : examples_) {
    const auto stored = txn.get(Table::examples, key.view());
    const auto before = stored ? FetchKey::from(*stored) : std::nullopt;
    if (!before || *before < fetch) txn.put(Table::examples, key.view(), fetch.bytes());
  }
  examples_.clear();
}

void Places::forget() {
  origins_.clear();
  networks_.clear();
  products_.clear();
  strangers_.clear();
  examples_.clear();
  for (auto* tallies : {&totals_, &days_, &hours_}) tallies->forget();
}

}  // namespace larder::reports
