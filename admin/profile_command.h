// SPDX-License-Identifier: MIT
// `larder profile`: its words on the command line, and what becomes of them.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "admin/api_client.h"

namespace larder::admin {

class ProfileCommand {
 public:
  // Adds the subcommand; the words are kept here, so this outlives the parsing.
  CLI::App* add(CLI::App& app);

  // Asks larderd and prints the profile; what it weakens goes to standard error. `json`: the answer unchanged. The exit
  // status: 0 good, 1 the thing failed.
  int run(ApiClient& client, bool json) const;

 private:
  Result<std::string> order() const;
  int print(const std::string& answer) const;

  std::vector<std::string> kinds_, apps_, dns_addresses_;
  std::string mdm_ = "none";
  std::string server_, token_, organization_, removal_date_, channel_, ssid_, wifi_password_file_, wifi_encryption_;
  std::string dns_url_, dns_name_, root_file_, platform_, os_version_, build_, deadline_, details_url_;
  std::string sign_with_, sign_key_;
  std::uint32_t deadline_days_ = 0, defer_days_ = 0;
  bool secure_ = false, removable_ = false, locked_ = false, summary_ = false;
};

}  // namespace larder::admin
