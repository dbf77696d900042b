// SPDX-License-Identifier: MIT
#include "lessons.h"
#include "updates/apple_path.h"
#include "updates/asset_type.h"

using namespace larder::updates;
using namespace larder::updates::test;

TEST_CASE("a restore image names its product, version and build") {
  struct Row {
    const char* name;
    const char* product;
    const char* version;
    const char* build;
  };
  for (const Row& row :
       std::initializer_list<Row>{{"UniversalMac_12.4_21F79_Restore.ipsw", "macOS", "12.4", "21F79"},
                                  {"iPhone12,1_26.6.2_23G90_Restore.ipsw", "iOS", "26.6.2", "23G90"},
                                  {"iPhone17,3_26.3_23D5114d_Restore.ipsw", "iOS", "26.3 beta", "23D5114d"},
                                  {"iPhone12,3,iPhone12,5_18.0_22A3354_Restore.ipsw", "iOS", "18.0", "22A3354"},
                                  {"iPhone_4.7_P3_15.0_19A346_Restore.ipsw", "iOS", "15.0", "19A346"},
                                  {"iPad_Pro_HFR_18.1_22B83_Restore.ipsw", "iPadOS", "18.1", "22B83"},
                                  {"iPad_32bit_10.3.3_14G60_Restore.ipsw", "iOS", "10.3.3", "14G60"},
                                  {"AppleTV5,3_16.0_20J373_Restore.ipsw", "tvOS", "16.0", "20J373"},
                                  {"AudioAccessory1,1_18.0_22J357_Restore.ipsw", "HomePod software", "18.0", "22J357"},
                                  {"Watch6,1_8.0_19R346_Restore.ipsw", "watchOS", "8.0", "19R346"},
                                  {"iBridge2,1_9.0_22P353_Restore.ipsw", "bridgeOS", "9.0", "22P353"},
                                  {"RealityDevice14,1_2.0_22N320_Restore.ipsw", "visionOS", "2.0", "22N320"}}) {
    INFO(row.name);
    const auto seen = recognised(std::string("https://updates.cdn-apple.com/2026SummerFCS/x/") + row.name);
    CHECK(seen.product == row.product);
    CHECK(seen.version == row.version);
    CHECK(seen.build == row.build);
    CHECK(seen.kind == Kind::full);
    CHECK(seen.evidence == Evidence::name);
    CHECK(seen.stability == NameStability::immutable);
    CHECK_FALSE(seen.listed);
  }
}

TEST_CASE("what only looks like a restore image has no version") {
  for (const auto* name :
       {"_Restore.ipsw", "iPhone_Restore.ipsw", "iPhone12,1_26.6_Restore.ipsw", "iPhone12,1_abc_23G90_Restore.ipsw",
        "iPhone12,1_26.6_23G90.ipsw", "26.6_23G90_Restore.ipsw"}) {
    INFO(name);
    CHECK_FALSE(read_restore_name(name).has_value());
  }
}

TEST_CASE("the product key is read from catalogue paths, with and without suffix") {
  const std::string hash = "abcdefghijklmnopqrstuvwxyz01234567";
  CHECK(product_key_of("/content/downloads/26/09/042-58988-A_114Q05ZS90/" + hash + "/x.pkg") == "042-58988");
  CHECK(product_key_of("/content/downloads/37/61/061-1955/" + hash + "/x.tar") == "061-1955");
  CHECK(product_key_of("/content/downloads/37/61/zzz061-1955/" + hash + "/x.tar") == "zzz061-1955");
  for (const std::string& path : std::vector<std::string>{
           "/content/downloads/26/09/042-58988/short/x.pkg", "/content/downloads/2/09/042-58988/" + hash + "/x.pkg",
           "/content/downloads/26/09/04258988/" + hash + "/x.pkg", "/content/downloads/26/09/042-58988/" + hash + "/",
           "/content/downloads/26/09/042-58988/" + hash + "/a/b", "/content/downloads/26/09/-/" + hash + "/x",
           "/other/26/09/042-58988/" + hash + "/x.pkg", ""}) {
    INFO(path);
    CHECK(product_key_of(path).empty());
  }
}

