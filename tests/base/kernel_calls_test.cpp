// SPDX-License-Identifier: MIT
// A filter cannot be taken back, so each test confines a child and asks it what it could do.
#include "base/kernel_calls.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <string>
#include <thread>

namespace {

struct Child {
  int status = -1;
  std::string said;  // on standard error
};

// Runs `what` confined; its result is the status.
template <class What>
Child confined(const What& what) {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    dup2(pipe[1], STDERR_FILENO);
    _exit(larder::confine_kernel_calls() ? what() : 99);
  }
  close(pipe[1]);
  Child child;
  std::array<char, 4096> bytes{};
  for (ssize_t count = 0; (count = read(pipe[0], bytes.data(), bytes.size())) > 0;) {
    child.said.append(bytes.data(), static_cast<std::size_t>(count));
  }
  close(pipe[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  if (WIFEXITED(status)) child.status = WEXITSTATUS(status);
  return child;
}

bool missing(long outcome) {
  return outcome == -1 && errno == ENOSYS;
}

}  // namespace

TEST_CASE("a refused kernel call fails and is named on standard error, once") {
  const Child child = confined([] {
    const bool all = missing(chroot("/")) && missing(chroot("/")) && missing(syscall(SYS_mount, 0, 0, 0, 0, 0));
    return all ? 0 : 1;
  });
  CHECK(child.status == 0);
  const auto first = child.said.find("larderd: refused the kernel call chroot (");
  CHECK(first != std::string::npos);
  CHECK(child.said.find("chroot", first + 60) == std::string::npos);
  CHECK(child.said.find("larderd: refused the kernel call mount (") != std::string::npos);
}

TEST_CASE("what the kernel has no name for fails as missing") {
  const Child child = confined([] { return missing(syscall(510)) ? 0 : 1; });
  CHECK(child.status == 0);
  CHECK(child.said.find("without a name (510)") != std::string::npos);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("a confined process starts no other") {
  const Child child = confined([] {
    std::array<char*, 1> none{nullptr};
    if (!missing(execve("/bin/true", none.data(), none.data()))) return 1;
    return missing(fork()) && missing(vfork()) ? 0 : 2;
  });
  CHECK(child.status == 0);
}
#endif

TEST_CASE("nothing that can be written is run") {
  const Child child = confined([] {
    constexpr std::size_t kPage = 4096;
    const int both = PROT_WRITE | PROT_EXEC;
    if (mmap(nullptr, kPage, both, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED || errno != ENOSYS) return 1;
    void* page = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return 2;
    return missing(mprotect(page, kPage, PROT_READ | PROT_EXEC)) ? 0 : 3;
  });
  CHECK(child.status == 0);
}

TEST_CASE("sockets are of the families that are needed, and no others") {
  const Child child = confined([] {
    for (const int family : {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK}) {
      if (missing(socket(family, family == AF_NETLINK ? SOCK_RAW : SOCK_STREAM, 0))) return 1;
    }
    return missing(socket(AF_PACKET, SOCK_RAW, 0)) ? 0 : 2;
  });
  CHECK(child.status == 0);
}

TEST_CASE("threads, memory and files go on") {
  const Child child = confined([] {
    int done = 0;
    std::thread([&done] {
      std::string large(64UL << 20U, 'x');
      done = large.back() == 'x' ? 1 : 0;
    }).join();
    return done == 1 && access("/", R_OK) == 0 ? 0 : 1;
  });
  CHECK(child.status == 0);
  CHECK(child.said.empty());
}
