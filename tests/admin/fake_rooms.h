// SPDX-License-Identifier: MIT
// A cache and a ledger that say what a test tells them and remember what they were asked.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cache/reader.h"
#include "cache/store.h"
#include "reports/inventory.h"
#include "reports/ledger.h"

namespace larder::admin {

class FakeStore final : public cache::Store {
 public:
  cache::ExtentId new_extent() override { return {}; }
  void put_object(cache::Object, Done done) override { done(ok()); }
  void put_chunk(cache::ExtentId, cache::ChunkIndex, std::uint64_t, std::shared_ptr<const cache::ChunkBuffer>,
                 Done done) override {
    done(ok());
  }
  void complete(const std::string&, cache::ExtentId, std::function<void(Result<cache::ObjectPtr>)>) override {}
  void remove(const std::string& url, Done done) override { order("remove " + url, done); }
  void pin(const std::string& url, Done done) override { order("pin " + url, done); }
  void unpin(const std::string& url, Done done) override { order("unpin " + url, done); }
  void touch(cache::ExtentId) override {}
  void verify(std::function<void(Result<cache::VerifyReport>)> progress) override {
    if (verify_at_once) return progress(*verify_at_once);
    const std::lock_guard lock(mutex_);
    verifying_ = std::move(progress);
  }
  void set_limits(std::uint64_t, std::uint64_t) override {}
  void flush(Done done) override { done(ok()); }
  cache::StoreStatus status() const override { return current; }
  std::uint64_t epoch() const override { return 0; }

  std::vector<std::string> orders() const {
    const std::lock_guard lock(mutex_);
    return orders_;
  }
  // Tells whoever asked for a verification how far it is.
  void tell(const Result<cache::VerifyReport>& report) {
    std::function<void(Result<cache::VerifyReport>)> listener;
    {
      const std::lock_guard lock(mutex_);
      listener = verifying_;
    }
    listener(report);
  }

  // Set before the first request.
  std::optional<cache::VerifyReport> verify_at_once;
  cache::StoreStatus current;

 private:
  void order(std::string what, const Done& done) {
    const bool known = what.find("absent") == std::string::npos;
    {
      const std::lock_guard lock(mutex_);
      orders_.push_back(std::move(what));
    }
    done(known ? ok()
               : fail(ErrorKind::not_found, "the cache holds no such object; `larder cache list` shows what it holds"));
  }

  mutable std::mutex mutex_;
  std::vector<std::string> orders_;                             // guarded by mutex_
  std::function<void(Result<cache::VerifyReport>)> verifying_;  // guarded by mutex_
};

class FakeReader final : public cache::Reader {
 public:
  explicit FakeReader(std::vector<cache::ObjectPtr> objects) : objects_(std::move(objects)) {}
  cache::ObjectPtr find(std::string_view) override { return nullptr; }
  cache::ChunkMap held(cache::ExtentId, std::uint64_t) override { return {}; }
  cache::ChunkState read(cache::ExtentId, cache::ChunkIndex, std::uint64_t, const Visit&) override {
    return cache::ChunkState::missing;
  }
  cache::ChunkState read_now(cache::ExtentId, cache::ChunkIndex, std::uint64_t, const Visit&) override {
    return cache::ChunkState::missing;
  }
  // The cursor is the position.
  Listing list(std::string_view cursor, std::size_t limit) override {
    Listing listing;
    std::size_t at = cursor.empty() ? 0 : std::stoul(std::string(cursor));
    for (; at < objects_.size() && listing.objects.size() < limit; ++at) {
      listing.objects.push_back(objects_[at]);
      listing.bytes_held.push_back(objects_[at]->complete() ? objects_[at]->size_bytes : 1024);
      listing.pinned.push_back(at == 0);
    }
    if (at < objects_.size()) listing.next = std::to_string(at);
    return listing;
  }

