// SPDX-License-Identifier: MIT
#include "admin/command_calls.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <thread>

#include "admin/progress_bar.h"
#include "admin/text_table.h"
#include "config/keys.h"
#include "config/load.h"
#include "config/token.h"

namespace larder::admin {
namespace {

// How often the progress of a verification is asked for.
constexpr std::chrono::milliseconds kAskAgain{500};

ProgressBar::Shown shown(const CommandOptions& options) {
  return options.json ? ProgressBar::Shown::never : ProgressBar::Shown::on_terminal;
}

// Shows on `progress` how far each exchange of the client has come.
void follow(ApiClient& client, ProgressBar& progress, const std::string& what) {
  client.on_progress([&progress, what](std::uint64_t done, std::uint64_t total) { progress.show(what, done, total); });
}

// What a verification has to read; 0: not known.
std::uint64_t bytes_to_verify(ApiClient& client) {
  const auto status = client.get("/api/v1/status");
  return status && status->good() ? bytes_held_in(status->body) : 0;
}

std::string progress_of(const VerificationState& state) {
  return std::to_string(state.objects) + " objects verified, " + std::to_string(state.damaged) + " damaged";
}

// Of a file, or of standard input when its name is "-".
std::optional<std::string> contents_of(const std::string& name) {
  std::ifstream file;
  if (name != "-") {
    file.open(name, std::ios::binary);
    if (!file) return std::nullopt;
  }
  return std::string(std::istreambuf_iterator<char>(name == "-" ? std::cin : file), {});
}

}  // namespace

int failed(const std::string& message) {
  std::cerr << "larder: " << message << "\n";
  return kFailed;
}

Result<ApiClient> connect(const CommandOptions& options) {
  std::string token;
  if (const char* given = std::getenv("LARDER_TOKEN"); given != nullptr) token = given;
  if (!options.token_file.empty()) {
    const auto read = config::read_admin_token(options.token_file);
    if (!read) return read.error();
    token = *read;
  }
  return ApiClient(options.admin, token);
}

int print(const CommandOptions& options, Subject subject, const Result<ApiAnswer>& answer) {
  if (!answer) return failed(answer.error().message);
  if (!answer->good()) {
    if (options.json) std::cout << answer->body;
    return failed(problem_sentence(answer->body));
  }
  if (options.json || options.csv) {
    std::cout << answer->body;
    return kGood;
  }
  const auto text = show_answer(subject, answer->body, terminal_width());
  if (!text) return failed(text.error().message);
  std::cout << *text;
  return kGood;
}

// Once, or again and again with --watch, until it is interrupted; an answer that fails now may come the next time.
int get(const CommandOptions& options, Subject subject, const std::string& target) {
  auto client = connect(options);
  if (!client) return failed(client.error().message);
  if (options.watch_seconds == 0) return print(options, subject, client->get(target));
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  for (;;) {
    const auto answer = client->get(target);
    if (terminal) std::cout << "\033[H\033[2J";
    print(options, subject, answer);
    if (!terminal && !options.json) std::cout << "\n";
    std::cout.flush();
    if (!std::cout) return kFailed;
    std::this_thread::sleep_for(std::chrono::seconds(options.watch_seconds));
  }
}

int report_traffic(const CommandOptions& options) {
  return get(options, options.by.empty() ? Subject::traffic : Subject::sums,
             "/api/v1/reports/traffic" + query_of(options));
}

int repair_totals(const CommandOptions& options) {
  auto client = connect(options);
  if (!client) return failed(client.error().message);
  return print(options, Subject::totals, client->post("/api/v1/ledger/totals", ""));
}

int check_audit(const CommandOptions& options) {
  auto client = connect(options);
  if (!client) return failed(client.error().message);
  const auto answer = client->get("/api/v1/audit/check");
  const int printed = print(options, Subject::audit, answer);
  return printed == kGood && is_whole(answer->body) ? kGood : kFailed;
}

int order(const CommandOptions& options, const std::string& target) {
  auto client = connect(options);
  if (!client) return failed(client.error().message);
  return print(options, Subject::order, client->post(target, order_json(options.url)));
}

std::string query_of(const CommandOptions& options) {
  std::string query;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) query += (query.empty() ? "?" : "&") + std::string(name) + "=" + query_escape(value);
  };
  add("from", options.from);
  add("to", options.to);
  add("product", options.product);
  add("device", options.device);
  add("group", options.group);
  add("version", options.version);
  add("by", options.by);
  add("limit", options.limit);
  add("cursor", options.cursor);
  if (options.csv) add("format", "csv");
  return query;
}

