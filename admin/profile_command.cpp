// SPDX-License-Identifier: MIT
#include "admin/profile_command.h"

#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "admin/profile_kinds.h"
#include "admin/profile_signature.h"
#include "admin/show_answer.h"
#include "base/text.h"

namespace larder::admin {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kGood = 0;
constexpr int kFailed = 1;

int failed(const std::string& message) {
  std::cerr << "larder: " << message << "\n";
  return kFailed;
}

template <class Table>
std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> names;
  names.reserve(table.size());
  for (const auto& row : table) names.emplace_back(row.name);
  return names;
}

std::string kinds_in_words() {
  std::string text = "Kinds:\n";
  for (const ProfileKind& kind : kProfileKinds) {
    text += "  " + std::string(kind.name) + std::string(18 - kind.name.size(), ' ') + std::string(kind.meaning) + "\n";
  }
  text += "MDMs, and what each puts in place of a device's serial number:\n";
  for (const Mdm& mdm : kMdms) {
    text += "  " + std::string(mdm.name) + std::string(18 - mdm.name.size(), ' ') +
            (mdm.serial.empty() ? "nothing" : std::string(mdm.serial)) + "\n";
  }
  return text + "Several kinds in one profile: larder profile mau root global-pac --mdm jamf";
}

Result<std::string> contents(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorKind::not_found, file + " cannot be read");
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

CLI::App* ProfileCommand::add(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("profile", "Write what points devices at Larder: profiles, settings, declarations");
  command->add_option("KIND", kinds_, "What to write; listed below")
      ->required()
      ->check(CLI::IsMember(names_of(kProfileKinds)));
  command->add_option("--mdm", mdm_, "The MDM whose variable names each device")
      ->check(CLI::IsMember(names_of(kMdms)))
      ->capture_default_str();
  command->add_option("--server", server_, "How devices reach Larder; else listen.name, else this machine's name");
  command->add_option("--token", token_, "For one device, without an MDM: its name in the record");
  command->add_option("--organization", organization_, "Shown with the profile");
  command->add_flag("--removable", removable_, "Users may remove it (as it is without an MDM)");
  command->add_flag("--locked", locked_, "Users may not remove it (as it is with an MDM)");
  command->add_option("--removal-date", removal_date_, "It removes itself then: 2026-12-31");
  command->add_option("--channel", channel_, "AutoUpdate: Current, Preview, Beta or CurrentThrottle");
  command->add_option("--app", apps_, "AutoUpdate: this application alone; several times for several (MSWD2019, ...)");
  command->add_option("--deadline-days", deadline_days_,
                      "AutoUpdate: applications must quit for an update after so many");
  command->add_option("--defer-days", defer_days_, "Updates are offered so many days late");
  command->add_flag("--secure", secure_, "AutoUpdate: by https (listen.tls)");
  command->add_option("--ssid", ssid_, "Wi-Fi: the network");
  command->add_option("--wifi-password-file", wifi_password_file_, "Wi-Fi: a file with its password");
  command->add_option("--wifi-encryption", wifi_encryption_, "Wi-Fi: WPA, WPA2, WPA3, Any or None");
  command->add_option("--dns-url", dns_url_, "DNS over HTTPS: the nameserver's URL");
  command->add_option("--dns-name", dns_name_, "DNS over TLS: the nameserver's name");
  command->add_option("--dns-address", dns_addresses_, "The nameserver's addresses");
  command->add_option("--root", root_file_, "The certificate to trust, PEM; else the one of larder tls init");
  command->add_option("--platform", platform_, "ddm-settings: macos or ios");
  command->add_option("--os-version", os_version_, "ddm-enforce: the version, 15.7.1");
  command->add_option("--build", build_, "ddm-enforce: its build, 24G222");
  command->add_option("--deadline", deadline_, "ddm-enforce: the device's local time, 2026-12-01T18:00:00");
  command->add_option("--details-url", details_url_, "ddm-enforce: a page about it");
  CLI::Option* with = command->add_option("--sign-with", sign_with_, "Sign it with this certificate and chain, PEM");
  CLI::Option* key = command->add_option("--sign-key", sign_key_, "and its private key, PEM");
  with->needs(key);
  key->needs(with);
  command->add_flag("--summary", summary_, "Say in words what it does, in place of printing it");
  command->footer(kinds_in_words());
  return command;
}

Result<std::string> ProfileCommand::order() const {
  Json order;
  order["kinds"] = kinds_;
  order["mdm"] = mdm_;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) order[name] = value;
  };
  add("server", server_);
  add("token", token_);
  add("organization", organization_);
  add("removal_date", removal_date_);
  add("channel", channel_);
  add("ssid", ssid_);
  add("wifi_encryption", wifi_encryption_);
  add("dns_url", dns_url_);
  add("dns_name", dns_name_);
  add("platform", platform_);
  add("os_version", os_version_);
  add("build", build_);
  add("deadline", deadline_);
  add("details_url", details_url_);
  if (!apps_.empty()) order["apps"] = apps_;
  if (!dns_addresses_.empty()) order["dns_addresses"] = dns_addresses_;
  if (deadline_days_ != 0) order["deadline_days"] = deadline_days_;
  if (defer_days_ != 0) order["defer_days"] = defer_days_;
  if (secure_) order["secure"] = true;
  if (removable_ || locked_) order["removable"] = removable_;
  if (!wifi_password_file_.empty()) {
    auto password = contents(wifi_password_file_);
    if (!password) return password;
    order["wifi_password"] = trim(*password);
  }
  if (!root_file_.empty()) {
    auto root = contents(root_file_);
    if (!root) return root;
    order["root"] = *root;
  }
  return order.dump(-1, ' ', false, Json::error_handler_t::replace);
}

int ProfileCommand::print(const std::string& answer) const {
  const Json profile = Json::parse(answer, nullptr, false);
  if (!profile.is_object() || !profile.contains("text") || !profile["text"].is_string()) {
    return failed("larderd answers what is no profile; is it of the same version?");
  }
  auto text = profile["text"].get<std::string>();
  std::ostream& words = summary_ ? std::cout : std::cerr;
  if (summary_) {
    for (const Json& sentence : profile["summary"]) words << sentence.get<std::string>() << "\n";
  }
  for (const Json& warning : profile["warnings"]) words << "note: " << warning.get<std::string>() << "\n";
  if (summary_) return kGood;
  if (!sign_with_.empty()) {
    auto is_signed = sign_profile(text, sign_with_, sign_key_);
    if (!is_signed) return failed(is_signed.error().message);
    text = std::move(*is_signed);
  }
  std::cout << text;
  return kGood;
}

int ProfileCommand::run(ApiClient& client, bool json) const {
  if (removable_ && locked_) return failed("--removable and --locked exclude each other");
  const auto body = order();
  if (!body) return failed(body.error().message);
  const auto answer = client.post("/api/v1/profile", *body);
  if (!answer) return failed(answer.error().message);
  if (json) std::cout << answer->body;
  if (!answer->good()) return failed(problem_sentence(answer->body));
  return json ? kGood : print(answer->body);
}

}  // namespace larder::admin
