// SPDX-License-Identifier: MIT
#include "lessons.h"
#include "updates/package_name.h"

using namespace larder::updates;
using namespace larder::updates::test;

TEST_CASE("an Office package is known by its name") {
  const auto seen = recognised(kChannelRoot + "Microsoft_Word_16.112.26081720_Updater.pkg");
  CHECK(seen.product == "Microsoft Word");
  CHECK(seen.version == "16.112.26081720");
  CHECK(seen.channel == "Current");
  CHECK(seen.kind == Kind::full);
  CHECK(seen.evidence == Evidence::name);
  CHECK(seen.stability == NameStability::immutable);
}

TEST_CASE("a delta is known by its name") {
  for (const auto* ending : {"Delta", "BinaryDelta"}) {
    const auto seen = recognised(kBetaRoot + "OneNote_16.113.26081216_to_16.113.26100421_" + ending + ".pkg");
    CHECK(seen.product == "Microsoft OneNote");
    CHECK(seen.from_version == "16.113.26081216");
    CHECK(seen.version == "16.113.26100421");
    CHECK(seen.channel == "Beta");
    CHECK(seen.kind == Kind::delta);
    CHECK(seen.stability == NameStability::immutable);
  }
}

TEST_CASE("names that were republished in place are mutable, others with build numbers are not") {
  struct Row {
    const char* name;
    NameStability stability;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"wdav-upgrade.pkg", NameStability::mutable_name},
           {"MicrosoftTeams.pkg", NameStability::mutable_name},
           {"Teams_osx.pkg", NameStability::mutable_name},
           {"OneDrive.pkg", NameStability::mutable_name},
           {"CompanyPortal_5.2508.1-Upgrade.pkg", NameStability::mutable_name},
           {"MicrosoftTeams_26183.1901.4874.5228_to_26213.1006.5011.1671_BinaryDelta.pkg", NameStability::immutable},
           {"Microsoft_AutoUpdate_4.85.26080216_Updater.pkg", NameStability::immutable},
           {"Windows_App_11.4.0_updater.pkg", NameStability::ordinary},
           {"0409OPIM2019.xml", NameStability::mutable_name},
           {"0409OPIM2019-chk.xml", NameStability::mutable_name},
           {"0409OPIM2019.cat", NameStability::mutable_name},
           {"builds.txt", NameStability::mutable_name}}) {
    INFO(row.name);
    CHECK(recognised(kChannelRoot + row.name).stability == row.stability);
  }
}

TEST_CASE("a versioned folder tells the version of a name without one") {
  const auto teams =
      recognised("https://statics.teams.cdn.office.net/production-osx/26213.1006.5011.1671/MicrosoftTeams.pkg");
  CHECK(teams.product == "Microsoft Teams");
  CHECK(teams.version == "26213.1006.5011.1671");
  CHECK(teams.stability == NameStability::ordinary);
  const auto drive = recognised("https://oneclient.sfx.ms/Mac/Installers/25.046.0310.0005/universal/OneDrive.pkg");
  CHECK(drive.product == "Microsoft OneDrive");
  CHECK(drive.version == "25.046.0310.0005");
  CHECK(recognised("https://oneclient.sfx.ms/OneDrive.pkg").stability == NameStability::mutable_name);
}

TEST_CASE("a list of OneDrive's packages is a catalogue of it") {
  const auto list = recognised("https://oneclient.sfx.ms/Mac/Prod/ab157a739752435ccb69d349c175fb1cbf3651f1.xml");
  CHECK(list.product == "Microsoft OneDrive");
  CHECK(list.version.empty());
  CHECK(list.kind == Kind::catalogue);
}

