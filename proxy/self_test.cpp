// SPDX-License-Identifier: MIT
#include "proxy/self_test.h"

#include <openssl/evp.h>

#include <array>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "base/digest.h"

namespace larder::proxy {
namespace {

using Json = nlohmann::ordered_json;
using reports::DeviceEvidence;

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --ground: #f6f4ef; --card: #fffdf9; --ink: #23211d; --quiet: #625c52; --line: #ded8cb; --good: #2c6e49; --bad: #9a3412; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #191815; --card: #22201c; --ink: #ece7dc; --quiet: #aaa395; --line: #3a372f; --good: #7cc79a; --bad: #f4a27a; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 40rem; padding: 1rem; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: .25rem 0 1rem; font-size: 1.35rem; }
.verdict, dl { margin: 0 0 1rem; padding: .8rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
.verdict { font-weight: 600; border-left: .4rem solid var(--good); }
.verdict.bad { border-left-color: var(--bad); }
dl div { padding: .45rem 0; border-top: 1px solid var(--line); }
dl div:first-child { border-top: 0; }
dt { color: var(--quiet); font-size: .9rem; }
dd { margin: 0; }
dd small { display: block; color: var(--quiet); }
footer { color: var(--quiet); font-size: .9rem; }
)css";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string_view said_by(DeviceEvidence evidence) {
  switch (evidence) {
    case DeviceEvidence::token:
      return "by the token in the addresses of its profile";
    case DeviceEvidence::proxy_user:
      return "by the user name it gives the proxy";
    case DeviceEvidence::mac:
      return "by its hardware address on this network";
    case DeviceEvidence::address:
      return "by its address alone, which another device may have tomorrow";
    case DeviceEvidence::lease:
      return "because it has named itself from this address not long ago";
    case DeviceEvidence::dhcp:
      return "by the hardware address to which DHCP has given its address";
    case DeviceEvidence::name:
      return "by the name that a nameserver has for its address";
  }
  return {};
}

// The name another device has is not told to whoever guesses its token.
std::string name_to_tell(const SelfTest& test) {
  return test.device && test.device->address == test.client.text() ? test.device->name : std::string{};
}

class Page {
 public:
  void fact(std::string_view term, std::string_view value, std::string_view note = {}) {
    facts_ += "<div><dt>" + escaped(term) + "</dt><dd>" + escaped(value);
    if (!note.empty()) facts_ += "<small>" + escaped(note) + "</small>";
    facts_ += "</dd></div>\n";
  }
  std::string text(const SelfTest& test) const {
    const std::string verdict = test.allowed
                                    ? "<p class=\"verdict\">This device reaches Larder, and may use it.</p>"
                                    : "<p class=\"verdict bad\">This device reaches Larder, but its address is in "
                                      "none of the networks that access.clients allows: Larder gives it nothing.</p>";
    return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
           "<title>Larder: self-test</title>\n<style>" +
           std::string(kStyle) + "</style></head>\n<body><main><h1>Larder, an update cache</h1>\n" + verdict +
           "\n<dl>\n" + facts_ +
           "</dl></main>\n<footer>The same for programs: /self-test.json. This page is not "
           "recorded.</footer></body></html>\n";
  }

 private:
  std::string facts_;
};

void add_way(Page& page, const SelfTest& test) {
  if (test.came == Came::by_proxy) {
    page.fact("How this request came", "As a proxy request", "This device uses Larder as its proxy.");
    return;
  }
  page.fact(
      "How this request came", test.secure ? "Directly, over TLS" : "Directly",
      "So does this page where a proxy script (PAC) is at work: the script sends only the hosts of updates through "
      "Larder.");
}

void add_identity(Page& page, const SelfTest& test) {
  if (test.token.empty()) {
    page.fact("Token", "None",
              test.came == Came::by_proxy ? "The proxy was given no user name that is one."
                                          : "The address of this page holds none. With one it is /d/TOKEN/self-test.");
  } else {
    page.fact("Token", test.token, "Known " + std::string(said_by(test.token_from)) + ".");
  }
  if (!test.allowed) return;
  if (!test.device) {
    page.fact("On record as", "Not yet known",
              test.token.empty() ? "Nothing that was asked for from this address is on record so far."
                                 : "Nothing that was asked for with this token is on record so far.");
    return;
  }
  const std::string name = name_to_tell(test);
  page.fact("On record as", test.device->id + (name.empty() ? "" : " (" + name + ")"),
            "Known " + std::string(said_by(test.device->evidence)) + ". Last seen " +
                to_rfc3339(test.device->last_seen) + ", at " + test.device->address + ".");
}

}  // namespace

bool self_test_wants_json(std::string_view path, std::string_view accept) {
  if (path == kSelfTestJsonPath) return true;
  return accept.find("application/json") != std::string_view::npos &&
         accept.find("text/html") == std::string_view::npos;
}

std::string self_test_json(const SelfTest& test) {
  Json answer;
  answer["service"] = "larder";
  answer["came"] = test.came == Came::by_proxy ? "by proxy" : "directly";
  answer["tls"] = test.secure;
  answer["reached"] = test.reached.text();
  answer["address"] = test.client.text();
  answer["allowed"] = test.allowed;
  answer["token"] = test.token.empty() ? Json(nullptr) : Json(test.token);
  answer["token_from"] = test.token.empty() ? Json(nullptr) : Json(std::string(to_string(test.token_from)));
  answer["device"] = nullptr;
  if (test.device) {
    const std::string name = name_to_tell(test);
    answer["device"] = {{"id", test.device->id},
                        {"evidence", std::string(to_string(test.device->evidence))},
                        {"name", name.empty() ? Json(nullptr) : Json(name)},
                        {"address", test.device->address},
                        {"last_seen", to_rfc3339(test.device->last_seen)}};
  }
  return answer.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string self_test_page(const SelfTest& test) {
  Page page;
  add_way(page, test);
  page.fact("This device's address", test.client.text(),
            test.allowed ? "" : "The administrator adds its network to access.clients in larder.toml.");
  add_identity(page, test);
  page.fact("Larder, as this device has reached it", test.reached.text());
  return page.text(test);
}

const std::string& self_test_policy() {
  static const std::string policy = [] {
    const Digest digest = Sha256::of(std::as_bytes(std::span(kStyle)));
    std::array<unsigned char, 64> text{};
    EVP_EncodeBlock(text.data(), reinterpret_cast<const unsigned char*>(digest.bytes.data()),
                    static_cast<int>(digest.bytes.size()));
    return "default-src 'none'; style-src 'sha256-" + std::string(reinterpret_cast<const char*>(text.data())) +
           "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  }();
  return policy;
}

}  // namespace larder::proxy
