// SPDX-License-Identifier: MIT
#include "config/token.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include "base/text.h"

namespace larder::config {
namespace {

Error unusable(const std::filesystem::path& file, const std::string& why) {
  return fail(ErrorKind::invalid, "the file " + file.string() + " " + why);
}

}  // namespace

Result<std::string> read_admin_token(const std::filesystem::path& file) {
  struct stat facts {};
  if (stat(file.c_str(), &facts) != 0) {
    return unusable(file,
                    std::string("cannot be read: ") + std::strerror(errno) + "; make one with: openssl rand -hex 32");
  }
  if (!S_ISREG(facts.st_mode)) return unusable(file, "is not a regular file; name a file that holds the token");
  if ((facts.st_mode & S_IROTH) != 0) {
    return unusable(file, "can be read by everyone on this machine; run: chmod o-r " + file.string());
  }
  std::ifstream in(file, std::ios::binary);
  std::string bytes(kTokenMost + 2, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (in.bad() || !in.is_open()) return unusable(file, "cannot be read; let the user larderd runs as read it");
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  const std::string_view token = trim(bytes);
  if (token.size() < kTokenLeast || token.size() > kTokenMost) {
    return unusable(file, "must hold one secret of " + std::to_string(kTokenLeast) + " to " +
                              std::to_string(kTokenMost) + " characters; make one with: openssl rand -hex 32");
  }
  if (!std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7F; })) {
    return unusable(file, "must hold one line of letters, digits and signs without spaces");
  }
  return std::string(token);
}

}  // namespace larder::config
