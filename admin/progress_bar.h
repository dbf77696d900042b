// SPDX-License-Identifier: MIT
// ProgressBar: how far long work has come, on one line of standard error that is written over and over; nothing at all
// where that is no terminal. Threads: the program's only one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace larder::admin {

// "verified  [#####-----]  50 %  1.2 GiB of 2.4 GiB  80.0 MiB/s  0:15 left" in at most `width` columns (0: any): what
// has no room is left away, the bar first. `rate` in bytes a second, 0: not known yet; `total` 0: not known.
std::string progress_text(const std::string& what, std::uint64_t done, std::uint64_t total, double rate,
                          std::size_t width);

class ProgressBar {
 public:
  enum class Shown { on_terminal, never };
  explicit ProgressBar(Shown shown);
  ~ProgressBar() { end(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(const std::string& what, std::uint64_t done, std::uint64_t total);
  void end();  // what is written next begins a line

 private:
  using Steady = std::chrono::steady_clock;
  struct Begun {
    Steady::time_point at;
    std::uint64_t done;
  };

  bool shown_;
  std::optional<Begun> begun_;
  std::size_t width_ = 0;  // of the line before
};

}  // namespace larder::admin
