// SPDX-License-Identifier: MIT
#include "cache/variants.h"

#include <catch2/catch.hpp>

#include "base/limits.h"

using namespace larder::cache;
using Names = std::vector<std::string>;

namespace {

constexpr const char* kUrl = "http://example.net/a";

SaysOfField asked(Fields fields) {
  return [fields = std::move(fields)](std::string_view name) -> std::optional<std::string> {
    if (find_field(fields, name) == nullptr) return std::nullopt;
    return joined(fields, name);
  };
}

}  // namespace

TEST_CASE("the fields that Vary nominates are sorted and each named once") {
  CHECK(nominated_fields({{"Vary", "Foo, bar"}, {"vary", "BAR,, baz"}}) == Names{"bar", "baz", "foo"});
  CHECK(nominated_fields({{"Vary", " , "}}).empty());
  CHECK(nominated_fields({}).empty());
}

TEST_CASE("a URL without variants has no other key") {
  const VariantTable table;
  CHECK_FALSE(table.key_for(kUrl, asked({})).has_value());
}

TEST_CASE("requests that say the same of the nominated fields select the same variant") {
  VariantTable table;
  const auto first = table.note(kUrl, {"accept-encoding", "foo"}, asked({{"Foo", "1, 2"}, {"Other", "x"}}), 7);
  const auto key = [&](Fields fields) { return table.key_for(kUrl, asked(std::move(fields))).value(); };
  CHECK(key({{"foo", "1,2"}}) == first.key);
  CHECK(key({{"Foo", "1"}, {"Foo", " 2"}, {"Other", "y"}}) == first.key);
  CHECK(key({{"Foo", "2, 1"}}) != first.key);
  CHECK(key({{"Foo", "1"}}) != first.key);
  CHECK(key({}) != first.key);
  CHECK(key({{"Foo", "1, 2"}, {"Accept-Encoding", ""}}) != first.key);
  CHECK(key({{"Foo", "1, 2"}, {"Accept-Encoding", "gzip"}}) != first.key);
  CHECK(key({{"Accept-Encoding", "gzip, BR"}}) == key({{"Accept-Encoding", "br,gzip"}}));
}

TEST_CASE("variants of other fields begin a generation of their own") {
  VariantTable table;
  const auto first = table.note(kUrl, {"foo"}, asked({{"Foo", "1"}}), 7);
  const auto again = table.note(kUrl, {"foo"}, asked({{"Foo", "1"}}), 8);
  CHECK(again.key == first.key);
  const auto other = table.note(kUrl, {"bar"}, asked({{"Foo", "1"}}), 9);
  CHECK(other.key != first.key);
  CHECK(table.forget(kUrl) == Names{other.key});
  CHECK(table.forget(kUrl).empty());
  CHECK(table.note(kUrl, {"foo"}, asked({{"Foo", "1"}}), 10).key != first.key);
}

TEST_CASE("the oldest of too many variants is dropped") {
  VariantTable table;
  std::string oldest;
  for (std::size_t i = 0; i < larder::limits::kVariants; ++i) {
    const auto noted = table.note(kUrl, {"foo"}, asked({{"Foo", std::to_string(i)}}), 7);
    CHECK(noted.dropped.empty());
    if (i == 0) oldest = noted.key;
  }
  CHECK(table.note(kUrl, {"foo"}, asked({{"Foo", "x"}}), 7).dropped == oldest);
}

namespace {

ObjectPtr stored(const std::string& key, Fields fields, int second) {
  Object object;
  object.url = key;
  object.fields = std::move(fields);
  object.freshness.response_time = larder::WallTime(std::chrono::seconds(second));
  return std::make_shared<const Object>(std::move(object));
}

}  // namespace

TEST_CASE("after a restart a table knows what the store's variants say") {
  VariantTable before;
  const auto one = before.note(kUrl, {"foo"}, asked({{"Foo", "1"}}), 7).key;
  const auto two = before.note(kUrl, {"foo"}, asked({{"Foo", "2"}}), 7).key;
  VariantTable after;
  const std::vector<ObjectPtr> objects = {stored(two, {{"Vary", "Foo"}}, 20), stored(one, {{"Vary", "Foo"}}, 10),
                                          stored(kUrl, {}, 30)};
  CHECK(after.learn(objects).empty());
  CHECK(after.key_for(kUrl, asked({{"Foo", "1"}})) == one);
  CHECK(after.note(kUrl, {"foo"}, asked({{"Foo", "2"}}), 9).key == two);
  CHECK(after.forget(kUrl) == Names{one, two});
}

TEST_CASE("what nothing will ask for any more is told after a restart") {
  VariantTable before;
  const auto old = before.note(kUrl, {"foo"}, asked({{"Foo", "1"}}), 7).key;
  const auto now = before.note(kUrl, {"bar"}, asked({{"Foo", "1"}}), 9).key;
  VariantTable after;
  const std::vector<ObjectPtr> objects = {stored(old, {{"Vary", "Foo"}}, 20), stored(now, {{"Vary", "Bar"}}, 10)};
  CHECK(after.learn(objects) == Names{old});
  CHECK(after.key_for(kUrl, asked({{"Foo", "1"}})) == now);
}

TEST_CASE("a stored variant that has lost its Vary is told as unused") {
  VariantTable before;
  const auto key = before.note(kUrl, {"foo"}, asked({{"Foo", "1"}}), 7).key;
  VariantTable after;
  CHECK(after.learn(std::vector<ObjectPtr>{stored(key, {}, 1)}) == Names{key});
  CHECK_FALSE(after.key_for(kUrl, asked({})).has_value());
}

TEST_CASE("of too many stored variants the newest are known") {
  VariantTable before;
  std::vector<ObjectPtr> objects;
  for (std::size_t i = 0; i <= larder::limits::kVariants; ++i) {
    const auto key = before.note(kUrl, {"foo"}, asked({{"Foo", std::to_string(i)}}), 7).key;
    objects.push_back(stored(key, {{"Vary", "Foo"}}, static_cast<int>(i)));
  }
  VariantTable after;
  CHECK(after.learn(objects) == Names{objects.front()->url});
}

TEST_CASE("keys of variants are told from URLs") {
  const std::string digest(64, 'a');
  CHECK(is_variant_key("http://a.example/ 7 " + digest));
  CHECK_FALSE(is_variant_key("http://a.example/"));
  CHECK_FALSE(is_variant_key("http://a.example/ x " + digest));
  CHECK_FALSE(is_variant_key("http://a.example/ 7 " + digest.substr(1)));
  CHECK_FALSE(is_variant_key(" 7 " + digest));
  CHECK_FALSE(is_variant_key("7 " + digest));
  CHECK_FALSE(is_variant_key(""));
}

TEST_CASE("a sibling is what another request selects of the same variants") {
  VariantTable table;
  const Fields answer = {{"Vary", "Foo"}};
  const auto one = table.note(kUrl, {"foo"}, asked({{"Foo", "1"}}), 7);
  CHECK(VariantTable::sibling(one.key, answer, asked({{"Foo", "1"}})) == one.key);
  CHECK(VariantTable::sibling(one.key, answer, asked({{"Foo", "2"}})) ==
        table.key_for(kUrl, asked({{"Foo", "2"}})).value());
}