 private:
  std::vector<cache::ObjectPtr> objects_;
};

class FakeLedger final : public reports::Ledger {
 public:
  void record(std::vector<reports::FetchRecord>) override {}
  void flush() override {}
  Result<reports::Summary> summary(const reports::Filter& filter) override {
    asked(filter);
    return totals;
  }
  Result<reports::Page<reports::VersionRow>> versions(const reports::Filter& filter) override {
    asked(filter);
    return page(version_rows, filter);
  }
  Result<reports::Page<reports::DeviceRow>> devices(const reports::Filter& filter) override {
    asked(filter);
    return page(device_rows, filter);
  }
  Result<reports::DeviceDetail> device(const std::string& id) override {
    for (const auto& row : device_rows) {
      if (row.id == id) return reports::DeviceDetail{row, products, recent};
    }
    return fail(ErrorKind::not_found, "no device \"" + id + "\" is on record; `larder report devices` lists them");
  }
  Result<reports::Page<reports::TrafficRow>> traffic(const reports::Filter& filter) override {
    asked(filter);
    return page(traffic_rows, filter);
  }
  Result<std::vector<reports::PlaceRow>> places(const reports::Filter& filter) override {
    asked(filter);
    return place_rows;
  }
  Result<std::vector<reports::TroubleRow>> troubles(const reports::Filter& filter) override {
    asked(filter);
    return trouble_rows;
  }
  Result<reports::Page<reports::FetchRow>> fetches(const reports::Filter& filter) override {
    asked(filter);
    return page(fetch_rows, filter);
  }
  Result<std::vector<reports::AdoptionRow>> adoption(const reports::Filter& filter) override {
    asked(filter);
    return adoption_rows;
  }
  Result<std::vector<reports::SpreadRow>> spread(const reports::Filter& filter) override {
    asked(filter);
    return spread_rows;
  }
  Result<reports::Reckoning> reckon(bool) override { return reckoning; }
  Result<reports::Page<reports::LaggingRow>> lagging(const reports::Filter& filter,
                                                     const std::vector<reports::KnownRelease>& known) override {
    asked(filter);
    known_releases = known;
    return page(lagging_rows, filter);
  }
  Result<reports::InventoryImport> import_inventory(const std::vector<reports::InventoryLine>& lines,
                                                    bool dry_run) override {
    reports::Inventory inventory = devices_listed;
    std::vector<std::string> changed;
    auto import = inventory.merge(lines, changed);
    if (!dry_run) devices_listed = std::move(inventory);
    return import;
  }
  Result<reports::Erased> erase(const std::string& id, bool dry_run) override {
    const auto row =
        std::find_if(device_rows.begin(), device_rows.end(), [&](const auto& each) { return each.id == id; });
    if (row == device_rows.end()) return fail(ErrorKind::not_found, "nothing is on record of a device \"" + id + "\"");
    reports::Erased erased{row->serial, {row->id}, row->requests};
    if (!dry_run) device_rows.erase(row);
    return erased;
  }
  LedgerStatus status() const override { return current; }

  // Holds every report back until release().
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  void wait_for_waiting(std::size_t reports) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= reports; });
  }
  reports::Filter last_filter() {
    const std::lock_guard lock(mutex_);
    return last_filter_;
  }

  // Set before the first request.
  reports::Summary totals;
  std::vector<reports::VersionRow> version_rows;
  std::vector<reports::DeviceRow> device_rows;
  std::vector<reports::LaggingRow> lagging_rows;
  std::vector<reports::KnownRelease> known_releases;  // of the last question
  reports::Inventory devices_listed;
  std::vector<reports::TrafficRow> traffic_rows;
  std::vector<reports::DeviceProduct> products;
  std::vector<reports::FetchRecord> recent;
  std::vector<reports::PlaceRow> place_rows;
  std::vector<reports::TroubleRow> trouble_rows;
  std::vector<reports::FetchRow> fetch_rows;
  std::vector<reports::AdoptionRow> adoption_rows;
  std::vector<reports::SpreadRow> spread_rows;
  reports::Reckoning reckoning;
  LedgerStatus current;

 private:
  void asked(const reports::Filter& filter) {
    std::unique_lock lock(mutex_);
    last_filter_ = filter;
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !held_; });
    --waiting_;
  }

  template <class Row>
  static reports::Page<Row> page(const std::vector<Row>& rows, const reports::Filter& filter) {
    reports::Page<Row> page;
    std::size_t at = filter.cursor.empty() ? 0 : std::stoul(filter.cursor);
    while (at < rows.size() && page.items.size() < filter.limit) page.items.push_back(rows[at++]);
    if (at < rows.size()) page.next_cursor = std::to_string(at);
    return page;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  std::size_t waiting_ = 0;
  reports::Filter last_filter_;
};

}  // namespace larder::admin
