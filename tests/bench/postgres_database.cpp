// SPDX-License-Identifier: MIT
// PostgreSQL through libpq: fetches come by COPY, questions by statements prepared once. The server is started and set
// up by reports.py.
#include <libpq-fe.h>

#include <map>
#include <set>

#include "base/owned.h"
#include "sql.h"

namespace larder::bench {
namespace {

using Answer = Owned<PGresult, PQclear>;

class Postgres final : public Database {
 public:
  explicit Postgres(const std::string& connection) : handle_(PQconnectdb(connection.c_str())) {
    if (PQstatus(handle_.get()) != CONNECTION_OK) fail("connect");
    for (const char* table : kTables) execute(table);
    std::string lines;
    for (std::uint64_t url = 0; url < kUrls; ++url) {
      const Dimension of = dimension_of(url);
      for (const std::uint64_t value : {of.object, of.product, of.release, of.size}) add(lines, value);
      lines += of.product_text + '\t' + of.version + '\t' + of.build + '\t' + of.url + '\n';
    }
    copy("objects", lines);
  }

  std::string_view name() const override { return "PostgreSQL"; }

  void load(std::vector<Fetch>& fetches) override {
    std::string lines;
    std::string devices;
    for (const Fetch& fetch : fetches) {
      const reports::FetchRecord& record = fetch.record;
      const auto& [begin, end] = record.sent_ranges.front();
      if (devices_.insert(fetch.device).second) {
        devices += std::to_string(fetch.device) + '\t' + device_id(fetch.device) + '\n';
      }
      add(lines, static_cast<std::uint64_t>(record.time.time_since_epoch().count()));
      for (const std::uint64_t value :
           {fetch.device, fetch.url, static_cast<std::uint64_t>(record.duration.count()), begin, end, record.bytes_sent,
            record.bytes_from_origin, static_cast<std::uint64_t>(record.entrance),
            static_cast<std::uint64_t>(record.answered), static_cast<std::uint64_t>(record.status)}) {
        add(lines, value);
      }
      lines += record.complete ? "1\n" : "0\n";
    }
    if (!devices.empty()) copy("devices", devices);
    copy("fetches", lines);
  }

  void finish() override {
    for (const char* index : kIndexes) execute(index);
    execute("VACUUM ANALYZE");
  }

  void add_sums() override {
    for (const std::string& sums : kSums) execute(sums.c_str());
    execute("VACUUM ANALYZE");
  }

  std::uint64_t bytes() override {
    Rows rows;
    run("SELECT pg_database_size(current_database())", {}, rows);
    return std::stoull(rows.front());
  }

  std::vector<std::unique_ptr<Contestant>> contestants() override {
    const RunQuery ask = [this](const std::string& sql, const std::vector<std::int64_t>& parameters, Rows& rows) {
      run(sql, parameters, rows);
    };
    std::vector<std::unique_ptr<Contestant>> both;
    both.push_back(std::make_unique<SqlContestant>("PostgreSQL", false, "day", ask));
    both.push_back(std::make_unique<SqlContestant>("PostgreSQL, sums", true, "day", ask));
    return both;
  }

 private:
  static void add(std::string& line, std::uint64_t value) { line += std::to_string(value) + '\t'; }

  [[noreturn]] void fail(const std::string& what) {
    give_up("PostgreSQL: " + what + ": " + PQerrorMessage(handle_.get()));
  }

  Answer checked(PGresult* result, const std::string& what) {
    Answer answer(result);
    const ExecStatusType status = PQresultStatus(answer.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN) fail(what);
    return answer;
  }
  void execute(const char* sql) { checked(PQexec(handle_.get(), sql), sql); }

  void copy(const std::string& table, const std::string& lines) {
    execute(("COPY " + table + " FROM STDIN").c_str());
    if (PQputCopyData(handle_.get(), lines.data(), static_cast<int>(lines.size())) != 1) fail("copy");
    if (PQputCopyEnd(handle_.get(), nullptr) != 1) fail("copy");
    while (PGresult* result = PQgetResult(handle_.get())) checked(result, "copy");
  }

  void run(const std::string& sql, const std::vector<std::int64_t>& parameters, Rows& rows) {
    const auto [statement, isNew] = statements_.try_emplace(sql, "q" + std::to_string(statements_.size()));
    // Numbers are bigint, whatever they are compared with.
    const std::vector<Oid> types(parameters.size(), 20);
    if (isNew) {
      checked(PQprepare(handle_.get(), statement->second.c_str(), sql.c_str(), static_cast<int>(types.size()),
                        types.data()),
              sql);
    }
    std::vector<std::string> texts;
    std::vector<const char*> values;
    texts.reserve(parameters.size());
    for (const std::int64_t value : parameters) values.push_back(texts.emplace_back(std::to_string(value)).c_str());
    const Answer answer = checked(PQexecPrepared(handle_.get(), statement->second.c_str(),
                                                 static_cast<int>(values.size()), values.data(), nullptr, nullptr, 0),
                                  sql);
    for (int row = 0; row < PQntuples(answer.get()); ++row) {
      std::string text;
      for (int column = 0; column < PQnfields(answer.get()); ++column) {
        if (column > 0) text += '|';
        text += PQgetvalue(answer.get(), row, column);
      }
      rows.push_back(std::move(text));
    }
  }

  Owned<PGconn, PQfinish> handle_;
  std::map<std::string, std::string> statements_;
  std::set<std::uint64_t> devices_;
};

}  // namespace

std::unique_ptr<Database> open_postgres(const std::string& connection) {
  return std::make_unique<Postgres>(connection);
}

}  // namespace larder::bench
