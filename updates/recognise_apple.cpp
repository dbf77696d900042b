// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "updates/apple_path.h"
#include "updates/asset_type.h"
#include "updates/developer_name.h"
#include "updates/package_name.h"
#include "updates/recognisers.h"
#include "updates/spelling.h"

namespace larder::updates {
namespace {

constexpr auto kCatalogueHosts = std::to_array<std::string_view>(
    {"mesu.apple.com", "swscan.apple.com", "gdmf.apple.com", "sofafeed.macadmins.io", "api.appledb.dev"});
constexpr auto kDeveloperHosts =
    std::to_array<std::string_view>({"download.developer.apple.com", "devimages-cdn.apple.com"});
constexpr auto kArchives = std::to_array<std::string_view>({".zip", ".aar", ".aea"});
constexpr auto kDescriptions = std::to_array<std::string_view>({".dist", ".smd", ".pkm"});

bool ends_with_any(std::string_view path, const auto& endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return path.ends_with(ending); });
}

// "SoftwareUpdate 2025FallFCS": an asset's type and the train it came with, as far as its path tells.
std::string with_train(std::string_view type, std::string_view path) {
  const std::string train = train_of(path);
  return train.empty() ? std::string(type) : std::string(type).append(" ").append(train);
}

Recognition read_catalogue(const Url& url) {
  Recognition recognition;
  recognition.kind = Kind::catalogue;
  recognition.stability = NameStability::mutable_name;
  recognition.asset_type = "Software Update Catalogue";
  if (const auto type = mobile_asset_type(url.path); !type.empty()) recognition.asset_type.append(" ").append(type);
  return recognition;
}

Recognition read_product_file(const Url& url, std::string_view key, const Knowledge& knowledge) {
  Recognition recognition;
  recognition.product_key = key;
  recognition.asset_type = asset_type(url);
  recognition.stability = NameStability::immutable;
  recognition.evidence = Evidence::name;
  recognition.product = "Apple product " + recognition.product_key;
  if (const ListedFile* known = knowledge.find_product_key(key)) {
    recognition.product = known->product;
    recognition.version = known->version;
    recognition.build = known->build;
    recognition.evidence = known->evidence;
  }
  if (ends_with_any(url.path, kDescriptions)) {
    recognition.kind = Kind::catalogue;
  } else if (is_package_name(url.path) || url.path.ends_with(".tar")) {
    recognition.kind = Kind::full;
  }
  return recognition;
}

Recognition read_release(const Url& url, RestoreName name) {
  Recognition recognition;
  recognition.product = std::move(name.product);
  recognition.version = std::move(name.version);
  recognition.build = std::move(name.build);
  recognition.asset_type = recognition.product == "macOS" ? "Mac Software" : asset_type(url);
  recognition.kind = Kind::full;
  recognition.evidence = Evidence::name;
  recognition.stability = NameStability::immutable;
  return recognition;
}

// Neither full nor delta can be told from an asset's path, nor its version: only its type.
Recognition read_asset(const Url& url, std::string_view type) {
  Recognition recognition;
  recognition.product = "MobileAsset " + std::string(type);
  recognition.asset_type = with_train(type, url.path);
  recognition.evidence = Evidence::name;
  return recognition;
}

bool is_one_of(const auto& hosts, std::string_view host) {
  return std::find(hosts.begin(), hosts.end(), host) != hosts.end();
}

Recognition read_developer_tools(const Url& url) {
  Recognition recognition;
  recognition.asset_type = asset_type(url);
  if (url.path.ends_with(".dvtdownloadableindex")) {
    recognition.kind = Kind::catalogue;
    recognition.stability = NameStability::mutable_name;
  }
  if (auto name = read_developer_name(base_name(url.path))) {
    recognition.product = std::move(name->product);
    recognition.version = std::move(name->version);
    recognition.build = std::move(name->build);
    recognition.kind = Kind::full;
    recognition.evidence = Evidence::name;
  }
  return recognition;
}

// All that the hosts of catalogues have but assets.
bool is_catalogue(const Url& url) {
  if (url.path.ends_with(".sucatalog") || url.path.ends_with(".sucatalog.gz")) return true;
  return is_one_of(kCatalogueHosts, url.host) && !ends_with_any(url.path, kArchives);
}

}  // namespace

Recognition recognise_apple(const Url& url, const Knowledge& knowledge) {
  if (is_catalogue(url)) return read_catalogue(url);
  if (const auto key = product_key_of(url.path); !key.empty()) return read_product_file(url, key, knowledge);
  if (auto name = read_restore_name(base_name(url.path))) return read_release(url, *std::move(name));
  if (is_one_of(kDeveloperHosts, url.host)) return read_developer_tools(url);

  const bool hashed = has_hash_or_uuid(url.path);
  const auto asset = mobile_asset_type(url.path);
  if (url.host == "appldnld.apple.com") {
    if (auto name = read_version_folder(url.path); name && asset == "SoftwareUpdate") {
      Recognition recognition = read_release(url, *std::move(name));
      recognition.kind = Kind::other;
      return recognition;
    }
  }
  Recognition recognition;
  if (!asset.empty()) {
    recognition = read_asset(url, asset);
  } else if (url.path.find("/mobileassets/") != std::string::npos) {
    recognition.asset_type = with_train("MobileAsset", url.path);
  } else {
    recognition.asset_type = asset_type(url);
  }
  const bool update_tree = url.host == "updates.cdn-apple.com" || url.host == "appldnld.apple.com";
  if (update_tree && hashed) recognition.stability = NameStability::immutable;
  return recognition;
}

}  // namespace larder::updates
