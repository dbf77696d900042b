// SPDX-License-Identifier: MIT
#include "admin/dns_kit.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proxy/origin_table.h"
#include "updates/hosts.h"

namespace larder::admin {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostAddresses = 16;
constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

struct Name {
  std::string host;    // without a leading dot
  bool below = false;  // and everything below it
};

struct Order {
  std::string format;
  std::vector<config::Address> addresses;
  bool https = false;  // names that are asked by https alone, too
};

Error wrong(const std::string& why) {
  return fail(ErrorKind::invalid, why);
}

Result<Order> read_order(std::string_view json, const config::Config& config) {
  const Json body = Json::parse(json, nullptr, false);
  if (!body.is_object())
    return wrong(R"(the order is no JSON object; send {"format": "dnsmasq", "addresses": ["10.1.2.3"]})");
  Order order;
  for (const auto& [name, value] : body.items()) {
    if (name == "format" && value.is_string()) {
      order.format = value.get<std::string>();
    } else if (name == "https" && value.is_boolean()) {
      order.https = value.get<bool>();
    } else if (name == "addresses" && value.is_array() && value.size() <= kMostAddresses) {
      for (const Json& item : value) {
        const auto address =
            item.is_string() ? config::Address::parse(item.get<std::string>()) : Result<config::Address>(wrong(""));
        if (!address) return wrong("addresses must be numeric, without ports, such as 10.1.2.3");
        order.addresses.push_back(*address);
      }
    } else {
      return wrong("\"" + name + "\" is no member of an order, or of another type; there are format, addresses, https");
    }
  }
  if (std::find(kDnsFormats.begin(), kDnsFormats.end(), order.format) == kDnsFormats.end()) {
    return wrong("format must be dnsmasq, unbound, bind-rpz, adguard or pihole");
  }
  for (const config::Endpoint& endpoint : config.listen.http) {
    const auto address = config::Address::parse(endpoint.host);
    const bool usable = address && endpoint.host != "0.0.0.0" && endpoint.host != "::";
    if (order.addresses.empty() && usable) order.addresses.push_back(*address);
  }
  if (order.addresses.empty())
    return wrong("which address do devices reach Larder by? Larder listens on all; give addresses");
  return order;
}

bool is_https_only(const std::string& name) {
  const auto* host = updates::find_host(name);
  return host != nullptr && host->schemes == updates::Schemes::https_only;
}

// On the usual ports; an address, or a name of this machine, is nobody's to steer.
std::vector<Name> steerable(const config::Config& config, bool https, std::vector<std::string>& left_out) {
  std::vector<Name> names;
  const proxy::OriginTable origins(config.origins);
  for (const auto& [name, rules] : origins.rules()) {
    const bool below = name.starts_with('.');
    const std::string host = below ? name.substr(1) : name;
    const bool usual =
        std::any_of(rules.begin(), rules.end(), [](const auto& rule) { return !rule.port || *rule.port == kHttpPort; });
    if (!usual || host == "localhost" || config::Address::parse(host) || !config::is_host_name(host)) continue;
    if (!https && is_https_only(host)) {
      left_out.push_back(host);
    } else {
      names.push_back({host, below});
    }
  }
  return names;
}

std::string_view kind_of(const config::Address& address) {
  return address.is_v4() ? "A" : "AAAA";
}

// ---- one line or more for a name; what is not answered here is answered by nobody else, so that no address of another
// ---- kind leads past Larder.

std::string dnsmasq(const Name& name, const std::vector<config::Address>& addresses) {
  std::string text = "local=/" + name.host + "/\n";
  for (const auto& address : addresses) {
    text += name.below ? "address=/" + name.host + "/" + address.text() + "\n"
                       : "host-record=" + name.host + "," + address.text() + "\n";
  }
  return text;
}

std::string unbound(const Name& name, const std::vector<config::Address>& addresses) {
  std::string text = "  local-zone: \"" + name.host + ".\" " + (name.below ? "redirect" : "static") + "\n";
  for (const auto& address : addresses) {
    text += "  local-data: \"" + name.host + ". 60 IN " + std::string(kind_of(address)) + " " + address.text() + "\"\n";
  }
  return text;
}

std::string bind_rpz(const Name& name, const std::vector<config::Address>& addresses) {
  std::string text;
  for (const auto& address : addresses) {
    const std::string record = " 60 IN " + std::string(kind_of(address)) + " " + address.text() + "\n";
    text += name.host + record;
    if (name.below) text.append("*.").append(name.host).append(record);
  }
  return text;
}

std::string adguard(const Name& name, const std::vector<config::Address>& addresses) {
  std::string text;
  for (const auto& address : addresses) {
    text += (name.below ? "||" : "|") + name.host + "^$dnsrewrite=NOERROR;" + std::string(kind_of(address)) + ";" +
            address.text() + "\n";
  }
  return text;
}

std::string head_of(const std::string& format, const std::string& comment, const std::vector<std::string>& warnings) {
  std::string text =
      comment + " Larder: names of origins that lead to it. Made by `larder dns --format " + format + "`.\n";
  if (format == "dnsmasq") text += comment + " Save as /etc/dnsmasq.d/larder.conf; then restart dnsmasq.\n";
  if (format == "pihole") {
    text +=
        comment +
        " Save as /etc/dnsmasq.d/99-larder.conf (Pi-hole 6: pihole-FTL --config misc.etc_dnsmasq_d true); restart.\n";
  }
  if (format == "unbound")
    text += comment + " Save as /etc/unbound/unbound.conf.d/larder.conf; then unbound-control reload.\n";
  if (format == "bind-rpz") {
    text +=
        comment +
        " A zone file: response-policy { zone \"rpz.larder\"; }; zone \"rpz.larder\" { type master; file \"...\"; };\n";
  }
  if (format == "adguard") text += comment + " Custom filtering rules, or a block list at a URL or in a file.\n";
  for (const std::string& warning : warnings) text.append(comment).append(" NOTE: ").append(warning).append("\n");
  return text;
}

std::vector<std::string> warnings_for(const config::Config& config) {
  const auto listens = [](const std::vector<config::Endpoint>& endpoints, std::uint16_t port) {
    return std::any_of(endpoints.begin(), endpoints.end(),
                       [port](const auto& endpoint) { return endpoint.port == port; });
  };
  std::vector<std::string> warnings;
  if (!listens(config.listen.http, kHttpPort)) {
    warnings.emplace_back(
        "Larder does not listen on port 80, which is where devices will ask: add it to listen.http first.");
  }
  if (!listens(config.listen.sni, kHttpsPort)) {
    warnings.emplace_back(
        "Larder does not listen on port 443 (listen.sni): devices could not reach these names by https at all. Add it "
        "first.");
  }
  warnings.emplace_back(
      "What is asked by https is passed through unread: counted, never cached. Apple's updaters and AutoUpdate ask by "
      "https; "
      "profiles (larder profile) point them at the cache, steering does not.");
  if (config.origins.nameservers.empty()) {
    warnings.emplace_back("Larder itself must find the true addresses: set origins.nameservers to resolvers outside.");
  }
  return warnings;
}

}  // namespace

