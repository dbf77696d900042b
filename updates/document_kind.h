// SPDX-License-Identifier: MIT
// What kind of document teaches under a name, or by its looks. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "updates/canonical.h"

namespace larder::updates {

enum class Document {
  mau_manifest,
  mau_pointer,
  sucatalog,
  distribution,
  server_metadata,
  mobile_assets,
  pmv,
  sofa,
  appledb,
};

// By the canonical URL. Only a vendor's own hosts may teach, and those of the lists of releases that hosts.h names.
std::optional<Document> document_kind(const Url& url);

// By the document's looks, unpacked: a file that somebody put there. Nothing when it looks like none, or like one that
// needs a URL to be understood (AutoUpdate's manifests, server metadata). Whether it is one only reading tells.
std::optional<Document> document_kind_of(std::string_view document);

// The URL that a file's place spells out ("some/where/swscan.apple.com/content/x.sucatalog"); nothing when no directory
// is named like a host that is known.
std::optional<Url> url_of_place(std::string_view place);

}  // namespace larder::updates
