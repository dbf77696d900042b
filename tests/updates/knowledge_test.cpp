// SPDX-License-Identifier: MIT
#include "updates/knowledge.h"

#include "lessons.h"
#include "updates/known.h"

using namespace larder;
using namespace larder::updates;
using namespace larder::updates::test;

namespace {

const std::string kManifest = kChannelRoot + "0409OPIM2019.xml";

std::string full(const std::string& version) {
  return kChannelRoot + "Microsoft_Outlook_" + version + "_Updater.pkg";
}

std::string one_package(const std::string& location, const std::string& version) {
  return plist("<array>" + dictionary(pair("Location", location) + pair("Update Version", version)) + "</array>");
}

}  // namespace

TEST_CASE("nothing is known at first") {
  const auto known = Knowledge::empty();
  CHECK(known->files() == 0);
  CHECK(known->catalogues() == 0);
  CHECK(known->find("https://h.example/") == nullptr);
  CHECK(known->find_package("Current", "", "x.pkg") == nullptr);
  CHECK(known->find_product_key("042-58988") == nullptr);
  CHECK_FALSE(known->taught(kManifest).has_value());
}

TEST_CASE("the documents that teach are known by their names") {
  const std::string dist = "https://swdist.apple.com" + kProductFolder + "042-58988.English.dist";
  for (const std::string& name : std::vector<std::string>{
           kManifest, kChannelRoot + "0409OPIM2019_16.109.26053122.xml", kChannelRoot + "0409OPIM2019-chk.xml",
           kChannelRoot + "0409OPIM2019-history.xml", kSucatalog, kSucatalog + ".gz", dist,
           "https://swcdn.apple.com" + kProductFolder + "x.smd",
           "http://officecdn.microsoft.com/pr/C1297A47-86C4-4C1F-97FA-950631F94777/MacAutoupdate/0409MSWD2019.xml"}) {
    INFO(name);
    CHECK(is_teaching_document(url(name)));
  }
}

TEST_CASE("other documents, and such names on other hosts, do not teach") {
  for (const std::string& name : std::vector<std::string>{
           kChannelRoot + "0409OPIM2019.cat", kChannelRoot + "builds.txt", full("1.1.1"),
           "https://swdist.apple.com/x.dist", "https://h.example/0409OPIM2019.xml", "https://h.example/index.sucatalog",
           "https://download.microsoft.com/0409OPIM2019.xml", "http://download.windowsupdate.com/index.sucatalog"}) {
    INFO(name);
    CHECK_FALSE(is_teaching_document(url(name)));
    CHECK_FALSE(try_learn(Knowledge::empty(), name, outlook_manifest("1.1.1", "1.1.2")));
  }
}

TEST_CASE("the same document again changes nothing") {
  const auto once = learnt(Knowledge::empty(), kManifest, outlook_manifest("1.1.1", "1.1.2"));
  const auto twice = learnt(once, kManifest, outlook_manifest("1.1.1", "1.1.2"));
  CHECK(once == twice);
  const std::string document = outlook_manifest("1.1.1", "1.1.2");
  CHECK(once->taught(kManifest) == Sha256::of(std::as_bytes(std::span(document))));
}

TEST_CASE("a new generation takes the place of the old one, whose releases stay findable") {
  const auto old = learnt(Knowledge::empty(), kManifest, outlook_manifest("1.1.1", "1.1.2"));
  const auto now = learnt(old, kManifest, outlook_manifest("1.1.2", "1.1.3"));
  CHECK(now->catalogues() == 1);
  CHECK(recognised(full("1.1.3"), now).listed);
  const auto before = recognised(full("1.1.2"), now);
  CHECK(before.version == "1.1.2");
  CHECK(before.product == "Microsoft Outlook");
  CHECK(before.evidence == Evidence::catalogue);
  CHECK_FALSE(before.listed);
  CHECK(recognised(full("1.1.2"), old).listed);
}

TEST_CASE("a release that comes back is listed again") {
  const auto old = learnt(Knowledge::empty(), kManifest, outlook_manifest("1.1.1", "1.1.2"));
  const auto now = learnt(old, kManifest, outlook_manifest("1.1.2", "1.1.3"));
  const auto back = learnt(now, kManifest, outlook_manifest("1.1.1", "1.1.2"));
  CHECK(recognised(full("1.1.2"), back).listed);
  CHECK_FALSE(recognised(full("1.1.3"), back).listed);
}

