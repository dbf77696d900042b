// SPDX-License-Identifier: MIT
// Random fetches and filters, and the comparison of all reports with their recount.
#pragma once

#include <array>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "ledger_fixture.h"
#include "recount.h"
#include "reports/inventory.h"

namespace larder::reports {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : random_(seed) {}
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::mt19937_64 random_;
};

inline constexpr std::uint64_t kSpanHours = 24 * 6;

// "D0" to "D7" are of one of two groups or of none.
inline std::string some_group(std::uint64_t device) {
  constexpr std::array kGroups{"", "staff", "pupils"};
  return kGroups.at(device % kGroups.size());
}

inline void import_groups(Ledger& ledger) {
  std::vector<InventoryLine> lines;
  for (std::uint64_t device = 0; device < 8; ++device) {
    lines.push_back({device + 1, {"D" + std::to_string(device), "", "", "", some_group(device), {}}});
  }
  REQUIRE(ledger.import_inventory(lines, false));
}

inline WallTime some_time(Chance& chance) {
  return at(std::chrono::hours(chance.below(kSpanHours))) + std::chrono::microseconds(chance.below(3'600'000'000));
}

inline FetchRecord some_fetch(Chance& chance) {
  FetchRecord record = outlook();
  record.time = some_time(chance);
  record.token = "D" + std::to_string(chance.below(8));
  record.client = address("192.0." + std::to_string(chance.below(3)) + ".7");
  record.entrance = static_cast<Entrance>(chance.below(9));
  record.answered = static_cast<Answered>(chance.below(7));
  const std::uint64_t product = chance.below(4);
  record.subject.edit().product = product == 0 ? "" : "P" + std::to_string(product);
  record.subject.edit().version = std::to_string(chance.below(3));
  record.subject.edit().build = chance.one_in(2) ? "" : "b";
  record.subject.edit().kind = static_cast<FileKind>(chance.below(4));
  record.subject.edit().url = (chance.one_in(3) ? "http://b.example:8080/" : "http://a.example/") +
                              record.subject->product + record.subject->version + record.subject->build +
                              std::to_string(chance.below(2));
  record.object_bytes = 40;
  record.sent_ranges.clear();
  record.bytes_sent = 0;
  for (std::uint64_t pieces = chance.below(4); pieces > 0; --pieces) {
    const std::uint64_t first = chance.below(40);
    const std::uint64_t end = first + 1 + chance.below(40 - first);
    record.sent_ranges.emplace_back(first, end);
    record.bytes_sent += end - first;
  }
  record.status = record.bytes_sent == 0 && chance.one_in(2) ? 502 : 200;
  record.bytes_from_origin = chance.one_in(3) ? chance.below(100) : 0;
  return record;
}

inline Filter some_filter(Chance& chance) {
  Filter filter;
  if (chance.one_in(2)) filter.from = some_time(chance);
  if (chance.one_in(2)) filter.to = some_time(chance);
  if (filter.from && chance.one_in(4))
    filter.to = *filter.from + std::chrono::microseconds(chance.below(7'200'000'000));
  if (filter.from && chance.one_in(4)) filter.from = std::chrono::floor<std::chrono::hours>(*filter.from);
  if (filter.to && chance.one_in(4)) filter.to = std::chrono::floor<std::chrono::hours>(*filter.to);
  if (chance.one_in(3)) filter.product = "P" + std::to_string(1 + chance.below(3));
  if (chance.one_in(3)) filter.device = "D" + std::to_string(chance.below(8));
  filter.limit = 1 + chance.below(50);
  return filter;
}

template <class Row, class Ask>
std::vector<Row> all_pages(Filter filter, Ask ask) {
  std::vector<Row> rows;
  do {
    auto page = ask(filter).value();
    rows.insert(rows.end(), page.items.begin(), page.items.end());
    filter.cursor = page.next_cursor;
  } while (!filter.cursor.empty());
  return rows;
}

inline void check_summary(Ledger& ledger, const Filter& filter, const Recount& recount) {
  const Summary summary = ledger.summary(filter).value();
  CHECK(summary.requests == recount.summary.requests);
  CHECK(summary.bytes_sent == recount.summary.bytes_sent);
  CHECK(summary.bytes_from_origin == recount.summary.bytes_from_origin);
  CHECK(summary.bytes_saved == recount.summary.bytes_saved);
  CHECK(summary.bytes_from_origin_own == recount.summary.bytes_from_origin_own);
  CHECK(summary.devices == recount.devices.size());
}

inline void check_versions(Ledger& ledger, const Filter& filter, const Recount& recount) {
  const auto rows = all_pages<VersionRow>(filter, [&](const Filter& f) { return ledger.versions(f); });
  CHECK(rows.size() == recount.versions.size());
  for (const VersionRow& row : rows) {
    const std::tuple key{row.product, row.version, row.build};
    REQUIRE(recount.versions.contains(key));
    const Recount::Version& version = recount.versions.at(key);
    CHECK(row.requests == version.requests);
    CHECK(row.bytes_sent == version.bytes_sent);
    CHECK(row.first_fetch == version.first);
    CHECK(row.last_fetch == version.last);
    CHECK(row.devices_complete == recount.complete(key));
    CHECK(row.devices_complete + row.devices_partly == version.fetched.size());
  }
}

inline void check_devices(Ledger& ledger, const Filter& filter, const Recount& recount) {
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> told;
  for (const DeviceRow& row : all_pages<DeviceRow>(filter, [&](const Filter& f) { return ledger.devices(f); })) {
    CHECK(told.emplace(row.id, std::pair{row.requests, row.bytes_sent}).second);
  }
  CHECK(told == recount.by_device);
}

inline void check_traffic(Ledger& ledger, const Filter& filter, const Recount& recount) {
  std::map<std::tuple<WallTime, std::string, Entrance>, Recount::Traffic> told;
  for (const TrafficRow& row : all_pages<TrafficRow>(filter, [&](const Filter& f) { return ledger.traffic(f); })) {
    const Recount::Traffic sums{row.requests, row.bytes_sent, row.bytes_from_origin, row.bytes_saved};
    CHECK(told.emplace(std::tuple{row.hour, row.product, row.entrance}, sums).second);
  }
  CHECK(told == recount.traffic);
}

inline void check_places(Ledger& ledger, const Filter& filter, const Recount& recount) {
  std::map<Recount::Place, Recount::Traffic> told;
  std::map<std::tuple<std::string, Entrance, Outcome>, Recount::Traffic> troubles;
  const auto places_rows = ledger.places(filter).value();
  for (const PlaceRow& row : places_rows) {
    const Recount::Traffic sums{row.requests, row.bytes_sent, row.bytes_from_origin, row.bytes_saved};
    CHECK(told.emplace(std::tuple{row.network, row.origin, row.product, row.entrance, row.outcome}, sums).second);
    const bool unread = row.entrance == Entrance::tunnel || row.entrance == Entrance::sni;
    if (row.requests == 0 || (row.outcome == Outcome::served && !unread)) continue;
    Recount::Traffic& trouble = troubles[{row.origin, row.entrance, row.outcome}];
    trouble.requests += row.requests;
    trouble.bytes_sent += row.bytes_sent;
  }
  CHECK((told == recount.places));
  const auto troubles_rows = ledger.troubles(filter).value();
  for (const TroubleRow& row : troubles_rows) {
    const Recount::Traffic& trouble = troubles[{row.origin, row.entrance, row.outcome}];
    CHECK(row.requests == trouble.requests);
    CHECK(row.bytes_sent == trouble.bytes_sent);
    if (row.example) {
      CHECK(row.example->fetch.entrance == row.entrance);
      CHECK(outcome_of(row.example->fetch.answered, row.example->fetch.status) == row.outcome);
    }
    troubles.erase({row.origin, row.entrance, row.outcome});
  }
  CHECK(troubles.empty());
}

inline void check_adoption(Ledger& ledger, const Filter& filter, const Recount& recount) {
  const auto adoption_rows = ledger.adoption(filter).value();
  for (const AdoptionRow& row : adoption_rows) {
    const std::tuple key{row.product, row.version, row.build};
    const auto days = recount.days_of(key);
    REQUIRE(days.contains(row.day));
    CHECK(row.devices_new == days.at(row.day));
    std::uint64_t until = 0;
    for (const auto& [day, devices] : days) until += day <= row.day ? devices : 0;
    CHECK(row.devices_complete == until);
  }
  const auto spread_rows = ledger.spread(filter).value();
  for (const SpreadRow& row : spread_rows) {
    std::uint64_t devices = 0;
    for (const auto& [day, count] : recount.days_of({row.product, row.version, row.build})) devices += count;
    CHECK(row.devices_complete == devices);
    CHECK(row.devices_of_product == recount.devices_of(row.product));
    CHECK((row.half_complete != WallTime{}) == (2 * row.devices_complete >= row.devices_of_product));
    CHECK((row.most_complete != WallTime{}) == (10 * row.devices_complete >= 9 * row.devices_of_product));
  }
}

inline void check_fetches(Ledger& ledger, const Filter& filter, const Recount& recount) {
  std::multiset<std::tuple<WallTime, std::string, std::uint64_t>> told;
  for (const FetchRow& row : all_pages<FetchRow>(filter, [&](const Filter& f) { return ledger.fetches(f); })) {
    told.emplace(row.fetch.time, row.device, row.fetch.bytes_sent);
  }
  CHECK((told == recount.fetches));
}

// Who lags does so now; a span of time says which devices are told of: those that asked for anything in it.
inline void check_lagging(Ledger& ledger, const std::vector<FetchRecord>& records, const Filter& filter) {
  Filter now = filter;
  now.from.reset();
  now.to.reset();
  const std::vector<KnownRelease> known{{"P1", "9", {}}, {"P2", "9", {}}, {"P3", "9", {}}};
  std::set<std::string> seen;
  for (const FetchRecord& record : records) {
    if (!(filter.from && record.time < *filter.from) && !(filter.to && record.time >= *filter.to)) {
      seen.insert(record.token);
    }
  }
  const auto rows_of = [&](const Filter& asked) {
    std::vector<std::tuple<std::string, std::string, std::string>> rows;
    for (const LaggingRow& row :
         all_pages<LaggingRow>(asked, [&](const Filter& f) { return ledger.lagging(f, known); })) {
      rows.emplace_back(row.device, row.product, row.version);
    }
    return rows;
  };
  auto expected = rows_of(now);
  if (filter.from || filter.to)
    std::erase_if(expected, [&](const auto& row) { return !seen.contains(std::get<0>(row)); });
  CHECK((rows_of(filter) == expected));
}

// Whether single fetches are all there still.
enum class Raw { whole, dropped };

inline void check_all(Ledger& ledger, const std::vector<FetchRecord>& records, const Filter& filter,
                      Raw raw = Raw::whole) {
  INFO("from " << (filter.from ? filter.from->time_since_epoch().count() : -1) << " to "
               << (filter.to ? filter.to->time_since_epoch().count() : -1) << " product " << filter.product
               << " device " << filter.device << " group " << filter.group);
  const Recount recount(records, filter, [&](const std::string& device) {
    return some_group(static_cast<std::uint64_t>(device.back() - '0')) == filter.group;
  });
  check_summary(ledger, filter, recount);
  check_versions(ledger, filter, recount);
  check_devices(ledger, filter, recount);
  check_traffic(ledger, filter, recount);
  check_adoption(ledger, filter, recount);
  check_lagging(ledger, records, filter);
  if (raw == Raw::whole) check_fetches(ledger, filter, recount);
  if (raw == Raw::whole || (filter.device.empty() && filter.group.empty())) check_places(ledger, filter, recount);
}

}  // namespace larder::reports
