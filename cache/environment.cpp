// SPDX-License-Identifier: MIT
#include "cache/environment.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/lmdb_check.h"
#include "base/sync_path.h"

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

// One call of LMDB. A fault within it is the environment's, and an error that says the file contradicts itself is
// remembered, so that the next start looks at it.
class Call {
 public:
  explicit Call(MDB_env* env)
      : home_(static_cast<EnvironmentHome*>(mdb_env_get_userctx(env))), inside_(home_ ? home_->map.slot() : -1) {}
  explicit Call(MDB_txn* txn) : Call(mdb_txn_env(txn)) {}

  Error failed(int code, std::string_view doing) const {
    Error error = lmdb_error(code, doing);
    if (home_ == nullptr) return error;
    if (code == MDB_PANIC) home_->panicked = true;
    if (error.kind == ErrorKind::storage_damaged && !home_->suspected.exchange(true)) {
      larder::suspect(home_->directory, home_->directory.string() + " is damaged: " + error.message);
    }
    return error;
  }

 private:
  EnvironmentHome* home_;
  InsideLmdb inside_;
};

bool cannot_be_written(int code) {
  return code == EROFS || code == EACCES || code == EPERM;
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
  const bool damaged = code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND || code == MDB_INVALID ||
                       code == MDB_VERSION_MISMATCH || code == MDB_CURSOR_FULL || code == MDB_INCOMPATIBLE;
  std::string message(doing);
  message += ": ";
  message += mdb_strerror(code);
  const ErrorKind kind = full      ? ErrorKind::storage_full
                         : damaged ? ErrorKind::storage_damaged
                                   : ErrorKind::storage_broken;
  return fail(kind, std::move(message));
}

Environment::Environment(const EnvironmentOptions& options, Access access, MDB_env* env)
    : name_(options.directory.filename().string()),
      access_(access),
      home_(std::make_unique<EnvironmentHome>()),
      env_(env) {
  home_->directory = options.directory;
  mdb_env_set_userctx(env, home_.get());
}

Result<Environment> Environment::open(const EnvironmentOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.directory, error);
  if (error && !std::filesystem::is_directory(options.directory)) {
    return lmdb_error(error.value(), "making " + options.directory.string());
  }
  const std::filesystem::path file = options.directory / "data.mdb";
  if (was_never_made(file)) std::filesystem::remove(file, error);
  if (Status sound = check_lmdb_file(file); !sound) return std::move(sound).error();
  const bool is_new = !std::filesystem::exists(file, error);
  auto opened = open_as(options, options.access);
  if (opened && is_new) {
    for (const auto& path : {file, options.directory, options.directory.parent_path()}) sync_path(path);
  }
  return opened;
}

Result<Environment> Environment::open_as(const EnvironmentOptions& options, Access access) {
  const std::string path = options.directory.string();
  const std::string doing = "opening " + path;
  MDB_env* raw = nullptr;
  if (const int code = mdb_env_create(&raw)) return lmdb_error(code, doing);
  Environment environment(options, access, raw);
  mdb_env_set_mapsize(raw, options.map_bytes);
  mdb_env_set_maxreaders(raw, kReaders);
  mdb_env_set_maxdbs(raw, options.tables);
  constexpr mdb_mode_t kMode = 0640;
  const unsigned flags = MDB_NORDAHEAD | MDB_NOTLS | (access == Access::read_only ? MDB_RDONLY : 0);
  if (const int code = mdb_env_open(raw, path.c_str(), flags, kMode)) {
    if (access == Access::read_write && cannot_be_written(code)) return open_as(options, Access::read_only);
    return lmdb_error(code, doing);
  }
  if (access == Access::read_write) {
    if (Status checked = check_length(raw); !checked) return std::move(checked).error().with_context(doing);
  }
  environment.home_->map = GuardedMap(options.directory);
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
  const Call call(environment.handle());
  if (const int code = mdb_txn_begin(environment.handle(), nullptr, MDB_RDONLY, &txn)) {
    return call.failed(code, "reading " + environment.name());
  }
  return ReadTxn(txn);
}

Status ReadTxn::renew() {
  const Call call(txn_.get());
  if (const int code = mdb_txn_renew(txn_.get())) return call.failed(code, "reading");
  return ok();
}

