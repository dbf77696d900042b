// SPDX-License-Identifier: MIT
#include "proxy/pac.h"

#include <array>
#include <cstdio>
#include <map>

#include "base/text.h"

namespace larder::proxy {
namespace {

// Names keep clear of what every object has ("constructor") by the sign in front: "=" the host itself, "." the domain
// and everything below it.
constexpr std::string_view kScript = R"(
function FindProxyForURL(url, host) {
  var parts = /^(https?):\/\/([^\/?#]*)/i.exec(url);
  if (!parts) { return "DIRECT"; }
  var authority = parts[2].substring(parts[2].lastIndexOf("@") + 1);
  var written = /:0*([1-9][0-9]*)$/.exec(authority);
  var port = written ? written[1] : (parts[1].toLowerCase() === "https" ? "443" : "80");
  var name = String(host).toLowerCase().replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (isNamed("=" + name, port)) { return larder; }
  while (name !== "") {
    if (isNamed("." + name, port)) { return larder; }
    var dot = name.indexOf(".");
    name = dot < 0 ? "" : name.substring(dot + 1);
  }
  return "DIRECT";
}

function isNamed(name, port) {
  return hosts[name] ? hosts[name].indexOf("," + port + ",") >= 0 : false;
}
)";

// A string of the script. Whatever a name holds cannot end it.
std::string script_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const bool plain = is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') ||
                       std::string_view(".-_:;,=[] ").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
      continue;
    }
    std::array<char, 8> escape{};
    std::snprintf(escape.data(), escape.size(), "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    out += escape.data();
  }
  return out + '"';
}

// ",80,443," by name with its sign.
std::map<std::string, std::string> ports_by_name(const OriginTable& origins) {
  std::map<std::string, std::string> ports;
  const auto add = [](std::string& list, const std::string& port) {
    if (list.find("," + port + ",") == std::string::npos) list += port + ",";
  };
  for (const auto& [name, rules] : origins.rules()) {
    std::string& list = ports[name.starts_with('.') ? name : "=" + name];
    list = ",";
    for (const OriginRule& rule : rules) {
      if (rule.port) {
        add(list, std::to_string(*rule.port));
      } else {
        add(list, "80");
        add(list, "443");
      }
    }
  }
  return ports;
}

}  // namespace

std::string pac_script(const OriginTable& origins, const std::optional<config::Endpoint>& larder) {
  std::string script = "// Hosts whose updates Larder keeps go to it; everything else goes direct.\n";
  script += "var larder = " + script_text(larder ? "PROXY " + larder->text() + "; DIRECT" : "DIRECT") + ";\n";
  script += "var hosts = {";
  bool first = true;
  for (const auto& [name, ports] : ports_by_name(origins)) {
    script += (first ? "\n  " : ",\n  ") + script_text(name) + ": " + script_text(ports);
    first = false;
  }
  script += "\n};\n";
  return script += kScript;
}

}  // namespace larder::proxy
