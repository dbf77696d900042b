// SPDX-License-Identifier: MIT
#include "updates/mau.h"

#include <array>

#include "base/text.h"
#include "updates/mau_place.h"
#include "updates/spelling.h"

namespace larder::updates {
namespace {

// ManifestServer.<Channel> of Microsoft Update Assistant's Defaults.strings; the first four also in Microsoft's
// documentation of ChannelName and in MAUCacheAdmin.
constexpr auto kChannels = std::to_array<MauChannel>({
    {"Current", "C1297A47-86C4-4C1F-97FA-950631F94777"},
    {"Preview", "1ac37578-5a24-40fb-892e-b89d85b6dfaa"},
    {"Beta", "4B2D7701-0A4F-49C8-B4CB-0C2D4043F51F"},
    {"CurrentThrottle", "A1E15C18-4D18-40B0-8577-616A9470BB10"},
    {"Dogfood", "e2e9e618-e7cc-4681-a831-2f1eb16e7354"},
    {"Internal", "03adf619-38c6-4249-95ff-4a01c0ffc962"},
});

struct OldName {
  std::string_view name;
  std::string_view channel;
};
constexpr auto kOldNames = std::to_array<OldName>({
    {"Production", "Current"},
    {"External", "Preview"},
    {"InsiderSlow", "Preview"},
    {"InsiderFast", "Beta"},
});

struct Application {
  std::string_view id;
  std::string_view name;
};
// "Update Microsoft applications for Mac by using msupdate" (Microsoft Learn) and the manifests found on the new host.
// First those that are published today, by which a channel is indexed.
constexpr auto kApplications = std::to_array<Application>({
    {"MSau04", "Microsoft AutoUpdate"},
    {"MSWD2019", "Microsoft Word"},
    {"XCEL2019", "Microsoft Excel"},
    {"PPT32019", "Microsoft PowerPoint"},
    {"OPIM2019", "Microsoft Outlook"},
    {"ONMC2019", "Microsoft OneNote"},
    {"ONDR18", "Microsoft OneDrive"},
    {"TEAMS21", "Microsoft Teams"},
    {"WDAV00", "Microsoft Defender"},
    {"WDAVCONSUMER", "Microsoft Defender for Individuals"},
    {"WDAVSHIM", "Microsoft Defender Shim"},
    {"EDGE01", "Microsoft Edge"},
    {"IMCP01", "Company Portal"},
    {"MSRD10", "Windows App"},
    {"MSFB16", "Skype for Business"},
    {"OLIC02", "Office Licensing Helper"},
    {"MSQA01", "Microsoft Quick Assist"},
    {"MSRH01", "Microsoft Remote Help"},
    {"MSCP10", "Microsoft 365 Copilot"},
    // No longer published.
    {"MSau03", "Microsoft AutoUpdate 3"},
    {"TEAMS10", "Microsoft Teams classic"},
    {"TEAM01", "Microsoft Teams classic"},
    {"MSWD15", "Microsoft Word 2016"},
    {"XCEL15", "Microsoft Excel 2016"},
    {"PPT315", "Microsoft PowerPoint 2016"},
    {"OPIM15", "Microsoft Outlook 2016"},
    {"ONMC15", "Microsoft OneNote 2016"},
    {"MSOF14", "Microsoft Office 2011"},
    {"UCCP14", "Microsoft Lync 2011"},
    {"SLVT", "Silverlight"},
    {"SUIT15", "Microsoft Office 2016"},
});
constexpr std::size_t kIndexed = 19;

constexpr auto kIndexedIds = [] {
  std::array<std::string_view, kIndexed> ids{};
  for (std::size_t i = 0; i < kIndexed; ++i) ids[i] = kApplications[i].id;
  return ids;
}();
static_assert(kIndexedIds.back() == "MSCP10");

}  // namespace

std::span<const MauChannel> mau_channels() {
  return kChannels;
}

const MauChannel* find_mau_channel(std::string_view name_or_guid) {
  for (const OldName& old : kOldNames) {
    if (equals_ignoring_case(old.name, name_or_guid)) name_or_guid = old.channel;
  }
  for (const MauChannel& channel : kChannels) {
    if (equals_ignoring_case(channel.name, name_or_guid)) return &channel;
    if (equals_ignoring_case(channel.guid, name_or_guid)) return &channel;
  }
  return nullptr;
}

std::span<const std::string_view> mau_application_ids() {
  return kIndexedIds;
}

std::string_view mau_product_name(std::string_view app_id) {
  for (const Application& application : kApplications) {
    if (equals_ignoring_case(application.id, app_id)) return application.name;
  }
  return {};
}

std::string mau_spelling(std::string_view app_id) {
  for (const Application& application : kApplications) {
    if (equals_ignoring_case(application.id, app_id)) return std::string(application.id);
  }
  return std::string(app_id);
}

Url mau_url(const MauChannel& channel, std::string_view file) {
  std::string path = "/mro1cdnstorage/" + std::string(channel.guid) + "/MacAutoupdate/" + escape_segment(file);
  return Url{"https", std::string(kMauHost), 443, std::move(path), {}};
}

Url mau_manifest_url(const MauChannel& channel, std::string_view app_id) {
  return mau_url(channel, "0409" + std::string(app_id) + ".xml");
}

}  // namespace larder::updates
