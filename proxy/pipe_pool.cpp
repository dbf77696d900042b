// SPDX-License-Identifier: MIT
#include "proxy/pipe_pool.h"

#include <fcntl.h>

#include <array>

namespace larder::proxy {
namespace {

constexpr std::size_t kKept = 32;

}  // namespace

std::optional<Pipe> Pipe::make(std::size_t bytes) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) return std::nullopt;
  ::fcntl(ends[1], F_SETPIPE_SZ, static_cast<int>(bytes));  // without it, 64 KiB at a time
  return Pipe(ends[0], ends[1]);
}

std::optional<Pipe> PipePool::take() {
  if (free_.empty()) return Pipe::make(kBytes);
  Pipe pipe = std::move(free_.back());
  free_.pop_back();
  return pipe;
}

void PipePool::give_back(Pipe pipe) {
  if (free_.size() < kKept) free_.push_back(std::move(pipe));
}

}  // namespace larder::proxy
