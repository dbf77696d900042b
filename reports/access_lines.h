// SPDX-License-Identifier: MIT
// What the access log says of one request: a line in the combined form of Apache and nginx, a line of JSON, or the
// fields of an entry of the system's journal. URLs, a Referer's too, stand without their query, which may hold secrets;
// the journal's have no Referer. Lines come with their end; bytes that are not printable ASCII, quotes and backslashes
// are written as \xHH (combined) or as JSON escapes, so that no request can forge a line. Pure.
#pragma once

#include <string>
#include <vector>

#include "reports/fetch_record.h"

namespace larder::reports {

// Whether whose a request was may be said: its address, its token, and what its User-Agent and Referer, which can be
// any text, say.
enum class Whose { told, hidden };

std::string combined_line(const FetchRecord& fetch, Whose whose);
std::string json_line(const FetchRecord& fetch, Whose whose);
// "MESSAGE=...", "LARDER_URL=...": as SystemJournal takes them.
std::vector<std::string> journal_fields(const FetchRecord& fetch, Whose whose);

}  // namespace larder::reports
