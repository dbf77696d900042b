// SPDX-License-Identifier: MIT
#include "reports/ledger_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "base/limits.h"
#include "base/thread.h"
#include "reports/client_names.h"
#include "reports/reckoning.h"
#include "reports/retention.h"

namespace larder::reports {
namespace {

using std::chrono::milliseconds;
using Real = std::chrono::steady_clock;

// The journal is written at most so often.
constexpr milliseconds kJournalEvery{20};
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

bool opens_for_writing(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

std::vector<config::Address> clients_of(const std::vector<Batch>& batches) {
  std::vector<config::Address> clients;
  for (const Batch& batch : batches) {
    for (const FetchRecord& fetch : batch.fetches) {
      if (fetch.entrance != Entrance::own) clients.push_back(fetch.client);
    }
  }
  std::sort(clients.begin(), clients.end(), [](const auto& a, const auto& b) { return a.bytes < b.bytes; });
  clients.erase(std::unique(clients.begin(), clients.end()), clients.end());
  return clients;
}

std::filesystem::path journal_of(std::filesystem::path ledger) {
  return ledger += "-journal";
}

}  // namespace

LedgerWriter::LedgerWriter(LedgerOptions options, const Clock& clock, std::unique_ptr<Neighbours> neighbours,
                           std::unique_ptr<Environment> environment, std::vector<std::string> set_aside)
    : options_(std::move(options)),
      clock_(clock),
      set_aside_(std::move(set_aside)),
      books_(std::move(neighbours), options_),
      environment_(std::move(environment)),
      journal_(journal_of(options_.path), ReadTxn(*environment_).number(kMetaJournal)) {
  {
    const ReadTxn txn(*environment_);
    dropped_ = txn.number(kMetaDropped);
    next_to_post_ = txn.number(kMetaJournal);
    fetches_ = txn.entries(Table::fetches);
  }
  for (Batch& batch : journal_.unposted()) {
    accepted_ += batch.fetches.size();
    waiting_ += batch.fetches.size();
    inbox_.push_back(std::move(batch));
  }
  if (const Status begun = journal_.begin(); !begun) journal_broken_ = begun.error().message;
  if (options_.names) options_.names->start([this] { hear_of_names(); });
  journal_thread_ = std::thread([this] { run_journal(); });
  thread_ = std::thread([this] { run_ledger(); });
}

LedgerWriter::~LedgerWriter() {
  {
    const std::lock_guard lock(mutex_);
    journal_stopping_ = true;
    arrived_.notify_all();
  }
  journal_thread_.join();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  thread_.join();
  if (options_.names) options_.names->stop();
  journal_.close();
  journal_.posted(next_to_post_);
}

void LedgerWriter::record(std::vector<FetchRecord> fetches) {
  if (fetches.empty()) return;
  const std::lock_guard lock(mutex_);
  const std::size_t room = journal_stopping_ ? 0 : limits::kLedgerInbox - std::min(waiting_, limits::kLedgerInbox);
  if (fetches.size() > room) {
    dropped_ += fetches.size() - room;
    fetches.resize(room);
    if (room == 0) return;
  }
  waiting_ += fetches.size();
  accepted_ += fetches.size();
  arrivals_.push_back({0, std::move(fetches)});
  if (arrivals_.size() == 1) arrived_.notify_one();
}

void LedgerWriter::flush() {
  std::unique_lock lock(mutex_);
  const std::uint64_t wanted = accepted_;
  const std::uint64_t turns = turns_;
  const std::uint64_t failures = failures_;
  ++flushing_;
  flush_wanted_ = true;
  arrived_.notify_one();
  wake_.notify_one();
  turned_.wait(lock, [&] {
    const bool done = durable_ >= wanted && turns_ > turns;
    if (!done && !inbox_.empty()) {
      flush_wanted_ = true;
      wake_.notify_one();
    }
    return done || failures_ > failures || stopping_;
  });
  --flushing_;
}

Status LedgerWriter::change(const std::function<void(WriteTxn&)>& change) {
  Change mine{&change, {}};
  std::unique_lock lock(mutex_);
  if (stopping_) return fail(ErrorKind::stopped, "Larder is stopping");
  changes_.push_back(&mine);
  wake_.notify_one();
  turned_.wait(lock, [&] { return mine.outcome.has_value(); });
  return *mine.outcome;
}

// Apart from the fetches, so that neither fails with the other.
void LedgerWriter::make_changes() {
  std::vector<Change*> changes;
  {
    const std::lock_guard lock(mutex_);
    changes.swap(changes_);
  }
  for (Change* change : changes) {
    Status outcome = fail(ErrorKind::storage_broken, "the ledger cannot be written; status says why");
    if (environment_ && !environment_->read_only()) {
      WriteTxn txn(*environment_);
      if (txn.failure() == 0) (*change->make)(txn);
      const int code = txn.failure() != 0 ? txn.failure() : std::move(txn).commit();
      books_.forget();
      foreseen_ = first_posted_;
      outcome = code == 0 ? ok() : Status(ledger_error("writing the ledger in " + options_.path.string(), code));
    }
    const std::lock_guard lock(mutex_);
    change->outcome = std::move(outcome);
    turned_.notify_all();
  }
}

Ledger::LedgerStatus LedgerWriter::status() const {
  const std::lock_guard lock(mutex_);
  return {fetches_, dropped_, broken_.empty() ? journal_broken_ : broken_, set_aside_};
}

void LedgerWriter::run_journal() {
  name_this_thread("journal");
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto something = [&] { return journal_stopping_ || !arrivals_.empty(); };
    if (journal_broken_.empty()) {
      arrived_.wait(lock, something);
    } else if (!arrived_.wait_for(lock, kTryAgain, something)) {
      lock.unlock();
      const Status begun = journal_.begin();
      lock.lock();
      journal_broken_ = begun ? "" : begun.error().message;
      continue;
    }
    if (arrivals_.empty()) return;
    std::vector<Batch> batches = std::exchange(arrivals_, {});
    lock.unlock();
    if (options_.names) options_.names->ask(clients_of(batches));
    const Status written = journal_.append(batches);
    lock.lock();
    journal_broken_ = written ? "" : written.error().message;
    const bool was_quiet = inbox_.empty();
    if (was_quiet) oldest_ = Real::now();
    std::ranges::move(batches, std::back_inserter(inbox_));
    if (flushing_ > 0) flush_wanted_ = true;
    if (was_quiet || flush_wanted_ || waiting_ >= kCrowd) wake_.notify_one();
    arrived_.wait_for(lock, kJournalEvery, [&] { return journal_stopping_ || flushing_ > 0; });
  }
}

void LedgerWriter::run_ledger() {
  name_this_thread("ledger");
  retention_at_ = Real::now();
  while (wait_for_work()) turn();
  make_changes();
}

void LedgerWriter::hear_of_names() {
  const std::lock_guard lock(mutex_);
  if (names_at_ != SteadyTime::max()) return;
  names_at_ = Real::now() + kGather;
  wake_.notify_one();
}

// When the next turn is due though nobody asks for one. The mutex is held.
SteadyTime LedgerWriter::next_deadline() const {
  if (!pending_.empty()) return try_again_;
  const SteadyTime anyhow = std::min(retention_at_, names_at_);
  if (inbox_.empty()) return anyhow;
  return waiting_ >= kCrowd ? SteadyTime::min() : std::min(oldest_ + kGather, anyhow);
}

bool LedgerWriter::wait_for_work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stopping_ && (waiting_ == 0 || (!pending_.empty() && !broken_.empty()))) return false;
    const SteadyTime deadline = next_deadline();
    if (stopping_ || flush_wanted_ || !changes_.empty() || Real::now() >= deadline) break;
    wake_.wait_until(lock, deadline);
  }
  flush_wanted_ = false;
  names_at_ = SteadyTime::max();
  while (!inbox_.empty()) {
    pending_.push_back(std::move(inbox_.front()));
    inbox_.pop_front();
  }
  return true;
}

