// SPDX-License-Identifier: MIT
// A file layer between larderd and the system that fails as disks fail (rules.h), for tests alone. It is linked into
// `larderd_faults`, where its definitions of the system's calls stand before the C library's, for every library; so it
// works under sanitizers too. The real work is done by system calls made directly.
//
// How many syncs there have been is kept in <control file>.syncs, as text.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdarg>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "rules.h"
#include "unsynced.h"

namespace {

using larder::faults::Act;
using larder::faults::current_rules;
using larder::faults::Rule;
using larder::faults::Rules;
using larder::faults::Unsynced;
using larder::faults::Way;

// Never destroyed: threads may write while the process ends.
struct Layer {
  std::mutex mutex;
  Unsynced unsynced;
  std::uint64_t syncs = 0;
  std::map<int, bool> half_done;  // descriptors of which half a write has landed
};

Layer& layer() {
  static auto* const one = new Layer;
  return *one;
}

bool armed() {
  static const bool named = std::getenv("LARDER_FAULTS") != nullptr;
  return named;
}

std::string path_of(int fd) {
  std::array<char, PATH_MAX> target;  // NOLINT: filled by readlinkat
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const long length = syscall(SYS_readlinkat, AT_FDCWD, link.c_str(), target.data(), target.size());
  return {target.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
}

bool syncs_itself(int fd) {
  const long flags = syscall(SYS_fcntl, fd, F_GETFL);
  return flags >= 0 && (flags & O_DSYNC) != 0;
}

ssize_t failed(int code) {
  errno = code;
  return -1;
}

void count_sync(const std::string& text) {
  const std::string name = std::string(std::getenv("LARDER_FAULTS")) + ".syncs";
  const long fd = syscall(SYS_openat, AT_FDCWD, name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return;
  syscall(SYS_pwrite64, fd, text.data(), text.size(), 0);
  syscall(SYS_close, fd);
}

// One sync begins: it is counted, and may be where the power fails. The layer is locked.
void begin_sync(Layer& one, const Rules& rules) {
  count_sync(std::to_string(++one.syncs));
  if (!rules.cut || rules.cut->sync != one.syncs) return;
  one.unsynced.lose(rules.cut->seed);
  syscall(SYS_tgkill, getpid(), gettid(), SIGKILL);
  for (;;) pause();
}

void sleep_ms(unsigned ms) {
  if (ms == 0) return;
  timespec time{ms / 1000, static_cast<long>(ms % 1000) * 1'000'000L};
  nanosleep(&time, nullptr);
}

// A write of `vector` at `offset`, or with -1 at the descriptor's place.
ssize_t write_at(int fd, const iovec* vector, int count, off_t offset) {
  const auto real = [&](const iovec* v, int n) -> ssize_t {
    if (offset < 0) return syscall(SYS_writev, fd, v, n);
    return syscall(SYS_pwritev, fd, v, n, offset, 0);
  };
  if (!armed()) return real(vector, count);
  const std::string path = path_of(fd);
  if (path.empty() || path[0] != '/') return real(vector, count);
  const Rules rules = current_rules();
  if (!rules.watches(path)) return real(vector, count);

  Layer& one = layer();
  std::size_t length = 0;
  for (int i = 0; i < count; ++i) length += vector[i].iov_len;
  const std::unique_lock lock(one.mutex);
  const bool by_itself = syncs_itself(fd);
  if (const Rule* rule = rules.find(Act::write, path)) {
    if (rule->way == Way::fail || one.half_done[fd]) {
      one.half_done[fd] = false;
      return failed(rule->code);
    }
    one.half_done[fd] = true;
    const iovec half{vector[0].iov_base, std::min(vector[0].iov_len, length / 2)};
    return real(&half, 1);
  }
  const off_t at = offset >= 0 ? offset : syscall(SYS_lseek, fd, 0, SEEK_CUR);
  one.unsynced.will_write(fd, path, at, length);
  if (by_itself) {
    if (const Rule* rule = rules.find(Act::sync, path)) return failed(rule->code);
    if (const Rule* rule = rules.find(Act::head, path)) return failed(rule->code);
    begin_sync(one, rules);
  }
  const ssize_t written = real(vector, count);
  if (by_itself && written > 0) {
    sleep_ms(rules.slow_sync_ms);
    one.unsynced.synced_range(fd, at, static_cast<std::size_t>(written));
  }
  return written;
}

int sync_of(int fd, long call) {
  if (!armed()) return static_cast<int>(syscall(call, fd));
  const std::string path = path_of(fd);
  const Rules rules = current_rules();
  if (!rules.watches(path)) return static_cast<int>(syscall(call, fd));
  if (const Rule* rule = rules.find(Act::sync, path)) return static_cast<int>(failed(rule->code));
  sleep_ms(rules.slow_sync_ms);
  Layer& one = layer();
  const std::lock_guard lock(one.mutex);
  begin_sync(one, rules);
  const int code = static_cast<int>(syscall(call, fd));
  if (code == 0) one.unsynced.synced(fd);
  return code;
}

// Whether this path may not be made, changed or removed now.
bool refused(const char* path, int& code) {
  if (!armed() || path == nullptr || path[0] != '/') return false;
  const Rules rules = current_rules();
  const Rule* const rule = rules.find(Act::open, path);
  if (rule != nullptr) code = rule->code;
  return rule != nullptr;
}

int open_at(int directory, const char* path, int flags, mode_t mode) {
  int code = 0;
  const bool writes = (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) != 0;
  if (writes && refused(path, code)) return static_cast<int>(failed(code));
  return static_cast<int>(syscall(SYS_openat, directory, path, flags, mode));
}

int truncate_to(int fd, off_t length) {
  if (armed()) {
    const std::string path = path_of(fd);
    const Rules rules = current_rules();
    if (const Rule* rule = rules.find(Act::write, path)) return static_cast<int>(failed(rule->code));
    Layer& one = layer();
    const std::lock_guard lock(one.mutex);
    const int code = static_cast<int>(syscall(SYS_ftruncate, fd, length));
    if (code == 0) one.unsynced.truncated(fd);
    return code;
  }
  return static_cast<int>(syscall(SYS_ftruncate, fd, length));
}

// Puts pages that cannot be read over those of the mapped file: behind the end of an empty file, whoever touches them
// gets SIGBUS, as for a bad sector.
void make_unreadable(const larder::faults::BadPages& bad) {
  constexpr std::uint64_t kPage = 4096;
  const std::string empty = std::string(std::getenv("LARDER_FAULTS")) + ".empty";
  const long fd = syscall(SYS_openat, AT_FDCWD, empty.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  std::ifstream lines("/proc/self/maps");
  for (std::string line; std::getline(lines, line);) {
    if (line.find(bad.part + "/data.mdb") == std::string::npos) continue;
    const std::uint64_t begin = std::stoull(line, nullptr, 16);
    syscall(SYS_mmap, begin + bad.first * kPage, bad.count * kPage, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
    break;
  }
  syscall(SYS_close, fd);
}

void watch_for_bad_pages() {
  std::string done;
  for (;;) {
    sleep_ms(20);
    const auto bad = current_rules().bad;
    if (!bad || bad->text == done) continue;
    make_unreadable(*bad);
    done = bad->text;
  }
}

// Before main, and so before the daemon bounds what its threads may ask of the kernel.
[[maybe_unused]] const bool watching = [] {
  if (armed()) std::thread(watch_for_bad_pages).detach();
  return true;
}();

mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;  // NOLINT: open(2) is variadic
}

}  // namespace

// NOLINTBEGIN: the C library's own names and signatures.
extern "C" {

ssize_t write(int fd, const void* bytes, size_t length) {
  const iovec one{const_cast<void*>(bytes), length};
  if (!armed()) return syscall(SYS_write, fd, bytes, length);
  return write_at(fd, &one, 1, -1);
}
ssize_t writev(int fd, const iovec* vector, int count) {
  return write_at(fd, vector, count, -1);
}
ssize_t pwrite(int fd, const void* bytes, size_t length, off_t offset) {
  const iovec one{const_cast<void*>(bytes), length};
  return write_at(fd, &one, 1, offset);
}
ssize_t pwrite64(int fd, const void* bytes, size_t length, off64_t offset) {
  return pwrite(fd, bytes, length, offset);
}
ssize_t pwritev(int fd, const iovec* vector, int count, off_t offset) {
  return write_at(fd, vector, count, offset);
}
ssize_t pwritev64(int fd, const iovec* vector, int count, off64_t offset) {
  return write_at(fd, vector, count, offset);
}

int fsync(int fd) {
  return sync_of(fd, SYS_fsync);
}
int fdatasync(int fd) {
  return sync_of(fd, SYS_fdatasync);
}
int ftruncate(int fd, off_t length) noexcept {
  return truncate_to(fd, length);
}
int ftruncate64(int fd, off64_t length) noexcept {
  return truncate_to(fd, length);
}

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_at(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_at(AT_FDCWD, path, flags, mode);
}
int mkdir(const char* path, mode_t mode) noexcept {
  int code = 0;
  if (refused(path, code)) return static_cast<int>(failed(code));
  return static_cast<int>(syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}
int rename(const char* from, const char* to) noexcept {
  int code = 0;
  if (refused(from, code)) return static_cast<int>(failed(code));
  return static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}
int unlink(const char* path) noexcept {
  int code = 0;
  if (refused(path, code)) return static_cast<int>(failed(code));
  return static_cast<int>(syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

}  // extern "C"
// NOLINTEND
