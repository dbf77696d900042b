// SPDX-License-Identifier: MIT
// Pipes that bytes pass through from one socket to another without being copied (splice). A tunnel has one only while
// bytes are on their way, so that a quiet one holds its two sockets and nothing else.
// Threads: each belongs to one loop.
#pragma once

#include <unistd.h>

#include <optional>
#include <utility>
#include <vector>

namespace larder::proxy {

class Pipe {
 public:
  static std::optional<Pipe> make(std::size_t bytes);
  Pipe(Pipe&& other) noexcept : out_(std::exchange(other.out_, -1)), in_(std::exchange(other.in_, -1)) {}
  Pipe& operator=(Pipe&& other) noexcept {
    std::swap(out_, other.out_);
    std::swap(in_, other.in_);
    return *this;
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    if (out_ >= 0) ::close(out_);
    if (in_ >= 0) ::close(in_);
  }

  int out() const { return out_; }  // to read from
  int in() const { return in_; }    // to write to

 private:
  Pipe(int out, int in) : out_(out), in_(in) {}
  int out_;
  int in_;
};

class PipePool {
 public:
  // What one pipe can hold, if the system lets it.
  static constexpr std::size_t kBytes = 256 * 1024;

  std::optional<Pipe> take();  // nothing: the process has no descriptors left
  void give_back(Pipe pipe);   // empty; one that holds bytes is to be dropped

 private:
  std::vector<Pipe> free_;
};

}  // namespace larder::proxy
