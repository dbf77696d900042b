// SPDX-License-Identifier: MIT
#include "reports/books.h"

#include <algorithm>

#include "reports/device_rows.h"
#include "reports/possession.h"
#include "reports/reattribution.h"
#include "updates/user_agent.h"

namespace larder::reports {
namespace {

// Devices remembered by token, by name and by address; 100 bytes each.
constexpr std::size_t kRememberedDevices = 32768;

std::uint64_t microseconds(WallTime time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.time_since_epoch().count()));
}

bool makes_version_row(const FetchRecord& record) {
  return !record.subject->product.empty() && record.subject->kind != FileKind::catalogue;
}

}  // namespace

void Books::begin(WriteTxn& txn, const Clock& clock, const std::vector<ClientName>& names) {
  txn_ = &txn;
  sequence_ = txn.number(kMetaSequence);
  if (neighbourhood_.refresh(clock.steady())) devices_by_address_.clear();
  if (pseudonyms_.begin(txn, clock.now())) {
    devices_by_token_.clear();
    devices_by_name_.clear();
    devices_by_address_.clear();
    names_.clear();
  }
  names_.begin();
  for (const ClientName& said : names) {
    DeviceName name;
    if (!said.name.empty()) name = {pseudonyms_.of(name_device_id(said.name)), pseudonyms_.on() ? "" : said.name};
    names_.learn(pseudonyms_.of(said.address), std::move(name), said.life, microseconds(clock.now()));
  }
  bindings_.begin(txn);
  places_.begin(txn);
}

void Books::foresee(const FetchRecord& record) {
  if (record.entrance != Entrance::helper || !is_device_token(record.token)) return;
  const Neighbour* neighbour = neighbourhood_.find(record.client);
  const bool known = neighbour != nullptr && !pseudonyms_.on();
  bindings_.named(pseudonyms_.of(record.client), device_by_token(record).number, microseconds(record.time),
                  known ? std::optional(neighbour->mac) : std::nullopt);
}

void Books::post(const FetchRecord& record) {
  const FetchKey key{microseconds(record.time), static_cast<std::uint32_t>(sequence_++)};
  const bool stranger = record.answered == Answered::refused &&
                        places_.is_stranger(key.time_us, pseudonyms_.of(record.client), record.subject->url);
  StoredFetch fetch = interpret(record, stranger ? Subject::left_out : Subject::kept);
  if (record.entrance != Entrance::own) {
    const KnownDevice device = device_of(record, key.time_us);
    fetch.device = device.number;
    fetch.evidence = device.evidence;
    see_device(key, fetch);
    if (record.subject->kind == FileKind::delta && updates::is_system(record.subject->product))
      hear_of_delta(key, fetch, *record.subject);
    hold(key, fetch, makes_version_row(record));
  }
  add_tallies(key, fetch);
  places_.add(*txn_, key, fetch, stranger ? Places::As::stranger : Places::As::itself);
  const std::size_t offset = fetch_bytes_.view().size();
  encode_fetch(key, fetch, fetch_bytes_);
  fetches_.push_back({key, offset, fetch_bytes_.view().size() - offset});
}

void Books::finish() {
  write_fetches();
  write_coverage();
  for (auto* tallies : {&totals_, &days_, &hours_, &device_totals_, &device_hours_}) tallies->write(*txn_);
  places_.write(*txn_);
  holdings_.write(*txn_);
  versions_.write(*txn_);
  devices_.write(*txn_);
  newest_.write(*txn_);
  settle_claims();
  bindings_.write(*txn_);
  txn_->set_number(kMetaSequence, sequence_);
  txn_ = nullptr;
}

// What is already on record of an address that is now known to be a device's. Rows are written by now.
void Books::settle_claims() {
  bool moved = false;
  for (const NameClaim& claim : names_.claims()) moved |= move_to_named(claim);
  for (const Claim& claim : bindings_.take_claims()) {
    std::vector<std::string> guesses{claim.address.text()};
    if (claim.mac) guesses.push_back(mac_id(*claim.mac));
    if (const auto name = names_.last_id(claim.address); !name.empty()) guesses.emplace_back(name);
    for (const std::string& guess : guesses) {
      const auto from = txn_->get(Table::device_ids, guess);
      if (!from) continue;
      moved |= move_fetches(
                   *txn_, {StoredReader(*from).u32(), claim.device, claim.address, claim.from_us, claim.until_us}) > 0;
    }
  }
  if (moved) forget_devices();
}

