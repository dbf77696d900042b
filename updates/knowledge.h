// SPDX-License-Identifier: MIT
// Knowledge: what catalogues have said so far. Immutable; learning makes a new one that shares what it can. Threads may
// hold and read any Knowledge without a lock.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/result.h"
#include "updates/published.h"

namespace larder::updates {

struct Url;

// How an answer is known: by the file's own name, by the vendor's catalogue, by somebody's list of the vendor's
// releases (SOFA, AppleDB), by reasoning. Weaker evidence never dresses up as stronger.
enum class Evidence { none, name, catalogue, feed, inferred };

// One file a catalogue lists.
struct ListedFile {
  std::string url;      // canonical key
  std::string product;  // as users name it
  std::string version;
  std::string build;
  std::string from_version;                 // deltas
  std::string channel;                      // Microsoft channel; ""
  std::string app_id;                       // Microsoft application id ("OPIM2019"); ""
  std::string product_key;                  // Apple sucatalog product; ""
  std::string catalogue;                    // canonical key of the catalogue that lists it
  Evidence evidence = Evidence::catalogue;  // of product and version
  std::optional<std::uint64_t> size_bytes;
  PublishedPtr published;  // null: nothing
  AudiencePtr audience;    // null: nothing is said of it
  // False for what goes along with a package: descriptions, chunk lists, and all but the largest package of an Apple
  // product. A device that fetched only those has not fetched the version.
  bool principal = true;
  bool others_list = false;  // the catalogue is not the vendor's but a list that others keep of its releases
  bool superseded = false;   // its catalogue lists it no longer; kept so that what was fetched still has a version
  WallTime released;         // by the catalogue's word; the epoch: it gives none
};

// What is known of a build of an operating system: "24G222", "25D771400a".
struct KnownBuild {
  std::string key;      // the build
  std::string product;  // "macOS"; "iOS and iPadOS" where a list makes no difference
  std::string version;  // "15.7", "26.3.2 (a)"
  Evidence evidence = Evidence::feed;
};

// A version of an operating system that is out for everyone, by the word of Apple (pmv) or of a list of releases.
struct SystemRelease {
  std::string key;  // product and version, with a zero byte between
  std::string product, version;
  WallTime released;  // the earliest day that is given; the epoch: none is
};

class Knowledge {
 public:
  virtual ~Knowledge() = default;

  static std::shared_ptr<const Knowledge> empty();

  // The listing of a canonical key; null when no known catalogue lists it. Valid as long as this Knowledge.
  virtual const ListedFile* find(std::string_view key) const = 0;

  // A package of a Microsoft channel by its file name (percent-decoded, exact). With `app_id` only that application's.
  // When several match, the newest version. Null when none.
  virtual const ListedFile* find_package(std::string_view channel, std::string_view app_id,
                                         std::string_view basename) const = 0;

  // A product key of a sucatalog ("042-58988"): its first listed file, for product and version. Null when unknown.
  virtual const ListedFile* find_product_key(std::string_view product_key) const = 0;

  // The files listed for a product that say what it is (.dist, .smd), for the caller to fetch and to learn from.
  virtual std::vector<std::string> descriptions_of(std::string_view product_key) const = 0;

  // Null when no catalogue or list names the build.
  virtual const KnownBuild* find_build(std::string_view build) const = 0;

  // The standing or last listing of every file known, in no order.
  virtual void each_file(const std::function<void(const ListedFile&)>& visit) const = 0;

  virtual void each_system_release(const std::function<void(const SystemRelease&)>& visit) const = 0;

  virtual std::size_t files() const = 0;
  virtual std::size_t builds() const = 0;
  virtual std::size_t catalogues() const = 0;
  // When the catalogue with this key was last taught, as the caller's document digest; nothing when never.
  virtual std::optional<Digest> taught(std::string_view catalogue_key) const = 0;
};

// Whether a URL names a document that teaches: MAU manifests, sucatalogs, .dist, .smd, mesu catalogues, pmv, SOFA
// feeds, AppleDB's files. By name only.
bool is_teaching_document(const Url& url);

// Reads a document that `url` names and returns what is known with it. The same document again changes nothing. Fails,
// saying where and why, when the bytes are not what the name promises; what was known then stands. Bounds: limits.h
// kDocumentBytes, kDocumentDepth. Gzip is unpacked (sucatalog.gz) within the same bounds.
Result<std::shared_ptr<const Knowledge>> learn(const std::shared_ptr<const Knowledge>& before, const Url& url,
                                               std::span<const std::byte> document);

// The same of a file that somebody put there. `place`, its path, names it: a path that spells out the URL
// ("swscan.apple.com/content/catalogs/...") is read as that; anything else by its looks, and known as "file:<place>".
// not_found: it looks like no catalogue.
Result<std::shared_ptr<const Knowledge>> learn_file(const std::shared_ptr<const Knowledge>& before,
                                                    std::string_view place, std::span<const std::byte> document);

}  // namespace larder::updates