void LedgerWriter::turn() {
  if (environment_ && environment_->read_only() && !opens_for_writing(options_.path / "data.mdb")) {
    settle({EROFS, {}});
    return make_changes();
  }
  if (!environment_ || environment_->read_only()) repair(0);
  settle(environment_ ? attempt() : Attempt{MDB_INVALID, {}});
  make_changes();
}

LedgerWriter::Attempt LedgerWriter::attempt() {
  WriteTxn txn(*environment_);
  const Posted posted = txn.failure() == 0 ? post_waiting(txn) : Posted{};
  if (posted.fetches > 0) txn.set_number(kMetaJournal, posted.next);
  const bool old_ones_due = Real::now() >= retention_at_ || posted.fetches > 0;
  std::size_t old_ones = 0;
  if (old_ones_due) old_ones = drop_old_fetches(txn, clock_.now(), options_.retention);
  if (old_ones_due) retention_at_ = Real::now() + (old_ones == kRetentionStep ? kRetentionSoon : kRetentionEvery);
  std::size_t forgotten = 0;
  if (Real::now() >= forget_at_) {
    forgotten = erase_unseen(txn, clock_.now(), options_.device_retention);
    forget_at_ = Real::now() + (forgotten == kForgottenStep ? kRetentionSoon : kRetentionEvery);
  }
  const std::uint64_t dropped = dropped_;
  if (dropped != dropped_before_) txn.set_number(kMetaDropped, dropped);
  const std::uint64_t held = txn.entries(Table::fetches);
  const bool nothing_changed = posted.fetches + posted.names + old_ones + forgotten == 0 && dropped == dropped_before_;
  const int code = nothing_changed ? txn.failure() : std::move(txn).commit();
  if (forgotten > 0) books_.forget();
  if (code == 0) {
    fetches_ = held;
    dropped_before_ = dropped;
  }
  return {code, posted};
}

