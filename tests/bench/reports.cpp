// SPDX-License-Identifier: MIT
// bench_reports: the same fetches in Larder's ledger, SQLite and PostgreSQL, the same questions asked of them in turn.
//   bench_reports --directory DIRECTORY --postgres CONNECTION [--fetches N] [--devices N] [--rounds N] [--asks N]
// Answers must be equal, row by row: a difference is printed and ends the program with 1. reports.py starts PostgreSQL.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <map>
#include <set>

#include "ledger_contestant.h"

namespace larder::bench {

void give_up(const std::string& what) {
  std::fprintf(stderr, "bench_reports: %s\n", what.c_str());
  std::exit(1);
}

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Options {
  std::string directory, postgres;
  std::uint64_t fetches = 200'000, devices = 2'000;
  int rounds = 3, asks = 100;
};

constexpr std::array<const char*, kQuestions> kNames{"summary of a month", "versions of a product",
                                                     "devices of a month", "one device",
                                                     "traffic of a day",   "lagging devices"};

// ---- loading ----

struct Loaded {
  double rows = 0, finish = 0, sums = 0;  // seconds
  std::uint64_t bytes = 0, bytes_with_sums = 0;
};

// Makes the fetches once and gives each batch to all.
std::vector<Loaded> load(const Options& options, const std::vector<Database*>& databases,
                         std::set<std::uint64_t>& seen) {
  constexpr std::uint64_t kAtOnce = 100'000;
  std::vector<Loaded> loaded(databases.size());
  Fleet fleet(options.fetches, options.devices);
  std::vector<Fetch> batch;
  while (fleet.made() < options.fetches) {
    batch.clear();
    while (batch.size() < kAtOnce && fleet.made() < options.fetches) batch.push_back(fleet.next());
    for (const Fetch& fetch : batch) seen.insert(fetch.device);
    for (std::size_t i = 0; i < databases.size(); ++i) {
      const auto start = Clock::now();
      databases[i]->load(batch);
      loaded[i].rows += seconds_since(start);
    }
  }
  for (std::size_t i = 0; i < databases.size(); ++i) {
    auto start = Clock::now();
    databases[i]->finish();
    loaded[i].finish = seconds_since(start);
    loaded[i].bytes = databases[i]->bytes();
    start = Clock::now();
    databases[i]->add_sums();
    loaded[i].sums = seconds_since(start);
    loaded[i].bytes_with_sums = databases[i]->bytes();
  }
  return loaded;
}

void show(const Options& options, const std::vector<Database*>& databases, const std::vector<Loaded>& loaded) {
  const auto fetches = static_cast<double>(options.fetches);
  std::printf("%-12s %14s %16s %16s %14s %16s\n", "", "fetches/s", "with indexes", "with sums too", "bytes/fetch",
              "with sums");
  for (std::size_t i = 0; i < databases.size(); ++i) {
    const Loaded& of = loaded[i];
    std::printf("%-12s %14.0f %16.0f %16.0f %14.1f %16.1f\n", std::string(databases[i]->name()).c_str(),
                fetches / of.rows, fetches / (of.rows + of.finish), fetches / (of.rows + of.finish + of.sums),
                static_cast<double>(of.bytes) / fetches, static_cast<double>(of.bytes_with_sums) / fetches);
  }
}

// ---- asking ----

// What is asked next: windows, products and devices by chance, pages one after the other.
class Inquirer {
 public:
  explicit Inquirer(const std::set<std::uint64_t>& devices) : devices_(devices.begin(), devices.end()) {}

  Asked next(Question question) {
    constexpr int kPages = 5;
    if (!last_.after || page_ >= kPages || last_.question != question) {
      last_ = {};
      page_ = 0;
      last_.question = question;
      last_.product = random_() % kProducts;
      last_.device = devices_[random_() % devices_.size()];
      const std::int64_t days = question == Question::traffic ? 1 : 30;
      const auto first = static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(kWholeDays - days));
      last_.from_us = (kFirstDay + first) * kDayUs;
      last_.to_us = last_.from_us + days * kDayUs;
    }
    ++page_;
    return last_;
  }

  // So that the next question can be for the page after this.
  void answered(const Rows& rows) {
    last_.after.reset();
    const bool paged = last_.question == Question::devices || last_.question == Question::lagging;
    if (!paged || rows.size() < static_cast<std::size_t>(kPageRows)) return;
    const std::string& id = rows.back();
    std::uint64_t device = 0;
    std::from_chars(id.data() + 3, id.data() + id.find('|'), device);
    last_.after = device - 1'000'000;
  }

 private:
  static constexpr std::int64_t kDayUs = 86'400'000'000;
  static constexpr std::int64_t kFirstDay = kBeginUs / kDayUs + 1;
  static constexpr std::int64_t kWholeDays = kSpanUs / kDayUs - 1;

  std::vector<std::uint64_t> devices_;
  Asked last_;
  int page_ = 0;
  std::mt19937_64 random_{2};
};

struct Taken {
  std::vector<double> of_round, all;  // ms
  std::vector<double> medians;        // of each round
  std::size_t rows = 0;               // of all answers
};

double at_percent(std::vector<double> values, std::size_t percent) {
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, values.size() * percent / 100)];
}

