// SPDX-License-Identifier: MIT
#include "base/fault_guard.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <mutex>
#include <sstream>
#include <system_error>
#include <utility>

#include "base/own_program.h"

namespace larder {

namespace {

constexpr int kSlots = 16;
// Faults in a row, none of which was followed by kGoodRun of running, before larderd gives up: then something else is
// wrong than a page, or the mark cannot be written.
constexpr char kMostFaults = 6;
constexpr std::time_t kGoodRunSeconds = 600;
constexpr std::string_view kFaultsVariable = "LARDERD_FAULTS_IN_A_ROW=";

// Everything the handler looks at is here, has a fixed size and is written before it can be needed.
struct Slot {
  std::atomic<bool> taken{false};
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::uintptr_t> end{0};
  std::array<char, PATH_MAX> mark{};
};
std::array<Slot, kSlots> slots;
thread_local int inside = -1;

char** given_arguments = nullptr;
std::array<char*, 1024> given_environment{};
std::array<char, 32> faults_entry{};
std::time_t started = 0;
std::atomic<bool> handling{false};
std::atomic<bool> ending{false};

std::mutex reason_mutex;
std::string reason;

// What a fault did before: it ends the process, or a sanitizer tells of it.
struct sigaction& before_us(int signal) {
  static std::array<struct sigaction, 3> kept{};
  return kept[signal == SIGSEGV ? 0 : signal == SIGBUS ? 1 : 2];
}

char& faults_in_a_row() {
  return faults_entry[kFaultsVariable.size()];
}

void say(const char* text) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, std::strlen(text));
}

std::time_t now_seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

// One line a mark; how many there are is their number.
void add_mark(const char* file) {
  const int fd = ::open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (fd < 0) return;
  [[maybe_unused]] const auto written = ::write(fd, "suspect\n", 8);
  fsync(fd);
  ::close(fd);
}

int slot_of(int signal, const siginfo_t& info) {
  if (signal != SIGABRT) {
    const auto address = reinterpret_cast<std::uintptr_t>(info.si_addr);
    for (int i = 0; i < kSlots; ++i) {
      const Slot& slot = slots[static_cast<std::size_t>(i)];
      if (slot.taken && address >= slot.begin && address < slot.end) return i;
    }
  }
  return inside;
}

void unblock_signals() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void on_fault(int signal, siginfo_t* info, void* /*context*/) {
  const int slot = slot_of(signal, *info);
  if (slot < 0 || faults_in_a_row() >= '0' + kMostFaults) {
    sigaction(signal, &before_us(signal), nullptr);
    return;  // abort() goes on by itself, and the instruction faults again
  }
  if (handling.exchange(true)) {
    for (;;) pause();  // another thread begins anew, which ends this one
  }
  say("larderd: a page of an environment cannot be used; larderd ");
  say(ending ? "ends, and looks at it at its next start: " : "begins anew and looks at it: ");
  say(slots[static_cast<std::size_t>(slot)].mark.data());
  say("\n");
  add_mark(slots[static_cast<std::size_t>(slot)].mark.data());
  if (ending) _exit(0);
  if (now_seconds() - started > kGoodRunSeconds) faults_in_a_row() = '0';
  ++faults_in_a_row();
  begin_anew();
  sigaction(signal, &before_us(signal), nullptr);
}

