// SPDX-License-Identifier: MIT
#include "reports/ledger_writer.h"

#include <algorithm>

#include "base/limits.h"
#include "base/thread.h"
#include "reports/retention.h"

namespace larder::reports {
namespace {

using std::chrono::milliseconds;
using Real = std::chrono::steady_clock;

// A fetch waits this long for company, so that one commit serves many. With the turn's budget and the commit itself the
// sum stays well under the second that is promised.
constexpr milliseconds kGather{300};
// So many do not wait.
constexpr std::size_t kCrowd = 32768;
// A turn stops posting after this long and commits.
constexpr milliseconds kTurnBudget{250};
constexpr std::size_t kClockEvery = 512;  // posts between looks at the clock
constexpr milliseconds kTryAgain{500};
constexpr milliseconds kRetentionEvery{60'000};
constexpr milliseconds kRetentionSoon{50};  // when a step left some over

}  // namespace

LedgerWriter::LedgerWriter(LedgerOptions options, const Clock& clock, std::unique_ptr<Neighbours> neighbours,
                           std::unique_ptr<Environment> environment, std::vector<std::string> set_aside)
    : options_(std::move(options)),
      clock_(clock),
      set_aside_(std::move(set_aside)),
      books_(std::move(neighbours)),
      environment_(std::move(environment)) {
  {
    const ReadTxn txn(*environment_);
    dropped_ = txn.number(kMetaDropped);
    fetches_ = txn.entries(Table::fetches);
  }
  thread_ = std::thread([this] { run(); });
}

LedgerWriter::~LedgerWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  thread_.join();
}

void LedgerWriter::record(std::vector<FetchRecord> fetches) {
  if (fetches.empty()) return;
  const std::lock_guard lock(mutex_);
  const std::size_t room = stopping_ ? 0 : limits::kLedgerInbox - std::min(waiting_, limits::kLedgerInbox);
  if (fetches.size() > room) {
    dropped_ += fetches.size() - room;
    fetches.resize(room);
    if (room == 0) return;
  }
  const bool was_quiet = inbox_.empty();
  if (was_quiet) oldest_ = Real::now();
  const bool was_crowd = waiting_ >= kCrowd;
  waiting_ += fetches.size();
  accepted_ += fetches.size();
  inbox_.push_back(std::move(fetches));
  if (was_quiet || (!was_crowd && waiting_ >= kCrowd)) wake_.notify_one();
}

void LedgerWriter::flush() {
  std::unique_lock lock(mutex_);
  const std::uint64_t wanted = accepted_;
  const std::uint64_t turns = turns_;
  const std::uint64_t failures = failures_;
  flush_wanted_ = true;
  wake_.notify_one();
  turned_.wait(lock, [&] {
    const bool done = durable_ >= wanted && turns_ > turns;
    if (!done && turns_ > turns) {
      flush_wanted_ = true;
      wake_.notify_one();
    }
    return done || failures_ > failures || stopping_;
  });
}

Ledger::LedgerStatus LedgerWriter::status() const {
  const std::lock_guard lock(mutex_);
  return {fetches_, dropped_, broken_, set_aside_};
}

void LedgerWriter::run() {
  name_this_thread("ledger");
  retention_at_ = Real::now();
  while (wait_for_work()) turn();
}

// When the next turn is due though nobody asks for one. The mutex is held.
SteadyTime LedgerWriter::next_deadline() const {
  if (!pending_.empty()) return try_again_;
  if (inbox_.empty()) return retention_at_;
  return waiting_ >= kCrowd ? SteadyTime::min() : std::min(oldest_ + kGather, retention_at_);
}

bool LedgerWriter::wait_for_work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stopping_ && (waiting_ == 0 || (!pending_.empty() && !broken_.empty()))) return false;
    const SteadyTime deadline = next_deadline();
    if (stopping_ || flush_wanted_ || Real::now() >= deadline) break;
    wake_.wait_until(lock, deadline);
  }
  flush_wanted_ = false;
  while (!inbox_.empty()) {
    pending_.push_back(std::move(inbox_.front()));
    inbox_.pop_front();
  }
  return true;
}

void LedgerWriter::turn() {
  if (!environment_) repair(0);
  settle(environment_ ? attempt() : Attempt{MDB_INVALID, 0});
}

LedgerWriter::Attempt LedgerWriter::attempt() {
  WriteTxn txn(*environment_);
  const std::size_t posted = txn.failure() == 0 ? post_waiting(txn) : 0;
  const bool old_ones_due = Real::now() >= retention_at_ || posted > 0;
  std::size_t old_ones = 0;
  if (old_ones_due) old_ones = drop_old_fetches(txn, clock_.now(), options_.retention);
  if (old_ones_due) retention_at_ = Real::now() + (old_ones == kRetentionStep ? kRetentionSoon : kRetentionEvery);
  const std::uint64_t dropped = dropped_;
  if (dropped != dropped_before_) txn.set_number(kMetaDropped, dropped);
  const std::uint64_t held = txn.entries(Table::fetches);
  const bool nothing_changed = posted == 0 && old_ones == 0 && dropped == dropped_before_;
  const int code = nothing_changed ? txn.failure() : std::move(txn).commit();
  if (code == 0) {
    fetches_ = held;
    dropped_before_ = dropped;
  }
  return {code, posted};
}

std::size_t LedgerWriter::post_waiting(WriteTxn& txn) {
  if (pending_.empty()) return 0;
  const SteadyTime enough = Real::now() + kTurnBudget;
  books_.begin(txn, clock_.steady());
  std::size_t posted = 0;
  std::size_t from = first_posted_;
  for (const Batch& batch : pending_) {
    for (std::size_t i = from; i < batch.size(); ++i) {
      books_.post(batch[i]);
      if (++posted % kClockEvery == 0 && Real::now() >= enough) {
        books_.finish();
        return posted;
      }
    }
    from = 0;
  }
  books_.finish();
  return posted;
}

void LedgerWriter::settle(const Attempt& attempt) {
  const auto& [code, posted] = attempt;
  if (code == 0) {
    forget_posted(posted);
  } else {
    books_.forget();
    if (is_damage(code) && environment_) repair(code);
    try_again_ = Real::now() + kTryAgain;
  }
  const std::lock_guard lock(mutex_);
  ++turns_;
  if (code == 0) {
    waiting_ -= posted;
    durable_ += posted;
    broken_.clear();
  } else {
    ++failures_;
    broken_ = ledger_error("writing the ledger in " + options_.path.string(), code).message;
  }
  turned_.notify_all();
}

void LedgerWriter::forget_posted(std::size_t posted) {
  first_posted_ += posted;
  while (!pending_.empty() && first_posted_ >= pending_.front().size()) {
    first_posted_ -= pending_.front().size();
    pending_.pop_front();
  }
  try_again_ = Real::now();
}

// A panic means that LMDB could not write its head; opening anew cures it when the disk allows. 0: the last repair
// found no way to open.
void LedgerWriter::repair(int code) {
  const std::unique_lock alone(environment_mutex_);
  environment_.reset();
  releases_.forget();
  std::vector<std::string> set_aside;
  const Damage damage = code == MDB_PANIC || code == 0 ? Damage::unknown : Damage::certain;
  auto opened = Environment::open(options_.path, clock_, set_aside, damage);
  if (opened) environment_ = std::move(opened).value();
  const std::lock_guard lock(mutex_);
  set_aside_.insert(set_aside_.end(), set_aside.begin(), set_aside.end());
}

}  // namespace larder::reports
