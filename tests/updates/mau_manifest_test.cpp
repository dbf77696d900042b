// SPDX-License-Identifier: MIT
#include "lessons.h"

using namespace larder;
using namespace larder::updates;
using namespace larder::updates::test;

namespace {

const std::string kManifest = kChannelRoot + "0409OPIM2019.xml";

Snapshot from_entry(const std::string& members, const std::string& manifest = kManifest) {
  return learnt(Knowledge::empty(), manifest, plist("<array>" + dictionary(members) + "</array>"));
}

}  // namespace

TEST_CASE("a manifest teaches full package, delta and binary delta") {
  const auto known = learnt(Knowledge::empty(), kManifest, outlook_manifest("16.107.26030937", "16.109.26053122"));
  CHECK(known->files() == 3);
  CHECK(known->catalogues() == 1);
  const ListedFile* full = known->find(kChannelRoot + "Microsoft_Outlook_16.109.26053122_Updater.pkg");
  REQUIRE(full != nullptr);
  CHECK(full->product == "Microsoft Outlook");
  CHECK(full->version == "16.109.26053122");
  CHECK(full->from_version.empty());
  CHECK(full->channel == "Current");
  CHECK(full->app_id == "OPIM2019");
  CHECK(full->catalogue == kManifest);
  CHECK_FALSE(full->size_bytes.has_value());
  for (const auto* ending : {"_Delta.pkg", "_BinaryDelta.pkg"}) {
    const ListedFile* delta = known->find(kChannelRoot + "Outlook_16.107.26030937_to_16.109.26053122" + ending);
    REQUIRE(delta != nullptr);
    CHECK(delta->from_version == "16.107.26030937");
    CHECK(delta->version == "16.109.26053122");
  }
}

TEST_CASE("a manifest on a retired host teaches the same keys") {
  const std::string root = "https://officecdnmac.microsoft.com/pr/C1297A47-86C4-4C1F-97FA-950631F94777/MacAutoupdate/";
  const auto known = learnt(Knowledge::empty(), root + "0409OPIM2019.xml", outlook_manifest("1.1.1", "1.1.2", root));
  CHECK(known->find(kChannelRoot + "Microsoft_Outlook_1.1.2_Updater.pkg") != nullptr);
  CHECK(known->taught(kManifest).has_value());
}

TEST_CASE("padded strings are trimmed") {
  const auto known = from_entry(pair("Location", "\n " + kChannelRoot + "Microsoft_Outlook_16.113_Updater.pkg\n") +
                                pair("Update Version", " 16.113 \n"));
  const ListedFile* file = known->find(kChannelRoot + "Microsoft_Outlook_16.113_Updater.pkg");
  REQUIRE(file != nullptr);
  CHECK(file->version == "16.113");
}

TEST_CASE("99999 and a missing version give way to the name's version") {
  const std::string location = pair("Location", kChannelRoot + "Microsoft_Outlook_16.113.26100421_Updater.pkg");
  for (const std::string& version : std::vector<std::string>{"", pair("Update Version", "99999")}) {
    const auto known = from_entry(location + version);
    CHECK(known->find(kChannelRoot + "Microsoft_Outlook_16.113.26100421_Updater.pkg")->version == "16.113.26100421");
  }
  const auto known = from_entry(pair("Location", kChannelRoot + "wdav-upgrade.pkg") + pair("Update Version", "99999"),
                                kChannelRoot + "0409WDAV00.xml");
  CHECK(known->find(kChannelRoot + "wdav-upgrade.pkg")->version.empty());
}

TEST_CASE("package URLs under keys no one knows are learnt, other links are not") {
  const auto known = from_entry(pair("New Key", kChannelRoot + "Microsoft_Outlook_1.2.3_Installer.pkg") +
                                pair("Help", "https://go.microsoft.com/fwlink/?linkid=1") +
                                pair("Location", "https://go.microsoft.com/fwlink/?linkid=2") +
                                pair("Payload", "Real Name.pkg") + pair("Update Version", "1.2.3"));
  CHECK(known->files() == 2);
  CHECK(known->find(kChannelRoot + "Microsoft_Outlook_1.2.3_Installer.pkg") != nullptr);
  CHECK(known->find("http://go.microsoft.com/fwlink/?linkid=1") == nullptr);
  REQUIRE(known->find_package("Current", "", "Real Name.pkg") != nullptr);
  CHECK(known->find_package("Current", "", "Real Name.pkg")->url == "https://go.microsoft.com/fwlink/?linkid=2");
}

TEST_CASE("an application no table names is called as its manifest says") {
  const auto location = pair("Location", kChannelRoot + "New.pkg") + pair("Update Version", "1.0");
  const std::string manifest = kChannelRoot + "0409NEWAPP.xml";
  CHECK(from_entry(location + pair("Application Name", "Microsoft New.app"), manifest)
            ->find(kChannelRoot + "New.pkg")
            ->product == "Microsoft New");
  CHECK(from_entry(location + pair("Title", "Microsoft Newer Update 1.0 (1)"), manifest)
            ->find(kChannelRoot + "New.pkg")
            ->product == "Microsoft Newer");
  CHECK(from_entry(location, manifest)->find(kChannelRoot + "New.pkg")->product == "NEWAPP");
}

TEST_CASE("entries of wrong types are passed over") {
  const auto known = learnt(Knowledge::empty(), kManifest,
                            plist("<array><string>x</string><integer>1</integer><array/>" +
                                  dictionary("<key>Location</key><integer>5</integer>" + pair("Update Version", "1")) +
                                  dictionary("<key>Location</key><dict/>") + dictionary(pair("Location", "https://")) +
                                  dictionary(pair("Location", "ftp://h/x.pkg")) + "</array>"));
  CHECK(known->files() == 0);
  CHECK(known->catalogues() == 1);
}

TEST_CASE("pointer and history teach nothing and are looked over") {
  const auto known = learnt(Knowledge::empty(), kChannelRoot + "0409OPIM2019-chk.xml",
                            plist(dictionary(pair("Update Version", "16.109.26053122"))));
  CHECK(known->files() == 0);
  CHECK(known->taught(kChannelRoot + "0409OPIM2019-chk.xml").has_value());
  CHECK(try_learn(known, kChannelRoot + "0409OPIM2019-history.xml",
                  plist("<array><string>16.109.26053122</string></array>")));
  CHECK_FALSE(try_learn(known, kChannelRoot + "0409OPIM2019-chk.xml", "<html><body>Bad Request</body></html>x<"));
}

TEST_CASE("what is no manifest is refused and what was known stands") {
  const auto known = learnt(Knowledge::empty(), kManifest, outlook_manifest("1.1.1", "1.1.2"));
  const std::string whole = outlook_manifest("1.1.2", "1.1.3");
  for (const std::string& document : std::vector<std::string>{
           "", "<html><head><title>404</title></head><body><h1>Not Found</h1></body></html>",
           whole.substr(0, whole.size() / 2), whole.substr(0, whole.size() - 12), "bplist00xxxxxxxxxxxxxxxxxxxxxxxxxx",
           plist("<string>x</string>"), std::string(1000, '\0'), "<plist><array><dict><key>a</plist>"}) {
    INFO(document);
    const auto after = try_learn(known, kManifest, document);
    REQUIRE_FALSE(after);
    CHECK_THAT(after.error().message, Catch::Contains("0409OPIM2019.xml"));
  }
  CHECK(known->find(kChannelRoot + "Microsoft_Outlook_1.1.2_Updater.pkg") != nullptr);
}
