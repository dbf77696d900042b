// SPDX-License-Identifier: MIT
#include <algorithm>

#include "base/text.h"
#include "updates/apple_path.h"
#include "updates/recognisers.h"
#include "updates/spelling.h"

namespace larder::updates {
namespace {

// "windows10.0-kb5037771-x64_<sha1>.cab" -> "KB5037771"; "" when the name tells none.
std::string knowledge_base_number(std::string_view name) {
  constexpr std::size_t kFewestDigits = 6;
  const std::string lower = to_lower(name);
  const auto at = lower.find("kb");
  if (at == std::string::npos) return {};
  const auto digits = std::string_view(lower).substr(at + 2);
  const auto number = digits.substr(0, std::min(digits.find_first_not_of("0123456789"), digits.size()));
  return number.size() < kFewestDigits ? std::string{} : "KB" + std::string(number);
}

// Names of Windows Update end in their SHA-1: "..._1f0f2a....cab".
bool ends_in_sha1(std::string_view name) {
  const auto bar = name.rfind('_');
  return bar != std::string_view::npos && has_hash_or_uuid(name.substr(bar + 1));
}

}  // namespace

// Delivery Optimization names a file by an id that says nothing more: /filestreamingservice/files/<id>.
Recognition recognise_windows(const Url& url) {
  constexpr std::string_view kStreaming = "/filestreamingservice/files/";
  Recognition recognition;
  if (const auto at = url.path.find(kStreaming); at != std::string::npos) {
    const auto id = std::string_view(url.path).substr(at + kStreaming.size());
    recognition.product_key = id.substr(0, id.find('/'));
    recognition.asset_type = "Delivery Optimization File";
    return recognition;
  }
  const std::string name = base_name(url.path);
  recognition.asset_type = "Windows Software";
  if (ends_in_sha1(name)) recognition.stability = NameStability::immutable;
  if (const auto number = knowledge_base_number(name); !number.empty()) {
    recognition.product = "Windows update " + number;
    recognition.kind = Kind::full;
    recognition.evidence = Evidence::name;
  }
  return recognition;
}

}  // namespace larder::updates
