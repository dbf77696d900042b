// SPDX-License-Identifier: MIT
// Rules between keys, and between keys and the machine.
#include <catch2/catch.hpp>
#include <string>

#include "config/load.h"
#include "temporary_directory.h"

using namespace larder::config;

namespace {

std::string problems_of(const std::string& toml) {
  std::string all;
  for (const auto& problem : load_text(toml, "larder.toml").problems) all += problem.text() + "\n";
  return all;
}

}  // namespace

TEST_CASE("administration beyond loopback demands a token") {
  const TemporaryDirectory directory;
  const auto token = directory.write("token", "0123456789abcdef\n");
  CHECK_THAT(problems_of("listen.admin = [\"0.0.0.0:8081\"]"),
             Catch::Contains("larder.toml:1: listen.admin: others on the network could administer Larder"));
  CHECK_FALSE(problems_of("listen.admin = [\"[::]:8081\"]").empty());
  CHECK_FALSE(problems_of("listen.admin = [\"127.0.0.1:1\", \"192.0.2.1:1\"]").empty());
  CHECK(problems_of("listen.admin = [\"0.0.0.0:8081\"]\naccess.admin_token_file = \"" + token + "\"").empty());
  CHECK(problems_of("listen.admin = [\"127.0.0.2:8081\", \"[::1]:8081\"]").empty());
}

TEST_CASE("the directory of catalogues must be there") {
  CHECK_THAT(problems_of("updates.catalogues = \"/nowhere/catalogues\""),
             Catch::Contains("larder.toml:1: updates.catalogues: the directory /nowhere/catalogues cannot be read"));
  CHECK(problems_of("updates.catalogues = \"/tmp\"").empty());
  CHECK(problems_of("updates.catalogues = \"\"").empty());
}

TEST_CASE("a token file must be usable even where it is not demanded") {
  const TemporaryDirectory directory;
  CHECK_THAT(problems_of("access.admin_token_file = \"/nowhere/token\""),
             Catch::Contains("larder.toml:1: access.admin_token_file: the file /nowhere/token cannot be read"));
  CHECK_THAT(problems_of("access.read_token_file = \"" + directory.write("r", "0123456789abcdef") + "\""),
             Catch::Contains("access.read_token_file") && Catch::Contains("access.admin_token_file"));
  CHECK_THAT(problems_of("access.admin_token_file = \"" + directory.write("t", "short") + "\""),
             Catch::Contains("16 to 1024 characters"));
}

TEST_CASE("a certificate needs its key, both readable; without any it is the site's own authority's") {
  const TemporaryDirectory directory;
  const auto pem = directory.write("pem", "x");
  const std::string certificate = "tls.certificate = \"" + pem + "\"\n";
  const std::string key = "tls.key = \"" + pem + "\"\n";
  const std::string listen = "listen.tls = [\"0.0.0.0:8443\"]\n";
  CHECK(problems_of(listen + certificate + key).empty());
  CHECK(problems_of(certificate + key).empty());
  CHECK(problems_of(listen).empty());
  CHECK_THAT(problems_of(certificate), Catch::Contains("tls.key: "));
  CHECK_THAT(problems_of(key), Catch::Contains("tls.certificate: tls.key is given without its certificate"));
  CHECK_THAT(problems_of(certificate + "tls.key = \"/nowhere/key\""),
             Catch::Contains("larder.toml:2: tls.key: /nowhere/key cannot be read: No such file or directory"));
  CHECK_THAT(problems_of(certificate + "tls.key = \"" + directory.path().string() + "\""),
             Catch::Contains("is a directory"));
}

TEST_CASE("certificate authorities must be there") {
  CHECK_THAT(problems_of("origins.ca_file = \"/nowhere/ca\""), Catch::Contains("larder.toml:1: origins.ca_file: "));
  CHECK_THAT(problems_of("[[origins.host]]\nname = \"a\"\nca_file = \"/nowhere/ca\""),
             Catch::Contains("larder.toml:3: origins.host.ca_file: /nowhere/ca cannot be read"));
}

TEST_CASE("two listeners cannot have one address") {
  CHECK_THAT(problems_of("listen.http = [\"0.0.0.0:8080\"]\nlisten.sni = [\"0.0.0.0:8080\"]"),
             Catch::Contains("larder.toml:2: listen.sni: 0.0.0.0:8080 is already used by another listener"));
  CHECK_THAT(problems_of("listen.http = [\"127.0.0.1:8081\"]"),
             Catch::Contains("listen.admin: 127.0.0.1:8081 is already used"));
  CHECK(problems_of("listen.http = [\"127.0.0.1:0\"]\nlisten.admin = [\"127.0.0.1:0\"]").empty());
}

TEST_CASE("somebody must be able to reach Larder") {
  CHECK_THAT(problems_of("listen.http = []"), Catch::Contains("listen.http: no client could reach Larder"));
  CHECK(problems_of("listen.http = []\nlisten.sni = [\"0.0.0.0:443\"]").empty());
  CHECK(problems_of("listen.admin = []").empty());
}
