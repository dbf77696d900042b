// SPDX-License-Identifier: MIT
// Plays the kept corpus of each fuzz target: what was once found stays found, without libFuzzer and in seconds.
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#define TARGET(name) extern "C" int fuzz_##name(const std::uint8_t* data, std::size_t size);
#include "targets.inc"
#undef TARGET

namespace {

using Target = int (*)(const std::uint8_t* data, std::size_t size);

void play(const char* name, Target target) {
  std::size_t played = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(LARDER_CORPUS) / name)) {
    INFO(entry.path());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<std::uint8_t> input{std::istreambuf_iterator<char>(file), {}};
    CHECK(target(input.data(), input.size()) == 0);
    ++played;
  }
  CHECK(played > 0);
}

}  // namespace

#define TARGET(name)                       \
  TEST_CASE("the kept corpus of " #name) { \
    play(#name, fuzz_##name);              \
  }
#include "targets.inc"
#undef TARGET
