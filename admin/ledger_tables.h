// SPDX-License-Identifier: MIT
// Reports that come in pages, answered as JSON, a page at a time, or as CSV, all pages as one unless a limit is asked
// for.
#pragma once

#include <functional>
#include <initializer_list>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "admin/limits.h"
#include "admin/message.h"
#include "admin/query.h"
#include "admin/table.h"
#include "reports/ledger.h"

namespace larder::admin {

Response csv_response(const Table& table);
// A list that has all its rows on one page.
Response whole_list(const Table& table, bool as_csv);
// The same request for the page that begins at `cursor`, as a Link field has it.
std::string next_page(const Request& request, const Query& query, const std::string& cursor);

// `known`: the parameters the report takes; `table_of` makes a Table of a vector of Rows.
template <class Row, class Report, class TableOf>
void answer_pages(const Request& request, const Reply& reply, std::initializer_list<std::string_view> known,
                  const Report& report, const TableOf& table_of) {
  const auto query = Query::parse(request.query, known);
  if (!query) return reply(problem(query.error()));
  auto filter = query->filter();
  const auto as_csv = query->wants_csv();
  if (!filter || !as_csv) return reply(problem(filter ? as_csv.error() : filter.error()));
  const bool all = *as_csv && !query->has("limit");
  if (all) filter->limit = kRows;
  std::vector<Row> rows;
  do {
    Result<reports::Page<Row>> page = report(*filter);
    if (!page) return reply(problem(page.error()));
    std::move(page->items.begin(), page->items.end(), std::back_inserter(rows));
    filter->cursor = page->next_cursor;
  } while (all && !filter->cursor.empty() && rows.size() < kCsvRows);
  if (!*as_csv) {
    Response response;
    response.body = list_json(table_of(rows), filter->cursor);
    return reply(std::move(response));
  }
  Response response = csv_response(table_of(rows));
  if (!filter->cursor.empty()) response.fields.emplace_back("Link", next_page(request, *query, filter->cursor));
  reply(std::move(response));
}

}  // namespace larder::admin
