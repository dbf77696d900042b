// SPDX-License-Identifier: MIT
// `larder prefetch`: its words on the command line, and how far it is.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "admin/api_client.h"

namespace larder::admin {

class PrefetchCommand {
 public:
  // Adds the subcommand; the words are kept here, so this outlives the parsing.
  CLI::App* add(CLI::App& app);

  // Gives the order and waits for its end, with a line of progress on a terminal. The exit status: 0 all is in the
  // store, 1 something is not. `json`: the list at the end, as the API has it.
  int run(ApiClient& client, bool json) const;

 private:
  std::vector<std::string> urls_;
  std::string product_, version_;
  bool no_wait_ = false;
};

}  // namespace larder::admin
