// SPDX-License-Identifier: MIT
// Lane: one request of a fill, for one run of bytes, with its retries. Its decisions are the fill's.
// Threads: belongs to `origin`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/clock.h"
#include "cache/chunk_buffer.h"
#include "proxy/event_thread.h"
#include "proxy/origin_client.h"

namespace larder::proxy {

class Fill;

class Lane final : public TransferSink {
 public:
  enum class Ask {
    whole,     // no Range: the first request of an object asked for whole
    range,     // [next, end), with If-Range when the object is known
    validate,  // If-None-Match / If-Modified-Since
  };

  Lane(Fill& fill, OriginClient& client, event_base* base, Ask ask, std::uint64_t first, std::uint64_t end);
  ~Lane() override;

  // Starts the request, or starts it again where it stood; where it goes and with which validators, the fill decides.
  void send();
  void send_after(std::chrono::milliseconds delay);
  // Whether the rest of the answer waits at the origin.
  void hold(bool held);

  void on_interim(const OriginAnswer& answer) override;
  bool on_head(const OriginAnswer& answer) override;
  bool on_body(std::span<const std::byte> bytes) override;
  void on_end(Status status) override;

  Ask ask;
  std::uint64_t next = 0;             // first byte not yet received
  std::uint64_t end = 0;              // first byte not asked for; kOpenEnd while unknown
  std::uint64_t requested_first = 0;  // of the running request
  std::uint64_t answered_end = 0;     // of the running response
  std::uint64_t skip = 0;             // bytes of the response that are already there
  std::uint64_t attempt_start = 0;    // `next` when the running request began
  SteadyTime answered_at;             // when the running response began
  unsigned attempts = 0;              // in a row without a new byte
  unsigned tries = 0;                 // in all: chooses the place to ask
  unsigned place = 0;                 // where the running request went (Fill::place)
  unsigned gone = 0;                  // answers in a row that say the object is not there any more
  bool failed_for_now = false;        // a place that may have it later has failed in this round of places
  bool granted = false;               // a retry from the origin's budget
  bool hopeless = false;              // no further try
  unsigned other_nodes = 0;           // answers with other validators in a row
  std::string complaint;              // what was wrong with the answer, when the fill ended it
  bool satisfied = false;             // nothing more is wanted of this lane, though the response goes on
  bool ask_again = false;             // at once, with what has been changed in the lane
  bool gathering = false;             // length unknown: bytes are gathered until the end tells it
  std::string gathered;
  std::shared_ptr<cache::ChunkBuffer> buffer;  // of the chunk at `next`

 private:
  Fill& fill_;
  OriginClient& client_;
  Timer retry_;
  std::unique_ptr<Transfer> transfer_;
};

}  // namespace larder::proxy
