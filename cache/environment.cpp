// SPDX-License-Identifier: MIT
#include "cache/environment.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace larder::cache {

namespace {

// Readers per environment: a loop per core, pagers, the store and whoever lists. LMDB's default is 126.
constexpr unsigned kReaders = 512;
// Pages allocated and freed again within one transaction are counted but never written, so a sound file may end a few
// pages early. More than this is a truncated file.
constexpr std::uint64_t kUnwrittenTailPages = 64;

MDB_val to_val(ByteView bytes) {
  return {bytes.size(), const_cast<std::byte*>(bytes.data())};  // NOLINT: LMDB's C interface has no const
}

ByteView to_view(const MDB_val& value) {
  return {static_cast<const std::byte*>(value.mv_data), value.mv_size};
}

struct Shape {
  std::uint64_t page_bytes = 0;
  std::uint64_t pages = 0;
};

Shape shape_of(MDB_env* env) {
  MDB_stat stat{};
  MDB_envinfo info{};
  mdb_env_stat(env, &stat);
  mdb_env_info(env, &info);
  return {stat.ms_psize, info.me_last_pgno + 1};
}

Status check_length(MDB_env* env) {
  const Shape shape = shape_of(env);
  int file = -1;
  struct stat status {};
  if (const int code = mdb_env_get_fd(env, &file)) return lmdb_error(code, "looking at the data file");
  if (fstat(file, &status) != 0) return lmdb_error(errno, "looking at the data file");
  const auto length = static_cast<std::uint64_t>(status.st_size);
  const std::uint64_t needed = shape.pages * shape.page_bytes;
  if (length >= needed) return ok();
  if (needed - length > kUnwrittenTailPages * shape.page_bytes) {
    return fail(ErrorKind::storage_broken,
                "the data file is truncated: " + std::to_string(length) + " of " + std::to_string(needed) + " bytes");
  }
  if (ftruncate(file, static_cast<off_t>(needed)) != 0) return lmdb_error(errno, "completing the data file");
  return ok();
}

}  // namespace

Error lmdb_error(int code, std::string_view doing) {
  const bool full = code == MDB_MAP_FULL || code == MDB_TXN_FULL || code == ENOSPC || code == EDQUOT || code == EFBIG;
  std::string message(doing);
  message += ": ";
  message += mdb_strerror(code);
  return fail(full ? ErrorKind::storage_full : ErrorKind::storage_broken, std::move(message));
}

Result<Environment> Environment::open(const EnvironmentOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.directory, error);
  const std::string path = options.directory.string();
  const std::string doing = "opening " + path;
  if (error) return lmdb_error(error.value(), doing);

  MDB_env* raw = nullptr;
  if (const int code = mdb_env_create(&raw)) return lmdb_error(code, doing);
  Environment environment(options.directory.filename().string(), raw);
  mdb_env_set_mapsize(raw, options.map_bytes);
  mdb_env_set_maxreaders(raw, kReaders);
  mdb_env_set_maxdbs(raw, options.tables);
  constexpr mdb_mode_t kMode = 0640;
  if (const int code = mdb_env_open(raw, path.c_str(), MDB_NORDAHEAD | MDB_NOTLS, kMode)) {
    return lmdb_error(code, doing);
  }
  if (Status checked = check_length(raw); !checked) return std::move(checked).error().with_context(doing);
  int stale_readers = 0;
  mdb_reader_check(raw, &stale_readers);
  return environment;
}

std::uint64_t Environment::used_bytes() const {
  const Shape shape = shape_of(env_.get());
  return shape.page_bytes * shape.pages;
}

Result<ReadTxn> ReadTxn::begin(const Environment& environment) {
  MDB_txn* txn = nullptr;
  if (const int code = mdb_txn_begin(environment.handle(), nullptr, MDB_RDONLY, &txn)) {
    return lmdb_error(code, "reading " + environment.name());
  }
  return ReadTxn(txn);
}

Status ReadTxn::renew() {
  if (const int code = mdb_txn_renew(txn_.get())) return lmdb_error(code, "reading");
  return ok();
}

Result<WriteTxn> WriteTxn::begin(const Environment& environment) {
  MDB_txn* txn = nullptr;
  if (const int code = mdb_txn_begin(environment.handle(), nullptr, 0, &txn)) {
    return lmdb_error(code, "writing " + environment.name());
  }
  return WriteTxn(txn);
}

Status WriteTxn::commit() && {
  if (const int code = mdb_txn_commit(txn_.release())) return lmdb_error(code, "committing");
  return ok();
}

Result<Cursor> Cursor::open(MDB_txn* txn, MDB_dbi table) {
  MDB_cursor* cursor = nullptr;
  if (const int code = mdb_cursor_open(txn, table, &cursor)) return lmdb_error(code, "opening a cursor");
  return Cursor(cursor);
}

Result<std::optional<Entry>> Cursor::move(ByteView key, MDB_cursor_op operation) {
  MDB_val at = to_val(key);
  MDB_val value{};
  const int code = mdb_cursor_get(cursor_.get(), &at, &value, operation);
  if (code == MDB_NOTFOUND) return std::optional<Entry>();
  if (code != 0) return lmdb_error(code, "walking a table");
  return std::optional<Entry>(Entry{to_view(at), to_view(value)});
}

Status Cursor::erase() {
  if (const int code = mdb_cursor_del(cursor_.get(), 0)) return lmdb_error(code, "removing a record");
  return ok();
}

Result<std::optional<ByteView>> get(MDB_txn* txn, MDB_dbi table, ByteView key) {
  MDB_val at = to_val(key);
  MDB_val value{};
  const int code = mdb_get(txn, table, &at, &value);
  if (code == MDB_NOTFOUND) return std::optional<ByteView>();
  if (code != 0) return lmdb_error(code, "reading a record");
  return std::optional<ByteView>(to_view(value));
}

Status put(MDB_txn* txn, MDB_dbi table, ByteView key, ByteView value) {
  MDB_val at = to_val(key);
  MDB_val bytes = to_val(value);
  if (const int code = mdb_put(txn, table, &at, &bytes, 0)) return lmdb_error(code, "writing a record");
  return ok();
}

Status erase(MDB_txn* txn, MDB_dbi table, ByteView key) {
  MDB_val at = to_val(key);
  const int code = mdb_del(txn, table, &at, nullptr);
  if (code != 0 && code != MDB_NOTFOUND) return lmdb_error(code, "removing a record");
  return ok();
}

}  // namespace larder::cache
