// SPDX-License-Identifier: MIT
#include "updates/mau_set.h"

#include <algorithm>
#include <span>

#include "base/text.h"
#include "updates/canonical.h"
#include "updates/mau_place.h"
#include "updates/package_name.h"
#include "updates/property_list.h"
#include "updates/recognise.h"

namespace larder::updates {
namespace {

// Versions one history may name, and builds one list. Outlook has had some 400 in eight years. Over it: refused.
constexpr std::size_t kHistory = 10'000;
constexpr std::size_t kVersionBytes = 64;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view bytes_of(const MauFiles& files, const std::string& name) {
  const auto found = files.find(name);
  return found == files.end() ? std::string_view{} : std::string_view(*found->second);
}

std::string_view without_blanks(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const auto first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

bool is_version(std::string_view text) {
  return !text.empty() && text.size() <= kVersionBytes && text != kNoMauVersion && is_digit(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; });
}

Digest digest_of(std::string_view bytes) {
  return Sha256::of(std::as_bytes(std::span(bytes)));
}

// Length and bytes of each, in order: no two lists of files have the same.
Digest digest_of_all(std::initializer_list<std::string_view> files) {
  Sha256 sum;
  for (const std::string_view file : files) {
    const std::string length = std::to_string(file.size()) + "\n";
    sum.update(std::as_bytes(std::span(length)));
    sum.update(std::as_bytes(std::span(file)));
  }
  return sum.finish();
}

class ManifestReader {
 public:
  explicit ManifestReader(MauFacts& facts) : facts_(facts) {}

  void read(PlistNode root) {
    if (root.is_array()) {
      root.each_item([&](PlistNode entry) { take(entry); });
    } else {
      take(root);
    }
    for (MauOffer& offer : facts_.offers) {  // of full packages often only the deltas to them have a title
      if (const auto title = titles_.find(offer.version); offer.title.empty() && title != titles_.end()) {
        offer.title = title->second;
      }
    }
    std::stable_sort(facts_.offers.begin(), facts_.offers.end(),
                     [](const MauOffer& a, const MauOffer& b) { return compare_versions(a.version, b.version) > 0; });
  }

 private:
  void take(PlistNode entry) {
    if (!entry.is_dictionary()) return;
    const std::string_view version = entry["Update Version"].text();
    const bool known = is_version(version);
    const int order = known ? compare_versions(version, facts_.version) : facts_.version.empty() ? 0 : -1;
    const std::string date = entry["Date"].date();
    if (order > 0 && known) {
      facts_.version = version;
      facts_.date = date;
    } else if (order == 0 && date > facts_.date) {
      facts_.date = date;
    }
    if (const auto title = entry["Title"].text(); !title.empty()) titles_.emplace(version, title);
    if (!entry["FullUpdaterLocation"] && !entry["Baseline Version"]) offer(entry, known ? version : std::string_view{});
  }

  void offer(PlistNode entry, std::string_view version) {
    MauOffer offer;
    offer.version = version;
    offer.title = entry["Title"].text();
    if (const auto url = Url::parse(entry["Location"].text())) offer.url = canonical(*url).key;
    const auto same = [&](const MauOffer& other) { return other.version == offer.version; };
    if (std::none_of(facts_.offers.begin(), facts_.offers.end(), same)) facts_.offers.push_back(std::move(offer));
  }

