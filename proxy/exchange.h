// SPDX-License-Identifier: MIT
// Exchange: one request and its answer. Its steps, in order, are those of docs/day-of-a-request.md: classify, look up,
// join or pass, answer, send, record.
//
// The answer's bytes come from the store's map, from a chunk in flight, or from a pass; whichever it is, nothing is
// kept between turns but a position. Once the head has been sent, the bytes are those of object_ or the connection is
// cut. Threads: belongs to one loop.
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/object.h"
#include "cache/reader.h"
#include "proxy/connection.h"
#include "proxy/entrance.h"
#include "proxy/fill.h"
#include "proxy/fill_mirror.h"
#include "proxy/known_heads.h"
#include "proxy/loop.h"
#include "proxy/pass_desk.h"
#include "proxy/planned_answer.h"
#include "proxy/range.h"
#include "proxy/relay.h"
#include "proxy/request_head.h"
#include "reports/ledger.h"
#include "updates/mau_set.h"

namespace larder::proxy {

struct MauAnswer;
struct SelfTest;

class Exchange final : public FillWatcher, public PassListener {
 public:
  // `head` and the bytes `raw` it looks at are the connection's; outlive_turn() makes them this exchange's own.
  Exchange(Connection& connection, const RequestHead& head, std::string_view raw);
  Exchange(Connection& connection, KnownHeadPtr known);
  explicit Exchange(Connection& connection);  // only to refuse what is no request
  ~Exchange() override;

  // To be called before the connection's buffer changes and others have their turn.
  void outlive_turn();
  // Whether it is refused whatever its body is.
  bool is_refused_by_head() const;
  // Its body is not waited for, and so nothing behind it is a request.
  void close_afterwards() { keep_ = false; }
  void give_body(std::string body) { body_ = std::move(body); }
  void begin();
  void refuse_and_close(int status, const std::string& reason);
  void on_writable();

  // Whether the next step is the client's: it has bytes to take.
  bool waits_for_client() const { return blocked_; }

  void on_fill() override;
  void on_interim(const WholeAnswer& answer) override { send_interim(answer.status, answer.fields); }
  void on_pass_interim(const OriginAnswer& answer) override { send_interim(answer.status, answer.kept); }
  void on_pass_head(const OriginAnswer& answer) override;
  void on_pass_body(std::string bytes) override;
  void on_pass_end(const Status& status) override;

 private:
  // A piece of the answer: literal bytes, then bytes of the object.
  struct Piece {
    std::string text;
    ByteRange range;  // empty when first == end
  };
  enum class Step { sent, blocked, waiting, dead, broken };
  enum class FillReason { missing, stale };
  // Why what is stored does not answer this request (RFC 9211 2.2).
  enum class Forwarded { miss, vary_miss, stale, request, partial };

  // ---- from the request to an answer (exchange.cpp) ----
  void note_words();
  void classify_request();
  void remember(const AskedPtr& asked);
  bool admitted();
  void begin_fetch(AskedPtr asked);
  const FetchTarget& target() const { return asked_->target; }
  void look_up();
  void use_what_is_held();
  void answer_held(cache::Use use);
  bool selects(const cache::Object& object);
  void take_other_variant();
  cache::RequestDirectives directives() const;
  std::shared_ptr<const StandardAsk> standard_ask() const;
  cache::SaysOfField says_of_fields() const;
  FillOrder fill_order(FillReason reason) const;
  void join(bool validate);
  void joined(const std::shared_ptr<FillMirror>& mirror, Joining joining);
  void leave_fill();
  void on_fill_before_answer();
  bool follow();
  bool take_back();
  bool wanted_is_held(const cache::Object& object);
  Want first_want() const;

  // ---- there is no object (exchange_failure.cpp) ----
  void origin_failed(const Error& error);
  void ask_when_to_retry(const Error& error);
  void answer_failure(const Error& error, std::chrono::seconds rest);
  void relay(const WholeAnswer& answer);

  // ---- another request's answer (exchange_confirm.cpp) ----
  bool needs_confirmation() const;
  void ask_for_confirmation();
  bool takes_confirmation(const OriginAnswer& answer);
  void confirmation_ended(const Status& status);

  // ---- a file of the update cache (exchange_mau.cpp) ----
  void begin_update_cache();
  void ask_for_manifest(std::string app_id);
  void manifest_answered(const MauAnswer& answer);
  void begin_package();
  void next_candidate();
  void take_candidate();
  Step send_document(Piece& piece);

  // ---- the answer's head (exchange_answer.cpp) ----
  void answer_object(std::string_view cache_status);
  PlannedAnswer plan_answer();
  void begin_planned(const PlannedAnswer& planned, std::string_view cache_status);
  void answer_text(int status, std::string_view text, std::string_view type,
                   const std::vector<std::pair<std::string, std::string>>& extra = {});
  std::string_view why_forwarded() const;
  std::string told_of_fill() const;
  ClientAnswer::Connection connection_field() const;
  void send_interim(int status, const cache::Fields& fields);
  void send_to_vendor();
  void begin_sending(std::string head);
  bool pieces_left() const { return piece_ < pieces_.size(); }
  void add_object_pieces(const RangeSet& set);

