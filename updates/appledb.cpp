// SPDX-License-Identifier: MIT
// AppleDB (https://github.com/littlebyteorg/appledb): one JSON file a build, or a list of such:
//   {osStr, version, build, rsr?, sources[{type, deviceMap[], prerequisiteBuild?: "22H713" or [...], links[{url}],
//    hashes{sha1, sha2-256}, size}]}
// The only public map from an update's URL to the build it makes, the builds it starts from and the models it fits.
#include <array>
#include <map>
#include <string>

#include "updates/apple_files.h"
#include "updates/apple_path.h"
#include "updates/json_document.h"
#include "updates/lesson.h"

namespace larder::updates {
namespace {

struct Named {
  std::string_view listed;
  std::string_view known;
};
constexpr auto kSystems = std::to_array<Named>({{"audioOS", "HomePod software"}, {"Mac OS X", "macOS"}});

std::string product_of_system(std::string_view system) {
  for (const Named& name : kSystems) {
    if (name.listed == system) return std::string(name.known);
  }
  return std::string(system);
}

void add_texts(const Json& value, std::vector<std::string>& texts) {
  if (const auto one = text_of(value); !one.empty()) texts.emplace_back(one);
  if (!value.is_array()) return;
  for (const Json& item : value) {
    if (const auto one = text_of(item); !one.empty()) texts.emplace_back(one);
  }
}

class Build {
 public:
  Build(const Json& json, Lesson& lesson) : json_(json), lesson_(lesson) {}

  void read() {
    product_ = product_of_system(text(json_, {"osStr"}));
    version_ = text(json_, {"version"});
    build_ = text(json_, {"build"});
    if (is_apple_build(build_) && !version_.empty()) {
      lesson_.builds.push_back({build_, product_, version_, Evidence::feed});
    }
    const Json& sources = member(json_, {"sources"});
    if (!sources.is_array()) return;
    for (const Json& source : sources) read_source(source);
  }

 private:
  void read_source(const Json& source) {
    const std::string_view type = text(source, {"type"});
    ListedFile file;
    file.product = type == "installassistant" ? "macOS installer" : product_;
    file.version = version_;
    file.build = build_;
    file.evidence = Evidence::feed;
    file.others_list = true;
    file.principal = type == "ota" || type == "ipsw" || type == "installassistant";
    file.size_bytes = number_of(member(source, {"size"}));
    file.published = published(source);
    file.audience = audience(source);
    const Json& links = member(source, {"links"});
    if (!links.is_array()) return;
    for (const Json& link : links) {
      if (const auto key = apple_key(text(link, {"url"}))) add(*key, file);
    }
  }

  PublishedPtr published(const Json& source) {
    const Json& hashes = member(source, {"hashes"});
    Published bytes;
    bytes.size_bytes = number_of(member(source, {"size"}));
    bytes.sha256 = Digest::from_hex(text(hashes, {"sha2-256"}));
    bytes.sha1 = Sha1Digest::from_hex(text(hashes, {"sha1"}));
    return bytes.empty() ? nullptr : std::make_shared<const Published>(std::move(bytes));
  }

  // Sources of one build repeat the same long lists of models: equal audiences are kept once.
  AudiencePtr audience(const Json& source) {
    auto read = std::make_shared<Audience>();
    add_texts(member(source, {"prerequisiteBuild"}), read->from_builds);
    add_texts(member(source, {"deviceMap"}), read->models);
    if (*read == Audience{}) return nullptr;
    for (const AudiencePtr& known : audiences_) {
      if (*known == *read) return known;
    }
    audiences_.push_back(read);
    return read;
  }

  // One file may be listed for several groups of models: it is for all of them.
  void add(const std::string& key, const ListedFile& file) {
    const auto [at, first] = places_.try_emplace(key, lesson_.files.size());
    if (!first) {
      AudiencePtr& known = lesson_.files[at->second].file.audience;
      known = together(known, file.audience);
      return;
    }
    TaughtFile taught{file, {}, 0};
    taught.file.url = key;
    taught.file.product_key = product_key_in(key);
    if (!taught.file.product_key.empty()) {
      lesson_.products.push_back({taught.file.product_key, FactsOrigin::appledb, {file.product, version_, build_}});
    }
    lesson_.files.push_back(std::move(taught));
  }

  const Json& json_;
  Lesson& lesson_;
  std::string product_;
  std::string version_;
  std::string build_;
  std::vector<AudiencePtr> audiences_;
  std::map<std::string, std::size_t> places_;  // in lesson_.files, of this build's
};

}  // namespace

Result<Lesson> read_appledb(std::string_view document) {
  const auto json = parse_json(document);
  if (!json) return json.error();
  Lesson lesson;
  if (json->is_object()) {
    Build(*json, lesson).read();
  } else if (json->is_array()) {
    for (const Json& build : *json) Build(build, lesson).read();
  }
  if (lesson.builds.empty() && lesson.files.empty()) {
    return fail(ErrorKind::invalid, "reading AppleDB: it names neither builds nor files");
  }
  return lesson;
}

}  // namespace larder::updates
