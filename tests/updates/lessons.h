// SPDX-License-Identifier: MIT
// Small invented documents and one-line ways to learn and ask, for the tests of this folder.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "updates/knowledge.h"
#include "updates/recognise.h"

namespace larder::updates::test {

using Snapshot = std::shared_ptr<const Knowledge>;

inline const std::string kChannelRoot =
    "https://res.public.onecdn.static.microsoft/mro1cdnstorage/C1297A47-86C4-4C1F-97FA-950631F94777/MacAutoupdate/";
inline const std::string kBetaRoot =
    "https://res.public.onecdn.static.microsoft/mro1cdnstorage/4B2D7701-0A4F-49C8-B4CB-0C2D4043F51F/MacAutoupdate/";
inline const std::string kSucatalog = "https://swscan.apple.com/content/catalogs/others/index-14-13.merged-1.sucatalog";

inline Url url(const std::string& text) {
  auto parsed = Url::parse(text);
  REQUIRE(parsed);
  return *parsed;
}

inline Result<Snapshot> try_learn(const Snapshot& before, const std::string& from, std::string_view document) {
  return learn(before, url(from), std::as_bytes(std::span(document)));
}

inline Snapshot learnt(const Snapshot& before, const std::string& from, std::string_view document) {
  auto after = try_learn(before, from, document);
  if (!after) FAIL(after.error().message);
  return *after;
}

inline Recognition recognised(const std::string& text, const Snapshot& knowledge = Knowledge::empty()) {
  return recognise(url(text), *knowledge);
}

inline std::string plist(const std::string& content) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\">" + content + "</plist>\n";
}

inline std::string pair(const std::string& key, const std::string& value) {
  return "<key>" + key + "</key><string>" + value + "</string>";
}

inline std::string dictionary(const std::string& members) {
  return "<dict>" + members + "</dict>";
}

// A manifest with one delta (and its binary form) and the full package.
inline std::string outlook_manifest(const std::string& from, const std::string& to,
                                    const std::string& root = kChannelRoot) {
  const std::string full = root + "Microsoft_Outlook_" + to + "_Updater.pkg";
  const std::string delta = root + "Outlook_" + from + "_to_" + to;
  return plist("<array>" +
               dictionary(pair("Application ID", "OPIM2019") + pair("Baseline Version", from) +
                          pair("BinaryUpdaterLocation", delta + "_BinaryDelta.pkg") +
                          "<key>BinaryUpdaterSize</key><integer>216560</integer>" + pair("FullUpdaterLocation", full) +
                          pair("Location", delta + "_Delta.pkg") + pair("Update Version", to)) +
               dictionary(pair("Location", full) + pair("Update Version", to)) + "</array>");
}

inline const std::string kProductFolder =
    "/content/downloads/26/09/042-58988-A_114Q05ZS90/abcdefghijklmnopqrstuvwxyz01234567/";

inline std::string package(const std::string& address, int size) {
  return dictionary(pair("URL", address) + "<key>Size</key><integer>" + std::to_string(size) + "</integer>" +
                    pair("IntegrityDataURL", address + ".integrityDataV1"));
}

// A catalogue with one product, key 042-58988, and what its ExtendedMetaInfo holds.
inline std::string sucatalog(const std::string& extended) {
  const std::string cdn = "https://swcdn.apple.com" + kProductFolder;
  return plist(
      dictionary("<key>CatalogVersion</key><integer>2</integer><key>Products</key>" +
                 dictionary("<key>042-58988</key>" +
                            dictionary("<key>Packages</key><array>" + package(cdn + "InstallAssistant.pkg", 9000) +
                                       package(cdn + "MajorOSInfo.pkg", 10) + "</array><key>Distributions</key>" +
                                       dictionary(pair("English", "https://swdist.apple.com" + kProductFolder +
                                                                      "042-58988.English.dist")) +
                                       "<key>ExtendedMetaInfo</key>" + dictionary(extended)))));
}

}  // namespace larder::updates::test
