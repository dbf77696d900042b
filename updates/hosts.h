// SPDX-License-Identifier: MIT
// The origins Larder knows by itself, and which names mean the same bytes. Pure tables; facts with their sources in
// docs/formats.md and beside each table.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace larder::updates {

enum class Vendor { apple, microsoft, windows };

// In which schemes a host is known to give out the same bytes. Where nothing is known the scheme is part of an object's
// name.
enum class Schemes {
  as_named,    // http and https are different objects
  both,        // http and https are one object; each is fetched as it was asked
  https_only,  // one object, always fetched by https
};

struct Host {
  std::string_view name;  // lower case; a leading '.' means the domain and everything below it
  Vendor vendor;
  Schemes schemes = Schemes::as_named;
};

// Hosts whose bytes Larder fetches and keeps. Everything else is not fetched.
std::span<const Host> built_in_hosts();

// The host's entry, null when it is none of them. `host` lower case, without port.
const Host* find_host(std::string_view host);

std::string_view to_string(Vendor vendor);

}  // namespace larder::updates
