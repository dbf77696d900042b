// SPDX-License-Identifier: MIT
#include "updates/mau_set.h"

#include "lessons.h"
#include "updates/mau_schedule.h"

using namespace larder;
using namespace larder::updates;
using namespace larder::updates::test;

namespace {

MauBytes bytes(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

std::string pointer(const std::string& version) {
  return plist(dictionary(pair("Update Version", version)));
}

std::string history(const std::string& versions) {
  return plist("<array>" + versions + "</array>");
}

MauFiles outlook(const std::string& version, const std::string& signed_as, const std::string& pointed) {
  return {{"0409OPIM2019.xml", bytes(outlook_manifest("16.107.26030937", version))},
          {"0409OPIM2019.cat", bytes("signature of " + signed_as)},
          {"0409OPIM2019-chk.xml", bytes(pointer(pointed))}};
}

MauFacts facts(const MauFiles& files, const MauFacts* published = nullptr) {
  auto read = examine_mau_set("OPIM2019", files, published);
  if (!read) FAIL(read.error().message);
  return *read;
}

const std::string kOld = "16.108.26041219";
const std::string kNew = "16.109.26053122";

}  // namespace

TEST_CASE("a set that belongs together says its version and its packages") {
  const MauFacts read = facts(outlook(kNew, kNew, kNew));
  CHECK(read.mixed.empty());
  CHECK(read.version == kNew);
  REQUIRE(read.offers.size() == 1);
  CHECK(read.offers.front().version == kNew);
  CHECK(read.offers.front().url == kChannelRoot + "Microsoft_Outlook_" + kNew + "_Updater.pkg");
}

TEST_CASE("files of two releases are told by the pointer, and by the signature") {
  const MauFacts before = facts(outlook(kOld, kOld, kOld));
  CHECK(facts(outlook(kNew, kNew, kOld), &before).mixed == "the pointer names " + kOld + ", the manifest " + kNew);
  CHECK(facts(outlook(kOld, kOld, kNew), &before).mixed == "the pointer names " + kNew + ", the manifest " + kOld);
  CHECK(facts(outlook(kNew, kOld, kNew), &before).mixed == "the manifest is new, its signature is not");
  CHECK(facts(outlook(kOld, kNew, kOld), &before).mixed == "the signature is new, the manifest is not");
  CHECK(facts(outlook(kNew, kNew, kNew), &before).mixed.empty());
}

TEST_CASE("a history that names the published version must name the next") {
  MauFiles files = outlook(kOld, kOld, kOld);
  files["0409OPIM2019-history.xml"] = bytes(history("<string>" + kOld + "</string>"));
  const MauFacts before = facts(files);
  files = outlook(kNew, kNew, kNew);
  files["0409OPIM2019-history.xml"] = bytes(history("<string>" + kOld + "</string>"));
  CHECK(facts(files, &before).mixed == "the history does not name the new version yet");
  files["0409OPIM2019-history.xml"] = bytes(history("<string>" + kOld + "</string><string>\n" + kNew + " </string>"));
  CHECK(facts(files, &before).mixed.empty());
}

TEST_CASE("a file that is published and that the origin has no longer is missed") {
  MauFiles whole = outlook(kOld, kOld, kOld);
  whole["0409OPIM2019-history.xml"] = bytes(history("<string>" + kOld + "</string>"));
  const MauFacts before = facts(whole);
  const auto without = [&](const char* name) {
    MauFiles files = whole;
    files.erase(name);
    return facts(files, &before).mixed;
  };
  CHECK(without("0409OPIM2019.cat") == "the signature is gone");
  CHECK(without("0409OPIM2019-chk.xml") == "the pointer is gone");
  CHECK(without("0409OPIM2019-history.xml") == "the history is gone");
  MauFiles bare = whole;
  bare.erase("0409OPIM2019-chk.xml");
  const MauFacts simple = facts(bare);
  CHECK(facts(whole, &simple).mixed.empty());
}

TEST_CASE("a pointer to 99999, or none, says nothing against a manifest") {
  MauFiles files = outlook(kNew, kNew, "99999");
  CHECK(facts(files).mixed.empty());
  files.erase("0409OPIM2019-chk.xml");
  CHECK(facts(files).mixed.empty());
}

TEST_CASE("an error page is no file of a set") {
  const std::string page = "<!DOCTYPE html><html><body>400 Bad Request</body></html>";
  for (const char* name :
       {"0409OPIM2019.xml", "0409OPIM2019.cat", "0409OPIM2019-chk.xml", "0409OPIM2019-history.xml"}) {
    MauFiles files = outlook(kNew, kNew, kNew);
    files[name] = bytes(page);
    const auto read = examine_mau_set("OPIM2019", files, nullptr);
    REQUIRE_FALSE(read);
    CHECK_THAT(read.error().message, Catch::Contains(name));
  }
  CHECK(examine_mau_set("OPIM2019", {}, nullptr).error().kind == ErrorKind::not_found);
}

TEST_CASE("the newest version of a manifest is found by its numbers, and its date") {
  const auto entry = [](const std::string& version, const std::string& date) {
    return dictionary(pair("Location", kChannelRoot + "a_" + version + "_Updater.pkg") +
                      pair("Update Version", version) + "<key>Date</key><date>" + date + "</date>");
  };
  const std::string manifest =
      plist("<array>" + entry("16.9.1", "2019-01-01T00:00:00Z") + entry(" 16.101.2\n", "2025-09-16T10:00:00Z") +
            entry("99999", "2026-01-01T00:00:00Z") + "</array>");
  const MauFacts read = facts({{"0409OPIM2019.xml", bytes(manifest)}});
  CHECK(read.version == "16.101.2");
  CHECK(read.date == "2025-09-16T10:00:00Z");
  CHECK(read.offers.size() == 3);
}

TEST_CASE("a list of builds is nothing but builds") {
  CHECK(read_mau_builds("16.109.26053122\r\n16.108.26041219\n").value() ==
        std::vector<std::string>{"16.109.26053122", "16.108.26041219"});
  CHECK_FALSE(read_mau_builds("<html>400</html>"));
  CHECK_FALSE(read_mau_builds(""));
}

TEST_CASE("the version users know stands in the title") {
  CHECK(mau_marketing_version("Microsoft Outlook Update 16.109.3 (26053122)") == "16.109.3");
  CHECK(mau_marketing_version("Microsoft Teams Update").empty());
  CHECK(mau_marketing_version("").empty());
}

TEST_CASE("releases are looked for often when they come, else hourly, and in time for the next") {
  using namespace std::chrono;
  const WallTime tuesday = sys_days(2026y / August / 18) + 16h;
  CHECK(is_mau_release_time(tuesday));
  CHECK_FALSE(is_mau_release_time(tuesday + days(1)));
  CHECK(mau_look_after(tuesday, 0.0) == 300s);
  CHECK(mau_look_after(tuesday, 1.0) == 450s * 4 / 3);
  CHECK(mau_look_after(tuesday + days(2), 0.5) == 1h);
  for (int minute = 0; minute < 7 * 24 * 60; ++minute) {
    const WallTime now = tuesday + minutes(minute);
    for (const double luck : {0.0, 0.5, 1.0}) {
      const auto next = now + mau_look_after(now, luck);
      CHECK(mau_look_after(now, luck) >= 300s * (is_mau_release_time(now) ? 1 : 0));
      CHECK(mau_look_after(now, luck) <= 85min);
      const bool before = floor<days>(now) == floor<days>(next) && now - floor<days>(now) < 15h;
      if (is_mau_release_time(next) && before) CHECK(next - floor<days>(next) <= 15h + 10min);
    }
  }
}
