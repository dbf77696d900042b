// SPDX-License-Identifier: MIT
#include <algorithm>
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
//   /production-osx/<version>/MicrosoftTeams.pkg            Teams' hosts
//   /production-windows-x64/<version>/MSTeams-x64.msix
//   /Mac/Installers/<version>/universal/OneDrive.pkg        oneclient.sfx.ms
//   /Win/<ring>/<version>/amd64/OneDriveSetup.exe
//   /pr/<GUID>/Office/Data/<version>/stream.x64...dat       Office for Windows; what else is there goes along
struct VersionedFolder {
  std::string_view mark;
  std::string_view file;     // how the file's name begins
  std::string_view product;  // "" where the file's name tells
  Kind kind = Kind::full;
};
constexpr auto kVersionedFolders = std::to_array<VersionedFolder>({
    {"/production-osx/", "", ""},
    {"/production-windows", "MSTeams", "Microsoft Teams for Windows"},
    {"/production-windows", "Teams", "Microsoft Teams classic for Windows"},
    {"/Mac/Installers/", "", ""},
    {"/Win/", "OneDriveSetup", "Microsoft OneDrive for Windows"},
    {"/Office/Data/", "stream.", "Microsoft 365 Apps for Windows"},
    {"/Office/Data/", "", "Microsoft 365 Apps for Windows", Kind::other},
});

// The version among the first two segments of what follows a mark; "" when neither is one.
std::string_view version_in(std::string_view rest) {
  for (int i = 0; i < 2; ++i) {
    const auto segment = rest.substr(0, rest.find('/'));
    if (is_dotted_number(segment)) return segment;
    rest.remove_prefix(std::min(segment.size() + 1, rest.size()));
  }
  return {};
}

void read_folder(const Url& url, std::string_view name, Recognition& recognition) {
  for (const VersionedFolder& folder : kVersionedFolders) {
    const auto at = url.path.find(folder.mark);
    if (at == std::string::npos || !name.starts_with(folder.file)) continue;
    if (!folder.product.empty()) recognition.product = folder.product;
    recognition.evidence = recognition.product.empty() ? Evidence::none : Evidence::name;
    const auto version = version_in(std::string_view(url.path).substr(at + folder.mark.size()));
    if (version.empty()) return;
    if (recognition.version.empty()) recognition.version = version;
    if (recognition.kind == Kind::other) recognition.kind = folder.kind;
    if (recognition.stability == NameStability::mutable_name) recognition.stability = NameStability::ordinary;
    return;
  }
}

// The first of the words between dashes and underscores that is a version: "VSCode-win32-x64-1.130.0.zip".
std::string version_word(std::string_view name) {
  name = name.substr(0, name.rfind('.'));
  while (!name.empty()) {
    const auto word = name.substr(0, name.find_first_of("-_"));
    if (is_dotted_number(word)) return std::string(word);
    name.remove_prefix(std::min(word.size() + 1, name.size()));
  }
  return {};
}

// https://vscode.download.prss.microsoft.com/dbazure/download/<stable|insider>/<commit>/<file>, for each system.
Recognition read_visual_studio_code(const Url& url, std::string_view name) {
  Recognition recognition;
  if (!name.starts_with("VSCode") && !name.starts_with("code")) return recognition;
  const bool insiders = url.path.find("/insider/") != std::string::npos;
  recognition.product = insiders ? "Visual Studio Code Insiders" : "Visual Studio Code";
  recognition.version = version_word(name);
  recognition.kind = Kind::full;
  recognition.evidence = Evidence::name;
  return recognition;
}

// https://oneclient.sfx.ms/Mac/Prod/<SHA-1>.xml: what OneDrive's own updater reads.
Recognition read_onedrive_list() {
  Recognition recognition;
  recognition.product = "Microsoft OneDrive";
  recognition.asset_type = "OneDrive Package List";
  recognition.kind = Kind::catalogue;
  recognition.evidence = Evidence::name;
  return recognition;
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
  constexpr std::string_view kStreaming = "/filestreamingservice/files/";
  const std::string name = base_name(url.path);
  const bool streamed = url.path.find(kStreaming) != std::string::npos;
  if (streamed && !is_package_name(name)) return recognise_windows(url);
  if (url.host == "vscode.download.prss.microsoft.com") return read_visual_studio_code(url, name);
  if (url.host == "oneclient.sfx.ms" && url.path.starts_with("/Mac/") && name.ends_with(".xml")) {
    return read_onedrive_list();
  }
  const auto place = mau_place(url);
  Recognition recognition = place && is_mau_collateral(name) ? read_collateral(name) : read_package(name);
  if (place) {
    if (const MauChannel* channel = find_mau_channel(place->guid)) recognition.channel = channel->name;
  } else {
    read_folder(url, name, recognition);
    if (streamed && recognition.version.empty()) recognition.version = version_word(name);
  }
  return recognition;
}

}  // namespace larder::updates
