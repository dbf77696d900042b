// SPDX-License-Identifier: MIT
// What one document teaches, before it is joined with what is known. One reader per kind of document; each takes bytes
// and gives a Lesson or says what is wrong. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "updates/canonical.h"
#include "updates/knowledge.h"

namespace larder::updates {

// Files one document may list. The largest sucatalog lists some 20,000. Over it: the document is refused.
inline constexpr std::size_t kListedFiles = 200'000;

struct TaughtFile {
  ListedFile file;
  std::vector<std::string> names;  // base names, escapes decoded, by which it may be asked
  int rank = 0;                    // of two mentions of one URL in one document the lower rank stands
};

// What is said of an Apple product. Later members of Origin give way to earlier ones, member by member.
struct ProductFacts {
  std::string product;
  std::string version;
  std::string build;

  bool operator==(const ProductFacts&) const = default;
};

// The last two are lists that others keep: SOFA's, which names products in full, and AppleDB's.
enum class FactsOrigin { catalogue, english_distribution, distribution, metadata, sofa, appledb };
inline constexpr std::size_t kFactsOrigins = 6;

struct TaughtProduct {
  std::string key;
  FactsOrigin origin = FactsOrigin::catalogue;
  ProductFacts facts;
};

struct Lesson {
  std::vector<TaughtFile> files;
  std::vector<TaughtProduct> products;
  std::vector<KnownBuild> builds;
  std::vector<SystemRelease> releases;  // without keys
};

// 0409<ID>.xml and 0409<ID>_<version>.xml. `url` is canonical.
Result<Lesson> read_mau_manifest(const Url& url, std::string_view document);
// 0409<ID>-chk.xml and -history.xml: teach nothing, but are looked over.
Result<Lesson> read_mau_pointer(std::string_view document);
Result<Lesson> read_sucatalog(std::string_view document);
// .dist and .smd of the product that the path names, or a distribution's file name.
Result<Lesson> read_distribution(const Url& url, std::string_view document);
Result<Lesson> read_server_metadata(const Url& url, std::string_view document);
// A mesu catalogue of the assets of one type ("MacSoftwareUpdate"; "" when the name does not tell).
Result<Lesson> read_mobile_assets(std::string_view type, std::string_view document);
// Builds and versions, and installers: release_feeds.cpp.
Result<Lesson> read_pmv(std::string_view document);
Result<Lesson> read_sofa(std::string_view document);
// One build's file of AppleDB, or a list of such.
Result<Lesson> read_appledb(std::string_view document);

}  // namespace larder::updates
