// SPDX-License-Identifier: MIT
#include "updates/apple_path.h"
#include "updates/recognisers.h"
#include "updates/spelling.h"
#include "updates/windows_name.h"

namespace larder::updates {
namespace {

// Names of Windows Update end in their SHA-1: "..._1f0f2a....cab".
bool ends_in_sha1(std::string_view name) {
  const auto bar = name.rfind('_');
  return bar != std::string_view::npos && has_hash_or_uuid(name.substr(bar + 1));
}

void add_name(Recognition& recognition, std::string_view name) {
  WindowsName read = read_windows_name(name);
  if (read.product.empty()) return;
  recognition.product = std::move(read.product);
  recognition.version = std::move(read.version);
  recognition.from_version = std::move(read.from_version);
  recognition.kind = read.delta ? Kind::delta : Kind::full;
  recognition.evidence = Evidence::name;
}

}  // namespace

// Delivery Optimization names a file by an id, /filestreamingservice/files/<id>, and only some also by a name after it.
Recognition recognise_windows(const Url& url) {
  constexpr std::string_view kStreaming = "/filestreamingservice/files/";
  Recognition recognition;
  if (const auto at = url.path.find(kStreaming); at != std::string::npos) {
    const auto id = std::string_view(url.path).substr(at + kStreaming.size());
    recognition.product_key = id.substr(0, id.find('/'));
    recognition.asset_type = "Delivery Optimization File";
    add_name(recognition, base_name(url.path));
    return recognition;
  }
  const std::string name = base_name(url.path);
  recognition.asset_type = "Windows Software";
  if (ends_in_sha1(name)) recognition.stability = NameStability::immutable;
  add_name(recognition, name);
  return recognition;
}

}  // namespace larder::updates
