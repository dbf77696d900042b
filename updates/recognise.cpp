// SPDX-License-Identifier: MIT
#include "updates/recognise.h"

#include "updates/beta.h"
#include "updates/hosts.h"
#include "updates/recognisers.h"

namespace larder::updates {
namespace {

Recognition by_name(const Url& url, const Knowledge& knowledge) {
  const Host* host = find_host(url.host);
  if (host == nullptr) return {};
  switch (host->vendor) {
    case Vendor::apple:
      return recognise_apple(url, knowledge);
    case Vendor::microsoft:
      return recognise_microsoft(url);
    case Vendor::windows:
      return recognise_windows(url);
  }
  return {};
}

void take(std::string& told, const std::string& listed) {
  if (!listed.empty()) told = listed;
}

// The lowest of the versions a delta starts from, as far as its builds are known.
std::string lowest_version(const std::vector<std::string>& builds, const Knowledge& knowledge) {
  std::string lowest;
  for (const std::string& build : builds) {
    const KnownBuild* known = knowledge.find_build(build);
    if (known == nullptr || known->version.empty()) continue;
    if (lowest.empty() || compare_versions(known->version, lowest) < 0) lowest = known->version;
  }
  return lowest;
}

// What the vendor's catalogue says of a URL outweighs what its name says; what others list only adds to the name.
void add_words(Recognition& recognition, const ListedFile& file) {
  const bool named = recognition.evidence == Evidence::name && !recognition.version.empty();
  if (named && file.evidence == Evidence::feed) return;
  take(recognition.product, file.product);
  take(recognition.version, file.version);
  take(recognition.build, file.build);
  take(recognition.channel, file.channel);
  take(recognition.product_key, file.product_key);
  recognition.evidence = file.evidence;
}

void add_listing(Recognition& recognition, const ListedFile& file, const Knowledge& knowledge) {
  add_words(recognition, file);
  take(recognition.from_version, file.from_version);
  recognition.listed = !file.superseded;
  recognition.published = file.published;
  recognition.audience = file.audience;
  const bool from_builds = file.audience && !file.audience->from_builds.empty();
  if (from_builds && file.from_version.empty()) {
    recognition.from_version = lowest_version(file.audience->from_builds, knowledge);
  }
  if (from_builds || !file.from_version.empty()) {
    recognition.kind = Kind::delta;
  } else if (file.principal && recognition.kind == Kind::other) {
    recognition.kind = Kind::full;
  } else if (!file.principal && recognition.kind == Kind::full) {
    recognition.kind = Kind::other;
  }
}

// A build tells its version where a catalogue or a list has named both together; Apple's own word on it outweighs what
// a list says of a file ("15.7", not "15.7 RC 6"). Which beta it is only lists tell.
void add_version_of_build(Recognition& recognition, const Knowledge& knowledge) {
  if (recognition.build.empty()) return;
  const KnownBuild* build = knowledge.find_build(recognition.build);
  if (build == nullptr) return;
  const bool fed = recognition.evidence == Evidence::feed && build->evidence != Evidence::feed;
  const bool more = says_more_of_beta(build->version, recognition.version);
  if (!recognition.version.empty() && !fed && !more) return;
  recognition.version = build->version;
  if (build->evidence == Evidence::feed) recognition.evidence = Evidence::feed;
}

}  // namespace

Recognition recognise(const Url& url, const Knowledge& knowledge) {
  // Most are asked for as their catalogue spells them, and the key of a key is itself.
  if (const ListedFile* file = knowledge.find(url.text())) {
    Recognition recognition = by_name(url, knowledge);
    add_listing(recognition, *file, knowledge);
    add_version_of_build(recognition, knowledge);
    return recognition;
  }
  const std::string key = canonical(url).key;
  const auto name = Url::parse(key);
  Recognition recognition = by_name(name ? *name : url, knowledge);
  if (const ListedFile* file = knowledge.find(key)) add_listing(recognition, *file, knowledge);
  add_version_of_build(recognition, knowledge);
  return recognition;
}

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::full:
      return "full";
    case Kind::delta:
      return "delta";
    case Kind::catalogue:
      return "catalogue";
    case Kind::other:
      return "other";
  }
  return "other";
}

std::string_view to_string(Evidence evidence) {
  switch (evidence) {
    case Evidence::none:
      return "none";
    case Evidence::name:
      return "name";
    case Evidence::catalogue:
      return "catalogue";
    case Evidence::feed:
      return "feed";
    case Evidence::inferred:
      return "inferred";
  }
  return "none";
}

}  // namespace larder::updates
