// SPDX-License-Identifier: MIT
#include "reports/environment.h"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <random>

#include "base/lmdb_check.h"
#include "base/sync_path.h"
#include "reports/stored_bytes.h"

namespace larder::reports {
namespace {

namespace fs = std::filesystem;

// Virtual addresses only: nothing is allocated until it is written, so the map is made far larger than any ledger gets
// (100 million fetches take about 12 GB) and never has to grow, which would need every reader to stop. Where addresses
// are rationed (RLIMIT_AS) the largest map that fits is taken.
constexpr std::size_t kLargestMap = std::size_t{256} << 30U;
constexpr std::size_t kSmallestMap = std::size_t{1} << 30U;
// Queries that may run at one moment: the admin's threads, with room to spare.
constexpr unsigned kReaders = 512;
constexpr mdb_mode_t kMode = 0640;

constexpr std::array<std::string_view, kTables> kNames{
    "meta",      "ids",      "names",         "device_ids",   "devices",    "fetches",  "totals",
    "hours",     "days",     "device_totals", "device_hours", "holdings",   "coverage", "versions",
    "inventory", "bindings", "place_totals",  "place_hours",  "place_days", "examples", "newest"};

MDB_val as_val(std::string_view bytes) {
  // LMDB reads through this pointer and never writes.
  return {bytes.size(), const_cast<char*>(bytes.data())};  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

std::string_view as_view(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

std::uint64_t random_seed() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32U | device();
}

// LMDB trusts its map: a page beyond the file's end is a SIGBUS. A copy cut short is recognised before it is read.
bool is_cut_short(MDB_env* env, const fs::path& path) {
  MDB_envinfo info{};
  MDB_stat stat{};
  std::error_code unknown;
  if (mdb_env_info(env, &info) != 0 || mdb_env_stat(env, &stat) != 0) return true;
  const std::uintmax_t size = fs::file_size(path / "data.mdb", unknown);
  if (unknown || stat.ms_entries == 0) return false;
  return size < (info.me_last_pgno + 1) * static_cast<std::uintmax_t>(stat.ms_psize);
}

using EnvHandle = Owned<MDB_env, mdb_env_close>;

int open_with_map(const fs::path& path, std::size_t map_size, unsigned flags, EnvHandle& opened) {
  MDB_env* created = nullptr;
  if (const int code = mdb_env_create(&created); code != 0) return code;
  opened.reset(created);
  mdb_env_set_maxdbs(created, kTables);
  mdb_env_set_maxreaders(created, kReaders);
  mdb_env_set_mapsize(created, map_size);
  return mdb_env_open(created, path.c_str(), MDB_NOTLS | flags, kMode);
}

int open_with_largest_map(const fs::path& path, unsigned flags, EnvHandle& opened) {
  int code = ENOMEM;
  for (std::size_t size = kLargestMap; code == ENOMEM && size >= kSmallestMap; size /= 2) {
    code = open_with_map(path, size, flags, opened);
  }
  return code;
}

// Read whole at each start, in half a second. A larger ledger is read only when it is under suspicion: 12 GB take a
// minute.
constexpr std::uint64_t kCheckedAlways = std::uint64_t{512} << 20U;
constexpr unsigned kMostSuspicions = 2;

Status check_pages(const fs::path& path) {
  const unsigned times = times_suspected(path);
  if (times >= kMostSuspicions) {
    return fail(ErrorKind::corrupt, "larderd had to begin anew " + std::to_string(times) +
                                        " times because of pages of " + path.string() + " that could not be used");
  }
  Status sound = check_lmdb_file(path / "data.mdb", times > 0 ? 0 : kCheckedAlways);
  if (!sound) return fail(ErrorKind::corrupt, sound.error().message);
  return sound;
}

fs::path aside_name(const fs::path& path, const Clock& clock) {
  std::string stamp = to_rfc3339(clock.now());
  std::erase(stamp, ':');
  fs::path aside = path.string() + ".broken-" + stamp;
  std::error_code ignored;
  for (int n = 2; fs::exists(aside, ignored); ++n) {
    aside = path.string() + ".broken-" + stamp + "-" + std::to_string(n);
  }
  return aside;
}

}  // namespace

std::string_view table_name(Table table) {
  return kNames.at(static_cast<std::size_t>(table));
}

Error ledger_error(std::string_view doing, int code) {
  ErrorKind kind = ErrorKind::storage_broken;
  if (code == ENOSPC || code == EDQUOT || code == EFBIG || code == MDB_MAP_FULL) kind = ErrorKind::storage_full;
  if (is_damage(code)) kind = ErrorKind::corrupt;
  return fail(kind, std::string(doing) + ": " + mdb_strerror(code));
}

bool is_damage(int code) {
  return code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND || code == MDB_INVALID || code == MDB_VERSION_MISMATCH ||
         code == MDB_INCOMPATIBLE || code == MDB_PANIC;
}

Result<std::unique_ptr<Environment>> Environment::open(const fs::path& path, const Clock& clock,
                                                       std::vector<std::string>& set_aside, Damage damage) {
  Result<std::unique_ptr<Environment>> opened = fail(ErrorKind::corrupt, "the ledger in " + path.string());
  if (damage == Damage::unknown) opened = open_once(path);
  if (opened || opened.error().kind != ErrorKind::corrupt) return opened;
  const fs::path aside = aside_name(path, clock);
  std::error_code failed;
  fs::rename(path, aside, failed);
  if (failed) {
    return std::move(opened).error().with_context("setting aside " + path.string() + " (" + failed.message() + ")");
  }
  trust(path);
  spdlog::error("The ledger is damaged and was set aside as {}; a new record begins. {}", aside.string(),
                opened.error().message);
  set_aside.push_back(aside.string());
  return open_once(path);
}

Result<std::unique_ptr<Environment>> Environment::open_once(const fs::path& path) {
  const std::string doing = "opening the ledger in " + path.string();
  std::error_code failed;
  fs::create_directories(path, failed);
  if (failed && !fs::is_directory(path)) return fail(ErrorKind::storage_broken, doing + ": " + failed.message());
  auto environment = std::make_unique<Environment>();
  const fs::path file = path / "data.mdb";
  if (was_never_made(file)) fs::remove(file, failed);
  if (Status sound = check_pages(path); !sound) return std::move(sound).error();
  const bool is_new = !fs::exists(file, failed);
  int code = open_with_largest_map(path, 0, environment->handle_);
  if (code == EROFS || code == EACCES || code == EPERM) {
    environment->read_only_ = true;
    code = open_with_largest_map(path, MDB_RDONLY, environment->handle_);
  }
  if (code != 0) return ledger_error(doing, code);
  environment->map_ = GuardedMap(path);
  if (is_new) {
    for (const auto& made : {file, path, path.parent_path()}) sync_path(made);
  }
  MDB_env* const handle = environment->handle();
  if (is_cut_short(handle, path)) return fail(ErrorKind::corrupt, doing + ": the file is shorter than it says");
  int dead_readers = 0;
  mdb_reader_check(handle, &dead_readers);
  if (auto tables = environment->open_tables(); !tables) return std::move(tables).error().with_context(doing);
  return environment;
}

Status Environment::open_tables() {
  WriteTxn txn(*this, read_only_ ? WriteTxn::Opening::reading : WriteTxn::Opening::making);
  if (txn.failure() != 0) return txn.status();
  for (std::size_t i = 0; i < kTables; ++i) {
    if (const int code = txn.open_table(kNames.at(i), tables_.at(i)); code != 0) {
      return ledger_error("opening table " + std::string(kNames.at(i)), code);
    }
  }
  const bool is_new = !read_only_ && !txn.get(Table::meta, kMetaFormat);
  if (is_new && txn.entries(Table::fetches) > 0) return fail(ErrorKind::corrupt, "the format is not recorded");
  if (is_new) {
    txn.set_number(kMetaFormat, kLedgerFormat);
    txn.set_number(kMetaSeed, random_seed());
  } else if (const auto format = txn.number(kMetaFormat); format < kWithoutPlaces || format > kLedgerFormat) {
    return fail(ErrorKind::corrupt,
                "its format is " + std::to_string(format) + ", not " + std::to_string(kLedgerFormat));
  }
  if (const int code = std::move(txn).commit(); code != 0) return ledger_error("beginning it", code);
  return ok();
}

bool Cursor::seek(std::string_view key) {
  return move(key.empty() ? MDB_FIRST : MDB_SET_RANGE, as_val(key));
}

bool Cursor::move(MDB_cursor_op operation, MDB_val key) {
  MDB_val value{};
  key_ = value_ = {};
  if (*failure_ != 0) return false;
  const InsideLmdb inside(slot_);
  const int code = mdb_cursor_get(handle_.get(), &key, &value, operation);
  if (code == MDB_NOTFOUND) return false;
  if (code != 0) {
    *failure_ = code;
    return false;
  }
  key_ = as_view(key);
  value_ = as_view(value);
  return true;
}

Txn::Txn(const Environment& environment, unsigned flags)
    : environment_(&environment), failure_(std::make_unique<int>(0)) {
  MDB_txn* begun = nullptr;
  const InsideLmdb inside(environment.slot());
  failed(mdb_txn_begin(environment.handle(), nullptr, flags, &begun));
  handle_.reset(begun);
}

void Txn::failed(int code) const {
  if (*failure_ == 0) *failure_ = code;
}

std::optional<std::string_view> Txn::get(Table table, std::string_view key) const {
  if (*failure_ != 0) return std::nullopt;
  MDB_val wanted = as_val(key);
  MDB_val value{};
  const InsideLmdb inside(environment_->slot());
  const int code = mdb_get(handle_.get(), environment_->table(table), &wanted, &value);
  if (code == 0) return as_view(value);
  if (code != MDB_NOTFOUND) failed(code);
  return std::nullopt;
}

std::uint64_t Txn::number(std::string_view meta_key) const {
  const auto value = get(Table::meta, meta_key);
  return value ? StoredReader(*value).u64() : 0;
}

std::uint64_t Txn::entries(Table table) const {
  MDB_stat stat{};
  if (*failure_ != 0) return 0;
  failed(mdb_stat(handle_.get(), environment_->table(table), &stat));
  return stat.ms_entries;
}

Cursor Txn::cursor(Table table) const {
  MDB_cursor* opened = nullptr;
  if (*failure_ == 0) failed(mdb_cursor_open(handle_.get(), environment_->table(table), &opened));
  return {opened, failure_.get(), environment_->slot()};
}

Status Txn::status() const {
  if (*failure_ == 0) return ok();
  return ledger_error("reading the ledger", *failure_);
}

int WriteTxn::open_table(std::string_view name, MDB_dbi& table) {
  const InsideLmdb inside(environment_->slot());
  const unsigned flags = environment_->read_only() ? 0 : MDB_CREATE;
  return mdb_dbi_open(handle_.get(), std::string(name).c_str(), flags, &table);
}

void WriteTxn::store(Table table, std::string_view key, std::string_view value, unsigned flags) {
  if (failure() != 0) return;
  MDB_val k = as_val(key);
  MDB_val v = as_val(value);
  const InsideLmdb inside(environment_->slot());
  failed(mdb_put(handle_.get(), environment_->table(table), &k, &v, flags));
}

void WriteTxn::put(Table table, std::string_view key, std::string_view value) {
  store(table, key, value, 0);
}

void WriteTxn::append(Table table, std::string_view key, std::string_view value) {
  store(table, key, value, MDB_APPEND);
}

void WriteTxn::erase(Table table, std::string_view key) {
  if (failure() != 0) return;
  MDB_val k = as_val(key);
  const InsideLmdb inside(environment_->slot());
  const int code = mdb_del(handle_.get(), environment_->table(table), &k, nullptr);
  if (code != MDB_NOTFOUND) failed(code);
}

void WriteTxn::set_number(std::string_view meta_key, std::uint64_t value) {
  StoredWriter out;
  out.u64(value);
  put(Table::meta, meta_key, out.view());
}

int WriteTxn::commit() && {
  const InsideLmdb inside(environment_->slot());
  if (failure() == 0) failed(mdb_txn_commit(handle_.release()));
  handle_.reset();
  return failure();
}

}  // namespace larder::reports