  MauFacts& facts_;
  std::map<std::string, std::string> titles_;  // by version
};

std::string why_mixed(const MauFacts& facts, std::string_view pointed, const MauFacts* published) {
  if (!pointed.empty() && !facts.version.empty() && compare_versions(pointed, facts.version) != 0) {
    return "the pointer names " + std::string(pointed) + ", the manifest " + facts.version;
  }
  if (published == nullptr) return {};
  if (published->signature && !facts.signature) return "the signature is gone";
  if (published->has_pointer && !facts.has_pointer) return "the pointer is gone";
  if (published->has_history && !facts.has_history) return "the history is gone";
  if (!published->signature || !facts.signature) return {};
  const bool same_manifest = facts.manifest == published->manifest;
  const bool same_signature = *facts.signature == *published->signature;
  if (same_manifest && !same_signature) return "the signature is new, the manifest is not";
  if (!same_manifest && same_signature) return "the manifest is new, its signature is not";
  const bool grew = compare_versions(facts.version, published->version) > 0;
  if (grew && !published->listed.empty() && facts.listed.empty())
    return "the history does not name the new version yet";
  return {};
}

Error in(const std::string& name, Error error) {
  return std::move(error).with_context("reading " + name);
}

}  // namespace

MauNames::MauNames(std::string_view app_id) : stem_("0409" + std::string(app_id)) {
  history = stem_ + "-history.xml";
  manifest = stem_ + ".xml";
  signature = stem_ + ".cat";
  pointer = stem_ + "-chk.xml";
}

std::string MauNames::versioned(std::string_view version) const {
  return stem_ + "_" + std::string(version) + ".xml";
}

std::string MauNames::versioned_signature(std::string_view version) const {
  return stem_ + "_" + std::string(version) + ".cat";
}

Result<std::string> read_mau_chk(std::string_view document) {
  auto list = PropertyList::parse(document);
  if (!list) return std::move(list).error();
  if (!list->root().is_dictionary()) return fail(ErrorKind::invalid, "a pointer to a manifest is a dictionary");
  const std::string_view version = list->root()["Update Version"].text();
  return is_version(version) ? std::string(version) : std::string{};
}

Result<std::vector<std::string>> read_mau_history(std::string_view document) {
  auto list = PropertyList::parse(document);
  if (!list) return std::move(list).error();
  if (!list->root().is_array()) return fail(ErrorKind::invalid, "a history is an array of versions");
  std::vector<std::string> versions;
  list->root().each_item([&](PlistNode item) {
    if (const auto version = item.text(); is_version(version) && versions.size() <= kHistory)
      versions.emplace_back(version);
  });
  if (versions.size() > kHistory) return fail(ErrorKind::too_large, "the history names more versions than it may");
  return versions;
}

Result<std::vector<std::string>> read_mau_builds(std::string_view document) {
  std::vector<std::string> builds;
  for (const std::string_view raw : split(document, '\n')) {
    std::string_view line = without_blanks(raw);
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    if (line.empty()) continue;
    if (!is_version(line)) return fail(ErrorKind::invalid, "a list of builds has nothing but versions in it");
    if (builds.size() >= kHistory) return fail(ErrorKind::too_large, "the list names more builds than it may");
    builds.emplace_back(line);
  }
  if (builds.empty()) return fail(ErrorKind::invalid, "a list of builds names at least one");
  return builds;
}

std::string_view mau_marketing_version(std::string_view title) {
  while (!title.empty()) {
    const auto word = title.substr(0, title.find_first_of(" \t\r\n"));
    if (is_dotted_number(word)) return word;
    title.remove_prefix(std::min(title.size(), word.size() + 1));
  }
  return {};
}

Result<MauFacts> examine_mau_set(std::string_view app_id, const MauFiles& files, const MauFacts* published) {
  const MauNames names(app_id);
  if (!files.contains(names.manifest)) return fail(ErrorKind::not_found, "there is no " + names.manifest);
  const std::string_view manifest = bytes_of(files, names.manifest);
  auto list = PropertyList::parse(manifest);
  if (!list) return in(names.manifest, std::move(list).error());
  if (!list->root().is_array() && !list->root().is_dictionary()) {
    return in(names.manifest, fail(ErrorKind::invalid, "a manifest is an array of dictionaries"));
  }
  MauFacts facts;
  ManifestReader(facts).read(list->root());

  std::string pointed;
  if (files.contains(names.pointer)) {
    auto read = read_mau_chk(bytes_of(files, names.pointer));
    if (!read) return in(names.pointer, std::move(read).error());
    pointed = *std::move(read);
    facts.has_pointer = true;
  }
  if (files.contains(names.history)) {
    auto read = read_mau_history(bytes_of(files, names.history));
    if (!read) return in(names.history, std::move(read).error());
    if (std::find(read->begin(), read->end(), facts.version) != read->end()) facts.listed = facts.version;
    facts.has_history = true;
  }
  const std::string_view signature = bytes_of(files, names.signature);
  if (files.contains(names.signature)) {
    if (without_blanks(signature).starts_with('<')) {
      return in(names.signature, fail(ErrorKind::invalid, "a page is no signature"));
    }
    facts.signature = digest_of(signature);
  }
  facts.manifest = digest_of(manifest);
  facts.digest = digest_of_all({manifest, signature, bytes_of(files, names.pointer), bytes_of(files, names.history)});
  facts.mixed = why_mixed(facts, pointed, published);
  return facts;
}

}  // namespace larder::updates
