// SPDX-License-Identifier: MIT
#include "updates/recognise.h"

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

// What a catalogue says of a URL outweighs what its name says.
void add_listing(Recognition& recognition, const ListedFile& file) {
  take(recognition.product, file.product);
  take(recognition.version, file.version);
  take(recognition.build, file.build);
  take(recognition.from_version, file.from_version);
  take(recognition.channel, file.channel);
  take(recognition.product_key, file.product_key);
  recognition.evidence = Evidence::catalogue;
  recognition.listed = !file.superseded;
  if (!file.from_version.empty()) {
    recognition.kind = Kind::delta;
  } else if (file.principal && recognition.kind == Kind::other) {
    recognition.kind = Kind::full;
  } else if (!file.principal && recognition.kind == Kind::full) {
    recognition.kind = Kind::other;
  }
}

}  // namespace

Recognition recognise(const Url& url, const Knowledge& knowledge) {
  const std::string key = canonical(url).key;
  const auto name = Url::parse(key);
  Recognition recognition = by_name(name ? *name : url, knowledge);
  if (const ListedFile* file = knowledge.find(key)) add_listing(recognition, *file);
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
