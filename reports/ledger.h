// SPDX-License-Identifier: MIT
// Ledger: the record of all fetches and devices, in an LMDB environment of its own. A fetch is in the journal, and
// safe from the daemon's own death, some milliseconds after its end; the thread `ledger` commits at least every half
// second, as fast as the disk allows. Queries run on the caller's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "reports/fetch_record.h"
#include "reports/pseudonyms.h"
#include "reports/report_rows.h"

namespace larder::reports {

class ClientNames;  // client_names.h
class Neighbours;
struct InventoryLine;    // inventory.h
struct InventoryImport;  // inventory.h

struct LedgerOptions {
  std::filesystem::path path;         // the directory of the environment
  std::chrono::seconds retention{0};  // raw fetches older than this are dropped; 0 keeps all
  std::chrono::seconds lease{0};      // how long an address is its device's after it has named itself; 0: not at all
  std::vector<std::filesystem::path> dhcp_leases{};  // lease_files.h
  std::chrono::seconds device_retention{0};          // a device not seen for so long is erased; 0: none is
  Naming naming = Naming::plain;                     // pseudonyms.h
  std::shared_ptr<ClientNames> names{};              // for this ledger alone; null: nobody is asked for names
  // Told of what record() is given, on the caller's thread; must not wait. Empty: nobody.
  std::function<void(const std::vector<FetchRecord>&)> told{};
};

class Ledger {
 public:
  // Opens or creates, recovers, starts the thread. An environment that cannot be opened is set aside and begun anew.
  static Result<std::unique_ptr<Ledger>> open(const LedgerOptions& options, const Clock& clock);
  // With another source of hardware addresses than the kernel (neighbours.h); null: none.
  static Result<std::unique_ptr<Ledger>> open(const LedgerOptions& options, const Clock& clock,
                                              std::unique_ptr<Neighbours> neighbours);
  virtual ~Ledger() = default;  // commits what was accepted and stops
  Ledger() = default;
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // ---- any thread; never blocks ----
  // Takes the records; what does not fit the inbox is dropped and counted.
  virtual void record(std::vector<FetchRecord> fetches) = 0;

  // Waits until everything accepted so far is durable, or a commit has failed. For tests and shutdown.
  virtual void flush() = 0;

  // ---- any thread that may read the disk ----
  virtual Result<Summary> summary(const Filter& filter) = 0;
  virtual Result<Page<VersionRow>> versions(const Filter& filter) = 0;
  virtual Result<Page<DeviceRow>> devices(const Filter& filter) = 0;
  virtual Result<DeviceDetail> device(const std::string& id) = 0;  // not_found
  virtual Result<Page<TrafficRow>> traffic(const Filter& filter) = 0;
  // Where it came from and went to, in no order and all in one. With a device or a group it is added up from single
  // fetches: invalid when these are more than a million.
  virtual Result<std::vector<PlaceRow>> places(const Filter& filter) = 0;
  virtual Result<std::vector<TroubleRow>> troubles(const Filter& filter) = 0;  // as places
  // Single fetches, the newest first, as far as retention has left them. A page may have fewer rows than asked for, or
  // none, and yet a next one: so much is looked through for one.
  virtual Result<Page<FetchRow>> fetches(const Filter& filter) = 0;
  virtual Result<std::vector<AdoptionRow>> adoption(const Filter& filter) = 0;
  virtual Result<std::vector<SpreadRow>> spread(const Filter& filter) = 0;  // as of `to`; from is ignored
  // `known`: what catalogues list, in any order.
  virtual Result<Page<LaggingRow>> lagging(const Filter& filter, const std::vector<KnownRelease>& known) = 0;

  // Adds what the lines say to the inventory and waits until it is durable; with `dry_run` only says what would change.
  virtual Result<InventoryImport> import_inventory(const std::vector<InventoryLine>& lines, bool dry_run) = 0;

  // Forgets one device, by an id of the ledger or its serial number, and waits until that is durable (erasure.h); with
  // `dry_run` only says what would go. not_found: nothing is on record of it.
  virtual Result<Erased> erase(const std::string& id, bool dry_run) = 0;

  // Adds the totals up anew from the single fetches, as far as retention has left them, and says how many rows were
  // other than they must be; with `repair` they are put right, and it waits until that is durable (reckoning.h). Takes
  // seconds for a million fetches; what arrives meanwhile waits in the journal when it repairs.
  virtual Result<Reckoning> reckon(bool repair) = 0;

  struct LedgerStatus {
    std::uint64_t fetches = 0;  // raw fetches held
    std::uint64_t dropped = 0;  // ever
    std::string broken;         // "" when all is well
    std::vector<std::string> set_aside;
  };
  virtual LedgerStatus status() const = 0;
};

}  // namespace larder::reports
