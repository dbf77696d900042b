// SPDX-License-Identifier: MIT
// The JSON of answers: objects keep the order they were written in. Heavy: for sources only, never from a header.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

#include "admin/table.h"

namespace larder::admin {

using Json = nlohmann::ordered_json;

Json row_json(const Table& table, std::size_t row);
Json rows_json(const Table& table);

// With a final newline; bytes that are no UTF-8 are replaced, so it never throws.
std::string dumped(const Json& json);

}  // namespace larder::admin
