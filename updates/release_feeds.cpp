// SPDX-License-Identifier: MIT
// Who says which build is which version, and where the installers lie:
//   pmv    https://gdmf.apple.com/v2/pmv, Apple's own: {PublicAssetSets, AssetSets,
//   PublicBackgroundSecurityImprovements
//          (before: PublicRapidSecurityResponses)}, each {"iOS": [...], "macOS": [...], ...} of {ProductVersion, Build,
//          SupportedDevices[], PostingDate, PrerequisiteBuild?, ProductVersionExtra?}. The list "iOS" also holds iPads,
//          Apple TVs, HomePods and watches: the devices tell which. SOFA's copy has all of it in a member "data".
//   SOFA   https://sofafeed.macadmins.io/v1/ and /v2/, by the Mac Admins: OSVersions[{Latest, SecurityReleases[]}],
//          BackgroundSecurityImprovements{"26": [...]}, InstallationApps{LatestUMA, AllPreviousUMA[], LatestMacIPSW}.
//          Version 1 spells the members of the last in lower case with underscores.
#include <algorithm>
#include <set>
#include <string>

#include "base/time_text.h"
#include "updates/apple_files.h"
#include "updates/apple_path.h"
#include "updates/json_document.h"
#include "updates/lesson.h"

namespace larder::updates {
namespace {

Error bad(std::string_view what, std::string_view why) {
  return fail(ErrorKind::invalid, std::string("reading ").append(what).append(": ").append(why));
}

std::string joined(std::string_view version, std::string_view extra) {
  return extra.empty() ? std::string(version) : std::string(version).append(" ").append(extra);
}

void add_build(Lesson& lesson, std::string_view build, std::string_view product, std::string version,
               Evidence evidence) {
  if (!is_apple_build(build) || version.empty()) return;
  lesson.builds.push_back({std::string(build), std::string(product), std::move(version), evidence});
}

WallTime day(std::string_view text) {
  return parse_time(text).value_or(WallTime{});
}

// Of every system that its devices run: one build is often iOS and iPadOS.
void add_release_of(Lesson& lesson, const Json& devices, std::string_view otherwise, const std::string& version,
                    WallTime released) {
  std::set<std::string> products;
  if (devices.is_array()) {
    for (const Json& device : devices) {
      if (auto product = product_of_model(text_of(device), version); !product.empty()) products.insert(product);
    }
  }
  if (products.empty() && otherwise == "iOS and iPadOS") {
    products = {"iOS", "iPadOS"};
  } else if (products.empty()) {
    products.emplace(otherwise);
  }
  for (const std::string& product : products) lesson.releases.push_back({{}, product, version, released});
}

// ---- pmv ----

// What the first device that says so runs; several systems share the list "iOS".
std::string product_of_devices(const Json& devices, std::string_view version, std::string_view otherwise) {
  if (devices.is_array()) {
    for (const Json& device : devices) {
      if (auto product = product_of_model(text_of(device), version); !product.empty()) return product;
    }
  }
  return std::string(otherwise);
}

void read_set(const Json& set, Lesson& lesson) {
  if (!set.is_object()) return;
  for (const auto& [system, releases] : set.items()) {
    if (!releases.is_array()) continue;
    for (const Json& release : releases) {
      const std::string_view version = text(release, {"ProductVersion"});
      const std::string product = product_of_devices(member(release, {"SupportedDevices"}), version, system);
      add_build(lesson, text(release, {"Build"}), product, joined(version, text(release, {"ProductVersionExtra"})),
                Evidence::catalogue);
      add_release_of(lesson, member(release, {"SupportedDevices"}), system,
                     joined(version, text(release, {"ProductVersionExtra"})), day(text(release, {"PostingDate"})));
    }
  }
}

// ---- SOFA ----

class Sofa {
 public:
  explicit Sofa(const Json& root) : root_(root), mac_(root.contains("InstallationApps")) {}

  Lesson read() {
    for (const Json& system : list(root_, "OSVersions")) {
      add_release(member(system, {"Latest"}));
      for (const Json& release : list(system, "SecurityReleases")) add_release(release);
    }
    const Json& improvements = member(root_, {"BackgroundSecurityImprovements"});
    if (improvements.is_object()) {
      for (const auto& [system, releases] : improvements.items()) {
        if (!releases.is_array()) continue;
        for (const Json& release : releases) add_improvement(release);
      }
    }
    const Json& installers = member(root_, {"InstallationApps"});
    add_installer(member(installers, {"LatestUMA"}));
    for (const Json& installer : list(installers, "AllPreviousUMA")) add_installer(installer);
    add_restore_image(member(installers, {"LatestMacIPSW"}));
    return std::move(lesson_);
  }

