// SPDX-License-Identifier: MIT
// Where fetches went and came from; and what went wrong on the way, or past the store unread.
#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "reports/fetch_rows.h"
#include "reports/places.h"
#include "reports/report_scope.h"
#include "reports/reports.h"

namespace larder::reports {
namespace {

// Network, origin, product, entrance, outcome.
using Named = std::tuple<std::string, std::string, std::string, Entrance, Outcome>;

// Adds up what lies in a scope. Stored rows are added by number first: there are many, and few names.
class PlaceSums {
 public:
  // `product` is the filter's.
  PlaceSums(const Scope& scope, const std::string& product)
      : scope_(scope),
        hashed_(has_pseudonyms(scope.txn())),
        only_(product.empty() ? 0 : known_text(scope.txn(), product)),
        all_(product.empty()) {}

  Status read() {
    if (scope_.nothing()) return ok();
    if (scope_.members() != nullptr) {
      return each_fetch_of_members(scope_, [this](const Recorded& recorded) { add(recorded); });
    }
    if (!scope_.windowed()) {
      read_table(Table::place_totals, 0, UINT32_MAX);
    } else {
      read_window();
    }
    name_sums();
    return scope_.txn().status();
  }

  const std::map<Named, Tally>& sums() const { return named_; }

 private:
  void read_window() {
    const Window& window = scope_.window();
    for (const auto& [from, to] : window.raw) read_single(from, to);
    const std::uint32_t first = window.first_hour;
    const std::uint32_t end = window.end_hour;
    const std::uint32_t first_day = first / kDayHours + (first % kDayHours != 0 ? 1 : 0);
    const std::uint32_t end_day = end / kDayHours;
    if (first_day >= end_day) return read_table(Table::place_hours, first, end);
    read_table(Table::place_hours, first, first_day * kDayHours);
    read_table(Table::place_days, first_day, end_day);
    read_table(Table::place_hours, end_day * kDayHours, end);
  }

  void read_table(Table table, std::uint32_t first, std::uint32_t end) {
    Cursor cursor = scope_.txn().cursor(table);
    Tally tally;
    std::string key;
    for (bool at = cursor.seek(RowKey{first}.view()); at; at = cursor.next()) {
      if (table != Table::place_totals && word_at(cursor.key(), 0) >= end) return;
      const auto place = Place::from(table, cursor.key());
      const bool wanted = place && (all_ || (place->product != 0 && place->product == only_));
      if (!wanted || !decode_row(cursor.value(), base_of(table, cursor.key()), tally)) continue;
      std::string_view total = cursor.key();
      if (table != Table::place_totals) total.remove_prefix(sizeof(std::uint32_t));
      key.assign(total);
      by_number_[key].add(tally);
    }
  }

  void read_single(std::uint64_t from, std::uint64_t to) {
    Cursor cursor = scope_.txn().cursor(Table::fetches);
    const std::string end = FetchKey{to, 0}.bytes();
    for (bool at = cursor.seek(FetchKey{from, 0}.bytes()); at && cursor.key() < end; at = cursor.next()) {
      const auto key = FetchKey::from(cursor.key());
      auto fetch = key ? decode_fetch(*key, cursor.value()) : std::nullopt;
      if (fetch && scope_.has(fetch->release)) add({*key, std::move(*fetch)});
    }
  }

  void add(const Recorded& recorded) {
    const StoredFetch& fetch = recorded.fetch;
    const bool own = fetch.entrance == Entrance::own;
    named_[{own ? "" : network_of(fetch.client, hashed_), origin(fetch.url), scope_.releases()[fetch.release].product,
            fetch.entrance, outcome_of(fetch.answered, static_cast<int>(fetch.status))}]
        .add(Tally::of(recorded.key, fetch));
  }

  void name_sums() {
    for (const auto& [key, tally] : by_number_) {
      const Place place = *Place::from(Table::place_totals, key);
      named_[{name(place.network), name(place.origin), name(place.product), place.entrance, place.outcome}].add(tally);
    }
    by_number_.clear();
  }

