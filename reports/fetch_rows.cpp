// SPDX-License-Identifier: MIT
#include "reports/fetch_rows.h"

#include "reports/dictionary.h"

namespace larder::reports {

FetchRecord record_of(const Txn& txn, const Recorded& recorded, const std::string& device) {
  const auto& [key, fetch] = recorded;
  FetchRecord record;
  record.time = wall(key.time_us);
  record.duration = std::chrono::microseconds(static_cast<std::int64_t>(fetch.duration_us));
  record.client = fetch.client;
  const bool by_token = fetch.evidence == DeviceEvidence::token || fetch.evidence == DeviceEvidence::proxy_user;
  if (by_token) record.token = device;
  record.token_from = fetch.evidence;
  record.system = {text_of(txn, TextKind::text, fetch.system.os), text_of(txn, TextKind::text, fetch.system.version),
                   text_of(txn, TextKind::text, fetch.system.build), fetch.system.evidence};
  record.entrance = fetch.entrance;
  record.answered = fetch.answered;
  FetchSubject subject;
  subject.url = text_of(txn, TextKind::url, fetch.url);
  Release release = Release::from(text_of(txn, TextKind::release, fetch.release));
  subject.product = std::move(release.product);
  subject.version = std::move(release.version);
  subject.build = std::move(release.build);
  subject.from_version = text_of(txn, TextKind::text, fetch.from_version);
  subject.kind = fetch.kind;
  record.subject = SharedSubject(std::move(subject));
  record.status = static_cast<int>(fetch.status);
  record.object_bytes = fetch.object_bytes;
  record.bytes_asked = fetch.bytes_asked;
  record.bytes_sent = fetch.bytes_sent;
  record.bytes_from_origin = fetch.bytes_from_origin;
  record.sent_ranges.assign(fetch.ranges.list().begin(), fetch.ranges.list().end());
  record.complete = fetch.complete;
  return record;
}

FetchRow row_of(const Txn& txn, const Recorded& recorded) {
  FetchRow row;
  const auto device = read_row<DeviceState>(txn, Table::devices, RowKey{recorded.fetch.device});
  if (device) row.device = device->id;
  row.evidence = recorded.fetch.evidence;
  row.fetch = record_of(txn, recorded, "");
  return row;
}

std::optional<Recorded> recorded_at(const Txn& txn, const FetchKey& key) {
  const auto stored = txn.get(Table::fetches, key.bytes());
  auto fetch = stored ? decode_fetch(key, *stored) : std::nullopt;
  if (!fetch) return std::nullopt;
  return Recorded{key, std::move(*fetch)};
}

Status each_fetch_of_members(const Scope& scope, const std::function<void(const Recorded&)>& on) {
  std::size_t looked_through = 0;
  for (const std::uint32_t device : *scope.members()) {
    const auto state = read_row<DeviceState>(scope.txn(), Table::devices, RowKey{device});
    if (!state || state->first_us >= scope.window().to_us || state->last_us < scope.window().from_us) continue;
    FetchChain chain(scope.txn(), *state);
    while (const auto recorded = chain.next()) {
      if (++looked_through > kMostLookedThrough) {
        return fail(ErrorKind::invalid, "these devices have fetched more than " + std::to_string(kMostLookedThrough) +
                                            " times; name one of them, or a smaller group");
      }
      if (scope.window().contains(recorded->key.time_us) && scope.has(recorded->fetch.release)) on(*recorded);
    }
  }
  return ok();
}

}  // namespace larder::reports
