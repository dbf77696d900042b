// SPDX-License-Identifier: MIT
#include "proxy/origin_table.h"

#include <algorithm>

#include "updates/hosts.h"

namespace larder::proxy {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;
constexpr std::string_view kConfigured = "configured";

std::string vendor_of(std::string_view name) {
  if (name.starts_with('.')) name.remove_prefix(1);
  const auto* host = updates::find_host(name);
  return host == nullptr ? std::string(kConfigured) : std::string(updates::to_string(host->vendor));
}

OriginRule from_config(const config::OriginHost& host) {
  OriginRule rule;
  rule.name = host.name;
  rule.vendor = vendor_of(host.name);
  rule.port = host.port;
  rule.connect_to = host.connect_to;
  rule.scheme = host.scheme;
  rule.ca_file = host.ca_file;
  rule.knows_updates = host.cache.empty() ? rule.vendor != kConfigured : host.cache == "updates";
  rule.networks = host.networks;
  return rule;
}

bool allows(const OriginRule& rule, std::uint16_t port) {
  return rule.port ? *rule.port == port : port == kHttpPort || port == kHttpsPort;
}

}  // namespace

OriginTable::OriginTable(const config::OriginsConfig& origins) {
  // What comes first wins among equals (see add), so the configuration comes first.
  for (const auto& host : origins.hosts) add(from_config(host));
  const auto wanted = [&](std::string_view vendor) {
    return std::find(origins.vendors.begin(), origins.vendors.end(), vendor) != origins.vendors.end();
  };
  for (const auto& host : updates::built_in_hosts()) {
    const auto vendor = updates::to_string(host.vendor);
    if (!wanted(vendor)) continue;
    OriginRule rule;
    rule.name = host.name;
    rule.vendor = vendor;
    add(std::move(rule));
  }
}

void OriginTable::add(OriginRule rule) {
  Rules& rules = rules_[rule.name];
  const bool exact = rule.port.has_value();
  const auto place = std::find_if(rules.begin(), rules.end(), [&](const OriginRule& r) { return exact && !r.port; });
  rules.insert(place, std::move(rule));
  ++size_;
}

template <class Accept>
const OriginRule* OriginTable::search(std::string_view host, Accept accept) const {
  const auto best = [&](const auto& found) -> const OriginRule* {
    if (found == rules_.end()) return nullptr;
    const auto rule = std::find_if(found->second.begin(), found->second.end(), accept);
    return rule == found->second.end() ? nullptr : &*rule;
  };
  if (host.empty() || host.front() == '.') return nullptr;
  if (const auto* rule = best(rules_.find(host))) return rule;
  // ".domain" covers the domain itself too, so the whole host is tried as one first.
  std::string domain = ".";
  domain += host;
  for (std::string_view left = domain; !left.empty();) {
    if (const auto* rule = best(rules_.find(left))) return rule;
    const auto dot = left.find('.', 1);
    if (dot == std::string_view::npos) break;
    left.remove_prefix(dot);
  }
  return nullptr;
}

const OriginRule* OriginTable::find(std::string_view host, std::uint16_t port) const {
  return search(host, [port](const OriginRule& rule) { return allows(rule, port); });
}

bool OriginTable::names(std::string_view host) const {
  return search(host, [](const OriginRule&) { return true; }) != nullptr;
}

}  // namespace larder::proxy
