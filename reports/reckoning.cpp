// SPDX-License-Identifier: MIT
#include "reports/reckoning.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "reports/device_rows.h"
#include "reports/dictionary.h"
#include "reports/newest.h"
#include "reports/places.h"

namespace larder::reports {
namespace {

template <class Row>
using Rows = std::map<std::string, Row>;  // by key

std::string text(const RowKey& key) {
  return std::string(key.view());
}

class Counting {
 public:
  // `repair` null: only compared.
  Counting(const Txn& txn, WriteTxn* repair)
      : txn_(txn), repair_(repair), since_(static_cast<std::uint32_t>(txn.number(kMetaRawSince))) {}

  Reckoning run() {
    compare_hours();
    compare_devices();
    compare_sums();
    for (const auto& [table, rows] : wrong_) counted_.wrong.emplace_back(table_name(table), rows);
    return std::move(counted_);
  }

 private:
  // ---- rows on record against rows as they must be ----

  // All rows of the table that begin with `prefix` and that `meant` takes.
  template <class Row, class Meant>
  void compare(Table table, std::string_view prefix, const Rows<Row>& expected, const Meant& meant) {
    std::vector<std::string> surplus;
    Rows<Row> other = expected;
    {
      Cursor cursor = txn_.cursor(table);
      for (bool at = cursor.seek(prefix); at && cursor.key().starts_with(prefix); at = cursor.next()) {
        if (!meant(cursor.key())) continue;
        const std::string key(cursor.key());
        const auto right = expected.find(key);
        Row stored;
        const bool readable = decode_row(cursor.value(), base_of(table, key), stored);
        if (right == expected.end()) {
          surplus.push_back(key);
        } else if (readable && stored == right->second) {
          other.erase(key);
        }
      }
    }
    counted_.rows += expected.size();
    if (!other.empty() || !surplus.empty()) wrong_[table] += other.size() + surplus.size();
    if (repair_ == nullptr) return;
    StoredWriter out;
    for (const std::string& key : surplus) repair_->erase(table, key);
    for (const auto& [key, row] : other) {
      out.clear();
      encode_row(row, base_of(table, key), out);
      repair_->put(table, key, out.view());
    }
  }
  template <class Row>
  void compare(Table table, std::string_view prefix, const Rows<Row>& expected) {
    compare(table, prefix, expected, [](std::string_view) { return true; });
  }

  // ---- by hour ----

  // Hours with rows but without fetches, too: everything is wrong in them.
  void compare_hours() {
    std::set<std::uint32_t> hours;
    for (const Table table : {Table::hours, Table::place_hours}) {
      Cursor cursor = txn_.cursor(table);
      for (bool at = cursor.seek(RowKey{since_}.view()); at;) {
        const std::uint32_t hour = word_at(cursor.key(), 0);
        hours.insert(hour);
        at = hour < UINT32_MAX && cursor.seek(RowKey{hour + 1}.view());
      }
    }
    Cursor cursor = txn_.cursor(Table::fetches);
    for (bool at = cursor.seek(FetchKey{since_ * kHourUs, 0}.bytes()); at;) {
      const auto key = FetchKey::from(cursor.key());
      if (!key) break;
      const auto hour = static_cast<std::uint32_t>(key->time_us / kHourUs);
      hours.insert(hour);
      at = cursor.seek(FetchKey{(hour + std::uint64_t{1}) * kHourUs, 0}.bytes());
    }
    for (const std::uint32_t hour : hours) compare_hour(hour);
  }

  void compare_hour(std::uint32_t hour) {
    Rows<Tally> releases, places;
    Cursor cursor = txn_.cursor(Table::fetches);
    const std::string end = FetchKey{(hour + std::uint64_t{1}) * kHourUs, 0}.bytes();
    for (bool at = cursor.seek(FetchKey{hour * kHourUs, 0}.bytes()); at && cursor.key() < end; at = cursor.next()) {
      const auto key = FetchKey::from(cursor.key());
      const auto fetch = key ? decode_fetch(*key, cursor.value()) : std::nullopt;
      if (!fetch) continue;
      ++counted_.fetches;
      ++of_device_[fetch->device];
      const Tally tally = Tally::of(*key, *fetch);
      releases[text({{hour, fetch->release}, fetch->entrance})].add(tally);
      places[place_key(hour, *fetch)].add(tally);
    }
    compare(Table::hours, RowKey{hour}.view(), releases);
    compare_places(hour, std::move(places));
  }

