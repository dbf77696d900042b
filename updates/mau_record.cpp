// SPDX-License-Identifier: MIT
#include "updates/mau_record.h"

#include <algorithm>
#include <charconv>

#include "base/limits.h"
#include "base/text.h"
#include "updates/mau.h"
#include "updates/mau_place.h"

namespace larder::updates {
namespace {

constexpr std::string_view kRecordMark = "larder-generation 1\n";
constexpr std::string_view kBundleMark = "larder-bundle 1\n";
constexpr std::size_t kLineBytes = 4096;
constexpr std::size_t kNameBytes = 255;
constexpr std::size_t kRecordsOfABundle = 1'000;
constexpr std::string_view kNothing = "-";

std::string_view or_nothing(std::string_view text) {
  return text.empty() ? kNothing : text;
}

std::string text_of(WallTime time) {
  return std::to_string(time.time_since_epoch().count());
}

// Of a title, a reason: what would end the line becomes a blank.
std::string one_line(std::string_view text) {
  std::string line(text.substr(0, kLineBytes / 4));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return line;
}

std::string digest_bytes(std::string_view bytes) {
  const Digest digest = Sha256::of(std::as_bytes(std::span(bytes)));
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

// One line's words, the last of which is the rest of it.
class Line {
 public:
  explicit Line(std::string_view text) : text_(text) {}

  std::string_view word() {
    const auto end = std::min(text_.find(' '), text_.size());
    const auto word = text_.substr(0, end);
    text_.remove_prefix(std::min(end + 1, text_.size()));
    return word;
  }
  std::string text() {
    const auto taken = word();
    return taken == kNothing ? std::string{} : std::string(taken);
  }
  std::string rest() { return std::string(std::exchange(text_, {})); }

  std::uint64_t number() {
    const auto digits = word();
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) good_ = false;
    return value;
  }
  WallTime time() {
    constexpr std::uint64_t kLatest = 253'402'300'799'000'000;  // the year 9999
    const std::uint64_t value = number();
    if (value > kLatest) good_ = false;
    return WallTime(std::chrono::microseconds(std::min(value, kLatest)));
  }
  Digest digest() {
    const auto read = Digest::from_hex(word());
    if (!read) good_ = false;
    return read.value_or(Digest{});
  }
  bool good() const { return good_; }

 private:
  std::string_view text_;
  bool good_ = true;
};

class RecordReader {
 public:
  explicit RecordReader(std::string_view bytes) : rest_(bytes) {}

  Result<MauRecord> read() {
    if (!rest_.starts_with(kRecordMark)) return bad("it does not begin with \"larder-generation 1\"");
    if (rest_.size() < kRecordMark.size() + Digest::kSize) return bad("it ends too early");
    const std::string_view all = rest_.substr(0, rest_.size() - Digest::kSize);
    if (digest_bytes(all) != rest_.substr(all.size())) return bad("its bytes are not those that were written");
    rest_ = all.substr(kRecordMark.size());
    for (std::string_view line = take_line(); !line.empty(); line = take_line()) {
      if (!take(line)) return bad("the line \"" + std::string(line.substr(0, 80)) + "\" is none of its lines");
    }
    if (ended_early_) return bad("it ends in a line");
    if (find_mau_channel(record_.channel) == nullptr) return bad("it names no channel");
    if (!is_mau_app_id(record_.app_id)) return bad("it names no application");
    return with_files();
  }

 private:
  static Error bad(const std::string& why) { return fail(ErrorKind::invalid, "reading a record of manifests: " + why); }

  std::string_view take_line() {
    const auto end = rest_.substr(0, kLineBytes).find('\n');
    ended_early_ = end == std::string_view::npos;
    if (ended_early_) return {};
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }

  bool take(std::string_view text) {
    Line line(text);
    const auto key = line.word();
    if (key == "channel") {
      record_.channel = line.rest();
    } else if (key == "app") {
      record_.app_id = line.rest();
    } else if (key == "number") {
      record_.number = line.number();
    } else if (key == "published") {
      record_.published = line.time();
    } else if (key == "confirmed") {
      record_.confirmed = line.time();
    } else if (key == "asked") {
      record_.asked = line.time();
    } else if (key == "candidate") {
      take_candidate(line);
    } else if (key == "withdrawn") {
      record_.withdrawn.push_back(line.rest());
      return record_.withdrawn.size() <= kWithdrawn;
    } else if (key == "release") {
      take_release(line);
      return line.good() && record_.releases.size() <= kReleasesKept;
    } else if (key == "file") {
      return take_file(line);
    } else {
      return false;
    }
    return line.good();
  }

  void take_candidate(Line& line) {
    MauCandidate& candidate = record_.candidate;
    candidate.digest = line.digest();
    candidate.first_seen = line.time();
    candidate.last_seen = line.time();
    candidate.times = static_cast<std::uint32_t>(std::min<std::uint64_t>(line.number(), UINT32_MAX));
    candidate.mixed = line.number() != 0;
    candidate.version = line.text();
    candidate.why = line.rest();
  }