void place_own_program() {
  constexpr std::string_view kPath = "/proc/self/exe";
  void* const wanted = reinterpret_cast<void*>(kOwnProgramAddress);
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* const placed =
      mmap(wanted, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (placed != wanted) return;  // begin_anew() then fails, and the process ends as without it
  std::memcpy(placed, kPath.data(), kPath.size());
  mprotect(placed, page, PROT_READ);
}

std::filesystem::path mark_of(const std::filesystem::path& environment) {
  return environment.string() + ".suspect";
}

// The last of /proc/self/maps' lines `begin-end rights offset device inode   path` that names the file; zeros when none
// does.
std::pair<std::uintptr_t, std::uintptr_t> map_of(const std::filesystem::path& file) {
  std::error_code error;
  const std::string wanted = std::filesystem::canonical(file, error).string();
  std::pair<std::uintptr_t, std::uintptr_t> found{0, 0};
  if (error) return found;
  std::ifstream lines("/proc/self/maps");
  for (std::string line; std::getline(lines, line);) {
    if (!line.ends_with(" " + wanted)) continue;
    std::istringstream words(line);
    char dash = 0;
    words >> std::hex >> found.first >> dash >> found.second;
  }
  return found;
}

// The environment with the count of faults at its end, so that the handler need not allocate.
void copy_environment() {
  const char* const before = std::getenv(std::string(kFaultsVariable, 0, kFaultsVariable.size() - 1).c_str());
  std::memcpy(faults_entry.data(), kFaultsVariable.data(), kFaultsVariable.size());
  faults_in_a_row() = before != nullptr && *before >= '0' && *before <= '9' ? *before : '0';
  std::size_t count = 0;
  for (char** entry = environ; *entry != nullptr && count < given_environment.size() - 2; ++entry) {
    if (std::string_view(*entry).starts_with(kFaultsVariable)) continue;
    given_environment[count++] = *entry;
  }
  given_environment[count] = faults_entry.data();
}

}  // namespace

void guard_against_faults(char** arguments) {
  given_arguments = arguments;
  started = now_seconds();
  copy_environment();
  place_own_program();
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT}) sigaction(signal, &action, &before_us(signal));
}

void begin_anew() {
  if (given_arguments == nullptr) return;
  unblock_signals();
  syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  execve(reinterpret_cast<const char*>(kOwnProgramAddress), given_arguments, given_environment.data());
}

void end_at_faults() {
  ending = true;
}

unsigned times_suspected(const std::filesystem::path& environment) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(mark_of(environment), error);
  return error ? 0 : static_cast<unsigned>(bytes / std::strlen("suspect\n"));
}

void suspect(const std::filesystem::path& environment, std::string_view why) {
  add_mark(mark_of(environment).c_str());
  want_restart(why);
}

void trust(const std::filesystem::path& environment) {
  std::error_code ignored;
  std::filesystem::remove(mark_of(environment), ignored);
}

void want_restart(std::string_view why) {
  const std::lock_guard lock(reason_mutex);
  if (reason.empty()) reason = why;
}

std::string restart_wanted() {
  const std::lock_guard lock(reason_mutex);
  return reason;
}

GuardedMap::GuardedMap(const std::filesystem::path& environment) {
  const std::string mark = mark_of(environment).string();
  const auto [begin, end] = map_of(environment / "data.mdb");
  for (int i = 0; i < kSlots && mark.size() < PATH_MAX; ++i) {
    Slot& slot = slots[static_cast<std::size_t>(i)];
    if (slot.taken.exchange(true)) continue;
    std::memcpy(slot.mark.data(), mark.c_str(), mark.size() + 1);
    slot.end = end;
    slot.begin = begin;
    slot_ = i;
    return;
  }
}

const void* GuardedMap::begin() const {
  return slot_ < 0 ? nullptr : reinterpret_cast<const void*>(slots[static_cast<std::size_t>(slot_)].begin.load());
}

GuardedMap::~GuardedMap() {
  if (slot_ < 0) return;
  Slot& slot = slots[static_cast<std::size_t>(slot_)];
  slot.end = 0;
  slot.begin = 0;
  slot.taken = false;
}

GuardedMap::GuardedMap(GuardedMap&& other) noexcept : slot_(std::exchange(other.slot_, -1)) {}

GuardedMap& GuardedMap::operator=(GuardedMap&& other) noexcept {
  std::swap(slot_, other.slot_);
  return *this;
}

InsideLmdb::InsideLmdb(int slot) : before_(std::exchange(inside, slot)) {}

InsideLmdb::~InsideLmdb() {
  inside = before_;
}

}  // namespace larder
