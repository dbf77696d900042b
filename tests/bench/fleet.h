// SPDX-License-Identifier: MIT
// Fleet: synthetic fetches of many devices over 400 days, the same ones each time. One device in each hour or so
// fetches an object in six pieces, as an update night does; one in twelve breaks off. Devices want what is new: objects
// come into fashion one after the other.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "reports/ledger.h"

namespace larder::bench {

inline constexpr std::int64_t kBeginUs = 1'750'000'000'000'000;
inline constexpr std::int64_t kSpanUs = 400LL * 86'400'000'000;
inline constexpr std::uint64_t kPiece = 8ULL << 20U;
inline constexpr std::uint64_t kPieces = 6;
inline constexpr std::uint64_t kUrls = 20'000;
inline constexpr std::uint64_t kProducts = 40;

inline std::string device_id(std::uint64_t device) {
  return "C02" + std::to_string(1'000'000 + device);
}
inline std::string product_of(std::uint64_t url) {
  return "Product " + std::to_string(url % kProducts);
}
// Of one product, later objects are newer versions.
inline std::uint64_t release_of(std::uint64_t url) {
  return url / kProducts;
}
inline std::string version_of(std::uint64_t url) {
  return std::to_string(release_of(url) / 30) + "." + std::to_string(release_of(url) % 30);
}
inline std::string build_of(std::uint64_t url) {
  return "24G" + std::to_string(release_of(url));
}
inline std::string url_of(std::uint64_t url) {
  return "http://updates.cdn.example/content/downloads/" + std::to_string(url * 7919) +
         "/0123456789abcdef0123456789abcdef/Update" + std::to_string(url) + ".pkg";
}
inline std::uint64_t object_bytes(std::uint64_t url) {
  return kPiece * kPieces + url;
}

struct Fetch {
  std::uint64_t device = 0, url = 0;
  reports::FetchRecord record;
};

class Fleet {
 public:
  Fleet(std::uint64_t fetches, std::uint64_t devices) : fetches_(fetches), devices_(devices) {}

  Fetch next() {
    if (pieces_left_ == breaks_off_) begin_burst();
    --pieces_left_;
    time_us_ += step_us_;
    ++made_;
    return {device_, url_, record()};
  }

  // From now on few devices ask for few URLs, 50,000 times a second.
  void repeat() {
    devices_ = 50;
    urls_ = 20;
    step_us_ = 20;
  }
  std::uint64_t made() const { return made_; }

 private:
  void begin_burst() {
    device_ = random_() % devices_;
    const std::uint64_t newest = urls_ * (made_ % fetches_) / fetches_;
    url_ = (newest + random_() % 200) % urls_;
    pieces_left_ = kPieces;
    breaks_off_ = random_() % 12 == 0 ? 1 + random_() % (kPieces - 1) : 0;
  }

  reports::FetchRecord record() {
    reports::FetchRecord record;
    record.time = WallTime(std::chrono::microseconds(time_us_));
    record.duration = std::chrono::milliseconds(80);
    record.client = config::Address::parse("10." + std::to_string(device_ >> 16U & 255U) + "." +
                                           std::to_string(device_ >> 8U & 255U) + "." + std::to_string(device_ & 255U))
                        .value();
    record.token = device_id(device_);
    record.system = {"macOS", "26." + std::to_string(device_ % 7), "", reports::SystemEvidence::darwin};
    record.entrance = url_ % 3 == 0 ? reports::Entrance::update_cache : reports::Entrance::content_cache;
    record.answered = random_() % 20 == 0 ? reports::Answered::miss : reports::Answered::hit;
    record.subject.edit().url = url_of(url_);
    record.subject.edit().product = product_of(url_);
    record.subject.edit().version = version_of(url_);
    record.subject.edit().build = build_of(url_);
    record.subject.edit().kind = reports::FileKind::full;
    record.status = 206;
    record.object_bytes = object_bytes(url_);
    const std::uint64_t first = pieces_left_ * kPiece;
    const std::uint64_t end = pieces_left_ == kPieces - 1 ? record.object_bytes : first + kPiece;
    record.sent_ranges = {{first, end}};
    record.bytes_asked = record.bytes_sent = end - first;
    if (record.answered == reports::Answered::miss) record.bytes_from_origin = record.bytes_sent;
    record.complete = true;
    return record;
  }

  std::uint64_t fetches_, devices_, urls_ = kUrls;
  std::int64_t time_us_ = kBeginUs, step_us_ = kSpanUs / static_cast<std::int64_t>(fetches_);
  std::uint64_t made_ = 0, device_ = 0, url_ = 0, pieces_left_ = 0, breaks_off_ = 0;
  std::mt19937_64 random_{1};
};

}  // namespace larder::bench
