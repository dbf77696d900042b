// SPDX-License-Identifier: MIT
#include "admin/progress_bar.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <initializer_list>
#include <iostream>
#include <string_view>

#include "base/bytes.h"

namespace larder::admin {
namespace {

constexpr std::size_t kBar = 20;

std::string clock_text(std::uint64_t seconds) {
  const auto two = [](std::uint64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  const std::string rest = two(seconds / 60 % 60) + ":" + two(seconds % 60);
  if (seconds >= 3600) return std::to_string(seconds / 3600) + ":" + rest;
  return seconds < 600 ? rest.substr(1) : rest;
}

std::size_t width_of_errors() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace

std::string progress_text(const std::string& what, std::uint64_t done, std::uint64_t total, double rate,
                          std::size_t width) {
  std::string bar;
  std::string figures = format_bytes(done);
  if (total > 0) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    const auto full = static_cast<std::size_t>(share * kBar);
    bar = "  [" + std::string(full, '#') + std::string(kBar - full, '-') + "]";
    figures = std::to_string(static_cast<int>(share * 100)) + " %  " + figures + " of " + format_bytes(total);
  }
  std::string speed;
  if (rate >= 1) speed = "  " + format_bytes(static_cast<std::uint64_t>(rate)) + "/s";
  if (rate >= 1 && total > done) {
    speed += "  " + clock_text(static_cast<std::uint64_t>(static_cast<double>(total - done) / rate)) + " left";
  }
  const auto joined = [](std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts) text += part;
    return text;
  };
  for (const std::string& text : {joined({what, bar, "  ", figures, speed}), joined({what, "  ", figures, speed}),
                                  joined({what, "  ", figures}), figures}) {
    if (width == 0 || text.size() <= width) return text;
  }
  return figures.substr(0, width);
}

ProgressBar::ProgressBar(Shown shown) : shown_(shown == Shown::on_terminal && isatty(STDERR_FILENO) != 0) {}

void ProgressBar::show(const std::string& what, std::uint64_t done, std::uint64_t total) {
  if (!shown_) return;
  const auto now = Steady::now();
  if (!begun_) begun_ = {now, done};
  const double seconds = std::chrono::duration<double>(now - begun_->at).count();
  const bool known = seconds > 1 && done > begun_->done;
  const double rate = known ? static_cast<double>(done - begun_->done) / seconds : 0;
  const std::size_t columns = width_of_errors();
  std::string line = progress_text(what, done, total, rate, columns == 0 ? 0 : columns - 1);
  const std::size_t width = line.size();
  if (width < width_) line.append(width_ - width, ' ');
  width_ = width;
  std::cerr << "\r" << line << std::flush;
}

void ProgressBar::end() {
  if (begun_) std::cerr << "\n";
  begun_.reset();
  width_ = 0;
}

}  // namespace larder::admin