Result<DnsKit> make_dns_kit(std::string_view json, const config::Config& config) {
  const auto order = read_order(json, config);
  if (!order) return order.error();
  DnsKit kit;
  kit.warnings = warnings_for(config);
  std::vector<std::string> left_out;
  const auto names = steerable(config, order->https, left_out);
  const std::string& format = order->format;
  const std::string comment = format == "bind-rpz" ? ";" : format == "adguard" ? "!" : "#";
  kit.text = head_of(format, comment, kit.warnings);
  if (format == "bind-rpz") {
    kit.text += "$TTL 60\n@ IN SOA localhost. root.localhost. 1 3600 600 86400 60\n@ IN NS localhost.\n";
  }
  if (format == "unbound") kit.text += "server:\n";
  for (const Name& name : names) {
    if (format == "unbound") {
      kit.text += unbound(name, order->addresses);
    } else if (format == "bind-rpz") {
      kit.text += bind_rpz(name, order->addresses);
    } else if (format == "adguard") {
      kit.text += adguard(name, order->addresses);
    } else {
      kit.text += dnsmasq(name, order->addresses);
    }
  }
  for (const std::string& host : left_out) {
    kit.text.append(comment).append(" left out: ").append(host);
    kit.text += " (asked by https alone, so that nothing of it would be cached)\n";
  }
  return kit;
}

}  // namespace larder::admin