Result<WriteTxn> WriteTxn::begin(const Environment& environment) {
  return begin_with(environment, 0);
}

Result<WriteTxn> WriteTxn::begin_opening(const Environment& environment) {
  return begin_with(environment, environment.access() == Access::read_only ? MDB_RDONLY : 0);
}

Result<WriteTxn> WriteTxn::begin_with(const Environment& environment, unsigned flags) {
  MDB_txn* txn = nullptr;
  const Call call(environment.handle());
  if (const int code = mdb_txn_begin(environment.handle(), nullptr, flags, &txn)) {
    return call.failed(code, "writing " + environment.name());
  }
  return WriteTxn(txn);
}

Status WriteTxn::commit() && {
  const Call call(txn_.get());
  if (const int code = mdb_txn_commit(txn_.release())) return call.failed(code, "committing");
  return ok();
}

Result<Cursor> Cursor::open(MDB_txn* txn, MDB_dbi table) {
  MDB_cursor* cursor = nullptr;
  const Call call(txn);
  if (const int code = mdb_cursor_open(txn, table, &cursor)) return call.failed(code, "opening a cursor");
  return Cursor(cursor);
}

Result<std::optional<Entry>> Cursor::move(ByteView key, MDB_cursor_op operation) {
  MDB_val at = to_val(key);
  MDB_val value{};
  const Call call(mdb_cursor_txn(cursor_.get()));
  const int code = mdb_cursor_get(cursor_.get(), &at, &value, operation);
  if (code == MDB_NOTFOUND) return std::optional<Entry>();
  if (code != 0) return call.failed(code, "walking a table");
  return std::optional<Entry>(Entry{to_view(at), to_view(value)});
}

Status Cursor::erase() {
  const Call call(mdb_cursor_txn(cursor_.get()));
  if (const int code = mdb_cursor_del(cursor_.get(), 0)) return call.failed(code, "removing a record");
  return ok();
}

Result<std::optional<ByteView>> get(MDB_txn* txn, MDB_dbi table, ByteView key) {
  MDB_val at = to_val(key);
  MDB_val value{};
  const Call call(txn);
  const int code = mdb_get(txn, table, &at, &value);
  if (code == MDB_NOTFOUND) return std::optional<ByteView>();
  if (code != 0) return call.failed(code, "reading a record");
  return std::optional<ByteView>(to_view(value));
}

Status put(MDB_txn* txn, MDB_dbi table, ByteView key, ByteView value) {
  MDB_val at = to_val(key);
  MDB_val bytes = to_val(value);
  const Call call(txn);
  if (const int code = mdb_put(txn, table, &at, &bytes, 0)) return call.failed(code, "writing a record");
  return ok();
}

Status erase(MDB_txn* txn, MDB_dbi table, ByteView key) {
  MDB_val at = to_val(key);
  const Call call(txn);
  const int code = mdb_del(txn, table, &at, nullptr);
  if (code != 0 && code != MDB_NOTFOUND) return call.failed(code, "removing a record");
  return ok();
}

Result<MDB_dbi> open_table(const WriteTxn& txn, const Environment& environment, const char* name) {
  const bool made = name != nullptr && environment.access() == Access::read_write;
  MDB_dbi table = 0;
  const Call call(environment.handle());
  if (const int code = mdb_dbi_open(txn.handle(), name, made ? MDB_CREATE : 0, &table)) {
    return call.failed(code, "opening " + environment.name() + (name ? std::string("'s table ") + name : ""));
  }
  return table;
}

Result<std::optional<std::span<std::byte>>> reserve(MDB_txn* txn, MDB_dbi table, ByteView key, std::size_t value_bytes,
                                                    Keys keys) {
  MDB_val at = to_val(key);
  MDB_val value{value_bytes, nullptr};
  const Call call(txn);
  const int code = mdb_put(txn, table, &at, &value, MDB_RESERVE | (keys == Keys::only_new ? MDB_NOOVERWRITE : 0));
  if (code == MDB_KEYEXIST) return std::optional<std::span<std::byte>>();
  if (code != 0) return call.failed(code, "writing a chunk");
  return std::optional(std::span(static_cast<std::byte*>(value.mv_data), value_bytes));
}

}  // namespace larder::cache
