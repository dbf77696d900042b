// SPDX-License-Identifier: MIT
#include <zlib.h>

#include "base/limits.h"
#include "lessons.h"

using namespace larder;
using namespace larder::updates;
using namespace larder::updates::test;

namespace {

const std::string kInstaller = "https://swcdn.apple.com" + kProductFolder + "InstallAssistant.pkg";
const std::string kSonoma = "<key>InstallAssistantPackageIdentifiers</key>" +
                            dictionary(pair("SharedSupport", "com.apple.pkg.InstallAssistant.macOSSonoma"));

std::string gzip(const std::string& text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string packed(deflateBound(&stream, static_cast<uLong>(text.size())) + 32, '\0');
  std::string input = text;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace

TEST_CASE("a catalogue's packages are joined with their product") {
  const auto known =
      learnt(Knowledge::empty(), kSucatalog,
             sucatalog(pair("ProductType", "macOS") + pair("ProductVersion", "14.1") + pair("BuildVersion", "23B74")));
  const auto seen = recognised(kInstaller, known);
  CHECK(seen.product == "macOS");
  CHECK(seen.version == "14.1");
  CHECK(seen.build == "23B74");
  CHECK(seen.product_key == "042-58988");
  CHECK(seen.kind == Kind::full);
  CHECK(seen.evidence == Evidence::catalogue);
  CHECK(seen.stability == NameStability::immutable);
  CHECK(seen.listed);
  CHECK(known->find(kInstaller)->size_bytes == 9000);
  CHECK(known->find_build("23B74")->version == "14.1");
  REQUIRE(seen.published);
  CHECK(seen.published->size_bytes == 9000);
  CHECK(seen.published->chunk_list == kInstaller + ".integrityDataV1");
}

TEST_CASE("a catalogue's products came out when they were posted; of two catalogues the earlier word counts") {
  const auto posted = [](const std::string& date) {
    std::string document = sucatalog(kSonoma);
    document.insert(document.find("<key>Packages</key>"), "<key>PostDate</key><date>" + date + "</date>");
    return document;
  };
  const auto released = [](const Snapshot& known) { return to_rfc3339(known->find(kInstaller)->released); };
  CHECK(learnt(Knowledge::empty(), kSucatalog, sucatalog(kSonoma))->find(kInstaller)->released == WallTime{});
  const auto known = learnt(Knowledge::empty(), kSucatalog, posted("2023-09-26T17:00:10Z"));
  CHECK(released(known) == "2023-09-26T17:00:10Z");
  const std::string other = "https://swscan.apple.com/content/catalogs/others/index-15.merged-1.sucatalog";
  CHECK(released(learnt(known, other, posted("2023-09-25T00:00:00Z"))) == "2023-09-25T00:00:00Z");
  CHECK(released(learnt(known, other, posted("2023-11-01T00:00:00Z"))) == "2023-09-26T17:00:10Z");
  CHECK(released(learnt(known, other, sucatalog(kSonoma))) == "2023-09-26T17:00:10Z");
}

TEST_CASE("an installer is named by its package identifier, with the key while its version is unknown") {
  const auto known = learnt(Knowledge::empty(), kSucatalog, sucatalog(kSonoma));
  CHECK(recognised(kInstaller, known).product == "macOS Sonoma installer (042-58988)");
  CHECK(known->find_product_key("042-58988")->product == "macOS Sonoma installer (042-58988)");
  const auto big_sur = dictionary(pair("SharedSupport", "com.apple.pkg.InstallAssistant.macOSBigSur"));
  const auto other =
      learnt(Knowledge::empty(), kSucatalog, sucatalog("<key>InstallAssistantPackageIdentifiers</key>" + big_sur));
  CHECK(recognised(kInstaller, other).product == "macOS Big Sur installer (042-58988)");
}

TEST_CASE("only the largest package of a product stands for its version") {
  const auto known = learnt(Knowledge::empty(), kSucatalog, sucatalog(kSonoma));
  CHECK(recognised(kInstaller, known).kind == Kind::full);
  const std::string folder = "https://swcdn.apple.com" + kProductFolder;
  for (const std::string& lesser : {folder + "MajorOSInfo.pkg", folder + "InstallAssistant.pkg.integrityDataV1"}) {
    INFO(lesser);
    CHECK(recognised(lesser, known).kind == Kind::other);
    CHECK(recognised(lesser, known).product_key == "042-58988");
    CHECK(recognised(lesser, known).listed);
  }
}

TEST_CASE("a file of a known product is recognised though no catalogue lists it") {
  const auto known = learnt(Knowledge::empty(), kSucatalog, sucatalog(kSonoma));
  const auto seen = recognised("https://swcdn.apple.com" + kProductFolder + "Other.pkg", known);
  CHECK(seen.product == "macOS Sonoma installer (042-58988)");
  CHECK(seen.evidence == Evidence::catalogue);
  CHECK_FALSE(seen.listed);
}

TEST_CASE("a gzipped catalogue is unpacked") {
  const std::string text = sucatalog(kSonoma);
  const auto known = learnt(Knowledge::empty(), kSucatalog + ".gz", gzip(text));
  CHECK(known->find(kInstaller) != nullptr);
  const std::string packed = gzip(text);
  CHECK_FALSE(try_learn(known, kSucatalog + ".gz", packed.substr(0, packed.size() / 2)));
  CHECK_FALSE(try_learn(known, kSucatalog + ".gz", packed.substr(0, 10)));
}

TEST_CASE("a gzip bomb is refused at the size limit") {
  const std::string bomb = gzip(std::string(limits::kDocumentBytes + 1, ' '));
  const auto after = try_learn(Knowledge::empty(), kSucatalog, bomb);
  REQUIRE_FALSE(after);
  CHECK(after.error().kind == ErrorKind::too_large);
}

TEST_CASE("a document larger than any catalogue is refused") {
  const auto after = try_learn(Knowledge::empty(), kSucatalog, std::string(100 * 1024 * 1024, 'x'));
  REQUIRE_FALSE(after);
  CHECK(after.error().kind == ErrorKind::too_large);
}

TEST_CASE("a catalogue without products, or of wrong types, teaches nothing") {
  CHECK_FALSE(try_learn(Knowledge::empty(), kSucatalog, plist("<dict></dict>")));
  CHECK_FALSE(try_learn(Knowledge::empty(), kSucatalog, plist("<array></array>")));
  const auto known = learnt(
      Knowledge::empty(), kSucatalog,
      plist(dictionary("<key>Products</key>" +
                       dictionary("<key>a</key><string>x</string><key>042-1</key>" +
                                  dictionary("<key>Packages</key><string>x</string><key>Distributions</key><array/>"
                                             "<key>ExtendedMetaInfo</key><integer>1</integer>")))));
  CHECK(known->files() == 0);
}
