// SPDX-License-Identifier: MIT
// The kinds that are no profile: settings to be entered by hand, commands, files for Windows, declarations.
// Declarations: Apple's schema, github.com/apple/device-management, declarative/declarations/configurations.
#include <nlohmann/json.hpp>

#include "admin/profile.h"

namespace larder::admin {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPlain = "text/plain; charset=utf-8";

Profile text_profile(std::string file_name, std::string_view type, std::string text) {
  Profile profile;
  profile.file_name = std::move(file_name);
  profile.content_type = type;
  profile.text = std::move(text);
  return profile;
}

// One word of a shell, whatever it holds.
std::string shell_word(std::string_view text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

// For registry files.
std::string registry_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

struct Setting {
  std::string_view key;
  std::string_view type;  // as `defaults write` says it
  std::string value;
};

std::vector<Setting> settings_of(const ProfileOrder& order) {
  const std::string url = (order.secure ? secure_url(order) : plain_url(order)) + "/mau/" + order.channel + "/";
  std::vector<Setting> settings{{"UpdateCache", "string", url},
                                {"ChannelName", "string", order.channel},
                                {"HowToCheck", "string", "AutomaticDownload"}};
  if (order.deadline_days > 0) {
    settings.push_back({"UpdateDeadline.DaysBeforeForcedQuit", "int", std::to_string(order.deadline_days)});
  }
  if (order.defer_days > 0)
    settings.push_back({"OptionalUpdatesDeferralsDays", "int", std::to_string(order.defer_days)});
  return settings;
}

Profile mau_intune(const ProfileOrder& order) {
  std::string text =
      "Intune: Devices, Configuration, Create, macOS, Settings catalogue, Microsoft Office, Microsoft AutoUpdate "
      "(MAU).\n"
      "Add the settings of these preference keys (domain com.microsoft.autoupdate2):\n\n";
  for (const Setting& setting : settings_of(order)) text += std::string(setting.key) + "\t" + setting.value + "\n";
  auto profile = text_profile("larder-mau-intune.txt", kPlain, std::move(text));
  profile.summary.emplace_back("Microsoft AutoUpdate fetches its packages from Larder.");
  if (!order.device().empty()) {
    profile.warnings.emplace_back(
        "Not verified: whether Intune replaces its variable in the settings catalogue as it does in custom profiles. "
        "Look "
        "at one device before all.");
  }
  return profile;
}

Profile mau_plist(const ProfileOrder& order) {
  auto profile = text_profile("com.microsoft.autoupdate2.plist", "application/x-plist",
                              mau_settings(order, MauServes::packages).xml());
  profile.summary.emplace_back("Microsoft AutoUpdate fetches its packages from Larder.");
  return profile;
}

// On the Mac itself its serial number is at hand, so that it is named though no MDM writes it down.
Profile mau_defaults(const ProfileOrder& order) {
  const bool asks_serial = order.device().empty();
  std::string text =
      "#!/bin/sh\n# Points Microsoft AutoUpdate on this Mac at Larder. To undo it: defaults delete of each key.\n";
  if (asks_serial) {
    text += "serial=$(ioreg -rd1 -c IOPlatformExpertDevice | awk -F'\"' '/IOPlatformSerialNumber/ {print $4}')\n";
  }
  for (const Setting& setting : settings_of(order)) {
    std::string value = shell_word(setting.value);
    const auto at = setting.value.find("/mau/");
    if (asks_serial && at != std::string::npos) {
      value = shell_word(setting.value.substr(0, at) + "/d/") + "\"$serial\"" + shell_word(setting.value.substr(at));
    }
    text += "sudo defaults write /Library/Preferences/com.microsoft.autoupdate2 " + shell_word(setting.key) + " -" +
            std::string(setting.type) + " " + value + "\n";
  }
  auto profile = text_profile("larder-mau.sh", "text/x-shellscript; charset=utf-8", std::move(text));
  profile.summary.emplace_back("Run on one Mac: Microsoft AutoUpdate there fetches its packages from Larder.");
  return profile;
}

// Delivery Optimization connects to port 80 of its cache host.
void say_windows(const ProfileOrder& order, Profile& profile) {
  constexpr std::uint16_t kPort = 80;
  profile.summary.emplace_back("Windows asks " + order.server + " first for what Delivery Optimization fetches.");
  if (order.http_port != kPort) {
    profile.warnings.emplace_back("Windows asks on port 80: let Larder listen there too (listen.http).");
  }
  profile.warnings.emplace_back("Not tried on a real Windows device.");
}

Profile windows_oma_uri(const ProfileOrder& order) {
  auto profile = text_profile("larder-windows-oma-uri.txt", kPlain,
                              "Name       Larder: Delivery Optimization cache host\n"
                              "OMA-URI    ./Device/Vendor/MSFT/Policy/Config/DeliveryOptimization/DOCacheHost\n"
                              "Data type  String\n"
                              "Value      " +
                                  order.server + "\n");
  say_windows(order, profile);
  return profile;
}

Profile windows_reg(const ProfileOrder& order) {
  auto profile = text_profile("larder-windows.reg", "text/x-ms-regedit",
                              "Windows Registry Editor Version 5.00\r\n\r\n"
                              "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Windows\\DeliveryOptimization]\r\n"
                              "\"DOCacheHost\"=" +
                                  registry_text(order.server) + "\r\n");
  say_windows(order, profile);
  return profile;
}

// A declaration's token must change with what it says.
Profile declaration(const ProfileOrder& order, const std::string& kind, const std::string& type, Json payload) {
  Json declared;
  declared["Type"] = type;
  declared["Identifier"] = identifier_of(order) + "." + kind;
  declared["ServerToken"] = uuid_of(type + payload.dump());
  declared["Payload"] = std::move(payload);
  return text_profile("larder-" + kind + ".json", "application/json", declared.dump(2) + "\n");
}

Profile ddm_settings(const ProfileOrder& order) {
  Json payload;
  payload["Notifications"] = true;
  if (order.defer_days > 0 && order.platform == ProfileOrder::Platform::ios) {
    payload["Deferrals"]["CombinedPeriodInDays"] = order.defer_days;
  } else if (order.defer_days > 0) {
    for (const char* name : {"MajorPeriodInDays", "MinorPeriodInDays", "SystemPeriodInDays"}) {
      payload["Deferrals"][name] = order.defer_days;
    }
  }
  payload["AutomaticActions"]["Download"] = "AlwaysOn";
  payload["AutomaticActions"]["InstallOSUpdates"] = "Allowed";
  auto profile =
      declaration(order, "ddm-settings", "com.apple.configuration.softwareupdate.settings", std::move(payload));
  profile.summary.emplace_back("The device downloads updates by itself; installing them is its user's choice.");
  if (order.defer_days > 0) {
    profile.summary.emplace_back("It sees updates " + std::to_string(order.defer_days) + " days after their release.");
  }
  profile.warnings.emplace_back("iOS 18, macOS 15 or later; supervised.");
  return profile;
}

Result<Profile> ddm_enforce(const ProfileOrder& order) {
  if (order.os_version.empty() || order.deadline.empty()) {
    return fail(ErrorKind::invalid,
                "ddm-enforce needs os_version and deadline, such as 15.7.1 and 2026-12-01T18:00:00");
  }
  Json payload;
  payload["TargetOSVersion"] = order.os_version;
  if (!order.build.empty()) payload["TargetBuildVersion"] = order.build;
  payload["TargetLocalDateTime"] = order.deadline;
  if (!order.details_url.empty()) payload["DetailsURL"] = order.details_url;
  auto profile = declaration(order, "ddm-enforce", "com.apple.configuration.softwareupdate.enforcement.specific",
                             std::move(payload));
  profile.summary.emplace_back("The device installs " + order.os_version + " at " + order.deadline +
                               " of its own time, if its user has not done so before.");
  profile.warnings.emplace_back("iOS 17, macOS 14 or later; supervised.");
  return profile;
}

}  // namespace

Result<Profile> text_of(std::string_view kind, const ProfileOrder& order) {
  if (kind == "mau-intune") return mau_intune(order);
  if (kind == "mau-plist") return mau_plist(order);
  if (kind == "mau-defaults") return mau_defaults(order);
  if (kind == "windows-oma-uri") return windows_oma_uri(order);
  if (kind == "windows-reg") return windows_reg(order);
  if (kind == "ddm-settings") return ddm_settings(order);
  return ddm_enforce(order);
}

}  // namespace larder::admin
