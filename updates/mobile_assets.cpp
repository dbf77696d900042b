// SPDX-License-Identifier: MIT
// Apple's catalogues of mobile assets, https://mesu.apple.com/assets/.../com_apple_MobileAsset_<Type>.xml: a property
// list {Assets[{__BaseURL, __RelativePath, Build, OSVersion, PrerequisiteBuild, PrerequisiteOSVersion,
// SupportedDevices[], SupportedDeviceModels[], _DownloadSize, _Measurement, _Measurement-SHA256}]}. Members as
// blacktop/ipsw's pkg/ota/types/asset.go has them; no document as Apple serves it was at hand.
#include <algorithm>
#include <array>
#include <unordered_map>

#include "updates/apple_files.h"
#include "updates/apple_path.h"
#include "updates/lesson.h"
#include "updates/property_list.h"
#include "updates/recognise.h"

namespace larder::updates {
namespace {

constexpr auto kSystemUpdates = std::to_array<std::string_view>({"SoftwareUpdate", "SplatSoftwareUpdate"});
constexpr auto kMacUpdates = std::to_array<std::string_view>({"MacSoftwareUpdate", "MacSplatSoftwareUpdate"});

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& types, std::string_view type) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

// "9.9.26.2": updates for devices that ask without a version are listed far ahead.
std::string_view version_of(PlistNode asset, const char* key) {
  constexpr std::string_view kAhead = "9.9.";
  std::string_view version = asset[key].text();
  if (version.starts_with(kAhead)) version.remove_prefix(kAhead.size());
  return version;
}

void add_texts(PlistNode list, std::vector<std::string>& texts) {
  list.each_item([&](PlistNode item) {
    if (const auto text = item.text(); !text.empty()) texts.emplace_back(text);
  });
}

class Assets {
 public:
  explicit Assets(std::string_view type) : type_(type) {}

  void add(PlistNode asset) {
    const std::string address = std::string(asset["__BaseURL"].text()).append(asset["__RelativePath"].text());
    const auto key = apple_key(address);
    if (!key || lesson_.files.size() > kListedFiles) return;
    auto audience = audience_of(asset);
    const std::string from_version(version_of(asset, "PrerequisiteOSVersion"));
    const std::string_view in_path = mobile_asset_type(*key);
    const std::string_view type = in_path.empty() ? std::string_view(type_) : in_path;
    const bool system = is_one_of(kSystemUpdates, type) || is_one_of(kMacUpdates, type);
    const auto [at, first] = places_.try_emplace(*key, lesson_.files.size());
    if (!first) {
      ListedFile& known = lesson_.files[at->second].file;
      if (system) teach_start(*audience, known.product, from_version);
      add_start(known, *audience, from_version);
      known.audience = together(known.audience, audience);
      return;
    }
    ListedFile file;
    file.url = *key;
    file.version = version_of(asset, "OSVersion");
    file.build = asset["Build"].text();
    file.product = product_of(type, *audience, file.version);
    if (const auto extra = asset["ProductVersionExtra"].text(); !extra.empty()) file.version.append(" ").append(extra);
    file.size_bytes = asset["_DownloadSize"].number();
    file.published = published(asset, *key);
    if (system && is_apple_build(file.build) && !file.version.empty()) {
      lesson_.builds.push_back({file.build, file.product, file.version, Evidence::catalogue});
    }
    if (system) teach_start(*audience, file.product, from_version);
    file.from_version = from_version;
    file.audience = std::move(audience);
    lesson_.files.push_back({std::move(file), {}, 0});
  }

  Lesson lesson() { return std::move(lesson_); }

 private:
  // Of a file that is listed once more: what starts from anything on one of its devices is whole, and the lowest
  // version of several is where it starts from.
  static void add_start(ListedFile& known, const Audience& more, const std::string& from_version) {
    const bool from_anything = known.from_version.empty() && known.audience->from_builds.empty();
    if (from_version.empty() && more.from_builds.empty()) {
      known.from_version.clear();
    } else if (!from_anything && !from_version.empty()) {
      const bool lower = known.from_version.empty() || compare_versions(from_version, known.from_version) < 0;
      if (lower) known.from_version = from_version;
    }
  }

  void teach_start(const Audience& audience, const std::string& product, const std::string& from_version) {
    for (const std::string& build : audience.from_builds) {
      if (is_apple_build(build) && !from_version.empty())
        lesson_.builds.push_back({build, product, from_version, Evidence::catalogue});
    }
  }

  static std::shared_ptr<const Audience> audience_of(PlistNode asset) {
    auto audience = std::make_shared<Audience>();
    if (const auto build = asset["PrerequisiteBuild"].text(); !build.empty()) audience->from_builds.emplace_back(build);
    add_texts(asset["SupportedDevices"], audience->models);
    add_texts(asset["SupportedDeviceModels"], audience->models);
    return audience;
  }

  static std::string product_of(std::string_view type, const Audience& audience, std::string_view version) {
    if (is_one_of(kMacUpdates, type)) return "macOS";
    if (is_one_of(kSystemUpdates, type)) {
      for (const std::string& model : audience.models) {
        if (auto product = product_of_model(model, version); !product.empty()) return product;
      }
    }
    return type.empty() ? "MobileAsset" : std::string("MobileAsset ").append(type);
  }

  // What _Measurement measures of an encrypted archive is not known: only plain archives are checked by it.
  static PublishedPtr published(PlistNode asset, std::string_view key) {
    Published bytes;
    bytes.size_bytes = asset["_DownloadSize"].number();
    if (key.ends_with(".zip")) {
      bytes.sha1 = Sha1Digest::from_bytes(asset["_Measurement"].data());
      const std::string_view sha256 = asset["_Measurement-SHA256"].data();
      if (Digest digest; sha256.size() == Digest::kSize) {
        std::transform(sha256.begin(), sha256.end(), digest.bytes.begin(), [](char c) { return std::byte(c); });
        bytes.sha256 = digest;
      }
    }
    return bytes.empty() ? nullptr : std::make_shared<const Published>(std::move(bytes));
  }

  std::string type_;
  Lesson lesson_;
  std::unordered_map<std::string, std::size_t> places_;  // in lesson_.files
};

}  // namespace

Result<Lesson> read_mobile_assets(std::string_view type, std::string_view document) {
  auto list = PropertyList::parse(document);
  if (!list) return std::move(list).error();
  const PlistNode assets = list->root()["Assets"];
  if (!assets.is_array()) return fail(ErrorKind::invalid, "reading a catalogue of assets: it has no list of them");
  Assets read(type);
  assets.each_item([&](PlistNode asset) { read.add(asset); });
  return read.lesson();
}

}  // namespace larder::updates
