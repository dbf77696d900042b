// SPDX-License-Identifier: MIT
// SQLite as a careful engineer would set it up: WAL, statements prepared once, a cache of 256 MiB and the file mapped.
#include <sqlite3.h>

#include <map>

#include "base/owned.h"
#include "sql.h"

namespace larder::bench {
namespace {

class Sqlite final : public Database {
 public:
  explicit Sqlite(const std::filesystem::path& directory) : file_(directory / "fetches.sqlite") {
    std::filesystem::create_directories(directory);
    sqlite3* opened = nullptr;
    const int result = sqlite3_open(file_.c_str(), &opened);
    handle_.reset(opened);
    check(result, "open");
    for (const char* pragma :
         {"PRAGMA page_size=8192", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", "PRAGMA cache_size=-262144",
          "PRAGMA mmap_size=68719476736", "PRAGMA temp_store=MEMORY", "PRAGMA threads=2"}) {
      execute(pragma);
    }
    for (const char* table : kTables) execute(table);
    add_objects();
  }

  std::string_view name() const override { return "SQLite"; }

  void load(std::vector<Fetch>& fetches) override {
    execute("BEGIN");
    for (const Fetch& fetch : fetches) {
      const reports::FetchRecord& record = fetch.record;
      const auto& [begin, end] = record.sent_ranges.front();
      run("INSERT OR IGNORE INTO devices VALUES ($1, 'C02' || (1000000 + $1))", {number(fetch.device)}, nullptr);
      run("INSERT INTO fetches VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
          {record.time.time_since_epoch().count(), number(fetch.device), number(fetch.url), record.duration.count(),
           number(begin), number(end), number(record.bytes_sent), number(record.bytes_from_origin),
           static_cast<std::int64_t>(record.entrance), static_cast<std::int64_t>(record.answered), record.status,
           record.complete ? 1 : 0},
          nullptr);
    }
    execute("COMMIT");
  }

  void finish() override {
    for (const char* index : kIndexes) execute(index);
    settle();
  }

  void add_sums() override {
    for (const std::string& sums : kSums) execute(sums.c_str());
    settle();
  }

  std::uint64_t bytes() override { return std::filesystem::file_size(file_); }

  std::vector<std::unique_ptr<Contestant>> contestants() override {
    const RunQuery ask = [this](const std::string& sql, const std::vector<std::int64_t>& parameters, Rows& rows) {
      run(sql, parameters, &rows);
    };
    std::vector<std::unique_ptr<Contestant>> both;
    both.push_back(std::make_unique<SqlContestant>("SQLite", false, "+day", ask));
    both.push_back(std::make_unique<SqlContestant>("SQLite, sums", true, "+day", ask));
    return both;
  }

 private:
  static std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

  void check(int result, const std::string& what) {
    if (result != SQLITE_OK && result != SQLITE_ROW && result != SQLITE_DONE) {
      give_up("SQLite: " + what + ": " + sqlite3_errmsg(handle_.get()));
    }
  }
  void execute(const char* sql) { check(sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr), sql); }
  void settle() {
    execute("ANALYZE");
    execute("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  void add_objects() {
    execute("BEGIN");
    for (std::uint64_t url = 0; url < kUrls; ++url) {
      const Dimension of = dimension_of(url);
      sqlite3_stmt* statement = prepared("INSERT INTO objects VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
      int at = 0;
      for (const std::uint64_t value : {of.object, of.product, of.release, of.size}) {
        check(sqlite3_bind_int64(statement, ++at, number(value)), "bind");
      }
      for (const std::string* text : {&of.product_text, &of.version, &of.build, &of.url}) {
        check(sqlite3_bind_text(statement, ++at, text->c_str(), -1, SQLITE_TRANSIENT), "bind");
      }
      check(sqlite3_step(statement), "insert");
    }
    execute("COMMIT");
  }

  sqlite3_stmt* prepared(const std::string& sql) {
    auto& statement = statements_[sql];
    if (!statement) {
      sqlite3_stmt* made = nullptr;
      check(sqlite3_prepare_v3(handle_.get(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr), sql);
      statement.reset(made);
    }
    sqlite3_reset(statement.get());
    return statement.get();
  }

  void run(const std::string& sql, const std::vector<std::int64_t>& parameters, Rows* rows) {
    sqlite3_stmt* statement = prepared(sql);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const int at = sqlite3_bind_parameter_index(statement, ("$" + std::to_string(i + 1)).c_str());
      if (at > 0) check(sqlite3_bind_int64(statement, at, parameters[i]), "bind");
    }
    int result = sqlite3_step(statement);
    for (; result == SQLITE_ROW; result = sqlite3_step(statement)) {
      if (rows != nullptr) rows->push_back(row(statement));
    }
    check(result, sql);
    sqlite3_reset(statement);
  }

  static std::string row(sqlite3_stmt* statement) {
    std::string text;
    for (int column = 0; column < sqlite3_column_count(statement); ++column) {
      if (column > 0) text += '|';
      const auto* value = sqlite3_column_text(statement, column);
      if (value != nullptr) text += reinterpret_cast<const char*>(value);
    }
    return text;
  }

  std::filesystem::path file_;
  Owned<sqlite3, sqlite3_close> handle_;
  std::map<std::string, Owned<sqlite3_stmt, sqlite3_finalize>> statements_;
};

}  // namespace

std::unique_ptr<Database> open_sqlite(const std::filesystem::path& directory) {
  return std::make_unique<Sqlite>(directory);
}

}  // namespace larder::bench