  // ---- the answer's body (exchange_send.cpp) ----
  void pump();
  Step send_piece(Piece& piece);
  Step send_object(Piece& piece);
  Step send_chunk(Piece& piece, cache::ChunkIndex chunk);
  void warm(cache::ChunkIndex chunk);
  Step send_in_flight(Piece& piece, cache::ChunkIndex chunk);
  Step chunk_missing(Piece& piece, cache::ChunkIndex chunk);
  Step send_span(Piece& piece, std::span<const std::byte> bytes, bool more);
  Step continue_by_pass(Piece& piece);
  Step broken(std::string_view why);
  void finish();
  void cut(std::string_view why);
  void write_record();

  // ---- Larder's own (exchange_helper.cpp) ----
  void helper(const Helper& helper);
  std::optional<config::Endpoint> plain_endpoint() const;
  std::optional<config::Endpoint> named_endpoint() const;
  void answer_pac();
  void answer_locate();
  void begin_tunnel(const Connect& connect);

  // ---- the self-test (exchange_self_test.cpp) ----
  void begin_self_test(const Helper& helper);
  void answer_self_test(const SelfTest& test, bool json);
  bool tells_stranger();

  // ---- a method other than GET and HEAD (exchange_method.cpp) ----
  bool came_back();
  void begin_method();
  void answer_own_method(std::string_view allowed = "GET, HEAD, OPTIONS");
  void answer_final_method();
  std::optional<std::uint64_t> forwards_left() const;

  // ---- a request passed through (exchange_pass.cpp) ----
  void begin_pass();
  void begin_pass_at(const updates::Url& url, std::vector<std::string> fields, std::string method);
  std::vector<std::string> fields_to_forward() const;
  bool has_body(const OriginAnswer& answer) const;
  void note_pass(const OriginAnswer& answer);
  void answer_pass_after(const OriginAnswer& answer, const std::function<void(std::function<void()>)>& change);
  std::string told_of_pass() const;
  void answer_pass(const OriginAnswer& answer);
  void tell_taken();
  void take_back_pass();
  void drop_pass();

  // ---- an answer of unknown length, from a fill (exchange_relay.cpp) ----
  void begin_relay();
  bool takes(const Relay::Terms& terms) const;
  OriginAnswer relayed_head(const OriginAnswer& answer) const;
  void relay_came_whole();

  Connection& connection_;
  Loop& loop_;
  const ReaderId id_;
  KnownHeadPtr known_;       // null: nothing is remembered of this head
  const RequestHead* head_;  // known_'s, or the connection's
  std::string_view raw_;     // the connection's
  std::string body_;
  bool keep_ = false;
  bool in_first_turn_ = true;

  // What is asked for.
  AskedPtr asked_;
  AgentPtr agent_;
  std::vector<updates::CanonicalUrl> candidates_;  // places of an update-cache file still to try
  std::optional<updates::Url> listed_at_;          // where a catalogue says the file is
  bool asked_catalogues_ = false;
  bool asked_manifests_ = false;
  bool asked_devices_ = false;
  updates::MauBytes document_;  // object_'s bytes where they lie in memory: a published manifest
  std::optional<std::vector<RangeSpec>> ranges_;

  // Where it comes from.
  std::string key_;  // the URL's, or that of the variant this request selects
  int other_variants_ = 0;
  Forwarded forwarded_ = Forwarded::miss;
  cache::ObjectPtr object_;
  cache::ExtentUse use_;  // none while the answer is still in its first turn
  std::shared_ptr<FillMirror> mirror_;
  bool expecting_ = false;   // a join is on its way
  bool has_reader_ = false;  // the fill desk knows this exchange and must be told when it leaves
  bool passing_ = false;
  std::shared_ptr<Relay> relay_;              // what passes is a fill's; null: it is this request's own
  bool confirming_ = false;                   // the pass asks whether object_ may be used
  std::optional<cache::ExtentId> confirmed_;  // by the origin, to this request
  std::optional<ByteRange> continuing_;       // the pass goes on in the middle of object_: what is still to come
  bool failing_ = false;                      // its origin has, and the client is about to be told
  bool warming_ = false;
  int restarts_ = 0;
  int repairs_ = 0;

  // The answer.
  boost::container::small_vector<Piece, 1> pieces_;
  std::vector<Piece> after_pass_;  // of several ranges, those behind the one that is passed through
  std::size_t piece_ = 0;          // the one being sent; those before it are done
  std::string interim_unsent_;     // of interim answers: the socket was full
  bool answered_ = false;
  bool spoken_ = false;  // the client has got some of the answer
  bool pass_chunked_ = false;
  bool pass_ended_ = false;
  bool unmaking_ = false;         // what is stored of this URL is being changed; the answer waits
  std::size_t pass_untaken_ = 0;  // body bytes the pass desk believes are still here
  std::uint64_t turn_bytes_ = 0;
  std::string cut_reason_;
  bool blocked_ = false;
  bool pumping_ = false;
  bool done_ = false;

  reports::FetchRecord record_;
  SteadyTime began_;
  bool recorded_ = false;
  bool tell_ledger_ = false;  // though nothing was fetched: it names a device
};

}  // namespace larder::proxy
