// SPDX-License-Identifier: MIT
#include "base/kernel_calls.h"

#include <linux/sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "base/own_program.h"
#include "base/owned.h"

namespace larder {
namespace {

// By what they are for. libc's own choice among several (open or openat, clone by number) differs between releases and
// machines, so each is here with its relatives; a name this machine lacks is passed over.
constexpr std::array kAllowed {
  // memory; mmap and mprotect are below
  "brk", "munmap", "mremap", "madvise", "mincore", "msync", "membarrier",
      // files: the store, the configuration, certificates
      "open", "openat", "close", "close_range", "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv",
      "pwritev", "preadv2", "pwritev2", "lseek", "stat", "fstat", "lstat", "newfstatat", "statx", "access", "faccessat",
      "faccessat2", "readlink", "readlinkat", "getdents64", "getcwd", "rename", "renameat", "renameat2", "unlink",
      "unlinkat", "mkdir", "mkdirat", "rmdir", "ftruncate", "fallocate", "fsync", "fdatasync", "sync_file_range",
      "syncfs", "flock", "fcntl", "statfs", "fstatfs", "fadvise64", "readahead", "fchmod", "umask", "dup", "dup2",
      "dup3", "pipe", "pipe2", "ioctl", "inotify_init1", "inotify_add_watch", "inotify_rm_watch",
      // the network; socket is below
      "socketpair", "splice", "bind", "listen", "accept", "accept4", "connect", "getsockname", "getpeername",
      "getsockopt", "setsockopt", "sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg", "shutdown",
      // events
      "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll",
      "select", "pselect6", "eventfd", "eventfd2", "timerfd_create", "timerfd_settime", "timerfd_gettime",
      // threads and signals; clone is below
      "futex", "set_robust_list", "get_robust_list", "rseq", "set_tid_address", "sched_yield", "sched_getaffinity",
      "sched_getparam", "sched_getscheduler", "getcpu", "prctl", "arch_prctl", "exit", "exit_group", "tgkill",
      "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait", "rt_sigpending", "rt_sigsuspend",
      "sigaltstack", "restart_syscall", "seccomp",
      // time and what this process and machine are
      "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "times", "getrandom",
      "uname", "sysinfo", "getrlimit", "prlimit64", "getrusage", "getpid", "gettid", "getppid", "getuid", "geteuid",
      "getgid", "getegid", "getgroups", "capget", "pause",
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
      // A sanitizer looks for leaks from a traced copy of the process and names functions by another program.
      "ptrace", "wait4", "kill", "fork", "execve", "personality", "setrlimit", "clone", "getdents",
#endif
};

// ---- what is said of a refused call; in a signal handler, so nothing here allocates or locks ----

constexpr std::size_t kNumbers = 512;
constexpr std::size_t kNameBytes = 32;
struct KnownCall {
  std::array<char, kNameBytes> name{};
  std::atomic<bool> said{false};
};
std::array<KnownCall, kNumbers> g_calls;

class Line {
 public:
  void add(std::string_view text) {
    const std::size_t taken = std::min(text.size(), text_.size() - length_);
    std::memcpy(text_.data() + length_, text.data(), taken);
    length_ += taken;
  }
  void add(int number) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    add(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
  }
  void write() const {
    if (::write(STDERR_FILENO, text_.data(), length_) < 0) return;  // there is nobody else to tell
  }

