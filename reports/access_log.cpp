// SPDX-License-Identifier: MIT
#include "reports/access_log.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/thread.h"
#include "reports/identity.h"

namespace larder::reports {
namespace {

using config::AccessLogFormat;
using Json = nlohmann::ordered_json;

constexpr std::chrono::milliseconds kGather{200};  // a line waits so long for others, so that one write takes many
constexpr mode_t kMode = 0640;

bool is_on(const config::LogConfig& log) {
  return log.access != AccessLogFormat::none || log.journal_fetches;
}

std::string escaped(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c > ' ' && c <= '~' && c != '"' && c != '\\') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'\\', 'x', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return out;
}

std::string_view without_query(std::string_view url) {
  return url.substr(0, url.find('?'));
}

WallTime end_of(const FetchRecord& fetch) {
  return fetch.time + fetch.duration;
}

// "27/Nov/2026:02:20:11 +0000", in the machine's time zone, in English whatever its language.
std::string local_time(WallTime time) {
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm parts{};
  localtime_r(&seconds, &parts);
  const long offset = parts.tm_gmtoff / 60;
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%02d/%s/%04d:%02d:%02d:%02d %c%02ld%02ld", parts.tm_mday,
                kMonths.at(static_cast<std::size_t>(parts.tm_mon)), parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                parts.tm_sec, offset < 0 ? '-' : '+', std::abs(offset) / 60, std::abs(offset) % 60);
  return text.data();
}

// "2026-11-27T02:20:11.123456Z"
std::string precise_time(WallTime time) {
  std::string text = to_rfc3339(std::chrono::floor<std::chrono::seconds>(time));
  const auto rest = (time - std::chrono::floor<std::chrono::seconds>(time)).count();
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%06ldZ", static_cast<long>(rest));
  text.pop_back();
  return text + fraction.data();
}

std::string client_of(const FetchRecord& fetch, Whose whose) {
  return whose == Whose::told ? fetch.client.text() : "";
}

std::string token_of(const FetchRecord& fetch, Whose whose) {
  return whose == Whose::told && is_device_token(fetch.token) ? fetch.token : "";
}

}  // namespace

std::string combined_line(const FetchRecord& fetch, Whose whose) {
  const auto or_dash = [](const std::string& text) { return text.empty() ? std::string("-") : escaped(text); };
  const bool connected = fetch.entrance == Entrance::tunnel || fetch.entrance == Entrance::sni;
  const std::string url(without_query(fetch.subject->url));
  return or_dash(client_of(fetch, whose)) + " - " + or_dash(token_of(fetch, whose)) + " [" + local_time(end_of(fetch)) +
         "] \"" + (connected ? "CONNECT " : "GET ") + or_dash(url) + " HTTP/1.1\" " + std::to_string(fetch.status) +
         " " + std::to_string(fetch.bytes_sent) + " \"-\" \"-\"\n";
}

std::string json_line(const FetchRecord& fetch, Whose whose) {
  const FetchSubject& subject = *fetch.subject;
  const Json json{{"time", precise_time(end_of(fetch))},
                  {"client", client_of(fetch, whose)},
                  {"token", token_of(fetch, whose)},
                  {"entrance", to_string(fetch.entrance)},
                  {"answered", to_string(fetch.answered)},
                  {"status", fetch.status},
                  {"url", without_query(subject.url)},
                  {"product", subject.product},
                  {"version", subject.version},
                  {"build", subject.build},
                  {"kind", to_string(subject.kind)},
                  {"bytes_asked", fetch.bytes_asked},
                  {"bytes_sent", fetch.bytes_sent},
                  {"bytes_from_origin", fetch.bytes_from_origin},
                  {"duration_ms", static_cast<double>(fetch.duration.count()) / 1000},
                  {"complete", fetch.complete}};
  return json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::vector<std::string> journal_fields(const FetchRecord& fetch, Whose whose) {
  const FetchSubject& subject = *fetch.subject;
  const std::string url(without_query(subject.url));
  const std::string device = token_of(fetch, whose);
  std::vector<std::string> fields{
      "MESSAGE=" + std::string(to_string(fetch.answered)) + " " + std::to_string(fetch.status) + " " + url,
      "PRIORITY=6",
      "LARDER_ENTRANCE=" + std::string(to_string(fetch.entrance)),
      "LARDER_ANSWERED=" + std::string(to_string(fetch.answered)),
      "LARDER_STATUS=" + std::to_string(fetch.status),
      "LARDER_URL=" + url,
      "LARDER_PRODUCT=" + subject.product,
      "LARDER_VERSION=" + subject.version,
      "LARDER_BYTES_SENT=" + std::to_string(fetch.bytes_sent),
      "LARDER_BYTES_FROM_ORIGIN=" + std::to_string(fetch.bytes_from_origin),
      "LARDER_DURATION_US=" + std::to_string(fetch.duration.count())};
  if (whose == Whose::told) fields.push_back("LARDER_CLIENT=" + fetch.client.text());
  if (!device.empty()) fields.push_back("LARDER_DEVICE=" + device);
  return fields;
}

AccessLog::AccessLog(const config::LogConfig& log, Whose whose) : whose_(whose) {
  apply(log);
  thread_ = std::thread([this] { run(); });
}

AccessLog::~AccessLog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  thread_.join();
  if (fd_ >= 0) ::close(fd_);
}

