// SPDX-License-Identifier: MIT
// One LMDB environment and its transactions as owned handles. Knows nothing of what is kept in it.
// Views (ByteView) come from a transaction and die with it: at commit, abort, reset or the next write.
// Threads: an Environment is shared by all; a transaction belongs to one thread at a time.
#pragma once

#include <lmdb.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/owned.h"
#include "base/result.h"

namespace larder::cache {

using ByteView = std::span<const std::byte>;

// What LMDB or the system answered, as an Error: storage_full for want of room, otherwise storage_broken.
Error lmdb_error(int code, std::string_view doing);

struct EnvironmentOptions {
  std::filesystem::path directory;  // created when missing
  std::uint64_t map_bytes = 0;      // the file can never grow beyond this; costs address space only
  unsigned tables = 0;              // named tables; 0: the unnamed one alone
};

class Environment {
 public:
  // Synced commits, no WRITEMAP, no read-ahead (a cold chunk is brought in on purpose), transactions free of threads.
  // Refuses a file that is shorter than its own meta page says: touching the missing pages would kill the process.
  static Result<Environment> open(const EnvironmentOptions& options);

  MDB_env* handle() const { return env_.get(); }
  const std::string& name() const { return name_; }

  // Pages ever used, in bytes: below this, freed space is used again; above it, the file grows.
  std::uint64_t used_bytes() const;

 private:
  Environment(std::string name, MDB_env* env) : name_(std::move(name)), env_(env) {}
  std::string name_;
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

  Status commit() &&;
  MDB_txn* handle() const { return txn_.get(); }

 private:
  explicit WriteTxn(MDB_txn* txn) : txn_(txn) {}
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

}  // namespace larder::cache
