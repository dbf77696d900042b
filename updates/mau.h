// SPDX-License-Identifier: MIT
// Microsoft AutoUpdate: channels, application ids, where files live, what a requested file name means. Pure.
// Facts: facts of the protocol are listed with their certainty in docs/formats.md.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "updates/canonical.h"
#include "updates/knowledge.h"

namespace larder::updates {

struct MauChannel {
  std::string_view name;  // "Current"
  std::string_view guid;  // "C1297A47-..."
};

std::span<const MauChannel> mau_channels();
// By name or GUID, in any letter case; old names (Production, External, InsiderSlow, InsiderFast) too. Null when
// unknown.
const MauChannel* find_mau_channel(std::string_view name_or_guid);

// The application ids a channel is indexed by. Others are served all the same.
std::span<const std::string_view> mau_application_ids();

// The user's name of an application id: "OPIM2019" -> "Microsoft Outlook". "" when unknown.
std::string_view mau_product_name(std::string_view app_id);

// An application id as it is known, whatever its letter case here; as it is, when it is not known.
std::string mau_spelling(std::string_view app_id);

// https://res.public.onecdn.static.microsoft/mro1cdnstorage/<GUID>/MacAutoupdate/<file>
Url mau_url(const MauChannel& channel, std::string_view file);
Url mau_manifest_url(const MauChannel& channel, std::string_view app_id);

// A path of the update-cache entrance, already without device token. Understood:
//   /mau/<channel>/<file>   /mau/<channel>/<AppID>/<file>   /mau/<channel>/{m,p}/[<AppID>/]<file>
//   /<any>/MAU/cache/<file> and /MAU/cache/collateral/<version|Production>/<file>   (MAUCacheAdmin; channel Current)
//   missing and double slashes tolerated; escapes decoded once; nothing that leaves the channel.
struct MauRequest {
  const MauChannel* channel = nullptr;
  std::string app_id;       // "" when the path names none
  std::string file;         // decoded base name, never empty, never containing '/' or control characters
  bool collateral = false;  // a manifest, catalogue signature, history or builds.txt rather than a package
};
// Nothing: not an update-cache path. An error: it is one, but wrong (unknown channel, bad name).
std::optional<Result<MauRequest>> parse_mau_path(std::string_view path);

// Where the file is, best first: what the index says, then the channel's own directory, then legacy places.
std::vector<CanonicalUrl> resolve_mau(const MauRequest& request, const Knowledge& knowledge);

}  // namespace larder::updates
