// SPDX-License-Identifier: MIT
#include "updates/mau_gate.h"

#include <random>

#include "lessons.h"
#include "updates/mau_record.h"

using namespace larder;
using namespace larder::updates;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds kDay = 24h;

MauFacts seen(const std::string& version, const std::string& extra = "") {
  MauFacts facts;
  facts.version = version;
  const std::string all = version + extra;
  facts.digest = Sha256::of(std::as_bytes(std::span(all)));
  return facts;
}

MauFacts mixed(const std::string& version) {
  MauFacts facts = seen(version, "mixed");
  facts.mixed = "the pointer says otherwise";
  return facts;
}

// What clients see while the gate judges what is found.
class Site {
 public:
  explicit Site(std::chrono::seconds holdoff = kDay) : holdoff_(holdoff) {}

  MauVerdict find(const MauFacts& facts, WallTime now) {
    const MauVerdict verdict = gate.judge(facts, any_ ? &published : nullptr, now, holdoff_);
    if (verdict == MauVerdict::publish) {
      published = facts;
      any_ = true;
    }
    return verdict;
  }

  MauGate gate;
  MauFacts published;

 private:
  std::chrono::seconds holdoff_;
  bool any_ = false;
};

const WallTime kStart = std::chrono::sys_days(std::chrono::year(2026) / 3 / 17) + 16h;

}  // namespace

TEST_CASE("the first set and each newer one are published at once") {
  Site site;
  CHECK(site.find(seen("16.9.1"), kStart) == MauVerdict::publish);
  CHECK(site.find(seen("16.9.1"), kStart + 1h) == MauVerdict::unchanged);
  CHECK(site.find(seen("16.10.1"), kStart + 2h) == MauVerdict::publish);
}

TEST_CASE("an edge that goes back is held off, and forgotten when it has caught up") {
  Site site;
  site.find(seen("16.10.1"), kStart);
  CHECK(site.find(seen("16.9.1"), kStart + 1h) == MauVerdict::hold);
  CHECK(site.gate.candidate().why == "16.9.1 is older than 16.10.1");
  CHECK(site.find(seen("16.10.1"), kStart + 20h) == MauVerdict::unchanged);
  CHECK(site.find(seen("16.9.1"), kStart + 26h) == MauVerdict::hold);
}

TEST_CASE("a rollback that lasts is let through, and what it withdrew is held off as well") {
  Site site;
  site.find(seen("16.10.1"), kStart);
  for (int hour = 1; hour <= 24; ++hour) CHECK(site.find(seen("16.9.1"), kStart + hour * 1h) == MauVerdict::hold);
  CHECK(site.gate.proven_at(kDay) == kStart + 25h);
  CHECK(site.find(seen("16.9.1"), kStart + 25h) == MauVerdict::publish);
  CHECK(site.find(seen("16.10.1"), kStart + 26h) == MauVerdict::hold);
  CHECK(site.find(seen("16.10.2"), kStart + 27h) == MauVerdict::publish);
  CHECK(site.gate.withdrawn().empty());
}

TEST_CASE("one look is no proof, however long ago it was") {
  Site site;
  site.find(seen("16.10.1"), kStart);
  CHECK(site.find(seen("16.9.1"), kStart + 100h) == MauVerdict::hold);
  CHECK(site.find(seen("16.9.1"), kStart + 125h) == MauVerdict::publish);
}

TEST_CASE("files that contradict each other are not published, not even first") {
  Site site(0s);
  CHECK(site.find(mixed("16.10.1"), kStart) == MauVerdict::hold);
  CHECK(site.find(mixed("16.10.1"), kStart + 1h) == MauVerdict::hold);
  CHECK(site.find(mixed("16.10.1"), kStart + 25h) == MauVerdict::publish);
}

TEST_CASE("a set of the same version is published unless it is of an earlier date") {
  Site site;
  MauFacts first = seen("16.10.1");
  first.date = "2026-03-17T10:00:00Z";
  site.find(first, kStart);
  MauFacts earlier = seen("16.10.1", "other");
  earlier.date = "2026-03-16T10:00:00Z";
  CHECK(site.find(earlier, kStart + 1h) == MauVerdict::hold);
  MauFacts later = seen("16.10.1", "more deltas");
  later.date = "2026-03-18T10:00:00Z";
  CHECK(site.find(later, kStart + 2h) == MauVerdict::publish);
}

