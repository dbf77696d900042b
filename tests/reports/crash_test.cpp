// SPDX-License-Identifier: MIT
// A child process records until it is killed; then the parent opens what is left.
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <array>
#include <csignal>
#include <map>
#include <set>

#include "random_fetches.h"
#include "reports/environment.h"
#include "reports/rollup_format.h"

namespace larder::reports {
namespace {

using std::chrono::milliseconds;
using Real = std::chrono::steady_clock;

enum class Told : std::uint64_t { recorded, flushed };
struct Message {
  Told what;
  std::uint64_t number;  // of the last fetch
  std::int64_t time_ns;  // before it was handed over
};

// The same fetch for the same number, in every process. The number is its duration.
FetchRecord numbered_fetch(std::uint64_t number) {
  Chance chance(number);
  FetchRecord record = some_fetch(chance);
  record.duration = std::chrono::microseconds(number);
  return record;
}

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Real::now().time_since_epoch()).count();
}

[[noreturn]] void record_until_killed(const std::filesystem::path& path, std::uint64_t first, int pipe) {
  const SystemClock clock;
  const auto ledger = Ledger::open({path, {}}, clock, nullptr).value();
  for (std::uint64_t number = first, batch = 1;; ++batch) {
    const std::int64_t time_ns = now_ns();
    std::vector<FetchRecord> records;
    for (std::uint64_t end = number + 1 + batch % 20; number < end; ++number) records.push_back(numbered_fetch(number));
    ledger->record(std::move(records));
    const bool flushes = batch % 50 == 0;
    if (flushes) ledger->flush();
    const Message message{flushes ? Told::flushed : Told::recorded, number - 1, time_ns};
    if (write(pipe, &message, sizeof message) != sizeof message) _exit(1);
    usleep(2000);  // the pace of a busy site
  }
}

struct Outcome {
  std::uint64_t must_be_there = 0;  // up to and including this number; first - 1: none
  std::uint64_t last_told = 0;
};

Outcome run_and_kill(const std::filesystem::path& path, std::uint64_t first, milliseconds after) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) record_until_killed(path, first, ends[1]);
  close(ends[1]);
  const auto deadline = Real::now() + after;
  Outcome outcome{first - 1, first - 1};
  std::vector<Message> messages;
  bool killed = false;
  std::int64_t killed_ns = 0;
  for (Message message{};;) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Real::now()).count();
    pollfd waiting{ends[0], POLLIN, 0};
    if (!killed && (left <= 0 || poll(&waiting, 1, static_cast<int>(left)) == 0)) {
      killed_ns = now_ns();
      kill(child, SIGKILL);
      killed = true;
    }
    if (read(ends[0], &message, sizeof message) != sizeof message) break;
    messages.push_back(message);
  }
  close(ends[0]);
  waitpid(child, nullptr, 0);
  for (const Message& message : messages) {
    outcome.last_told = message.number;
    const bool old = killed_ns - message.time_ns > 1'000'000'000;
    if (message.what == Told::flushed || old) outcome.must_be_there = message.number;
  }
  return outcome;
}

// Numbers of the fetches held, in the order they were recorded.
std::vector<std::uint64_t> held_numbers(const std::filesystem::path& path) {
  const SystemClock clock;
  std::vector<std::string> set_aside;
  const auto environment = Environment::open(path, clock, set_aside).value();
  REQUIRE(set_aside.empty());
  const ReadTxn txn(*environment);
  std::map<std::uint32_t, std::uint64_t> by_sequence;
  Cursor cursor = txn.cursor(Table::fetches);
  for (bool at = cursor.first(); at; at = cursor.next()) {
    const auto key = FetchKey::from(cursor.key()).value();
    by_sequence[key.sequence] = decode_fetch(key, cursor.value()).value().duration_us;
  }
  std::vector<std::uint64_t> numbers;
  for (const auto& [sequence, number] : by_sequence) numbers.push_back(number);
  return numbers;
}

TEST_CASE("what was recorded a second before a kill, or flushed, is there, and totals equal the raw fetches") {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "ledger";
  const SystemClock clock;
  Chance chance(3);
  std::uint64_t first = 1;
  for (int round = 0; round < 20; ++round) {
    const Outcome outcome = run_and_kill(path, first, milliseconds(30 + chance.below(1300)));
    Ledger::open({path, {}}, clock, nullptr).value().reset();  // takes up what the journal holds, to its end
    const std::vector<std::uint64_t> numbers = held_numbers(path);
    const std::set<std::uint64_t> held(numbers.begin(), numbers.end());
    CHECK(held.size() == numbers.size());
    for (std::uint64_t number = first; number <= outcome.must_be_there; ++number) {
      if (!held.contains(number)) FAIL_CHECK("fetch " << number << " is lost in round " << round);
    }
    std::vector<FetchRecord> records;
    for (const std::uint64_t number : numbers) records.push_back(numbered_fetch(number));
    const auto ledger = Ledger::open({path, {}}, clock, nullptr).value();
    check_all(*ledger, records, {});
    check_all(*ledger, records, some_filter(chance));
    first = outcome.last_told + 100;  // beyond what the killed child may have recorded untold
  }
}

}  // namespace
}  // namespace larder::reports