bool Books::move_to_named(const NameClaim& claim) {
  const auto from = txn_->get(Table::device_ids, claim.address.text());
  if (!from) return false;
  const std::uint32_t guess = StoredReader(*from).u32();
  const auto guessed = read_row<DeviceState>(*txn_, Table::devices, RowKey{guess});
  if (!guessed || guessed->last_us < claim.from_us) return false;
  const std::uint32_t device = number_device({claim.name.id, DeviceEvidence::name}).number;
  DeviceState& state = devices_.change(*txn_, RowKey{device});
  state.host = name_id(claim.name.host);
  const bool is_new = state.requests == 0;
  devices_.write(*txn_);
  const Move move{guess, device, claim.address, claim.from_us, claim.until_us, DeviceEvidence::name};
  if (move_fetches(*txn_, move) == 0 && is_new) {
    txn_->erase(Table::devices, RowKey{device}.view());
    txn_->erase(Table::device_ids, claim.name.id);
  }
  forget_devices();
  return true;
}

// What is remembered of devices and of what they have.
void Books::forget_devices() {
  devices_by_token_.clear();
  devices_by_name_.clear();
  devices_by_address_.clear();
  last_device_ = 0;
  device_totals_.forget();
  device_hours_.forget();
  holdings_.forget();
  versions_.forget();
  devices_.forget();
  newest_.forget();
}

void Books::forget() {
  last_ids_.reset();
  dictionary_.forget();
  newest_keeper_.forget();
  forget_devices();
  for (auto* tallies : {&totals_, &days_, &hours_}) tallies->forget();
  bindings_.forget();
  names_.retry();
  places_.forget();
  fetches_.clear();
  fetch_bytes_.clear();
  coverage_.clear();
  completed_.clear();
  txn_ = nullptr;
}

StoredFetch Books::interpret(const FetchRecord& record, Subject subject) {
  StoredFetch fetch;
  fetch.entrance = record.entrance;
  fetch.answered = record.answered;
  fetch.kind = record.subject->kind;
  fetch.complete = record.complete;
  fetch.client = pseudonyms_.of(record.client);
  fetch.duration_us = static_cast<std::uint64_t>(std::max<std::int64_t>(0, record.duration.count()));
  fetch.system = system_ids(record.system);
  const SubjectIds& ids = ids_of(subject == Subject::kept ? record.subject : SharedSubject());
  fetch.from_version = ids.from_version;
  fetch.url = ids.url;
  fetch.release = ids.release;
  fetch.status = static_cast<std::uint32_t>(std::max(0, record.status));
  fetch.object_bytes = record.object_bytes;
  fetch.bytes_asked = record.bytes_asked;
  fetch.bytes_sent = record.bytes_sent;
  fetch.bytes_from_origin = record.bytes_from_origin;
  for (const auto& [first, end] : record.sent_ranges) {
    fetch.ranges.add(first, record.object_bytes == 0 ? end : std::min(end, record.object_bytes));
  }
  return fetch;
}

SystemIds Books::system_ids(const SystemSaid& said) {
  if (said.os.empty()) return {};
  return {name_id(said.os), name_id(said.version), name_id(said.build), said.evidence};
}

const Books::SubjectIds& Books::ids_of(const SharedSubject& subject) {
  if (!last_ids_ || !last_subject_.same(subject)) {
    last_ids_ = SubjectIds{url_id(subject->url), release_id(*subject), name_id(subject->from_version)};
    last_subject_ = subject;
  }
  return *last_ids_;
}

std::uint32_t Books::url_id(const std::string& url) {
  if (const auto id = dictionary_.remembered(TextKind::url, url)) return *id;
  return dictionary_.id_of(*txn_, TextKind::url, clean_url(url));
}

std::uint32_t Books::name_id(const std::string& name) {
  if (name.empty()) return 0;
  if (const auto id = dictionary_.remembered(TextKind::text, name)) return *id;
  return dictionary_.id_of(*txn_, TextKind::text, clean_name(name));
}

std::uint32_t Books::release_id(const FetchSubject& subject) {
  const auto part = [this](const std::string& text) { scratch_.append(text).push_back('\0'); };
  scratch_.clear();
  part(subject.product);
  part(subject.version);
  part(subject.build);
  const bool separable = std::count(scratch_.begin(), scratch_.end(), '\0') == 3;
  const bool catalogue = subject.kind == FileKind::catalogue;
  if (catalogue) scratch_.push_back('c');
  if (separable) {
    if (const auto id = dictionary_.remembered(TextKind::release, scratch_)) return *id;
  }
  const Release release{clean_name(subject.product), clean_name(subject.version), clean_name(subject.build), catalogue};
  return dictionary_.id_of(*txn_, TextKind::release, release.text());
}

