// SPDX-License-Identifier: MIT
#include "admin/hook_post.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>

#include "admin/hook_body.h"
#include "base/owned.h"
#include "config/network.h"
#include "config/token.h"

namespace larder::admin {
namespace {

using Easy = Owned<CURL, curl_easy_cleanup>;
using Fields = Owned<curl_slist, curl_slist_free_all>;

constexpr std::chrono::seconds kConnectPatience{10};
// Of an answer's body: enough for the word or two by which chats say what they dislike.
constexpr std::size_t kAnswerShown = 120;

std::size_t take_answer(char* bytes, std::size_t size, std::size_t count, void* answer) noexcept {
  auto& shown = *static_cast<std::string*>(answer);
  shown.append(bytes, std::min(size * count, kAnswerShown - shown.size()));
  return size * count;
}

int keep_on(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
  return static_cast<const std::atomic<bool>*>(stop)->load() ? 1 : 0;
}

HookOutcome failed(std::string why) {
  return {HookOutcome::Kind::failed, 0, std::move(why), std::nullopt};
}

void add_field(Fields& fields, const std::string& field) {
  fields.reset(curl_slist_append(fields.release(), field.c_str()));
}

void aim(CURL* easy, const HookCall& call) {
  curl_easy_setopt(easy, CURLOPT_URL, call.hook.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  // Set even when empty: the environment names none.
  curl_easy_setopt(easy, CURLOPT_PROXY, through_proxy(call.hook.url) ? call.proxy.c_str() : "");
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  if (!call.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, call.ca_file.c_str());
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
}

void limit(CURL* easy, const std::atomic<bool>& stop) {
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(kConnectPatience.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT, static_cast<long>(kHookPatience.count()));
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, keep_on);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &stop);
}

HookOutcome outcome_of(CURL* easy, const std::string& answer) {
  HookOutcome outcome;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &outcome.status);
  outcome.kind = meaning_of(outcome.status);
  curl_off_t seconds = 0;
  curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
  if (seconds > 0) outcome.retry_after = std::chrono::seconds(seconds);
  if (outcome.kind == HookOutcome::Kind::delivered) return outcome;
  outcome.why = "it answered " + std::to_string(outcome.status);
  if (outcome.status >= 300 && outcome.status < 400) outcome.why += ", a redirect, which is not followed";
  if (!answer.empty()) outcome.why += ": " + plain(answer);
  return outcome;
}

}  // namespace

HookOutcome::Kind meaning_of(long status) {
  constexpr long kTimeout = 408;
  constexpr long kTooMany = 429;
  if (status >= 200 && status < 300) return HookOutcome::Kind::delivered;
  const bool later = status < 400 || status >= 500 || status == kTimeout || status == kTooMany;
  return later ? HookOutcome::Kind::failed : HookOutcome::Kind::refused;
}

bool through_proxy(const std::string& url) {
  const auto begin = url.find("://") + 3;
  std::string host = url.substr(begin, url.find_first_of("/?", begin) - begin);
  host.erase(0, host.rfind('@') + 1);
  const auto end = host.starts_with('[') ? host.find(']') : host.find(':');
  host = host.starts_with('[') ? host.substr(1, end - 1) : host.substr(0, end);
  if (const auto address = config::Address::parse(host)) {
    return !config::any_contains(config::private_networks(), *address);
  }
  return host.find('.') != std::string::npos;
}

HookOutcome post_to_hook(const HookCall& call, WallTime now, const std::atomic<bool>& stop) {
  const std::string body = hook_body(call.event, call.hook.format);
  Fields fields;
  for (const auto& field :
       {std::string("Content-Type: application/json"), "Larder-Event: " + call.event.name,
        "Larder-Event-Id: " + call.event.id, std::string("User-Agent: larder"), std::string("Expect:")}) {
    add_field(fields, field);
  }
  if (!call.hook.secret_file.empty()) {
    const auto secret = config::read_admin_token(call.hook.secret_file);
    if (!secret) return failed("not sent, since it cannot be signed: " + secret.error().message);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    add_field(fields, "Larder-Signature: " + hook_signature(*secret, seconds, body));
  }
  const Easy easy(curl_easy_init());
  if (!easy) return failed("out of memory");
  aim(easy.get(), call);
  limit(easy.get(), stop);
  std::string answer;
  std::array<char, CURL_ERROR_SIZE> why{};
  curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, fields.get());
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, take_answer);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, why.data());
  const CURLcode code = curl_easy_perform(easy.get());
  if (code != CURLE_OK) return failed(plain(why[0] != 0 ? why.data() : curl_easy_strerror(code)));
  return outcome_of(easy.get(), answer);
}

}  // namespace larder::admin
