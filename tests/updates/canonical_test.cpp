// SPDX-License-Identifier: MIT
#include "updates/canonical.h"

#include <catch2/catch.hpp>
#include <vector>

using larder::updates::canonical;
using larder::updates::CanonicalUrl;
using larder::updates::Url;

namespace {

CanonicalUrl of(const std::string& text) {
  const auto url = Url::parse(text);
  REQUIRE(url);
  return canonical(*url);
}

std::vector<std::string> fallbacks(const CanonicalUrl& url) {
  std::vector<std::string> texts;
  for (const Url& fallback : url.fallbacks) texts.push_back(fallback.text());
  return texts;
}

const std::string kGuid = "C1297A47-86C4-4C1F-97FA-950631F94777";
const std::string kOneCdn = "https://res.public.onecdn.static.microsoft/mro1cdnstorage/" + kGuid + "/MacAutoupdate/";
const std::string kMirror = "https://res.cdn.office.net/mro1cdnstorage/" + kGuid + "/MacAutoupdate/";
const std::string kLegacy = "https://officecdnmac.microsoft.com/pr/" + kGuid + "/MacAutoupdate/";

}  // namespace

TEST_CASE("what is taken as written has its host in lower case, and nothing else is changed") {
  const auto written = [](const std::string& text) { return larder::updates::as_written(*Url::parse(text)); };
  const CanonicalUrl url = written("HTTP://H.example:80/%7e/./a%2f/../%zz?q=%41");
  CHECK(url.key == "http://h.example/%7e/./a%2f/../%zz?q=%41");
  CHECK(url.origin.target() == "/%7e/./a%2f/../%zz?q=%41");
  CHECK(url.fallbacks.empty());
  CHECK(written("http://swcdn.apple.com/x/../%7e").key == of("http://swcdn.apple.com/~").key);
}

TEST_CASE("spellings that mean the same have one key") {
  const std::string key = "http://h.example/a-b~c/%2F%20x?q=%3D1";
  for (const std::string& spelling : std::vector<std::string>{
           "http://h.example/a-b~c/%2F%20x?q=%3D1", "HTTP://H.EXAMPLE:80/a-b~c/%2f%20x?q=%3d%31",
           "http://h.example/%61%2Db%7Ec/%2F%20x?q=%3D1", "http://h.example/./z/../a-b~c/%2F%20x?q=%3D1",
           "http://h.example/../../a-b~c/%2F%20x?q=%3D1", "http://h.example/z/%2e%2E/a-b~c/%2F%20x?q=%3D1"}) {
    INFO(spelling);
    CHECK(of(spelling).key == key);
  }
}

TEST_CASE("spellings that may mean different things keep different keys") {
  CHECK(of("http://h.example/a%2Fb").key != of("http://h.example/a/b").key);
  CHECK(of("http://h.example/a//b").key == "http://h.example/a//b");
  CHECK(of("http://h.example/A").key != of("http://h.example/a").key);
  CHECK(of("http://h.example/a/").key != of("http://h.example/a").key);
  CHECK(of("http://h.example/a?x=1&y=2").key != of("http://h.example/a?y=2&x=1").key);
  CHECK(of("http://h.example/a%3Fx").key != of("http://h.example/a?x").key);
  CHECK(of("http://h.example/a").key != of("https://h.example/a").key);
  CHECK(of("http://h.example:81/a").key == "http://h.example:81/a");
}

TEST_CASE("a key is its own key") {
  for (const std::string& text : std::vector<std::string>{
           "http://h.example/%%32E%%32e/x", "http://h.example/%zz%", "http://h.example/a/..", "http://h.example/.",
           "http://swcdn.apple.com/x", "http://updates-http.cdn-apple.com/x?y", "http://h.example//..//x",
           "https://officecdnmac.microsoft.com/pr/c1297a47-86c4-4c1f-97fa-950631f94777/MacAutoUpdate/x%20y.pkg"}) {
    INFO(text);
    const auto key = of(text).key;
    CHECK(of(key).key == key);
  }
}

TEST_CASE("the two names of Apple's update tree are one object") {
  const auto http = of("http://updates-http.cdn-apple.com/2019FallSeed/x.zip");
  const auto https = of("https://updates.cdn-apple.com/2019FallSeed/x.zip");
  CHECK(http.key == "https://updates.cdn-apple.com/2019FallSeed/x.zip");
  CHECK(https.key == http.key);
  CHECK(http.origin.text() == "http://updates-http.cdn-apple.com/2019FallSeed/x.zip");
  CHECK(fallbacks(http) == std::vector<std::string>{"https://updates.cdn-apple.com/2019FallSeed/x.zip"});
  CHECK(https.origin.text() == "https://updates.cdn-apple.com/2019FallSeed/x.zip");
  CHECK(https.fallbacks.empty());
  CHECK(of("http://updates.cdn-apple.com/x").origin.text() == "https://updates.cdn-apple.com/x");
}

TEST_CASE("the edge name of appldnld is folded and fetched by its real name") {
  const auto url = of("http://appldnld.apple.com.edgesuite.net/iOS9/x.ipsw");
  CHECK(url.key == "http://appldnld.apple.com/iOS9/x.ipsw");
  CHECK(url.origin.text() == "http://appldnld.apple.com/iOS9/x.ipsw");
  CHECK(fallbacks(url) == std::vector<std::string>{"http://appldnld.apple.com.edgesuite.net/iOS9/x.ipsw"});
}

