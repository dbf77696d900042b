// SPDX-License-Identifier: MIT
#include "lessons.h"

using namespace larder;
using namespace larder::updates;
using namespace larder::updates::test;

namespace {

const std::string kDist = "https://swdist.apple.com" + kProductFolder + "042-58988.English.dist";
const std::string kGermanDist = "https://swdist.apple.com" + kProductFolder + "042-58988.German.dist";
const std::string kMetadata = "https://swcdn.apple.com" + kProductFolder + "InstallAssistantAuto.smd";
const std::string kInstaller = "https://swcdn.apple.com" + kProductFolder + "InstallAssistant.pkg";

std::string distribution(const std::string& content) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><installer-gui-script minSpecVersion=\"2\">" + content +
         "</installer-gui-script>";
}

std::string auxiliary(const std::string& version, const std::string& build) {
  return "<auxinfo>" + dictionary(pair("BUILD", build) + pair("VERSION", version)) + "</auxinfo>";
}

}  // namespace

TEST_CASE("a distribution teaches title, version and build of its product") {
  const auto known =
      learnt(Knowledge::empty(), kDist, distribution("<title>macOS Sonoma</title>" + auxiliary("14.0", "23A344")));
  const auto seen = recognised(kInstaller, known);
  CHECK(seen.product == "macOS Sonoma");
  CHECK(seen.version == "14.0");
  CHECK(seen.build == "23A344");
  CHECK(seen.product_key == "042-58988");
  CHECK(seen.evidence == Evidence::catalogue);
  CHECK_FALSE(seen.listed);
}

TEST_CASE("a product's describing files are known from its catalogue") {
  CHECK(Knowledge::empty()->descriptions_of("042-58988").empty());
  const auto known = learnt(Knowledge::empty(), kSucatalog, sucatalog(""));
  CHECK(known->descriptions_of("042-58988") == std::vector<std::string>{kDist});
  CHECK(known->descriptions_of("042-1").empty());
}

TEST_CASE("a title that is a key is looked up in the English strings") {
  const std::string strings =
      "<localization><strings language=\"German\"><![CDATA[\"SU_TITLE\" = \"Falsch\";]]></strings>"
      "<strings language=\"English\"><![CDATA[\"SU_VERS\" = \"15.6\"; \n \"SU_TITLE\"  =  \"Safari \\\"x\\\"\";]]>"
      "</strings></localization>";
  const auto known = learnt(Knowledge::empty(), kDist,
                            distribution("<title>SU_TITLE</title><choice id=\"su\" versStr=\"SU_VERS\"/>" + strings));
  CHECK(recognised(kInstaller, known).product == "Safari \"x\"");
  CHECK(recognised(kInstaller, known).version == "15.6");
}

TEST_CASE("a key that no table explains is no title") {
  const auto known = learnt(Knowledge::empty(), kDist, distribution("<title>SU_TITLE</title>"));
  CHECK(recognised(kInstaller, known).product == "Apple product 042-58988");
}

TEST_CASE("the English title wins over another language's, whichever passes first") {
  const auto german = distribution("<title>Deutsch</title>" + auxiliary("14.0", "23A344"));
  const auto english = distribution("<title>English</title>" + auxiliary("14.0", "23A344"));
  const auto one = learnt(learnt(Knowledge::empty(), kGermanDist, german), kDist, english);
  const auto other = learnt(learnt(Knowledge::empty(), kDist, english), kGermanDist, german);
  CHECK(recognised(kInstaller, one).product == "English");
  CHECK(recognised(kInstaller, other).product == "English");
}

TEST_CASE("catalogue and distribution complete each other in either order") {
  const std::string sonoma = "<key>InstallAssistantPackageIdentifiers</key>" +
                             dictionary(pair("SharedSupport", "com.apple.pkg.InstallAssistant.macOSSonoma"));
  const auto dist = distribution("<title>macOS Sonoma</title>" + auxiliary("14.0", "23A344"));
  const auto one = learnt(learnt(Knowledge::empty(), kSucatalog, sucatalog(sonoma)), kDist, dist);
  const auto other = learnt(learnt(Knowledge::empty(), kDist, dist), kSucatalog, sucatalog(sonoma));
  for (const auto& known : {one, other}) {
    CHECK(recognised(kInstaller, known).product == "macOS Sonoma installer");
    CHECK(recognised(kInstaller, known).version == "14.0");
    CHECK(recognised(kInstaller, known).listed);
    CHECK(known->find(kInstaller)->build == "23A344");
  }
}

TEST_CASE("server metadata tells title and version when nothing better is known") {
  const auto metadata = plist(dictionary(pair("CFBundleShortVersionString", "15.6.1") + "<key>localization</key>" +
                                         dictionary("<key>German</key>" + dictionary(pair("title", "Deutsch")) +
                                                    "<key>English</key>" + dictionary(pair("title", "Safari")))));
  const auto known = learnt(Knowledge::empty(), kMetadata, metadata);
  CHECK(recognised(kInstaller, known).product == "Safari");
  CHECK(recognised(kInstaller, known).version == "15.6.1");
  const auto better = learnt(known, kDist, distribution("<title>Safari Update</title>" + auxiliary("15.6.2", "1")));
  CHECK(recognised(kInstaller, better).product == "Safari Update");
  CHECK(recognised(kInstaller, better).version == "15.6.2");
}

TEST_CASE("what is no installer script is refused") {
  for (const std::string& document : std::vector<std::string>{
           "", "<html></html>", "<installer-gui-script>", "<a", distribution("<title>x</title").substr(0, 70),
           "<installer-gui-script><![CDATA[</installer-gui-script>"}) {
    INFO(document);
    CHECK_FALSE(try_learn(Knowledge::empty(), kDist, document));
  }
  CHECK_FALSE(try_learn(Knowledge::empty(), kMetadata, plist("<array></array>")));
}

TEST_CASE("odd strings tables do no harm") {
  for (const std::string& strings : std::vector<std::string>{"\"T\"", "\"T\" =", "\"T\" = \"", "\"T\" = \"a\\",
                                                             "\"T\" = x", "\"T\" \"T\" = \"a\";"}) {
    INFO(strings);
    const auto known = learnt(
        Knowledge::empty(), kDist,
        distribution("<title>T</title><localization><strings><![CDATA[" + strings + "]]></strings></localization>"));
    CHECK(recognised(kInstaller, known).product == "T (042-58988)");
  }
}
