// SPDX-License-Identifier: MIT
#include "admin/hook_queue.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "admin/kept_file.h"
#include "base/text.h"

namespace larder::admin {
namespace {

constexpr std::size_t kNameDigits = 20;
constexpr std::size_t kEventBytes = 64 * 1024;

}  // namespace

HookQueue::HookQueue(std::filesystem::path directory, std::size_t limit)
    : directory_(std::move(directory)), limit_(limit) {
  read_kept();
}

std::filesystem::path HookQueue::file_of(const Waiting& waiting) const {
  const std::string digits = std::to_string(waiting.since.time_since_epoch().count());
  return directory_ / (std::string(kNameDigits - std::min(kNameDigits, digits.size()), '0') + digits + ".json");
}

void HookQueue::read_kept() {
  std::map<std::uint64_t, std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator each(directory_, error), end; !error && each != end; each.increment(error)) {
    const auto time = parse_decimal(each->path().stem().string());
    if (time && each->path().extension() == ".json") files.emplace(*time, each->path());
  }
  for (const auto& [time, file] : files) {
    const auto bytes = read_kept_file(file, kEventBytes);
    auto event = bytes ? parse_event(*bytes) : std::nullopt;
    if (event) {
      waiting_.push_back({WallTime(std::chrono::microseconds(time)), std::move(*event)});
    } else {
      spdlog::warn("webhooks: {} holds no event and is removed", file.string());
      std::filesystem::remove(file, error);
    }
  }
}

void HookQueue::make_room(const Event& event) {
  if (waiting_.size() < limit_) return;
  auto goes = std::find_if(waiting_.begin(), waiting_.end(),
                           [&](const Waiting& each) { return each.event.name == event.name; });
  if (goes == waiting_.end()) goes = waiting_.begin();
  std::error_code error;
  std::filesystem::remove(file_of(*goes), error);
  waiting_.erase(goes);
  ++dropped_;
}

void HookQueue::add(const Event& event, WallTime now) {
  const bool waits =
      std::any_of(waiting_.begin(), waiting_.end(), [&](const Waiting& each) { return each.event.id == event.id; });
  if (waits) return;
  make_room(event);
  if (!waiting_.empty()) now = std::max(now, waiting_.back().since + std::chrono::microseconds(1));
  waiting_.push_back({now, event});
  if (const auto kept = keep_file(file_of(waiting_.back()), event_json(event)); !kept) {
    spdlog::warn("webhooks: an event waits in memory alone: {}", kept.error().message);
  }
}

void HookQueue::remove_first() {
  std::error_code error;
  std::filesystem::remove(file_of(waiting_.front()), error);
  waiting_.pop_front();
}

}  // namespace larder::admin