TEST_CASE("a file that another catalogue still lists stays listed") {
  const std::string versioned = kChannelRoot + "0409OPIM2019_1.1.2.xml";
  auto known = learnt(Knowledge::empty(), kManifest, outlook_manifest("1.1.1", "1.1.2"));
  known = learnt(known, versioned, outlook_manifest("1.1.1", "1.1.2"));
  known = learnt(known, kManifest, outlook_manifest("1.1.2", "1.1.3"));
  CHECK(recognised(full("1.1.2"), known).listed);
  CHECK(known->find(full("1.1.2"))->catalogue == versioned);
}

TEST_CASE("a version once known is not unlearnt by a listing without one") {
  const std::string defender = kChannelRoot + "wdav-upgrade.pkg";
  const std::string manifest = kChannelRoot + "0409WDAV00.xml";
  auto known = learnt(Knowledge::empty(), manifest, one_package(defender, "101.26062.0012"));
  known = learnt(known, manifest, one_package(defender, "99999"));
  CHECK(known->find(defender)->version == "101.26062.0012");
  known = learnt(known, manifest, one_package(defender, "101.26070.0001"));
  CHECK(known->find(defender)->version == "101.26070.0001");
}

TEST_CASE("a package is found by channel, application and name, the newest that is listed") {
  const std::string teams = "https://teamsinstaller.public.onecdn.static.microsoft/production-osx/";
  const std::string manifest = kChannelRoot + "0409TEAMS21.xml";
  const auto at = [&](const std::string& version) { return teams + version + "/MicrosoftTeams.pkg"; };
  auto known = learnt(Knowledge::empty(), manifest, one_package(at("26213.1.2.3"), "26213.1.2.3"));
  known = learnt(known, kBetaRoot + "0409TEAMS21.xml", one_package(at("26301.1.2.3"), "26301.1.2.3"));
  CHECK(known->find_package("Current", "", "MicrosoftTeams.pkg")->url == at("26213.1.2.3"));
  CHECK(known->find_package("Beta", "TEAMS21", "MicrosoftTeams.pkg")->url == at("26301.1.2.3"));
  CHECK(known->find_package("Current", "TEAMS10", "MicrosoftTeams.pkg") == nullptr);
  CHECK(known->find_package("Preview", "", "MicrosoftTeams.pkg") == nullptr);
  CHECK(known->find_package("Current", "", "microsoftteams.pkg") == nullptr);

  SECTION("a newer listing wins") {
    known = learnt(known, manifest, one_package(at("26220.9.2.3"), "26220.9.2.3"));
    CHECK(known->find_package("Current", "", "MicrosoftTeams.pkg")->url == at("26220.9.2.3"));
  }
  SECTION("what is listed wins over a newer one that was withdrawn") {
    known = learnt(known, manifest, one_package(at("26200.1.2.3"), "26200.1.2.3"));
    CHECK(known->find_package("Current", "", "MicrosoftTeams.pkg")->url == at("26200.1.2.3"));
  }
}

TEST_CASE("superseded listings are forgotten beyond their bound, the oldest first") {
  Known nothing;
  auto known = std::make_shared<const Known>();
  constexpr std::size_t kPerLesson = 60'000;
  for (int generation = 0; generation < 4; ++generation) {
    Lesson lesson;
    for (std::size_t i = 0; i < kPerLesson; ++i) {
      TaughtFile taught;
      taught.file.url = "https://h.example/" + std::to_string(generation) + "/" + std::to_string(i) + ".pkg";
      taught.names = {std::to_string(generation) + "-" + std::to_string(i)};
      lesson.files.push_back(std::move(taught));
    }
    auto next = known->with(std::move(lesson), "https://h.example/catalogue", Digest{});
    REQUIRE(next);
    known = *next;
  }
  CHECK(known->files() <= kPerLesson + kSupersededListings);
  CHECK(known->find("https://h.example/3/0.pkg") != nullptr);
  CHECK(known->find("https://h.example/2/0.pkg") != nullptr);
  CHECK(known->find("https://h.example/0/0.pkg") == nullptr);
}
