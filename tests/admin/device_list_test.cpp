// SPDX-License-Identifier: MIT
#include "admin/device_list.h"

#include <catch2/catch.hpp>

using namespace larder;
using namespace larder::admin;
using reports::InventoryDevice;

namespace {

InventoryDevice only_device(std::string_view csv) {
  const auto list = read_device_list(csv);
  REQUIRE(list.has_value());
  REQUIRE(list->problems.empty());
  REQUIRE(list->lines.size() == 1);
  return list->lines.front().device;
}

const reports::Mac kMac{0x3c, 0x22, 0xfb, 0x01, 0x02, 0x03};

}  // namespace

TEST_CASE("a list of Intune's is understood", "[devices]") {
  const auto device = only_device(
      "\xEF\xBB\xBF"
      "Device ID,Device name,Ownership,Serial number,Manufacturer,Model,Primary user UPN,Wi-Fi MAC,Category\r\n"
      "1-2,\"Ana's Mac\",Corporate,c02xy1,Apple,\"MacBook Air (M2, 2022)\",ana@example.org,3C22FB010203,Staff\r\n");
  CHECK(device == InventoryDevice{"C02XY1", "Ana's Mac", "MacBook Air (M2, 2022)", "ana@example.org", "Staff", {kMac}});
}

TEST_CASE("a list of Jamf's is understood", "[devices]") {
  const auto device = only_device(
      "Computer Name,Serial Number,MAC Address,Alternate MAC Address,Model,Username,Department\n"
      "mac-12,C02XY2,3C:22:FB:01:02:03,3C:22:FB:01:02:04,iMac,ben,Science\n");
  CHECK(device.name == "mac-12");
  CHECK(device.owner == "ben");
  CHECK(device.group == "Science");
  CHECK(device.macs.size() == 2);
}

TEST_CASE("a list of Iru's is understood, with semicolons as well", "[devices]") {
  const auto device = only_device(
      "Device Name;Serial Number;Model;Blueprint;User Name;User Email\nipad;DMP1;iPad;Lab;;eve@example.org\n");
  CHECK(device == InventoryDevice{"DMP1", "ipad", "iPad", "eve@example.org", "Lab", {}});
}

TEST_CASE("lines that name no device are told, and the others taken", "[devices]") {
  const auto list = read_device_list(
      "Serial,Name,MAC\n"
      "C1,\"two\nlines\",\n"
      ",nobody,\n"
      "\n"
      "0,nothing,\n"
      "C2,bad,12:34\n");
  REQUIRE(list.has_value());
  REQUIRE(list->lines.size() == 2);
  CHECK(list->lines[0].device.name == "two?lines");
  CHECK(list->lines[1].line == 7);
  CHECK(list->lines[1].device.serial == "C2");
  REQUIRE(list->problems.size() == 3);
  CHECK(list->problems[0].line == 4);
  CHECK(list->problems[0].what == "no serial number");
  CHECK(list->problems[1].line == 6);
  CHECK(list->problems[2].line == 7);
  CHECK(list->problems[2].what.find("12:34") != std::string::npos);
}

TEST_CASE("what is no list of devices is refused with the line", "[devices]") {
  const auto why = [](std::string_view csv) {
    const auto list = read_device_list(csv);
    REQUIRE_FALSE(list.has_value());
    return list.error().message;
  };
  CHECK(why("") == "the list is empty; its first line names the columns");
  CHECK(why("Name,Model\na,b\n").find("line 1: no column is headed \"Serial number\"") == 0);
  CHECK(why("Serial\n\"abc\nd\"e\"\n").find("line 2") == 0);
  CHECK(why("Serial\nC1\n\xff\n").find("line 3 is not text in UTF-8") == 0);
  CHECK(why("\xFF\xFES\0e\0").find("UTF-16") != std::string::npos);
}
