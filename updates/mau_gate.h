// SPDX-License-Identifier: MIT
// MauGate: which of the sets found at the CDN clients get to see. Pure: time is given.
//
// Edges serve older manifests after newer ones, for a median of two hours and at most 17 (measured over 65 days, 2026);
// real rollbacks exist as well, and last. So: what is newer is published at once; what goes back, and a version that
// was withdrawn before, only when it has been found each time for the hold-off; files that do not belong together are
// held for a day at least, after which they are taken to be how the vendor publishes.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "updates/mau_set.h"

namespace larder::updates {

// Files that contradict each other are held for this long, whatever the hold-off.
inline constexpr std::chrono::seconds kMixedProof = std::chrono::hours(24);
// Withdrawn versions remembered. One or two a year are seen. Over it: the oldest is forgotten.
inline constexpr std::size_t kWithdrawn = 16;

// What is being held, and since when it has been found without interruption.
struct MauCandidate {
  Digest digest;
  std::string version;
  std::string why;  // a sentence's end: "16.108 is older than 16.109"
  WallTime first_seen;
  WallTime last_seen;
  std::uint32_t times = 0;
  bool mixed = false;  // its files contradict each other

  bool standing() const { return times > 0; }
};

enum class MauVerdict { unchanged, publish, hold };

class MauGate {
 public:
  // `published`: null when nothing is. On `publish` the caller publishes the set: the gate takes it that it did.
  MauVerdict judge(const MauFacts& seen, const MauFacts* published, WallTime now, std::chrono::seconds holdoff);

  // When what is held would be proven, if it goes on being found; the epoch when nothing is held.
  WallTime proven_at(std::chrono::seconds holdoff) const;

  const MauCandidate& candidate() const { return candidate_; }
  const std::vector<std::string>& withdrawn() const { return withdrawn_; }
  // As a record has kept them.
  void restore(MauCandidate candidate, std::vector<std::string> withdrawn);

 private:
  std::string why_held(const MauFacts& seen, const MauFacts& published) const;
  std::chrono::seconds proof(bool mixed, std::chrono::seconds holdoff) const;
  void accept(const MauFacts& seen, const MauFacts* published);

  MauCandidate candidate_;
  std::vector<std::string> withdrawn_;
};

}  // namespace larder::updates
