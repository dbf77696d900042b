// SPDX-License-Identifier: MIT
#include "updates/document_kind.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "updates/apple_path.h"
#include "updates/hosts.h"
#include "updates/mau_place.h"
#include "updates/spelling.h"

namespace larder::updates {
namespace {

// What tells a document apart stands near its beginning, but for the lists of releases: those have long texts first.
constexpr std::size_t kLookedAt = 1024 * 1024;

std::optional<Document> mau_document(const Url& url) {
  const std::string name = base_name(url.path);
  if (mau_app_id(name).empty() || !ends_with_ignoring_case(name, ".xml")) return std::nullopt;
  const bool pointer = ends_with_ignoring_case(name, "-chk.xml") || ends_with_ignoring_case(name, "-history.xml");
  return pointer ? Document::mau_pointer : Document::mau_manifest;
}

std::optional<Document> apple_document(const Url& url) {
  const std::string_view path = url.path;
  if (url.host == "gdmf.apple.com") return path == "/v2/pmv" ? std::optional(Document::pmv) : std::nullopt;
  if (url.host == "sofafeed.macadmins.io") {
    return path.ends_with("_data_feed.json") ? std::optional(Document::sofa) : std::nullopt;
  }
  if (url.host == "api.appledb.dev") {
    return path.starts_with("/ios/") && path.ends_with(".json") ? std::optional(Document::appledb) : std::nullopt;
  }
  if (path.ends_with(".sucatalog") || path.ends_with(".sucatalog.gz")) return Document::sucatalog;
  if (url.host == "mesu.apple.com") {
    const bool assets = path.ends_with(".xml") && !mobile_asset_type(path).empty();
    return assets ? std::optional(Document::mobile_assets) : std::nullopt;
  }
  if (product_key_of(path).empty()) return std::nullopt;
  if (path.ends_with(".dist")) return Document::distribution;
  if (path.ends_with(".smd")) return Document::server_metadata;
  return std::nullopt;
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::optional<Document> xml_document(std::string_view text) {
  if (has(text, "<installer-gui-script") || has(text, "<installer-script")) return Document::distribution;
  if (!has(text, "<plist")) return std::nullopt;
  if (has(text, "<key>Products</key>")) return Document::sucatalog;
  if (has(text, "<key>__RelativePath</key>") || has(text, "<key>Assets</key>")) return Document::mobile_assets;
  return std::nullopt;
}

std::optional<Document> json_document(std::string_view text) {
  if (has(text, "\"PublicAssetSets\"")) return Document::pmv;
  if (has(text, "\"OSVersions\"") && has(text, "\"OSVersion\"")) return Document::sofa;
  if (has(text, "\"osStr\"")) return Document::appledb;
  return std::nullopt;
}

bool is_known_host(std::string_view name) {
  return has(name, ".") && find_host(to_lower(name)) != nullptr;
}

}  // namespace

std::optional<Document> document_kind(const Url& url) {
  if (mau_place(url)) return mau_document(url);
  const Host* host = find_host(url.host);
  return host != nullptr && host->vendor == Vendor::apple ? apple_document(url) : std::nullopt;
}

std::optional<Document> document_kind_of(std::string_view document) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (document.starts_with(kByteOrderMark)) document.remove_prefix(kByteOrderMark.size());
  const std::string_view text = trim(document.substr(0, kLookedAt));
  if (text.starts_with('<')) return xml_document(text);
  if (text.starts_with('{') || text.starts_with('[')) return json_document(text);
  return std::nullopt;
}

std::optional<Url> url_of_place(std::string_view place) {
  for (std::size_t at = 0; at < place.size();) {
    const auto end = std::min(place.find('/', at), place.size());
    if (is_known_host(place.substr(at, end - at)) && end < place.size()) {
      auto url = Url::parse(std::string("https://").append(place.substr(at)));
      return url ? std::optional(*std::move(url)) : std::nullopt;
    }
    at = end + 1;
  }
  return std::nullopt;
}

}  // namespace larder::updates
