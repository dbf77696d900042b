// SPDX-License-Identifier: MIT
#include "updates/document_kind.h"

#include "lessons.h"

using namespace larder;
using namespace larder::updates;
using namespace larder::updates::test;

namespace {

Result<Snapshot> try_file(const std::string& place, std::string_view document) {
  return learn_file(Knowledge::empty(), place, std::as_bytes(std::span(document)));
}

const std::string kCatalogue = sucatalog(pair("ProductType", "macOS") + pair("ProductVersion", "14.1"));
const std::string kInstaller = "https://swcdn.apple.com" + kProductFolder + "InstallAssistant.pkg";

}  // namespace

TEST_CASE("a file whose place spells out its URL is known by that") {
  const auto known = try_file("some/where/swscan.apple.com/content/catalogs/others/index-14.sucatalog", kCatalogue);
  REQUIRE(known);
  CHECK((*known)->taught("https://swscan.apple.com/content/catalogs/others/index-14.sucatalog").has_value());
  CHECK(recognised(kInstaller, *known).version == "14.1");
  CHECK_FALSE(url_of_place("swscan.apple.com").has_value());
  CHECK_FALSE(url_of_place("a/b.c/d").has_value());
}

TEST_CASE("any other file is known by its looks") {
  struct Row {
    const char* place;
    std::string document;
    Document kind;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"index-12.sucatalog", kCatalogue, Document::sucatalog},
           {"gdmf.json",
            R"({"data": {"PublicAssetSets": {"macOS": [{"ProductVersion": "26.6.2", "Build": "25G83"}]}}})",
            Document::pmv},
           {"feed.json", "\xEF\xBB\xBF{\"OSVersions\": [{\"OSVersion\": \"26\"}]}", Document::sofa},
           {"24G222.json", R"([{"osStr": "macOS", "version": "15.7", "build": "24G222"}])", Document::appledb},
           {"assets.xml", plist(dictionary("<key>Assets</key><array></array>")), Document::mobile_assets},
           {"042-58988.English.dist", "<installer-gui-script><title>macOS</title></installer-gui-script>",
            Document::distribution}}) {
    INFO(row.place);
    CHECK(document_kind_of(row.document) == row.kind);
  }
  const auto known = try_file("index-12.sucatalog", kCatalogue);
  REQUIRE(known);
  CHECK((*known)->taught("file:index-12.sucatalog").has_value());
  CHECK(recognised(kInstaller, *known).version == "14.1");
}

TEST_CASE("a distribution's file name tells its product") {
  const std::string text =
      "<installer-gui-script><title>macOS Sonoma</title><auxinfo><dict><key>VERSION</key><string>14.6.1</string></dict>"
      "</auxinfo></installer-gui-script>";
  auto known = try_file("dists/042-58988.English.dist", text);
  REQUIRE(known);
  known = try_learn(*known, kSucatalog, sucatalog(""));
  REQUIRE(known);
  CHECK(recognised(kInstaller, *known).version == "14.6.1");
  CHECK(recognised(kInstaller, *known).product == "macOS Sonoma");
}

TEST_CASE("a file that looks like no catalogue is refused as such") {
  for (const std::string& document : {std::string("hello"), std::string("{}"), std::string(), plist("<dict></dict>")}) {
    const auto after = try_file("notes.txt", document);
    REQUIRE_FALSE(after);
    CHECK(after.error().kind == ErrorKind::not_found);
  }
  const auto broken = try_file("x.sucatalog", kCatalogue.substr(0, kCatalogue.size() / 2));
  REQUIRE_FALSE(broken);
  CHECK(broken.error().kind == ErrorKind::invalid);
}
