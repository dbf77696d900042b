// SPDX-License-Identifier: MIT
// Any bytes as the journal's one file: what is read of it is a run of sequences from the file's own on, and what is
// then appended is read back behind it. Half of the inputs are given the check that a whole record has, so that what
// lies behind it is reached.
#include "reports/journal.h"

#include <stdlib.h>
#include <xxhash.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

using namespace larder::reports;

namespace {

constexpr std::uint64_t kFirst = 7;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string number(std::uint64_t value, unsigned bytes) {
  std::string text;
  for (unsigned i = bytes; i > 0; --i) text.push_back(static_cast<char>(value >> (8 * (i - 1))));
  return text;
}

std::string framed(std::string_view record) {
  return number(record.size(), 4) + number(XXH3_64bits_withSeed(record.data(), record.size(), kFirst), 8) +
         std::string(record);
}

std::uint64_t read_back(Journal& journal) {
  std::uint64_t next = kFirst;
  for (const Batch& batch : journal.unposted()) {
    require(batch.first_sequence >= next && !batch.fetches.empty());
    next = batch.first_sequence + batch.fetches.size();
  }
  return next;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::filesystem::path directory = [] {
    std::string name = "/tmp/larder-journal-XXXXXX";
    require(mkdtemp(name.data()) != nullptr);
    return std::filesystem::path(name);
  }();
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  const std::string file = data[0] % 2 == 0 ? std::string(bytes) : framed(bytes);
  std::ofstream(directory / "00000000000000000007", std::ios::binary) << file;
  std::uint64_t next = 0;
  {
    Journal journal(directory, kFirst);
    next = read_back(journal);
  }
  Journal journal(directory, next);
  (void)journal.unposted();
  std::vector<Batch> batches(1);
  batches[0].fetches.emplace_back();
  batches[0].fetches[0].subject.edit().url = "http://origin.test/a";
  require(journal.append(batches).has_value());
  require(batches[0].first_sequence >= next);
  journal.close();
  Journal again(directory, batches[0].first_sequence);
  const auto held = again.unposted();
  require(held.size() == 1 && held[0].fetches.size() == 1 && held[0].fetches[0].subject->url == "http://origin.test/a");
  return 0;
}
