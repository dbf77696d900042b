// SPDX-License-Identifier: MIT
// Whether an LMDB data file holds together, read by its layout (LMDB 0.9, 64 bits, little-endian) and not by LMDB,
// which trusts every page it is given: a damaged one makes it fault, assert, or write over what is kept.
//
// Checked: both heads; every page of every tree has its own number, its kind, its nodes inside it, its keys in order;
// trees have the depth and the number of entries they claim; free pages are listed in order; no page is used twice, or
// used and free; nothing lies beyond the last page. Not checked: the values themselves, whose own checks are their
// owners' affair, so a file of 200 GiB of chunks takes reading a thousandth of it.
// Only tables without duplicate keys are known; Larder has no others.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"

namespace larder {

// Reads with pread, so a bad sector is an error and not a signal. Nobody may write the file meanwhile. Fails with
// storage_damaged, saying what contradicts what. A file in use up to more than `most_bytes` is not looked at but for
// its heads; 0: whatever its size. An absent file is well: LMDB makes it.
Status check_lmdb_file(const std::filesystem::path& data_file, std::uint64_t most_bytes = 0);

// Whether this is the file of an environment whose making was cut short by a crash before anything was kept in it: at
// most its two heads, each absent, zero or of an empty environment. LMDB takes it for damaged.
bool was_never_made(const std::filesystem::path& data_file);

// Whether a value that LMDB keeps in pages of its own is preceded by the page head it should have. LMDB believes that
// head when it frees the pages. `value` points into the map that begins at `map`.
bool value_head_is_sound(const void* map, const void* value, std::size_t value_bytes);

}  // namespace larder
