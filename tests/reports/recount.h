// SPDX-License-Identifier: MIT
// The oracle: every report counted anew from plain records, without tables, totals or windows.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "reports/ledger.h"

namespace larder::reports {

class Recount {
 public:
  // In the order they were recorded. `of_group`: whether a device is of the filter's group.
  Recount(
      const std::vector<FetchRecord>& records, Filter filter,
      std::function<bool(const std::string&)> of_group = [](const std::string&) { return false; })
      : filter_(std::move(filter)), of_group_(std::move(of_group)) {
    for (const FetchRecord& record : records) count(record);
  }

  struct Version {
    std::set<std::string> complete, fetched;
    std::uint64_t requests = 0, bytes_sent = 0;
    WallTime first = WallTime::max(), last = WallTime::min();
  };
  struct Traffic {
    std::uint64_t requests = 0, bytes_sent = 0, bytes_from_origin = 0;
    std::int64_t bytes_saved = 0;
    bool operator==(const Traffic&) const = default;
  };

  using Place = std::tuple<std::string, std::string, std::string, Entrance, Outcome>;

  Summary summary;
  std::map<Place, Traffic> places;
  std::multiset<std::tuple<WallTime, std::string, std::uint64_t>> fetches;
  std::set<std::string> devices;
  std::map<std::tuple<std::string, std::string, std::string>, Version> versions;
  std::map<std::tuple<WallTime, std::string, Entrance>, Traffic> traffic;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> by_device;  // requests and bytes

 private:
  bool in_window(const FetchRecord& record) const {
    return (!filter_.from || record.time >= *filter_.from) && (!filter_.to || record.time < *filter_.to);
  }

  void count(const FetchRecord& record) {
    const bool own = record.entrance == Entrance::own;
    const bool makes_row = !own && !record.subject->product.empty() && record.subject->kind != FileKind::catalogue;
    if (makes_row && record.bytes_sent > 0) hold(record);
    if (!filter_.product.empty() && record.subject->product != filter_.product) return;
    if (!is_meant(record.token, own) || !in_window(record)) return;
    const std::uint64_t requests = own ? 0 : 1;
    const std::uint64_t sent = own ? 0 : record.bytes_sent;
    summary.requests += requests;
    summary.bytes_sent += sent;
    summary.bytes_from_origin += record.bytes_from_origin;
    if (own) summary.bytes_from_origin_own += record.bytes_from_origin;
    summary.bytes_saved += saved_by(record, sent);
    Traffic& row =
        traffic[{std::chrono::floor<std::chrono::hours>(record.time), record.subject->product, record.entrance}];
    row.requests += requests;
    row.bytes_sent += sent;
    row.bytes_from_origin += record.bytes_from_origin;
    row.bytes_saved += saved_by(record, sent);
    count_place(record, requests, sent);
    fetches.emplace(record.time, own ? "" : record.token, record.bytes_sent);
    if (own) return;
    devices.insert(record.token);
    by_device[record.token].first += 1;
    by_device[record.token].second += sent;
    if (makes_row) count_version(record);
  }

  bool is_meant(const std::string& device, bool own) const {
    if (!filter_.device.empty() && (own || device != filter_.device)) return false;
    return filter_.group.empty() || (!own && of_group_(device));
  }

  // Networks and hosts of the tests' own addresses and URLs.
  void count_place(const FetchRecord& record, std::uint64_t requests, std::uint64_t sent) {
    const std::string address = record.client.text();
    const bool is_v6 = address.find(':') != std::string::npos;
    const std::string network = is_v6 ? "2001:db8::/64" : address.substr(0, address.rfind('.')) + ".0/24";
    const std::string& url = record.subject->url;
    const std::size_t begin = std::min(url.find("//"), url.size() - 2) + 2;  // "larder:/proxy.pac" has no host
    const std::string host = url.substr(begin, url.find('/', begin) - begin);
    const Outcome outcome = record.answered == Answered::refused                          ? Outcome::refused
                            : record.answered == Answered::failed || record.status >= 500 ? Outcome::failed
                                                                                          : Outcome::served;
    const bool own = record.entrance == Entrance::own;
    Traffic& place = places[{own ? "" : network, host, record.subject->product, record.entrance, outcome}];
    place.requests += requests;
    place.bytes_sent += sent;
    place.bytes_from_origin += record.bytes_from_origin;
    place.bytes_saved += saved_by(record, sent);
  }

  static std::int64_t saved_by(const FetchRecord& record, std::uint64_t sent) {
    const auto came = static_cast<std::int64_t>(record.bytes_from_origin);
    const std::int64_t saved = static_cast<std::int64_t>(sent) - came;
    return record.status >= 400 || record.entrance == Entrance::helper ? std::min<std::int64_t>(saved, 0) : saved;
  }

  void count_version(const FetchRecord& record) {
    Version& version = versions[{record.subject->product, record.subject->version, record.subject->build}];
    ++version.requests;
    version.bytes_sent += record.bytes_sent;
    version.first = std::min(version.first, record.time);
    version.last = std::max(version.last, record.time);
    if (record.bytes_sent > 0) version.fetched.insert(record.token);
  }

  // Marks each byte; objects of tests are small.
  void hold(const FetchRecord& record) {
    auto& bytes = held_[{record.token, record.subject->product, record.subject->version, record.subject->build,
                         record.subject->url}];
    bytes.resize(record.object_bytes);
    for (const auto& [first, end] : record.sent_ranges) {
      for (std::uint64_t at = first; at < end; ++at) bytes[at] = true;
    }
    const bool whole = std::all_of(bytes.begin(), bytes.end(), [](bool byte) { return byte; });
    const std::tuple key{record.token, record.subject->product, record.subject->version, record.subject->build};
    if (whole) completed_.emplace(key, record.time);
  }

 public:
  // Of a version's devices in scope, those that were complete at the window's end.
  std::uint64_t complete(const std::tuple<std::string, std::string, std::string>& version) const {
    std::uint64_t devices_complete = 0;
    for (const std::string& device : versions.at(version).fetched) {
      const auto done = completed_.find(std::tuple_cat(std::tuple(device), version));
      if (done != completed_.end() && (!filter_.to || done->second < *filter_.to)) ++devices_complete;
    }
    return devices_complete;
  }

  // How many devices in scope came to have a version whole, by day, up to the window's end.
  std::map<WallTime, std::uint64_t> days_of(const std::tuple<std::string, std::string, std::string>& version) const {
    std::map<WallTime, std::uint64_t> days;
    for (const auto& [key, time] : completed_) {
      if (std::tie(std::get<1>(key), std::get<2>(key), std::get<3>(key)) != version) continue;
      if (!is_meant(std::get<0>(key), false) || (filter_.to && time >= *filter_.to)) continue;
      ++days[std::chrono::floor<std::chrono::days>(time)];
    }
    return days;
  }

  // That came to have any version of the product.
  std::uint64_t devices_of(const std::string& product) const {
    std::set<std::string> devices_with;
    for (const auto& [key, time] : completed_) {
      if (std::get<1>(key) != product || !is_meant(std::get<0>(key), false) || (filter_.to && time >= *filter_.to)) {
        continue;
      }
      devices_with.insert(std::get<0>(key));
    }
    return devices_with.size();
  }

 private:
  Filter filter_;
  std::function<bool(const std::string&)> of_group_;
  std::map<std::tuple<std::string, std::string, std::string, std::string, std::string>, std::vector<bool>> held_;
  std::map<std::tuple<std::string, std::string, std::string, std::string>, WallTime> completed_;
};

}  // namespace larder::reports
