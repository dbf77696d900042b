// SPDX-License-Identifier: MIT
// What the ledger is asked, and the rows it answers: values, held by nobody else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "reports/fetch_record.h"

namespace larder::reports {

// From and to are exact to the microsecond, except where retention has dropped the raw fetches of the hour they fall
// into: that hour counts whole.
struct Filter {
  std::optional<WallTime> from;  // included
  std::optional<WallTime> to;    // not included
  std::string product;           // "" all
  std::string device;            // id; "" all. Of lagging: a serial number of the inventory as well
  std::string group;             // of the inventory; "" all
  std::size_t limit = 100;       // rows of a page, at most 1000; 0: 100
  std::string cursor;            // from the page before; "" begins
};

struct Summary {
  std::uint64_t requests = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_from_origin = 0;      // for clients and of Larder's own accord together
  std::uint64_t bytes_from_origin_own = 0;  // of Larder's own accord
  // bytes_sent less bytes_from_origin, where what Larder says itself and what it repeats of errors (status 400 and
  // above) is no saving. Below 0 when more came over the line than went to clients.
  std::int64_t bytes_saved = 0;
  // Both ratios are over the entrances that can be answered from the store: all but tunnel, sni, helper and own.
  double hit_ratio_bytes = 0;         // bytes_saved of the bytes sent but for errors, not below 0; 0 when none were
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

// The newest version of a product that a device has fetched whole.
struct NewestVersion {
  std::string product, version, build;
};

// Ordered by id. With from, to or product, the sums and times are of what lies within. What the inventory says (serial,
// name, model, owner, group) is "" for devices that it does not have.
struct DeviceRow {
  std::string id;  // token, or "mac:..." or the address
  DeviceEvidence evidence = DeviceEvidence::address;
  std::string serial, name, model, owner, group;
  std::string host_name;  // by DHCP, else by a nameserver
  std::string address, mac, os, os_version, os_build;
  SystemEvidence os_evidence = SystemEvidence::none;
  bool os_at_least = false;  // os_version is a lower bound
  WallTime os_time;          // when the device said so; the epoch: never
  std::uint64_t requests = 0, bytes_sent = 0;
  WallTime first_seen, last_seen;
  std::vector<NewestVersion> newest;  // one for each product, in their order
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
  std::int64_t bytes_saved = 0;  // as in Summary
};

// Rows partition all fetches, of Larder's own accord too.
struct PlaceRow {
  std::string network;  // the client's: "10.1.2.0/24", "2001:db8:1:2::/64"; "" not known, or nobody's
  std::string origin;   // host, with its port unless that is usual; "" not known, or none
  std::string product;  // "" unknown
  Entrance entrance = Entrance::proxy;
  Outcome outcome = Outcome::served;
  std::uint64_t requests = 0, bytes_sent = 0, bytes_from_origin = 0;
  std::int64_t bytes_saved = 0;  // as in Summary
  WallTime first, last;          // of the requests
};

// One fetch, and whose it was.
struct FetchRow {
  std::string device;  // id; "" nobody's
  DeviceEvidence evidence = DeviceEvidence::address;
  FetchRecord fetch;  // without a token
};

// Requests that were refused or failed, or that nobody could keep (Entrance::tunnel, sni), of one origin and entrance.
// Ordered by the last one, newest first.
struct TroubleRow {
  std::string origin;
  Entrance entrance = Entrance::proxy;
  Outcome outcome = Outcome::served;
  std::uint64_t requests = 0, bytes_sent = 0;
  WallTime first, last;
  std::optional<FetchRow> example;  // the newest on record, of any time; nothing: retention has dropped it
};

// How many devices came to have a version whole, by day, in the order of versions and days; days without any have no
// row. Days are UTC's.
struct AdoptionRow {
  std::string product, version, build;
  WallTime day;
  std::uint64_t devices_new = 0;       // on this day
  std::uint64_t devices_complete = 0;  // up to its end
};

// How far a version has spread among the devices that have fetched any version of its product whole.
struct SpreadRow {
  std::string product, version, build;
  std::uint64_t devices_complete = 0, devices_of_product = 0;
  WallTime first_complete;
  WallTime half_complete, most_complete;  // when 50 and 90 % of the product's devices had it; the epoch: not yet
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

// What adding up anew has found.
struct Reckoning {
  std::uint64_t fetches = 0;                                 // single ones read
  std::uint64_t rows = 0;                                    // of totals compared
  std::vector<std::pair<std::string, std::uint64_t>> wrong;  // by table, where there are any
};

}  // namespace larder::reports
