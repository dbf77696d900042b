// SPDX-License-Identifier: MIT
#include "admin/audit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <utility>

#include "admin/handlers.h"
#include "admin/json.h"
#include "admin/query.h"
#include "base/digest.h"
#include "base/sync_path.h"
#include "base/text.h"
#include "base/thread.h"
#include "base/time_text.h"

namespace larder::admin {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTextBytes = 256;
constexpr mode_t kMode = 0600;

std::string digest_of(std::string_view line) {
  return Sha256::of(std::as_bytes(std::span(line.data(), line.size()))).hex();
}

// Printable ASCII, at most kTextBytes.
std::string cleaned(const std::string& text) {
  std::string clean = text.substr(0, kTextBytes);
  std::replace_if(
      clean.begin(), clean.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return clean;
}

std::string line_of(const AuditEntry& entry, const std::string& before) {
  const Json json{{"sequence", entry.sequence},
                  {"time", to_rfc3339(entry.time)},
                  {"who", entry.who},
                  {"address", entry.address},
                  {"agent", cleaned(entry.agent)},
                  {"what", cleaned(entry.what)},
                  {"order", cleaned(entry.order)},
                  {"status", entry.status},
                  {"problem", cleaned(entry.problem)},
                  {"milliseconds", entry.milliseconds},
                  {"refused_besides", entry.refused_besides},
                  {"before", before}};
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::optional<AuditEntry> from_json(const Json& json) {
  const auto time = json.is_object() ? parse_time(json.value("time", "")) : std::nullopt;
  if (!time) return std::nullopt;
  AuditEntry entry;
  entry.sequence = json.value("sequence", std::uint64_t{0});
  entry.time = *time;
  entry.who = json.value("who", "");
  entry.address = json.value("address", "");
  entry.agent = json.value("agent", "");
  entry.what = json.value("what", "");
  entry.order = json.value("order", "");
  entry.status = json.value("status", 0);
  entry.problem = json.value("problem", "");
  entry.milliseconds = json.value("milliseconds", std::uint64_t{0});
  entry.refused_besides = json.value("refused_besides", std::uint64_t{0});
  return entry;
}

// Nothing: it is not JSON, or its fields are of other types.
std::optional<Json> read_json(std::string_view line) {
  Json json = Json::parse(line, nullptr, false);
  if (json.is_discarded() || !json.is_object()) return std::nullopt;
  return json;
}

std::optional<AuditEntry> read_entry(std::string_view line) {
  try {
    const auto json = read_json(line);
    return json ? from_json(*json) : std::nullopt;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::string contents_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// Whole lines, without their ends.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

fs::path numbered(const fs::path& file, unsigned number) {
  if (number == 0) return file;
  return file.parent_path() / (file.stem().string() + "." + std::to_string(number) + file.extension().string());
}

std::string system_problem(const std::string& doing) {
  return doing + ": " + std::strerror(errno);
}

// A URL's query may hold a secret.
std::string without_queries(std::string_view json) {
  std::string text;
  bool in_query = false;
  for (const char c : json) {
    if (c == '"') in_query = false;
    if (!in_query) text += c;
    if (c == '?') in_query = true;
  }
  return text;
}

// What an order says of itself. Whom an erasure has forgotten is not kept: it would be remembered here.
std::string order_text(const Route& route, const Request& request) {
  const bool rehearsal = request.query == "dry_run=true";
  std::string text = rehearsal ? "?dry_run=true" : request.query.empty() ? "" : "?...";
  if (request.body.empty()) return text;
  if (!text.empty()) text += " ";
  if (route.handle == erase_device) return text + "a device";
  if (route.handle == test_webhooks) return text + "a webhook";  // its URL may be a secret
  const bool json = request.body.size() <= kTextBytes && read_json(request.body);
  return text + (json ? without_queries(request.body) : std::to_string(request.body.size()) + " bytes");
}

}  // namespace

AuditEntry entry_of(const Route& route, const Request& request, std::string who) {
  AuditEntry entry;
  entry.who = std::move(who);
  entry.address = request.peer.text();
  entry.agent = request.agent;
  entry.what = request.method + " " + request.path;
  entry.order = order_text(route, request);
  return entry;
}

AuditEntry with_answer(AuditEntry entry, const Response& response) {
  constexpr int kBad = 400;
  entry.status = response.status;
  if (response.status < kBad) return entry;
  const auto json = read_json(response.body);
  // Of an erasure it may say whom.
  const bool told = json && json->contains("detail") && json->at("detail").is_string() &&
                    entry.what.find("/devices/erase") == std::string::npos;
  entry.problem = told ? json->at("detail").get<std::string>() : std::string(reason_phrase(response.status));
  return entry;
}

Audit::Audit(fs::path file, const Clock& clock) : file_(std::move(file)), clock_(clock) {
  const std::lock_guard files(files_mutex_);
  if (const Status opened = open_file(); !opened) problem_ = opened.error().message;
  thread_ = std::thread([this] { run(); });
}

Audit::~Audit() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  thread_.join();
  if (fd_ >= 0) ::close(fd_);
}

void Audit::add(AuditEntry entry, std::function<void()> done) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back({std::move(entry), false, std::move(done)});
  wake_.notify_one();
}

void Audit::add_refused(AuditEntry entry) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= kRefusedWaiting) {
    ++unnamed_;
    return;
  }
  waiting_.push_back({std::move(entry), true, {}});
  wake_.notify_one();
}

