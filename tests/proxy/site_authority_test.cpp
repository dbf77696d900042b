// SPDX-License-Identifier: MIT
#include "proxy/site_authority.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "proxy/certificate_desk.h"

using namespace larder;
using namespace larder::proxy;

namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "larder-authority-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path operator/(const char* name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

constexpr WallTime kNow{std::chrono::seconds(1'790'000'000)};

CertificateFacts facts_of(const SiteAuthority& authority) {
  const auto context = TlsContext::make(
      {{authority.leaf("ecdsa"), authority.leaf_key("ecdsa")}, {authority.leaf("rsa"), authority.leaf_key("rsa")}});
  REQUIRE(context);
  return (*context)->facts();
}

}  // namespace

TEST_CASE("an authority signs leaves for its names") {
  const Folder folder;
  const SiteAuthority authority(folder / "tls");
  CHECK_FALSE(authority.exists());
  CHECK(authority.root_pem().empty());
  REQUIRE(authority.make({"larder.example.org", "10.1.2.3", "2001:db8::7"}, kNow));
  CHECK(authority.exists());
  const auto facts = facts_of(authority);
  CHECK(facts.names == std::vector<std::string>{"larder.example.org", "10.1.2.3", "2001:db8::7"});
  CHECK(facts.issuer == "Larder authority of larder.example.org");
  CHECK(facts.not_after == kNow + SiteAuthority::kLeafLife);
  const auto again = authority.make({"other.example.org"}, kNow);
  REQUIRE_FALSE(again);
  CHECK_THAT(again.error().message, Catch::Contains("already, which devices trust"));
}

TEST_CASE("a leaf is renewed when its end is near, and when it is lost") {
  const Folder folder;
  const SiteAuthority authority(folder / "tls");
  REQUIRE(authority.make({"larder.example.org"}, kNow));
  const auto early = authority.renew(kNow + std::chrono::hours(24 * 59));
  REQUIRE(early);
  CHECK_FALSE(*early);
  const WallTime late = kNow + std::chrono::hours(24 * 61);
  const auto renewed = authority.renew(late);
  REQUIRE(renewed);
  CHECK(*renewed);
  CHECK(facts_of(authority).not_after == late + SiteAuthority::kLeafLife);
  // A power cut between a key and its certificate.
  std::filesystem::copy_file(authority.leaf_key("rsa"), authority.leaf_key("ecdsa"),
                             std::filesystem::copy_options::overwrite_existing);
  const auto mended = authority.renew(late);
  REQUIRE(mended);
  CHECK(*mended);
  CHECK(facts_of(authority).names.size() == 1);
  std::filesystem::remove(folder / "tls/root.key");
  std::filesystem::remove(authority.leaf("rsa"));
  CHECK_FALSE(authority.renew(late));
}

TEST_CASE("the desk renews within the hour, and says what is wrong with a certificate") {
  const Folder folder;
  ManualClock clock(kNow);
  int used = 0;
  CertificateDesk desk(clock, [&](const TlsContextPtr& context) { used += context != nullptr ? 1 : 0; });
  config::Config config;
  config.listen.tls = {{"127.0.0.1", 8443}};
  config.listen.name = "larder.example.org";
  config.storage.path = folder.path();
  REQUIRE(desk.apply(config));
  CHECK_THAT(desk.state().problem, Catch::Contains("larder tls init"));
  REQUIRE(desk.make_authority({"larder.example.org"}));
  CHECK(used == 1);
  CHECK(desk.state().problem.empty());
  CHECK_FALSE(desk.root_pem().empty());
  clock.advance(std::chrono::hours(24 * 61));
  desk.look_after();
  CHECK(used == 2);
  CHECK(desk.state().facts.not_after == clock.now() + SiteAuthority::kLeafLife);
  desk.look_after();
  CHECK(used == 2);

  config.listen.name = "cache.example.net";
  REQUIRE(desk.apply(config));
  CHECK_THAT(desk.state().problem, Catch::Contains("is not for cache.example.net"));
}

TEST_CASE("the administrator's certificate is read anew when its files change") {
  const Folder folder;
  ManualClock clock(kNow);
  const SiteAuthority authority(folder / "elsewhere");
  REQUIRE(authority.make({"larder.example.org"}, kNow));
  int used = 0;
  CertificateDesk desk(clock, [&](const TlsContextPtr&) { ++used; });
  config::Config config;
  config.listen.tls = {{"127.0.0.1", 8443}};
  config.storage.path = folder.path();
  config.tls = {authority.leaf("rsa"), authority.leaf_key("rsa")};
  REQUIRE(desk.apply(config));
  CHECK(used == 1);
  clock.advance(std::chrono::hours(2));
  desk.look_after();
  CHECK(used == 1);
  clock.advance(std::chrono::hours(24 * 61));
  REQUIRE(authority.renew(clock.now()));
  std::filesystem::last_write_time(config.tls.certificate,
                                   std::filesystem::file_time_type::clock::now() + std::chrono::seconds(5));
  desk.look_after();
  CHECK(used == 2);
  CHECK(desk.state().problem.empty());
  clock.advance(std::chrono::hours(24 * 91));
  desk.look_after();
  CHECK_THAT(desk.state().problem, Catch::Contains("has expired"));

  config.tls.key = authority.leaf_key("ecdsa");
  CHECK_FALSE(desk.apply(config));
}