  // By the names that are known: a place's network, origin and product have ids as soon as it is on record.
  std::string place_key(std::uint32_t hour, const StoredFetch& fetch) {
    Place place{0, 0, 0, fetch.entrance, outcome_of(fetch.answered, static_cast<int>(fetch.status))};
    place.product = id_of(Release::from(text_of(txn_, TextKind::release, fetch.release)).product);
    place.origin = id_of(origin_of(text_of(txn_, TextKind::url, fetch.url)));
    if (fetch.entrance != Entrance::own) place.network = id_of(network_of(fetch.client, has_pseudonyms(txn_)));
    return text(place.within(hour));
  }

  // Which of the refused were strangers depends on the order in which they came, so that is as it is on record.
  void compare_places(std::uint32_t hour, Rows<Tally> places) {
    const auto refused = [](std::string_view key) {
      return static_cast<std::uint8_t>(key.back()) == static_cast<std::uint8_t>(Outcome::refused);
    };
    Tally before, after;
    for (auto place = places.begin(); place != places.end();) {
      if (refused(place->first)) before.add(place->second);
      place = refused(place->first) ? places.erase(place) : std::next(place);
    }
    {
      Cursor cursor = txn_.cursor(Table::place_hours);
      const RowKey prefix{hour};
      for (bool at = cursor.seek(prefix.view()); at && cursor.key().starts_with(prefix.view()); at = cursor.next()) {
        Tally tally;
        if (refused(cursor.key()) && decode_row(cursor.value(), hour * kHourUs, tally)) after.add(tally);
      }
    }
    if (!(before == after)) ++wrong_[Table::place_hours];
    compare(Table::place_hours, RowKey{hour}.view(), places, [&](std::string_view key) { return !refused(key); });
  }

  std::uint32_t id_of(const std::string& name) {
    const auto [at, added] = ids_.try_emplace(name);
    if (added) at->second = known_text(txn_, name);
    return at->second;
  }

  // ---- by device ----

  // Device by device, so many at a time as memory bears.
  void compare_devices() {
    constexpr std::uint64_t kFetchesAtOnce = 500'000;
    std::vector<std::uint32_t> devices;
    {
      Cursor cursor = txn_.cursor(Table::devices);
      for (bool at = cursor.first(); at; at = cursor.next()) devices.push_back(word_at(cursor.key(), 0));
    }
    for (auto first = devices.begin(); first != devices.end();) {
      std::map<std::uint32_t, Fetches> fetches;
      std::uint64_t many = 0;
      auto end = first;
      for (; end != devices.end() && (end == first || many + of_device_[*end] <= kFetchesAtOnce); ++end) {
        many += of_device_[*end];
        fetches[*end].reserve(of_device_[*end]);
      }
      collect(fetches);
      for (auto& [device, all] : fetches) compare_device(device, std::move(all));
      first = end;
    }
  }

  void collect(std::map<std::uint32_t, Fetches>& fetches) {
    Cursor cursor = txn_.cursor(Table::fetches);
    for (bool at = cursor.seek(FetchKey{since_ * kHourUs, 0}.bytes()); at; at = cursor.next()) {
      const auto key = FetchKey::from(cursor.key());
      auto fetch = key ? decode_fetch(*key, cursor.value()) : std::nullopt;
      const auto device = fetch ? fetches.find(fetch->device) : fetches.end();
      if (device != fetches.end()) device->second.push_back({*key, std::move(*fetch)});
    }
  }

  void compare_device(std::uint32_t device, Fetches fetches) {
    Rows<Tally> hours;
    for (const auto& [key, fetch] : fetches) {
      const auto hour = static_cast<std::uint32_t>(key.time_us / kHourUs);
      hours[text({{device, hour, fetch.release}, fetch.entrance})].add(Tally::of(key, fetch));
    }
    compare(Table::device_hours, RowKey{device}.view(), hours,
            [&](std::string_view key) { return word_at(key, 1) >= since_; });
    compare_totals_of(device);
    sort_as_recorded(fetches);
    compare_holdings(device, fetches);
  }

  void compare_totals_of(std::uint32_t device) {
    Rows<Tally> totals;
    const RowKey prefix{device};
    {
      Cursor cursor = txn_.cursor(Table::device_hours);
      for (bool at = cursor.seek(prefix.view()); at && cursor.key().starts_with(prefix.view()); at = cursor.next()) {
        Tally tally;
        if (!decode_row(cursor.value(), base_of(Table::device_hours, cursor.key()), tally)) continue;
        totals[text({{device, word_at(cursor.key(), 2)}, entrance_of(cursor.key())})].add(tally);
      }
    }
    compare(Table::device_totals, prefix.view(), totals);
  }

