// SPDX-License-Identifier: MIT
// The one Knowledge there is: tables that point at the same listings. `Known::with` makes the next one.
//
//   files       canonical key -> every catalogue's listing of it, the best first
//   names       base name     -> canonical keys (how AutoUpdate asks)
//   products    product key   -> what is said of it, and its files
//   builds      build         -> the operating system's version
//   releases    product, version -> when it came out
//   catalogues  canonical key -> digest of the last document, and what it listed
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "updates/knowledge.h"
#include "updates/lesson.h"
#include "updates/snapshot_table.h"

namespace larder::updates {

// Listings kept although their catalogue has dropped them. Reached: the older half is forgotten.
inline constexpr std::size_t kSupersededListings = 100'000;
// Catalogues remembered; each .dist counts. Over it: new ones are refused, known ones are still relearned.
inline constexpr std::size_t kCatalogues = 50'000;
// URLs known at once. All catalogues Apple and Microsoft publish reach some 100,000. Over it: new catalogues are
// refused.
inline constexpr std::size_t kKnownFiles = 1'000'000;

// URLs with one base name: a package whose version stands in its directory has one more each release. Over it: the one
// learnt first is no longer found by name.
inline constexpr std::size_t kUrlsOfAName = 256;
// Files of one Apple product that follow what is learnt of it. The largest products have some hundred. Over it: the
// rest keeps what it was first told.
inline constexpr std::size_t kFilesOfAProduct = 2'000;

// Builds of operating systems. Apple has published some 10,000. Over it: new ones are not learnt.
inline constexpr std::size_t kKnownBuilds = 100'000;

// Versions of operating systems. Apple has published some 1,000. Over it: new ones are not learnt.
inline constexpr std::size_t kSystemReleases = 20'000;

using Listing = std::shared_ptr<const ListedFile>;

struct FileEntry {
  std::string key;
  std::vector<Listing> listings;
  std::uint64_t superseded_at = 0;  // the lesson that dropped the last of them; 0 while one stands
};

struct NameEntry {
  std::string key;
  std::vector<std::string> urls;
};

struct ProductEntry {
  std::string key;
  std::array<ProductFacts, kFactsOrigins> facts;
  std::vector<std::string> urls;

  // Each member from the first origin that has it. "Apple product <key>" when no origin names it, "<name> (<key>)"
  // while no version tells one release of a name from the next.
  ProductFacts joined() const;
  // Of what joined() says: feed as soon as the name or the version is from nowhere else.
  Evidence evidence() const;
};

struct CatalogueEntry {
  std::string key;
  Digest digest;
  std::vector<std::string> urls;
};

class Known final : public Knowledge {
 public:
  Known() = default;

  const ListedFile* find(std::string_view key) const override;
  const ListedFile* find_package(std::string_view channel, std::string_view app_id,
                                 std::string_view basename) const override;
  const ListedFile* find_product_key(std::string_view product_key) const override;
  std::vector<std::string> descriptions_of(std::string_view product_key) const override;
  const KnownBuild* find_build(std::string_view build) const override { return builds_.peek(build); }
  void each_file(const std::function<void(const ListedFile&)>& visit) const override;
  void each_system_release(const std::function<void(const SystemRelease&)>& visit) const override {
    releases_.each(visit);
  }
  std::size_t files() const override { return files_.size(); }
  std::size_t builds() const override { return builds_.size(); }
  std::size_t catalogues() const override { return catalogues_.size(); }
  std::optional<Digest> taught(std::string_view catalogue_key) const override;

  // What is known with one more lesson. What the catalogue taught before and no longer does is superseded.
  Result<std::shared_ptr<const Known>> with(Lesson lesson, const std::string& catalogue_key,
                                            const Digest& digest) const;

 private:
  Known(const Known&) = default;

  void learn_builds(std::vector<KnownBuild> builds);
  void learn_releases(std::vector<SystemRelease> releases);
  void learn_products(const Lesson& lesson);
  void learn_files(Lesson lesson, CatalogueEntry& catalogue);
  void list(ListedFile file);
  void add_name(const std::string& name, const std::string& url);
  void add_to_product(const std::string& product_key, const std::string& url);
  void retell(const ProductEntry& product);
  void supersede(const std::string& url, const std::string& catalogue_key);
  void forget_oldest();
  void forget(const std::string& url);

  SnapshotTable<FileEntry> files_;
  SnapshotTable<NameEntry> names_;
  SnapshotTable<ProductEntry> products_;
  SnapshotTable<KnownBuild> builds_;
  SnapshotTable<SystemRelease> releases_;
  SnapshotTable<CatalogueEntry> catalogues_;
  std::uint64_t lessons_ = 0;
  std::size_t superseded_ = 0;  // entries of files_ without a standing listing
};

}  // namespace larder::updates