  const std::string& name(std::uint32_t id) {
    const auto [at, added] = names_.try_emplace(id);
    if (added) at->second = text_of(scope_.txn(), TextKind::text, id);
    return at->second;
  }

  const std::string& origin(std::uint32_t url) {
    const auto [at, added] = origins_.try_emplace(url);
    if (added) at->second = origin_of(text_of(scope_.txn(), TextKind::url, url));
    return at->second;
  }

  const Scope& scope_;
  bool hashed_;
  std::uint32_t only_;  // the product asked for; 0: nobody has fetched any of it
  bool all_;
  std::unordered_map<std::string, Tally> by_number_;  // by keys of place_totals
  std::unordered_map<std::uint32_t, std::string> names_, origins_;
  std::map<Named, Tally> named_;
};

using TroubleKey = std::tuple<std::string, Entrance, Outcome>;

std::map<TroubleKey, FetchKey> examples_of(const Txn& txn) {
  std::map<TroubleKey, FetchKey> examples;
  Cursor cursor = txn.cursor(Table::examples);
  for (bool at = cursor.first(); at; at = cursor.next()) {
    const auto fetch = FetchKey::from(cursor.value());
    const auto outcome = cursor.key().empty() ? 0xFF : static_cast<std::uint8_t>(cursor.key().back());
    if (!fetch || cursor.key().size() != sizeof(std::uint32_t) + 2) continue;
    const std::string_view without_outcome = cursor.key().substr(0, cursor.key().size() - 1);
    examples[{text_of(txn, TextKind::text, word_at(cursor.key(), 0)), entrance_of(without_outcome),
              static_cast<Outcome>(outcome)}] = *fetch;
  }
  return examples;
}

}  // namespace

Result<std::vector<PlaceRow>> places_report(const Shelf& shelf, const Filter& filter) {
  const ReadTxn txn(shelf.environment);
  const Scope scope(txn, shelf, filter);
  PlaceSums sums(scope, filter.product);
  if (const Status read = sums.read(); !read) return read.error();
  std::vector<PlaceRow> rows;
  for (const auto& [key, tally] : sums.sums()) {
    const auto& [network, origin, product, entrance, outcome] = key;
    rows.push_back({network, origin, product, entrance, outcome, tally.requests, tally.bytes_sent,
                    tally.bytes_from_origin, tally.bytes_saved(), wall(tally.first_us), wall(tally.last_us)});
  }
  return rows;
}

Result<std::vector<TroubleRow>> troubles_report(const Shelf& shelf, const Filter& filter) {
  const ReadTxn txn(shelf.environment);
  const Scope scope(txn, shelf, filter);
  PlaceSums sums(scope, filter.product);
  if (const Status read = sums.read(); !read) return read.error();
  std::map<TroubleKey, Tally> troubles;
  for (const auto& [key, tally] : sums.sums()) {
    const auto& [network, origin, product, entrance, outcome] = key;
    if (tally.requests > 0 && makes_example(entrance, outcome)) troubles[{origin, entrance, outcome}].add(tally);
  }
  const auto examples = examples_of(txn);
  std::vector<TroubleRow> rows;
  for (const auto& [key, tally] : troubles) {
    const auto& [origin, entrance, outcome] = key;
    TroubleRow row{
        origin, entrance, outcome, tally.requests, tally.bytes_sent, wall(tally.first_us), wall(tally.last_us), {}};
    const auto example = examples.find(key);
    const auto recorded = example == examples.end() ? std::nullopt : recorded_at(txn, example->second);
    if (recorded) row.example = row_of(txn, *recorded);
    rows.push_back(std::move(row));
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.last > b.last; });
  if (auto status = txn.status(); !status) return std::move(status).error();
  return rows;
}

}  // namespace larder::reports
