// SPDX-License-Identifier: MIT
// A school, simulated: what every device really did, and what of it a server can see. Devices come in the morning, get
// the address they had or another one, say who they are when they fetch their PAC file or ask the locator (some only
// after they have asked for something), move to another room, fetch updates in pieces over days, break off, go home.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "random_fetches.h"

namespace larder::reports {

class School {
 public:
  static constexpr int kDevices = 500, kDays = 60, kProducts = 12;

  // `seen` is what reaches the ledger; `truth` is the same with the device's real id for a token.
  struct Event {
    FetchRecord seen, truth;
    WallTime end;
  };

  explicit School(std::uint64_t seed) : chance_(seed) {
    for (int i = 0; i < kDevices; ++i) devices_.push_back(new_device(i));
    for (int i = 0; i < kPool; ++i) free_.push_back(i);
  }

  // The next day's events, in the order of their ends.
  std::vector<Event> next_day() {
    events_.clear();
    shuffle(devices_);
    give_back();
    for (Device& device : devices_) {
      if (!chance_.one_in(5)) spend_day(device);
    }
    ++day_;
    std::sort(events_.begin(), events_.end(), [](const Event& a, const Event& b) { return a.end < b.end; });
    return std::move(events_);
  }

  // What is next door to the server: the lab's machines, today.
  std::vector<Neighbour> neighbours() const {
    std::vector<Neighbour> all;
    for (const Device& device : devices_) {
      if (device.kind == Kind::lab) all.push_back({address(device.address), mac_of(device.number)});
    }
    return all;
  }
  // The lab's addresses are given out anew.
  void shuffle_lab() {
    std::vector<std::string> addresses;
    for (const Device& device : devices_) {
      if (device.kind == Kind::lab) addresses.push_back(device.address);
    }
    shuffle(addresses);
    for (Device& device : devices_) {
      if (device.kind != Kind::lab) continue;
      device.address = addresses.back();
      addresses.pop_back();
    }
  }

  struct System {
    std::string told;  // exactly, last
    std::string runs;
  };
  std::map<std::string, System> systems() const {
    std::map<std::string, System> all;
    for (const Device& device : devices_) {
      if (!device.told.empty()) all[device.id] = {device.told, device.version()};
    }
    return all;
  }

 private:
  enum class Kind { named, boarder, guest, lab };  // by PAC; by token behind one NAT; by address; by hardware

  struct Download {
    int version = 0;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> left;  // pieces, in the order they will be asked for
  };

  struct Device {
    int number = 0;
    Kind kind = Kind::named;
    std::string id, address, told;
    std::optional<int> lease;  // of the pool
    int minor = 0, patch = 1;
    std::map<int, Download> downloads;  // by product

    std::string version() const { return "26." + std::to_string(minor) + "." + std::to_string(patch); }
  };

  static constexpr int kPool = kDevices + 40;

  static Mac mac_of(int number) {
    return {2, 0, 0, 0, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number & 0xFF)};
  }

  Device new_device(int number) {
    Device device;
    device.number = number;
    device.id = "C02" + std::to_string(10000 + number);
    if (number < 20) {
      device.kind = Kind::guest;
      device.address = device.id = "10.9.0." + std::to_string(1 + number);
    } else if (number < 40) {
      device.kind = Kind::boarder;
      device.address = "10.8.0.1";
    } else if (number < 70) {
      device.kind = Kind::lab;
      device.address = "10.7.0." + std::to_string(number);
      device.id = "mac:" + mac_text(mac_of(number));
    }
    return device;
  }

