// SPDX-License-Identifier: MIT
#include "admin/profile_order.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "admin/query.h"
#include "base/owned.h"
#include "base/text.h"
#include "base/time_text.h"
#include "proxy/device_token.h"
#include "updates/mau.h"

namespace larder::admin {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kTextBytes = 200;
constexpr std::size_t kSsidBytes = 32;  // IEEE 802.11
constexpr std::size_t kUrlBytes = 1000;
constexpr std::size_t kListed = 64;
constexpr std::size_t kPemBytes = 64 * 1024;
constexpr std::uint32_t kMostDays = 90;

Error wrong(const std::string& why) {
  return fail(ErrorKind::invalid, why);
}

template <class Table>
std::string names_of(const Table& table) {
  std::string all;
  for (const auto& row : table) all += (all.empty() ? "" : ", ") + std::string(row.name);
  return all;
}

bool is_url(std::string_view text, std::string_view scheme) {
  constexpr std::string_view kRest = "-._~:/?#[]@!$&'()*+,;=%{}";
  return text.starts_with(scheme) && text.size() > scheme.size() && text.size() <= kUrlBytes &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') || kRest.find(c) != std::string_view::npos;
         });
}

// yyyy-mm-ddThh:mm:ss, without a zone, as the declaration wants it.
bool is_local_time(std::string_view text) {
  return text.size() == 19 && parse_time(std::string(text) + "Z").has_value();
}

// "15.7.1", "24G222a": letters and digits in parts.
bool is_version(std::string_view text) {
  return !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') || c == '.';
  });
}

// The first certificate of a PEM text as DER; "" when there is none.
std::string der_of(const std::string& pem) {
  const Owned<BIO, BIO_free_all> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const Owned<X509, X509_free> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!certificate) return {};
  std::string der(static_cast<std::size_t>(i2d_X509(certificate.get(), nullptr)), '\0');
  auto* at = reinterpret_cast<unsigned char*>(der.data());
  i2d_X509(certificate.get(), &at);
  return der;
}

// Takes the members of the order one after another; the first that is wrong is kept.
class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {}

  std::string text(const char* name, std::size_t most = kTextBytes) {
    const Json* value = take(name);
    if (value == nullptr) return {};
    if (!value->is_string()) return refuse(name, "must be a text");
    auto text = value->get<std::string>();
    if (text.size() > most) return refuse(name, "is longer than " + std::to_string(most) + " bytes");
    if (!is_printable_utf8(text)) return refuse(name, "holds characters that cannot be shown");
    return text;
  }

  // Of lines.
  std::string document(const char* name) {
    const Json* value = take(name);
    if (value == nullptr) return {};
    if (!value->is_string() || value->get_ref<const std::string&>().size() > kPemBytes) {
      return refuse(name, "must be a text of at most 64 KiB");
    }
    return value->get<std::string>();
  }

  std::vector<std::string> texts(const char* name) {
    const Json* value = take(name);
    std::vector<std::string> all;
    if (value == nullptr) return all;
    if (!value->is_array() || value->size() > kListed) {
      refuse(name, "must be a list of at most " + std::to_string(kListed) + " texts");
      return all;
    }
    for (const Json& item : *value) {
      if (!item.is_string() || item.get_ref<const std::string&>().size() > kTextBytes ||
          !is_printable_utf8(item.get_ref<const std::string&>())) {
        refuse(name, "must be a list of texts that can be shown");
        return {};
      }
      all.push_back(item.get<std::string>());
    }
    return all;
  }

  std::uint32_t number(const char* name, std::uint32_t most) {
    const Json* value = take(name);
    if (value == nullptr) return 0;
    if (value->is_number_unsigned() && value->get<std::uint64_t>() <= most) return value->get<std::uint32_t>();
    refuse(name, "must be a number from 0 to " + std::to_string(most));
    return 0;
  }

  std::optional<bool> truth(const char* name) {
    const Json* value = take(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_boolean()) return value->get<bool>();
    refuse(name, "must be true or false");
    return std::nullopt;
  }

  std::string refuse(const std::string& name, const std::string& why) {
    if (problem_.empty()) problem_ = name + " " + why;
    return {};
  }

  // "" when all is well.
  std::string problem() {
    for (const auto& [name, value] : json_.items()) {
      if (!taken_.contains(name)) refuse("\"" + name + "\"", "is no member of an order; admin/openapi.yaml lists them");
    }
    return problem_;
  }

 private:
  const Json* take(const char* name) {
    taken_.insert(name);
    const auto found = json_.find(name);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }

  const Json& json_;
  std::set<std::string> taken_;
  std::string problem_;
};