// Who names itself is that; what comes without a name is taken for who has named itself from its address.
Books::KnownDevice Books::device_of(const FetchRecord& record, std::uint64_t time_us) {
  if (!is_device_token(record.token)) {
    if (const auto bound = bindings_.device_at(pseudonyms_.of(record.client), time_us))
      return {*bound, DeviceEvidence::lease};
  }
  return is_device_token(record.token) ? device_by_token(record) : device_by_address(record, time_us);
}

Books::KnownDevice Books::device_by_token(const FetchRecord& record) {
  if (const auto known = devices_by_token_.find(record.token); known != devices_by_token_.end()) {
    const bool by_user = record.token_from == DeviceEvidence::proxy_user;
    return {known->second, by_user ? DeviceEvidence::proxy_user : DeviceEvidence::token};
  }
  const KnownDevice device = number_device(named(identify(record, nullptr), record));
  if (devices_by_token_.size() >= kRememberedDevices) devices_by_token_.clear();
  devices_by_token_.emplace(record.token, device.number);
  return device;
}

Books::KnownDevice Books::device_by_address(const FetchRecord& record, std::uint64_t time_us) {
  const auto known = devices_by_address_.find(record.client);
  const bool is_known = known != devices_by_address_.end();
  if (is_known && (names_.empty() || known->second.evidence != DeviceEvidence::address)) return known->second;
  const Neighbour* neighbour = neighbourhood_.find(record.client);
  const DeviceName* name = neighbour == nullptr ? names_.at(pseudonyms_.of(record.client), time_us) : nullptr;
  if (name != nullptr) {
    if (const auto numbered = devices_by_name_.find(name->id); numbered != devices_by_name_.end())
      return {numbered->second, DeviceEvidence::name};
    const KnownDevice device = number_device({name->id, DeviceEvidence::name});
    if (devices_by_name_.size() >= kRememberedDevices) devices_by_name_.clear();
    devices_by_name_.emplace(name->id, device.number);
    return device;
  }
  if (is_known) return known->second;
  const KnownDevice device = number_device(named(identify(record, neighbour), record));
  if (devices_by_address_.size() >= kRememberedDevices) devices_by_address_.clear();
  devices_by_address_.emplace(record.client, device);
  return device;
}

Identity Books::named(Identity identity, const FetchRecord& record) const {
  const bool by_address = identity.evidence == DeviceEvidence::address;
  identity.id = by_address ? pseudonyms_.of(record.client).text() : pseudonyms_.of(std::move(identity.id));
  return identity;
}

Books::KnownDevice Books::number_device(const Identity& identity) {
  if (const auto stored = txn_->get(Table::device_ids, identity.id)) {
    return {StoredReader(*stored).u32(), identity.evidence};
  }
  if (last_device_ == 0) {
    Cursor cursor = txn_->cursor(Table::devices);
    if (cursor.last()) last_device_ = word_at(cursor.key(), 0);
  }
  StoredWriter number;
  number.u32(++last_device_);
  txn_->put(Table::device_ids, identity.id, number.view());
  DeviceState& state = devices_.change(*txn_, RowKey{last_device_});
  state = {};
  state.id = identity.id;
  state.evidence = identity.evidence;
  return {last_device_, identity.evidence};
}

void Books::see_device(const FetchKey& key, StoredFetch& fetch) {
  DeviceState& state = devices_.change(*txn_, RowKey{fetch.device});
  if (key.time_us >= state.last_us) {
    state.address = fetch.client;
    const Neighbour* neighbour = pseudonyms_.on() ? nullptr : neighbourhood_.find(fetch.client);
    if (neighbour != nullptr) state.mac = neighbour->mac;
    if (neighbour != nullptr && !neighbour->name.empty()) {
      state.host = name_id(neighbour->name);
    } else if (const DeviceName* name = names_.at(fetch.client, key.time_us); name != nullptr && !name->host.empty()) {
      state.host = name_id(name->host);
    }
  }
  state.system.hear(fetch.system, key.time_us);
  if (better_evidence(fetch.evidence, state.evidence)) state.evidence = fetch.evidence;
  state.first_us = std::min(state.first_us, key.time_us);
  state.last_us = std::max(state.last_us, key.time_us);
  ++state.requests;
  state.bytes_sent += fetch.bytes_sent;
  fetch.before = state.last_fetch;
  state.last_fetch = key;
}