  template <class T>
  void shuffle(std::vector<T>& all) {
    for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[chance_.below(i)]);
  }

  WallTime moment(int hour, std::uint64_t within_minutes) {
    const auto day = std::chrono::floor<std::chrono::days>(at({})) + std::chrono::days(day_);
    return day + std::chrono::hours(hour) + std::chrono::microseconds(chance_.below(within_minutes * 60'000'000));
  }

  static std::string pool_address(int place) {
    return (place % 2 == 0 ? "10.1." : "2001:db8::") + (place % 2 == 0 ? std::to_string(place / 200) + "." : "") +
           std::to_string(1 + place % 200) + (place % 2 == 0 ? "" : ":" + std::to_string(place));
  }

  // Overnight leases end.
  void give_back() {
    for (Device& device : devices_) {
      if (!device.lease || chance_.one_in(2)) continue;
      free_.push_back(*std::exchange(device.lease, {}));
    }
    shuffle(free_);
  }

  void take_address(Device& device) {
    if (!device.lease) {
      device.lease = free_.back();
      free_.pop_back();
    }
    device.address = pool_address(*device.lease);
  }

  void spend_day(Device& device) {
    if (chance_.one_in(20)) device.patch = 1 + static_cast<int>(chance_.below(3));
    if (chance_.one_in(30)) ++device.minor;
    if (chance_.one_in(200)) device.downloads.clear();  // made new: it fetches all again
    WallTime now = moment(7, 120);
    if (device.kind != Kind::named) return work(device, now, moment(15, 60));
    take_address(device);
    if (chance_.one_in(4)) work(device, now, now + std::chrono::minutes(10));
    now = say_who(device, now + std::chrono::minutes(10));
    const WallTime noon = moment(11, 60);
    work(device, now, noon);
    if (chance_.one_in(8)) {
      const int old = *std::exchange(device.lease, {});
      take_address(device);
      now = say_who(device, noon + std::chrono::minutes(2));
      free_.insert(free_.begin(), old);
    } else {
      now = say_who(device, noon);
    }
    work(device, now, moment(15, 60));
  }

  WallTime say_who(Device& device, WallTime when) {
    FetchRecord record;
    record.time = when;
    record.client = address(device.address);
    record.entrance = Entrance::helper;
    record.answered = Answered::pass;
    record.status = 200;
    record.complete = true;
    record.bytes_sent = 700;
    record.token = device.id;
    const bool locates = chance_.one_in(3);
    record.subject.edit().url = locates ? "larder:/lcdn/locate" : "larder:/proxy.pac";
    if (locates) {
      record.system = {"macOS", device.version(), "25A" + std::to_string(device.minor), SystemEvidence::locate};
      device.told = device.version();
    }
    add(record, device, when);
    return when + std::chrono::seconds(1);
  }

  // Asks for pieces of updates between the two moments.
  void work(Device& device, WallTime from, WallTime to) {
    for (auto requests = chance_.below(5); requests > 0; --requests) {
      const auto span = static_cast<std::uint64_t>((to - from).count());
      ask(device, from + std::chrono::microseconds(chance_.below(std::max<std::uint64_t>(1, span - 60'000'000))));
    }
  }

  void ask(Device& device, WallTime when) {
    const int product = static_cast<int>(chance_.below(kProducts));
    const int version = day_ / 9;
    auto [at, begun] = device.downloads.try_emplace(product);
    Download& download = at->second;
    if (begun || download.version != version || download.left.empty()) download = new_download(product, version);
    FetchRecord record = outlook();
    record.time = when;
    record.client = address(device.address);
    record.system = {"macOS", "26." + std::to_string(device.minor), "", SystemEvidence::darwin};
    name(record, device);
    const bool delta = product % 3 == 0;
    auto& subject = record.subject.edit();
    subject.product = "Product " + std::to_string(product);
    subject.version = "1." + std::to_string(version);
    subject.build = "";
    subject.kind = delta ? FileKind::delta : FileKind::full;
    subject.from_version = delta ? "1." + std::to_string(version - 1) : "";
    subject.url = "http://origin.example/" + std::to_string(product) + "/" + std::to_string(version);
    record.object_bytes = size_of(product, version);
    auto [first, end] = download.left.back();
    download.left.pop_back();
    record.bytes_asked = end - first;
    record.complete = !chance_.one_in(6);
    if (!record.complete) {  // broken off: the rest is asked for another time
      const std::uint64_t sent = chance_.below(end - first);
      if (first + sent < end) download.left.insert(download.left.begin(), {first + sent, end});
      end = first + sent;
    }
    record.bytes_sent = end - first;
    record.sent_ranges.clear();
    if (end > first) record.sent_ranges.emplace_back(first, end);
    record.status = 206;
    record.answered = chance_.one_in(4) ? Answered::miss : Answered::hit;
    record.bytes_from_origin = record.answered == Answered::miss ? record.bytes_sent : 0;
    add(record, device, when + std::chrono::microseconds(chance_.below(50'000'000)));
  }

  static std::uint64_t size_of(int product, int version) {
    return 100 + 37 * static_cast<std::uint64_t>(product) + static_cast<std::uint64_t>(version);
  }

  Download new_download(int product, int version) {
    Download download{version, {}};
    const std::uint64_t size = size_of(product, version);
    const std::uint64_t step = chance_.one_in(3) ? size : 1 + size / (1 + chance_.below(4));
    for (std::uint64_t first = 0; first < size; first += step) {
      download.left.emplace_back(first, std::min(size, first + step));
    }
    shuffle(download.left);
    return download;
  }

  // Which entrance, and what of the device's name shows there.
  void name(FetchRecord& record, const Device& device) {
    static constexpr std::array kNameless{Entrance::proxy, Entrance::content_cache, Entrance::steered,
                                          Entrance::delivery_optimization};
    record.token.clear();
    const bool has_token = device.kind == Kind::named || device.kind == Kind::boarder;
    if (has_token && (device.kind == Kind::boarder || chance_.one_in(3))) {
      record.token = device.id;
      record.entrance = chance_.one_in(2) ? Entrance::update_cache : Entrance::proxy;
      record.token_from = record.entrance == Entrance::proxy ? DeviceEvidence::proxy_user : DeviceEvidence::token;
    } else {
      record.entrance = kNameless.at(chance_.below(kNameless.size()));
    }
  }

  void add(const FetchRecord& seen, const Device& device, WallTime end) {
    FetchRecord truth = seen;
    truth.token = device.id;
    Event event{seen, truth, end};
    event.seen.duration = event.truth.duration = std::chrono::duration_cast<std::chrono::microseconds>(end - seen.time);
    events_.push_back(std::move(event));
  }

  Chance chance_;
  int day_ = 0;
  std::vector<Device> devices_;
  std::vector<int> free_;  // addresses of the pool; the last is given out first
  std::vector<Event> events_;
};

}  // namespace larder::reports