 private:
  std::array<char, 400> text_{};
  std::size_t length_ = 0;
};

void say_refused(int number) {
  const std::size_t known = static_cast<std::size_t>(number) % kNumbers;
  if (g_calls.at(known).said.exchange(true)) return;
  Line line;
  line.add("larderd: refused the kernel call ");
  line.add(g_calls.at(known).name[0] == 0 ? "without a name" : g_calls.at(known).name.data());
  line.add(" (");
  line.add(number);
  line.add(
      "), which is none that Larder makes (base/kernel_calls.cpp). A library of this system has changed, or somebody "
      "is "
      "inside this process: report it, and restart larderd\n");
  line.write();
}

void refused_call(int /*signal*/, siginfo_t* info, void* context) noexcept {
  const int before = errno;
  say_refused(info->si_syscall);
  auto* at = static_cast<ucontext_t*>(context);
#if defined(__x86_64__)
  at->uc_mcontext.gregs[REG_RAX] = -ENOSYS;
#elif defined(__aarch64__)
  at->uc_mcontext.regs[0] = static_cast<unsigned long long>(-ENOSYS);
#else
#error "say here how a call's result is set on this machine"
#endif
  errno = before;
}

void learn_names() {
  for (std::size_t number = 0; number < kNumbers; ++number) {
    char* name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, static_cast<int>(number));
    if (name == nullptr) continue;
    std::strncpy(g_calls.at(number).name.data(), name, kNameBytes - 1);
    std::free(name);  // NOLINT(cppcoreguidelines-no-malloc): libseccomp's
  }
}

Status listen_for_refusals() {
  struct sigaction action {};
  action.sa_sigaction = refused_call;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  if (sigaction(SIGSYS, &action, nullptr) == 0) return ok();
  return fail(ErrorKind::internal, std::string("cannot handle SIGSYS: ") + std::strerror(errno));
}

// ---- the filter ----

using Filter = Owned<void, seccomp_release>;

// The first failure of many is kept.
class Rules {
 public:
  explicit Rules(scmp_filter_ctx filter) : filter_(filter) {}

  template <class... Conditions>
  void allow(const char* name, Conditions... conditions) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) return;
    note(seccomp_rule_add(filter_, SCMP_ACT_ALLOW, number, sizeof...(conditions), conditions...));
  }
  void refuse_as_missing(const char* name) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number != __NR_SCMP_ERROR) note(seccomp_rule_add(filter_, SCMP_ACT_ERRNO(ENOSYS), number, 0));
  }
  void note(int outcome) {
    if (first_ == 0) first_ = outcome;
  }
  int outcome() const { return first_; }

 private:
  scmp_filter_ctx filter_;
  int first_ = 0;
};

// A condition on an argument. In place of the header's SCMP_A0 and its like, which clang takes for C.
scmp_arg_cmp masked(unsigned argument, std::uint64_t mask, std::uint64_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

void add_rules(Rules& rules) {
  for (const char* name : kAllowed) rules.allow(name);
  // Nothing that can be written is run: what a library maps to run comes from a file, unwritable.
  rules.allow("mmap", masked(2, PROT_EXEC, 0));
  rules.allow("mmap", masked(2, PROT_EXEC | PROT_WRITE, PROT_EXEC));
  // larderd may begin anew in its own place (base/fault_guard.h). Where the name of what is started stands can only be
  // made unwritable.
  rules.allow("mprotect", scmp_arg_cmp{0, SCMP_CMP_NE, kOwnProgramAddress, 0}, masked(2, PROT_EXEC, 0));
  rules.allow("mprotect", scmp_arg_cmp{0, SCMP_CMP_EQ, kOwnProgramAddress, 0},
              scmp_arg_cmp{2, SCMP_CMP_EQ, PROT_READ, 0});
  // Clients and origins, names, the journal and the manager, the neighbour table.
  for (const int family : {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK}) {
    rules.allow("socket", scmp_arg_cmp{0, SCMP_CMP_EQ, static_cast<std::uint64_t>(family), 0});
  }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  rules.allow("execve", scmp_arg_cmp{0, SCMP_CMP_EQ, kOwnProgramAddress, 0});
  // Threads, no processes. What clone3 is asked stands in memory, where a filter cannot look: libc takes clone instead.
  rules.allow("clone", masked(0, CLONE_THREAD, CLONE_THREAD));
#endif
  rules.refuse_as_missing("clone3");
}

}  // namespace

Status confine_kernel_calls() {
  learn_names();
  if (auto listening = listen_for_refusals(); !listening) return listening;
  const Filter filter(seccomp_init(SCMP_ACT_TRAP));
  if (!filter) return fail(ErrorKind::internal, "cannot make a seccomp filter: out of memory");
  Rules rules(filter.get());
  rules.note(seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1));
  // As a tree: a list of 150 comparisons would cost every call of a busy loop.
  rules.note(seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2));
  add_rules(rules);
  if (rules.outcome() == 0) rules.note(seccomp_load(filter.get()));
  if (rules.outcome() == 0) return ok();
  return fail(ErrorKind::refused,
              std::string("the kernel takes no seccomp filter: ") + std::strerror(-rules.outcome()));
}

}  // namespace larder
