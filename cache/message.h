// SPDX-License-Identifier: MIT
// What the store thread can be asked. Store (store.h) says what each means.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "cache/chunk_buffer.h"
#include "cache/object.h"
#include "cache/scrub_place.h"
#include "cache/store.h"

namespace larder::cache {

using Completed = std::function<void(Result<ObjectPtr>)>;

struct PutObject {
  Object object;
  Store::Done done;
};

struct PutChunk {
  ExtentId extent;
  ChunkIndex chunk;
  std::uint64_t object_size_bytes = 0;
  std::shared_ptr<const ChunkBuffer> bytes;
  Store::Done done;
};

struct Complete {
  std::string url;
  ExtentId extent;
  std::optional<Digest> expected;
  Completed done;
};

struct Remove {
  std::string url;
  Store::Done done;
};

struct Pin {
  std::string url;
  Store::Done done;
};

struct Unpin {
  std::string url;
  Store::Done done;
};

// A reader found that this chunk's bytes fail their check. The store looks again before it believes it.
struct DropChunk {
  ExtentId extent;
  ChunkIndex chunk;
};

// Every chunk passes its check and yet the whole has not the recorded SHA-256: its objects begin anew.
struct DistrustExtent {
  ExtentId extent;
};

struct SetLimits {
  std::uint64_t cache_size_bytes = 0;
  std::uint64_t reserve_bytes = 0;
};

using VerifyProgress = std::function<void(Result<VerifyReport>)>;

struct StartVerify {
  VerifyProgress progress;
};

// From the verifying thread; `report` is handed on.
struct VerifyCame {
  Result<VerifyReport> report;
};

// From the scrubbing thread.
struct ScrubCame {
  ScrubPlace place;
};

struct Flush {
  Store::Done done;
};

using Message = std::variant<PutObject, PutChunk, Complete, Remove, Pin, Unpin, DropChunk, DistrustExtent, SetLimits,
                             StartVerify, VerifyCame, ScrubCame, Flush>;

// Tells whoever sent it that it was not done.
void refuse(Message& message, const Error& error);

}  // namespace larder::cache
