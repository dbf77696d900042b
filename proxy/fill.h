// SPDX-License-Identifier: MIT
// A fill is one running transfer from an origin into the cache, shared by everyone who waits for the object.
// It does not decide what a request means (entrance.h) nor keep bytes (cache/store.h).
//
// A fill has lanes: each lane is one request for one run of missing chunks. A reader that needs a chunk no lane will
// soon reach gets a lane of its own; a lane that meets a chunk already held or in flight ends there. A broken lane goes
// on at the very byte where it stood, with Range and If-Range; the mirrors of a host are tried in turn. Where the
// origin gives nothing that ties one answer to another (RFC 9111 3.4), a fill has one lane, and what that does not
// bring is not had.
//
// Invariants: at most one fill per canonical URL (FillDesk); all bytes of a fill belong to one version of the object; a
// chunk is announced as stored only after it can be read back.
// Threads: belongs to `origin`.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "cache/freshness.h"
#include "cache/reader.h"
#include "cache/variants.h"
#include "proxy/content_checker.h"
#include "proxy/event_thread.h"
#include "proxy/fill_mirror.h"
#include "proxy/lane.h"
#include "proxy/origin_client.h"
#include "proxy/relay.h"
#include "updates/recognise.h"

namespace larder::proxy {

class FillDesk;
class LoopPort;

// A stored object as the origin's 304, or 200 to HEAD, makes it (RFC 9111 3.2, 4.3.4, 4.3.5): fields replaced, the rest
// kept, freshness reckoned anew.
cache::ObjectPtr freshened(const cache::Object& stored, const OriginAnswer& answer, cache::NameClass name,
                           WallTime asked_at, WallTime now);
// Whether that may be kept any longer (of a host that is cached as RFC 9111 says), and under the same key.
bool stays_stored(const cache::Object& before, const cache::Object& now, bool authorized);
// Whether an answer's validators do not speak against its being the same version as a stored object.
bool may_be_same(const cache::Object& stored, const OriginAnswer& answer);

// A client's request of a host that is cached as RFC 9111 says (origins.host.cache): the answer may depend on its
// fields. Updates are asked for without any client's fields.
struct StandardAsk {
  cache::Fields request;            // all fields, which select a variant
  std::vector<std::string> fields;  // "Name: value": those the origin is asked with
  bool authorized = false;          // Authorization is among them
};

// What is to be fetched, as the asking loop knows it.
struct FillOrder {
  std::string key;  // what is stored is named so: the URL, or one of its variants (cache/variants.h)
  std::string url;  // canonical; "" when it is the key
  updates::Url origin;
  std::vector<updates::Url> fallbacks;  // other places of the same bytes
  cache::NameClass name = cache::NameClass::ordinary;
  std::shared_ptr<const updates::Recognition> what;
  cache::ObjectPtr known;                       // what the store had, null for nothing
  bool validate = false;                        // it is no longer fresh: ask the origin before using it
  std::shared_ptr<const StandardAsk> standard;  // null: of a host of updates
  cache::RequestDirectives directives;          // of who asked first
};

// Bytes a reader wants, [first, end). kOpenEnd: to the end of the object.
inline constexpr std::uint64_t kOpenEnd = UINT64_MAX;
// Of an answer that is gathered before it is relayed: an error page, or what may not be kept. Longer ones are passed.
inline constexpr std::size_t kUnkeptBytes = 4 * 1024 * 1024;
struct Want {
  std::uint64_t first = 0;
  std::uint64_t end = kOpenEnd;
  bool whole() const { return first == 0 && end == kOpenEnd; }
};

// For listings.
struct FillInfo {
  std::string url;
  std::string product;
  std::string version;
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;  // 0 while unknown
  std::uint64_t bytes_from_origin = 0;
  std::size_t readers = 0;
  std::size_t lanes = 0;
  WallTime started;
};

// What a request says of its fields; `request` must outlive it.
cache::SaysOfField says(const cache::Fields& request);

class Fill {
 public:
  Fill(FillDesk& desk, FillId id, FillOrder order);
  ~Fill();
  Fill(const Fill&) = delete;
  Fill& operator=(const Fill&) = delete;

