// SPDX-License-Identifier: MIT
// Apple's software update catalogues: a dictionary of products, each with its packages and their descriptions. Few
// products say what they are (ExtendedMetaInfo); for the others the .dist and .smd files do, see distribution.cpp.
#include <algorithm>

#include "base/time_text.h"
#include "updates/apple_path.h"
#include "updates/lesson.h"
#include "updates/property_list.h"
#include "updates/spelling.h"

namespace larder::updates {
namespace {

bool is_capital(char c) {
  return c >= 'A' && c <= 'Z';
}

// "BigSur" -> "Big Sur"
std::string spaced(std::string_view words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0 && is_capital(words[i]) && !is_capital(words[i - 1])) text += ' ';
    text += words[i];
  }
  return text;
}

// "com.apple.pkg.InstallAssistant.macOSSonoma" -> "macOS Sonoma installer"
std::string installer_name(std::string_view identifier) {
  constexpr std::string_view kStart = "com.apple.pkg.InstallAssistant.";
  constexpr std::string_view kSystem = "macOS";
  if (!identifier.starts_with(kStart)) return {};
  identifier.remove_prefix(kStart.size());
  const auto system = identifier.rfind(kSystem);
  if (system == std::string_view::npos) return {};
  const auto name = identifier.substr(system + kSystem.size());
  return name.empty() ? "macOS installer" : "macOS " + spaced(name) + " installer";
}

ProductFacts facts_of(PlistNode product) {
  const PlistNode info = product["ExtendedMetaInfo"];
  ProductFacts facts;
  facts.product = info["ProductType"].text();
  facts.version = info["ProductVersion"].text();
  facts.build = info["BuildVersion"].text();
  if (facts.product.empty()) {
    facts.product = installer_name(info["InstallAssistantPackageIdentifiers"]["SharedSupport"].text());
  }
  return facts;
}

class Product {
 public:
  Product(std::string_view key, PlistNode product)
      : key_(key), product_(product), posted_(parse_time(product["PostDate"].date()).value_or(WallTime{})) {}

  void collect(std::vector<TaughtFile>& files) {
    const std::size_t first = files.size();
    product_["Packages"].each_item([&](PlistNode package) {
      add(package["URL"], package["Size"].number(), files, published(package));
      largest_ = std::max(largest_, package["Size"].number().value_or(0));
    });
    for (std::size_t i = first; i < files.size(); ++i) {
      files[i].file.principal = files[i].file.size_bytes.value_or(0) == largest_;
    }
    const std::size_t described = files.size();
    product_["Packages"].each_item([&](PlistNode package) {
      add(package["MetadataURL"], {}, files);
      add(package["IntegrityDataURL"], package["IntegrityDataSize"].number(), files);
    });
    add(product_["ServerMetadataURL"], {}, files);
    // Some twenty languages tell of the same product: one is enough.
    const PlistNode distributions = product_["Distributions"];
    add(distributions["English"], {}, files);
    add(distributions["en"], {}, files);
    for (std::size_t i = described; i < files.size(); ++i) files[i].file.principal = false;
  }

 private:
  // `Digest` is not of the whole file: it is the checksum of the archive's table of contents.
  static PublishedPtr published(PlistNode package) {
    auto bytes = std::make_shared<Published>();
    bytes->size_bytes = package["Size"].number();
    bytes->archive_head = Sha1Digest::from_hex(package["Digest"].text());
    if (const auto list = Url::parse(package["IntegrityDataURL"].text())) bytes->chunk_list = canonical(*list).key;
    return bytes;
  }

  void add(PlistNode text, std::optional<std::uint64_t> size, std::vector<TaughtFile>& files,
           PublishedPtr published = nullptr) const {
    const auto url = Url::parse(text.text());
    if (!url) return;
    TaughtFile taught;
    taught.file.url = canonical(*url).key;
    taught.file.product_key = key_;
    taught.file.size_bytes = size;
    taught.file.published = std::move(published);
    taught.file.released = posted_;
    files.push_back(std::move(taught));
  }

  std::string key_;
  PlistNode product_;
  WallTime posted_;
  std::uint64_t largest_ = 0;
};

}  // namespace

Result<Lesson> read_sucatalog(std::string_view document) {
  auto list = PropertyList::parse(document);
  if (!list) return std::move(list).error();
  const PlistNode products = list->root()["Products"];
  if (!products.is_dictionary()) {
    return fail(ErrorKind::invalid, "reading a software update catalogue: it has no dictionary of products");
  }
  Lesson lesson;
  products.each_member([&](std::string_view key, PlistNode product) {
    if (!product.is_dictionary() || lesson.files.size() > kListedFiles) return;
    ProductFacts facts = facts_of(product);
    const bool system = facts.product == "macOS" || facts.product == "bridgeOS";
    if (system && is_apple_build(facts.build) && !facts.version.empty()) {
      lesson.builds.push_back({facts.build, facts.product, facts.version, Evidence::catalogue});
    }
    lesson.products.push_back({std::string(key), FactsOrigin::catalogue, std::move(facts)});
    Product(key, product).collect(lesson.files);
  });
  return lesson;
}

}  // namespace larder::updates
