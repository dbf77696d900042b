// SPDX-License-Identifier: MIT
// Any text as a URL and as an update-cache path. What is accepted must be its own canonical form when asked again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "updates/canonical.h"
#include "updates/mau.h"
#include "updates/recognise.h"

using namespace larder::updates;

namespace {

void try_url(std::string_view text) {
  const auto url = Url::parse(text);
  if (!url) return;
  const auto again = Url::parse(url->text());
  if (!again || again->text() != url->text()) std::abort();
  const auto name = canonical(*url);
  const auto key = Url::parse(name.key);
  // Escaping a stray '%' may lengthen a URL beyond what is parsed.
  if (!key) return;
  if (canonical(*key).key != name.key) std::abort();
  if (url->scheme == "https" && name.origin.scheme != "https") std::abort();
  recognise(*url, *Knowledge::empty());
}

void try_path(std::string_view text) {
  const auto request = parse_mau_path(text);
  if (!request || !*request) return;
  const std::string& file = (**request).file;
  if (file.empty() || file == ".." || file.find('/') != std::string::npos) std::abort();
  for (const CanonicalUrl& place : resolve_mau(**request, *Knowledge::empty())) {
    if (!place.key.starts_with("https://res.public.onecdn.static.microsoft/mro1cdnstorage/")) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_url(text);
  try_path(text);
  return 0;
}
