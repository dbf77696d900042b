// SPDX-License-Identifier: MIT
// ClientTable: who is connected, all loops together, and who may be. Networks that are served (access.clients), and how
// many connections in all and of one address ([limits]). It is asked once a connection, never for a request.
//
// An address is one client, in IPv6 too: the devices of one LAN share their /64. Addresses of limits.exempt are many
// clients each and count only in the total.
// Threads: any.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "config/config.h"
#include "config/network.h"
#include "proxy/pace.h"

namespace larder::proxy {

enum class Admission {
  welcome,
  stranger,         // in none of the networks that are served: 403
  too_many_of_one,  // its address has as many connections as it may: 429
  too_many,         // as many clients are connected as may be: 503
};

class ClientTable {
 public:
  struct Client {
    std::uint32_t connections = 0;
    Pace pace;
  };

  // One connection's place; given back when it goes. The table must outlive it.
  class Seat {
   public:
    Seat(Seat&& other) noexcept
        : table_(std::exchange(other.table_, nullptr)),
          address_(other.address_),
          admission_(other.admission_),
          pace_(other.pace_) {}
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    Seat& operator=(Seat&&) = delete;
    ~Seat();

    const config::Address& address() const { return address_; }
    Admission admission() const { return admission_; }
    Pace* pace() const { return pace_; }  // shared with its address's other connections; null: it has no rate

   private:
    friend class ClientTable;
    Seat(ClientTable& table, const config::Address& address, Admission admission, Pace* pace)
        : table_(&table), address_(address), admission_(admission), pace_(pace) {}

    ClientTable* table_;
    config::Address address_;
    Admission admission_;
    Pace* pace_;
  };

  // `most`: connections the process has descriptors for, whatever is configured.
  ClientTable(std::uint32_t most, const Clock& clock) : most_(most), clock_(clock) {}

  // A seat for a new connection; it may be one to be refused in words. Nothing: close it at once.
  std::optional<Seat> enter(const config::Address& address, const config::Config& config);

  std::uint32_t connections_of(const config::Address& address);

  std::uint32_t most() const { return most_; }

 private:
  struct AddressHash {
    std::size_t operator()(const config::Address& address) const {
      return std::hash<std::string_view>{}({reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()});
    }
  };

  Admission judge(const config::Address& address, const config::Config& config) const;  // mutex_ held
  void leave(const Seat& seat);
  void forget_settled();

  const std::uint32_t most_;
  const Clock& clock_;
  std::mutex mutex_;
  // Of those who are welcome; also of those who have left and still owe the time for what they were sent.
  std::unordered_map<config::Address, Client, AddressHash> clients_;
  std::size_t sweep_at_ = 64;
  std::uint32_t welcome_ = 0;
  std::uint32_t refused_ = 0;
};

// Raises the process's limit of descriptors as far as it may, and says how many clients that leaves room for.
std::uint32_t room_for_clients();

}  // namespace larder::proxy
