// SPDX-License-Identifier: MIT
#include "updates/package_name.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace larder::updates {
namespace {

struct NamedProduct {
  std::string_view start;  // how the name begins
  std::string_view product;
};

// The longer start of two that fit comes first.
constexpr auto kProducts = std::to_array<NamedProduct>({
    {"Microsoft_AutoUpdate_", "Microsoft AutoUpdate"},
    {"Microsoft_Word_", "Microsoft Word"},
    {"Microsoft_Excel_", "Microsoft Excel"},
    {"Microsoft_PowerPoint_", "Microsoft PowerPoint"},
    {"Microsoft_Outlook_", "Microsoft Outlook"},
    {"Microsoft_OneNote_", "Microsoft OneNote"},
    {"Microsoft_OfficeLicensingHelper_", "Office Licensing Helper"},
    {"Microsoft_Quick_Assist_", "Microsoft Quick Assist"},
    {"Microsoft_Remote_Help_", "Microsoft Remote Help"},
    {"Microsoft_365_Copilot_", "Microsoft 365 Copilot"},
    {"Microsoft_365_and_Office_", "Microsoft 365 and Office"},
    {"Microsoft_Office_", "Microsoft 365 and Office"},
    {"Microsoft_Defender_", "Microsoft Defender for Individuals"},
    {"MicrosoftTeams", "Microsoft Teams"},
    {"Teams_osx", "Microsoft Teams classic"},
    {"MicrosoftEdgeBeta", "Microsoft Edge Beta"},
    {"MicrosoftEdgeDev", "Microsoft Edge Dev"},
    {"MicrosoftEdgeCanary", "Microsoft Edge Canary"},
    {"MicrosoftEdge", "Microsoft Edge"},
    {"OneDrive", "Microsoft OneDrive"},
    {"wdav-upgrade", "Microsoft Defender"},
    {"CompanyPortal", "Company Portal"},
    {"Windows_App_", "Windows App"},
    {"Microsoft_Remote_Desktop_", "Windows App"},
    {"Skype for Business", "Skype for Business"},
    {"SkypeForBusiness", "Skype for Business"},
    {"Lync Installer", "Microsoft Lync 2011"},
    {"AutoUpdate_", "Microsoft AutoUpdate"},
    {"Word_", "Microsoft Word"},
    {"Excel_", "Microsoft Excel"},
    {"PowerPoint_", "Microsoft PowerPoint"},
    {"Outlook_", "Microsoft Outlook"},
    {"OneNote_", "Microsoft OneNote"},
});
constexpr std::string_view kShim = "_Individuals_Shim_";

constexpr auto kPackageEndings = std::to_array<std::string_view>({".pkg", ".dmg", ".zip", ".mpkg"});

// Names seen with other bytes later, or with different bytes in two channels at the same time.
constexpr auto kMutableStarts =
    std::to_array<std::string_view>({"wdav-upgrade", "MicrosoftTeams.", "Teams_osx.", "OneDrive.", "CompanyPortal"});

std::string product_of(std::string_view name) {
  if (name.find(kShim) != std::string_view::npos) return "Microsoft Defender Shim";
  for (const NamedProduct& named : kProducts) {
    if (name.starts_with(named.start)) return std::string(named.product);
  }
  return {};
}

std::string_view without_ending(std::string_view name) {
  return name.substr(0, name.rfind('.'));
}

// "<app>_<from>_to_<to>_Delta", "..._BinaryDelta"
bool read_delta(const std::vector<std::string_view>& words, PackageName& package) {
  const std::size_t count = words.size();
  if (count < 5 || words[count - 3] != "to") return false;
  if (words[count - 1] != "Delta" && words[count - 1] != "BinaryDelta") return false;
  if (!is_dotted_number(words[count - 4]) || !is_dotted_number(words[count - 2])) return false;
  package.from_version = words[count - 4];
  package.version = words[count - 2];
  package.delta = true;
  return true;
}

// The first word that is a version, in names that begin with "Microsoft_": those agree with the manifests.
// Windows_App_11.4.0 (3078), which was Microsoft_Remote_Desktop_, and CompanyPortal_5.2606.0 (53.2607303.000) do not.
std::string read_full_version(std::string_view name, const std::vector<std::string_view>& words) {
  if (!name.starts_with("Microsoft_") || name.starts_with("Microsoft_Remote_Desktop_")) return {};
  const auto version = std::find_if(words.begin(), words.end(), is_dotted_number);
  return version == words.end() ? std::string{} : std::string(*version);
}

// "16.112.26081720": major, minor, and a build of eight digits that begins with its date.
bool is_build_number(std::string_view text) {
  constexpr std::size_t kBuildDigits = 8;
  const auto parts = split(text, '.');
  return is_dotted_number(text) && parts.size() == 3 && parts.back().size() == kBuildDigits;
}

}  // namespace

bool is_dotted_number(std::string_view text) {
  if (text.empty() || text.find('.') == std::string_view::npos) return false;
  const auto parts = split(text, '.');
  return std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
    return !part.empty() && std::all_of(part.begin(), part.end(), is_digit);
  });
}

bool is_version_number(std::string_view text) {
  return is_dotted_number(text) || (!text.empty() && std::all_of(text.begin(), text.end(), is_digit));
}

bool is_package_name(std::string_view name) {
  return std::any_of(kPackageEndings.begin(), kPackageEndings.end(),
                     [&](std::string_view ending) { return ends_with_ignoring_case(name, ending); });
}

std::optional<PackageName> read_package_name(std::string_view name) {
  if (!is_package_name(name)) return std::nullopt;
  PackageName package;
  package.product = product_of(name);
  const auto words = split(without_ending(name), '_');
  if (!read_delta(words, package)) package.version = read_full_version(name, words);
  return package;
}

NameStability stability_of_package(std::string_view name) {
  const auto package = read_package_name(name);
  if (!package) return NameStability::ordinary;
  if (package->delta) return NameStability::immutable;
  const bool republished = std::any_of(kMutableStarts.begin(), kMutableStarts.end(),
                                       [&](std::string_view start) { return name.starts_with(start); });
  if (republished) return NameStability::mutable_name;
  const auto words = split(without_ending(name), '_');
  return std::any_of(words.begin(), words.end(), is_build_number) ? NameStability::immutable : NameStability::ordinary;
}

}  // namespace larder::updates
