// SPDX-License-Identifier: MIT
// Larder's ledger among the contestants.
#pragma once

#include <memory>

#include "base/clock.h"
#include "contestant.h"
#include "reports/ledger.h"

namespace larder::bench {

class LedgerDatabase final : public Database {
 public:
  explicit LedgerDatabase(std::filesystem::path directory);

  std::string_view name() const override { return "Larder"; }
  void load(std::vector<Fetch>& fetches) override;
  void finish() override {}    // a ledger has its indexes
  void add_sums() override {}  // and sums from the first fetch on
  std::uint64_t bytes() override;
  std::vector<std::unique_ptr<Contestant>> contestants() override;

  // Closes and opens again; seconds.
  double reopen();

 private:
  void open();

  SystemClock clock_;
  std::filesystem::path directory_;
  std::unique_ptr<reports::Ledger> ledger_;
};

}  // namespace larder::bench
