// SPDX-License-Identifier: MIT
// AutoUpdate's manifests: an array of dictionaries, one for each way to a version. Deltas come first and name their
// source ("Baseline Version"), their binary form and the full package; then the full packages, the newest first, then
// those for older systems. Strings were once published with newlines around them. "99999" is no version.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "updates/lesson.h"
#include "updates/mau.h"
#include "updates/mau_place.h"
#include "updates/package_name.h"
#include "updates/property_list.h"
#include "updates/spelling.h"

namespace larder::updates {
namespace {

// Where a URL stands in its dictionary, the most telling first.
enum Rank : int { kLocation, kBinary, kFull, kElsewhere };

Rank rank_of(std::string_view key) {
  if (key == "Location") return kLocation;
  if (key == "BinaryUpdaterLocation") return kBinary;
  return key == "FullUpdaterLocation" ? kFull : kElsewhere;
}

struct Place {
  std::string channel;
  std::string app_id;
};

Place place_of(const Url& url) {
  Place place;
  if (const auto mau = mau_place(url)) {
    const MauChannel* channel = find_mau_channel(mau->guid);
    place.channel = channel != nullptr ? std::string(channel->name) : mau->guid;
  }
  place.app_id = mau_app_id(base_name(url.path));
  return place;
}

std::string product_of(const Place& place, PlistNode entry) {
  if (const auto name = mau_product_name(place.app_id); !name.empty()) return std::string(name);
  std::string_view name = entry["Application Name"].text();
  if (name.ends_with(".app")) name.remove_suffix(4);
  if (!name.empty()) return std::string(name);
  const auto title = entry["Title"].text();
  if (const auto update = title.find(" Update"); update != 0 && update != std::string_view::npos) {
    return std::string(title.substr(0, update));
  }
  return place.app_id;
}

std::string version_of(PlistNode entry) {
  const auto version = entry["Update Version"].text();
  return version == kNoMauVersion ? std::string{} : std::string(version);
}

bool is_http(std::string_view text) {
  const std::string start = to_lower(text.substr(0, std::string_view("https://").size()));
  return start == "https://" || start.starts_with("http://");
}

class Entry {
 public:
  Entry(const Place& place, PlistNode entry) : entry_(entry), full_(entry["FullUpdaterLocation"].text()) {
    model_.product = product_of(place, entry);
    model_.version = version_of(entry);
    model_.channel = place.channel;
    model_.app_id = place.app_id;
    baseline_ = entry["Baseline Version"].text();
  }

  void collect(std::vector<TaughtFile>& files) const {
    entry_.each_member([&](std::string_view key, PlistNode value) {
      if (const auto text = value.text(); is_http(text)) add(rank_of(key), text, files);
    });
  }

 private:
  void add(Rank rank, std::string_view text, std::vector<TaughtFile>& files) const {
    const auto url = Url::parse(text);
    if (!url) return;
    const std::string name = base_name(url->path);
    const auto package = read_package_name(name);
    if (rank == kElsewhere && !package) return;

    TaughtFile taught{model_, {name}, rank};
    taught.file.url = canonical(*url).key;
    if (package && package->delta) {
      taught.file.from_version = baseline_.empty() ? package->from_version : baseline_;
    } else if (!baseline_.empty() && (rank == kLocation || rank == kBinary) && text != full_) {
      taught.file.from_version = baseline_;
    }
    if (taught.file.version.empty() && package) taught.file.version = package->version;
    if (rank == kLocation) add_payload(taught.names);
    files.push_back(std::move(taught));
  }

  // The name a client may ask for where it differs from the last part of Location, as behind a redirect.
  void add_payload(std::vector<std::string>& names) const {
    const auto payload = entry_["Payload"].text();
    if (payload.empty() || payload.find('/') != std::string_view::npos || payload == names.front()) return;
    names.emplace_back(payload);
  }

  PlistNode entry_;
  std::string_view full_;
  std::string baseline_;
  ListedFile model_;
};

}  // namespace

Result<Lesson> read_mau_manifest(const Url& url, std::string_view document) {
  auto list = PropertyList::parse(document);
  if (!list) return std::move(list).error();
  const PlistNode root = list->root();
  if (!root.is_array() && !root.is_dictionary()) {
    return fail(ErrorKind::invalid, "reading an AutoUpdate manifest: it is neither an array nor a dictionary");
  }
  Lesson lesson;
  const Place place = place_of(url);
  const auto read = [&](PlistNode entry) {
    if (entry.is_dictionary() && lesson.files.size() <= kListedFiles) Entry(place, entry).collect(lesson.files);
  };
  root.is_array() ? root.each_item(read) : read(root);
  return lesson;
}

Result<Lesson> read_mau_pointer(std::string_view document) {
  auto list = PropertyList::parse(document);
  if (!list) return std::move(list).error();
  return Lesson{};
}

}  // namespace larder::updates
