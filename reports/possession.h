// SPDX-License-Identifier: MIT
// Possession: how fetch after fetch adds up to what one device has of one release. The one rule for the books, which
// add each fetch as it comes, and for whatever adds a device's fetches up again.
// The body of an error is none of the object: who got only that has fetched nothing.
// A device has the release when the union of the ranges it was sent covers one object of it. An object that changed its
// size under the same name is another object: what was held of the old one counts no more.
// Threads: the caller's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "reports/fetch_format.h"
#include "reports/rollup_format.h"

namespace larder::reports {

enum class Possessed { nothing, partly, complete };
Possessed possessed(const Holding& holding);

// Where the coverage of an object by its URL's id is kept. Valid until the next call.
using CoverageOf = std::function<Coverage&(std::uint32_t url)>;

// Adds one fetch. `makes_row`: the release is one that versions are reported of (Release::makes_row); others are only
// seen, never possessed.
void add_to_holding(Holding& holding, const FetchKey& key, const StoredFetch& fetch, bool makes_row,
                    const CoverageOf& coverage_of);

// One device's possession of one release, added up from nothing.
struct Possession {
  Holding holding;
  std::map<std::uint32_t, Coverage> coverage;  // by URL's id; of no use once the device has it all

  void add(const FetchKey& key, const StoredFetch& fetch, bool makes_row);
};

}  // namespace larder::reports