  void compare_holdings(std::uint32_t device, const Fetches& fetches) {
    std::map<std::uint32_t, Fetches> by_release;
    for (const Recorded& recorded : fetches) by_release[recorded.fetch.release].push_back(recorded);
    for (const auto& [release, all] : by_release) {
      const RowKey key{release, device};
      const auto known = read_row<Holding>(txn_, Table::holdings, key);
      if (known && known->seen_first_us < since_ * kHourUs) continue;
      const Possession possession = possession_of(txn_, device, release, all);
      compare<Holding>(Table::holdings, key.view(), {{text(key), possession.holding}});
      Rows<Coverage> coverage;
      if (possessed(possession.holding) != Possessed::complete) {
        for (const auto& [url, covered] : possession.coverage) coverage[text(RowKey{device, release, url})] = covered;
      }
      compare(Table::coverage, RowKey{device, release}.view(), coverage);
    }
  }

  // ---- sums of sums ----

  void compare_sums() {
    compare(Table::days, {}, days_of(Table::hours));
    compare(Table::totals, {}, totals_of(Table::days));
    compare(Table::place_days, {}, days_of(Table::place_hours));
    compare(Table::place_totals, {}, totals_of(Table::place_days));
    compare_sums_of_holdings();
  }

  void compare_sums_of_holdings() {
    Rows<VersionCounts> versions;
    Rows<NewestReleases> newest;
    NewestKeeper keeper;
    Cursor cursor = txn_.cursor(Table::holdings);
    for (bool at = cursor.first(); at; at = cursor.next()) {
      Holding holding;
      const std::uint32_t release = word_at(cursor.key(), 0);
      if (!decode_row(cursor.value(), 0, holding) || possessed(holding) == Possessed::nothing) continue;
      if (!Release::from(text_of(txn_, TextKind::release, release)).makes_row()) continue;
      VersionCounts& counts = versions[text(RowKey{release})];
      const bool complete = possessed(holding) == Possessed::complete;
      ++(complete ? counts.complete : counts.partly);
      if (complete) keeper.add(txn_, newest[text(RowKey{word_at(cursor.key(), 1)})], release);
    }
    compare(Table::newest, {}, newest);
    // A row of zeros is as good as none.
    compare(Table::versions, {}, versions, [&](std::string_view key) {
      const auto counts = txn_.get(Table::versions, key);
      VersionCounts stored;
      return !counts || !decode_row(*counts, 0, stored) || !(stored == VersionCounts{}) ||
             versions.contains(std::string(key));
    });
  }

  Rows<Tally> days_of(Table hours) {
    Rows<Tally> days;
    Cursor cursor = txn_.cursor(hours);
    for (bool at = cursor.first(); at; at = cursor.next()) {
      Tally tally;
      if (!decode_row(cursor.value(), base_of(hours, cursor.key()), tally)) continue;
      const RowKey day{word_at(cursor.key(), 0) / kDayHours};
      days[text(day) + std::string(cursor.key().substr(day.view().size()))].add(tally);
    }
    return days;
  }

  Rows<Tally> totals_of(Table days) {
    Rows<Tally> totals;
    Cursor cursor = txn_.cursor(days);
    for (bool at = cursor.first(); at; at = cursor.next()) {
      Tally tally;
      if (!decode_row(cursor.value(), base_of(days, cursor.key()), tally)) continue;
      totals[std::string(cursor.key().substr(sizeof(std::uint32_t)))].add(tally);
    }
    return totals;
  }

