// SPDX-License-Identifier: MIT
// The two documents that describe one Apple product:
//   .dist  an installer script in XML: <title>, <auxinfo><dict> with VERSION and BUILD, <choice versStr>, and in
//          <localization><strings> what keys such as SU_TITLE stand for, as lines "KEY" = "text";
//   .smd   a property list: CFBundleShortVersionString, localization{English{title}}
// Source: reposado's parseSUdist and blacktop/ipsw's macos.go.
#include <initializer_list>
#include <pugixml.hpp>

#include "base/text.h"
#include "updates/apple_path.h"
#include "updates/document_shape.h"
#include "updates/lesson.h"
#include "updates/property_list.h"
#include "updates/spelling.h"

namespace larder::updates {
namespace {

Error bad(std::string_view what, std::string_view why) {
  return fail(ErrorKind::invalid, std::string("reading ").append(what).append(": ").append(why));
}

// The text after `"key" =` in a strings table; "" when it is not there.
std::string look_up(std::string_view strings, std::string_view key) {
  const std::string quoted = '"' + std::string(key) + '"';
  auto at = strings.find(quoted);
  if (at == std::string_view::npos) return {};
  strings = trim(strings.substr(at + quoted.size()));
  if (!strings.starts_with('=')) return {};
  strings = trim(strings.substr(1));
  if (!strings.starts_with('"')) return {};
  std::string text;
  for (at = 1; at < strings.size() && strings[at] != '"'; ++at) {
    if (strings[at] == '\\' && at + 1 < strings.size()) ++at;
    text += strings[at];
  }
  return at < strings.size() ? std::string(trim(text)) : std::string{};
}

bool is_english(std::string_view language) {
  return equals_ignoring_case(language, "English") || equals_ignoring_case(language, "en");
}

std::string_view text_of(const pugi::xml_node& node) {
  return trim(node.text().get());
}

class Distribution {
 public:
  explicit Distribution(const pugi::xml_node& script) : script_(script) {
    const auto localization = script.child("localization");
    for (const auto& strings : localization.children("strings")) {
      if (strings_.empty() || is_english(strings.attribute("language").value())) strings_ = text_of(strings);
    }
  }

  ProductFacts facts() const {
    ProductFacts facts;
    facts.product = resolve(text_of(script_.child("title")));
    facts.version = auxiliary({"macOSProductVersion", "VERSION"});
    facts.build = auxiliary({"macOSProductBuildVersion", "BUILD"});
    const auto choice = script_.find_child_by_attribute("choice", "id", "su");
    if (facts.product.empty()) facts.product = resolve(choice.attribute("title").value());
    if (facts.version.empty()) facts.version = resolve(choice.attribute("versStr").value());
    return facts;
  }

 private:
  // A key of the strings table stands for its text; what looks like a key but is in no table says nothing.
  std::string resolve(std::string_view text) const {
    if (auto found = look_up(strings_, text); !found.empty()) return found;
    return text.starts_with("SU_") ? std::string{} : std::string(text);
  }

  std::string auxiliary(std::initializer_list<std::string_view> keys) const {
    for (const auto wanted : keys) {
      for (const auto& key : script_.child("auxinfo").child("dict").children("key")) {
        const auto value = key.next_sibling();
        if (text_of(key) == wanted && std::string_view(value.name()) == "string") return std::string(text_of(value));
      }
    }
    return {};
  }

  pugi::xml_node script_;
  std::string strings_;
};

// "042-58988.English.dist" -> "042-58988": of a file that stands anywhere.
std::string product_of_name(std::string_view path) {
  const std::string name = base_name(path);
  return name.substr(0, name.find('.'));
}

// The document itself is a file of the product, so that the key is known even before a catalogue lists it.
Lesson about_product(const Url& url, FactsOrigin origin, ProductFacts facts) {
  Lesson lesson;
  std::string key(product_key_of(url.path));
  if (key.empty()) {
    key = product_of_name(url.path);
  } else {
    TaughtFile self;
    self.file.url = url.text();
    self.file.product_key = key;
    self.file.principal = false;
    lesson.files.push_back(std::move(self));
  }
  if (!key.empty()) lesson.products.push_back({key, origin, std::move(facts)});
  return lesson;
}

}  // namespace

Result<Lesson> read_distribution(const Url& url, std::string_view document) {
  if (auto shape = check_shape(document, CharacterData::allowed); !shape) return std::move(shape).error();
  pugi::xml_document xml;
  if (const auto parsed = xml.load_buffer(document.data(), document.size()); !parsed) {
    return bad("a distribution", parsed.description());
  }
  const auto script = xml.document_element();
  const std::string_view name = script.name();
  if (name != "installer-gui-script" && name != "installer-script") {
    return bad("a distribution", "it is no installer script");
  }
  const bool english =
      ends_with_ignoring_case(url.path, ".English.dist") || ends_with_ignoring_case(url.path, ".en.dist");
  return about_product(url, english ? FactsOrigin::english_distribution : FactsOrigin::distribution,
                       Distribution(script).facts());
}

Result<Lesson> read_server_metadata(const Url& url, std::string_view document) {
  auto list = PropertyList::parse(document);
  if (!list) return std::move(list).error();
  const PlistNode root = list->root();
  if (!root.is_dictionary()) return bad("server metadata", "it is no dictionary");
  ProductFacts facts;
  facts.version = root["CFBundleShortVersionString"].text();
  root["localization"].each_member([&](std::string_view language, PlistNode localized) {
    if (facts.product.empty() || is_english(language)) facts.product = localized["title"].text();
  });
  return about_product(url, FactsOrigin::metadata, std::move(facts));
}

}  // namespace larder::updates
