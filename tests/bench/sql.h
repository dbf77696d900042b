// SPDX-License-Identifier: MIT
// The questions in SQL, as SQLite and PostgreSQL both understand it; twice each: over the fetches with good indexes,
// and over tables of sums kept beside them. Integers only, texts in tables of their own: what a careful engineer would
// do.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "contestant.h"

namespace larder::bench {

extern const std::vector<const char*> kTables;
extern const std::vector<const char*> kIndexes;
extern const std::vector<std::string> kSums;

struct Dimension {
  std::uint64_t object = 0, product = 0, release = 0, size = 0;
  std::string product_text, version, build, url;
};
Dimension dimension_of(std::uint64_t url);

// One statement with its parameters $1, $2, ...; adds its rows to `rows`.
using RunQuery = std::function<void(const std::string& sql, const std::vector<std::int64_t>& parameters, Rows& rows)>;

class SqlContestant final : public Contestant {
 public:
  // `day`: how the column is written where sums are not to be found by day: "+day" keeps SQLite from adding up all
  // devices for one page. PostgreSQL knows by itself.
  SqlContestant(std::string name, bool sums, std::string day, RunQuery run)
      : name_(std::move(name)), sums_(sums), day_(std::move(day)), run_(std::move(run)) {}
  std::string_view name() const override { return name_; }
  Rows ask(const Asked& asked) override;

 private:
  std::string name_;
  bool sums_;
  std::string day_;
  RunQuery run_;
};

}  // namespace larder::bench
