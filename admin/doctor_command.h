// SPDX-License-Identifier: MIT
// `larder doctor`: its words on the command line, and what it prints.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "admin/api_client.h"

namespace larder::admin {

class DoctorCommand {
 public:
  // Adds the subcommand; the words are kept here, so this outlives the parsing.
  CLI::App* add(CLI::App& app);

  // The exit status: 0 all is good, or there are warnings only; 1 something is bad. `json`: the API's answer unchanged.
  int run(ApiClient& client, bool json) const;

 private:
  bool offline_ = false;
  std::string client_;  // "" none: the server itself
};

}  // namespace larder::admin
