// SPDX-License-Identifier: MIT
#include "reports/dhcp_leases.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <map>
#include <optional>

#include "base/text.h"
#include "reports/inventory.h"

namespace larder::reports {
namespace {

using Leases = std::map<std::array<std::uint8_t, 16>, std::optional<DhcpLease>>;  // by address; nothing: given back

constexpr std::int64_t kNever = INT64_MAX;
// Longer ones are no lease.
constexpr std::size_t kLineBytes = 4096;

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!(line = trim(line)).empty()) {
    const auto end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

// Link-layer address plus time (1) and link-layer address (3), both of hardware type Ethernet (1).
std::optional<Mac> mac_of_duid(std::string_view duid) {
  std::string digits;
  for (const char c : duid) {
    if (c != ':') digits += to_lower(c);
  }
  if (digits.size() == 28 && digits.starts_with("00010001")) return parse_mac(std::string_view(digits).substr(16));
  if (digits.size() == 20 && digits.starts_with("00030001")) return parse_mac(std::string_view(digits).substr(8));
  return std::nullopt;
}

class Reader {
 public:
  explicit Reader(WallTime now)
      : now_(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count()) {}

  // Also what is no lease any more, so that an earlier entry for the address does not count.
  void take(std::string_view address_text, const std::optional<Mac>& mac, std::string_view name, std::int64_t ends,
            bool in_use) {
    const auto address = config::Address::parse(address_text);
    if (!address || leases_.size() >= kMostLeases) return;
    auto& lease = leases_[address->bytes];
    lease.reset();
    if (mac && in_use && ends > now_) lease = DhcpLease{*address, *mac, std::string(name)};
  }

  std::vector<DhcpLease> good() const {
    std::vector<DhcpLease> good;
    for (const auto& each : leases_) {
      if (each.second) good.push_back(*each.second);
    }
    return good;
  }

 private:
  std::int64_t now_;
  Leases leases_;
};

template <class OnLine>
void each_line(std::string_view text, OnLine on_line) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (end <= kLineBytes) on_line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void read_dnsmasq(std::string_view text, Reader& reader) {
  each_line(text, [&](std::string_view line) {
    const auto words = words_of(line);
    const auto ends = words.size() >= 4 ? number(words[0]) : std::nullopt;
    if (!ends) return;
    auto mac = parse_mac(words[1]);
    if (!mac && words.size() >= 5) mac = mac_of_duid(words[4]);
    reader.take(words[2], mac, words[3] == "*" ? std::string_view() : words[3], *ends == 0 ? kNever : *ends, true);
  });
}

// No field of these has a quote; a comma inside one is written "&#x2c".
void read_kea(std::string_view text, Reader& reader) {
  std::map<std::string_view, std::size_t> columns;
  each_line(text, [&](std::string_view line) {
    const auto fields = split(trim(line), ',');
    if (fields[0] == "address") {  // each file that was appended brings its own
      columns.clear();
      for (std::size_t i = 0; i < fields.size(); ++i) columns.emplace(fields[i], i);
      return;
    }
    const auto field = [&](std::string_view name) {
      const auto found = columns.find(name);
      return found != columns.end() && found->second < fields.size() ? fields[found->second] : std::string_view();
    };
    auto mac = parse_mac(field("hwaddr"));
    if (!mac) mac = mac_of_duid(field("duid"));
    std::string_view name = field("hostname");
    if (name.ends_with('.')) name.remove_suffix(1);
    const auto ends = number(field("expire"));
    const bool in_use = field("state") == "0" || field("state").empty();
    if (ends) reader.take(field("address"), mac, name, *ends == 0xFFFFFFFF ? kNever : *ends, in_use);
  });
}

// "never", "epoch 1700000000", "4 2026/11/26 20:00:00" (UTC)
std::int64_t isc_time(const std::vector<std::string_view>& words) {
  if (words.size() >= 2 && words[1] == "never") return kNever;
  if (words.size() >= 3 && words[1] == "epoch") return number(words[2]).value_or(0);
  if (words.size() < 4) return 0;
  const auto date = split(words[2], '/');
  const auto time = split(words[3], ':');
  if (date.size() != 3 || time.size() != 3) return 0;
  std::array<int, 6> parts{};
  for (std::size_t i = 0; i < 6; ++i) {
    const auto part = number(i < 3 ? date[i] : time[i - 3]);
    if (!part || *part < 0 || *part > 9999) return 0;
    parts.at(i) = static_cast<int>(*part);
  }
  const std::chrono::year_month_day day{std::chrono::year(parts[0]),
                                        std::chrono::month(static_cast<unsigned>(parts[1])),
                                        std::chrono::day(static_cast<unsigned>(parts[2]))};
  if (!day.ok()) return 0;
  const auto at = std::chrono::sys_days(day) + std::chrono::hours(parts[3]) + std::chrono::minutes(parts[4]) +
                  std::chrono::seconds(parts[5]);
  return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

void read_isc(std::string_view text, Reader& reader) {
  struct Entry {
    std::string_view address, name;
    std::optional<Mac> mac;
    std::int64_t ends = 0;
    bool in_use = true;
  };
  std::optional<Entry> entry;
  each_line(text, [&](std::string_view line) {
    line = trim(line);
    if (line.ends_with(';')) line.remove_suffix(1);
    const auto words = words_of(line);
    if (words.size() >= 3 && words[0] == "lease" && words[2] == "{") {
      entry = Entry{words[1], {}, {}, 0, true};
    } else if (!entry || words.empty()) {
      return;
    } else if (words[0] == "}") {
      reader.take(entry->address, entry->mac, entry->name, entry->ends, entry->in_use);
      entry.reset();
    } else if (words[0] == "ends") {
      entry->ends = isc_time(words);
    } else if (words.size() == 3 && words[0] == "binding" && words[1] == "state") {
      entry->in_use = words[2] == "active";
    } else if (words.size() == 3 && words[0] == "hardware" && words[1] == "ethernet") {
      entry->mac = parse_mac(words[2]);
    } else if (words[0] == "client-hostname") {
      const auto first = line.find('"');
      const auto last = line.rfind('"');
      if (first < last) entry->name = line.substr(first + 1, last - first - 1);
    }
  });
}

}  // namespace

std::vector<DhcpLease> read_dhcp_leases(std::string_view text, WallTime now) {
  Reader reader(now);
  if (text.starts_with("address,")) {
    read_kea(text, reader);
  } else if (text.starts_with("lease ") || text.find("\nlease ") != std::string_view::npos) {
    read_isc(text, reader);
  } else {
    read_dnsmasq(text, reader);
  }
  return reader.good();
}

}  // namespace larder::reports
