// SPDX-License-Identifier: MIT
#include "reports/reattribution.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "reports/device_rows.h"
#include "reports/dictionary.h"
#include "reports/newest.h"
#include "reports/places.h"

namespace larder::reports {
namespace {

// Newest first. Nothing: there are too many.
std::optional<Fetches> fetches_of(const Txn& txn, const DeviceState& device) {
  Fetches fetches;
  FetchChain chain(txn, device);
  while (auto recorded = chain.next()) {
    if (fetches.size() == kMostOfDevice) return std::nullopt;
    fetches.push_back(std::move(*recorded));
  }
  return fetches;
}

std::uint32_t hour_of(const FetchKey& key) {
  return static_cast<std::uint32_t>(key.time_us / kHourUs);
}

class Moving {
 public:
  Moving(WriteTxn& txn, const Move& move) : txn_(txn), move_(move) {}

  std::size_t run() {
    auto from = read_row<DeviceState>(txn_, Table::devices, RowKey{move_.from});
    auto to = read_row<DeviceState>(txn_, Table::devices, RowKey{move_.to});
    if (move_.from == move_.to || !from || !to || from->last_us < move_.from_us) return 0;
    auto recorded = fetches_of(txn_, *from);
    auto own = fetches_of(txn_, *to);
    if (!recorded || !own) return 0;
    split(std::move(*recorded));
    if (moved_.empty()) return 0;
    relink(*from, *to);
    move_hours();
    settle(*from, add_up_device(txn_, move_.from));
    add_up_device(txn_, move_.to);
    write_row(txn_, Table::devices, RowKey{move_.to}, *to);
    move_holdings(std::move(*own));
    return moved_.size();
  }

 private:
  void split(Fetches all) {
    const std::uint64_t from_us = std::max(move_.from_us, txn_.number(kMetaRawSince) * kHourUs);
    for (Recorded& recorded : all) {
      const bool meant = recorded.fetch.client == move_.address && recorded.key.time_us >= from_us &&
                         recorded.key.time_us < move_.until_us;
      (meant ? moved_ : stays_).push_back(std::move(recorded));
    }
  }

  void relink(DeviceState& from, DeviceState& to) {
    std::optional<FetchKey> before;  // of those that retention has dropped, none is found any more
    for (auto stays = stays_.rbegin(); stays != stays_.rend(); ++stays) {
      if (stays->fetch.before != before) {
        stays->fetch.before = before;
        write_fetch(txn_, *stays);
      }
      before = stays->key;
    }
    from.last_fetch = before;
    for (auto moved = moved_.rbegin(); moved != moved_.rend(); ++moved) {
      StoredFetch& fetch = moved->fetch;
      fetch.device = move_.to;
      fetch.evidence = move_.evidence;
      fetch.before = to.last_fetch;
      to.last_fetch = moved->key;
      write_fetch(txn_, *moved);
      --from.requests;
      from.bytes_sent -= fetch.bytes_sent;
      ++to.requests;
      to.bytes_sent += fetch.bytes_sent;
      if (moved->key.time_us >= to.last_us) to.address = fetch.client;
      to.first_us = std::min(to.first_us, moved->key.time_us);
      to.last_us = std::max(to.last_us, moved->key.time_us);
      to.system.hear(fetch.system, moved->key.time_us);
    }
  }

  void move_hours() {
    std::map<RowKey, Tally> left, gained;
    for (const Recorded& recorded : moved_) {
      const auto key = [&](std::uint32_t device) {
        return RowKey({device, hour_of(recorded.key), recorded.fetch.release}, recorded.fetch.entrance);
      };
      left.try_emplace(key(move_.from));
      gained[key(move_.to)].add(Tally::of(recorded.key, recorded.fetch));
    }
    for (const Recorded& recorded : stays_) {
      const auto found =
          left.find({{move_.from, hour_of(recorded.key), recorded.fetch.release}, recorded.fetch.entrance});
      if (found != left.end()) found->second.add(Tally::of(recorded.key, recorded.fetch));
    }
    for (const auto& [key, tally] : left) {
      if (tally == Tally{}) {
        txn_.erase(Table::device_hours, key.view());
      } else {
        write_row(txn_, Table::device_hours, key, tally);
      }
    }
    for (auto& [key, tally] : gained) {
      if (const auto known = read_row<Tally>(txn_, Table::device_hours, key)) tally.add(*known);
      write_row(txn_, Table::device_hours, key, tally);
    }
  }

  void settle(DeviceState& from, const Tally& all) {
    if (from.requests == 0) {
      txn_.erase(Table::devices, RowKey{move_.from}.view());
      txn_.erase(Table::device_ids, from.id);
      return;
    }
    from.first_us = all.first_us;
    from.last_us = all.last_us;
    write_row(txn_, Table::devices, RowKey{move_.from}, from);
  }

  void move_holdings(Fetches own) {
    std::set<std::uint32_t> releases;
    for (const Recorded& recorded : moved_) releases.insert(recorded.fetch.release);
    own.insert(own.end(), moved_.begin(), moved_.end());
    sort_as_recorded(own);
    sort_as_recorded(stays_);
    for (const std::uint32_t release : releases) {
      replace_holding(txn_, release, move_.from, possession_of(txn_, move_.from, release, stays_));
      replace_holding(txn_, release, move_.to, possession_of(txn_, move_.to, release, own));
    }
    renew_newest(txn_, move_.from);
    renew_newest(txn_, move_.to);
  }

  WriteTxn& txn_;
  const Move move_;
  Fetches moved_, stays_;  // newest first, until holdings are moved
};

}  // namespace

std::size_t move_fetches(WriteTxn& txn, const Move& move) {
  return Moving(txn, move).run();
}

std::size_t erase_device(WriteTxn& txn, std::uint32_t device) {
  const auto state = read_row<DeviceState>(txn, Table::devices, RowKey{device});
  if (!state) return 0;
  const bool hashed = has_pseudonyms(txn);
  std::size_t fetches = 0;
  FetchChain chain(txn, *state);
  while (auto recorded = chain.next()) {
    StoredFetch& fetch = recorded->fetch;
    fetch.device = 0;
    fetch.evidence = DeviceEvidence::address;
    fetch.client = without_host(fetch.client, hashed);
    fetch.system = {};
    fetch.before.reset();
    write_fetch(txn, *recorded);
    ++fetches;
  }
  std::set<std::uint32_t> releases;
  for (const std::string& key : erase_prefix(txn, Table::device_totals, RowKey{device}.view())) {
    releases.insert(word_at(key, 1));
  }
  for (const std::uint32_t release : releases) replace_holding(txn, release, device, {});
  erase_prefix(txn, Table::device_hours, RowKey{device}.view());
  txn.erase(Table::newest, RowKey{device}.view());
  txn.erase(Table::devices, RowKey{device}.view());
  txn.erase(Table::device_ids, state->id);
  return fetches;
}

}  // namespace larder::reports
