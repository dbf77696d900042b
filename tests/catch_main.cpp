// SPDX-License-Identifier: MIT
// Compiled once: Catch2's main is the slowest thing in the tests to build.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
