// SPDX-License-Identifier: MIT
#include "reports/journal.h"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>

#include "reports/record_format.h"

namespace larder::reports {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNameDigits = 20;
// A file is followed by the next one at this size, so that what is posted can be dropped soon. Some thousand records.
constexpr std::uint64_t kFileBytes = 1024 * 1024;

std::uint64_t check_of(std::string_view record, std::uint64_t sequence) {
  return XXH3_64bits_withSeed(record.data(), record.size(), sequence);
}

Batch read_file(const fs::path& path, std::uint64_t first) {
  Batch batch{first, {}};
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  StoredReader reader(bytes);
  for (;;) {
    const std::uint32_t length = reader.u32();
    const std::uint64_t check = reader.u64();
    const std::string_view record = reader.raw(length);
    if (!reader.ok() || check != check_of(record, first + batch.fetches.size())) return batch;
    auto fetch = decode_record(record);
    if (!fetch) return batch;
    batch.fetches.push_back(std::move(*fetch));
  }
}

}  // namespace

Journal::Journal(fs::path directory, std::uint64_t next) : directory_(std::move(directory)), next_(next) {}

Journal::~Journal() {
  close();
}

fs::path Journal::file(std::uint64_t first) const {
  std::string digits = std::to_string(first);
  return directory_ / (std::string(kNameDigits - digits.size(), '0') + digits);
}

std::vector<std::uint64_t> Journal::files() const {
  std::vector<std::uint64_t> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory_, ignored)) {
    const std::string name = entry.path().filename().string();
    std::uint64_t first = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), first);
    if (name.size() == kNameDigits && error == std::errc() && end == name.data() + name.size()) found.push_back(first);
  }
  std::ranges::sort(found);
  return found;
}

std::vector<Batch> Journal::unposted() {
  std::vector<Batch> batches;
  const std::uint64_t wanted = next_;
  for (const std::uint64_t first : files()) {
    Batch batch = read_file(file(first), first);
    const std::uint64_t behind = first + batch.fetches.size();
    ends_[first] = behind;
    // Names may not come again: the sequence goes on behind everything that was ever written.
    next_ = std::max({next_, behind, first + 1});
    if (behind <= wanted) continue;
    const std::uint64_t skipped = wanted > first ? wanted - first : 0;
    batch.fetches.erase(batch.fetches.begin(), batch.fetches.begin() + static_cast<std::ptrdiff_t>(skipped));
    batch.first_sequence += skipped;
    batches.push_back(std::move(batch));
  }
  return batches;
}

Status Journal::append(std::span<Batch> batches) {
  const std::uint64_t first = next_;
  frames_.clear();
  for (Batch& batch : batches) {
    batch.first_sequence = next_;
    for (const FetchRecord& fetch : batch.fetches) {
      record_.clear();
      encode_record(fetch, record_);
      frames_.u32(static_cast<std::uint32_t>(record_.view().size()));
      frames_.u64(check_of(record_.view(), next_++));
      frames_.raw(record_.view());
    }
  }
  return write(frames_.view(), first);
}

Error Journal::failed(int code) {
  close_file(next_);
  return fail(code == ENOSPC ? ErrorKind::storage_full : ErrorKind::storage_broken,
              "writing the ledger's journal in " + directory_.string() + ": " + std::strerror(code));
}

Status Journal::begin() {
  return fd_ < 0 ? begin_file(next_) : ok();
}

Status Journal::begin_file(std::uint64_t first) {
  std::error_code made;
  fs::create_directories(directory_, made);
  if (made) return failed(made.value());
  fd_ = ::open(file(first).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (fd_ < 0) return failed(errno);
  size_ = 0;
  const std::lock_guard lock(mutex_);
  ends_[first] = UINT64_MAX;
  return ok();
}

Status Journal::write(std::string_view bytes, std::uint64_t first) {
  if (fd_ >= 0 && size_ >= kFileBytes) close_file(first);
  if (fd_ < 0) {
    if (const Status begun = begin_file(first); !begun) return begun;
  }
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed(errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    size_ += static_cast<std::uint64_t>(written);
  }
  return ok();
}

void Journal::close() {
  close_file(next_);
}

// `behind`: sequence behind the file's last record.
void Journal::close_file(std::uint64_t behind) {
  if (fd_ < 0) return;
  ::close(fd_);
  fd_ = -1;
  const std::lock_guard lock(mutex_);
  if (!ends_.empty()) ends_.rbegin()->second = behind;
}

void Journal::posted(std::uint64_t next) {
  const std::lock_guard lock(mutex_);
  while (!ends_.empty() && ends_.begin()->second <= next) {
    std::error_code ignored;
    fs::remove(file(ends_.begin()->first), ignored);
    ends_.erase(ends_.begin());
  }
}

}  // namespace larder::reports
