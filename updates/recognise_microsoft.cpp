// SPDX-License-Identifier: MIT
#include <array>

#include "base/text.h"
#include "updates/mau.h"
#include "updates/mau_place.h"
#include "updates/package_name.h"
#include "updates/recognisers.h"
#include "updates/spelling.h"

namespace larder::updates {
namespace {

Recognition read_collateral(std::string_view name) {
  Recognition recognition;
  recognition.kind = Kind::catalogue;
  recognition.stability = NameStability::mutable_name;
  recognition.asset_type = "AutoUpdate Manifest";
  recognition.product = mau_product_name(mau_app_id(name));
  const auto version = mau_collateral_version(name);
  if (version != kNoMauVersion && is_version_number(version)) recognition.version = version;
  if (!recognition.product.empty()) recognition.evidence = Evidence::name;
  return recognition;
}

// Directories that carry a package's version where its name does not:
//   /production-osx/<version>/MicrosoftTeams.pkg        Teams' hosts
//   /Mac/Installers/<version>/universal/OneDrive.pkg    oneclient.sfx.ms
//   /pr/<GUID>/Office/Data/<version>/stream.x64...dat   Office for Windows
struct VersionedFolder {
  std::string_view mark;
  std::string_view product;  // "" where the file's name tells
};
constexpr auto kVersionedFolders = std::to_array<VersionedFolder>({
    {"/production-osx/", ""},
    {"/Mac/Installers/", ""},
    {"/Office/Data/", "Microsoft 365 Apps for Windows"},
});

void read_folder(const Url& url, Recognition& recognition) {
  for (const VersionedFolder& folder : kVersionedFolders) {
    const auto at = url.path.find(folder.mark);
    if (at == std::string::npos) continue;
    const auto rest = std::string_view(url.path).substr(at + folder.mark.size());
    if (!folder.product.empty()) recognition.product = folder.product;
    recognition.evidence = recognition.product.empty() ? Evidence::none : Evidence::name;
    const auto version = rest.substr(0, rest.find('/'));
    if (!is_dotted_number(version)) continue;
    if (recognition.version.empty()) recognition.version = version;
    if (recognition.kind == Kind::other) recognition.kind = Kind::full;
    if (recognition.stability == NameStability::mutable_name) recognition.stability = NameStability::ordinary;
  }
}

Recognition read_package(std::string_view name) {
  Recognition recognition;
  const auto package = read_package_name(name);
  if (!package) return recognition;
  recognition.product = package->product;
  recognition.version = package->version;
  recognition.from_version = package->from_version;
  recognition.kind = package->delta ? Kind::delta : Kind::full;
  recognition.stability = stability_of_package(name);
  if (!recognition.product.empty()) recognition.evidence = Evidence::name;
  return recognition;
}

}  // namespace

Recognition recognise_microsoft(const Url& url) {
  const std::string name = base_name(url.path);
  const auto place = mau_place(url);
  Recognition recognition = place && is_mau_collateral(name) ? read_collateral(name) : read_package(name);
  if (place) {
    if (const MauChannel* channel = find_mau_channel(place->guid)) recognition.channel = channel->name;
  } else {
    read_folder(url, recognition);
  }
  return recognition;
}

}  // namespace larder::updates