LedgerWriter::Posted LedgerWriter::post_waiting(WriteTxn& txn) {
  Posted posted;
  const auto names = options_.names ? options_.names->take() : std::vector<ClientName>();
  posted.names = names.size();
  if (pending_.empty() && names.empty()) return posted;
  const SteadyTime enough = Real::now() + kTurnBudget;
  books_.begin(txn, clock_, names);
  foresee_waiting();
  std::size_t from = first_posted_;
  for (const Batch& batch : pending_) {
    for (std::size_t i = from; i < batch.fetches.size(); ++i) {
      books_.post(batch.fetches[i]);
      posted.next = batch.first_sequence + i + 1;
      if (++posted.fetches % kClockEvery == 0 && Real::now() >= enough) {
        books_.finish();
        return posted;
      }
    }
    from = 0;
  }
  books_.finish();
  return posted;
}

void LedgerWriter::foresee_waiting() {
  std::size_t place = 0;
  for (const Batch& batch : pending_) {
    for (const FetchRecord& fetch : batch.fetches) {
      if (place++ >= foreseen_) books_.foresee(fetch);
    }
  }
  foreseen_ = place;
}

void LedgerWriter::settle(const Attempt& attempt) {
  const auto& [code, posted] = attempt;
  if (code == 0) {
    forget_posted(posted.fetches);
    if (posted.fetches > 0) journal_.posted(next_to_post_ = posted.next);
  } else {
    books_.forget();
    foreseen_ = first_posted_;
    if (is_damage(code) && environment_) repair(code);
    try_again_ = Real::now() + kTryAgain;
  }
  const std::lock_guard lock(mutex_);
  ++turns_;
  if (code == 0) {
    waiting_ -= posted.fetches;
    durable_ += posted.fetches;
    broken_.clear();
  } else {
    ++failures_;
    broken_ = ledger_error("writing the ledger in " + options_.path.string(), code).message;
  }
  turned_.notify_all();
}

void LedgerWriter::forget_posted(std::size_t posted) {
  first_posted_ += posted;
  while (!pending_.empty() && first_posted_ >= pending_.front().fetches.size()) {
    first_posted_ -= pending_.front().fetches.size();
    foreseen_ -= std::min(foreseen_, pending_.front().fetches.size());
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
  inventory_.forget();
  std::vector<std::string> set_aside;
  const Damage damage = code == MDB_PANIC || code == 0 ? Damage::unknown : Damage::certain;
  auto opened = Environment::open(options_.path, clock_, set_aside, damage);
  if (opened && bring_up_to_date(**opened)) environment_ = std::move(opened).value();
  const std::lock_guard lock(mutex_);
  set_aside_.insert(set_aside_.end(), set_aside.begin(), set_aside.end());
}

}  // namespace larder::reports
