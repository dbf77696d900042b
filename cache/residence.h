// SPDX-License-Identifier: MIT
// Whether the bytes of a chunk are in memory, and asking the system to bring them in. A loop that touched a page that
// is not would wait for the disk with all its clients.
#pragma once

#include "cache/shelf.h"

namespace larder::cache {

// mincore over every page of the chunk: about 1 us for 1 MiB.
bool in_memory(const ChunkView& chunk);

// Starts reading the chunk in without waiting for it (MADV_WILLNEED).
void ask_for(const ChunkView& chunk);

}  // namespace larder::cache
