// SPDX-License-Identifier: MIT
// Any bytes as Cache-Control of an answer and of a request, as a targeted field and as Vary: nothing but sound numbers
// comes out, a dictionary's keys are keys, and equal requests select equal variants.
#include "cache/cache_control.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cache/dictionary.h"
#include "cache/variants.h"

using namespace larder::cache;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const std::optional<std::chrono::seconds>& time) {
  require(!time || (time->count() >= 0 && time->count() <= (1LL << 31U)));
}

void check_answer(const Fields& fields) {
  const auto read = response_directives(fields);
  for (const auto& time : {read.max_age, read.s_maxage, read.stale_while_revalidate, read.stale_if_error}) check(time);
  for (const auto& name : read.withheld) require(!name.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_answer({{"Cache-Control", text}});
  check_answer({{"CDN-Cache-Control", text}, {"Cache-Control", "max-age=1"}});
  const auto asked = request_directives(text, text);
  for (const auto& time : {asked.max_age, asked.min_fresh, asked.max_stale, asked.stale_if_error}) check(time);
  if (const auto members = parse_dictionary(text)) {
    for (const auto& member : *members) require(!member.key.empty() && member.key.find(' ') == std::string::npos);
  }
  if (is_list(text)) require(is_list(text + ", larder; hit"));
  VariantTable table;
  const auto nominated = nominated_fields({{"Vary", text}});
  const auto says = [&](std::string_view name) { return std::optional(text + std::string(name)); };
  const auto noted = table.note("http://a/", nominated, says, 1);
  require(table.key_for("http://a/", says) == noted.key);
  return 0;
}
