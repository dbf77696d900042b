// SPDX-License-Identifier: MIT
// The API's answers for people: JSON in, text for a terminal of `width` columns out (0: a pipe).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace larder::admin {

// What an answer is of, which decides how it is shown.
enum class Subject {
  status,
  summary,
  versions,
  releases,
  devices,
  device,
  traffic,
  sums,  // traffic, by one thing alone
  lagging,
  fetches,
  adoption,
  problems,
  totals,
  changes,
  audit,
  import,
  erased,
  bundle,
  objects,
  order,
  verification,
  what,
  tls,
  webhooks,
  webhook_tests,
  text
};

// Fails when the answer is not what larderd says on this subject.
Result<std::string> show_answer(Subject subject, const std::string& json, std::size_t width);

// The sentence in a problem object; the text itself when it is none.
std::string problem_sentence(const std::string& json);

struct VerificationState {
  std::string state;  // "never", "running", "finished", "failed"
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
  std::uint64_t damaged = 0;  // chunks and digests
};
Result<VerificationState> read_verification(const std::string& json);

// The bytes that the store holds, in an answer of /api/v1/status; 0 when it says none.
std::uint64_t bytes_held_in(const std::string& json);

// Whether an answer of /api/v1/audit/check says that nothing is broken.
bool is_whole(const std::string& json);

// {"url": ...}
std::string order_json(const std::string& url);
// {"id": "..."}
std::string id_json(const std::string& id);
// {"webhook": "..."}
std::string webhook_json(const std::string& webhook);
// Whether every webhook of a test has taken it.
bool all_delivered(const std::string& json);
// {"names": [...]}
std::string names_json(const std::vector<std::string>& names);
// {"format": ..., "addresses": [...], "https": ...}
std::string dns_json(const std::string& format, const std::vector<std::string>& addresses, bool https);
// The root in an answer of /api/v1/tls; "" when there is none.
std::string root_in(const std::string& json);

// What the keys mean: all, or the one named. With `config`, its values too.
std::string explain_keys(std::string_view only, const config::Config* config, std::size_t width);
// The same as /api/v1/config answers it; "value" only with `config`.
std::string explain_keys_json(std::string_view only, const config::Config* config);

}  // namespace larder::admin
