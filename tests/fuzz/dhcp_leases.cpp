// SPDX-License-Identifier: MIT
// Any text as a DHCP server's lease file: its leases are sorted, each address once, and reading them written as
// dnsmasq would gives the same again.
#include "reports/dhcp_leases.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace larder;
using namespace larder::reports;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const WallTime now{std::chrono::seconds(1'790'000'000)};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string again;
  const auto leases = read_dhcp_leases(text, now);
  for (std::size_t i = 0; i < leases.size(); ++i) {
    if (i > 0 && leases[i - 1].address.bytes >= leases[i].address.bytes) std::abort();
    if (leases[i].mac == Mac{} || leases[i].name.size() > size) std::abort();
    again += "0 " + mac_text(leases[i].mac) + " " + leases[i].address.text() + " * *\n";
  }
  const auto back = read_dhcp_leases(again, now);
  if (back.size() != leases.size()) std::abort();
  for (std::size_t i = 0; i < back.size(); ++i) {
    if (back[i].address != leases[i].address || back[i].mac != leases[i].mac) std::abort();
  }
  return 0;
}
