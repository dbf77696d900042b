// SPDX-License-Identifier: MIT
// What the larder command's subcommands do: each asks one question of the admin API or gives it one order, shows the
// answer on standard output and what went wrong on standard error, and returns the program's exit code.
// Threads: the program's only one.
#pragma once

#include <string>
#include <vector>

#include "admin/api_client.h"
#include "admin/show_answer.h"
#include "base/result.h"

namespace larder::admin {

inline constexpr int kGood = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsedWrongly = 2;

// What the command line has said; which of it counts, the subcommand knows.
struct CommandOptions {
  std::string admin = "http://127.0.0.1:8081";
  std::string token_file;
  bool json = false;
  bool csv = false;
  std::string from, to, product, device, group, version, by, limit, cursor;
  std::string file;
  bool dry_run = false;
  std::string device_id;
  std::string url;
  std::string webhook;
  std::vector<std::string> names;
  std::string format;
  std::vector<std::string> addresses;
  bool https = false;
  std::string key;
  std::string config_file;
  unsigned watch_seconds = 0;  // 0: once
};

// Says it, and is kFailed.
int failed(const std::string& message);

// The client of the API that the options name, with their token. Fails when the token's file cannot be read.
Result<ApiClient> connect(const CommandOptions& options);

// The answer as the options want it: unchanged, as CSV or as a table.
int print(const CommandOptions& options, Subject subject, const Result<ApiAnswer>& answer);

// Asks once, or with --watch again and again until it is interrupted.
int get(const CommandOptions& options, Subject subject, const std::string& target);

// The options that are a report's parameters, from the "?" on; "" when there are none.
std::string query_of(const CommandOptions& options);

int report_traffic(const CommandOptions& options);
int repair_totals(const CommandOptions& options);
int check_audit(const CommandOptions& options);                       // kFailed as well when the record is broken
int order(const CommandOptions& options, const std::string& target);  // about options.url
int verify(const CommandOptions& options);
int import_devices(const CommandOptions& options);
int erase_device(const CommandOptions& options);
int export_bundle(const CommandOptions& options);
int import_bundle(const CommandOptions& options);
int test_webhooks(const CommandOptions& options);
int print_root(const CommandOptions& options);
int explain(const CommandOptions& options);

}  // namespace larder::admin
