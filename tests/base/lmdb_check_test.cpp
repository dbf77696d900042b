// SPDX-License-Identifier: MIT
#include "base/lmdb_check.h"

#include <lmdb.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

using namespace larder;

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPage = 4096;

class Environment {
 public:
  Environment() {
    std::string name = (fs::temp_directory_path() / "larder-pages-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    directory_ = name;
    write();
  }
  ~Environment() { fs::remove_all(directory_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  fs::path file() const { return directory_ / "data.mdb"; }

  void put(std::uint64_t page, std::size_t at, const std::string& bytes) const {
    std::fstream out(file(), std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(static_cast<std::streamoff>(page * kPage + at));
    out << bytes;
  }

 private:
  // Tables of many small values and some large ones, half of them removed again.
  void write() const {
    MDB_env* env = nullptr;
    REQUIRE(mdb_env_create(&env) == 0);
    mdb_env_set_mapsize(env, 64UL << 20U);
    mdb_env_set_maxdbs(env, 4);
    REQUIRE(mdb_env_open(env, directory_.c_str(), 0, 0600) == 0);
    for (const bool removing : {false, true}) {
      MDB_txn* txn = nullptr;
      REQUIRE(mdb_txn_begin(env, nullptr, 0, &txn) == 0);
      for (const char* name : {"one", "two"}) {
        MDB_dbi table = 0;
        REQUIRE(mdb_dbi_open(txn, name, MDB_CREATE, &table) == 0);
        for (int i = 0; i < 3000; ++i) {
          std::string key = std::to_string(i);
          std::string value(i % 100 == 0 ? 20000 : 60, 'v');
          MDB_val k{key.size(), key.data()};
          MDB_val v{value.size(), value.data()};
          if (!removing) REQUIRE(mdb_put(txn, table, &k, &v, 0) == 0);
          if (removing && i % 2 == 0) REQUIRE(mdb_del(txn, table, &k, nullptr) == 0);
        }
      }
      REQUIRE(mdb_txn_commit(txn) == 0);
    }
    mdb_env_close(env);
  }

  fs::path directory_;
};

std::vector<char> page_of(const fs::path& file, std::uint64_t page) {
  std::vector<char> bytes(kPage);
  std::ifstream in(file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(page * kPage));
  in.read(bytes.data(), kPage);
  return bytes;
}

}  // namespace

TEST_CASE("a sound environment is found sound, and so is none") {
  const Environment environment;
  CHECK(check_lmdb_file(environment.file()));
  CHECK(check_lmdb_file(environment.file().parent_path() / "absent"));
}

TEST_CASE("a file that is cut short, empty, of zeros or of something else is damaged") {
  const Environment environment;
  SECTION("cut short") {
    fs::resize_file(environment.file(), fs::file_size(environment.file()) / 2);
  }
  SECTION("zeros") {
    const auto size = fs::file_size(environment.file());
    fs::resize_file(environment.file(), 0);
    fs::resize_file(environment.file(), size);
  }
  SECTION("of something else") {
    environment.put(0, 0, std::string(8192, 'x'));
  }
  SECTION("a head") {
    environment.put(1, 16, "x");
  }
  const Status checked = check_lmdb_file(environment.file());
  REQUIRE_FALSE(checked);
  CHECK(checked.error().kind == ErrorKind::storage_damaged);
  CHECK(checked.error().message.find("data.mdb is damaged: ") != std::string::npos);
}

TEST_CASE("what a crash left of the making of an environment is told from a damaged one") {
  const Environment environment;
  const fs::path made = environment.file().parent_path() / "made";
  const auto write = [&made](std::size_t zeros) { std::ofstream(made, std::ios::binary) << std::string(zeros, '\0'); };
  for (const std::size_t zeros : {kPage, 2 * kPage}) {
    write(zeros);
    CHECK(was_never_made(made));
  }
  write(3 * kPage);
  CHECK_FALSE(was_never_made(made));
  fs::resize_file(environment.file(), kPage);  // its head knows of more
  CHECK_FALSE(was_never_made(environment.file()));
}

TEST_CASE("a large file is looked at only as far as it is told") {
  const Environment environment;
  environment.put(fs::file_size(environment.file()) / kPage / 2, 0, std::string(kPage, 'x'));
  CHECK(check_lmdb_file(environment.file(), kPage * 4));
}

TEST_CASE("a damaged page is found or harms nothing, whichever it is") {
  // What the check passes, LMDB must be able to read from end to end.
  std::mt19937_64 random(GENERATE(range(0, 40)));
  const Environment environment;
  const std::uint64_t pages = fs::file_size(environment.file()) / kPage;
  const std::uint64_t page = random() % pages;
  const int bytes = static_cast<int>(1 + random() % 16);
  for (int i = 0; i < bytes; ++i) environment.put(page, random() % kPage, std::string(1, static_cast<char>(random())));
  INFO("page " << page << " of " << pages);
  if (!check_lmdb_file(environment.file())) return;
  MDB_env* env = nullptr;
  REQUIRE(mdb_env_create(&env) == 0);
  mdb_env_set_mapsize(env, 64UL << 20U);
  mdb_env_set_maxdbs(env, 4);
  REQUIRE(mdb_env_open(env, environment.file().parent_path().c_str(), 0, 0600) == 0);
  MDB_txn* txn = nullptr;
  REQUIRE(mdb_txn_begin(env, nullptr, 0, &txn) == 0);
  for (const char* name : {"one", "two"}) {
    MDB_dbi table = 0;
    if (mdb_dbi_open(txn, name, 0, &table) != 0) continue;
    MDB_cursor* cursor = nullptr;
    REQUIRE(mdb_cursor_open(txn, table, &cursor) == 0);
    MDB_val key{};
    MDB_val value{};
    std::uint64_t sum = 0;
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
      sum += static_cast<const unsigned char*>(value.mv_data)[value.mv_size - 1];
    }
    CHECK(sum > 0);
    mdb_cursor_close(cursor);
    std::string bytes_of_new(200000, 'n');
    std::string new_key = "new";
    MDB_val k{new_key.size(), new_key.data()};
    MDB_val v{bytes_of_new.size(), bytes_of_new.data()};
    CHECK(mdb_put(txn, table, &k, &v, 0) == 0);
  }
  CHECK(mdb_txn_commit(txn) == 0);
  mdb_env_close(env);
}

TEST_CASE("every page of a tree that lies about itself is found") {
  const Environment environment;
  const std::uint64_t pages = fs::file_size(environment.file()) / kPage;
  unsigned found = 0;
  for (std::uint64_t page = 2; page < pages; ++page) {
    const std::vector<char> before = page_of(environment.file(), page);
    environment.put(page, 12, std::string("\xff\xff", 2));  // no node begins where it ends
    if (!check_lmdb_file(environment.file())) ++found;
    environment.put(page, 0, std::string(before.data(), before.size()));
  }
  CHECK(found > 20);
  CHECK(check_lmdb_file(environment.file()));
}

TEST_CASE("a value's pages are believed when their head says what they are") {
  std::vector<char> map(16 * kPage);
  const auto set = [&map](std::size_t at, auto number) { std::memcpy(map.data() + at, &number, sizeof number); };
  set(2 * kPage, std::uint64_t{2});
  set(2 * kPage + 10, std::uint16_t{4});
  set(2 * kPage + 12, std::uint32_t{3});
  const char* const value = map.data() + 2 * kPage + 16;
  CHECK(value_head_is_sound(map.data(), value, 2 * kPage + 100));
  CHECK_FALSE(value_head_is_sound(map.data(), value, kPage));
  CHECK(value_head_is_sound(map.data(), map.data() + 3 * kPage + 500, 100));
  set(2 * kPage, std::uint64_t{3});
  CHECK_FALSE(value_head_is_sound(map.data(), value, 2 * kPage + 100));
}
