// SPDX-License-Identifier: MIT
// A ledger in a directory of its own, on a clock that stands still, with neighbours the test decides.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "reports/ledger.h"
#include "reports/neighbours.h"

namespace larder::reports {

inline constexpr std::int64_t kNoon = 1'790'000'000'000'000 / 86'400'000'000 * 86'400'000'000 + 43'200'000'000;

inline WallTime at(std::chrono::microseconds after_noon) {
  return WallTime(std::chrono::microseconds(kNoon) + after_noon);
}

inline config::Address address(const std::string& text) {
  return config::Address::parse(text).value();
}

class KnownNeighbours final : public Neighbours {
 public:
  explicit KnownNeighbours(std::vector<Neighbour> known) : known_(std::move(known)) {}
  std::vector<Neighbour> read() override { return known_; }

 private:
  std::vector<Neighbour> known_;
};

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "larder-ledger-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct LedgerFixture {
  TemporaryDirectory directory;
  ManualClock clock{at(std::chrono::hours(1))};
  LedgerOptions options{directory.path() / "ledger", {}};
  std::vector<Neighbour> neighbours;
  std::unique_ptr<Ledger> ledger;

  LedgerFixture() { open(); }
  void open() {
    ledger.reset();
    ledger = Ledger::open(options, clock, std::make_unique<KnownNeighbours>(neighbours)).value();
  }
  void record(std::vector<FetchRecord> fetches) const {
    ledger->record(std::move(fetches));
    ledger->flush();
  }
};

// A whole Outlook update of 1,000 bytes, sent from the store at noon to the device "C02X".
inline FetchRecord outlook() {
  FetchRecord record;
  record.time = at({});
  record.duration = std::chrono::milliseconds(20);
  record.client = address("192.0.2.7");
  record.token = "C02X";
  record.system = {"macOS", "26.0", "", SystemEvidence::darwin};
  record.entrance = Entrance::update_cache;
  record.answered = Answered::hit;
  record.subject.edit().url = "https://origin.example/Outlook_16.109_Updater.pkg";
  record.subject.edit().product = "Microsoft Outlook";
  record.subject.edit().version = "16.109";
  record.subject.edit().build = "26053122";
  record.subject.edit().kind = FileKind::full;
  record.status = 200;
  record.object_bytes = record.bytes_asked = record.bytes_sent = 1000;
  record.sent_ranges = {{0, 1000}};
  record.complete = true;
  return record;
}

inline FetchRecord piece(std::uint64_t first, std::uint64_t end) {
  FetchRecord record = outlook();
  record.status = 206;
  record.bytes_asked = record.bytes_sent = end - first;
  record.sent_ranges = {{first, end}};
  return record;
}

// Outlook's, or with a token a device's word to a helper.
inline FetchRecord from(const std::string& client, const std::string& token, std::chrono::microseconds when) {
  FetchRecord record = outlook();
  record.client = address(client);
  record.token = token;
  if (!token.empty()) record.entrance = Entrance::helper;
  record.time = at(when);
  return record;
}

}  // namespace larder::reports
