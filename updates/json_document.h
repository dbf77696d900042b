// SPDX-License-Identifier: MIT
// JSON documents of others, read with nlohmann-json. What is asked of a missing or wrongly typed member is nothing, so
// that callers need not check each step.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace larder::updates {

using Json = nlohmann::json;

// Bounds: limits::kDocumentBytes, kDocumentDepth, document_shape.h kDocumentElements. Never throws.
Result<Json> parse_json(std::string_view document);

// The first of the named members that the object has; a null value when it has none, or is no object.
const Json& member(const Json& object, std::initializer_list<std::string_view> names);
std::string_view text_of(const Json& value);  // a string, trimmed; "" for anything else
std::string_view text(const Json& object, std::initializer_list<std::string_view> names);
std::optional<std::uint64_t> number_of(const Json& value);  // an unsigned integer

}  // namespace larder::updates
