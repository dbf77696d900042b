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

TEST_CASE("a sibling is what another request selects of the same variants") {
  VariantTable table;
  const Fields answer = {{"Vary", "Foo"}};
  const auto one = table.note(kUrl, {"foo"}, asked({{"Foo", "1"}}), 7);
  CHECK(VariantTable::sibling(one.key, answer, asked({{"Foo", "1"}})) == one.key);
  CHECK(VariantTable::sibling(one.key, answer, asked({{"Foo", "2"}})) ==
        table.key_for(kUrl, asked({{"Foo", "2"}})).value());
}