TEST_CASE("what Teams and OneDrive give Windows is none of a Mac's") {
  struct Row {
    const char* url;
    const char* product;
    const char* version;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"https://statics.teams.cdn.office.net/production-windows-x64/24231.512.3106.6573/MSTeams-x64.msix",
            "Microsoft Teams for Windows", "24231.512.3106.6573"},
           {"https://statics.teams.cdn.office.net/production-windows-x64/enterprise/webview2/lkg/MSTeams-x64.msix",
            "Microsoft Teams for Windows", ""},
           {"https://statics.teams.cdn.office.net/production-windows-x64/1.3.00.21759/Teams_windows_x64.msi",
            "Microsoft Teams classic for Windows", "1.3.00.21759"},
           {"https://statics.teams.cdn.office.net/production-windows/1.5.00.4689/TeamsSetup.exe",
            "Microsoft Teams classic for Windows", "1.5.00.4689"},
           {"https://oneclient.sfx.ms/Win/Installers/24.221.1103.0003/amd64/OneDriveSetup.exe",
            "Microsoft OneDrive for Windows", "24.221.1103.0003"},
           {"https://oneclient.sfx.ms/Win/Prod/21.220.1024.0005/OneDriveSetup.exe", "Microsoft OneDrive for Windows",
            "21.220.1024.0005"}}) {
    INFO(row.url);
    const auto seen = recognised(row.url);
    CHECK(seen.product == row.product);
    CHECK(seen.version == row.version);
    CHECK(seen.kind == (seen.version.empty() ? Kind::other : Kind::full));
    CHECK(seen.evidence == Evidence::name);
  }
}

TEST_CASE("Visual Studio Code is known with its version, whatever it is packed for, and its insiders apart") {
  struct Row {
    const char* name;
    const char* product;
    const char* version;
  };
  const std::string root = "https://vscode.download.prss.microsoft.com/dbazure/download/";
  const std::string commit = "/384ff7382de624fb94dbaf6da11977bba1ecd427/";
  for (const Row& row : std::initializer_list<Row>{{"VSCode-darwin-universal.zip", "Visual Studio Code", ""},
                                                   {"VSCode-win32-x64-1.130.0.zip", "Visual Studio Code", "1.130.0"},
                                                   {"VSCodeUserSetup-x64-1.95.3.exe", "Visual Studio Code", "1.95.3"},
                                                   {"code_1.94.2-1728494015_amd64.deb", "Visual Studio Code", "1.94.2"},
                                                   {"vscode-server-linux-x64.tar.gz", "", ""}}) {
    INFO(row.name);
    const auto seen = recognised(root + "stable" + commit + row.name);
    CHECK(seen.product == row.product);
    CHECK(seen.version == row.version);
    CHECK(seen.kind == (seen.product.empty() ? Kind::other : Kind::full));
  }
  CHECK(recognised(root + "insider" + commit + "VSCode-darwin-universal.zip").product == "Visual Studio Code Insiders");
}

TEST_CASE("Edge's own packages tell their version, those of AutoUpdate are their manifest's") {
  const std::string root =
      "https://msedge.sf.dl.delivery.mp.microsoft.com/filestreamingservice/files/a989b093-c982-4d31-95d1-2c439f49b7e7/";
  const auto edge = recognised(root + "MicrosoftEdge-116.0.1938.76.pkg");
  CHECK(edge.product == "Microsoft Edge");
  CHECK(edge.version == "116.0.1938.76");
  CHECK(edge.kind == Kind::full);
  CHECK(recognised(root + "MicrosoftEdgeBeta-142.0.3595.53.pkg").product == "Microsoft Edge Beta");
  CHECK(recognised(root + "MicrosoftEdgeBeta-142.0.3595.53.pkg").version == "142.0.3595.53");
  CHECK(recognised(kChannelRoot + "MicrosoftEdge-134.0.3124.51.pkg").version.empty());
  CHECK(recognised(root + "MicrosoftEdgeDevEnterpriseX86.msi").product == "Microsoft Edge Dev");
  CHECK(recognised(root + "MicrosoftEdgeEnterpriseX64.msi").product == "Microsoft Edge");
  const auto runtime = recognised(root + "Microsoft.WebView2.FixedVersionRuntime.153.0.4234.32.x64.cab");
  CHECK(runtime.product == "Microsoft Edge WebView2 Runtime");
  CHECK(runtime.version == "153.0.4234.32");
  CHECK(runtime.asset_type == "Delivery Optimization File");
  CHECK(runtime.product_key == "a989b093-c982-4d31-95d1-2c439f49b7e7");
}

