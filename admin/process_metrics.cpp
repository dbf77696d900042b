// SPDX-License-Identifier: MIT
#include "admin/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>

namespace larder::admin {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// proc(5): statm is in pages, all of it first, then what is in memory.
std::optional<std::uint64_t> resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  if (!(file >> all >> resident)) return std::nullopt;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::optional<std::uint64_t> open_descriptors() {
  std::error_code error;
  std::uint64_t open = 0;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++open;
  if (error || open == 0) return std::nullopt;
  return open - 1;  // the last was this directory
}

}  // namespace

void add_process(Families& out, WallTime started) {
  out.gauge("process_start_time_seconds", "Start time since the epoch.",
            std::chrono::duration<double>(started.time_since_epoch()).count());
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  // A counter with a fraction: it takes the form of those with series.
  out.counter("process_cpu_seconds_total", "User and system CPU time.", "",
              {{"", seconds(usage.ru_utime) + seconds(usage.ru_stime)}});
  if (const auto bytes = resident_bytes()) {
    out.gauge("process_resident_memory_bytes", "Memory in use, mapped pages of the store and the ledger among it.",
              *bytes);
  }
  if (const auto open = open_descriptors()) out.gauge("process_open_fds", "Descriptors open now.", *open);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    out.gauge("process_max_fds", "Descriptors that may be open.", number(limit.rlim_cur));
  }
}

}  // namespace larder::admin
