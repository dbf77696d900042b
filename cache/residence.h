// SPDX-License-Identifier: MIT
// Whether the bytes of a chunk are in memory, and asking the system to bring them in. A loop that touched a page that
// is not would wait for the disk with all its clients.
#pragma once

#include <optional>

#include "cache/shelf.h"

namespace larder::cache {

// mincore over every page of the chunk: about 1 us for 1 MiB.
bool in_memory(const ChunkView& chunk);

// Starts reading the chunk in without waiting for it (MADV_WILLNEED).
void ask_for(const ChunkView& chunk);

// Waits until the bytes are in memory. False when the disk cannot read them, which touching them would answer with a
// signal (MADV_POPULATE_READ; kernels before 5.14 have none, and there it is always true).
bool can_be_read(ByteView bytes);

// check_of (shelf.h); nothing when the disk cannot read the bytes.
std::optional<std::uint64_t> check_from_disk(const ChunkView& chunk);

}  // namespace larder::cache
