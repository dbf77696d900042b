// SPDX-License-Identifier: MIT
// Any request head that is accepted: whatever entrance it comes by, only named origins are asked, over http or https,
// and a token is one.
#include "proxy/entrance.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace larder::proxy;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

const OriginTable& origins() {
  static const OriginTable table{larder::config::OriginsConfig{}};
  return table;
}

struct Check {
  void operator()(const FetchTarget& target) const {
    require(target.token.empty() || is_token(target.token));
    if (target.mau) {
      require(!target.mau->file.empty() && target.mau->file.find('/') == std::string::npos);
      return;
    }
    const auto& url = target.url.origin;
    require(url.scheme == "http" || url.scheme == "https");
    require(url.path.starts_with('/') && !target.url.key.empty());
    require(origins().find(url.host, url.port) != nullptr);
    require(url.target().find_first_of(" \r\n") == std::string::npos);
  }
  void operator()(const Helper& helper) const { require(helper.token.empty() || is_token(helper.token)); }
  void operator()(const Connect& connect) const { require(!connect.host.empty() && connect.port != 0); }
  void operator()(const Refusal& refusal) const { require(refusal.status >= 400 && !refusal.reason.empty()); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  HeadParser parser;
  RequestHead head;
  if (parser.parse(text, head) != HeadParser::State::complete) return 0;
  for (const auto listener : {ListenerKind::plain, ListenerKind::tls}) {
    std::visit(Check{}, classify(head, origins(), listener));
  }
  return 0;
}