// A delta is asked for by a device that runs the version it starts from.
void Books::hear_of_delta(const FetchKey& key, const StoredFetch& fetch, const FetchSubject& delta) {
  if (fetch.from_version == 0) return;
  const SystemIds from{name_id(delta.product), fetch.from_version, 0, SystemEvidence::delta};
  devices_.change(*txn_, RowKey{fetch.device}).system.hear(from, key.time_us);
}

void Books::add_tallies(const FetchKey& key, const StoredFetch& fetch) {
  const auto hour = static_cast<std::uint32_t>(key.time_us / kHourUs);
  const Tally tally = Tally::of(key, fetch);
  totals_.change(*txn_, {{fetch.release}, fetch.entrance}).add(tally);
  days_.change(*txn_, {{hour / kDayHours, fetch.release}, fetch.entrance}).add(tally);
  hours_.change(*txn_, {{hour, fetch.release}, fetch.entrance}).add(tally);
  if (fetch.device == 0) return;
  device_totals_.change(*txn_, {{fetch.device, fetch.release}, fetch.entrance}).add(tally);
  device_hours_.change(*txn_, {{fetch.device, hour, fetch.release}, fetch.entrance}).add(tally);
}

void Books::hold(const FetchKey& key, const StoredFetch& fetch, bool makes_row) {
  Holding& holding = holdings_.change(*txn_, RowKey{fetch.release, fetch.device});
  const Possessed before = possessed(holding);
  add_to_holding(holding, key, fetch, makes_row, [&](std::uint32_t) -> Coverage& { return coverage_of(fetch); });
  const Possessed after = possessed(holding);
  if (!makes_row || before == after) return;
  VersionCounts& counts = versions_.change(*txn_, RowKey{fetch.release});
  if (before == Possessed::partly) --counts.partly;
  if (after == Possessed::partly) ++counts.partly;
  if (after != Possessed::complete) return;
  newest_keeper_.add(*txn_, newest_.change(*txn_, RowKey{fetch.device}), fetch.release);
  ++counts.complete;
  if (before == Possessed::partly) completed_.emplace(fetch.device, fetch.release);
}

Coverage& Books::coverage_of(const StoredFetch& fetch) {
  const RowKey key{fetch.device, fetch.release, fetch.url};
  auto [at, added] = coverage_.try_emplace(key);
  if (added) {
    if (const auto stored = txn_->get(Table::coverage, key.view())) decode_row(*stored, 0, at->second);
  }
  return at->second;
}

// Requests are recorded at their end but keyed by their beginning, so a batch overlaps those before it; what lies
// beyond the table's end is appended, which fills pages whole and needs no search.
void Books::write_fetches() {
  std::sort(fetches_.begin(), fetches_.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  std::string end;
  if (Cursor cursor = txn_->cursor(Table::fetches); cursor.last()) end = cursor.key();
  for (const PendingFetch& fetch : fetches_) {
    const std::string key = fetch.key.bytes();
    const std::string_view value = fetch_bytes_.view().substr(fetch.offset, fetch.length);
    if (key > end) {
      txn_->append(Table::fetches, key, value);
      end = key;
    } else {
      txn_->put(Table::fetches, key, value);
    }
  }
  fetches_.clear();
  fetch_bytes_.clear();
}

void Books::write_coverage() {
  StoredWriter out;
  for (const auto& [key, coverage] : coverage_) {
    if (completed_.contains({word_at(key.view(), 0), word_at(key.view(), 1)})) continue;
    out.clear();
    encode_row(coverage, 0, out);
    txn_->put(Table::coverage, key.view(), out.view());
  }
  for (const auto& [device, release] : completed_) {
    const RowKey prefix{device, release};
    std::vector<std::string> keys;
    Cursor cursor = txn_->cursor(Table::coverage);
    for (bool at = cursor.seek(prefix.view()); at && cursor.key().starts_with(prefix.view()); at = cursor.next()) {
      keys.emplace_back(cursor.key());
    }
    for (const std::string& key : keys) txn_->erase(Table::coverage, key);
  }
  coverage_.clear();
  completed_.clear();
}

}  // namespace larder::reports
