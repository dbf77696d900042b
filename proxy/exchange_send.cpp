// SPDX-License-Identifier: MIT
// The body of an answer, piece by piece: from the store's map, from a chunk in flight, or by waiting for either.
#include <spdlog/spdlog.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <functional>

#include "proxy/exchange.h"
#include "proxy/fill_desk.h"

namespace larder::proxy {
namespace {

// Sent to one client before the others of the loop have their turn: a thousand that come at once see their first bytes
// within the time half a GiB takes to copy.
constexpr std::uint64_t kTurnBytes = cache::kChunkBytes / 2;
// Times an answer may find a chunk gone from the store and have it fetched again.
constexpr int kRepairs = 8;

}  // namespace

void Exchange::on_writable() {
  if (done_ || !blocked_) return;
  blocked_ = false;
  pump();
}

void Exchange::pump() {
  if (pumping_ || done_ || !answered_ || connection_.closing()) return;
  pumping_ = true;
  turn_bytes_ = 0;
  Step step = Step::sent;
  while (pieces_left() && step == Step::sent) {
    step = send_piece(pieces_[piece_]);
    if (step == Step::sent) ++piece_;
  }
  if (!pieces_left()) {
    if (!pieces_.empty()) loop_.keep_spare_text(std::move(pieces_.front().text));
    pieces_.clear();
    piece_ = 0;
  }
  pumping_ = false;
  if (step == Step::blocked) {
    blocked_ = true;
    connection_.when_writable();
  } else if (step == Step::dead) {
    cut("the client is gone");
  } else if (step == Step::broken) {
    if (!take_back()) cut(cut_reason_);
  } else if (step == Step::sent && (!passing_ || pass_ended_)) {
    finish();
  }
  if (passing_ && !done_) tell_taken();
}

Exchange::Step Exchange::send_piece(Piece& piece) {
  if (piece.range.first < piece.range.end) return document_ ? send_document(piece) : send_object(piece);
  return send_span(piece, {}, false);
}

// The piece's text, if any is left, and the bytes behind it, in one call to the kernel.
Exchange::Step Exchange::send_span(Piece& piece, std::span<const std::byte> bytes, bool more) {
  std::array<iovec, 2> parts{};
  int count = 0;
  if (!piece.text.empty()) parts.at(static_cast<std::size_t>(count++)) = {piece.text.data(), piece.text.size()};
  if (!bytes.empty()) {
    parts.at(static_cast<std::size_t>(count++)) = {const_cast<std::byte*>(bytes.data()), bytes.size()};
  }
  if (count == 0) return Step::sent;
  std::size_t sent = 0;
  const Connection::Sent outcome = connection_.send(parts.data(), count, more, sent);
  if (sent > 0) spoken_ = true;
  if (outcome == Connection::Sent::failed) return Step::dead;
  const std::size_t of_text = std::min(sent, piece.text.size());
  if (of_text == piece.text.size()) {
    piece.text.clear();
  } else {
    piece.text.erase(0, of_text);
  }
  const std::uint64_t of_body = sent - of_text;
  if (of_body > 0) {
    auto& ranges = record_.sent_ranges;
    if (!ranges.empty() && ranges.back().second == piece.range.first) {
      ranges.back().second += of_body;
    } else {
      ranges.emplace_back(piece.range.first, piece.range.first + of_body);
    }
    piece.range.first += of_body;
    record_.bytes_sent += of_body;
    turn_bytes_ += of_body;
  }
  return outcome == Connection::Sent::all ? Step::sent : Step::blocked;
}

Exchange::Step Exchange::send_object(Piece& piece) {
  while (piece.range.first < piece.range.end) {
    if (turn_bytes_ >= kTurnBytes) return Step::blocked;
    const Step step = send_chunk(piece, cache::chunk_of(piece.range.first));
    if (step != Step::sent) return step;
  }
  return Step::sent;
}

Exchange::Step Exchange::send_chunk(Piece& piece, cache::ChunkIndex chunk) {
  const std::uint64_t before = piece.range.first;
  std::uint64_t at = cache::chunk_start(chunk);
  const std::uint64_t chunk_end = at + cache::chunk_length(chunk, object_->size_bytes);
  Step step = Step::sent;
  const auto visit = [&](std::span<const std::byte> bytes) {
    const std::uint64_t start = at;
    at += bytes.size();
    if (step != Step::sent || piece.range.first >= at || piece.range.first >= piece.range.end) return;
    const std::uint64_t offset = piece.range.first - start;
    const std::uint64_t length = std::min({bytes.size() - offset, piece.range.end - piece.range.first, kTurnBytes});
    const bool more = length == bytes.size() - offset && at < std::min(chunk_end, piece.range.end);
    step = send_span(piece, bytes.subspan(offset, length), more);
  };
  switch (loop_.reader().read(object_->extent, chunk, object_->size_bytes, std::ref(visit))) {
    case cache::ChunkState::ready:
      if (step == Step::sent && piece.range.first == before) return broken("a stored chunk is shorter than its object");
      return step;
    case cache::ChunkState::cold:
      warm(chunk);
      return Step::waiting;
    case cache::ChunkState::missing:
      return send_in_flight(piece, chunk);
  }
  return Step::waiting;
}

void Exchange::warm(cache::ChunkIndex chunk) {
  if (warming_) return;
  warming_ = true;
  add(loop_.site.counters.chunks_cold);
  loop_.expect(id_, [this] {
    warming_ = false;
    if (!blocked_) pump();
  });
  loop_.site.pager.warm(object_->extent, chunk, object_->size_bytes, [&loop = loop_, id = id_](cache::ChunkState) {
    loop.thread.post([&loop, id] { loop.wake(id); });
  });
}

Exchange::Step Exchange::send_in_flight(Piece& piece, cache::ChunkIndex chunk) {
  const auto buffer = mirror_ ? mirror_->in_flight(chunk) : nullptr;
  if (!buffer) return chunk_missing(piece, chunk);
  const std::uint64_t offset = piece.range.first - cache::chunk_start(chunk);
  const std::span<const std::byte> have = buffer->bytes();
  if (have.size() > offset) {
    const std::uint64_t length = std::min<std::uint64_t>(have.size() - offset, piece.range.end - piece.range.first);
    return send_span(piece, have.subspan(offset, length), false);
  }
  if (!piece.text.empty()) {  // the head need not wait for the first byte
    const Step step = send_span(piece, {}, false);
    if (step != Step::sent) return step;
  }
  return mirror_->state() == FillState::filling ? Step::waiting : chunk_missing(piece, chunk);
}

Exchange::Step Exchange::chunk_missing(Piece& piece, cache::ChunkIndex chunk) {
  if (expecting_) return Step::waiting;
  if (mirror_) {
    switch (mirror_->state()) {
      case FillState::asking:
      case FillState::relaying:
        return Step::waiting;
      case FillState::filling:
        mirror_->need(chunk);
        return Step::waiting;
      case FillState::pass:
        return continue_by_pass(piece);
      case FillState::answered:
      case FillState::failed:
      case FillState::changed:
        return broken(mirror_->error().message);
      case FillState::finished:
        break;
    }
  }
  if (++repairs_ > kRepairs) return broken("a chunk of " + object_->url + " cannot be had");
  // A finished fill may have found the same bytes stored before: another extent, same object. Or the store lost a
  // chunk.
  cache::ObjectPtr now = mirror_ ? mirror_->object() : nullptr;
  if (!now || now->extent == object_->extent) now = loop_.reader().find(object_->url);
  if (now && now->etag == object_->etag && now->size_bytes == object_->size_bytes) {
    const bool moved = now->extent != object_->extent;
    object_ = now;
    use_ = cache::ExtentUse(loop_.site.store, object_->extent);
    if (moved) return Step::sent;
  }
  if (mirror_) leave_fill();
  join(false);
  return Step::waiting;
}

Exchange::Step Exchange::broken(std::string_view why) {
  cut_reason_ = why;
  return Step::broken;
}

void Exchange::finish() {
  done_ = true;
  record_.complete = true;
  write_record();
  // The connection may be quiet for long; the object need not be kept for it.
  use_ = {};
  if (mirror_) mirror_->unwatch(*this);
  mirror_ = nullptr;
  object_ = nullptr;
  connection_.finished(keep_);
}

// An answer of which nothing has been sent is none: the client is told what is so now. True when that was done.
bool Exchange::take_back() {
  if (spoken_ || passing_ || !mirror_) return false;
  const FillState state = mirror_->state();
  if (state != FillState::changed && state != FillState::failed && state != FillState::pass) return false;
  answered_ = false;
  pieces_.clear();
  piece_ = 0;
  record_.status = 0;
  record_.bytes_asked = 0;
  on_fill_before_answer();
  return true;
}

// A clean end would make half an object look whole.
void Exchange::cut(std::string_view why) {
  if (done_) return;
  done_ = true;
  spdlog::info("{}: cut off after {} of {} bytes: {}", asked_ ? target().url.key : "", record_.bytes_sent,
               record_.bytes_asked, why);
  if (record_.answered != reports::Answered::refused) add(loop_.site.counters.requests_failed);
  write_record();
  connection_.cut();
}

void Exchange::write_record() {
  if (recorded_) return;
  recorded_ = true;
  Counters& counters = loop_.site.counters;
  const SteadyTime ended = record_.complete ? connection_.last_progress() : loop_.site.clock.steady();
  record_.duration = std::chrono::duration_cast<std::chrono::microseconds>(ended - began_);
  add(counters.bytes_sent, record_.bytes_sent);
  if (record_.status >= 400 || !asked_) {
    add(counters.bytes_sent_beside, record_.bytes_sent - std::min(record_.bytes_sent, record_.bytes_from_origin));
  }
  switch (record_.answered) {
    case reports::Answered::hit:
      add(counters.requests_hit);
      break;
    case reports::Answered::joined:
      add(counters.requests_joined);
      break;
    case reports::Answered::miss:
      add(counters.requests_miss);
      break;
    case reports::Answered::stale:
      add(counters.requests_stale);
      break;
    case reports::Answered::pass:
      add(counters.requests_pass);
      break;
    case reports::Answered::refused:
      add(counters.requests_refused);
      break;
    case reports::Answered::failed:
      add(counters.requests_failed);
      break;
  }
  if (asked_) {
    record_.token = target().token;
    record_.token_from = target().token_from;
    record_.system = reports::system_said(*agent_);
    record_.subject = loop_.understand_again(asked_)->subject;
  } else if (record_.answered != reports::Answered::refused && !tell_ledger_) {
    return;  // a helper: nothing was fetched
  }
  if (!has_reader_) {
    loop_.record(std::move(record_));
    return;
  }
  loop_.site.origin_thread.post(
      [&site = loop_.site, id = id_, record = std::move(record_)] { site.fills.leave(id, record); });
}

}  // namespace larder::proxy