void compare(const Contestant& one, const Rows& rows, const Contestant& other, const Rows& others, const char* what) {
  if (rows == others) return;
  for (std::size_t i = 0; i < std::max(rows.size(), others.size()); ++i) {
    const std::string ours = i < rows.size() ? rows[i] : "(no row)";
    const std::string theirs = i < others.size() ? others[i] : "(no row)";
    if (ours == theirs) continue;
    give_up(std::string(what) + ", row " + std::to_string(i) + ": " + std::string(one.name()) + " says " + ours + ", " +
            std::string(other.name()) + " says " + theirs);
  }
}

// One round of one question: all are asked the same, one after the other. Who has taken too long already is not asked
// further.
void ask_all(Question question, int asks, Inquirer& inquirer, const std::vector<std::unique_ptr<Contestant>>& all,
             std::vector<Taken>& taken) {
  constexpr double kPatienceMs = 5'000;
  constexpr int kAtLeast = 10;
  std::vector<double> spent(all.size());
  for (Taken& each : taken) each.of_round.clear();
  for (int number = 0; number < asks; ++number) {
    const Asked asked = inquirer.next(question);
    Rows first;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i > 0 && number >= kAtLeast && spent[i] > kPatienceMs) continue;
      const auto start = Clock::now();
      Rows rows = all[i]->ask(asked);
      const double ms = seconds_since(start) * 1e3;
      spent[i] += ms;
      taken[i].of_round.push_back(ms);
      taken[i].all.push_back(ms);
      taken[i].rows += rows.size();
      if (i == 0) {
        first = std::move(rows);
      } else {
        compare(*all[0], first, *all[i], rows, kNames.at(static_cast<std::size_t>(question)));
      }
    }
    inquirer.answered(first);
  }
  for (Taken& each : taken) each.medians.push_back(at_percent(each.of_round, 50));
}

void show(const char* what, const std::vector<std::unique_ptr<Contestant>>& all, const std::vector<Taken>& taken) {
  std::printf("\n%s, %.0f rows\n", what, static_cast<double>(taken[0].rows) / static_cast<double>(taken[0].all.size()));
  const double ours = at_percent(taken[0].medians, 50);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Taken& of = taken[i];
    const double median = at_percent(of.medians, 50);
    std::printf("  %-18s p50 %9.2f ms [%.2f..%.2f]   p99 %9.2f ms   asked %4zu", std::string(all[i]->name()).c_str(),
                median, at_percent(of.medians, 0), at_percent(of.medians, 100), at_percent(of.all, 99), of.all.size());
    if (i > 0) std::printf("   Larder %.3f x", ours / median);
    std::printf("\n");
  }
}

void ask_everything(const Options& options, const std::vector<std::unique_ptr<Contestant>>& all,
                    const std::set<std::uint64_t>& seen) {
  Inquirer inquirer(seen);
  std::array<std::vector<Taken>, kQuestions> taken;
  taken.fill(std::vector<Taken>(all.size()));
  for (int round = 0; round < options.rounds; ++round) {
    for (std::size_t question = 0; question < kQuestions; ++question) {
      ask_all(static_cast<Question>(question), options.asks, inquirer, all, taken.at(question));
    }
  }
  for (std::size_t question = 0; question < kQuestions; ++question) {
    show(kNames.at(question), all, taken.at(question));
  }
}

int run(const Options& options) {
  const std::filesystem::path directory = options.directory;
  std::filesystem::create_directories(directory / "ledger");
  LedgerDatabase ledger(directory / "ledger");
  const auto sqlite = open_sqlite(directory / "sqlite");
  const auto postgres = open_postgres(options.postgres);
  // The ledger takes the records away, so it comes last.
  const std::vector<Database*> databases{sqlite.get(), postgres.get(), &ledger};
  std::set<std::uint64_t> seen;
  std::printf("%llu fetches of %zu devices\n", static_cast<unsigned long long>(options.fetches),
              static_cast<std::size_t>(options.devices));
  const auto loaded = load(options, databases, seen);
  show(options, databases, loaded);
  std::printf("\nthe ledger opens in");
  for (int i = 0; i < options.rounds; ++i) std::printf(" %.3f s", ledger.reopen());
  std::printf("\n");
  std::vector<std::unique_ptr<Contestant>> all;
  for (Database* database : {static_cast<Database*>(&ledger), sqlite.get(), postgres.get()}) {
    for (auto& contestant : database->contestants()) all.push_back(std::move(contestant));
  }
  ask_everything(options, all, seen);
  std::printf("\nall answers were equal\n");
  return 0;
}

}  // namespace
}  // namespace larder::bench

int main(int argc, char** argv) {
  larder::bench::Options options;
  CLI::App app("The same fetches and questions for Larder's ledger, SQLite and PostgreSQL");
  app.add_option("--directory", options.directory, "where the databases are made")->required();
  app.add_option("--postgres", options.postgres, "libpq's connection string")->required();
  app.add_option("--fetches", options.fetches)->check(CLI::Range(1'000ULL, 1'000'000'000ULL));
  app.add_option("--devices", options.devices)->check(CLI::Range(1ULL, 1'000'000ULL));
  app.add_option("--rounds", options.rounds)->check(CLI::Range(1, 100));
  app.add_option("--asks", options.asks, "questions of each kind a round")->check(CLI::Range(1, 100'000));
  CLI11_PARSE(app, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // a long run is watched through a pipe
  return larder::bench::run(options);
}