 private:
  static const Json& list(const Json& object, std::string_view name) {
    static const Json none = Json::array();
    const Json& found = member(object, {name});
    return found.is_array() ? found : none;
  }

  std::string product_of(const Json& release) const {
    if (const auto name = text(release, {"ProductName"}); !name.empty()) return std::string(name);
    const std::string_view version = text(release, {"ProductVersion"});
    return product_of_devices(member(release, {"SupportedDevices"}), version, mac_ ? "macOS" : "");
  }

  void add_release(const Json& release) {
    const std::string_view version = text(release, {"ProductVersion"});
    const std::string product = product_of(release);
    add_build(lesson_, text(release, {"Build"}), product, std::string(version), Evidence::feed);
    add_release_of(lesson_, member(release, {"SupportedDevices"}), product, std::string(version),
                   day(text(release, {"ReleaseDate"})));
    for (const Json& build : list(release, "AllBuilds")) {
      add_build(lesson_, text_of(build), product, std::string(version), Evidence::feed);
    }
  }

  void add_improvement(const Json& release) {
    const std::string_view version = text(release, {"Version", "ProductVersion"});
    const std::string product = product_of_devices(member(release, {"SupportedDevices"}), version, mac_ ? "macOS" : "");
    const std::string whole = joined(version, text(release, {"VersionExtra", "ProductVersionExtra"}));
    add_build(lesson_, text(release, {"Build"}), product, whole, Evidence::feed);
    add_release_of(lesson_, member(release, {"SupportedDevices"}), product, whole,
                   day(text(release, {"PostingDate", "ReleaseDate"})));
  }

  // "macOS Tahoe" is called as the software update catalogue calls it: "macOS Tahoe installer".
  void add_installer(const Json& installer) {
    ListedFile file;
    const std::string_view title = text(installer, {"Title", "title"});
    file.product = title.empty() ? "macOS installer" : std::string(title) + " installer";
    file.version = text(installer, {"Version", "version"});
    file.build = text(installer, {"Build", "build"});
    file.size_bytes = number_of(member(installer, {"Size", "size"}));
    add_file(text(installer, {"URL", "url"}), std::move(file));
  }

  void add_restore_image(const Json& image) {
    ListedFile file;
    file.product = "macOS";
    file.version = text(image, {"MacOSIPSWVersion", "macos_ipsw_version"});
    file.build = text(image, {"MacOSIPSWBuild", "macos_ipsw_build"});
    add_file(text(image, {"MacOSIPSWURL", "macos_ipsw_url"}), std::move(file));
  }

  void add_file(std::string_view address, ListedFile file) {
    const auto key = apple_key(address);
    if (!key) return;
    file.url = *key;
    file.evidence = Evidence::feed;
    file.others_list = true;
    if (file.size_bytes) {
      Published bytes;
      bytes.size_bytes = file.size_bytes;
      file.published = std::make_shared<const Published>(std::move(bytes));
    }
    add_build(lesson_, file.build, "macOS", file.version, Evidence::feed);
    file.product_key = product_key_in(*key);
    if (!file.product_key.empty()) {
      lesson_.products.push_back({file.product_key, FactsOrigin::sofa, {file.product, file.version, file.build}});
    }
    lesson_.files.push_back({std::move(file), {}, 0});
  }

  const Json& root_;
  const bool mac_;
  Lesson lesson_;
};

}  // namespace

Result<Lesson> read_pmv(std::string_view document) {
  const auto json = parse_json(document);
  if (!json) return json.error();
  const Json& inner = member(*json, {"data"});
  const Json& root = inner.is_object() ? inner : *json;
  Lesson lesson;
  for (const auto* set :
       {"PublicAssetSets", "AssetSets", "PublicBackgroundSecurityImprovements", "PublicRapidSecurityResponses"}) {
    read_set(member(root, {set}), lesson);
  }
  if (lesson.builds.empty()) return bad("Apple's list of releases", "it names no builds");
  return lesson;
}

Result<Lesson> read_sofa(std::string_view document) {
  const auto json = parse_json(document);
  if (!json) return json.error();
  if (!member(*json, {"OSVersions"}).is_array()) return bad("a SOFA feed", "it has no list OSVersions");
  return Sofa(*json).read();
}

}  // namespace larder::updates
