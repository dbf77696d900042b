// SPDX-License-Identifier: MIT
// Any bytes as a TLS client's first message: a name that is found is a host's, and the answer does not depend on how
// the bytes were cut.
#include "proxy/client_hello.h"

#include <cstdint>
#include <cstdlib>

#include "config/network.h"

using namespace larder::proxy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ClientHello whole;
  const auto state = whole.read(bytes);
  if (state == ClientHello::State::complete && !larder::config::is_host_name(whole.host())) std::abort();
  if (state == ClientHello::State::refused && whole.reason().empty()) std::abort();
  if (size > 512) return 0;
  for (std::size_t i = 0; i <= size; ++i) {
    ClientHello part;
    const auto so_far = part.read(bytes.substr(0, i));
    if (so_far == ClientHello::State::incomplete) continue;
    if (so_far != state || part.host() != whole.host()) std::abort();
    return 0;
  }
  if (state != ClientHello::State::incomplete) std::abort();
  return 0;
}
