// SPDX-License-Identifier: MIT
// Methods that are neither GET nor HEAD: which go on to the origin, and which Larder answers itself.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "proxy/exchange.h"
#include "proxy/via.h"

namespace larder::proxy {
namespace {

// Secrets of the client, which a TRACE would hand to whoever made the client ask (RFC 9110 9.3.8).
constexpr auto kNotTraced = std::to_array<std::string_view>({"Authorization", "Proxy-Authorization", "Cookie"});

bool is_traced(std::string_view name) {
  return std::none_of(kNotTraced.begin(), kNotTraced.end(),
                      [&](std::string_view secret) { return equals_ignoring_case(name, secret); });
}

// What is no file of updates at Larder itself.
bool passes_methods(const FetchTarget& target) {
  const bool named = target.entrance == reports::Entrance::proxy || target.entrance == reports::Entrance::steered;
  return named && !target.mau;
}

std::string head_as_received(const RequestHead& head) {
  std::string text = std::string(head.method) + ' ' + std::string(head.target) + " HTTP/1.";
  text += std::to_string(head.minor_version) + "\r\n";
  for (const auto& [name, value] : head.fields) {
    if (is_traced(name)) text += std::string(name) + ": " + std::string(value) + "\r\n";
  }
  return text + "\r\n";
}

}  // namespace

// RFC 9110 7.6.2: how many may still pass on an OPTIONS or TRACE. Nothing: any number, or another method.
std::optional<std::uint64_t> Exchange::forwards_left() const {
  const bool counted = head_->method == "OPTIONS" || head_->method == "TRACE";
  return counted ? parse_decimal(head_->find("Max-Forwards")) : std::nullopt;
}

// A request that came back would wait for itself. Its sender, another Larder or this one, sees an origin that fails.
bool Exchange::came_back() {
  if (!head_->has(FieldName::via) || !has_passed_here(head_->joined("Via"))) return false;
  answer_text(508, "This request has passed through this Larder before: a name or a connect_to leads back to it.\n",
              "text/plain; charset=utf-8");
  return true;
}

// RFC 9110 10.1.1: who waits to be asked for a body is told at once when it is not wanted.
bool Exchange::is_refused_by_head() const {
  if (connection_.admission() != Admission::welcome) return true;
  const ListenerKind kind = connection_.secure() ? ListenerKind::tls : ListenerKind::plain;
  const Classified what = classify(*head_, loop_.site.origins, kind);
  const auto* fetch = std::get_if<FetchTarget>(&what);
  const bool reads = head_->method == "GET" || head_->method == "HEAD";
  return std::holds_alternative<Refusal>(what) || (fetch != nullptr && !reads && !passes_methods(*fetch));
}

void Exchange::begin_method() {
  if (head_->method == "TRACE" && !body_.empty()) {
    answer_text(400, "A TRACE has no body.\n", "text/plain; charset=utf-8");
  } else if (!passes_methods(target())) {
    answer_own_method();
  } else if (forwards_left() == 0) {
    answer_final_method();
  } else {
    begin_pass();
  }
}

// For what is Larder's own, and for entrances of files.
void Exchange::answer_own_method(std::string_view allowed) {
  const std::vector<std::pair<std::string, std::string>> allow{{"Allow", std::string(allowed)}};
  if (head_->method == "OPTIONS") {
    answer_text(200, "", "", allow);
  } else {
    answer_text(405, "Only " + std::string(allowed) + " are answered here.\n", "text/plain; charset=utf-8", allow);
  }
}

// Larder is the last that Max-Forwards lets it reach.
void Exchange::answer_final_method() {
  if (head_->method == "TRACE") {
    answer_text(200, head_as_received(*head_), "message/http");
  } else {
    answer_text(200, "", "", {{"Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS, TRACE"}});
  }
}

}  // namespace larder::proxy