TEST_CASE("hosts known to serve both schemes have one key and are fetched as asked") {
  const auto http = of("http://swcdn.apple.com/content/x.pkg");
  const auto https = of("https://swcdn.apple.com/content/x.pkg");
  CHECK(http.key == https.key);
  CHECK(http.origin.scheme == "http");
  CHECK(http.origin.port == 80);
  CHECK(https.origin.scheme == "https");
  CHECK(https.origin.port == 443);
  CHECK(of("http://swdist.apple.com/x").key != of("https://swdist.apple.com/x").key);
}

TEST_CASE("port 443 on a known host means https") {
  const auto url = of("http://updates.cdn-apple.com:443/x");
  CHECK(url.key == "https://updates.cdn-apple.com/x");
  CHECK(url.origin.text() == "https://updates.cdn-apple.com/x");
  CHECK(of("http://h.example:443/x").key == "http://h.example:443/x");
}

TEST_CASE("a known host on another port is folded with nothing") {
  CHECK(of("http://swcdn.apple.com:8080/x").key == "http://swcdn.apple.com:8080/x");
  CHECK(of("http://updates-http.cdn-apple.com:8080/x").origin.host == "updates-http.cdn-apple.com");
}

TEST_CASE("an App Store access key is no part of the name but is sent to the origin") {
  const auto url = of("http://iosapps.itunes.apple.com/itunes-assets/Purple1/v4/a.ipa?accessKey=12_34&b=1");
  CHECK(url.key == "https://iosapps.itunes.apple.com/itunes-assets/Purple1/v4/a.ipa?b=1");
  CHECK(url.origin.query == "accessKey=12_34&b=1");
  CHECK(of("http://iosapps.itunes.apple.com/other/a.ipa?accessKey=1").key.ends_with("?accessKey=1"));
  CHECK(of("http://h.example/itunes-assets/a.ipa?accessKey=1").key.ends_with("?accessKey=1"));
}

TEST_CASE("a Windows link's expiry and signature are no part of the name") {
  const auto url = of("http://tlu.dl.delivery.mp.microsoft.com/filestreamingservice/files/1?P1=9&P2=404&P3=2&P4=a%2fb");
  CHECK(url.key == "http://tlu.dl.delivery.mp.microsoft.com/filestreamingservice/files/1");
  CHECK(url.origin.query == "P1=9&P2=404&P3=2&P4=a%2fb");
  CHECK(of("http://dl.delivery.mp.microsoft.com/f?P1=1&P5=2").key.ends_with("/f?P5=2"));
  CHECK(of("http://xdl.delivery.mp.microsoft.com.h.example/f?P1=1").key.ends_with("?P1=1"));
  CHECK(of("http://download.windowsupdate.com/f?P1=1").key.ends_with("?P1=1"));
}

TEST_CASE("every generation of AutoUpdate's hosts folds to the living one") {
  const std::string file = "Microsoft_Word_16.112.26081720_Updater.pkg";
  for (const std::string& asked : std::vector<std::string>{
           kOneCdn + file, kMirror + file, kLegacy + file,
           "http://officecdn.microsoft.com/pr/" + kGuid + "/MacAutoUpdate/" + file,
           "https://officecdn-microsoft-com.akamaized.net/pr/c1297a47-86c4-4c1f-97fa-950631f94777/macautoupdate/" +
               file,
           "http://res.public.onecdn.static.microsoft/mro1cdnstorage/" + kGuid + "/MacAutoUpdate/" + file}) {
    INFO(asked);
    CHECK(of(asked).key == kOneCdn + file);
    CHECK(of(asked).origin.scheme == "https");
  }
}

TEST_CASE("a retired Microsoft URL is fetched from the living host, then its mirror, then as asked") {
  const std::string file = "Microsoft_OfficeLicensingHelper_16.77.23091003_Updater.pkg";
  const auto url = of("http://officecdn.microsoft.com/pr/" + kGuid + "/MacAutoupdate/" + file);
  CHECK(url.origin.text() == kOneCdn + file);
  CHECK(fallbacks(url) ==
        std::vector<std::string>{
            kMirror + file, "http://officecdn.microsoft.com/pr/" + kGuid + "/MacAutoupdate/" + file, kLegacy + file});
}

TEST_CASE("the mirror is asked first when it was named, the living host next") {
  const auto url = of(kMirror + "x.pkg");
  CHECK(url.origin.text() == kMirror + "x.pkg");
  CHECK(fallbacks(url) == std::vector<std::string>{kOneCdn + "x.pkg", kLegacy + "x.pkg"});
}

TEST_CASE("a living application's manifest is never taken from a retired host") {
  CHECK(fallbacks(of(kLegacy + "0409OPIM2019.xml")) == std::vector<std::string>{kMirror + "0409OPIM2019.xml"});
  CHECK(fallbacks(of(kLegacy + "0409OPIM2019-chk.xml")).size() == 1);
  CHECK(fallbacks(of(kLegacy + "0409MSWD15.xml")) ==
        std::vector<std::string>{kMirror + "0409MSWD15.xml", kLegacy + "0409MSWD15.xml"});
}

TEST_CASE("what only resembles AutoUpdate's directories is left alone") {
  for (const std::string& asked :
       std::vector<std::string>{"https://officecdn.microsoft.com/pr/" + kGuid + "/Office/Data/v64.cab",
                                "https://officecdnmac.microsoft.com/pr/nonsense/MacAutoupdate/x.pkg",
                                "https://officecdnmac.microsoft.com/pr/" + kGuid + "/MacAutoupdate/",
                                "https://officecdnmac.microsoft.com:8443/pr/" + kGuid + "/MacAutoupdate/x.pkg",
                                "https://h.example/pr/" + kGuid + "/MacAutoupdate/x.pkg"}) {
    INFO(asked);
    CHECK(of(asked).key == asked);
    CHECK(of(asked).origin.text() == asked);
    CHECK(of(asked).fallbacks.empty());
  }
}
