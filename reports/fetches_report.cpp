// SPDX-License-Identifier: MIT
// Single fetches. One device's are found by its chain, in the order of recording; others by looking through all.
#include <algorithm>

#include "reports/fetch_rows.h"
#include "reports/page_cursor.h"
#include "reports/report_scope.h"
#include "reports/reports.h"

namespace larder::reports {
namespace {

// For one page: some 50 ms.
constexpr std::size_t kMostForPage = 100'000;

Result<std::optional<FetchKey>> place_of(const std::string& cursor) {
  const auto bytes = decode_page_cursor(cursor);
  if (!bytes) return bytes.error();
  if (bytes->empty()) return std::optional<FetchKey>();
  const auto key = FetchKey::from(*bytes);
  if (!key) return fail(ErrorKind::invalid, "the cursor is not one that a page gave; begin without it");
  return std::optional(*key);
}

// `from`: the newest fetch not given yet.
Page<FetchRow> page_of_device(const Scope& scope, std::uint32_t device, const std::optional<FetchKey>& from) {
  Page<FetchRow> page;
  auto state = read_row<DeviceState>(scope.txn(), Table::devices, RowKey{device});
  if (!state) return page;
  if (from) state->last_fetch = from;
  FetchChain chain(scope.txn(), *state);
  for (std::size_t looked_at = 0;; ++looked_at) {
    if (page.items.size() == scope.rows() || looked_at == kMostForPage) {
      if (chain.rest()) page.next_cursor = encode_page_cursor(chain.rest()->bytes());
      break;
    }
    const auto recorded = chain.next();
    if (!recorded || recorded->fetch.device != device) break;
    if (!scope.window().contains(recorded->key.time_us) || !scope.has(recorded->fetch.release)) continue;
    page.items.push_back(row_of(scope.txn(), *recorded));
  }
  std::stable_sort(page.items.begin(), page.items.end(),
                   [](const auto& a, const auto& b) { return a.fetch.time > b.fetch.time; });
  return page;
}

// `before`: the oldest fetch looked at already.
Page<FetchRow> page_of_all(const Scope& scope, const std::optional<FetchKey>& before) {
  Page<FetchRow> page;
  const Window& window = scope.window();
  FetchKey end{window.to_us, 0};
  if (before) end = std::min(end, *before);
  Cursor cursor = scope.txn().cursor(Table::fetches);
  bool at = cursor.seek(end.bytes()) ? cursor.previous() : cursor.last();
  std::optional<FetchKey> looked_at;
  for (std::size_t count = 0; at; at = cursor.previous(), ++count) {
    const auto key = FetchKey::from(cursor.key());
    if (!key || key->time_us < window.from_us) break;
    if (page.items.size() == scope.rows() || count == kMostForPage) {
      page.next_cursor = encode_page_cursor(looked_at->bytes());
      break;
    }
    looked_at = key;
    auto fetch = decode_fetch(*key, cursor.value());
    if (!fetch || !scope.has(fetch->release) || !scope.includes(fetch->device)) continue;
    page.items.push_back(row_of(scope.txn(), {*key, std::move(*fetch)}));
  }
  return page;
}

}  // namespace

Result<Page<FetchRow>> fetches_report(const Shelf& shelf, const Filter& filter) {
  const auto place = place_of(filter.cursor);
  if (!place) return place.error();
  const ReadTxn txn(shelf.environment);
  const Scope scope(txn, shelf, filter);
  Page<FetchRow> page;
  if (!scope.nothing()) {
    page = filter.device.empty() ? page_of_all(scope, *place) : page_of_device(scope, scope.members()->front(), *place);
  }
  if (auto status = txn.status(); !status) return std::move(status).error();
  return page;
}

}  // namespace larder::reports
