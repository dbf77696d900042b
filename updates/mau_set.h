// SPDX-License-Identifier: MIT
// One application's files in one channel of AutoUpdate, as they were found together, and what they say. Pure.
//
//   0409<ID>-history.xml   versions that have manifests of their own; optional
//   0409<ID>_<version>.xml, .cat   those
//   0409<ID>.xml           the manifest
//   0409<ID>.cat           its signature; another for each manifest
//   0409<ID>-chk.xml       what clients read first: the version of the manifest; optional
// Edges of the CDN are hours apart, so files found together need not belong together: examine_mau_set tells.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

namespace larder::updates {

// Names of files, as in the list above.
struct MauNames {
  explicit MauNames(std::string_view app_id);
  std::string history, manifest, signature, pointer;
  std::string versioned(std::string_view version) const;            // the manifest of one version
  std::string versioned_signature(std::string_view version) const;  // and its signature

 private:
  std::string stem_;
};

using MauBytes = std::shared_ptr<const std::string>;
using MauFiles = std::map<std::string, MauBytes, std::less<>>;  // by name; what the channel does not have is not there

// A full package that a manifest offers, or has offered.
struct MauOffer {
  std::string version;  // "Update Version"
  std::string title;    // "Microsoft Outlook Update 16.109.3 (26053122)"; "" none
  std::string url;      // canonical key of the full package; "" none
  bool operator==(const MauOffer&) const = default;
};

struct MauFacts {
  std::string version;  // the newest in the manifest, by numeric parts; "" when it has none (or 99999)
  std::string date;     // of the manifest's newest entry, as written ("2026-05-31T08:00:00Z"); "" none
  std::string listed;   // the version the history says last of the manifest's own; "" when it does not name it
  Digest digest;        // of manifest, signature, pointer and history: what is published together
  Digest manifest;
  std::optional<Digest> signature;
  bool has_pointer = false, has_history = false;
  std::vector<MauOffer> offers;  // full packages of the manifest, the newest first
  std::string mixed;             // why these files do not belong together; "" when nothing speaks against it
};

// What the files say, and whether they can belong together: the pointer names the manifest's version; a new manifest
// has a new signature, a new signature a new manifest; a history that named the published version names the new one;
// and no file that is published is gone. `published`: the facts of what is published now; null: nothing. Fails when the
// manifest is missing, or a file is not what its name promises (an error page).
Result<MauFacts> examine_mau_set(std::string_view app_id, const MauFiles& files, const MauFacts* published);

// The version that the pointer (0409<ID>-chk.xml) names; "" for none, and for 99999.
Result<std::string> read_mau_chk(std::string_view document);
// The versions of 0409<ID>-history.xml, in its order.
Result<std::vector<std::string>> read_mau_history(std::string_view document);
// The builds of builds.txt, in its order. Fails for what is no such list.
Result<std::vector<std::string>> read_mau_builds(std::string_view document);

// "16.109.3" of "Microsoft Outlook Update 16.109.3 (26053122)"; "" when the title names none.
std::string_view mau_marketing_version(std::string_view title);

}  // namespace larder::updates
