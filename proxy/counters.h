// SPDX-License-Identifier: MIT
// Counters: what the data path counts. Written by all threads, read by the admin side; each is a sum since start.
#pragma once

#include <atomic>
#include <cstdint>

namespace larder::proxy {

// A sum that any thread may add to. Copying one reads it.
class Count {
 public:
  Count(std::uint64_t start = 0) : value_(start) {}  // NOLINT: meant to convert
  Count(const Count& other) : value_(other.value()) {}
  Count& operator=(const Count& other) {
    value_.store(other.value(), std::memory_order_relaxed);
    return *this;
  }
  ~Count() = default;

  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }
  friend void add(Count& count, std::uint64_t by = 1) { count.value_.fetch_add(by, std::memory_order_relaxed); }
  friend void take(Count& count, std::uint64_t by = 1) { count.value_.fetch_sub(by, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_;
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
  Count bytes_from_origin{0};   // body bytes
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
