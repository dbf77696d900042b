// SPDX-License-Identifier: MIT
// Contestants of bench_reports: each holds the same fetches and answers the same questions, in the same words.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fleet.h"

namespace larder::bench {

enum class Question {
  summary,   // of a month
  versions,  // of a product: the newest 100, who has them whole and in part
  devices,   // of a month: a page of 100
  device,    // one device: what it has fetched, and its last 100 fetches
  traffic,   // of a day, by hour, product and entrance
  lagging,   // of a product: a page of 100 devices that are behind
};
constexpr std::size_t kQuestions = 6;
constexpr std::int64_t kPageRows = 100;

struct Asked {
  Question question = Question::summary;
  std::int64_t from_us = 0, to_us = 0;
  std::uint64_t product = 0;
  std::uint64_t device = 0;
  std::optional<std::uint64_t> after;  // the device that ended the page before
};

using Rows = std::vector<std::string>;  // columns with '|' between them

class Contestant {
 public:
  virtual ~Contestant() = default;
  Contestant() = default;
  Contestant(const Contestant&) = delete;
  Contestant& operator=(const Contestant&) = delete;

  virtual std::string_view name() const = 0;
  virtual Rows ask(const Asked& asked) = 0;
};

// Where fetches are put. Failures end the program: there is nothing to compare then.
class Database {
 public:
  virtual ~Database() = default;
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  virtual std::string_view name() const = 0;
  virtual void load(std::vector<Fetch>& fetches) = 0;  // may take the records away
  virtual void finish() = 0;                           // indexes and statistics
  virtual void add_sums() = 0;                         // tables of sums, beside the fetches
  virtual std::uint64_t bytes() = 0;                   // on disk
  virtual std::vector<std::unique_ptr<Contestant>> contestants() = 0;
};

std::unique_ptr<Database> open_sqlite(const std::filesystem::path& directory);
std::unique_ptr<Database> open_postgres(const std::string& connection);

[[noreturn]] void give_up(const std::string& what);

}  // namespace larder::bench
