// SPDX-License-Identifier: MIT
#include "updates/snapshot_table.h"

#include <catch2/catch.hpp>
#include <string>

namespace {

struct Entry {
  std::string key;
  int value = 0;
};
using Table = larder::updates::SnapshotTable<Entry>;

void put(Table& table, const std::string& key, int value) {
  table.put(std::make_shared<const Entry>(Entry{key, value}));
}

}  // namespace

TEST_CASE("a table finds what was put last under a key") {
  Table table;
  CHECK(table.find("a") == nullptr);
  put(table, "a", 1);
  put(table, "b", 2);
  put(table, "a", 3);
  CHECK(table.size() == 2);
  CHECK(table.find("a")->value == 3);
  CHECK(table.peek("b")->value == 2);
}

TEST_CASE("changes to a copy leave the original as it was") {
  Table first;
  for (int i = 0; i < 5000; ++i) put(first, std::to_string(i), i);
  Table second(first);
  put(second, "7", -7);
  put(second, "new", 1);
  second.remove("8");
  CHECK(first.find("7")->value == 7);
  CHECK(first.find("new") == nullptr);
  CHECK(first.find("8")->value == 8);
  CHECK(first.size() == 5000);
  CHECK(second.find("7")->value == -7);
  CHECK(second.find("8") == nullptr);
  CHECK(second.size() == 5000);
}

TEST_CASE("removing what is not there changes nothing, and each entry is visited once") {
  Table table;
  for (int i = 0; i < 3000; ++i) put(table, std::to_string(i), 1);
  table.remove("absent");
  CHECK(table.size() == 3000);
  int sum = 0;
  table.each([&](const Entry& entry) { sum += entry.value; });
  CHECK(sum == 3000);
}