TEST_CASE("a version is not taken from names that disagree with their manifests") {
  CHECK(recognised(kChannelRoot + "Windows_App_11.4.0_updater.pkg").product == "Windows App");
  CHECK(recognised(kChannelRoot + "Windows_App_11.4.0_updater.pkg").version.empty());
  CHECK(recognised(kChannelRoot + "CompanyPortal_5.2606.0-Upgrade.pkg").version.empty());
  const auto desktop = recognised(kChannelRoot + "Microsoft_Remote_Desktop_10.9.8_updater.pkg");
  CHECK(desktop.product == "Windows App");
  CHECK(desktop.version.empty());
}

TEST_CASE("manifests are catalogues of their product") {
  const auto manifest = recognised(kChannelRoot + "0409OPIM2019.xml");
  CHECK(manifest.kind == Kind::catalogue);
  CHECK(manifest.product == "Microsoft Outlook");
  CHECK(manifest.version.empty());
  CHECK(recognised(kChannelRoot + "0409OPIM2019_16.109.26053122.xml").version == "16.109.26053122");
  CHECK(recognised(kChannelRoot + "0409MSRD10_3078.xml").version == "3078");
  for (const auto* name : {"0409MSRD10_99999.xml", "0409MSWD2019_latest.xml", "0409MSWD2019_.xml"})
    CHECK(recognised(kChannelRoot + name).version.empty());
  CHECK(recognised(kChannelRoot + "builds.txt").kind == Kind::catalogue);
  CHECK(recognised(kChannelRoot + "0409UNHEARD.xml").product.empty());
}

TEST_CASE("Office for Windows is known by its folder") {
  const std::string root = "http://officecdn.microsoft.com/pr/492350f6-3a01-4f97-b9c0-c7c6ddf67d60/Office/Data/";
  const auto seen = recognised(root + "16.0.17628.20110/stream.x64.x-none.dat");
  CHECK(seen.product == "Microsoft 365 Apps for Windows");
  CHECK(seen.version == "16.0.17628.20110");
  CHECK(seen.kind == Kind::full);
  CHECK(recognised(root + "v64.cab").version.empty());
  for (const auto* name : {"i640.cab", "s640.cab.cat", "s641033.cab"}) {
    INFO(name);
    CHECK(recognised(root + "16.0.17628.20110/" + name).version == "16.0.17628.20110");
    CHECK(recognised(root + "16.0.17628.20110/" + name).kind == Kind::other);  // goes along with what is installed
  }
}

TEST_CASE("a Delivery Optimization file is known by its id alone") {
  const auto seen = recognised(
      "http://tlu.dl.delivery.mp.microsoft.com/filestreamingservice/files/52fa8751-747d-479d-8f22-e32730cc0eb1?P1=1");
  CHECK(seen.product.empty());
  CHECK(seen.product_key == "52fa8751-747d-479d-8f22-e32730cc0eb1");
  CHECK(seen.asset_type == "Delivery Optimization File");
  CHECK(seen.evidence == Evidence::none);
}

TEST_CASE("a Windows update is known by its number") {
  const auto seen = recognised(
      "http://download.windowsupdate.com/c/msdownload/update/software/secu/2024/05/"
      "windows10.0-kb5037771-x64_38987f409c2cde97811a5fc904bda4dda0f770e2.cab");
  CHECK(seen.product == "Windows update KB5037771");
  CHECK(seen.stability == NameStability::immutable);
  CHECK(recognised("http://download.windowsupdate.com/x/kb12.cab").product.empty());
  CHECK(recognised("http://wsus.ds.download.windowsupdate.com/d/x/sqlserver2012sp2-kb2958429-x86-enu_"
                   "38987f409c2cde97811a5fc904bda4dda0f770e2.exe")
            .product == "Microsoft update KB2958429");
}