void Audit::run() {
  name_this_thread("audit");
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    Added added = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    if (!added.refused || names_refusal()) write(added.entry);
    if (added.done) added.done();
    lock.lock();
  }
}

// Who is refused again and again cannot push what has happened out of the record.
bool Audit::names_refusal() {
  if (clock_.steady() - minute_ >= std::chrono::minutes(1)) {
    minute_ = clock_.steady();
    refused_ = 0;
  }
  if (++refused_ <= kRefusedAMinute) return true;
  const std::lock_guard lock(mutex_);
  ++unnamed_;
  return false;
}

void Audit::write(AuditEntry& entry) {
  const std::lock_guard files(files_mutex_);
  Status written = fd_ < 0 ? open_file() : ok();
  std::uint64_t unnamed = 0;
  {
    const std::lock_guard lock(mutex_);
    unnamed = unnamed_;
  }
  entry.sequence = sequence_ + 1;
  entry.time = clock_.now();
  entry.refused_besides = unnamed;
  const std::string line = line_of(entry, before_);
  if (written && size_ > 0 && size_ + line.size() + 1 > kAuditBytes) written = rotate();
  if (written) written = append(line);
  if (written) {
    size_ += line.size() + 1;
    sequence_ = entry.sequence;
    before_ = digest_of(line);
  }
  const std::lock_guard lock(mutex_);
  if (written) unnamed_ -= unnamed;
  problem_ = written ? "" : written.error().message;
}

// A line that cannot be written whole is taken back, so that the next one follows the last.
Status Audit::append(const std::string& line) {
  const std::string bytes = line + "\n";
  const ssize_t count = ::write(fd_, bytes.data(), bytes.size());
  if (count == static_cast<ssize_t>(bytes.size()) && ::fdatasync(fd_) == 0) return ok();
  if (count >= 0 && count < static_cast<ssize_t>(bytes.size())) errno = ENOSPC;
  const std::string why = system_problem("writing " + file_.string());
  if (::ftruncate(fd_, static_cast<off_t>(size_)) != 0) ::close(std::exchange(fd_, -1));  // mended with the next
  return fail(ErrorKind::storage_broken, why);
}

