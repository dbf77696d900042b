// SPDX-License-Identifier: MIT
// What is kept of one application in one channel of AutoUpdate: the generation that clients see, what was seen before,
// what is held back. One record is one file, and what is exported and imported. Pure: bytes to struct and back.
//
//   larder-generation 1\n
//   channel Current\n              name of the channel
//   app OPIM2019\n
//   number 7\n                     of the generation
//   published 1780300800000000\n   when clients first saw it; times are microseconds since 1970, UTC
//   confirmed 1780387200000000\n   when the origin last had it, or what is held in its place
//   asked 1780387200000000\n       when a device last asked for a file of it; 0 never
//   candidate <digest> <first seen> <last seen> <times> <mixed: 0 or 1> <version or -> <why>\n      at most one
//   withdrawn 16.108.26041219\n                                                  any number
//   release <first seen> <version> <url or -> <title>\n                          any number, in the order they were
//   seen file <bytes> <first seen> <name>\n                                           any number \n the bytes of the
//   files, in that order 32 bytes: the SHA-256 of everything before
//
// A bundle is "larder-bundle 1\n" and then, for each record, its length in bytes as decimal digits, "\n", the record.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "updates/mau_gate.h"
#include "updates/mau_set.h"

namespace larder::updates {

struct MauRelease {
  std::string version;
  std::string title;
  std::string url;  // canonical key of the full package; ""
  WallTime first_seen;
  bool operator==(const MauRelease&) const = default;
};

struct MauFile {
  std::string name;
  MauBytes bytes;
  WallTime first_seen;
};

struct MauRecord {
  std::string channel;
  std::string app_id;
  std::uint64_t number = 0;
  WallTime published;
  WallTime confirmed;
  WallTime asked;
  MauCandidate candidate;  // times == 0: none
  std::vector<std::string> withdrawn;
  std::vector<MauRelease> releases;
  std::vector<MauFile> files;

  const MauFile* find(std::string_view name) const;
  MauFiles by_name() const;
};

// Releases one application may have had. Beta has some 100 a year. Over it: the oldest are forgotten.
inline constexpr std::size_t kReleasesKept = 5'000;
// Files of one record: manifest, signature, pointer, history, and two for each version still kept. Over it: refused.
inline constexpr std::size_t kFilesOfARecord = 2'000;

std::string write_mau_record(const MauRecord& record);
// Fails, saying where, for what write_mau_record does not write, and for bytes that have changed since.
Result<MauRecord> read_mau_record(std::string_view bytes);

std::string write_mau_bundle(const std::vector<MauRecord>& records);
Result<std::vector<MauRecord>> read_mau_bundle(std::string_view bytes);

// 2 to 16 letters and digits.
bool is_mau_app_id(std::string_view text);

}  // namespace larder::updates