TEST_CASE("without a hold-off a rollback shows at once") {
  Site site(0s);
  site.find(seen("16.10.1"), kStart);
  CHECK(site.find(seen("16.9.1"), kStart + 1s) == MauVerdict::publish);
}

// Twenty months of weekly releases looked at hourly, one of them withdrawn for three days, while after each release
// edges go back for up to 17 hours, as they were measured to.
TEST_CASE("edges that flap through twenty months never take clients back") {
  std::mt19937 random(20261126);
  Site site;
  std::vector<std::string> truth;  // by hour
  const int weeks = 86;
  for (int week = 0; week < weeks; ++week) {
    const auto version = [](int number) {
      return "16." + std::to_string(92 + number / 4) + "." + std::to_string(26000000 + number);
    };
    for (int hour = 0; hour < 7 * 24; ++hour) {
      const bool withdrawn = week == 40 && hour >= 24 && hour < 96;
      truth.push_back(version(withdrawn ? week - 1 : week));
    }
  }
  std::size_t flaps = 0;
  std::size_t backwards = 0;
  std::size_t since_release = 0;
  std::string client;
  for (std::size_t hour = 0; hour < truth.size(); ++hour) {
    since_release = hour == 0 || truth[hour] == truth[hour - 1] ? since_release + 1 : 0;
    std::string edge = truth[hour];
    const bool flap = since_release > 0 && since_release <= 17 && hour >= 17 * 24 && random() % 3 == 0;
    if (flap) edge = truth[hour - since_release - 1];
    flaps += edge == truth[hour] ? 0 : 1;
    const bool contradiction = random() % 20 == 0;
    site.find(contradiction ? mixed(edge) : seen(edge), kStart + std::chrono::hours(hour));
    if (!client.empty() && compare_versions(site.published.version, client) < 0) ++backwards;
    client = site.published.version;
    // Visible as soon as it has been found once in a set that belongs together, unless it was withdrawn.
    const bool returned = hour >= 40 * 168 && hour < 41 * 168;
    if (edge == truth[hour] && !contradiction && !returned) CHECK(client == truth[hour]);
    CHECK(site.published.mixed.empty());
  }
  CHECK(flaps > 300);
  CHECK(backwards <= 1);
  CHECK(client == truth.back());
}

TEST_CASE("what is kept of an application survives being written, and no change of its bytes") {
  MauRecord record;
  record.channel = "Current";
  record.app_id = "OPIM2019";
  record.number = 7;
  record.published = kStart;
  record.confirmed = kStart + 1h;
  record.candidate = {seen("16.9.1").digest, "16.9.1", "16.9.1 is older than 16.10.1", kStart, kStart + 1h, 3, true};
  record.withdrawn = {"16.11.1"};
  record.releases = {{"16.10.1", "Microsoft Outlook Update 16.10 (1)", "https://example.test/a.pkg", kStart},
                     {"", "", "", kStart}};
  record.files = {{"0409OPIM2019.xml", std::make_shared<const std::string>("<plist/>\n\0x"), kStart},
                  {"0409OPIM2019.cat", std::make_shared<const std::string>(""), kStart}};
  const std::string bytes = write_mau_record(record);
  const auto read = read_mau_record(bytes);
  if (!read) FAIL(read.error().message);
  CHECK(write_mau_record(*read) == bytes);
  CHECK(read->releases == record.releases);
  CHECK(read->candidate.why == record.candidate.why);
  CHECK(*read->find("0409OPIM2019.xml")->bytes == *record.files.front().bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    CHECK_FALSE(read_mau_record(damaged));
    CHECK_FALSE(read_mau_record(std::string_view(bytes).substr(0, i)));
  }
  const auto bundle = read_mau_bundle(write_mau_bundle({record, *read}));
  REQUIRE(bundle);
  CHECK(bundle->size() == 2);
  CHECK_FALSE(read_mau_bundle("larder-bundle 1\n12\nshort"));
}