void read_kinds(Reader& reader, ProfileOrder& order) {
  const auto named = reader.texts("kinds");
  for (const std::string& name : named) {
    const bool known = std::any_of(kProfileKinds.begin(), kProfileKinds.end(),
                                   [&](const ProfileKind& kind) { return kind.name == name; });
    if (!known) reader.refuse("kinds", "has no \"" + name + "\"; there are " + names_of(kProfileKinds));
  }
  for (const ProfileKind& kind : kProfileKinds) {
    if (std::find(named.begin(), named.end(), kind.name) != named.end()) order.kinds.push_back(&kind);
  }
  if (named.empty()) reader.refuse("kinds", "names nothing to make; there are " + names_of(kProfileKinds));
  const bool text = std::any_of(order.kinds.begin(), order.kinds.end(),
                                [](const ProfileKind* kind) { return kind->form == ProfileForm::text; });
  if (text && order.kinds.size() > 1) {
    reader.refuse("kinds", "can only combine payloads of one profile; ask for each of the others alone");
  }
}

void read_device(Reader& reader, ProfileOrder& order) {
  const std::string name = reader.text("mdm");
  for (const Mdm& mdm : kMdms) {
    if (mdm.name == (name.empty() ? "none" : name)) order.mdm = &mdm;
  }
  if (order.mdm == nullptr) reader.refuse("mdm", "knows no \"" + name + "\"; there are " + names_of(kMdms));
  order.token = reader.text("token");
  if (!order.token.empty() && !proxy::is_token(order.token)) {
    reader.refuse("token", "must be 1 to 64 letters, digits and . _ : -");
  }
  if (!order.token.empty() && name != "none" && !name.empty()) {
    reader.refuse("token", "is of one device; an MDM's profile is for many, and has its variable");
  }
}

void read_server(Reader& reader, ProfileOrder& order, const config::Config& config, const ProfileSite& site) {
  order.server = to_lower(reader.text("server"));
  if (order.server.empty()) order.server = site.own_name;
  if (!config::is_host_name(order.server) && !config::Address::parse(order.server)) {
    reader.refuse("server", "must be a host name or an address without a port, such as larder.example.org");
  }
  if (!config.listen.http.empty()) order.http_port = config.listen.http.front().port;
  if (!config.listen.tls.empty()) order.tls_port = config.listen.tls.front().port;
  order.secure = reader.truth("secure").value_or(order.http_port == 0);
  if (order.secure && order.tls_port == 0) reader.refuse("secure", "needs listen.tls in larder.toml");
}

void read_autoupdate(Reader& reader, ProfileOrder& order) {
  order.channel = reader.text("channel");
  if (order.channel.empty()) order.channel = "Current";
  const auto* channel = updates::find_mau_channel(order.channel);
  if (channel == nullptr) {
    reader.refuse("channel", "knows no \"" + order.channel + "\"; there are Current, Preview, Beta, CurrentThrottle");
  } else {
    order.channel = channel->name;
  }
  order.apps = reader.texts("apps");
  for (const std::string& app : order.apps) {
    if (updates::mau_product_name(app).empty()) {
      reader.refuse("apps", "knows no \"" + app + "\"; write application ids such as MSWD2019, XCEL2019, OPIM2019");
    }
  }
  order.deadline_days = reader.number("deadline_days", kMostDays);
}

