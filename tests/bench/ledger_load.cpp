// SPDX-License-Identifier: MIT
// Loads a ledger with N synthetic fetches of D devices over 400 days and times its writing and its reports:
//   ledger_load DIRECTORY FETCHES DEVICES
// One device in each hour or so fetches a handful of objects in pieces, as an update night does. Prints the rate of
// writing with fetches spread like that, the rate when few devices repeat few URLs, bytes on disk a fetch, and the
// median and 99th percentile of each report in milliseconds, by the wall and of this thread's CPU.
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
#include "reports/ledger.h"
#include "reports/neighbours.h"

namespace {

using namespace larder;           // NOLINT(google-build-using-namespace): a program of one page
using namespace larder::reports;  // NOLINT(google-build-using-namespace)
using Real = std::chrono::steady_clock;

constexpr std::int64_t kBeginUs = 1'750'000'000'000'000;
constexpr std::int64_t kSpanUs = 400LL * 86'400'000'000;
constexpr std::uint64_t kPiece = 8ULL << 20U;
constexpr std::size_t kBatch = 64;
constexpr std::size_t kUrls = 20000;

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

class Fleet {
 public:
  Fleet(std::uint64_t fetches, std::uint64_t devices) : fetches_(fetches), devices_(devices) {}

  FetchRecord next() {
    if (pieces_left_ == 0) begin_burst();
    --pieces_left_;
    FetchRecord record;
    time_us_ += step_us_;
    ++made_;
    record.time = WallTime(std::chrono::microseconds(time_us_));
    record.duration = std::chrono::milliseconds(80);
    record.client = config::Address::parse("10." + std::to_string(device_ >> 16U & 255U) + "." +
                                           std::to_string(device_ >> 8U & 255U) + "." + std::to_string(device_ & 255U))
                        .value();
    record.token = "C02" + std::to_string(1'000'000 + device_);
    record.system = {"macOS", "26." + std::to_string(device_ % 7), "", reports::SystemEvidence::darwin};
    record.entrance = url_ % 3 == 0 ? Entrance::update_cache : Entrance::content_cache;
    record.answered = random_() % 20 == 0 ? Answered::miss : Answered::hit;
    record.subject.edit().url = "http://updates.cdn.example/content/downloads/" + std::to_string(url_ * 7919) +
                                "/0123456789abcdef0123456789abcdef/Update" + std::to_string(url_) + ".pkg";
    record.subject.edit().product = "Product " + std::to_string(url_ % 40);
    record.subject.edit().version = std::to_string(url_ / 40 % 30) + "." + std::to_string(url_ / 1200);
    record.subject.edit().build = "24G" + std::to_string(url_ / 40);
    record.subject.edit().kind = FileKind::full;
    record.status = 206;
    record.object_bytes = kPiece * 6 + url_;
    const std::uint64_t first = pieces_left_ * kPiece;
    const std::uint64_t end = pieces_left_ == 5 ? record.object_bytes : first + kPiece;
    record.sent_ranges = {{first, end}};
    record.bytes_asked = record.bytes_sent = end - first;
    if (record.answered == Answered::miss) record.bytes_from_origin = record.bytes_sent;
    record.complete = true;
    return record;
  }

  // From now on few devices ask for few URLs, 50,000 times a second.
  void repeat() {
    devices_ = 50;
    urls_ = 20;
    step_us_ = 20;
  }
  std::uint64_t made() const { return made_; }

 private:
  void begin_burst() {
    device_ = random_() % devices_;
    // Devices want what is new: URLs come into fashion one after the other.
    const std::uint64_t newest = urls_ * (made_ % fetches_) / fetches_;
    url_ = (newest + random_() % 200) % urls_;
    pieces_left_ = 6;
  }

  std::uint64_t fetches_, devices_, urls_ = kUrls;
  std::int64_t time_us_ = kBeginUs, step_us_ = kSpanUs / static_cast<std::int64_t>(fetches_);
  std::uint64_t made_ = 0, device_ = 0, url_ = 0, pieces_left_ = 0;
  std::mt19937_64 random_{1};
};

// Keeps the inbox from overflowing by flushing now and then; making the records is not counted.
void load(Ledger& ledger, Fleet& fleet, std::uint64_t fetches, const char* what) {
  constexpr std::uint64_t kAtOnce = 200'000;
  double writing = 0;
  double cpu = 0;
  for (std::uint64_t done = 0; done < fetches;) {
    std::vector<std::vector<FetchRecord>> batches;
    for (std::uint64_t i = 0; i < kAtOnce && done < fetches; i += kBatch, done += kBatch) {
      batches.emplace_back();
      for (std::size_t k = 0; k < kBatch; ++k) batches.back().push_back(fleet.next());
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

void time_reports(Ledger& ledger, std::uint64_t devices) {
  std::mt19937_64 random(2);
  constexpr int kTimes = 100;
  const auto some_device = [&] { return "C02" + std::to_string(1'000'000 + random() % devices); };
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
  Ledger& ledger = **opened;
  Fleet fleet(*fetches, *devices);
  load(ledger, fleet, *fetches, "writing, spread");
  const auto size = std::filesystem::file_size(path / "data.mdb");
  std::printf("%-34s %9.1f bytes a fetch\n", "on disk", static_cast<double>(size) / static_cast<double>(fleet.made()));
  time_reports(ledger, *devices);
  fleet.repeat();
  load(ledger, fleet, std::min<std::uint64_t>(*fetches, 400'000), "writing, repeated");
  return 0;
}
