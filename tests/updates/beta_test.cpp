// SPDX-License-Identifier: MIT
#include "lessons.h"

using namespace larder;
using namespace larder::updates;
using namespace larder::updates::test;

namespace {

const std::string kSeed = "https://updates.cdn-apple.com/2026WinterSeed/fullrestores/047-42574/x/";
const std::string kInstaller = "https://swcdn.apple.com" + kProductFolder + "InstallAssistant.pkg";
const std::string kDistribution = "https://swdist.apple.com" + kProductFolder + "042-58988.English.dist";

std::string image(const std::string& version, const std::string& build) {
  return kSeed + "iPhone17,3_" + version + "_" + build + "_Restore.ipsw";
}

std::string appledb(const std::string& system, const std::string& version, const std::string& build,
                    const std::string& type, const std::string& url) {
  return R"({"osStr": ")" + system + R"(", "version": ")" + version + R"(", "build": ")" + build +
         R"(", "sources": [{"type": ")" + type + R"(", "links": [{"url": ")" + url + R"("}]}]})";
}

std::string distribution(const std::string& version, const std::string& build) {
  return "<?xml version=\"1.0\"?><installer-gui-script><title>macOS Tahoe</title><auxinfo><dict>" +
         pair("VERSION", version) + pair("BUILD", build) + "</dict></auxinfo></installer-gui-script>";
}

}  // namespace

TEST_CASE("a build that only betas have makes a restore image a beta's") {
  for (const auto* build : {"23D5114d", "22F5053f", "20C5049e", "17R5300m", "25A9351z"}) {
    INFO(build);
    const auto seen = recognised(image("26.3", build));
    CHECK(seen.version == "26.3 beta");
    CHECK(seen.build == build);
    CHECK(seen.evidence == Evidence::name);
  }
}

TEST_CASE("a build that a release may have makes none, whatever its train") {
  // The last is that of a Rapid Security Response.
  for (const auto* build : {"23D771", "23D5114", "20A2411", "19A471t", "22A3354", "22F770820d"}) {
    INFO(build);
    CHECK(recognised(image("26.3", build)).version == "26.3");
  }
}

TEST_CASE("which beta a restore image is, AppleDB tells") {
  const std::string url = image("26.3", "23D5114d");
  const auto known = learnt(Knowledge::empty(), "https://api.appledb.dev/ios/iOS;23D5114d.json",
                            appledb("iOS", "26.3 beta 2", "23D5114d", "ipsw", url));
  for (const std::string& name :
       {url, image("26.3", "23D5114d") + "?x", kSeed + "iPhone17,4_26.3_23D5114d_Restore.ipsw"}) {
    const auto seen = recognised(name, known);
    CHECK(seen.product == "iOS");
    CHECK(seen.version == "26.3 beta 2");
    CHECK(seen.evidence == Evidence::feed);
  }
}

TEST_CASE("what AppleDB calls a candidate keeps the version that Apple gave its restore image") {
  const std::string url = image("15.7", "24G222");
  const auto known = learnt(Knowledge::empty(), "https://api.appledb.dev/ios/macOS;24G222.json",
                            appledb("macOS", "15.7 RC 6", "24G222", "ipsw", url));
  CHECK(recognised(url, known).version == "15.7");
  CHECK(recognised(url, known).evidence == Evidence::name);
}

TEST_CASE("an installer of a beta is called one, by its build, and AppleDB tells which") {
  auto known = learnt(Knowledge::empty(), kSucatalog, sucatalog(""));
  known = learnt(known, kDistribution, distribution("26.3", "25D5112c"));
  CHECK(recognised(kInstaller, known).product == "macOS Tahoe");
  CHECK(recognised(kInstaller, known).version == "26.3 beta");
  CHECK(recognised(kInstaller, known).build == "25D5112c");
  CHECK(recognised(kInstaller, known).evidence == Evidence::catalogue);
  known = learnt(known, "https://api.appledb.dev/ios/macOS;25D5112c.json",
                 appledb("macOS", "26.3 beta 2", "25D5112c", "installassistant", kInstaller));
  CHECK(recognised(kInstaller, known).product == "macOS Tahoe");
  CHECK(recognised(kInstaller, known).version == "26.3 beta 2");
  CHECK(recognised(kInstaller, known).evidence == Evidence::feed);
}

TEST_CASE("a catalogue's own version of a beta's build is a beta's") {
  const auto known = learnt(
      Knowledge::empty(), kSucatalog,
      sucatalog(pair("ProductType", "macOS") + pair("ProductVersion", "26.3") + pair("BuildVersion", "25D5112c")));
  CHECK(recognised(kInstaller, known).version == "26.3 beta");
  CHECK(known->find_build("25D5112c")->version == "26.3 beta");
}

TEST_CASE("what lists say of a beta is kept, whichever is learnt first") {
  const std::string from = "https://api.appledb.dev/ios/macOS;25D5112c.json";
  const std::string list = appledb("macOS", "26.3 beta 2", "25D5112c", "installassistant", kInstaller);
  const std::string catalogue =
      sucatalog(pair("ProductType", "macOS") + pair("ProductVersion", "26.3") + pair("BuildVersion", "25D5112c"));
  const auto first = learnt(learnt(Knowledge::empty(), from, list), kSucatalog, catalogue);
  const auto last = learnt(learnt(Knowledge::empty(), kSucatalog, catalogue), from, list);
  CHECK(first->find_build("25D5112c")->version == "26.3 beta 2");
  CHECK(last->find_build("25D5112c")->version == "26.3 beta 2");
  CHECK(recognised(kInstaller, first).version == "26.3 beta 2");
  CHECK(recognised(kInstaller, last).version == "26.3 beta 2");
}
