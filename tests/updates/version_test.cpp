// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include "updates/recognise.h"

using larder::updates::compare_versions;

namespace {

void ordered(const char* smaller, const char* greater) {
  INFO(smaller << " < " << greater);
  CHECK(compare_versions(smaller, greater) == -1);
  CHECK(compare_versions(greater, smaller) == 1);
}

void equal(const char* a, const char* b) {
  INFO(a << " = " << b);
  CHECK(compare_versions(a, b) == 0);
  CHECK(compare_versions(b, a) == 0);
}

}  // namespace

TEST_CASE("versions are compared as numbers, part by part") {
  ordered("16.9.1", "16.10.0");
  ordered("16.109.26053122", "16.113.26100421");
  ordered("4.9", "16.1");
  ordered("26.5.9", "26.6");
  ordered("1", "1.0.1");
  ordered("99999999999999999999998", "99999999999999999999999");
  ordered("9.99999999999999999999999", "10");
}

TEST_CASE("missing parts and leading zeros count for nothing") {
  equal("16", "16.0.0");
  equal("16.01", "16.1");
  equal("", "0");
  equal("25.046.0310.0005", "25.46.310.5");
}

TEST_CASE("text comes after numbers") {
  ordered("1.2", "1.2.beta");
  ordered("1.9999", "1.a");
  ordered("1.a", "1.b");
}

TEST_CASE("99999 is no version and below every other") {
  ordered("99999", "0.0.1");
  ordered("99999", "");
  equal("99999", "99999");
  ordered("1.99998", "1.99999");
}

TEST_CASE("a beta comes before its release candidates, those before the release, and what improves it after") {
  ordered("26.2", "26.3 beta");
  ordered("26.3 beta", "26.3 beta 2");
  ordered("26.3 beta 9", "26.3 beta 10");
  ordered("26.3 beta 10", "26.3 RC");
  ordered("15.7 RC", "15.7 RC 6");
  ordered("15.7 RC 6", "15.7");
  ordered("26.3.2", "26.3.2 (a)");
  ordered("26.3.2 (a)", "26.3.2 (b)");
  ordered("26.3 beta", "26.10");
  ordered("26.3 beta 2", "26.3.1 beta");
  ordered("26.3.2 (b)", "26.3.3");
  equal("26.0 beta", "26 beta");
}
