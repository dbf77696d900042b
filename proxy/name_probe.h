// SPDX-License-Identifier: MIT
// What nameservers say of a name, each asked by itself and all at once: for the doctor. By Larder's own resolver
// (origin_resolver.h) on an event base of the caller's, so no other thread takes part. Waits; never on a loop.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/network.h"

namespace larder::proxy {

struct NameAnswer {
  config::Endpoint nameserver;
  std::string name;
  Result<std::vector<config::Address>> addresses;
};

// Every name of every nameserver, in that order. What has not answered when `patience` is over has timed out.
std::vector<NameAnswer> ask_nameservers(const std::vector<config::Endpoint>& nameservers,
                                        const std::vector<std::string>& names, const Clock& clock,
                                        std::chrono::milliseconds patience);

// Those that this machine's programs ask, as resolv.conf(5) lists them.
std::vector<config::Endpoint> nameservers_in(const std::filesystem::path& resolv_conf);

}  // namespace larder::proxy
