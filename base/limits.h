// SPDX-License-Identifier: MIT
// Every queue, head, body and count that has a bound, with the reason for the number and what happens at it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace larder::limits {

// A request or response head. nginx and Apache allow 8 KiB a line; signed CDN URLs reach 4 KiB. Over it: 431;
// 502 in an origin's.
inline constexpr std::size_t kHeadBytes = 32 * 1024;
// A request target. Over it: 414.
inline constexpr std::size_t kTargetBytes = 8 * 1024;
// Fields in a head. Over it: 431; 502 in an origin's.
inline constexpr std::size_t kHeadFields = 128;
// Interim answers (1xx) of an origin before the answer. Real ones send one or two. Over it: 502.
inline constexpr std::size_t kInterimAnswers = 16;
// Ranges in one request after merging. RFC 9110 14.2 allows ignoring many small ranges. Over it: the whole object is
// sent.
inline constexpr std::size_t kRanges = 64;
// Body of a request that is passed on. Telemetry and OCSP are some KiB. Over it: 413.
inline constexpr std::uint64_t kRequestBodyBytes = 16ULL << 20U;
// A locate request of Apple's AssetCacheLocatorService: recorded ones are 400 bytes, and a device with many addresses
// says some KiB. Over it: 413.
inline constexpr std::uint64_t kLocateBytes = 64 * 1024;
// Bodies of all requests together, held until their answers are written: 16 of the largest. Over it: 503.
inline constexpr std::uint64_t kRequestBodiesBytes = 256ULL << 20U;
// From the first byte of a head to its last, however the bytes come. A head is one or two packets; Apache gives 20 to
// 40 s. Then: 408 and closed. limits.head_timeout.
inline constexpr std::chrono::seconds kHeadTimeout{20};
// A body may take this long, and a second more for each kBodyRate bytes of it. Then: 408 and closed.
// limits.body_timeout, limits.body_rate.
inline constexpr std::chrono::seconds kBodyTimeout{30};
inline constexpr std::uint64_t kBodyRate = 1024;
// A connection between requests. Apple's clients keep theirs for a minute. Then: closed. limits.keep_alive.
inline constexpr std::chrono::seconds kKeepAlive{75};
// A client must take kSendLeast bytes (or what is left of its answer) in each such span while bytes are ready for it.
// Laptops that fall asleep come back within minutes, or start anew. Then: reset. limits.send_timeout.
inline constexpr std::chrono::seconds kSendTimeout{120};
inline constexpr std::uint64_t kSendLeast = 64 * 1024;
// What a refused client still sends is read away for this long, so that it gets to read its refusal.
inline constexpr std::chrono::seconds kLinger{2};
// Bytes of an answer that the kernel holds for a client before they can be sent: without a bound it grows to megabytes
// for each slow one. At it: the client is written to no more until there is room.
inline constexpr int kUnsentBytes = 256 * 1024;
// Client connections, all loops together: each costs some KiB and a descriptor. Over it: 503 with Retry-After, and
// closed. Never more than the process may have descriptors. limits.connections.
inline constexpr std::uint32_t kConnections = 20000;
// Of one address: a branch behind one NAT opens a few for each of its devices. Over it: 429 with Retry-After, and
// closed. limits.connections_per_client.
inline constexpr std::uint32_t kConnectionsPerClient = 4000;
// Connections over those limits that are still told so, all together. Over it: closed at once.
inline constexpr std::uint32_t kRefusals = 256;
// Descriptors kept for everything but clients: origins, the store, the ledger, the administration.
inline constexpr std::uint32_t kOwnDescriptors = 512;
// Requests under way at a time; what is answered at once does not count. Over it: 503 with Retry-After.
// limits.requests.
inline constexpr std::uint32_t kRequests = 16000;
// Tunnels open at a time: each has two sockets, and a pipe while bytes pass. Over it: 503. limits.tunnels.
inline constexpr std::uint32_t kTunnels = 2000;
// A tunnel without a byte either way: HTTP/2 connections of Apple's clients are quiet for minutes. Then: cut.
// limits.tunnel_idle.
inline constexpr std::chrono::seconds kTunnelIdle{300};
// A tunnel's whole life: the largest download over a slow line takes hours. Then: cut. limits.tunnel_life.
inline constexpr std::chrono::seconds kTunnelLife{12 * 3600};
// What a client that is one too many is told to wait. Devices that must ask elsewhere do so at once anyway.
inline constexpr std::chrono::seconds kRetryAfter{10};
// Device token: a serial number is 10 to 14 characters, a UDID 40, a UUID 36. Over it: 400.
inline constexpr std::size_t kTokenBytes = 64;
// Largest object stored. The largest known is an 18.4 GB UniversalMac restore image. Over it: passed, not stored.
inline constexpr std::uint64_t kObjectBytes = 64ULL << 30U;
// Bytes of a document (manifest, catalogue) that is parsed. The largest sucatalog is 8 MB. Over it: not parsed.
inline constexpr std::size_t kDocumentBytes = 64 * 1024 * 1024;
// Nesting of a parsed document. Real ones reach 7.
inline constexpr std::size_t kDocumentDepth = 32;
// Chunks received from origins but not yet stored, all fills together: memory is this many MiB at most. Over it: origin
// sockets are not read until the store has caught up.
inline constexpr std::size_t kUnstoredChunks = 24;
// Messages waiting for the store beside chunks. Over it: the message is refused as busy.
inline constexpr std::size_t kStoreInbox = 65536;
// Fetch records waiting for the ledger. At 50,000 a second this is more than a second. Over it: the record is dropped
// and the drop is counted and shown.
inline constexpr std::size_t kLedgerInbox = 262144;

// Addresses of clients whose names are remembered, 150 bytes each: a large site's. Over it: those that are no longer
// good are forgotten, or else all, and asked for anew.
inline constexpr std::size_t kClientNames = 65536;
// Names that nameservers are asked for at a time, and that wait for it. A nameserver nearby answers in a millisecond;
// one that is silent holds each for six seconds. Over it: not asked, until the next request from there.
inline constexpr std::size_t kNamesAsked = 64;
inline constexpr std::size_t kNamesWaiting = 8192;

// Variants of one URL kept side by side (Vary). Encodings and languages make a handful; a field with a value of each
// client's own would fill the store with copies. Over it: the oldest goes.
inline constexpr std::size_t kVariants = 16;
// URLs whose variants are remembered, some hundred bytes each. Over it: all are forgotten and fetched anew.
inline constexpr std::size_t kVaryingUrls = 10000;

}  // namespace larder::limits
