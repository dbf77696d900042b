// SPDX-License-Identifier: MIT
#include "admin/profile.h"

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"

namespace larder::admin {
namespace {

std::string url_of(std::string_view scheme, const ProfileOrder& order, std::uint16_t port) {
  const bool usual = port == (scheme == "https" ? 443 : 80);
  const bool bare_v6 = order.server.find(':') != std::string::npos;
  std::string url = std::string(scheme) + "://" + (bare_v6 ? "[" + order.server + "]" : order.server);
  if (!usual) url += ":" + std::to_string(port);
  if (!order.device().empty()) url += "/d/" + std::string(order.device());
  return url;
}

std::string joined_kinds(const ProfileOrder& order) {
  std::string all;
  for (const ProfileKind* kind : order.kinds) all += (all.empty() ? "" : "-") + std::string(kind->name);
  return all;
}

void set_common(PlistTree& payload, std::string_view type, const std::string& identifier, const std::string& name) {
  payload.set("PayloadType", type);
  payload.set("PayloadVersion", 1);
  payload.set("PayloadIdentifier", std::string_view(identifier));
  payload.set("PayloadUUID", std::string_view(uuid_of(identifier)));
  payload.set("PayloadDisplayName", std::string_view(name));
}

// Proxies are set once; the second of two would not count, or stop the profile from being installed.
Status check_together(const ProfileOrder& order) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kExclusive{{{"global-pac", "global-proxy"},
                                                                                     {"wifi-pac", "wifi-proxy"},
                                                                                     {"system-pac", "system-proxy"},
                                                                                     {"mau", "mau-manifest"}}};
  for (const auto& [one, other] : kExclusive) {
    if (order.has(one) && order.has(other)) {
      return fail(ErrorKind::invalid,
                  std::string(one) + " and " + std::string(other) + " exclude each other; choose one");
    }
  }
  return ok();
}

}  // namespace

std::string uuid_of(std::string_view name) {
  std::string hex = Sha256::of(std::as_bytes(std::span(name))).hex().substr(0, 32);
  hex[12] = '8';  // RFC 9562 5.8: made by a rule of one's own
  hex[16] = "89AB"[static_cast<unsigned>(hex[16]) % 4];
  for (char& c : hex) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c;
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
         hex.substr(20);
}

std::string identifier_of(const ProfileOrder& order) {
  std::string reversed;
  if (config::Address::parse(order.server)) {
    reversed = order.server;
    std::replace(reversed.begin(), reversed.end(), ':', '-');
    std::replace(reversed.begin(), reversed.end(), '.', '-');
    return "larder." + reversed;
  }
  for (const std::string_view label : split(order.server, '.')) {
    reversed.insert(0, std::string(label) + ".");
  }
  return reversed + "larder";
}

std::string plain_url(const ProfileOrder& order) {
  return url_of("http", order, order.http_port);
}
std::string secure_url(const ProfileOrder& order) {
  return url_of("https", order, order.tls_port);
}
// The script names the plain listener, and the device must get it before it trusts anybody: by http where there is one.
std::string pac_url(const ProfileOrder& order) {
  return (order.http_port != 0 ? plain_url(order) : secure_url(order)) + "/proxy.pac";
}

Result<Profile> make_profile(const ProfileOrder& order) {
  if (order.kinds.front()->form == ProfileForm::text) return text_of(order.kinds.front()->name, order);
  if (auto together = check_together(order); !together) return std::move(together).error();
  Profile profile;
  const std::string identifier = identifier_of(order) + "." + joined_kinds(order);
  PlistTree payloads = PlistTree::array();
  for (const ProfileKind* kind : order.kinds) {
    auto payload = payload_of(kind->name, order, profile);
    if (!payload) return std::move(payload).error().with_context(kind->name);
    set_common(*payload, payload_type_of(kind->name), identifier + "." + std::string(kind->name),
               "Larder: " + std::string(kind->name));
    payloads.append(std::move(*payload));
  }
  if (order.removable) {
    profile.summary.emplace_back("The user of the device can remove it.");
  } else {
    profile.summary.emplace_back("Only the MDM, or an administrator of the Mac, can remove it.");
  }
  std::string described;
  for (const std::string& sentence : profile.summary) described += (described.empty() ? "" : " ") + sentence;

  PlistTree root = PlistTree::dictionary();
  set_common(root, "Configuration", identifier, "Larder (" + order.server + ")");
  root.set("PayloadDescription", std::string_view(described));
  if (!order.organization.empty()) root.set("PayloadOrganization", std::string_view(order.organization));
  root.set("PayloadScope", std::string_view("System"));
  root.set("PayloadRemovalDisallowed", !order.removable);
  if (order.removal_date) root.set("RemovalDate", *order.removal_date);
  root.set("PayloadContent", std::move(payloads));

  profile.file_name = "larder-" + joined_kinds(order) + ".mobileconfig";
  profile.content_type = "application/x-apple-aspen-config";
  profile.text = root.xml();
  if (!order.device().empty() && !order.mdm->note.empty()) profile.warnings.emplace_back(order.mdm->note);
  if (order.device().empty()) {
    profile.warnings.emplace_back("It names no device: Larder knows those that use it by their addresses only.");
  }
  return profile;
}

}  // namespace larder::admin
