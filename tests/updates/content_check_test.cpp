// SPDX-License-Identifier: MIT
#include "updates/content_check.h"

#include <catch2/catch.hpp>

#include "base/limits.h"

using namespace larder;
using namespace larder::updates;

namespace {

std::span<const std::byte> bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

void add_number(std::string& out, std::uint64_t value, unsigned size, bool big) {
  for (unsigned i = 0; i < size; ++i) out += static_cast<char>(value >> 8U * (big ? size - 1 - i : i));
}

template <class Hash>
std::string raw(const Hash& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

// A list of chunks of `piece` bytes, signed by its own digest.
std::string chunk_list(const std::string& content, std::size_t piece) {
  const std::size_t count = (content.size() + piece - 1) / piece;
  std::string list = "CNKL";
  add_number(list, 36, 4, false);
  list += std::string("\x01\x01\x02\x00", 4);
  add_number(list, count, 8, false);
  add_number(list, 36, 8, false);
  add_number(list, 36 + count * 36, 8, false);
  for (std::size_t at = 0; at < content.size(); at += piece) {
    const std::string part = content.substr(at, piece);
    add_number(list, part.size(), 4, false);
    list += raw(Sha256::of(bytes(part)));
  }
  return list + raw(Sha256::of(bytes(list)));
}

std::string archive(const std::string& table, std::uint64_t kind = 1) {
  std::string xar = "xar!";
  add_number(xar, 28, 2, true);
  add_number(xar, 1, 2, true);
  add_number(xar, table.size(), 8, true);
  add_number(xar, 1000, 8, true);
  add_number(xar, kind, 4, true);
  return xar + table + raw(Sha1::of(bytes(table))) + "heap";
}

// Fed in pieces of `step` bytes; where it fails, how many were fed by then.
Status check(const Published& published, const std::string& content, std::size_t step,
             std::optional<ChunkList> chunks = {}) {
  ContentCheck check(std::make_shared<const Published>(published), std::move(chunks));
  for (std::size_t at = 0; at < content.size(); at += step) {
    if (auto status = check.feed(bytes(content).subspan(at, std::min(step, content.size() - at))); !status)
      return status;
  }
  return check.finish();
}

bool is_wrong(const Status& status) {
  return !status && status.error().kind == ErrorKind::corrupt;
}

}  // namespace

TEST_CASE("bytes are checked by the digests that are published") {
  const std::string content(100'000, 'x');
  Published published;
  published.size_bytes = content.size();
  published.sha256 = Sha256::of(bytes(content));
  published.sha1 = Sha1::of(bytes(content));
  CHECK(Sha1::of(bytes("abc")).hex() == "a9993e364706816aba3e25717850c26c9cd0d89d");
  for (const std::size_t step : {1U, 999U, 100'000U}) {
    CHECK(check(published, content, step));
    CHECK(is_wrong(check(published, content.substr(1), step)));
    CHECK(is_wrong(check(published, content.substr(1) + "y", step)));
  }
  Published only_sha1;
  only_sha1.sha1 = Sha1::of(bytes(content));
  CHECK(is_wrong(check(only_sha1, content + "y", 999)));
  Published only_size;
  only_size.size_bytes = 3;
  CHECK(is_wrong(check(only_size, content, 999)));
}

TEST_CASE("a list of chunks finds the first wrong chunk as soon as it is whole") {
  std::string content;
  for (int i = 0; i < 1000; ++i) content += std::to_string(i);
  const auto list = read_chunk_list(bytes(chunk_list(content, 100)));
  REQUIRE(list);
  CHECK(list->size_bytes == content.size());
  for (const std::size_t step : {1U, 7U, 100U, 5000U}) {
    CHECK(check({}, content, step, *list));
    CHECK(is_wrong(check({}, content + "x", step, *list)));
    CHECK(is_wrong(check({}, content.substr(0, content.size() - 1), step, *list)));
  }
  content[250] = 'x';
  ContentCheck checker(std::make_shared<const Published>(), *list);
  CHECK(checker.feed(bytes(content).first(299)));
  const Status status = checker.feed(bytes(content).subspan(299, 1));
  REQUIRE(is_wrong(status));
  CHECK(status.error().message.find("chunk 3 of its list") != std::string::npos);
}

TEST_CASE("a list of chunks that is none is refused") {
  const std::string list = chunk_list(std::string(300, 'x'), 100);
  REQUIRE(read_chunk_list(bytes(list)));
  CHECK_FALSE(read_chunk_list(bytes("")));
  CHECK_FALSE(read_chunk_list(bytes("<html>")));
  CHECK_FALSE(read_chunk_list(bytes(std::string(ChunkList::kBytes + 1, 'x'))));
  for (std::size_t length = 0; length < list.size(); ++length)
    CHECK_FALSE(read_chunk_list(bytes(list.substr(0, length))));
  for (const std::size_t at : {0U, 8U, 9U, 12U, 20U, 28U, 40U, 70U, 150U}) {
    INFO(at);
    std::string other = list;
    other[at] = static_cast<char>(other[at] + 1);
    CHECK_FALSE(read_chunk_list(bytes(other)));
  }
  // Signed by a key that is not known: read all the same.
  std::string by_key = list;
  by_key[10] = 1;
  CHECK(read_chunk_list(bytes(by_key)));
  std::string empty_chunk = by_key;
  empty_chunk[36] = 0;
  CHECK_FALSE(read_chunk_list(bytes(empty_chunk)));
}

TEST_CASE("an archive is checked by its table of contents before the rest has come") {
  const std::string table = "not really a table, but packed bytes all the same";
  const std::string good = archive(table);
  Published published;
  published.archive_head = Sha1::of(bytes(table));
  for (const std::size_t step : {1U, 27U, 28U, 29U, 1000U}) {
    INFO(step);
    CHECK(check(published, good, step));
    CHECK(is_wrong(check(published, archive(table + "!"), step)));
    CHECK(is_wrong(check(published, "<html>" + std::string(100, ' '), step)));
    std::string other = good;
    other[28 + table.size()] = static_cast<char>(other[28 + table.size()] + 1);  // the checksum in the heap
    CHECK(is_wrong(check(published, other, step)));
    CHECK(is_wrong(check(published, good.substr(0, 40), step)));
    CHECK(is_wrong(check(published, good.substr(0, 20), step)));
    CHECK(check(published, archive(table + "!", 3), step));  // another kind of checksum
  }
  std::string short_header = good;
  short_header[5] = 27;
  CHECK(is_wrong(check(published, short_header, 9)));
}