  void take_release(Line& line) {
    MauRelease release;
    release.first_seen = line.time();
    release.version = line.text();
    release.url = line.text();
    release.title = line.rest();
    record_.releases.push_back(std::move(release));
  }

  bool take_file(Line& line) {
    const std::uint64_t size = line.number();
    MauFile file;
    file.first_seen = line.time();
    file.name = line.rest();
    if (!line.good() || size > limits::kDocumentBytes || sizes_.size() >= kFilesOfARecord) return false;
    if (file.name.size() > kNameBytes || mau_app_id(file.name) != record_.app_id) return false;
    sizes_.push_back(size);
    record_.files.push_back(std::move(file));
    return true;
  }

  Result<MauRecord> with_files() {
    for (std::size_t i = 0; i < sizes_.size(); ++i) {
      if (sizes_[i] > rest_.size()) return bad("the bytes of " + record_.files[i].name + " are not all there");
      record_.files[i].bytes = std::make_shared<const std::string>(rest_.substr(0, sizes_[i]));
      rest_.remove_prefix(sizes_[i]);
    }
    if (!rest_.empty()) return bad("it goes on after its files");
    return std::move(record_);
  }

  std::string_view rest_;
  bool ended_early_ = false;
  MauRecord record_;
  std::vector<std::uint64_t> sizes_;
};

}  // namespace

bool is_mau_app_id(std::string_view text) {
  constexpr std::size_t kAppIdBytes = 16;
  const auto allowed = [](char c) { return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z'); };
  return text.size() >= 2 && text.size() <= kAppIdBytes && std::all_of(text.begin(), text.end(), allowed);
}

const MauFile* MauRecord::find(std::string_view name) const {
  const auto found = std::find_if(files.begin(), files.end(), [&](const MauFile& file) { return file.name == name; });
  return found == files.end() ? nullptr : &*found;
}

MauFiles MauRecord::by_name() const {
  MauFiles all;
  for (const MauFile& file : files) all.emplace(file.name, file.bytes);
  return all;
}

std::string write_mau_record(const MauRecord& record) {
  std::string out(kRecordMark);
  const auto line = [&out](std::initializer_list<std::string_view> words) {
    std::string_view blank;
    for (const std::string_view word : words) {
      out.append(blank).append(word);
      blank = " ";
    }
    out.append("\n");
  };
  line({"channel", record.channel});
  line({"app", record.app_id});
  line({"number", std::to_string(record.number)});
  line({"published", text_of(record.published)});
  line({"confirmed", text_of(record.confirmed)});
  line({"asked", text_of(record.asked)});
  if (const MauCandidate& held = record.candidate; held.standing()) {
    line({"candidate", held.digest.hex(), text_of(held.first_seen), text_of(held.last_seen), std::to_string(held.times),
          held.mixed ? "1" : "0", or_nothing(held.version), one_line(held.why)});
  }
  for (const std::string& version : record.withdrawn) line({"withdrawn", version});
  for (const MauRelease& release : record.releases) {
    line({"release", text_of(release.first_seen), or_nothing(release.version), or_nothing(release.url),
          one_line(release.title)});
  }
  for (const MauFile& file : record.files) {
    line({"file", std::to_string(file.bytes->size()), text_of(file.first_seen), file.name});
  }
  out.append("\n");
  for (const MauFile& file : record.files) out.append(*file.bytes);
  return out + digest_bytes(out);
}

Result<MauRecord> read_mau_record(std::string_view bytes) {
  return RecordReader(bytes).read();
}

std::string write_mau_bundle(const std::vector<MauRecord>& records) {
  std::string out(kBundleMark);
  for (const MauRecord& record : records) {
    const std::string bytes = write_mau_record(record);
    out.append(std::to_string(bytes.size())).append("\n").append(bytes);
  }
  return out;
}

Result<std::vector<MauRecord>> read_mau_bundle(std::string_view bytes) {
  const auto bad = [](const std::string& why) {
    return fail(ErrorKind::invalid, "reading a bundle of catalogues: " + why);
  };
  if (!bytes.starts_with(kBundleMark)) return bad("it does not begin with \"larder-bundle 1\"");
  bytes.remove_prefix(kBundleMark.size());
  std::vector<MauRecord> records;
  while (!bytes.empty()) {
    constexpr std::size_t kDigits = 20;
    const auto end = bytes.substr(0, kDigits + 1).find('\n');
    if (end == std::string_view::npos || records.size() >= kRecordsOfABundle) return bad("a length is none");
    Line line(bytes.substr(0, end));
    const std::uint64_t size = line.number();
    bytes.remove_prefix(end + 1);
    if (!line.good() || size > bytes.size()) return bad("it ends too early");
    auto record = read_mau_record(bytes.substr(0, size));
    if (!record) return std::move(record).error().with_context("reading a bundle of catalogues");
    records.push_back(*std::move(record));
    bytes.remove_prefix(size);
  }
  return records;
}

}  // namespace larder::updates