  const Txn& txn_;
  WriteTxn* repair_;
  const std::uint32_t since_;  // hour
  Reckoning counted_;
  std::map<Table, std::uint64_t> wrong_;
  std::map<std::string, std::uint32_t> ids_;
  std::unordered_map<std::uint32_t, std::uint64_t> of_device_;  // fetches; 0: nobody's
};

std::uint32_t product_id(WriteTxn& txn, Dictionary& dictionary, std::uint32_t release) {
  const std::string product = Release::from(text_of(txn, TextKind::release, release)).product;
  return product.empty() ? 0 : dictionary.id_of(txn, TextKind::text, product);
}

// Of one first word: a network, a day or an hour. Nothing: there is none from `from` on.
struct PlaceRows {
  std::uint32_t first = 0;
  std::vector<std::pair<Place, Tally>> rows;
};
std::optional<PlaceRows> places_from(const Txn& txn, Table table, std::uint32_t from) {
  Cursor cursor = txn.cursor(table);
  if (!cursor.seek(RowKey{from}.view())) return std::nullopt;
  PlaceRows found{word_at(cursor.key(), 0), {}};
  for (bool at = true; at && word_at(cursor.key(), 0) == found.first; at = cursor.next()) {
    Tally tally;
    const auto place = Place::from(table, cursor.key());
    if (place && decode_row(cursor.value(), base_of(table, cursor.key()), tally))
      found.rows.emplace_back(*place, tally);
  }
  return found;
}

// Those with one first word at a time: all of a table may be more than memory bears.
void put_places_by_product(WriteTxn& txn, Table table) {
  Dictionary dictionary;
  std::map<std::uint32_t, std::uint32_t> products;  // by release
  std::uint32_t from = 0;
  while (const auto found = places_from(txn, table, from)) {
    std::map<RowKey, Tally> rows;
    for (auto [place, tally] : found->rows) {
      const auto [product, added] = products.try_emplace(place.product);  // a release yet
      if (added) product->second = product_id(txn, dictionary, place.product);
      place.product = product->second;
      rows[table == Table::place_totals ? place.total() : place.within(found->first)].add(tally);
    }
    erase_prefix(txn, table, RowKey{found->first}.view());
    for (const auto& [key, tally] : rows) write_row(txn, table, key, tally);
    if (found->first == UINT32_MAX) return;
    from = found->first + 1;
  }
}

// Those of hours that have lost their single fetches.
void add_nameless_places(WriteTxn& txn, std::uint64_t since) {
  std::vector<std::tuple<std::uint32_t, std::uint32_t, Entrance, Tally>> rows;  // hour, release
  {
    Cursor cursor = txn.cursor(Table::hours);
    for (bool at = cursor.first(); at && word_at(cursor.key(), 0) < since; at = cursor.next()) {
      Tally tally;
      if (!decode_row(cursor.value(), base_of(Table::hours, cursor.key()), tally)) continue;
      rows.emplace_back(word_at(cursor.key(), 0), word_at(cursor.key(), 1), entrance_of(cursor.key()), tally);
    }
  }
  Dictionary dictionary;
  RowCache<Tally> hours(Table::place_hours), days(Table::place_days), totals(Table::place_totals);
  for (const auto& [hour, release, entrance, tally] : rows) {
    const Place place{0, 0, product_id(txn, dictionary, release), entrance, Outcome::served};
    hours.change(txn, place.within(hour)).add(tally);
    days.change(txn, place.within(hour / kDayHours)).add(tally);
    totals.change(txn, place.total()).add(tally);
  }
  for (auto* tallies : {&hours, &days, &totals}) tallies->write(txn);
}

void add_places(WriteTxn& txn, std::uint64_t since) {
  Dictionary dictionary;
  Places places(dictionary);
  places.begin(txn);
  constexpr std::size_t kStep = 16384;
  FetchKey next{since * kHourUs, 0};
  for (std::size_t read = kStep; read == kStep;) {
    std::vector<Recorded> fetches;
    {
      Cursor cursor = txn.cursor(Table::fetches);
      for (bool at = cursor.seek(next.bytes()); at && fetches.size() < kStep; at = cursor.next()) {
        const auto key = FetchKey::from(cursor.key());
        auto fetch = key ? decode_fetch(*key, cursor.value()) : std::nullopt;
        if (fetch) fetches.push_back({*key, std::move(*fetch)});
      }
    }
    for (const auto& [key, fetch] : fetches) {
      const bool stranger = fetch.answered == Answered::refused &&
                            places.is_stranger(key.time_us, fetch.client, text_of(txn, TextKind::url, fetch.url));
      places.add(txn, key, fetch, stranger ? Places::As::stranger : Places::As::itself);
    }
    places.write(txn);
    read = fetches.size();
    if (read > 0) next = {fetches.back().key.time_us, fetches.back().key.sequence + 1};
  }
}

}  // namespace

Reckoning reckon(const Txn& txn) {
  return Counting(txn, nullptr).run();
}

Reckoning repair_totals(WriteTxn& txn) {
  return Counting(txn, &txn).run();
}

Status bring_up_to_date(const Environment& environment) {
  const std::uint64_t format = ReadTxn(environment).number(kMetaFormat);
  if (environment.read_only() || format >= kLedgerFormat) return ok();
  spdlog::info("The ledger is of an older format ({}, now {}): what is on record is added up anew, once.", format,
               kLedgerFormat);
  WriteTxn txn(environment);
  if (format <= kWithoutPlaces) {
    const std::uint64_t since = txn.number(kMetaRawSince);
    add_nameless_places(txn, since);
    add_places(txn, since);
  }
  if (format == kPlacesByRelease) {
    for (const Table table : {Table::place_totals, Table::place_days, Table::place_hours}) {
      put_places_by_product(txn, table);
    }
  }
  renew_newest(txn);
  txn.set_number(kMetaFormat, kLedgerFormat);
  if (const int code = std::move(txn).commit(); code != 0) return ledger_error("bringing the ledger up to date", code);
  return ok();
}

}  // namespace larder::reports
