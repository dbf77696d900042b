// SPDX-License-Identifier: MIT
// What an origin's head means for a fill: the object it describes, the same version or another, an answer to relay.
#include <spdlog/spdlog.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/limits.h"
#include "base/text.h"
#include "proxy/conditional.h"
#include "proxy/fill.h"
#include "proxy/fill_desk.h"

namespace larder::proxy {
namespace {

// Nodes of one CDN may name the same bytes differently; asking again may reach the node that began. After so many tries
// the bytes are taken to be others.
constexpr unsigned kOtherNodes = 3;
// How long an answer of a host other than updates' is gathered before anybody is told of it: then it is relayed. And
// how long updates' own may pause meanwhile: who waits for it then gets it passed through.
constexpr std::chrono::milliseconds kGatherFor{250};
constexpr std::chrono::milliseconds kGatherInsteadOfStale{1000};  // what breaks off meanwhile is answered with that
constexpr std::chrono::seconds kGatherPause{3};

// For origins without a strong ETag. `identity`: what no two versions of an object share.
std::string make_etag(const std::string& identity) {
  const XXH128_hash_t hash = XXH3_128bits(identity.data(), identity.size());
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "\"larder-%016llx%016llx\"", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text.data();
}

bool knows_etag(const cache::Object& object, const std::string& etag) {
  if (etag.empty()) return false;
  return object.origin.etag == etag ||
         std::find(object.other_etags.begin(), object.other_etags.end(), etag) != object.other_etags.end();
}

bool knows_weakly(const cache::Object& object, const std::string& etag) {
  const auto same = [&](const std::string& other) { return same_weak_etag(other, etag); };
  return same(object.origin.etag) || std::any_of(object.other_etags.begin(), object.other_etags.end(), same);
}

// Of the stored bytes, which a 304 does not change: what it says else of them would be wrong (RFC 9111 3.2).
bool is_of_the_bytes(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames{"Content-Encoding", "Content-MD5", "Content-Range",
                                                   "Content-Digest"};
  return std::any_of(kNames.begin(), kNames.end(), [&](auto other) { return equals_ignoring_case(name, other); });
}

// RFC 9111 3.2: fields of a newer answer replace those stored, all others stay.
cache::Fields merge(cache::Fields stored, cache::Fields newer) {
  std::erase_if(newer, [](const auto& field) { return is_of_the_bytes(field.first); });
  for (const auto& replacement : newer) {
    std::erase_if(stored, [&](const auto& field) { return equals_ignoring_case(field.first, replacement.first); });
  }
  stored.insert(stored.end(), newer.begin(), newer.end());
  return stored;
}

// An answer without Date is given the moment it came (RFC 9110 6.6.1).
void add_date(cache::Fields& fields, WallTime now) {
  const bool dated = std::any_of(fields.begin(), fields.end(),
                                 [](const auto& field) { return equals_ignoring_case(field.first, "Date"); });
  if (!dated) fields.emplace_back("Date", to_http_date(now));
}

// A page in place of a file of updates: CDNs and portals answer 200 with what is meant to be read.
bool is_page_for_file(const OriginAnswer& answer, const std::string& path) {
  constexpr std::array<std::string_view, 6> kFiles{".pkg", ".mpkg", ".dmg", ".cat", ".xml", ".plist"};
  const std::string type = cache::joined(answer.kept, "Content-Type");
  const bool page = equals_ignoring_case(std::string_view(type).substr(0, 9), "text/html");
  return page && std::any_of(kFiles.begin(), kFiles.end(),
                             [&](std::string_view ending) { return ends_with_ignoring_case(path, ending); });
}

}  // namespace

bool Fill::lane_head(Lane& lane, const OriginAnswer& answer) {
  add(desk_.counters.origin_requests);
  lane.answered_at = desk_.clock.steady();
  const bool goes_on = head_by_status(lane, answer);
  if (goes_on && is_gathering(lane)) {
    patience_.after(!order_.standard ? kGatherPause : stale_will_do() ? kGatherInsteadOfStale : kGatherFor);
  }
  return goes_on;
}

bool Fill::is_gathering(const Lane& lane) const {
  return lane.gathering || answering_ != nullptr;
}

// Its bytes come: what is of updates may take its time.
void Fill::gathers_on(const Lane& lane) {
  if (!order_.standard && is_gathering(lane)) patience_.after(kGatherPause);
}

bool Fill::head_by_status(Lane& lane, const OriginAnswer& answer) {
  if (answer.status == 200 && !order_.standard && is_page_for_file(answer, order_.origin.path)) {
    OriginAnswer missing = answer;
    missing.status = 404;
    return head_other(lane, missing);
  }
  if (answer.status == 200) return head_whole(lane, answer);
  if (answer.status == 206 && lane.ask == Lane::Ask::range) return head_partial(lane, answer);
  if (answer.status == 304 && lane.ask == Lane::Ask::validate) return head_unmodified(lane, answer);
  if (answer.status == 416 && lane.ask == Lane::Ask::range) return head_unsatisfiable(lane);
  return order_.standard && state_ == FillState::asking ? head_standard(lane, answer) : head_other(lane, answer);
}

bool Fill::head_whole(Lane& lane, const OriginAnswer& answer) {
  // A weak validator does not say that these are the same bytes, only that they would do.
  const bool other_bytes = validating_ && order_.standard && !answer.validators.strong();
  if (object_ && !other_bytes && answer.content_length && same_version(lane, answer, *answer.content_length)) {
    if (lane.ask == Lane::Ask::validate) {
      refresh(answer);
      lane.satisfied = true;
      return false;
    }
    lane.skip = lane.next;  // the origin knows no ranges
    lane.end = lane.answered_end = object_->size_bytes;
    return true;
  }
  if (object_ && !validating_) return another_version(lane);
  // New, or another version than the stored one, of which nobody has been sent anything yet.
  if (fallback_ && order_.standard && !storable(answer)) {
    desk_.forget(order_.key, fallback_->extent);
    fallback_ = nullptr;
  }
  object_ = nullptr;
  validating_ = false;
  range_ignored_ = lane.ask == Lane::Ask::range;
  lane.ask = Lane::Ask::whole;
  lane.next = 0;
  lane.end = kOpenEnd;
  described_at_ = lane.place;
  // The end of the connection ends it, and so would a break: half of it would be kept as the whole.
  const bool endless = !answer.content_length && !answer.chunked && answer.protocol.starts_with("1.");
  if (endless || !storable(answer)) return answer_one(lane, answer);
  if (!answer.content_length) {
    gathering_answer_ = answer;
    lane.gathering = true;
    return true;
  }
  if (!describe(answer, *answer.content_length)) return false;
  lane.end = lane.answered_end = *answer.content_length;
  return true;
}

bool Fill::head_partial(Lane& lane, const OriginAnswer& answer) {
  const auto& range = answer.content_range;
  const bool fits = range && range->satisfied && range->size_bytes && range->first == lane.requested_first;
  if (order_.standard && !object_ && (!fits || !combinable(answer.validators))) {
    // Of no use to others, but perhaps what this client asked for, in its own words.
    desk_.remember_uncacheable(order_.url);
    end(FillState::pass);
    return false;
  }
  if (!fits) {
    lane.complaint = order_.origin.host + " answers a request for bytes " + std::to_string(lane.requested_first) +
                     "- with other bytes";
    return false;
  }
  if (object_ && !same_version(lane, answer, *range->size_bytes)) return another_version(lane);
  if (!object_ && !combinable(answer.validators)) {  // no other part can be joined to this one
    end(FillState::pass);
    return false;
  }
  if (!object_) {
    described_at_ = lane.place;
    if (!describe(answer, *range->size_bytes)) return false;
  }
  lane.end = std::min(lane.end, *range->size_bytes);
  lane.answered_end = std::min(range->end, *range->size_bytes);
  return true;
}

bool Fill::head_unmodified(Lane& lane, const OriginAnswer& answer) {
  if (order_.standard && !may_be_same(*object_, answer)) {
    // It speaks of an answer that is not here (RFC 9111 4.3.4): ask without conditions.
    object_ = nullptr;
    validating_ = false;
    lane.ask = Lane::Ask::whole;
    lane.ask_again = true;
    return false;
  }
  refresh(answer);
  lane.satisfied = true;
  return true;
}

// The first request asked beyond the end of an object whose length nobody knew: its first chunk will tell.
bool Fill::head_unsatisfiable(Lane& lane) {
  if (object_) return another_version(lane);
  lane.ask = lane.requested_first == 0 ? Lane::Ask::whole : Lane::Ask::range;
  lane.next = 0;
  lane.end = lane.ask == Lane::Ask::whole ? kOpenEnd : cache::kChunkBytes;
  lane.ask_again = true;
  return false;
}

// An answer that may not be kept goes to whoever caused it, if it is small; everybody else asks for himself.
bool Fill::answer_one(const Lane& lane, const OriginAnswer& answer) {
  desk_.remember_uncacheable(order_.url);
  const auto first = owner();
  const bool small = answer.content_length.value_or(0) <= kUnkeptBytes;
  if (!first || lane.ask != Lane::Ask::whole || !readers_.begin()->second.want.whole() || !small) {
    end(FillState::pass);
    return false;
  }
  tell_alone(answer, first);
  return true;
}

// Something tells of two answers whether their bytes are of one version. A weak tag does not: it may stay while bytes
// change (RFC 9110 8.8.1). A name that never changes its bytes does.
bool Fill::combinable(const cache::Validators& origin) const {
  return order_.name == cache::NameClass::immutable || origin.strong() || !origin.last_modified.empty();
}

// The same as long as the bytes are, over refills and restarts; where nothing tells that, the same for one extent.
std::string Fill::identity_of(const cache::Object& object) const {
  const cache::Validators& origin = object.origin;
  std::string identity = object.url + '\n' + origin.etag + '\n' + origin.last_modified + '\n';
  identity += std::to_string(object.size_bytes);
  if (!combinable(origin)) identity += '\n' + std::to_string(object.extent.value);
  return identity;
}

bool Fill::same_version(const Lane& lane, const OriginAnswer& answer, std::uint64_t size) const {
  if (size != object_->size_bytes) return false;
  const cache::Validators& now = answer.validators;
  const cache::Validators& before = object_->origin;
  const bool never_changes = order_.name == cache::NameClass::immutable;
  if (lane.place != described_at_) {
    // Another place of the same bytes makes validators of its own: the length decides, with what they have in common,
    // or with a name that is never given to other bytes.
    const bool same_date = !now.last_modified.empty() && now.last_modified == before.last_modified;
    return same_date || knows_etag(*object_, now.etag) || never_changes;
  }
  if (!now.etag.empty() && !before.etag.empty()) {
    if (!knows_etag(*object_, now.etag)) return false;
    if (now.strong() || never_changes) return true;
  }
  if (!now.last_modified.empty() && !before.last_modified.empty()) return now.last_modified == before.last_modified;
  return never_changes;
}

bool Fill::another_version(Lane& lane) {
  if (order_.name == cache::NameClass::immutable && ++lane.other_nodes < kOtherNodes) {
    lane.ask_again = true;
    return false;
  }
  spdlog::warn("{} has changed at the origin while it was fetched; beginning again with the new version", order_.key);
  add(desk_.counters.origin_changed);
  desk_.forget(order_.key, object_->extent);
  end(FillState::changed, fail(ErrorKind::origin_failed, order_.key + " changed at the origin while it was fetched"));
  return false;
}

bool Fill::storable(const OriginAnswer& answer) const {
  const std::uint64_t size = answer.content_length.value_or(0);
  return size <= limits::kObjectBytes && size <= desk_.config.storage.cache_size_bytes && freshness_of(answer);
}

bool Fill::describe(const OriginAnswer& answer, std::uint64_t size) {
  const WallTime now = desk_.clock.now();
  const auto freshness = freshness_of(answer);
  if (!freshness || size > limits::kObjectBytes || size > desk_.config.storage.cache_size_bytes) {
    desk_.remember_uncacheable(order_.url);
    end(FillState::pass);
    return false;
  }
  if (refused_for_size(size)) return false;
  if (order_.standard) name_variant(answer);
  auto object = std::make_shared<cache::Object>();
  object->url = order_.key;
  object->status = answer.status == 206 ? 200 : answer.status;
  object->extent = desk_.store.new_extent();
  object->size_bytes = size;
  object->origin = answer.validators;
  object->etag = answer.validators.etag;
  if (order_.standard ? answer.validators.etag.empty() : !answer.validators.strong()) {
    object->etag = make_etag(identity_of(*object));
  }
  object->fields = answer.kept;
  add_date(object->fields, now);
  object->unstored_fields = answer.withheld;
  if (order_.standard) object->fields.insert(object->fields.end(), answer.personal.begin(), answer.personal.end());
  object->freshness = *freshness;
  object->stored_at = now;
  object_ = object;
  use_ = cache::ExtentUse(desk_.store, object->extent);
  held_ = cache::ChunkMap(cache::chunk_count(size));
  in_flight_.clear();
  needs_.clear();
  desk_.put_object(*object);
  state_ = FillState::filling;
  begin_check();
  announce();
  check_complete();
  return !ended();
}

// The origin confirms what is stored.
void Fill::refresh(const OriginAnswer& answer) {
  OriginAnswer kept = answer;
  if (!order_.standard) kept.personal.clear();
  const cache::ObjectPtr before = object_;
  object_ = freshened(*before, kept, order_.name, asked_at_, desk_.clock.now());
  if (!order_.standard || stays_stored(*before, *object_, order_.standard->authorized)) {
    desk_.put_freshened(object_);
  } else {
    desk_.forget(order_.key, object_->extent);
  }
  validating_ = false;
  confirmed_by_ = answer.status;
  state_ = FillState::filling;
  announce();
}

cache::ObjectPtr freshened(const cache::Object& stored, const OriginAnswer& answer, cache::NameClass name,
                           WallTime asked_at, WallTime now) {
  auto object = std::make_shared<cache::Object>(stored);
  cache::Fields newer = answer.kept;
  add_date(newer, now);
  object->fields = merge(std::move(object->fields), newer);
  object->fields = merge(std::move(object->fields), answer.personal);
  object->unstored_fields = answer.withheld;
  const cache::Fields received = merge(object->fields, answer.received);
  if (auto freshness = cache::freshness_of(received, stored.status, name, false, asked_at, now)) {
    object->freshness = *freshness;
  } else if (name == cache::NameClass::ordinary) {
    // From now on it may not be kept: nobody else gets it without asking, nor when the origin fails.
    object->freshness.lifetime = std::chrono::seconds(0);
    object->freshness.must_revalidate = true;
  }
  return object;
}

bool stays_stored(const cache::Object& before, const cache::Object& now, bool authorized) {
  if (cache::nominated_fields(before.fields) != cache::nominated_fields(now.fields)) return false;
  const WallTime then = now.freshness.response_time;
  return cache::freshness_of(now.fields, now.status, cache::NameClass::ordinary, authorized, then, then).has_value();
}

bool may_be_same(const cache::Object& stored, const OriginAnswer& answer) {
  const cache::Validators& now = answer.validators;
  if (!now.etag.empty() && !stored.origin.etag.empty()) {
    // A weak tag speaks of what it would do for, a strong one of nothing but what has it (RFC 9111 4.3.4).
    return now.strong() ? knows_etag(stored, now.etag) : knows_weakly(stored, now.etag);
  }
  if (!now.last_modified.empty() && !stored.origin.last_modified.empty()) {
    return now.last_modified == stored.origin.last_modified;
  }
  return true;
}

}  // namespace larder::proxy
