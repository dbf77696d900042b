// SPDX-License-Identifier: MIT
// Any bytes as the files of one application of AutoUpdate, parted by zero bytes, and what the gate makes of them.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "updates/mau_gate.h"
#include "updates/mau_set.h"

using namespace larder;
using namespace larder::updates;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const MauNames names("OPIM2019");
  const std::array<std::string, 4> order{names.manifest, names.signature, names.pointer, names.history};
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  static_cast<void>(read_mau_builds(rest));
  static_cast<void>(mau_marketing_version(rest));
  MauFiles files;
  for (const std::string& name : order) {
    const auto end = rest.find('\0');
    files[name] = std::make_shared<const std::string>(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  const auto first = examine_mau_set("OPIM2019", files, nullptr);
  if (!first) return 0;
  const auto again = examine_mau_set("OPIM2019", files, &*first);
  if (!again || again->digest != first->digest) std::abort();
  MauGate gate;
  if (gate.judge(*again, &*first, WallTime(), std::chrono::hours(24)) != MauVerdict::unchanged) std::abort();
  return 0;
}
