// SPDX-License-Identifier: MIT
// Loads a ledger with N synthetic fetches of D devices (fleet.h) and times its writing and its reports:
//   ledger_load DIRECTORY FETCHES DEVICES
// Prints the rate of writing with fetches spread like that, the rate when few devices repeat few URLs, bytes on disk a
// fetch, how long opening takes, and the median and 99th percentile of each report in milliseconds, by the wall and of
// this thread's CPU.
#include <sys/resource.h>
#include <time.h>  // clock_gettime

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/text.h"
#include "fleet.h"
#include "reports/ledger.h"
#include "reports/neighbours.h"

namespace {

using namespace larder;           // NOLINT(google-build-using-namespace): a program of one page
using namespace larder::bench;    // NOLINT(google-build-using-namespace)
using namespace larder::reports;  // NOLINT(google-build-using-namespace)
using Real = std::chrono::steady_clock;

constexpr std::size_t kBatch = 64;

double seconds_since(Real::time_point start) {
  return std::chrono::duration<double>(Real::now() - start).count();
}

// Of this thread: what a report costs whatever else the machine does.
double thread_cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

// Keeps the inbox from overflowing by flushing now and then; making the records is not counted.
void load(Ledger& ledger, Fleet& fleet, std::uint64_t fetches, const char* what) {
  constexpr std::uint64_t kAtOnce = 200'000;
  double writing = 0;
  double cpu = 0;
  for (std::uint64_t done = 0; done < fetches;) {
    std::vector<std::vector<FetchRecord>> batches;
    for (std::uint64_t i = 0; i < kAtOnce && done < fetches; i += kBatch, done += kBatch) {
      batches.emplace_back();
      for (std::size_t k = 0; k < kBatch; ++k) batches.back().push_back(fleet.next().record);
    }
    const auto start = Real::now();
    const double cpu_start = cpu_seconds();
    for (auto& batch : batches) ledger.record(std::move(batch));
    ledger.flush();
    writing += seconds_since(start);
    cpu += cpu_seconds() - cpu_start;
  }
  std::printf("%-34s %9.0f fetches/s   %.2f us CPU a fetch\n", what, static_cast<double>(fetches) / writing,
              cpu * 1e6 / static_cast<double>(fetches));
}

double at_percent(std::vector<double>& took, std::size_t percent) {
  std::sort(took.begin(), took.end());
  return took[took.size() * percent / 100] * 1e3;
}

void time_report(const char* what, int times, const std::function<bool()>& report) {
  std::vector<double> took;
  std::vector<double> cpu;
  for (int i = 0; i < times; ++i) {
    const auto start = Real::now();
    const double cpu_start = thread_cpu_seconds();
    if (!report()) std::printf("%s failed\n", what);
    cpu.push_back(thread_cpu_seconds() - cpu_start);
    took.push_back(seconds_since(start));
  }
  std::printf("%-30s p50 %8.2f ms   p99 %8.2f ms   CPU p50 %7.2f ms   p99 %7.2f ms\n", what, at_percent(took, 50),
              at_percent(took, 99), at_percent(cpu, 50), at_percent(cpu, 99));
}

Filter window(std::mt19937_64& random) {
  Filter filter;
  const auto from = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(kSpanUs));
  const auto length = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(kSpanUs - from));
  filter.from = WallTime(std::chrono::microseconds(kBeginUs + from));
  filter.to = WallTime(std::chrono::microseconds(kBeginUs + from + length));
  return filter;
}

// Of lagging, the page that is full at once, and the look at all devices that finds none.
void time_rarer_reports(Ledger& ledger, int times, const Filter& window) {
  Filter product = window;
  product.product = "Product 7";
  time_report("window: places", times, [&] { return ledger.places(window).has_value(); });
  time_report("window: problems", times, [&] { return ledger.troubles(window).has_value(); });
  time_report("window: fetches", times, [&] { return ledger.fetches(window).has_value(); });
  time_report("product: adoption", times, [&] { return ledger.adoption(product).has_value(); });
  time_report("product: spread", times, [&] { return ledger.spread(product).has_value(); });
  time_report("lagging: the first page", times, [&] { return ledger.lagging({}, {}).has_value(); });
  std::vector<KnownRelease> old;
  for (std::uint64_t i = 0; i < kProducts; ++i) old.push_back({product_of(i), "0.0", {}});
  time_report("lagging: nobody does", times, [&] {
    const auto page = ledger.lagging({}, old);
    return page.has_value() && page.value().items.empty();
  });
}

void time_reports(Ledger& ledger, std::uint64_t devices) {
  std::mt19937_64 random(2);
  constexpr int kTimes = 100;
  const auto some_device = [&] { return device_id(random() % devices); };
  const auto with = [&](const char* what, const std::function<Filter()>& filter) {
    const std::string name(what);
    time_report((name + " summary").c_str(), kTimes, [&] { return ledger.summary(filter()).has_value(); });
    time_report((name + " versions").c_str(), kTimes, [&] { return ledger.versions(filter()).has_value(); });
    time_report((name + " devices").c_str(), kTimes, [&] { return ledger.devices(filter()).has_value(); });
    time_report((name + " traffic").c_str(), kTimes, [&] { return ledger.traffic(filter()).has_value(); });
  };
  with("all:", [] { return Filter{}; });
  with("window:", [&] { return window(random); });
  with("product:", [] {
    Filter filter;
    filter.product = "Product 7";
    return filter;
  });
  with("window and product:", [&] {
    Filter filter = window(random);
    filter.product = "Product " + std::to_string(random() % 40);
    return filter;
  });
  with("window and device:", [&] {
    Filter filter = window(random);
    filter.device = some_device();
    return filter;
  });
  time_rarer_reports(ledger, kTimes, window(random));
  time_report("device detail", kTimes, [&] {
    const auto detail = ledger.device(some_device());
    return detail.has_value() || detail.error().kind == ErrorKind::not_found;
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv, argv + argc);
  const auto fetches = argc == 4 ? parse_decimal(arguments[2]) : std::nullopt;
  const auto devices = argc == 4 ? parse_decimal(arguments[3]) : std::nullopt;
  if (!fetches || !devices || *fetches == 0 || *devices == 0) {
    std::fprintf(stderr, "usage: ledger_load DIRECTORY FETCHES DEVICES\n");
    return 2;
  }
  const SystemClock clock;
  const std::filesystem::path path = arguments[1];
  auto opened = Ledger::open({path, {}}, clock, nullptr);
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().message.c_str());
    return 1;
  }
  std::unique_ptr<Ledger> ledger = std::move(opened).value();
  Fleet fleet(*fetches, *devices);
  load(*ledger, fleet, *fetches, "writing, spread");
  const auto size = std::filesystem::file_size(path / "data.mdb");
  std::printf("%-34s %9.1f bytes a fetch\n", "on disk", static_cast<double>(size) / static_cast<double>(fleet.made()));
  time_reports(*ledger, *devices);
  ledger.reset();
  const auto start = Real::now();
  ledger = Ledger::open({path, {}}, clock, nullptr).value();
  std::printf("%-34s %9.3f s\n", "opened again in", seconds_since(start));
  fleet.repeat();
  load(*ledger, fleet, std::min<std::uint64_t>(*fetches, 400'000), "writing, repeated");
  return 0;
}