TEST_CASE("a product no catalogue has named is called by its key") {
  const auto seen = recognised("https://swcdn.apple.com" + kProductFolder + "InstallAssistant.pkg");
  CHECK(seen.product == "Apple product 042-58988");
  CHECK(seen.product_key == "042-58988");
  CHECK(seen.version.empty());
  CHECK(seen.evidence == Evidence::name);
  CHECK(seen.kind == Kind::full);
  CHECK(recognised("https://swdist.apple.com" + kProductFolder + "042-58988.ko.dist").kind == Kind::catalogue);
}

TEST_CASE("an asset is known by type and train, not by version") {
  const auto seen = recognised(
      "https://updates.cdn-apple.com/2025FallFCS/patches/093-34020/0701D9BE-9082-4277-ADAE-A2C900733801/"
      "com_apple_MobileAsset_MacSoftwareUpdate/38987f409c2cde97811a5fc904bda4dda0f770e2.zip");
  CHECK(seen.product == "MobileAsset MacSoftwareUpdate");
  CHECK(seen.asset_type == "MacSoftwareUpdate 2025FallFCS");
  CHECK(seen.version.empty());
  CHECK(seen.kind == Kind::other);
  CHECK(seen.stability == NameStability::immutable);
  const auto archive =
      recognised("https://updates.cdn-apple.com/2024/Iris/mobileassets/003-1/0701D9BE-9082-4277-ADAE-A2C900733801.aar");
  CHECK(archive.asset_type == "MobileAsset 2024/Iris");
  CHECK(archive.product.empty());
  CHECK(archive.stability == NameStability::immutable);
}

TEST_CASE("old updates carry their version in the first folder") {
  const auto seen = recognised(
      "http://appldnld.apple.com/iOS9.3.1/031-56322-20160331-X/com_apple_MobileAsset_SoftwareUpdate/"
      "38987f409c2cde97811a5fc904bda4dda0f770e2.zip");
  CHECK(seen.product == "iOS");
  CHECK(seen.version == "9.3.1");
  CHECK(seen.kind == Kind::other);  // a delta's path looks the same
  for (const auto* path :
       {"/iOSx/y", "/iOS/y", "/iOS9.3.1-seed/y", "/iOS10Beta3/y", "/iOS10.0Seed/y", "/iOS12FallFCS/y"})
    CHECK_FALSE(read_version_folder(path).has_value());
  CHECK_FALSE(read_version_folder("/other9.1/y").has_value());
  CHECK_FALSE(read_version_folder("/iOS9.3.1").has_value());
}

TEST_CASE("a folder that names only a major version tells no version, which was another") {
  for (const auto* folder : {"iOS10", "WatchOS2", "ios9"}) {
    INFO(folder);
    const auto seen = recognised(std::string("http://appldnld.apple.com/") + folder +
                                 "/031-1/com_apple_MobileAsset_SoftwareUpdate/"
                                 "38987f409c2cde97811a5fc904bda4dda0f770e2.zip");
    CHECK(seen.product == "MobileAsset SoftwareUpdate");
    CHECK(seen.version.empty());
  }
}

TEST_CASE("a restore image for a device that is not known has no version without a product") {
  const auto seen = recognised("https://updates.cdn-apple.com/2026SummerFCS/x/HomeThing1,1_27.0_24H1_Restore.ipsw");
  CHECK(seen.product.empty());
  CHECK(seen.version.empty());
  CHECK(seen.asset_type == "iOS Software");
}

TEST_CASE("a folder that only sorts is no train") {
  const auto train = [](const std::string& path) { return train_of(path); };
  CHECK(train("/2024/patches/052-48536/x/com_apple_MobileAsset_UARP_A2580/y.zip") == "2024");
  CHECK(train("/2025/mobileassets/012-91003/x/y.aar") == "2025");
  CHECK(train("/2024/Iris/mobileassets/003-1/y.aar") == "2024/Iris");
}

TEST_CASE("a restore image is one from developers' downloads too") {
  const std::string root = "https://download.developer.apple.com/";
  const auto mac = recognised(root + "macOS/macOS_15.4_beta_2/UniversalMac_15.4_24E5222f_Restore.ipsw");
  CHECK(mac.product == "macOS");
  CHECK(mac.version == "15.4 beta");
  CHECK(mac.kind == Kind::full);
  CHECK(recognised(root + "iOS/iOS_11_beta/iPhone_4.7_11.0_15A5278f_Restore.ipsw").version == "11.0 beta");
}

