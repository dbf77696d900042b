// SPDX-License-Identifier: MIT
// Texts that many fetches share, each stored once and named by a number.
//   ids    u8 kind, 16 bytes XXH3-128 of the text with seed + attempt (big-endian) -> u32 id
//   names  u8 kind, u32 id -> the text
// Attempt counts from 0 and only passes 0 when two texts share a hash; the seed is random for each environment, so that
// nobody can choose URLs that do. Ids begin with 1 for each kind; 0 is "".
// A release's text is product, version, build and "c" for a catalogue (else ""), separated by zero bytes.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "reports/environment.h"

namespace larder::reports {

enum class TextKind : std::uint8_t { url = 1, text = 2, release = 3 };

struct Release {
  std::string product, version, build;
  bool catalogue = false;

  bool makes_row() const { return !product.empty() && !catalogue; }
  std::string text() const;
  static Release from(std::string_view text);
};

// The text of an id; "" for 0 and for unknown ids.
std::string text_of(const Txn& txn, TextKind kind, std::uint32_t id);

// The id of a text of kind `text`; 0 for "" and for one that has none.
std::uint32_t known_text(const Txn& txn, std::string_view text);

// Finds and adds. Used by the thread `ledger`; remembers what it has lately seen.
class Dictionary {
 public:
  std::uint32_t id_of(WriteTxn& txn, TextKind kind, std::string_view text);
  // Its id when it was asked for lately. Saves cleaning a text again.
  std::optional<std::uint32_t> remembered(TextKind kind, std::string_view text) const;
  void forget();  // after a transaction that was not committed

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Known {
    std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> ids;
    std::uint32_t last_id = 0;  // 0: not looked up yet
  };

  std::uint32_t find_or_add(WriteTxn& txn, TextKind kind, std::string_view text);
  std::uint32_t next_id(const WriteTxn& txn, TextKind kind);
  Known& known(TextKind kind) { return known_.at(static_cast<std::size_t>(kind) - 1); }

  std::array<Known, 3> known_;
};

}  // namespace larder::reports
