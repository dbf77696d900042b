// SPDX-License-Identifier: MIT
// The self-test: what a device is told when it asks Larder whether it is there, and as whom Larder knows it. A page for
// a device's browser, without scripts, and the same as JSON. Nothing of it is recorded: an administrator who opens the
// address of another's token must not be taken for that device.
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/network.h"
#include "proxy/device_desk.h"

namespace larder::proxy {

inline constexpr std::string_view kSelfTestPath = "/self-test";
inline constexpr std::string_view kSelfTestJsonPath = "/self-test.json";

// How the question has come.
enum class Came { directly, by_proxy };

struct SelfTest {
  Came came = Came::directly;
  bool secure = false;  // over TLS
  config::Endpoint reached;
  config::Address client;
  bool allowed = true;  // by access.clients
  std::string token;    // "" none
  reports::DeviceEvidence token_from = reports::DeviceEvidence::token;
  std::optional<DeviceOnRecord> device;  // what the record has of it
};

// Which form an answer has: of the path, else of the Accept field.
bool self_test_wants_json(std::string_view path, std::string_view accept);

std::string self_test_json(const SelfTest& test);
std::string self_test_page(const SelfTest& test);
// Content-Security-Policy of the page: its own style, by its digest, and nothing else.
const std::string& self_test_policy();

}  // namespace larder::proxy