TEST_CASE("files of Windows are known where a name tells") {
  struct Row {
    const char* name;
    const char* product;
    const char* version;
  };
  const std::string root =
      "http://dl.delivery.mp.microsoft.com/filestreamingservice/files/92a06579-1d99-4fb8-b127-6fdcf50b1a7f/";
  for (const Row& row :
       std::initializer_list<Row>{{"22621.1702.230505-1222.ni_release_svc_refresh_CLIENTBUSINESS_VOL_x64FRE_en-us.esd",
                                   "Windows image", "22621.1702"},
                                  {"install.esd", "Windows image", ""},
                                  {"MicrosoftEdgeEnterpriseX64.msi", "Microsoft Edge", ""},
                                  {"MicrosoftEdge_X64_120.0.2210.61.exe", "Microsoft Edge", "120.0.2210.61"},
                                  {"mpam-fe.exe", "Microsoft Defender definitions", ""},
                                  {"Microsoft.WebView2.FixedVersionRuntime.151.0.4129.93.x64.cab",
                                   "Microsoft Edge WebView2 Runtime", "151.0.4129.93"},
                                  {"Microsoft.WindowsNotepad_11.2402.22.0_neutral_~_8wekyb3d8bbwe.Msixbundle",
                                   "Microsoft.WindowsNotepad", "11.2402.22.0"}}) {
    INFO(row.name);
    const auto seen = recognised(root + row.name);
    CHECK(seen.product == row.product);
    CHECK(seen.version == row.version);
    CHECK(seen.product_key == "92a06579-1d99-4fb8-b127-6fdcf50b1a7f");
    CHECK(seen.evidence == Evidence::name);
    CHECK(seen.kind == Kind::full);
  }
  for (const auto* name : {"", ".esd_", "_1.appx", "x.appx", "kb.cab"}) CHECK(recognised(root + name).product.empty());
}

TEST_CASE("a delta of Windows' files is none of the whole") {
  const std::string root = "http://msedge.b.tlu.dl.delivery.mp.microsoft.com/filestreamingservice/files/92a06579/";
  const auto edge = recognised(root + "MicrosoftEdge_X64_120.0.2210.61_119.0.2151.97.exe");
  CHECK(edge.product == "Microsoft Edge");
  CHECK(edge.version == "120.0.2210.61");
  CHECK(edge.from_version == "119.0.2151.97");
  CHECK(edge.kind == Kind::delta);
  const auto definitions =
      recognised(root + "AM_Delta_Patch_1.389.1234.0_38987f409c2cde97811a5fc904bda4dda0f770e2.exe");
  CHECK(definitions.product == "Microsoft Defender definitions");
  CHECK(definitions.version == "1.389.1234.0");
  CHECK(definitions.from_version.empty());
  CHECK(definitions.kind == Kind::delta);
}

TEST_CASE("what goes along with a file of Windows is not that file") {
  const std::string root = "http://emdl.ws.microsoft.com/emdl/c/doc/ph/prod5/msdownload/update/software/defu/2026/05/";
  for (const auto* name :
       {"am_base_38987f409c2cde97811a5fc904bda4dda0f770e2.exe.json", "windows10.0-kb5037771-x64.cab.json",
        "MicrosoftEdge_X64_120.0.2210.61.exe.json", "install.esd.txt"}) {
    INFO(name);
    CHECK(recognised(root + name).product.empty());
    CHECK(recognised(root + name).kind == Kind::other);
  }
}

TEST_CASE("an unknown host's URL is recognised as nothing") {
  const auto seen = recognised("https://h.example/Microsoft_Word_16.112.26081720_Updater.pkg");
  CHECK(seen.product.empty());
  CHECK(seen.kind == Kind::other);
  CHECK(seen.evidence == Evidence::none);
}

TEST_CASE("strange package names are read without harm") {
  for (const auto* name : {".pkg", "_.pkg", "_to__Delta.pkg", "A_to_B_Delta.pkg", "A_1_to_2_Delta.pkg",
                           "_1.0_to_2.0_Delta.pkg", "Microsoft__Updater.pkg", "a.b"}) {
    INFO(name);
    const auto package = read_package_name(name);
    if (package) CHECK((package->delta == (std::string(name) == "_1.0_to_2.0_Delta.pkg")));
  }
}
