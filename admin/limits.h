// SPDX-License-Identifier: MIT
// Bounds of the administration's own server, each with its reason and what happens at it.
#pragma once

#include <chrono>
#include <cstddef>

namespace larder::admin {

// Connections at once: a few browsers, scrapers and scripts. At it: for the new one the longest idle one is closed, or
// one that waits for its 429; when there is neither the new one is closed.
inline constexpr std::size_t kConnections = 256;
// A request's body: the largest is one URL. Over it: 413.
inline constexpr std::size_t kBodyBytes = 1024 * 1024;
// A list of devices: 20,000 with all columns that an MDM exports are 12 MB. Taken only from whoever may import it.
inline constexpr std::size_t kImportBytes = std::size_t{32} * 1024 * 1024;
// What another site knows of AutoUpdate's releases: some 20 MB after two years. Taken only from whoever may import it.
inline constexpr std::size_t kBundleBytes = std::size_t{256} * 1024 * 1024;
// How long a client may take to send a whole request, to take an answer, or to stay idle between two. Over it: closed.
inline constexpr std::chrono::seconds kClientPatience{30};
// Requests of one address: a page's view makes up to some thirty at once, a scraper one now and then. Over it: 429.
inline constexpr double kRateBurst = 1000;
inline constexpr double kRatePerSecond = 200;
// Between two 429s: whoever does not heed them waits for the next, up to half a second when all connections do.
inline constexpr std::chrono::milliseconds kRefusalGap{2};
// Addresses whose requests are counted. At it: those that rest are forgotten.
inline constexpr std::size_t kRateClients = 1024;
// Live views at once, each one connection. Over it: 503.
inline constexpr std::size_t kWatchers = 64;
// Bytes of a live view that its client has not taken. Over it: closed; the page comes again.
inline constexpr std::size_t kPartsWaiting = 256 * 1024;
// How often a live view is told how things stand.
inline constexpr std::chrono::seconds kLiveBeat{1};
// Requests waiting for a worker. At it: 503.
inline constexpr std::size_t kWaiting = 64;
// Threads for what reads the disk: one slow report does not delay the next answer, two do, and /healthz never waits.
inline constexpr unsigned kWorkers = 2;
// Rows of one answer. Over it: 400.
inline constexpr std::size_t kRows = 1000;
// Rows of a CSV download without a limit of its own, gathered from pages. Over it: the Link field names the next page.
inline constexpr std::size_t kCsvRows = 100'000;

}  // namespace larder::admin