  FillId id() const { return id_; }
  const FillOrder& order() const { return order_; }
  FillState state() const { return state_; }
  const cache::ObjectPtr& object() const { return object_; }
  bool ended() const { return state_ >= FillState::answered; }
  FillInfo info() const;
  const LineShare::FlowPtr& flow() const { return flow_; }
  TransferSpec::Urgency urgency() const;

  void begin();
  void join(ReaderId reader, LoopPort* loop, Want want);  // loop null: Larder itself
  void want(ReaderId reader, Want want);
  void need(cache::ChunkIndex chunk);
  void leave(ReaderId reader);
  void chunk_stored(cache::ChunkIndex chunk, const Status& status);
  void object_completed(Result<cache::ObjectPtr> result);
  void checked(const Verdict& verdict);
  void end(FillState state, Error error = {});
  FillChange snapshot() const;
  bool is_checked() const { return checking_; }
  void not_to_be_kept();               // what comes from now on; what is described already is the store's
  bool has_received(Want want) const;  // no lane is needed for it any more

  // Bytes from the origin nobody has been charged with yet; charges them.
  std::uint64_t take_unaccounted();
  std::optional<ReaderId> owner() const;
  std::vector<ReaderId> readers() const;

  // ---- from its lanes ----
  void lane_interim(const OriginAnswer& answer);
  bool lane_head(Lane& lane, const OriginAnswer& answer);
  bool lane_body(Lane& lane, std::span<const std::byte> bytes);
  void lane_ended(Lane& lane, const Status& status);
  void choose_place(Lane& lane);
  const updates::Url& place(unsigned number) const;  // 0: the origin; then its fallbacks
  std::vector<std::string> condition_fields(const Lane& lane) const;

 private:
  struct ReaderEntry {
    LoopPort* loop = nullptr;
    Want want;
  };

  void plan();
  void open_first_lane(Want want);
  Lane& open_lane(Lane::Ask ask, std::uint64_t first, std::uint64_t end);
  void drop_lane(Lane& lane);
  void stop_unwanted_lanes();
  bool nearly_there(const Lane& lane) const;
  void add_needs_of_readers();
  bool covered_soon(cache::ChunkIndex chunk) const;
  bool busy(cache::ChunkIndex chunk) const;  // held, in flight or waiting for the store
  cache::ChunkIndex run_end(cache::ChunkIndex from, std::uint64_t want_end) const;
  std::uint64_t furthest_want(cache::ChunkIndex chunk) const;
  std::uint64_t open_run_end(cache::ChunkIndex chunk) const;
  bool wanted(cache::ChunkIndex chunk) const;