Status Audit::open_file() {
  fd_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, kMode);
  if (fd_ < 0) return fail(ErrorKind::storage_broken, system_problem("opening " + file_.string()));
  sync_path(file_.parent_path());
  const std::string text = contents_of(file_);
  size_ = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
  if (size_ < text.size() && ::ftruncate(fd_, static_cast<off_t>(size_)) != 0) {
    const std::string why = system_problem("mending " + file_.string());
    ::close(std::exchange(fd_, -1));
    return fail(ErrorKind::storage_broken, why);
  }
  before_.clear();
  sequence_ = 0;
  std::uint64_t unreadable = 0;  // lines behind the last entry: they have had a number too
  for (const fs::path& file : files()) {
    const std::string kept = contents_of(file);
    const auto lines = lines_of(kept);
    if (before_.empty() && !lines.empty()) before_ = digest_of(lines.back());
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
      if (const auto entry = read_entry(*line)) {
        sequence_ = entry->sequence + unreadable;
        return ok();
      }
      ++unreadable;
    }
  }
  return ok();
}

// Nothing is lost by a step that fails, however often it is tried: the new file is made first, and files move only up
// to the first number that is free.
Status Audit::rotate() {
  const fs::path fresh = file_.string() + ".new";
  const int opened = ::open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, kMode);
  if (opened < 0) return fail(ErrorKind::storage_broken, system_problem("opening " + fresh.string()));
  std::error_code failed;
  unsigned free = 1;
  while (free < kAuditFiles - 1 && fs::exists(numbered(file_, free), failed)) ++free;
  for (unsigned number = free; number > 0 && !failed; --number) {
    if (fs::exists(numbered(file_, number - 1), failed)) {
      fs::rename(numbered(file_, number - 1), numbered(file_, number), failed);
    }
  }
  if (!failed) fs::rename(fresh, file_, failed);
  if (failed) {
    ::close(opened);
    return fail(ErrorKind::storage_broken, "beginning a new " + file_.string() + ": " + failed.message());
  }
  ::close(std::exchange(fd_, opened));
  sync_path(file_.parent_path());
  size_ = 0;
  return ok();
}

std::vector<fs::path> Audit::files() const {
  std::vector<fs::path> files;
  std::error_code ignored;
  for (unsigned number = 0; number < kAuditFiles; ++number) {
    if (fs::exists(numbered(file_, number), ignored)) files.push_back(numbered(file_, number));
  }
  return files;
}

AuditPage Audit::page(std::optional<WallTime> from, std::optional<WallTime> to, std::uint64_t before,
                      std::size_t limit) const {
  AuditPage page;
  const std::lock_guard lock(files_mutex_);
  for (const fs::path& file : files()) {
    const std::string text = contents_of(file);
    const auto lines = lines_of(text);
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
      auto entry = read_entry(*line);
      if (!entry || (before != 0 && entry->sequence >= before)) continue;
      if ((from && entry->time < *from) || (to && entry->time >= *to)) continue;
      if (page.entries.size() == limit) {
        page.next_before = page.entries.back().sequence;
        return page;
      }
      page.entries.push_back(std::move(*entry));
    }
  }
  return page;
}

AuditCheck Audit::check() const {
  AuditCheck check;
  const std::lock_guard lock(files_mutex_);
  auto all = files();
  std::reverse(all.begin(), all.end());
  // Before the first line there ever was stands nothing; older files have gone only when there are as many as may be.
  std::optional<std::string> expected;
  if (all.size() < kAuditFiles) expected = "";
  for (const fs::path& file : all) {
    const std::string text = contents_of(file);
    for (const std::string_view line : lines_of(text)) {
      ++check.entries;
      const auto json = read_json(line);
      const auto entry = read_entry(line);
      const std::uint64_t place = entry ? entry->sequence : check.entries;
      if (check.first == 0) check.first = place;
      const bool follows = entry && json->contains("before") && json->at("before").is_string() &&
                           (!expected || json->at("before") == *expected);
      if (!follows && !check.broken_at) {
        check.broken_at = place;
        check.why = entry ? "the line before it in " + file.string() + " was changed, or lines before it are missing"
                          : "line " + std::to_string(check.entries) + " in " + file.string() + " is no entry";
      }
      expected = digest_of(line);
    }
  }
  if (!check.broken_at && fd_ >= 0 && expected.value_or("") != before_) {
    check.broken_at = sequence_;
    check.why = "the last line of " + file_.string() + " is not the one that was written last";
  }
  return check;
}

std::string Audit::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

}  // namespace larder::admin
