// SPDX-License-Identifier: MIT
#include "ledger_contestant.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "reports/neighbours.h"

namespace larder::bench {
namespace {

using namespace reports;  // NOLINT(google-build-using-namespace): it is all this file is about

template <class T>
T value_of(Result<T> result) {
  if (!result) give_up("Larder: " + result.error().message);
  return std::move(*result);
}

template <class... Columns>
std::string row(const std::string& first, const Columns&... columns) {
  std::string text = first;
  const auto add = [&text](const auto& column) {
    text += '|';
    if constexpr (std::is_convertible_v<decltype(column), std::string>) {
      text += column;
    } else {
      text += std::to_string(column);
    }
  };
  (add(columns), ...);
  return text;
}

std::int64_t us(WallTime time) {
  return time.time_since_epoch().count();
}
WallTime wall(std::int64_t time_us) {
  return WallTime(std::chrono::microseconds(time_us));
}

class LedgerContestant final : public Contestant {
 public:
  explicit LedgerContestant(const std::unique_ptr<Ledger>& ledger) : ledger_(ledger) {
    for (std::uint64_t url = 0; url < kUrls; ++url) known_.push_back({product_of(url), version_of(url), {}});
  }

  std::string_view name() const override { return "Larder"; }

  Rows ask(const Asked& asked) override {
    Filter filter;
    filter.limit = kPageRows;
    switch (asked.question) {
      case Question::summary:
        return summary(within(filter, asked));
      case Question::versions:
        filter.product = product_of(asked.product);
        return versions(filter);
      case Question::devices:
        return devices(after(within(filter, asked), asked));
      case Question::device:
        return device(device_id(asked.device));
      case Question::traffic:
        return traffic(within(filter, asked));
      case Question::lagging:
        filter.product = product_of(asked.product);
        return lagging(after(filter, asked));
    }
    return {};
  }

 private:
  static Filter within(Filter filter, const Asked& asked) {
    filter.from = wall(asked.from_us);
    filter.to = wall(asked.to_us);
    return filter;
  }
  // A page after another is asked for by the cursor that came with that one.
  Filter after(Filter filter, const Asked& asked) const {
    if (asked.after) filter.cursor = next_cursor_;
    return filter;
  }

  Rows summary(const Filter& filter) {
    const Summary found = value_of(ledger_->summary(filter));
    const auto hits = std::llround(found.hit_ratio_requests * static_cast<double>(found.requests));
    return {row(std::to_string(found.requests), found.bytes_sent, found.bytes_from_origin, found.devices, hits)};
  }

  Rows versions(const Filter& filter) {
    Rows rows;
    for (const VersionRow& found : value_of(ledger_->versions(filter)).items) {
      rows.push_back(row(found.version, found.build, found.devices_complete, found.devices_partly,
                         us(found.first_fetch), us(found.last_fetch), found.bytes_sent, found.requests));
    }
    return rows;
  }

  Rows devices(const Filter& filter) {
    Rows rows;
    const auto page = value_of(ledger_->devices(filter));
    for (const DeviceRow& found : page.items) {
      rows.push_back(row(found.id, found.requests, found.bytes_sent, us(found.first_seen), us(found.last_seen)));
    }
    next_cursor_ = page.next_cursor;
    return rows;
  }

  Rows device(const std::string& id) {
    Rows rows;
    const DeviceDetail found = value_of(ledger_->device(id));
    for (const DeviceProduct& product : found.products) {
      rows.push_back(row(product.product, product.version, product.build, product.complete ? 1 : 0, product.bytes_sent,
                         us(product.first_fetch), us(product.last_fetch)));
    }
    std::sort(rows.begin(), rows.end());
    for (const FetchRecord& fetch : found.recent) {
      rows.push_back(row(std::to_string(us(fetch.time)), fetch.subject->url, fetch.bytes_sent));
    }
    return rows;
  }

  Rows traffic(Filter filter) {
    constexpr std::int64_t kHourUs = 3'600'000'000;
    filter.limit = 1000;
    Rows rows;
    do {
      const auto page = value_of(ledger_->traffic(filter));
      for (const TrafficRow& found : page.items) {
        rows.push_back(row(std::to_string(us(found.hour) / kHourUs), found.product, static_cast<int>(found.entrance),
                           found.requests, found.bytes_sent, found.bytes_from_origin));
      }
      filter.cursor = page.next_cursor;
    } while (!filter.cursor.empty());
    return rows;
  }

  Rows lagging(const Filter& filter) {
    Rows rows;
    const auto page = value_of(ledger_->lagging(filter, known_));
    for (const LaggingRow& found : page.items) {
      rows.push_back(row(found.device, found.version, found.newest_version, found.releases_behind));
    }
    next_cursor_ = page.next_cursor;
    return rows;
  }

  const std::unique_ptr<Ledger>& ledger_;
  std::vector<KnownRelease> known_;
  std::string next_cursor_;
};

}  // namespace

LedgerDatabase::LedgerDatabase(std::filesystem::path directory) : directory_(std::move(directory)) {
  open();
}

void LedgerDatabase::open() {
  LedgerOptions options;
  options.path = directory_;
  ledger_ = value_of(Ledger::open(options, clock_, nullptr));
}

void LedgerDatabase::load(std::vector<Fetch>& fetches) {
  constexpr std::size_t kBatch = 64;  // as loops hand them over
  std::vector<FetchRecord> batch;
  for (Fetch& fetch : fetches) {
    batch.push_back(std::move(fetch.record));
    if (batch.size() < kBatch && &fetch != &fetches.back()) continue;
    ledger_->record(std::move(batch));
    batch.clear();
  }
  ledger_->flush();
}

std::uint64_t LedgerDatabase::bytes() {
  std::uint64_t sum = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_)) {
    if (entry.is_regular_file()) sum += entry.file_size();
  }
  return sum;
}

std::vector<std::unique_ptr<Contestant>> LedgerDatabase::contestants() {
  std::vector<std::unique_ptr<Contestant>> one;
  one.push_back(std::make_unique<LedgerContestant>(ledger_));
  return one;
}

double LedgerDatabase::reopen() {
  ledger_.reset();
  const auto start = std::chrono::steady_clock::now();
  open();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace larder::bench