  bool head_by_status(Lane& lane, const OriginAnswer& answer);
  bool head_whole(Lane& lane, const OriginAnswer& answer);
  bool head_partial(Lane& lane, const OriginAnswer& answer);
  bool head_unmodified(Lane& lane, const OriginAnswer& answer);
  bool head_unsatisfiable(Lane& lane);
  bool head_other(Lane& lane, const OriginAnswer& answer);
  bool head_standard(Lane& lane, const OriginAnswer& answer);
  void name_variant(const OriginAnswer& answer);
  bool stale_will_do() const;
  void tell_alone(const OriginAnswer& answer, std::optional<ReaderId> only_for);
  std::optional<cache::Freshness> freshness_of(const OriginAnswer& answer) const;
  bool storable(const OriginAnswer& answer) const;
  bool answer_one(const Lane& lane, const OriginAnswer& answer);
  bool combinable(const cache::Validators& origin) const;
  std::string identity_of(const cache::Object& object) const;
  bool same_version(const Lane& lane, const OriginAnswer& answer, std::uint64_t size) const;
  bool describe(const OriginAnswer& answer, std::uint64_t size);
  bool another_version(Lane& lane);
  void refresh(const OriginAnswer& answer);
  bool is_gathering(const Lane& lane) const;
  void gathers_on(const Lane& lane);
  void not_gathered_soon();
  void begin_relay(Lane& lane);
  void relay_on(std::span<const std::byte> bytes);
  void relay_ended(Lane& lane, const Status& status);
  bool store_bytes(Lane& lane, std::span<const std::byte> bytes);
  bool gather(Lane& lane, std::span<const std::byte> bytes);
  void gathered(Lane& lane);
  unsigned places() const;
  bool round_done(const Lane& lane) const;
  std::chrono::seconds negative_life(const updates::Url& asked, const OriginAnswer& answer) const;
  std::shared_ptr<WholeAnswer> relayed(const Lane& lane, const OriginAnswer& answer);
  void end_missing();
  void answer_with(std::shared_ptr<const WholeAnswer> answer);
  bool first_again(Lane& lane);
  bool worth_retrying(Lane& lane, const Error& error);
  void retry(Lane& lane, const Status& status);
  void close_buffer(Lane& lane);
  void give_up(Error error);
  void check_complete();
  void begin_check();
  void check_late();
  bool refused_for_size(std::uint64_t size);
  bool is_last_to_open() const;
  void decide_when_whole();
  void release_held_back();
  bool fetch_what_was_lost();
  void end_if_idle();
  void announce();  // state to every loop
  void announce_opened(cache::ChunkIndex chunk, const std::shared_ptr<const cache::ChunkBuffer>& buffer) const;
  void announce_landed(cache::ChunkIndex chunk) const;
  void wake_loops();
  template <class Post>
  void each_loop(const Post& post) const;

  FillDesk& desk_;
  const FillId id_;
  FillOrder order_;
  const LineShare::FlowPtr flow_ = std::make_shared<LineShare::Flow>();
  FillState state_ = FillState::asking;
  bool stale_ = false;
  int confirmed_by_ = 0;
  bool validating_ = false;
  bool completing_ = false;
  bool finish_all_ = false;
  bool whole_asked_ = false;
  cache::ObjectPtr object_;
  cache::ObjectPtr fallback_;  // what is being validated, until the origin has had its say: sent when that fails
  cache::ExtentUse use_;
  cache::ChunkMap held_;
  std::shared_ptr<const WholeAnswer> answer_;
  std::shared_ptr<WholeAnswer> answering_;  // an error answer whose body is being received
  OriginAnswer gathering_answer_;           // the head of what is gathered
  bool range_ignored_ = false;              // it answers a request for a range
  std::shared_ptr<Relay> relay_;            // null: nobody is sent what is not whole
  std::shared_ptr<WholeAnswer> missing_;    // the origin itself said that it has no such thing
  std::chrono::seconds negative_life_{0};   // how long answering_ is repeated to others
  unsigned described_at_ = 0;               // the place whose validators object_ has
  bool joined_once_ = false;
  Error error_;
  std::unordered_map<cache::ChunkIndex, std::shared_ptr<const cache::ChunkBuffer>> in_flight_;
  updates::PublishedPtr published_;  // null: nothing was, when the fill began
  bool checking_ = false;            // the bytes are checked by what is published of them
  bool check_passed_ = false;
  bool deciding_ = false;             // the checker has been asked for its verdict
  ContentChecker::Chunks held_back_;  // in flight, and not shown to anybody before the verdict
  std::set<std::uint32_t> needs_;
  Timer patience_;  // of those who wait for an answer that is gathered
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::map<ReaderId, ReaderEntry> readers_;                        // in order of joining
  std::map<LoopPort*, std::shared_ptr<std::atomic<bool>>> loops_;  // a wake is on its way
  std::uint64_t bytes_from_origin_ = 0;
  std::uint64_t unaccounted_ = 0;
  WallTime asked_at_;
  WallTime started_;
};

}  // namespace larder::proxy
