// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include "updates/mau.h"

using namespace larder::updates;

namespace {

MauRequest parsed(const std::string& path) {
  INFO(path);
  const auto request = parse_mau_path(path);
  REQUIRE(request.has_value());
  if (!*request) FAIL(request->error().message);
  return **request;
}

larder::Error refused(const std::string& path) {
  INFO(path);
  const auto request = parse_mau_path(path);
  REQUIRE(request.has_value());
  REQUIRE_FALSE(*request);
  return request->error();
}

const std::string kFile = "Microsoft_Outlook_16.109.26053122_Updater.pkg";

}  // namespace

TEST_CASE("a channel is found by its name, its old name and its GUID, in any case") {
  CHECK(find_mau_channel("current") == find_mau_channel("Production"));
  CHECK(find_mau_channel("c1297a47-86c4-4c1f-97fa-950631f94777")->name == "Current");
  CHECK(find_mau_channel("External")->name == "Preview");
  CHECK(find_mau_channel("InsiderSlow")->name == "Preview");
  CHECK(find_mau_channel("InsiderFast")->name == "Beta");
  CHECK(find_mau_channel("CurrentThrottle")->name == "CurrentThrottle");
  CHECK(find_mau_channel("Custom") == nullptr);
  CHECK(find_mau_channel("") == nullptr);
}

TEST_CASE("application ids have names, and the published ones are indexed") {
  CHECK(mau_product_name("OPIM2019") == "Microsoft Outlook");
  CHECK(mau_product_name("opim2019") == "Microsoft Outlook");
  CHECK(mau_product_name("NEW01").empty());
  CHECK(mau_application_ids().front() == "MSau04");
  for (const auto id : mau_application_ids()) CHECK_FALSE(mau_product_name(id).empty());
}

TEST_CASE("files of a channel lie in its directory on the living host") {
  const auto& channel = *find_mau_channel("Beta");
  CHECK(mau_manifest_url(channel, "MSWD2019").text() ==
        "https://res.public.onecdn.static.microsoft/mro1cdnstorage/4B2D7701-0A4F-49C8-B4CB-0C2D4043F51F/MacAutoupdate/"
        "0409MSWD2019.xml");
  CHECK(mau_url(channel, "Lync Installer.pkg").path.ends_with("/Lync%20Installer.pkg"));
  CHECK(mau_url(channel, "a?b#c/d").path.ends_with("/a%3Fb%23c%2Fd"));
}

TEST_CASE("a package is asked of a channel in several layouts") {
  for (const std::string& path : std::vector<std::string>{
           "/mau/Current/" + kFile, "/mau/current/p/" + kFile, "/mau/Production/m/" + kFile,
           "//mau//Current//p//" + kFile, "mau/Current/" + kFile, "/mau/C1297A47-86C4-4C1F-97FA-950631F94777/" + kFile,
           "/MAU/cache/" + kFile, "/site/x/MAU/cache/" + kFile, "/mau/Cache/" + kFile, "/mau/Current/p" + kFile,
           "/mau/Current" + kFile, "/mau/Current/Microsoft%5FOutlook_16.109.26053122_Updater.pkg"}) {
    const auto request = parsed(path);
    CHECK(request.channel->name == "Current");
    CHECK(request.file == kFile);
    CHECK(request.app_id.empty());
    CHECK_FALSE(request.collateral);
  }
}

TEST_CASE("an application id may stand before the file") {
  for (const std::string& path :
       std::vector<std::string>{"/mau/Beta/OPIM2019/" + kFile, "/mau/Beta/p/OPIM2019/" + kFile}) {
    const auto request = parsed(path);
    CHECK(request.channel->name == "Beta");
    CHECK(request.app_id == "OPIM2019");
    CHECK(request.file == kFile);
  }
  CHECK(parsed("/mau/Beta/NEW0001/x.pkg").app_id == "NEW0001");
}

TEST_CASE("a longer channel name wins over a shorter one when a slash is missing") {
  CHECK(parsed("/mau/CurrentThrottle" + kFile).channel->name == "CurrentThrottle");
  CHECK(parsed("/mau/CurrentThrottle" + kFile).file == kFile);
}

TEST_CASE("a package whose name begins with p or m keeps it") {
  CHECK(parsed("/mau/Current/preview.pkg").file == "preview.pkg");
  CHECK(parsed("/mau/Current/pwdav-upgrade.pkg").file == "wdav-upgrade.pkg");
}

TEST_CASE("collateral is told from packages") {
  for (const auto* file : {"0409OPIM2019.xml", "0409OPIM2019-chk.xml", "0409OPIM2019.cat", "0409OPIM2019-history.xml",
                           "0409OPIM2019_16.109.26053122.xml", "builds.txt"}) {
    CHECK(parsed(std::string("/mau/Current/m/") + file).collateral);
    CHECK(parsed(std::string("/MAU/cache/collateral/Production/") + file).file == file);
    CHECK(parsed(std::string("/MAU/cache/collateral/16.89.24091630/") + file).collateral);
  }
  CHECK_FALSE(parsed("/mau/Current/x.xml").collateral);
}

TEST_CASE("encoded names are decoded once") {
  CHECK(parsed("/mau/Current/Lync%20Installer.pkg").file == "Lync Installer.pkg");
  CHECK(parsed("/mau/Current/a%2520b.pkg").file == "a%20b.pkg");
}

TEST_CASE("other paths are not the update cache's") {
  for (const auto* path : {"", "/", "/maus/Current/x.pkg", "/x/mau/Current/x.pkg", "/MAUcache/x.pkg", "/content/x"}) {
    INFO(path);
    CHECK_FALSE(parse_mau_path(path).has_value());
  }
}

TEST_CASE("nothing leaves the channel") {
  using larder::ErrorKind;
  for (const std::string& path : std::vector<std::string>{
           "/mau/Current/../Beta/x.pkg", "/mau/Current/%2e%2e/x.pkg", "/mau/Current/..", "/mau/Current/a%2Fb.pkg",
           "/mau/Current/a%00.pkg", "/mau/Current/a%0Ab.pkg", "/mau/Current/a%5Cb.pkg", "/mau/Current/a%zz.pkg",
           "/mau/Current/%ff.pkg", "/mau/Current/a/b/c.pkg", "/mau/Current/not-an-id/x.pkg", "/MAU/cache/a/b.pkg",
           "/MAU/cache/../x.pkg", "/MAU/cache/collateral/Production/x.pkg", "/mau/./x.pkg"}) {
    CHECK(refused(path).kind == ErrorKind::invalid);
  }
  CHECK(refused("/mau/Current/" + std::string(300, 'a')).kind == ErrorKind::invalid);
  CHECK(refused("/mau/Current/").kind == ErrorKind::not_found);
  CHECK(refused("/mau/Current/p/").kind == ErrorKind::not_found);
  CHECK(refused("/mau").kind == ErrorKind::not_found);
  CHECK(refused("/MAU/cache/").kind == ErrorKind::not_found);
}

TEST_CASE("an unknown channel is refused with the names of the known ones") {
  const auto error = refused("/mau/Nightly/x.pkg");
  CHECK(error.kind == larder::ErrorKind::invalid);
  CHECK_THAT(error.message, Catch::Contains("Nightly") && Catch::Contains("Current, Preview, Beta"));
}
