// SPDX-License-Identifier: MIT
// One LMDB environment and its transactions as owned handles. Knows nothing of what is kept in it.
// Views (ByteView) come from a transaction and die with it: at commit, abort, reset or the next write.
// Threads: an Environment is shared by all; a transaction belongs to one thread at a time.
#pragma once

#include <lmdb.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/fault_guard.h"
#include "base/owned.h"
#include "base/result.h"

namespace larder::cache {

using ByteView = std::span<const std::byte>;

// What LMDB or the system answered, as an Error: storage_full for want of room, storage_damaged when LMDB found the
// file to contradict itself, otherwise storage_broken.
Error lmdb_error(int code, std::string_view doing);

enum class Access { read_write, read_only };

struct EnvironmentOptions {
  std::filesystem::path directory;  // created when missing
  std::uint64_t map_bytes = 0;      // the file can never grow beyond this; costs address space only
  unsigned tables = 0;              // named tables; 0: the unnamed one alone
  Access access = Access::read_write;
};

// What is known of an environment beside its handle; stays in place when the Environment moves.
struct EnvironmentHome {
  std::filesystem::path directory;
  GuardedMap map;
  std::atomic<bool> suspected{false};
  std::atomic<bool> panicked{false};
};

class Environment {
 public:
  // Synced commits, no WRITEMAP, no read-ahead (a cold chunk is brought in on purpose), transactions free of threads.
  // On a disk that cannot be written it is opened for reading alone. Every page of its trees is looked at first
  // (base/lmdb_check.h): LMDB would fault on a damaged one. storage_damaged then, and for a file that is empty.
  // Faults and errors of later are told of by base/fault_guard.h.
  static Result<Environment> open(const EnvironmentOptions& options);

  MDB_env* handle() const { return env_.get(); }
  const std::string& name() const { return name_; }
  Access access() const { return access_; }
  // Nothing more can be written, nor soon read, until it is opened anew: its head could not be written.
  bool panicked() const { return home_->panicked; }

  // Where the data file is mapped; null when that is not known.
  const void* map() const { return home_->map.begin(); }

  // Pages ever used, in bytes: below this, freed space is used again; above it, the file grows.
  std::uint64_t used_bytes() const;

 private:
  Environment(const EnvironmentOptions& options, Access access, MDB_env* env);
  static Result<Environment> open_as(const EnvironmentOptions& options, Access access);

  std::string name_;
  Access access_ = Access::read_write;
  std::unique_ptr<EnvironmentHome> home_;  // the C handle points to it
  Owned<MDB_env, mdb_env_close> env_;
};

// A snapshot. Renewed and reset many times by its owner; begins live.
class ReadTxn {
 public:
  static Result<ReadTxn> begin(const Environment& environment);

  Status renew();
  void reset() noexcept { mdb_txn_reset(txn_.get()); }
  MDB_txn* handle() const { return txn_.get(); }

 private:
  explicit ReadTxn(MDB_txn* txn) : txn_(txn) {}
  Owned<MDB_txn, mdb_txn_abort> txn_;
};

// Aborts unless committed. One at a time per environment; only the store thread makes them.
class WriteTxn {
 public:
  static Result<WriteTxn> begin(const Environment& environment);
  // In which tables are opened: of a read-only environment it only reads.
  static Result<WriteTxn> begin_opening(const Environment& environment);

  Status commit() &&;
  MDB_txn* handle() const { return txn_.get(); }

 private:
  explicit WriteTxn(MDB_txn* txn) : txn_(txn) {}
  static Result<WriteTxn> begin_with(const Environment& environment, unsigned flags);
  Owned<MDB_txn, mdb_txn_abort> txn_;
};

struct Entry {
  ByteView key;
  ByteView value;
};

class Cursor {
 public:
  static Result<Cursor> open(MDB_txn* txn, MDB_dbi table);

  // Nothing at the end.
  Result<std::optional<Entry>> first() { return move({}, MDB_FIRST); }
  Result<std::optional<Entry>> next() { return move({}, MDB_NEXT); }
  Result<std::optional<Entry>> at_or_after(ByteView key) { return move(key, MDB_SET_RANGE); }
  // Removes the entry the cursor stands on; next() then gives the one after it.
  Status erase();

 private:
  explicit Cursor(MDB_cursor* cursor) : cursor_(cursor) {}
  Result<std::optional<Entry>> move(ByteView key, MDB_cursor_op operation);
  Owned<MDB_cursor, mdb_cursor_close> cursor_;
};

Result<std::optional<ByteView>> get(MDB_txn* txn, MDB_dbi table, ByteView key);
Status put(MDB_txn* txn, MDB_dbi table, ByteView key, ByteView value);
// Absent is fine.
Status erase(MDB_txn* txn, MDB_dbi table, ByteView key);
// `name` null: the unnamed one. Made when missing, unless the environment is read-only.
Result<MDB_dbi> open_table(const WriteTxn& txn, const Environment& environment, const char* name);
// Room for a value of this length under a new or an old key, to be filled at once. Nothing when `only_new` and the key
// is there.
enum class Keys { any, only_new };
Result<std::optional<std::span<std::byte>>> reserve(MDB_txn* txn, MDB_dbi table, ByteView key, std::size_t value_bytes,
                                                    Keys keys);

}  // namespace larder::cache
