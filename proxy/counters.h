// SPDX-License-Identifier: MIT
// Counters: what the data path counts. Written by all threads, read by the admin side; each is a sum since start.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace larder::proxy {

// A sum that any thread may add to. Threads that add at the same time do so in cells of their own: a cache line that
// two cores write in turn costs each of them as much as parsing a field. Copying one reads it.
class Count {
 public:
  Count(std::uint64_t start = 0) { cells_.front().value = start; }  // NOLINT: meant to convert
  Count(const Count& other) : Count(other.value()) {}
  // For what is set by one thread and read by others.
  Count& operator=(const Count& other) {
    const std::uint64_t value = other.value();
    for (Cell& cell : cells_) cell.value.store(0, std::memory_order_relaxed);
    cells_.front().value.store(value, std::memory_order_relaxed);
    return *this;
  }
  ~Count() = default;

  // Of what is added and taken meanwhile, some may be in it.
  std::uint64_t value() const {
    std::uint64_t sum = 0;
    for (const Cell& cell : cells_) sum += cell.value.load(std::memory_order_relaxed);
    return sum;
  }
  friend void add(Count& count, std::uint64_t by = 1) { count.mine().fetch_add(by, std::memory_order_relaxed); }
  // May have been added by another thread: single cells may wrap, their sum does not.
  friend void take(Count& count, std::uint64_t by = 1) { count.mine().fetch_sub(by, std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kCells = 4;
  struct alignas(64) Cell {
    std::atomic<std::uint64_t> value{0};
  };
  static std::size_t cell_of_this_thread() {
    static std::atomic<std::size_t> threads{0};
    thread_local const std::size_t cell = threads.fetch_add(1, std::memory_order_relaxed) % kCells;
    return cell;
  }
  std::atomic<std::uint64_t>& mine() { return cells_.at(cell_of_this_thread()).value; }

  std::array<Cell, kCells> cells_;
};

struct Counters {
  Count connections_accepted{0};
  Count connections_open{0};         // now
  Count connections_refused{0};      // client network not allowed, or too many to be told
  Count connections_handed_over{0};  // to a loop with less to do
  Count connections_over_limit{0};   // answered 429 or 503: its address, or all, had as many as they may
  Count tls_handshakes{0};           // completed
  Count tls_failures{0};             // a client that does not trust the certificate, or speaks no TLS of today
  Count requests_running{0};         // now; those answered at once are not in it
  Count requests_over_limit{0};      // answered 503: as many were running as may be
  Count requests_timed_out{0};       // head or body did not come in time: 408
  Count client_rate{0};              // bytes a second that one client may be sent now; 0: no limit
  Count line_rate{0};                // bytes a second that may be fetched now; 0: no limit
  Count answers_paced{0};            // waited for their client's rate
  Count line_waits{0};               // an origin's bytes waited for the line's rate
  Count answers_timed_out{0};        // cut off: the client did not take it in time
  Count tunnels_open{0};             // now; those still connecting among them
  Count tunnels_opened{0};           // to their origin
  Count tunnels_refused{0};          // no named host, too many, or the origin could not be reached
  Count tunnel_bytes{0};             // through tunnels, both ways
  Count requests{0};
  Count requests_hit{0};
  Count requests_joined{0};
  Count requests_miss{0};
  Count requests_stale{0};
  Count requests_pass{0};
  Count requests_refused{0};    // 4xx by Larder itself
  Count requests_failed{0};     // cut off, or 5xx by Larder itself
  Count request_body_bytes{0};  // now held, of all requests
  Count bytes_sent{0};          // body bytes to clients
  Count bytes_sent_beside{
      0};  // of these, what saved nothing: errors and Larder's own pages, unless they came by the line
  Count bytes_from_origin{0};  // body bytes
  Count origin_requests{0};
  Count origin_retries{0};
  Count origin_circuits_opened{0};  // an origin that could not be reached was left alone
  Count origin_unasked{0};          // requests an origin was spared while it was left alone
  Count requests_negative{0};       // answered with a "not here" remembered for some seconds
  Count origin_changed{0};          // a fill met another version of its object
  Count fills_started{0};
  Count fills_finished{0};
  Count fills_failed{0};
  Count contents_checked{0};  // downloads whose bytes were what a catalogue publishes
  Count contents_refused{0};  // downloads whose bytes were not
  Count lanes_opened{0};
  Count chunks_unstored{0};  // received, but the store did not take them
  Count chunks_cold{0};      // brought into memory by the pager before sending
};

}  // namespace larder::proxy