TEST_CASE("recovery is named as that") {
  const auto seen = recognised(
      "http://oscdn.apple.com/content/downloads/11/43/002-20787/04tih3cmkvpfkgiee5ogbcdx3l4777xzsp/RecoveryImage/"
      "BaseSystem.dmg");
  CHECK(seen.asset_type == "macOS Recovery");
  CHECK(seen.product.empty());
}

TEST_CASE("what comes with an old update is not the system") {
  const std::string root = "http://appldnld.apple.com/iOS9.3.1/031-56322-20160331-X/";
  const std::string name = "38987f409c2cde97811a5fc904bda4dda0f770e2.zip";
  const auto seen = recognised(root + "com_apple_MobileAsset_SoftwareUpdateDocumentation/" + name);
  CHECK(seen.product == "MobileAsset SoftwareUpdateDocumentation");
  CHECK(seen.version.empty());
  CHECK(seen.kind == Kind::other);
  CHECK(recognised(root + name).product.empty());
}

TEST_CASE("a restore image of one Mac is Mac software too") {
  const std::string root = "https://updates.cdn-apple.com/2026SummerFCS/4054a88c-e206-4849-817b-8a6263d42ddb/";
  CHECK(recognised(root + "MacBookPro18,3_26.0_25A353_Restore.ipsw").asset_type == "Mac Software");
  CHECK(recognised(root + "iPhone12%2C1_26.6.2_23G90_Restore.ipsw").asset_type == "iOS Software");
}

TEST_CASE("what developers fetch for a system is not the system") {
  const std::string root = "https://download.developer.apple.com/Developer_Tools/x/";
  for (const auto* name : {"macOS_15_Session_Videos.dmg", "iOS_26_beta_Profile.pkg", "tvOS_26.0.dmg"}) {
    INFO(name);
    CHECK(recognised(root + name).product.empty());
    CHECK(recognised(root + name).evidence == Evidence::none);
  }
  CHECK(recognised(root + "tvOS_26.0_Simulator_Runtime.dmg").product == "tvOS Simulator Runtime");
}

TEST_CASE("catalogues may change at any time") {
  for (const auto* text :
       {"https://swscan.apple.com/content/catalogs/others/index-14.merged-1.sucatalog", "https://gdmf.apple.com/v2/pmv",
        "https://mesu.apple.com/assets/com_apple_MobileAsset_SoftwareUpdate/"
        "com_apple_MobileAsset_SoftwareUpdate.xml",
        "https://sofafeed.macadmins.io/v2/macos_data_feed.json",
        "https://devimages-cdn.apple.com/downloads/xcode/simulators/index2.dvtdownloadableindex"}) {
    INFO(text);
    CHECK(recognised(text).kind == Kind::catalogue);
    CHECK(recognised(text).stability == NameStability::mutable_name);
  }
  const auto asset = recognised(
      "https://mesu.apple.com/systemassets/1427/com_apple_MobileAsset_Font6/"
      "38987f409c2cde97811a5fc904bda4dda0f770e2.zip");
  CHECK(asset.kind == Kind::other);
  CHECK(asset.product == "MobileAsset Font6");
}

TEST_CASE("what has no product has a type after Apple's own table") {
  const auto type = [](const std::string& text) { return asset_type(url(text)); };
  CHECK(type("http://osxapps.itunes.apple.com/apple-assets-us-std-000001/Purple3/v4/74/a.pkg") == "Apps");
  CHECK(type("https://iosapps.itunes.apple.com/itunes-assets/Purple221/v4/8a/x.thinned.signed.dpkg.ipa") == "Apps");
  CHECK(type("https://audiocontentdownload.apple.com/lp10_ms3_content_2016/x.pkg") == "GarageBand and Logic Content");
  CHECK(type("https://sylvan.apple.com/Videos/x.mov") == "Aerials and Wallpapers");
  CHECK(type("https://swcdn.apple.com/x/tvOS/y") == "Apple TV Software");
  CHECK(type("https://swcdn.apple.com/x/y.dmg") == "Mac Software");
  CHECK(type("http://appldnld.apple.com/ios/y") == "iOS Software");
  CHECK(type("https://swcdn.apple.com/x/y") == "Other");
  CHECK(type("https://h.example/x.pkg").empty());
}

