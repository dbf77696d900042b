// SPDX-License-Identifier: MIT
// The ledger's LMDB environment, its tables and its transactions. It knows nothing of what the tables hold.
// Invariant: one WriteTxn at a time, on the thread `ledger`; any number of short ReadTxns on any threads.
#pragma once

#include <lmdb.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/fault_guard.h"
#include "base/owned.h"
#include "base/result.h"

namespace larder::reports {

enum class Table : std::uint8_t {
  meta,        // names of settings -> u64 big-endian
  ids,         // dictionary.h
  names,       // dictionary.h
  device_ids,  // id text -> device number, u32 big-endian
  devices,     // these and the following: rollup_format.h
  fetches,     // fetch_format.h
  totals,
  hours,
  days,
  device_totals,
  device_hours,
  holdings,
  coverage,
  versions,
  inventory,     // inventory.h
  bindings,      // bindings.h
  place_totals,  // these and the following: places.h
  place_hours,
  place_days,
  examples,
  newest  // newest.h
};
inline constexpr std::size_t kTables = static_cast<std::size_t>(Table::newest) + 1;
std::string_view table_name(Table table);  // the sub-database's name

// What `meta` keeps.
inline constexpr std::string_view kMetaFormat =
    "format";  // 4; 2 and 3 are brought up to it, another sets the environment aside
inline constexpr std::string_view kMetaSeed = "seed";              // of the dictionary's hash
inline constexpr std::string_view kMetaSequence = "sequence";      // fetches ever recorded; the next one's sequence
inline constexpr std::string_view kMetaJournal = "journal";        // sequence of the first journal record not posted
inline constexpr std::string_view kMetaDropped = "dropped";        // fetches ever dropped at a full inbox
inline constexpr std::string_view kMetaRawSince = "raw_since";     // hour; older hours have lost their raw fetches
inline constexpr std::string_view kMetaInventory = "inventory";    // how often the inventory has changed
inline constexpr std::string_view kMetaPseudonyms = "pseudonyms";  // pseudonyms.h; not a number
inline constexpr std::uint64_t kLedgerFormat = 4;
inline constexpr std::uint64_t kPlacesByRelease = 3;  // formats before; reckoning.h
inline constexpr std::uint64_t kWithoutPlaces = 2;

// What is known before opening: `certain` sets the environment aside unopened.
enum class Damage { unknown, certain };

class Environment {
 public:
  // Opens or creates the environment in the directory `path`. One that cannot be opened, has another format or is
  // damaged is renamed to `<path>.broken-<time>`, named in `set_aside`, and a new one begun. Its pages are looked at
  // first (base/lmdb_check.h), of a large one only when it is under suspicion (base/fault_guard.h). On a disk that
  // cannot be written it is opened for reading alone. Fails only when that does not work either (no permission, no
  // space).
  static Result<std::unique_ptr<Environment>> open(const std::filesystem::path& path, const Clock& clock,
                                                   std::vector<std::string>& set_aside,
                                                   Damage damage = Damage::unknown);

  MDB_env* handle() const { return handle_.get(); }
  bool read_only() const { return read_only_; }
  // For InsideLmdb.
  int slot() const { return map_.slot(); }
  MDB_dbi table(Table table) const { return tables_.at(static_cast<std::size_t>(table)); }

 private:
  static Result<std::unique_ptr<Environment>> open_once(const std::filesystem::path& path);
  Status open_tables();

  GuardedMap map_;
  bool read_only_ = false;
  Owned<MDB_env, mdb_env_close> handle_;
  std::array<MDB_dbi, kTables> tables_{};
};

// A place in a table. Views are valid until the next change of the same transaction, and never after it.
class Cursor {
 public:
  bool seek(std::string_view key);  // to the first key at or after this one
  bool first() { return move(MDB_FIRST); }
  bool last() { return move(MDB_LAST); }
  bool next() { return move(MDB_NEXT); }
  bool previous() { return move(MDB_PREV); }
  std::string_view key() const { return key_; }
  std::string_view value() const { return value_; }

 private:
  friend class Txn;
  Cursor(MDB_cursor* handle, int* failure, int slot) : handle_(handle), failure_(failure), slot_(slot) {}
  bool move(MDB_cursor_op operation, MDB_val key = {});

  Owned<MDB_cursor, mdb_cursor_close> handle_;
  int* failure_;
  int slot_;
  std::string_view key_, value_;
};

// What reading and writing transactions share. The first failure stays: everything after it finds nothing and changes
// nothing, and status() or commit() tells of it. Aborted on destruction. Cursors must die before their transaction.
class Txn {
 public:
  Txn(const Txn&) = delete;
  Txn& operator=(const Txn&) = delete;

  std::optional<std::string_view> get(Table table, std::string_view key) const;
  std::uint64_t number(std::string_view meta_key) const;  // of `meta`; 0 when absent
  std::uint64_t entries(Table table) const;
  Cursor cursor(Table table) const;
  Status status() const;
  int failure() const { return *failure_; }  // LMDB's or the system's code; 0 none

 protected:
  Txn(const Environment& environment, unsigned flags);
  ~Txn() = default;
  Txn(Txn&&) = default;
  void failed(int code) const;

  const Environment* environment_;
  std::unique_ptr<int> failure_;  // cursors point to it
  Owned<MDB_txn, mdb_txn_abort> handle_;
};

class ReadTxn : public Txn {
 public:
  explicit ReadTxn(const Environment& environment) : Txn(environment, MDB_RDONLY) {}
};

class WriteTxn : public Txn {
 public:
  explicit WriteTxn(const Environment& environment) : Txn(environment, 0) {}

  void put(Table table, std::string_view key, std::string_view value);
  void append(Table table, std::string_view key, std::string_view value);  // key after every other
  void erase(Table table, std::string_view key);
  void set_number(std::string_view meta_key, std::uint64_t value);
  int commit() &&;  // the first failure's code; 0: durable

 private:
  friend class Environment;
  enum class Opening { making, reading };
  WriteTxn(const Environment& environment, Opening opening)
      : Txn(environment, opening == Opening::reading ? MDB_RDONLY : 0) {}
  int open_table(std::string_view name, MDB_dbi& table);
  void store(Table table, std::string_view key, std::string_view value, unsigned flags);
};

// "writing the ledger: No space left on device"
Error ledger_error(std::string_view doing, int code);
// Whether the environment itself is damaged, rather than the disk full or memory short.
bool is_damage(int code);

}  // namespace larder::reports