int verify(const CommandOptions& options) {
  const std::string target = "/api/v1/cache/verify";
  auto client = connect(options);
  if (!client) return failed(client.error().message);
  constexpr int kRunsAlready = 409;  // then that one is followed
  const auto started = client->post(target, "");
  if (!started || (!started->good() && started->status != kRunsAlready)) {
    return print(options, Subject::verification, started);
  }
  const std::uint64_t total = bytes_to_verify(*client);
  ProgressBar progress(shown(options));
  for (;;) {
    const auto answer = client->get(target);
    if (!answer || !answer->good()) return print(options, Subject::verification, answer);
    const auto state = read_verification(answer->body);
    if (!state) return failed(state.error().message);
    progress.show(progress_of(*state), state->bytes, std::max(total, state->bytes));
    if (state->state != "running") {
      progress.end();
      const int printed = print(options, Subject::verification, answer);
      return printed == kGood && state->state == "finished" && state->damaged == 0 ? kGood : kFailed;
    }
    std::this_thread::sleep_for(kAskAgain);
  }
}

int import_devices(const CommandOptions& options) {
  const auto list = contents_of(options.file);
  if (!list) return failed(options.file + " cannot be read");
  auto client = connect(options);
  if (!client) return failed(client.error().message);
  ProgressBar progress(shown(options));
  follow(*client, progress, "sent");
  const auto answer = client->post(std::string("/api/v1/devices/import") + (options.dry_run ? "?dry_run=true" : ""),
                                   *list, "text/csv; charset=utf-8");
  progress.end();
  return print(options, Subject::import, answer);
}

int erase_device(const CommandOptions& options) {
  auto client = connect(options);
  if (!client) return failed(client.error().message);
  return print(options, Subject::erased,
               client->post(std::string("/api/v1/devices/erase") + (options.dry_run ? "?dry_run=true" : ""),
                            id_json(options.device_id)));
}

int export_bundle(const CommandOptions& options) {
  auto client = connect(options);
  if (!client) return failed(client.error().message);
  ProgressBar progress(shown(options));
  follow(*client, progress, "received");
  const auto answer = client->get("/api/v1/catalogues/bundle");
  progress.end();
  if (!answer || !answer->good()) return print(options, Subject::bundle, answer);
  if (options.file == "-") {
    std::cout << answer->body;
    return std::cout.flush() ? kGood : failed("standard output cannot be written");
  }
  std::ofstream file(options.file, std::ios::binary | std::ios::trunc);
  file << answer->body;
  file.close();
  return file ? kGood : failed(options.file + " cannot be written");
}

int import_bundle(const CommandOptions& options) {
  const auto bundle = contents_of(options.file);
  if (!bundle) return failed(options.file + " cannot be read");
  auto client = connect(options);
  if (!client) return failed(client.error().message);
  ProgressBar progress(shown(options));
  follow(*client, progress, "sent");
  const auto answer = client->post("/api/v1/catalogues/bundle", *bundle, "application/octet-stream");
  progress.end();
  return print(options, Subject::bundle, answer);
}

int test_webhooks(const CommandOptions& options) {
  auto client = connect(options);
  if (!client) return failed(client.error().message);
  const auto answer = client->post("/api/v1/webhooks/test", webhook_json(options.webhook));
  const int printed = print(options, Subject::webhook_tests, answer);
  return printed == kGood && all_delivered(answer->body) ? kGood : kFailed;
}

int print_root(const CommandOptions& options) {
  auto client = connect(options);
  if (!client) return failed(client.error().message);
  const auto answer = client->get("/api/v1/tls");
  if (!answer || !answer->good()) return print(options, Subject::tls, answer);
  const std::string root = root_in(answer->body);
  if (root.empty()) return failed("there is no authority of the site's own; larder tls init makes it");
  std::cout << root;
  return kGood;
}

int explain(const CommandOptions& options) {
  if (!options.key.empty() && config::find_key(options.key) == nullptr) {
    const auto near = config::nearest_key(options.key);
    std::cerr << "larder: there is no key \"" << options.key << "\""
              << (near.empty() ? "; `larder config explain` lists all" : "; did you mean " + std::string(near) + "?")
              << "\n";
    return kUsedWrongly;
  }
  config::Loaded loaded;
  if (!options.config_file.empty()) {
    loaded = config::load_file(options.config_file);
    for (const auto& problem : loaded.problems) std::cerr << problem.text() << "\n";
    if (loaded.config == nullptr) return kFailed;
  }
  std::cout << (options.json ? explain_keys_json(options.key, loaded.config.get())
                             : explain_keys(options.key, loaded.config.get(), terminal_width()));
  return kGood;
}

}  // namespace larder::admin
