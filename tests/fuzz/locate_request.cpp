// SPDX-License-Identifier: MIT
// Any body as a locate request: what is taken from it can be shown and is short.
#include <cstdint>
#include <cstdlib>

#include "base/text.h"
#include "proxy/locator.h"

using namespace larder;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto request = proxy::read_locate_request({reinterpret_cast<const char*>(data), size});
  if (!request) return 0;
  for (const std::string* text : {&request->os, &request->os_version, &request->build}) {
    if (text->size() > 64 || (!text->empty() && !is_printable_utf8(*text))) std::abort();
  }
  return 0;
}
