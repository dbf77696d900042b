// SPDX-License-Identifier: MIT
// The specification and the server's table of routes say the same.
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "admin/routes.h"
#include "site.h"

using namespace larder::admin;

namespace {

struct Operation {
  std::set<std::string> parameters;
  bool open = false;  // security: []
};

// Paths stand two spaces in, methods four, their parts deeper. That much of YAML is read, and no more.
std::map<std::string, Operation> specified() {
  std::ifstream in(LARDER_OPENAPI);
  REQUIRE(in);
  std::map<std::string, Operation> operations;
  std::string path;
  Operation* operation = nullptr;
  bool in_paths = false;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(' ')) in_paths = line == "paths:";
    if (!in_paths) continue;
    if (line.starts_with("  /")) path = line.substr(2, line.rfind(':') - 2);
    if (line == "    get:" || line == "    post:") {
      operation = &operations[(line == "    get:" ? "GET " : "POST ") + path];
    }
    if (operation == nullptr) continue;
    if (line.find("security: []") != std::string::npos) operation->open = true;
    constexpr std::string_view kParameter = "#/components/parameters/";
    if (const auto at = line.find(kParameter); at != std::string::npos) {
      const auto begin = at + kParameter.size();
      operation->parameters.insert(line.substr(begin, line.find('"', begin) - begin));
    }
  }
  return operations;
}

}  // namespace

TEST_CASE("every route is specified and every specified operation is a route") {
  std::set<std::string> in_specification;
  for (const auto& [name, operation] : specified()) in_specification.insert(name);
  std::set<std::string> in_server;
  for (const Route& route : routes()) in_server.insert(std::string(route.method) + " " + std::string(route.path));
  CHECK(in_specification == in_server);
}

TEST_CASE("the specification says which routes need no token") {
  const auto operations = specified();
  for (const Route& route : routes()) {
    INFO(route.path);
    CHECK(operations.at(std::string(route.method) + " " + std::string(route.path)).open == (route.who == Who::anyone));
  }
}

TEST_CASE("the live server takes the specified parameters and no others") {
  const std::map<std::string, std::string> examples{{"from", "2026-08-01"}, {"to", "2026-08-17"}, {"product", "macOS"},
                                                    {"device", "C02X"},     {"limit", "5"},       {"cursor", ""},
                                                    {"format", "json"}};
  Site site;
  for (const auto& [name, operation] : specified()) {
    if (!name.starts_with("GET /api/") || name.find('{') != std::string::npos) continue;
    for (const auto& [parameter, value] : examples) {
      INFO(name << " " << parameter);
      const bool known = operation.parameters.contains(parameter);
      CHECK(site.get(name.substr(4) + "?" + parameter + "=" + value).status == (known ? 200 : 400));
    }
  }
}
