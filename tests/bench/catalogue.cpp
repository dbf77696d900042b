// SPDX-License-Identifier: MIT
// What catalogues cost and teach: the time and memory to read each, the time to look one URL up, and how every file
// they list is known.
//   bench_catalogue [--urls FILE] CATALOGUE...
// A CATALOGUE is a file below a directory named like its host ("swscan.apple.com/content/catalogs/..."), or any file
// whose content tells what it is. Each is read alone for its cost, in a process of its own, and all together for the
// rest. With --urls, the URLs of that file (the first of each line) are resolved as well and printed.
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "updates/canonical.h"
#include "updates/knowledge.h"
#include "updates/recognise.h"

using namespace larder;
using namespace larder::updates;

namespace {

using Clock = std::chrono::steady_clock;
using Snapshot = std::shared_ptr<const Knowledge>;

constexpr int kRounds = 7;

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

Result<Snapshot> learn_text(const Snapshot& before, const std::string& path, const std::string& text) {
  return learn_file(before, path, std::as_bytes(std::span(text)));
}

long peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// In a child, so that no catalogue is measured with another's memory.
bool measure(const std::string& path) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child < 0) return false;
  if (child > 0) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  const std::string text = read_file(path);
  const long before_kib = peak_kib();
  const auto first = learn_text(Knowledge::empty(), path, text);
  const long peak = peak_kib() - before_kib;
  malloc_trim(0);
  const struct mallinfo2 held = mallinfo2();
  if (!first) {
    std::printf("%-60s  not read: %s\n", path.c_str(), first.error().message.c_str());
    std::fflush(stdout);
    _exit(1);
  }
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    const auto begin = Clock::now();
    const auto known = learn_text(Knowledge::empty(), path, text);
    times.push_back(milliseconds(Clock::now() - begin));
    if (!known) _exit(1);
  }
  std::sort(times.begin(), times.end());
  std::printf("%-60s %9zu bytes %7zu files %6zu builds %8.2f ms %8.1f MB peak %8.1f MB kept\n", path.c_str(),
              text.size(), (*first)->files(), (*first)->builds(), times[times.size() / 2],
              static_cast<double>(peak) / 1024, static_cast<double>(held.uordblks) / 1e6);
  std::fflush(stdout);
  _exit(0);
}

void look_up(const Knowledge& known) {
  std::vector<Url> urls;
  known.each_file([&](const ListedFile& file) {
    if (auto url = Url::parse(file.url)) urls.push_back(*std::move(url));
  });
  if (urls.empty()) return;
  constexpr std::size_t kLookUps = 200'000;
  std::size_t found = 0;
  const auto begin = Clock::now();
  for (std::size_t i = 0; i < kLookUps; ++i) {
    if (known.find(urls[i % urls.size()].text()) != nullptr) ++found;
  }
  const double find_us = milliseconds(Clock::now() - begin) * 1000 / kLookUps;
  const auto recognise_all = [&] {
    const auto started = Clock::now();
    for (std::size_t i = 0; i < kLookUps; ++i) found += recognise(urls[i % urls.size()], known).listed ? 1U : 0U;
    return milliseconds(Clock::now() - started) * 1000 / kLookUps;
  };
  const double recognise_us = recognise_all();
  for (Url& url : urls) url.host[0] = static_cast<char>(url.host[0] - 'a' + 'A');
  const double spelt_us = recognise_all();
  std::printf(
      "look-up of a listed URL: by its key %.2f us; with all that is known of it %.2f us; spelt otherwise %.2f us\n",
      find_us, recognise_us, spelt_us);
  if (found == 0) std::printf("nothing was found\n");
}

struct Tally {
  std::size_t all = 0;
  std::size_t product = 0;
  std::size_t version = 0;
};

void table(const Knowledge& known) {
  std::map<std::string, Tally> by_evidence;
  std::map<std::string, Tally> by_kind;
  known.each_file([&](const ListedFile& file) {
    const auto url = Url::parse(file.url);
    if (!url) return;
    const Recognition seen = recognise(*url, known);
    for (Tally* tally :
         {&by_evidence[std::string(to_string(seen.evidence))], &by_kind[std::string(to_string(seen.kind))]}) {
      ++tally->all;
      if (!seen.product.empty()) ++tally->product;
      if (!seen.version.empty()) ++tally->version;
    }
  });
  for (const auto* tallies : {&by_evidence, &by_kind}) {
    std::printf("\n%-12s %8s %13s %13s\n", tallies == &by_evidence ? "EVIDENCE" : "KIND", "FILES", "WITH PRODUCT",
                "WITH VERSION");
    for (const auto& [name, tally] : *tallies) {
      std::printf("%-12s %8zu %13zu %13zu\n", name.c_str(), tally.all, tally.product, tally.version);
    }
  }
}

void resolve(const Knowledge& known, const std::string& path) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const auto at = std::min(line.find("http"), line.size());
    const auto url = Url::parse(line.substr(at, line.find_first_of(" \t\r", at) - at));
    if (!url) continue;
    const Recognition seen = recognise(*url, known);
    std::printf("%s\n    %s %s %s, by %s, %s%s; type \"%s\"\n", url->text().c_str(), seen.product.c_str(),
                seen.version.c_str(), seen.build.c_str(), std::string(to_string(seen.evidence)).c_str(),
                std::string(to_string(seen.kind)).c_str(),
                seen.from_version.empty() ? "" : (" from " + seen.from_version).c_str(), seen.asset_type.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"What catalogues cost and teach."};
  std::vector<std::string> catalogues;
  std::string urls;
  app.add_option("CATALOGUE", catalogues, "Files")->required();
  app.add_option("--urls", urls, "A file of URLs to resolve");
  CLI11_PARSE(app, argc, argv);
  bool all_read = true;
  Snapshot known = Knowledge::empty();
  for (const std::string& path : catalogues) {
    all_read = measure(path) && all_read;
    if (auto after = learn_text(known, path, read_file(path))) known = *after;
  }
  std::printf("\ntogether: %zu files, %zu builds, %zu catalogues\n", known->files(), known->builds(),
              known->catalogues());
  look_up(*known);
  table(*known);
  if (!urls.empty()) resolve(*known, urls);
  return all_read ? 0 : 1;
}