void read_network(Reader& reader, ProfileOrder& order) {
  order.ssid = reader.text("ssid", kSsidBytes);
  order.wifi_password = reader.text("wifi_password");
  order.wifi_encryption = reader.text("wifi_encryption");
  constexpr std::array<std::string_view, 6> kEncryptions{"", "WPA", "WPA2", "WPA3", "Any", "None"};
  if (std::find(kEncryptions.begin(), kEncryptions.end(), order.wifi_encryption) == kEncryptions.end()) {
    reader.refuse("wifi_encryption", "must be WPA, WPA2, WPA3, Any or None");
  }
  order.dns_url = reader.text("dns_url", kUrlBytes);
  if (!order.dns_url.empty() && !is_url(order.dns_url, "https://")) {
    reader.refuse("dns_url", "must be an https URL, such as https://dns.example.org/dns-query");
  }
  order.dns_name = reader.text("dns_name");
  if (!order.dns_name.empty() && !config::is_host_name(order.dns_name)) {
    reader.refuse("dns_name", "must be the host name of a nameserver that speaks TLS");
  }
  if (!order.dns_name.empty() && !order.dns_url.empty()) reader.refuse("dns_name", "and dns_url exclude each other");
  order.dns_addresses = reader.texts("dns_addresses");
  for (const std::string& address : order.dns_addresses) {
    if (!config::Address::parse(address)) reader.refuse("dns_addresses", "must be numeric addresses without ports");
  }
}

void read_declaration(Reader& reader, ProfileOrder& order) {
  order.defer_days = reader.number("defer_days", kMostDays);
  const std::string platform = reader.text("platform");
  if (!platform.empty() && platform != "macos" && platform != "ios") reader.refuse("platform", "must be macos or ios");
  if (platform == "ios") order.platform = ProfileOrder::Platform::ios;
  order.os_version = reader.text("os_version");
  if (!order.os_version.empty() && !is_version(order.os_version)) reader.refuse("os_version", "must be as 15.7.1");
  order.build = reader.text("build");
  if (!order.build.empty() && !is_version(order.build)) reader.refuse("build", "must be as 24G222");
  order.deadline = reader.text("deadline");
  if (!order.deadline.empty() && !is_local_time(order.deadline)) {
    reader.refuse("deadline", "must be the device's local time, such as 2026-12-01T18:00:00");
  }
  order.details_url = reader.text("details_url", kUrlBytes);
  if (!order.details_url.empty() && !is_url(order.details_url, "https://") && !is_url(order.details_url, "http://")) {
    reader.refuse("details_url", "must be an http or https URL");
  }
}

void read_removal(Reader& reader, ProfileOrder& order) {
  order.organization = reader.text("organization");
  order.removable = reader.truth("removable").value_or(order.mdm != nullptr && order.mdm->name == "none");
  const std::string date = reader.text("removal_date");
  if (date.empty()) return;
  order.removal_date = parse_time(date);
  if (!order.removal_date) reader.refuse("removal_date", "must be a date, such as 2026-12-31");
}

}  // namespace

bool ProfileOrder::has(std::string_view kind) const {
  return std::any_of(kinds.begin(), kinds.end(), [&](const ProfileKind* one) { return one->name == kind; });
}

Result<ProfileOrder> read_profile_order(std::string_view json, const config::Config& config, const ProfileSite& site) {
  const Json body = Json::parse(json, nullptr, false);
  if (!body.is_object()) return wrong(R"(the order is no JSON object; send at least {"kinds": ["mau"]})");
  ProfileOrder order;
  Reader reader(body);
  read_kinds(reader, order);
  read_device(reader, order);
  read_server(reader, order, config, site);
  read_autoupdate(reader, order);
  read_network(reader, order);
  read_declaration(reader, order);
  read_removal(reader, order);
  const std::string root = reader.document("root");
  order.root_der = der_of(root.empty() ? site.root_pem : root);
  if (!root.empty() && order.root_der.empty()) reader.refuse("root", "must be a certificate, PEM");
  order.origins = site.origins;
  if (const std::string problem = reader.problem(); !problem.empty()) return wrong(problem);
  return order;
}

}  // namespace larder::admin
