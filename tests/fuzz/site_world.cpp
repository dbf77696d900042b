// SPDX-License-Identifier: MIT
#include "site_world.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "base/clock.h"

namespace larder::site {
namespace {

constexpr std::uint64_t kChunk = 1U << 20U;
constexpr std::array<std::uint64_t, 10> kSizes{0,          1,      17,         4096,       65521,
                                               kChunk - 1, kChunk, kChunk + 1, 2 * kChunk, 3 * kChunk + 17};
constexpr std::uint64_t kMostBytes = 4 * kChunk;
constexpr std::uint64_t kLaterIsLonger = 1000;
constexpr std::array<const char*, 6> kCacheControls{"max-age=3600", "max-age=0", "",
                                                    "no-store",     "no-cache",  "max-age=60"};
// A long time before the clock the play begins with, so that a date alone is a strong validator.
constexpr WallTime kFirstVersion{std::chrono::seconds(1'750'000'000)};

}  // namespace

void require(bool holds, const char* file, int line) {
  if (holds) return;
  std::fprintf(stderr, "what %s:%d requires does not hold\n", file, line);
  std::abort();
}

std::span<const char> content(std::uint64_t size, unsigned number) {
  static std::map<unsigned, std::vector<char>> made;
  auto [found, is_new] = made.try_emplace(number);
  if (is_new) {
    std::uint64_t state = number * 0x9E3779B97F4A7C15ULL + 1;
    found->second.resize(kMostBytes);
    for (char& byte : found->second) {
      state ^= state << 13U;
      state ^= state >> 7U;
      state ^= state << 17U;
      byte = static_cast<char>(state);
    }
  }
  require(size <= kMostBytes);
  return std::span<const char>(found->second).first(size);
}

std::uint64_t draw_place(Script& script) {
  constexpr std::array<std::uint64_t, 3> kWithin{0, 1, 65521};
  const unsigned drawn = script.next(24);
  if (drawn >= 12) return script.next(256) * std::uint64_t{12'503};
  return (drawn / 3) * kChunk + kWithin.at(drawn % 3);
}

void Thing::turn(Script& script) {
  const auto count = static_cast<unsigned>(versions.size());
  Version version;
  if (count == 0) {
    version.size = kSizes.at(script.next(kSizes.size()));
  } else {
    version.size = now().size;
    if (!immutable && script.next(2) == 1) version.size = std::min(version.size + kLaterIsLonger, kMostBytes);
  }
  // Things have bytes of their own, so that one object's are never taken for another's.
  const auto of_host = static_cast<unsigned>(host.front());
  version.number = of_host * 1000U + (immutable ? 0U : count % 8U);
  const std::string name = std::to_string(count) + '-' + std::to_string(version.size);
  if (validators == Validators::strong || validators == Validators::strong_and_date) version.etag = '"' + name + '"';
  if (validators == Validators::weak) version.etag = "W/\"" + name + '"';
  if (validators == Validators::strong_and_date || validators == Validators::date) {
    version.last_modified = to_http_date(kFirstVersion + std::chrono::seconds(100) * count);
  }
  if (count < 8 || immutable) versions.push_back(version);
}

std::array<Thing, kThings> draw_things(Script& script) {
  std::array<Thing, kThings> things;
  things[0].host = "origin.test";
  things[0].path = "/files/a.bin";
  things[0].standard = true;
  things[1].host = "files.test";
  things[1].path = "/files/b.pkg";
  things[2].host = "swcdn.apple.com";
  things[2].path = "/content/downloads/26/09/042-58988/abcdefghijklmnopqrstuvwxyz01234567/c.pkg";
  things[2].immutable = true;
  for (Thing& thing : things) {
    thing.validators = static_cast<Validators>(script.next(kValidators));
    thing.cache_control = kCacheControls.at(script.next(kCacheControls.size()));
    thing.always_asked = !thing.immutable && (thing.cache_control == "max-age=0" || thing.cache_control == "no-cache");
    thing.turn(script);
  }
  return things;
}

}  // namespace larder::site