TEST_CASE("a glob's star stands for anything") {
  CHECK(matches_glob("/a/Purple3/v4/x.pkg", "/*/Purple*/*.pkg"));
  CHECK(matches_glob("x.PKG", "*.pkg"));
  CHECK(matches_glob("", "*"));
  CHECK(matches_glob("ab", "a*b"));
  CHECK_FALSE(matches_glob("a", "a*a"));
  CHECK_FALSE(matches_glob("/Purple3/x.pkg", "/*/Purple*/*.pkg"));
  CHECK_FALSE(matches_glob("x.pkg.sig", "*.pkg"));
  std::string hostile;
  for (int i = 0; i < 1000; ++i) hostile += "/Purple";
  CHECK_FALSE(matches_glob(hostile, "/*/Purple*/*.pkg"));
}

TEST_CASE("developer tools are known by their names") {
  struct Row {
    const char* name;
    const char* product;
    const char* version;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"Xcode_16.2/Xcode_16.2.xip", "Xcode", "16.2"},
           {"Xcode_26.0.1/Xcode_26.0.1_Apple_silicon.xip", "Xcode", "26.0.1"},
           {"Xcode_16.2_Release_Candidate/Xcode_16.2_Release_Candidate.xip", "Xcode", "16.2 RC"},
           {"x/Xcode_16.1_Release_Candidate_2.xip", "Xcode", "16.1 RC 2"},
           {"x/Xcode_12_for_macOS_Universal_Apps_beta_2.xip", "Xcode", "12 beta 2"},
           {"x/Xcode_26_beta_3_Apple_silicon.xip", "Xcode", "26 beta 3"},
           {"x/iOS_26_beta_4_Simulator_Runtime.dmg", "iOS Simulator Runtime", "26 beta 4"},
           {"x/Command_Line_Tools_for_Xcode_16_beta.dmg", "Command Line Tools for Xcode", "16 beta"},
           {"x/iOS_18.1_beta_4_Simulator_Runtime.dmg", "iOS Simulator Runtime", "18.1 beta 4"},
           {"Xcode_8.3.3/Xcode8.3.3.xip", "Xcode", "8.3.3"},
           {"x/Command_Line_Tools_macOS_10.14_for_Xcode_10.2.1.dmg", "Command Line Tools for Xcode", "10.2.1"},
           {"x/Command_Line_Tools_OS_X_10.11_for_Xcode_7.3.dmg", "Command Line Tools for Xcode", "7.3"},
           {"x/Kernel_Debug_Kit_15.1_build_24B83.dmg", "Kernel Debug Kit", "15.1"},
           {"x/Kernel_Debug_Kit_14.0_build_23A5257q.dmg", "Kernel Debug Kit", "14.0 beta"},
           {"x/Metal_Shader_Converter_3.0_beta_1.pkg", "Metal Shader Converter", "3.0 beta 1"},
           {"x/tvOS_17.5_Simulator_Runtime.dmg", "tvOS Simulator Runtime", "17.5"}}) {
    INFO(row.name);
    const auto seen = recognised(std::string("https://download.developer.apple.com/Developer_Tools/") + row.name);
    CHECK(seen.product == row.product);
    CHECK(seen.version == row.version);
    CHECK(seen.kind == Kind::full);
    CHECK(seen.evidence == Evidence::name);
  }
  const auto sdk = recognised(
      "https://devimages-cdn.apple.com/downloads/xcode/simulators/"
      "com.apple.pkg.iPhoneSimulatorSDK14_3-14.3.1.1611873653.dmg");
  CHECK(sdk.product == "iOS Simulator Runtime");
  CHECK(sdk.version == "14.3");
  for (const auto* name :
       {"index.dvtdownloadableindex", "Xcode.xip", "_16.xip", "16.2.xip", ".dmg",
        "command_line_tools_for_osx_mavericks_april_2014.dmg", "Graphics_Tools_for_Xcode__December_2012.dmg",
        "Command_Line_Tools_OS_X_10.9_for_Xcode__Late_July_2014.dmg", "com.apple.pkg.iPhoneSimulatorSDK-1.dmg"}) {
    INFO(name);
    const auto seen = recognised(std::string("https://devimages-cdn.apple.com/downloads/xcode/") + name);
    CHECK(seen.product.empty());
    CHECK(seen.asset_type == "Developer Tools");
    CHECK(seen.evidence == Evidence::none);
  }
}
