// SPDX-License-Identifier: MIT
// Books: how one fetch becomes a raw record and is added to every total it belongs to, all in one transaction. The
// totals could be made again from the raw records; they exist so that reports need not read those.
// Threads: `ledger` only.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "reports/bindings.h"
#include "reports/client_names.h"
#include "reports/dictionary.h"
#include "reports/environment.h"
#include "reports/identity.h"
#include "reports/named_addresses.h"
#include "reports/newest.h"
#include "reports/places.h"
#include "reports/pseudonyms.h"
#include "reports/row_cache.h"

namespace larder::reports {

class Books {
 public:
  Books(std::unique_ptr<Neighbours> neighbours, const LedgerOptions& options)
      : neighbourhood_(std::move(neighbours)),
        bindings_(options.lease),
        names_(options.lease),
        pseudonyms_(options.naming) {}

  // `names`: what has become known of clients' names. It is remembered also when the transaction fails.
  // begin, any number of posts, finish; then the caller commits, and calls forget() when that failed. Fetches are
  // posted in the order of their arrival: that order decides which fetch completed a version. Each is foreseen once
  // before it is posted, with all that have arrived by then: a device's first request without a name may arrive before
  // the one in which it has named itself.
  void begin(WriteTxn& txn, const Clock& clock, const std::vector<ClientName>& names);
  void foresee(const FetchRecord& record);
  void post(const FetchRecord& record);
  void finish();
  void forget();

 private:
  struct KnownDevice {
    std::uint32_t number = 0;
    DeviceEvidence evidence = DeviceEvidence::address;
  };
  // What the dictionary calls a subject.
  struct SubjectIds {
    std::uint32_t url = 0;
    std::uint32_t release = 0;
    std::uint32_t from_version = 0;
  };
  struct PendingFetch {
    FetchKey key;
    std::size_t offset, length;  // in fetch_bytes_
  };

  enum class Subject { kept, left_out };
  StoredFetch interpret(const FetchRecord& record, Subject subject);
  std::uint32_t url_id(const std::string& url);
  SystemIds system_ids(const SystemSaid& said);
  std::uint32_t name_id(const std::string& name);
  std::uint32_t release_id(const FetchSubject& subject);
  const SubjectIds& ids_of(const SharedSubject& subject);
  KnownDevice device_of(const FetchRecord& record, std::uint64_t time_us);
  KnownDevice device_by_token(const FetchRecord& record);
  KnownDevice device_by_address(const FetchRecord& record, std::uint64_t time_us);
  Identity named(Identity identity, const FetchRecord& record) const;
  KnownDevice number_device(const Identity& identity);
  void see_device(const FetchKey& key, StoredFetch& fetch);
  void hear_of_delta(const FetchKey& key, const StoredFetch& fetch, const FetchSubject& delta);
  void add_tallies(const FetchKey& key, const StoredFetch& fetch);
  void hold(const FetchKey& key, const StoredFetch& fetch, bool makes_row);
  void settle_claims();
  bool move_to_named(const NameClaim& claim);
  void forget_devices();
  Coverage& coverage_of(const StoredFetch& fetch);
  void write_fetches();
  void write_coverage();

  Neighbourhood neighbourhood_;
  Bindings bindings_;
  NamedAddresses names_;
  Pseudonyms pseudonyms_;
  Dictionary dictionary_;
  Places places_{dictionary_};
  std::unordered_map<std::string, std::uint32_t> devices_by_token_, devices_by_name_;
  std::unordered_map<config::Address, KnownDevice, AddressHash> devices_by_address_;
  std::uint32_t last_device_ = 0;  // highest number given; 0: not looked up yet

  WriteTxn* txn_ = nullptr;  // between begin and finish
  std::uint64_t sequence_ = 0;
  RowCache<Tally> totals_{Table::totals}, days_{Table::days}, hours_{Table::hours};
  RowCache<Tally> device_totals_{Table::device_totals}, device_hours_{Table::device_hours};
  RowCache<Holding> holdings_{Table::holdings};
  RowCache<VersionCounts> versions_{Table::versions};
  RowCache<DeviceState> devices_{Table::devices};
  RowCache<NewestReleases> newest_{Table::newest};
  NewestKeeper newest_keeper_;

  std::vector<PendingFetch> fetches_;
  StoredWriter fetch_bytes_;
  std::unordered_map<RowKey, Coverage, RowKeyHash> coverage_;    // changed since begin
  std::set<std::pair<std::uint32_t, std::uint32_t>> completed_;  // device, release: their coverage is to go
  SharedSubject last_subject_;  // of the fetch posted before, and its ids: fetches of one object come in runs
  std::optional<SubjectIds> last_ids_;
  std::string scratch_;
};

}  // namespace larder::reports
