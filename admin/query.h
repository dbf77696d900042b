// SPDX-License-Identifier: MIT
// A request's query, read strictly: what the route does not know, has twice or cannot read is refused by name.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "reports/ledger.h"

namespace larder::admin {

class Query {
 public:
  // `known`: the parameters the route takes.
  static Result<Query> parse(std::string_view text, std::initializer_list<std::string_view> known);

  // "" when absent. An empty value is as good as none.
  std::string text(std::string_view name) const;
  bool has(std::string_view name) const { return !text(name).empty(); }

  Result<bool> wants_csv() const;  // format=csv; format=json and nothing are JSON
  // from, to, product, device, group, limit, cursor.
  Result<reports::Filter> filter() const;
  Result<std::size_t> limit() const;  // 1 to kRows; 100 when absent

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace larder::admin