void AccessLog::apply(const config::LogConfig& log) {
  const std::lock_guard lock(mutex_);
  log_ = log;
  open_anew_ = true;
  on_ = is_on(log);
  wake_.notify_one();
}

void AccessLog::add(const std::vector<FetchRecord>& fetches) {
  if (!on_) return;
  const std::lock_guard lock(mutex_);
  const bool was_empty = waiting_.empty();
  for (const FetchRecord& fetch : fetches) {
    if (fetch.entrance == Entrance::own) continue;
    if (waiting_.size() < kAccessLines) {
      waiting_.push_back(fetch);
    } else {
      ++state_.dropped;
    }
  }
  if (was_empty && !waiting_.empty()) wake_.notify_one();
}

AccessLog::State AccessLog::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void AccessLog::run() {
  name_this_thread("access-log");
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || open_anew_ || !waiting_.empty(); });
    // What was added before a reload belongs to the file before it, if there was one.
    const bool anew = std::exchange(open_anew_, false);
    const config::LogConfig next = log_;
    std::vector<FetchRecord> fetches = std::exchange(waiting_, {});
    const bool stopping = stopping_;
    lock.unlock();
    const bool begins = anew && !is_on(in_use_);
    if (begins) use(next);
    write(fetches);
    if (anew && !begins) use(next);
    lock.lock();
    if (stopping && waiting_.empty()) return;
    if (!stopping) wake_.wait_for(lock, kGather, [this] { return stopping_ || open_anew_; });
  }
}

void AccessLog::use(const config::LogConfig& log) {
  in_use_ = log;
  open_file();
}

void AccessLog::open_file() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  torn_ = false;
  if (in_use_.access == AccessLogFormat::none) return failed("");
  fd_ = ::open(in_use_.access_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kMode);
  failed(fd_ < 0 ? "opening " + in_use_.access_file.string() + ": " + std::strerror(errno) : "");
}

void AccessLog::failed(const std::string& why) {
  const std::lock_guard lock(mutex_);
  state_.problem = why;
}

void AccessLog::write(const std::vector<FetchRecord>& fetches) {
  if (fetches.empty()) return;
  if (in_use_.access != AccessLogFormat::none) {
    std::string text;
    for (const FetchRecord& fetch : fetches) {
      text += in_use_.access == AccessLogFormat::json ? json_line(fetch, whose_) : combined_line(fetch, whose_);
    }
    write_file(text, fetches.size());
  }
  if (!in_use_.journal_fetches) return;
  for (const FetchRecord& fetch : fetches) {
    auto fields = journal_fields(fetch, whose_);
    std::vector<iovec> parts;
    parts.reserve(fields.size());
    for (std::string& field : fields) parts.push_back({field.data(), field.size()});
    sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
  }
}

// All or nothing is not to be had of a disk that fills up: what was begun is ended with the next line's beginning.
void AccessLog::write_file(const std::string& text, std::size_t lines) {
  if (fd_ < 0) open_file();
  const std::string bytes = (torn_ ? "\n" : "") + text;
  const ssize_t written = fd_ < 0 ? -1 : ::write(fd_, bytes.data(), bytes.size());
  const int code = errno;
  const bool whole = written == static_cast<ssize_t>(bytes.size());
  if (written > 0) torn_ = bytes[static_cast<std::size_t>(written) - 1] != '\n';
  const auto there = written <= 0 ? 0 : std::count(bytes.begin(), bytes.begin() + written, '\n');
  const std::size_t done = whole ? lines : std::min(lines, static_cast<std::size_t>(there));
  const std::lock_guard lock(mutex_);
  state_.written += done;
  state_.dropped += lines - done;
  if (whole) {
    state_.problem.clear();
  } else if (fd_ >= 0) {
    state_.problem = "writing " + in_use_.access_file.string() + ": " + (written < 0 ? std::strerror(code) : "no room");
  }
}

}  // namespace larder::reports
