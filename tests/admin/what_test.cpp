// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "admin/show_answer.h"
#include "site.h"
#include "updates/canonical.h"

using namespace larder;
using namespace larder::admin;
using nlohmann::json;

namespace {

const std::string kDelta =
    "https://updates.cdn-apple.com/2025FallFCS/patches/093-34007/E558C008-BA85-4398-BC16-CE296BFE3589/"
    "com_apple_MobileAsset_MacSoftwareUpdate/a.zip";

std::shared_ptr<const updates::Knowledge> knowledge() {
  const std::string build =
      R"([{"osStr": "macOS", "version": "13.7.8", "build": "22H713"},
          {"osStr": "macOS", "version": "15.7", "build": "24G222", "sources": [{"type": "ota",
           "prerequisiteBuild": "22H713", "deviceMap": ["Mac13,1", "iMac19,1"], "size": 7, "links": [{"url": ")" +
      kDelta + R"("}], "hashes": {"sha1": "1a9a1acfec32be345a35f984cec4b5df2b98615b"}}]}])";
  auto known = updates::learn_file(updates::Knowledge::empty(), "24G222.json", std::as_bytes(std::span(build)));
  REQUIRE(known);
  return *known;
}

}  // namespace

TEST_CASE("a URL's answer says what it makes of what, for whom, and how that is known") {
  Site site;
  site.knowledge = knowledge();
  const Answer answer = site.get("/api/v1/what?url=http%3A%2F%2Fupdates-http" + kDelta.substr(15));
  REQUIRE(answer.status == 200);
  const json what = json::parse(answer.body);
  CHECK(what["url"] == kDelta);
  CHECK(what["product"] == "macOS");
  CHECK(what["version"] == "15.7");
  CHECK(what["build"] == "24G222");
  CHECK(what["kind"] == "delta");
  CHECK(what["evidence"] == "feed");
  CHECK(what["from_version"] == "13.7.8");
  CHECK(what["from_builds"] == json::array({"22H713"}));
  CHECK(what["models"] == json::array({"Mac13,1", "iMac19,1"}));
  CHECK(what["type"] == "MacSoftwareUpdate 2025FallFCS");
  CHECK(what["listed"] == true);
  CHECK(what["catalogue"] == "file:24G222.json");
  CHECK(what["published"]["size_bytes"] == 7);
  CHECK(what["published"]["sha1"] == "1a9a1acfec32be345a35f984cec4b5df2b98615b");
  CHECK(what["published"]["sha256"] == nullptr);

  const auto shown = show_answer(Subject::what, answer.body, 100);
  REQUIRE(shown);
  CHECK(shown->find("Mac13,1, iMac19,1") != std::string::npos);
  CHECK(shown->find("known by") != std::string::npos);
}

TEST_CASE("what nothing is known of is said to be so") {
  Site site;
  const json what = json::parse(site.get("/api/v1/what?url=https://osxapps.itunes.apple.com/x/Purple3/v4/a.pkg").body);
  CHECK(what["product"] == nullptr);
  CHECK(what["evidence"] == "none");
  CHECK(what["type"] == "Apps");
  CHECK(what["catalogue"] == nullptr);
  CHECK(what["published"] == nullptr);
  CHECK(site.get("/api/v1/what").status == 400);
  CHECK(site.get("/api/v1/what?url=no%20url").status == 400);
}
