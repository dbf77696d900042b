// SPDX-License-Identifier: MIT
#include "admin/prefetch_command.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>
#include <utility>

#include "admin/progress_bar.h"
#include "admin/show_answer.h"
#include "admin/text_table.h"
#include "base/bytes.h"

namespace larder::admin {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kGood = 0;
constexpr int kFailed = 1;
constexpr const char* kTarget = "/api/v1/cache/prefetch";
constexpr std::chrono::milliseconds kAskAgain{500};

int failed(const std::string& message) {
  std::cerr << "larder: " << message << "\n";
  return kFailed;
}

std::uint64_t number(const Json& row, const char* name) {
  return row.at(name).is_null() ? 0 : row.at(name).get<std::uint64_t>();
}

// The rows of these ids.
Json chosen(const Json& list, const std::set<std::string>& ids) {
  Json rows = Json::array();
  for (const Json& row : list.at("items")) {
    if (ids.contains(row.at("id").get<std::string>())) rows.push_back(row);
  }
  return rows;
}

bool is_over(const Json& row) {
  const std::string state = row.at("state").get<std::string>();
  return state != "waiting" && state != "running";
}

bool all_over(const Json& rows) {
  return std::all_of(rows.begin(), rows.end(), is_over);
}

// How many are over, and how far all are together.
void show(ProgressBar& progress, const Json& rows) {
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  std::size_t over = 0;
  for (const Json& row : rows) {
    done += number(row, "bytes_done");
    total += number(row, "bytes_total");
    over += is_over(row) ? 1 : 0;
  }
  progress.show(std::to_string(over) + " of " + std::to_string(rows.size()), done, total);
}

void print(const Json& rows) {
  std::vector<std::vector<std::string>> cells;
  for (const Json& row : rows) {
    std::string release = row.at("product").get<std::string>();
    const std::string version = row.at("version").get<std::string>();
    if (!version.empty()) release.append(" ").append(version);
    cells.push_back({row.at("state").get<std::string>(), format_bytes(number(row, "bytes_done")), std::move(release),
                     row.at("url").get<std::string>()});
  }
  std::cout << text_table({{"STATE"}, {"BYTES", Align::right}, {"PRODUCT"}, {"URL"}}, cells, terminal_width());
  for (const Json& row : rows) {
    if (!row.at("why").is_null())
      std::cerr << "larder: " << row.at("url").get<std::string>() << ": " << row.at("why").get<std::string>() << "\n";
  }
}

}  // namespace

CLI::App* PrefetchCommand::add(CLI::App& app) {
  CLI::App* command = app.add_subcommand("prefetch", "Bring updates into the store before a device asks for them");
  auto* urls = command->add_option("URL", urls_, "Whole URLs of files; or name a product");
  auto* product = command->add_option("--product", product_, "All whole packages of this product that catalogues list");
  command->add_option("--version", version_, "Of this version; else of the newest")->needs(product);
  product->excludes(urls);
  command->add_flag("--no-wait", no_wait_, "Do not wait for the end");
  return command;
}

int PrefetchCommand::run(ApiClient& client, bool json) const {
  Json order;
  if (!urls_.empty()) order["urls"] = urls_;
  if (!product_.empty()) order["product"] = product_;
  if (!version_.empty()) order["version"] = version_;
  if (order.is_null()) order = Json::object();
  auto answer = client.post(kTarget, order.dump(-1, ' ', false, Json::error_handler_t::replace));
  std::set<std::string> ids;
  Json rows;
  ProgressBar progress(json ? ProgressBar::Shown::never : ProgressBar::Shown::on_terminal);
  for (;;) {
    if (!answer) return failed(answer.error().message);
    if (!answer->good()) {
      if (json) std::cout << answer->body;
      return failed(problem_sentence(answer->body));
    }
    const Json list = Json::parse(answer->body, nullptr, false);
    if (list.is_discarded() || !list.contains("items"))
      return failed("larderd's answer is not what this command knows");
    if (ids.empty()) {
      for (const Json& row : list.at("items")) ids.insert(row.at("id").get<std::string>());
    }
    rows = chosen(list, ids);
    show(progress, rows);
    if (no_wait_ || all_over(rows)) break;
    std::this_thread::sleep_for(kAskAgain);
    answer = client.get(kTarget);
  }
  progress.end();
  if (json) {
    std::cout << Json{{"items", rows}, {"next_cursor", nullptr}}.dump() << "\n";
  } else {
    print(rows);
  }
  const bool failures =
      std::any_of(rows.begin(), rows.end(), [](const Json& row) { return row.at("state") == "failed"; });
  return failures || rows.size() < ids.size() ? kFailed : kGood;
}

}  // namespace larder::admin
