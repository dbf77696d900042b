// SPDX-License-Identifier: MIT
#include "sql.h"

#include <algorithm>

namespace larder::bench {
namespace {

// A device has an object whole when its pieces cover it. Pieces begin at fixed places here, so the longest of each
// place add up to what is covered.
std::string held_of_fetches(const std::string& where) {
  return "SELECT object, device, sum(covered) AS covered, sum(bytes_sent) AS bytes_sent, sum(requests) AS requests, "
         "min(begun) AS begun, max(ended) AS ended FROM (SELECT f.object, f.device, max(f.end_byte) - f.begin_byte AS "
         "covered, sum(f.bytes_sent) AS bytes_sent, count(*) AS requests, min(f.time) AS begun, max(f.time) AS ended "
         "FROM fetches f JOIN objects o ON o.object = f.object WHERE " +
         where + " GROUP BY f.object, f.device, f.begin_byte) AS pieces GROUP BY object, device";
}

// Of devices that have the product whole in any version, the newest of these; $1 the product, $2 the device before.
std::string newest_of_fetches() {
  return "SELECT h.device AS device, max(o.release) AS release FROM (" +
         held_of_fetches("o.product = $1 AND f.device > $2") +
         ") AS h JOIN objects o ON o.object = h.object WHERE h.covered >= o.size GROUP BY h.device";
}

// A question over the fetches, and over the sums.
struct Sql {
  std::string fetches, sums;
};

Sql summary_sql() {
  return {
      "SELECT count(*), coalesce(sum(bytes_sent), 0), coalesce(sum(bytes_from_origin), 0), count(DISTINCT device), "
      "coalesce(sum(CASE WHEN answered = 0 THEN 1 ELSE 0 END), 0) FROM fetches WHERE time >= $1 AND time < $2",
      "SELECT coalesce(sum(requests), 0), coalesce(sum(bytes_sent), 0), coalesce(sum(bytes_from_origin), 0), "
      "(SELECT count(DISTINCT device) FROM device_days WHERE day >= $1 / 86400000000 AND day < $2 / 86400000000), "
      "coalesce(sum(hits), 0) FROM hours WHERE hour >= $1 / 3600000000 AND hour < $2 / 3600000000"};
}

Sql versions_sql() {
  const auto from = [](const std::string& held) {
    return "SELECT o.version, o.build, sum(CASE WHEN h.covered >= o.size THEN 1 ELSE 0 END), sum(CASE WHEN h.covered < "
           "o.size THEN 1 ELSE 0 END), min(h.begun), max(h.ended), sum(h.bytes_sent), sum(h.requests) FROM " +
           held +
           " AS h JOIN objects o ON o.object = h.object WHERE o.product = $1 GROUP BY o.release, o.version, o.build "
           "ORDER BY o.release DESC LIMIT 100";
  };
  return {from("(" + held_of_fetches("o.product = $1") + ")"), from("held")};
}

Sql devices_sql(const std::string& day) {
  const auto from = [](const std::string& inner) {
    return "SELECT d.id, f.requests, f.bytes_sent, f.begun, f.ended FROM (" + inner +
           " AND device > $3 GROUP BY device ORDER BY device LIMIT 100) AS f JOIN devices d ON d.device = f.device "
           "ORDER BY f.device";
  };
  return {from("SELECT device, count(*) AS requests, sum(bytes_sent) AS bytes_sent, min(time) AS begun, max(time) AS "
               "ended FROM fetches WHERE time >= $1 AND time < $2"),
          from("SELECT device, sum(requests) AS requests, sum(bytes_sent) AS bytes_sent, min(begun) AS begun, "
               "max(ended) AS ended FROM device_days WHERE " +
               day + " >= $1 / 86400000000 AND " + day + " < $2 / 86400000000")};
}

Sql device_sql() {
  const auto from = [](const std::string& held) {
    return "SELECT o.product_text, o.version, o.build, CASE WHEN h.covered >= o.size THEN 1 ELSE 0 END, h.bytes_sent, "
           "h.begun, h.ended FROM " +
           held + " AS h JOIN objects o ON o.object = h.object WHERE h.device = $1";
  };
  return {from("(" + held_of_fetches("f.device = $1") + ")"), from("held")};
}

std::string recent_sql() {
  return "SELECT f.time, o.url, f.bytes_sent FROM (SELECT time, object, bytes_sent FROM fetches WHERE device = $1 "
         "ORDER "
         "BY time DESC LIMIT 100) AS f JOIN objects o ON o.object = f.object ORDER BY f.time DESC";
}

Sql traffic_sql() {
  // The first objects are one of each product, in order.
  return {
      "SELECT f.time / 3600000000, o.product_text, f.entrance, count(*), sum(f.bytes_sent), "
      "sum(f.bytes_from_origin) FROM fetches f JOIN objects o ON o.object = f.object WHERE f.time >= $1 AND f.time < "
      "$2 GROUP BY 1, 2, 3 ORDER BY 1 DESC, 2, 3",
      "SELECT h.hour, o.product_text, h.entrance, h.requests, h.bytes_sent, h.bytes_from_origin FROM hours h JOIN "
      "objects o ON o.object = h.product WHERE h.hour >= $1 / 3600000000 AND h.hour < $2 / 3600000000 ORDER BY 1 "
      "DESC, 2, 3"};
}

Sql lagging_sql() {
  const auto from = [](const std::string& newest) {
    return "SELECT d.id, had.version, (SELECT version FROM objects WHERE product = $1 ORDER BY release DESC LIMIT 1), "
           "(SELECT count(*) FROM objects WHERE product = $1 AND release > n.release) FROM (" +
           newest +
           ") AS n JOIN devices d ON d.device = n.device JOIN objects had ON had.product = $1 AND had.release = "
           "n.release WHERE n.release < (SELECT max(release) FROM objects WHERE product = $1) ORDER BY n.device LIMIT "
           "100";
  };
  return {from(newest_of_fetches()), from("SELECT device, release FROM newest WHERE product = $1 AND device > $2")};
}

}  // namespace

const std::vector<const char*> kTables{
    "CREATE TABLE objects (object INTEGER PRIMARY KEY, product INTEGER NOT NULL, release INTEGER NOT NULL, size BIGINT "
    "NOT NULL, product_text TEXT NOT NULL, version TEXT NOT NULL, build TEXT NOT NULL, url TEXT NOT NULL)",
    "CREATE TABLE devices (device INTEGER PRIMARY KEY, id TEXT NOT NULL)",
    "CREATE TABLE fetches (time BIGINT NOT NULL, device INTEGER NOT NULL, object INTEGER NOT NULL, duration INTEGER "
    "NOT "
    "NULL, begin_byte BIGINT NOT NULL, end_byte BIGINT NOT NULL, bytes_sent BIGINT NOT NULL, bytes_from_origin BIGINT "
    "NOT NULL, entrance SMALLINT NOT NULL, answered SMALLINT NOT NULL, status SMALLINT NOT NULL, complete SMALLINT NOT "
    "NULL)"};

const std::vector<const char*> kIndexes{"CREATE INDEX fetches_by_time ON fetches (time)",
                                        "CREATE INDEX fetches_by_device ON fetches (device, time)",
                                        "CREATE INDEX fetches_by_object ON fetches (object, device)",
                                        "CREATE INDEX objects_by_product ON objects (product, release)"};

const std::vector<std::string> kSums{
    "CREATE TABLE hours AS SELECT f.time / 3600000000 AS hour, o.product AS product, f.entrance AS entrance, count(*) "
    "AS "
    "requests, sum(f.bytes_sent) AS bytes_sent, sum(f.bytes_from_origin) AS bytes_from_origin, sum(CASE WHEN "
    "f.answered "
    "= 0 THEN 1 ELSE 0 END) AS hits FROM fetches f JOIN objects o ON o.object = f.object GROUP BY 1, 2, 3",
    "CREATE UNIQUE INDEX hours_by_hour ON hours (hour, product, entrance)",
    "CREATE TABLE device_days AS SELECT device, time / 86400000000 AS day, count(*) AS requests, sum(bytes_sent) AS "
    "bytes_sent, min(time) AS begun, max(time) AS ended FROM fetches GROUP BY 1, 2",
    "CREATE UNIQUE INDEX device_days_by_device ON device_days (device, day)",
    "CREATE UNIQUE INDEX device_days_by_day ON device_days (day, device)",
    "CREATE TABLE held AS " + held_of_fetches("1 = 1"),
    "CREATE UNIQUE INDEX held_by_object ON held (object, device)",
    "CREATE UNIQUE INDEX held_by_device ON held (device, object)",
    "CREATE TABLE newest AS SELECT o.product AS product, h.device AS device, max(o.release) AS release FROM held h "
    "JOIN "
    "objects o ON o.object = h.object WHERE h.covered >= o.size GROUP BY 1, 2",
    "CREATE UNIQUE INDEX newest_by_product ON newest (product, device)"};

Dimension dimension_of(std::uint64_t url) {
  return {url,           url % kProducts, release_of(url), object_bytes(url), product_of(url), version_of(url),
          build_of(url), url_of(url)};
}

Rows SqlContestant::ask(const Asked& asked) {
  const auto of = [this](const Sql& sql) { return std::string(sums_ ? sql.sums : sql.fetches); };
  const std::int64_t after = asked.after ? static_cast<std::int64_t>(*asked.after) : -1;
  const auto product = static_cast<std::int64_t>(asked.product);
  const auto device = static_cast<std::int64_t>(asked.device);
  Rows rows;
  switch (asked.question) {
    case Question::summary:
      run_(of(summary_sql()), {asked.from_us, asked.to_us}, rows);
      break;
    case Question::versions:
      run_(of(versions_sql()), {product}, rows);
      break;
    case Question::devices:
      run_(of(devices_sql(day_)), {asked.from_us, asked.to_us, after}, rows);
      break;
    case Question::device:
      run_(of(device_sql()), {device}, rows);
      std::sort(rows.begin(), rows.end());
      run_(recent_sql(), {device}, rows);
      break;
    case Question::traffic:
      run_(of(traffic_sql()), {asked.from_us, asked.to_us}, rows);
      break;
    case Question::lagging:
      run_(of(lagging_sql()), {product, after}, rows);
      break;
  }
  return rows;
}

}  // namespace larder::bench
