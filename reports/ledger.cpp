// SPDX-License-Identifier: MIT
#include "reports/ledger.h"

#include <optional>

#include "reports/erasure.h"
#include "reports/lease_files.h"
#include "reports/ledger_writer.h"
#include "reports/neighbours.h"
#include "reports/reckoning.h"
#include "reports/reports.h"

namespace larder::reports {
namespace {

class LmdbLedger final : public Ledger {
 public:
  LmdbLedger(std::unique_ptr<LedgerWriter> writer, const Clock& clock,
             std::function<void(const std::vector<FetchRecord>&)> told)
      : writer_(std::move(writer)), clock_(clock), told_(std::move(told)) {}

  void record(std::vector<FetchRecord> fetches) override {
    if (told_) told_(fetches);
    writer_->record(std::move(fetches));
  }
  void flush() override { writer_->flush(); }
  LedgerStatus status() const override { return writer_->status(); }

  Result<Summary> summary(const Filter& filter) override {
    const std::uint64_t dropped = status().dropped;
    return writer_->with_environment([&](const Shelf& shelf) { return summary_report(shelf, filter, dropped); });
  }
  Result<Page<VersionRow>> versions(const Filter& filter) override {
    return writer_->with_environment([&](const Shelf& shelf) { return versions_report(shelf, filter); });
  }
  Result<Page<DeviceRow>> devices(const Filter& filter) override {
    return writer_->with_environment([&](const Shelf& shelf) { return devices_report(shelf, filter); });
  }
  Result<DeviceDetail> device(const std::string& id) override {
    return writer_->with_environment([&](const Shelf& shelf) { return device_report(shelf, id); });
  }
  Result<Page<TrafficRow>> traffic(const Filter& filter) override {
    return writer_->with_environment([&](const Shelf& shelf) { return traffic_report(shelf, filter); });
  }
  Result<std::vector<PlaceRow>> places(const Filter& filter) override {
    return writer_->with_environment([&](const Shelf& shelf) { return places_report(shelf, filter); });
  }
  Result<std::vector<TroubleRow>> troubles(const Filter& filter) override {
    return writer_->with_environment([&](const Shelf& shelf) { return troubles_report(shelf, filter); });
  }
  Result<Page<FetchRow>> fetches(const Filter& filter) override {
    return writer_->with_environment([&](const Shelf& shelf) { return fetches_report(shelf, filter); });
  }
  Result<std::vector<AdoptionRow>> adoption(const Filter& filter) override {
    return writer_->with_environment([&](const Shelf& shelf) { return adoption_report(shelf, filter); });
  }
  Result<std::vector<SpreadRow>> spread(const Filter& filter) override {
    return writer_->with_environment([&](const Shelf& shelf) { return spread_report(shelf, filter); });
  }
  Result<Page<LaggingRow>> lagging(const Filter& filter, const std::vector<KnownRelease>& known) override {
    return writer_->with_environment(
        [&](const Shelf& shelf) { return lagging_report(shelf, filter, known, clock_.now()); });
  }

  Result<InventoryImport> import_inventory(const std::vector<InventoryLine>& lines, bool dry_run) override {
    InventoryImport import;
    std::vector<std::string> changed;
    if (dry_run) {
      return writer_->with_environment([&](const Shelf& shelf) -> Result<InventoryImport> {
        Inventory inventory = *shelf.inventory.as_of(ReadTxn(shelf.environment));
        return inventory.merge(lines, changed);
      });
    }
    const Status written = writer_->change([&](WriteTxn& txn) {
      Inventory inventory = Inventory::read(txn);
      import = inventory.merge(lines, changed);
      if (!changed.empty()) write_inventory(txn, inventory, changed);
    });
    if (!written) return written.error();
    return import;
  }

  Result<Erased> erase(const std::string& id, bool dry_run) override {
    const auto told = [](const Traces& traces) {
      Erased erased{traces.serial, {}, traces.requests};
      for (const auto& device : traces.devices) erased.ids.push_back(device.second);
      return erased;
    };
    writer_->flush();
    if (dry_run) {
      return writer_->with_environment([&](const Shelf& shelf) -> Result<Erased> {
        const ReadTxn txn(shelf.environment);
        const auto traces = find_traces(txn, *shelf.inventory.as_of(txn), id);
        if (!traces) return traces.error();
        return told(*traces);
      });
    }
    std::optional<Result<Traces>> traces;
    const Status written = writer_->change([&](WriteTxn& txn) {
      traces = find_traces(txn, Inventory::read(txn), id);
      if (*traces) erase_traces(txn, **traces);
    });
    if (!written) return written.error();
    if (!*traces) return traces->error();
    return told(**traces);
  }

  Result<Reckoning> reckon(bool repair) override {
    writer_->flush();
    if (!repair) {
      return writer_->with_environment([&](const Shelf& shelf) -> Result<Reckoning> {
        const ReadTxn txn(shelf.environment);
        Reckoning counted = reports::reckon(txn);
        if (auto status = txn.status(); !status) return std::move(status).error();
        return counted;
      });
    }
    Reckoning counted;
    const Status written = writer_->change([&](WriteTxn& txn) { counted = repair_totals(txn); });
    if (!written) return written.error();
    return counted;
  }

 private:
  std::unique_ptr<LedgerWriter> writer_;
  const Clock& clock_;
  const std::function<void(const std::vector<FetchRecord>&)> told_;
};

}  // namespace

Result<std::unique_ptr<Ledger>> Ledger::open(const LedgerOptions& options, const Clock& clock) {
  return open(options, clock, with_lease_files(kernel_neighbours(), options.dhcp_leases, clock));
}

Result<std::unique_ptr<Ledger>> Ledger::open(const LedgerOptions& options, const Clock& clock,
                                             std::unique_ptr<Neighbours> neighbours) {
  std::vector<std::string> set_aside;
  auto environment = Environment::open(options.path, clock, set_aside);
  if (!environment) return std::move(environment).error();
  if (const Status done = bring_up_to_date(**environment); !done) return done.error();
  auto writer = std::make_unique<LedgerWriter>(options, clock, std::move(neighbours), std::move(environment).value(),
                                               std::move(set_aside));
  writer->flush();  // what the journal held is in every answer
  return std::unique_ptr<Ledger>(std::make_unique<LmdbLedger>(std::move(writer), clock, options.told));
}

}  // namespace larder::reports
