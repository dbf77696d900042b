// SPDX-License-Identifier: MIT
#include "updates/known.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <span>
#include <unordered_set>

#include "base/time_text.h"
#include "updates/beta.h"
#include "updates/recognise.h"
#include "updates/spelling.h"

namespace larder::updates {
namespace {

// Standing listings before superseded ones, those with a version first, the channel everyone is on before others.
bool is_better(const Listing& a, const Listing& b) {
  if (a->superseded != b->superseded) return b->superseded;
  if (a->version.empty() != b->version.empty()) return b->version.empty();
  if (a->others_list != b->others_list) return b->others_list;
  const bool a_current = a->channel == "Current";
  if (a_current != (b->channel == "Current")) return a_current;
  if (const int order = compare_versions(a->version, b->version); order != 0) return order > 0;
  return a->catalogue < b->catalogue;
}

bool contains(const std::vector<std::string>& texts, std::string_view text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

// Takes one URL out of an entry, and the entry out of the table when it was the last.
template <class Entry>
void drop_url(SnapshotTable<Entry>& table, const std::string& key, const std::string& url) {
  const auto before = table.find(key);
  if (!before) return;
  auto after = std::make_shared<Entry>(*before);
  std::erase(after->urls, url);
  after->urls.empty() ? table.remove(key) : table.put(std::move(after));
}

// The first listing answers for all: it is given what only others say of the bytes, of whom they are for, and of when
// they came out.
void complete_first(std::vector<Listing>& listings) {
  PublishedPtr published;
  AudiencePtr audience;
  WallTime released;
  for (const Listing& listing : listings) {
    published = together(published, listing->published);
    if (!audience) audience = listing->audience;
    released = earlier(released, listing->released);
  }
  Listing& first = listings.front();
  if (first->published == published && first->audience == audience && first->released == released) return;
  auto completed = std::make_shared<ListedFile>(*first);
  completed->published = std::move(published);
  completed->audience = std::move(audience);
  completed->released = released;
  first = std::move(completed);
}

void tell(ListedFile& file, const ProductEntry& product) {
  ProductFacts facts = product.joined();
  file.product = std::move(facts.product);
  file.version = std::move(facts.version);
  file.build = std::move(facts.build);
  file.evidence = product.evidence();
}

// Which beta it is before that it is one; then Apple's own word before others', "15.7" before "15.7 RC 6".
bool is_better_build(const KnownBuild& a, const KnownBuild& b) {
  if (says_more_of_beta(a.version, b.version)) return true;
  if (says_more_of_beta(b.version, a.version)) return false;
  if (a.evidence != b.evidence) return a.evidence == Evidence::catalogue;
  return a.version.size() < b.version.size();
}

// What some origins say together.
ProductFacts join(std::span<const ProductFacts> origins) {
  ProductFacts all;
  for (const ProductFacts& some : origins) {
    if (all.product.empty()) all.product = some.product;
    if (all.version.empty()) all.version = some.version;
    if (all.build.empty()) all.build = some.build;
  }
  all.version = with_beta(std::move(all.version), all.build);
  for (const ProductFacts& some : origins) {
    if (some.build == all.build && says_more_of_beta(some.version, all.version)) all.version = some.version;
  }
  return all;
}

}  // namespace

ProductFacts ProductEntry::joined() const {
  ProductFacts all = join(facts);
  if (all.product.empty()) {
    all.product = "Apple product " + key;
  } else if (all.version.empty()) {
    all.product += " (" + key + ")";
  }
  return all;
}

Evidence ProductEntry::evidence() const {
  const ProductFacts vendors = join(std::span(facts).first<static_cast<std::size_t>(FactsOrigin::sofa)>());
  const ProductFacts all = join(facts);
  return all.product != vendors.product || all.version != vendors.version ? Evidence::feed : Evidence::catalogue;
}

const ListedFile* Known::find(std::string_view key) const {
  const FileEntry* entry = files_.peek(key);
  return entry == nullptr ? nullptr : entry->listings.front().get();
}

const ListedFile* Known::find_package(std::string_view channel, std::string_view app_id,
                                      std::string_view basename) const {
  const NameEntry* name = names_.peek(basename);
  if (name == nullptr) return nullptr;
  const Listing* best = nullptr;
  for (const auto& url : name->urls) {
    const FileEntry* entry = files_.peek(url);
    if (entry == nullptr) continue;
    for (const Listing& listing : entry->listings) {
      if (listing->channel != channel || (!app_id.empty() && listing->app_id != app_id)) continue;
      if (best == nullptr || is_better(listing, *best)) best = &listing;
    }
  }
  return best == nullptr ? nullptr : best->get();
}

const ListedFile* Known::find_product_key(std::string_view product_key) const {
  const ProductEntry* product = products_.peek(product_key);
  return product == nullptr || product->urls.empty() ? nullptr : find(product->urls.front());
}

std::vector<std::string> Known::descriptions_of(std::string_view product_key) const {
  std::vector<std::string> descriptions;
  if (const ProductEntry* product = products_.peek(product_key)) {
    std::copy_if(product->urls.begin(), product->urls.end(), std::back_inserter(descriptions),
                 [](const std::string& url) { return url.ends_with(".dist") || url.ends_with(".smd"); });
  }
  return descriptions;
}

void Known::each_file(const std::function<void(const ListedFile&)>& visit) const {
  files_.each([&](const FileEntry& entry) { visit(*entry.listings.front()); });
}

std::optional<Digest> Known::taught(std::string_view catalogue_key) const {
  const CatalogueEntry* catalogue = catalogues_.peek(catalogue_key);
  return catalogue == nullptr ? std::nullopt : std::optional(catalogue->digest);
}

Result<std::shared_ptr<const Known>> Known::with(Lesson lesson, const std::string& catalogue_key,
                                                 const Digest& digest) const {
  const auto before = catalogues_.find(catalogue_key);
  if (!before && (catalogues_.size() >= kCatalogues || files_.size() + lesson.files.size() > kKnownFiles)) {
    return fail(ErrorKind::too_large, "learning a catalogue: as many are known as may be");
  }
  const std::shared_ptr<Known> next(new Known(*this));
  ++next->lessons_;
  CatalogueEntry catalogue{catalogue_key, digest, {}};
  next->learn_builds(std::move(lesson.builds));
  next->learn_releases(std::move(lesson.releases));
  next->learn_products(lesson);
  next->learn_files(std::move(lesson), catalogue);
  if (before) {
    const std::unordered_set<std::string_view> standing(catalogue.urls.begin(), catalogue.urls.end());
    for (const auto& url : before->urls) {
      if (!standing.contains(url)) next->supersede(url, catalogue_key);
    }
  }
  next->catalogues_.put(std::make_shared<const CatalogueEntry>(std::move(catalogue)));
  if (next->superseded_ > kSupersededListings) next->forget_oldest();
  return std::shared_ptr<const Known>(next);
}

void Known::learn_builds(std::vector<KnownBuild> builds) {
  for (KnownBuild& build : builds) {
    build.version = with_beta(std::move(build.version), build.key);
    const KnownBuild* before = builds_.peek(build.key);
    if (before == nullptr ? builds_.size() >= kKnownBuilds : !is_better_build(build, *before)) continue;
    builds_.put(std::make_shared<const KnownBuild>(std::move(build)));
  }
}

void Known::learn_releases(std::vector<SystemRelease> releases) {
  for (SystemRelease& release : releases) {
    if (release.product.empty() || release.version.empty()) continue;
    release.key = release.product + '\0' + release.version;
    const SystemRelease* before = releases_.peek(release.key);
    if (before == nullptr && releases_.size() >= kSystemReleases) continue;
    if (before != nullptr && earlier(before->released, release.released) == before->released) continue;
    releases_.put(std::make_shared<const SystemRelease>(std::move(release)));
  }
}

void Known::learn_products(const Lesson& lesson) {
  for (const TaughtProduct& taught : lesson.products) {
    const auto before = products_.find(taught.key);
    auto after = before ? std::make_shared<ProductEntry>(*before) : std::make_shared<ProductEntry>();
    after->key = taught.key;
    ProductFacts& facts = after->facts[static_cast<std::size_t>(taught.origin)];
    if (before && facts == taught.facts) continue;
    facts = taught.facts;
    products_.put(after);
    retell(*after);
  }
}

void Known::learn_files(Lesson lesson, CatalogueEntry& catalogue) {
  std::stable_sort(lesson.files.begin(), lesson.files.end(),
                   [](const TaughtFile& a, const TaughtFile& b) { return a.rank < b.rank; });
  std::unordered_set<std::string> seen;
  for (TaughtFile& taught : lesson.files) {
    ListedFile& file = taught.file;
    for (const auto& name : taught.names) add_name(name, file.url);
    if (!seen.insert(file.url).second) continue;
    catalogue.urls.push_back(file.url);
    file.catalogue = catalogue.key;
    if (!file.product_key.empty()) {
      add_to_product(file.product_key, file.url);
      tell(file, *products_.peek(file.product_key));
    }
    file.version = with_beta(std::move(file.version), file.build);
    list(std::move(file));
  }
}

// Takes the place of the same catalogue's earlier listing, and of superseded ones. A version once known stays.
void Known::list(ListedFile file) {
  const auto before = files_.find(file.url);
  auto after = std::make_shared<FileEntry>();
  after->key = file.url;
  if (before) {
    if (before->superseded_at != 0) --superseded_;
    for (const Listing& listing : before->listings) {
      const bool same = listing->catalogue == file.catalogue;
      if (same && file.version.empty()) file.version = listing->version;
      if (!same && !listing->superseded) after->listings.push_back(listing);
    }
  }
  after->listings.push_back(std::make_shared<const ListedFile>(std::move(file)));
  std::sort(after->listings.begin(), after->listings.end(), is_better);
  complete_first(after->listings);
  files_.put(std::move(after));
}

void Known::add_name(const std::string& name, const std::string& url) {
  const auto before = names_.find(name);
  if (before && contains(before->urls, url)) return;
  auto after = before ? std::make_shared<NameEntry>(*before) : std::make_shared<NameEntry>();
  after->key = name;
  if (after->urls.size() >= kUrlsOfAName) after->urls.erase(after->urls.begin());
  after->urls.push_back(url);
  names_.put(std::move(after));
}

void Known::add_to_product(const std::string& product_key, const std::string& url) {
  const auto before = products_.find(product_key);
  if (before && (before->urls.size() >= kFilesOfAProduct || contains(before->urls, url))) return;
  auto after = before ? std::make_shared<ProductEntry>(*before) : std::make_shared<ProductEntry>();
  after->key = product_key;
  after->urls.push_back(url);
  products_.put(std::move(after));
}

// New facts of a product go into all its listings.
void Known::retell(const ProductEntry& product) {
  for (const auto& url : product.urls) {
    const auto before = files_.find(url);
    if (!before) continue;
    auto after = std::make_shared<FileEntry>(*before);
    for (Listing& listing : after->listings) {
      auto told = std::make_shared<ListedFile>(*listing);
      tell(*told, product);
      listing = std::move(told);
    }
    files_.put(std::move(after));
  }
}

void Known::supersede(const std::string& url, const std::string& catalogue_key) {
  const auto before = files_.find(url);
  if (!before) return;
  auto after = std::make_shared<FileEntry>();
  after->key = url;
  Listing dropped;
  for (const Listing& listing : before->listings) {
    if (listing->catalogue == catalogue_key) {
      dropped = listing;
    } else {
      after->listings.push_back(listing);
    }
  }
  if (!dropped) return;
  if (after->listings.empty()) {
    auto kept = std::make_shared<ListedFile>(*dropped);
    kept->superseded = true;
    after->listings.push_back(std::move(kept));
    after->superseded_at = lessons_;
    ++superseded_;
  }
  files_.put(std::move(after));
}

void Known::forget_oldest() {
  std::multimap<std::uint64_t, std::string> by_age;
  files_.each([&](const FileEntry& entry) {
    if (entry.superseded_at != 0) by_age.emplace(entry.superseded_at, entry.key);
  });
  std::size_t left = by_age.size() / 2;
  for (const auto& [age, url] : by_age) {
    if (left-- == 0) return;
    forget(url);
  }
}

void Known::forget(const std::string& url) {
  const auto forgotten = files_.find(url);
  if (!forgotten) return;
  files_.remove(url);
  --superseded_;
  drop_url(names_, base_name(url), url);
  drop_url(products_, forgotten->listings.front()->product_key, url);
}

}  // namespace larder::updates
