// SPDX-License-Identifier: MIT
// What is done at open, before anything is served: the index is the truth, and what contradicts it goes.
// - a chunk the index does not name was written by a commit that a crash cut short: erased
// - a chunk the index names and the shelf has not (an environment was set aside): unmarked, to be fetched again
// - an extent no object names: dropped
// - a record that cannot be decoded, or names what is not there: removed
// Reads every key of the chunk environments, not the chunks: 200 GiB are 200,000 keys in 1,600 pages.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "cache/inventory.h"
#include "cache/room.h"
#include "cache/store_environments.h"

namespace larder::cache {

// Builds the inventory from the index. Records that are wrong in themselves are left out.
Status load_inventory(const Index& index, MDB_txn* txn, Inventory& inventory);

struct Recovered {
  ExtentId next;                  // from which new extents are numbered
  std::uint64_t chunks_lost = 0;  // named by the index and not there
};

// Loads the inventory, mends the index, tells `room` what is held and what is doomed, and erases at once those doomed
// chunks whose extent lives on. On a disk that cannot be written nothing is mended.
Result<Recovered> recover(StoreEnvironments& environments, Inventory& inventory, Room& room);

}  // namespace larder::cache
