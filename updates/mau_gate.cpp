// SPDX-License-Identifier: MIT
#include "updates/mau_gate.h"

#include <algorithm>

#include "updates/recognise.h"

namespace larder::updates {
namespace {

bool contains(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

}  // namespace

std::string MauGate::why_held(const MauFacts& seen, const MauFacts& published) const {
  if (!seen.version.empty() && contains(withdrawn_, seen.version)) return seen.version + " was withdrawn before";
  const int order = compare_versions(seen.version, published.version);
  if (order < 0) return seen.version + " is older than " + published.version;
  if (order == 0 && !seen.date.empty() && seen.date < published.date) {
    return "its date, " + seen.date + ", is before " + published.date;
  }
  return {};
}

std::chrono::seconds MauGate::proof(bool mixed, std::chrono::seconds holdoff) const {
  return mixed ? std::max(kMixedProof, holdoff) : holdoff;
}

void MauGate::accept(const MauFacts& seen, const MauFacts* published) {
  candidate_ = {};
  std::erase_if(withdrawn_, [&](const std::string& version) { return compare_versions(version, seen.version) <= 0; });
  if (published == nullptr || compare_versions(seen.version, published->version) >= 0) return;
  if (published->version.empty() || contains(withdrawn_, published->version)) return;
  if (withdrawn_.size() >= kWithdrawn) withdrawn_.erase(withdrawn_.begin());
  withdrawn_.push_back(published->version);
}

MauVerdict MauGate::judge(const MauFacts& seen, const MauFacts* published, WallTime now, std::chrono::seconds holdoff) {
  if (published != nullptr && seen.digest == published->digest) {
    candidate_ = {};
    return MauVerdict::unchanged;
  }
  const bool mixed = !seen.mixed.empty();
  std::string why = mixed ? seen.mixed : published != nullptr ? why_held(seen, *published) : std::string{};
  if (why.empty()) {
    accept(seen, published);
    return MauVerdict::publish;
  }
  // What goes back is one thing whatever its other files say meanwhile; what is mixed is these very bytes.
  const bool same = candidate_.standing() && candidate_.mixed == mixed && candidate_.version == seen.version &&
                    (!mixed || candidate_.digest == seen.digest);
  if (!same) candidate_.first_seen = now;
  candidate_.times = same ? candidate_.times + 1 : 1;
  candidate_.digest = seen.digest;
  candidate_.version = seen.version;
  candidate_.why = std::move(why);
  candidate_.last_seen = now;
  candidate_.mixed = mixed;
  const bool seen_again = candidate_.times > 1 || holdoff == std::chrono::seconds(0);
  if (seen_again && now - candidate_.first_seen >= proof(mixed, holdoff)) {
    accept(seen, published);
    return MauVerdict::publish;
  }
  return MauVerdict::hold;
}

WallTime MauGate::proven_at(std::chrono::seconds holdoff) const {
  return candidate_.standing() ? candidate_.first_seen + proof(candidate_.mixed, holdoff) : WallTime();
}

void MauGate::restore(MauCandidate candidate, std::vector<std::string> withdrawn) {
  candidate_ = std::move(candidate);
  withdrawn_ = std::move(withdrawn);
}

}  // namespace larder::updates
