// SPDX-License-Identifier: MIT
// What `larder profile` can make, and for which MDMs: the tables that the command's help, the API and its specification
// share. Constants only.
#pragma once

#include <array>
#include <string_view>

namespace larder::admin {

// A profile's payloads may stand together in one profile; every other kind is a text of its own.
enum class ProfileForm { payload, text };

struct ProfileKind {
  std::string_view name;
  ProfileForm form;
  std::string_view meaning;
};

inline constexpr std::array kProfileKinds{
    ProfileKind{"mau", ProfileForm::payload, "Microsoft AutoUpdate fetches its packages from Larder"},
    ProfileKind{"mau-manifest", ProfileForm::payload,
                "AutoUpdate asks Larder for its manifests too (channel Custom, for a ring or a held-back channel)"},
    ProfileKind{"content-cache", ProfileForm::payload,
                "a Mac looks for its content cache at Larder's locator; untried on real Macs, needs listen.tls"},
    ProfileKind{"global-pac", ProfileForm::payload,
                "requests for named hosts go to Larder on every network, all others direct; supervised iPhones, iPads, "
                "Apple TVs, and Macs"},
    ProfileKind{"global-proxy", ProfileForm::payload,
                "every request goes to Larder, which refuses what is no named origin: for test devices"},
    ProfileKind{"wifi-pac", ProfileForm::payload, "as global-pac, on one Wi-Fi network (--ssid)"},
    ProfileKind{"wifi-proxy", ProfileForm::payload, "as global-proxy, on one Wi-Fi network (--ssid)"},
    ProfileKind{"system-pac", ProfileForm::payload, "as global-pac, by the network settings of a Mac"},
    ProfileKind{"system-proxy", ProfileForm::payload, "as global-proxy, by the network settings of a Mac"},
    ProfileKind{"root", ProfileForm::payload, "the certificate that Larder's own is signed by is trusted"},
    ProfileKind{"dns", ProfileForm::payload,
                "names of origins are asked of the site's own encrypted nameserver (--dns-url or --dns-name)"},
    ProfileKind{"mau-intune", ProfileForm::text, "the mau settings, to be entered in Intune's settings catalogue"},
    ProfileKind{"mau-plist", ProfileForm::text,
                "the mau settings as a preference file (com.microsoft.autoupdate2.plist)"},
    ProfileKind{"mau-defaults", ProfileForm::text, "the mau settings as commands for one test Mac"},
    ProfileKind{"windows-oma-uri", ProfileForm::text, "Delivery Optimization's cache host as Intune's OMA-URI"},
    ProfileKind{"windows-reg", ProfileForm::text, "the same as a registry file, as the group policy sets it"},
    ProfileKind{"ddm-settings", ProfileForm::text, "declaration: software update settings (--defer-days)"},
    ProfileKind{"ddm-enforce", ProfileForm::text, "declaration: one version by a date (--os-version, --deadline)"},
};

// How an MDM writes a device's serial number into what it sends out.
struct Mdm {
  std::string_view name;
  std::string_view serial;  // "" none: no device is named
  std::string_view note;    // "" or what an administrator should know
};

// Sources: Intune, Microsoft Learn "custom settings for macOS" (case-sensitive tokens); Jamf Pro, "payload variables";
// Iru (Kandji), github.com/kandji-inc/support "Global Variables"; Mosyle: as Apple's Profile Manager writes it, not
// verified.
inline constexpr std::array kMdms{
    Mdm{"intune", "{{serialnumber}}",
        "Upload as a custom profile; Intune replaces the variable, in exactly this spelling."},
    Mdm{"jamf", "$SERIALNUMBER", ""},
    Mdm{"iru", "$SERIAL_NUMBER", ""},
    Mdm{"mosyle", "%SerialNumber%",
        "Not verified: whether Mosyle replaces %SerialNumber% in an uploaded profile. Look at one device before all."},
    Mdm{"none", "", ""},
};

}  // namespace larder::admin
