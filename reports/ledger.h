// SPDX-License-Identifier: MIT
// Ledger: the record of all fetches and devices, in an LMDB environment of its own. A fetch is in the journal, and
// safe from the daemon's own death, some milliseconds after its end; the thread `ledger` commits at least every half
// second, as fast as the disk allows. Queries run on the caller's thread.
#pragma once

#include <boost/container/small_vector.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/network.h"
#include "reports/device_system.h"
#include "reports/fetch_subject.h"
#include "reports/pseudonyms.h"

namespace larder::reports {

class Neighbours;
struct InventoryLine;    // inventory.h
struct InventoryImport;  // inventory.h

enum class Entrance : std::uint8_t {
  content_cache,
  proxy,
  tunnel,
  steered,
  sni,
  update_cache,
  delivery_optimization,
  helper,
  own
};
enum class Answered : std::uint8_t { hit, joined, miss, stale, pass, refused, failed };
// How a device is known. Numbers are stored; which is better, better_evidence() says.
enum class DeviceEvidence : std::uint8_t {
  token,       // in the URL
  proxy_user,  // of Proxy-Authorization
  mac,         // the hardware address behind the client's address
  address,     // nothing else is known
  lease,       // it has named itself from this address not long ago
  dhcp         // the hardware address that a DHCP server has given the client's address to
};
inline constexpr std::uint8_t kDeviceEvidences = 6;
// Whether `a` says more about who it was than `b`.
bool better_evidence(DeviceEvidence a, DeviceEvidence b);

std::string_view to_string(Entrance entrance);
std::string_view to_string(Answered answered);
std::string_view to_string(FileKind kind);
std::string_view to_string(DeviceEvidence evidence);

// [first, end) each, in the order they were sent. Nearly always one.
using SentRanges = boost::container::small_vector<std::pair<std::uint64_t, std::uint64_t>, 1>;

// One client's request for one object, or with Entrance::own one of Larder's own, of which only bytes_from_origin
// counts in reports. What the loops hand over. Texts may hold anything: what is not printable is replaced, overlong
// ones are cut (identity.h), and a token that cannot name a device counts as none.
struct FetchRecord {
  WallTime time;  // when the request's head was complete
  std::chrono::microseconds duration{0};
  config::Address client;
  std::string token;  // from the URL or Proxy-Authorization; "" none
  DeviceEvidence token_from = DeviceEvidence::token;
  SystemSaid system;  // what the request says of the device's system
  Entrance entrance = Entrance::proxy;
  Answered answered = Answered::miss;
  SharedSubject subject;  // what was fetched
  int status = 0;
  std::uint64_t object_bytes = 0;  // the whole object's size, 0 unknown
  std::uint64_t bytes_asked = 0;
  std::uint64_t bytes_sent = 0;         // body bytes
  std::uint64_t bytes_from_origin = 0;  // on this fetch's account
  SentRanges sent_ranges;               // of the object, that reached the client
  bool complete = false;                // everything asked was sent
};

// From and to are exact to the microsecond, except where retention has dropped the raw fetches of the hour they fall
// into: that hour counts whole.
struct Filter {
  std::optional<WallTime> from;  // included
  std::optional<WallTime> to;    // not included
  std::string product;           // "" all
  std::string device;            // id; "" all. Of lagging: a serial number of the inventory as well
  std::string group;             // of the inventory; "" all. Devices and lagging only
  std::size_t limit = 100;       // rows of a page, at most 1000; 0: 100
  std::string cursor;            // from the page before; "" begins
};

struct Summary {
  std::uint64_t requests = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_from_origin = 0;      // for clients and of Larder's own accord together
  std::uint64_t bytes_from_origin_own = 0;  // of Larder's own accord
  // Both ratios are over the entrances that can be answered from the store: all but tunnel, sni, helper and own.
  double hit_ratio_bytes = 0;         // 1 - bytes_from_origin / bytes_sent, not below 0; 0 when nothing was sent
  double hit_ratio_requests = 0;      // hit, joined and stale, of these with miss and pass; only those that sent bytes
  std::uint64_t devices = 0;          // that asked for anything in scope
  std::uint64_t dropped_records = 0;  // never recorded because the inbox was full
};

// Ordered by product, newest version first. A device is complete when the union of the ranges it was sent covers one
// object of that version, full or delta. Fetches of catalogues, and of what has no product, make no row. With from or
// to: the devices that were sent bytes in between, complete or not as they were at its end.
struct VersionRow {
  std::string product, version, build;
  std::uint64_t devices_complete = 0, devices_partly = 0;  // who is complete is not also partly
  WallTime first_fetch, last_fetch;
  std::uint64_t bytes_sent = 0, requests = 0;
};

// Ordered by id. With from, to or product, the sums and times are of what lies within. What the inventory says (serial,
// name, model, owner, group) is "" for devices that it does not have.
struct DeviceRow {
  std::string id;  // token, or "mac:..." or the address
  DeviceEvidence evidence = DeviceEvidence::address;
  std::string serial, name, model, owner, group;
  std::string host_name;  // by DHCP
  std::string address, mac, os, os_version, os_build;
  SystemEvidence os_evidence = SystemEvidence::none;
  bool os_at_least = false;  // os_version is a lower bound
  WallTime os_time;          // when the device said so; the epoch: never
  std::uint64_t requests = 0, bytes_sent = 0;
  WallTime first_seen, last_seen;
};

struct DeviceProduct {
  std::string product, version, build;
  bool complete = false;
  double fraction = 0;  // of the bytes that reached the device, of the object it has most of
  WallTime first_fetch, last_fetch;
  std::uint64_t bytes_sent = 0;
};

struct DeviceDetail {
  DeviceRow device;
  std::vector<DeviceProduct> products;
  std::vector<FetchRecord> recent;  // newest first, at most 100
};

// Rows partition all fetches. Newest hour first, then by product and entrance.
struct TrafficRow {
  WallTime hour;
  std::string product;  // "" unknown
  Entrance entrance = Entrance::proxy;
  std::uint64_t requests = 0, bytes_sent = 0, bytes_from_origin = 0;
};

// A release that a catalogue lists.
struct KnownRelease {
  std::string product, version;
  WallTime since;  // it was first seen, or published; the epoch: not known
};

// Ordered by device, then product: devices whose newest known version of a product is behind its newest release. Known
// is what a device has fetched whole, or says of itself when it asks (the version of its operating system). Where no
// catalogue lists a product, its newest release is the newest that any device has fetched. Several ids that the
// inventory says are one device are one. A device of the inventory that has never asked for anything has a row without
// a product.
struct LaggingRow {
  std::string device;  // serial number of the inventory, else the ledger's id
  std::string name, group;
  std::string product, version, newest_version;
  std::uint64_t releases_behind = 0;
  std::uint64_t days_behind = 0;  // since the first release that it lacks; 0 when that is not known
  WallTime last_seen;             // the epoch: never
};

template <class Row>
struct Page {
  std::vector<Row> items;
  std::string next_cursor;  // "" at the end; names the last row, so records made meanwhile do not shift the next page
};

// What was, or would be, forgotten of a device.
struct Erased {
  std::string serial;            // of the inventory; "" it was not there
  std::vector<std::string> ids;  // in the ledger
  std::uint64_t requests = 0;    // of all of them
};

struct LedgerOptions {
  std::filesystem::path path;         // the directory of the environment
  std::chrono::seconds retention{0};  // raw fetches older than this are dropped; 0 keeps all
  std::chrono::seconds lease{0};      // how long an address is its device's after it has named itself; 0: not at all
  std::vector<std::filesystem::path> dhcp_leases{};  // lease_files.h
  std::chrono::seconds device_retention{0};          // a device not seen for so long is erased; 0: none is
  Naming naming = Naming::plain;                     // pseudonyms.h
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
  // `known`: what catalogues list, in any order.
  virtual Result<Page<LaggingRow>> lagging(const Filter& filter, const std::vector<KnownRelease>& known) = 0;

  // Adds what the lines say to the inventory and waits until it is durable; with `dry_run` only says what would change.
  virtual Result<InventoryImport> import_inventory(const std::vector<InventoryLine>& lines, bool dry_run) = 0;

  // Forgets one device, by an id of the ledger or its serial number, and waits until that is durable (erasure.h); with
  // `dry_run` only says what would go. not_found: nothing is on record of it.
  virtual Result<Erased> erase(const std::string& id, bool dry_run) = 0;

  struct LedgerStatus {
    std::uint64_t fetches = 0;  // raw fetches held
    std::uint64_t dropped = 0;  // ever
    std::string broken;         // "" when all is well
    std::vector<std::string> set_aside;
  };
  virtual LedgerStatus status() const = 0;
};

}  // namespace larder::reports
