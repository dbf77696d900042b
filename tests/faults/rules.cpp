// SPDX-License-Identifier: MIT
#include "rules.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <string_view>
#include <utility>

namespace larder::faults {

namespace {

constexpr std::array<std::pair<std::string_view, int>, 4> kCodes{
    {{"ENOSPC", ENOSPC}, {"EIO", EIO}, {"EROFS", EROFS}, {"EDQUOT", EDQUOT}}};

int code_of(std::string_view name) {
  for (const auto& [known, code] : kCodes) {
    if (known == name) return code;
  }
  return EIO;
}

std::string read_control() {
  const char* const name = std::getenv("LARDER_FAULTS");
  if (name == nullptr) return {};
  const long fd = syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return {};
  std::array<char, 4096> bytes;  // NOLINT: filled by read
  const long length = syscall(SYS_read, fd, bytes.data(), bytes.size());
  syscall(SYS_close, fd);
  return {bytes.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
}

void add_rule(Rules& rules, const std::string& line) {
  std::istringstream words(line);
  std::string word;
  std::string act;
  words >> word;
  if (word == "under") {
    words >> rules.under;
  } else if (word == "slow") {
    words >> act >> rules.slow_sync_ms;
  } else if (word == "unreadable") {
    BadPages bad;
    words >> bad.part >> bad.first >> bad.count;
    bad.text = line;
    rules.bad = bad;
  } else if (word == "cut") {
    Cut cut;
    words >> cut.sync >> cut.seed;
    rules.cut = cut;
  } else if (word == "fail" || word == "short") {
    Rule rule;
    std::string code;
    words >> act >> code >> rule.part;
    rule.act = act == "sync" ? Act::sync : act == "open" ? Act::open : act == "head" ? Act::head : Act::write;
    rule.way = word == "short" ? Way::half : Way::fail;
    rule.code = code_of(code);
    rules.list.push_back(std::move(rule));
  }
}

}  // namespace

const Rule* Rules::find(Act act, const std::string& path) const {
  if (!watches(path)) return nullptr;
  for (const Rule& rule : list) {
    if (rule.act == act && path.find(rule.part) != std::string::npos) return &rule;
  }
  return nullptr;
}

Rules current_rules() {
  Rules rules;
  std::istringstream lines(read_control());
  for (std::string line; std::getline(lines, line);) add_rule(rules, line);
  return rules;
}

}  // namespace larder::faults
