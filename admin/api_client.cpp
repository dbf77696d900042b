// SPDX-License-Identifier: MIT
#include "admin/api_client.h"

#include <curl/curl.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "base/owned.h"

namespace larder::admin {
namespace {

using Handle = Owned<CURL, curl_easy_cleanup>;
using Fields = Owned<curl_slist, curl_slist_free_all>;

constexpr long kConnectSeconds = 10;
constexpr long kAnswerSeconds = 300;  // a report over years of records, on a slow disk

std::size_t keep(char* bytes, std::size_t size, std::size_t count, void* body) {
  static_cast<std::string*>(body)->append(bytes, size * count);
  return size * count;
}

int tell_progress(void* tell, curl_off_t to_receive, curl_off_t received, curl_off_t to_send, curl_off_t sent) {
  const bool sends = to_send > 0 && received == 0;
  const auto count = [](curl_off_t bytes) { return static_cast<std::uint64_t>(bytes < 0 ? 0 : bytes); };
  const auto& told = *static_cast<const std::function<void(std::uint64_t, std::uint64_t)>*>(tell);
  if (sends ? sent > 0 : received > 0) told(count(sends ? sent : received), count(sends ? to_send : to_receive));
  return 0;
}

void add(Fields& fields, const std::string& field) {
  curl_slist* longer = curl_slist_append(fields.get(), field.c_str());
  if (longer == nullptr) std::abort();  // out of memory
  (void)fields.release();
  fields.reset(longer);
}

Error unreachable(const std::string& url, CURLcode code, const char* details) {
  std::string remedy =
      "; is larderd running there (systemctl status larderd)? Another address is given with --admin or "
      "LARDER_ADMIN";
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
    remedy = "; write --admin as http://127.0.0.1:8081";
  }
  const std::string why = *details != '\0' ? details : curl_easy_strerror(code);
  return fail(ErrorKind::origin_failed, "cannot reach larderd at " + url + ": " + why + remedy);
}

}  // namespace

ApiClient::ApiClient(std::string url, std::string token) : url_(std::move(url)), token_(std::move(token)) {
  while (url_.ends_with('/')) url_.pop_back();
}

Result<ApiAnswer> ApiClient::get(const std::string& target) {
  return ask(target, nullptr, "");
}

Result<ApiAnswer> ApiClient::post(const std::string& target, const std::string& body, const char* content_type) {
  return ask(target, &body, content_type);
}

Result<ApiAnswer> ApiClient::ask(const std::string& target, const std::string* body, const char* content_type) {
  const Handle curl(curl_easy_init());
  if (!curl) return fail(ErrorKind::internal, "libcurl cannot be started");
  ApiAnswer answer;
  std::array<char, CURL_ERROR_SIZE> details{};
  Fields fields;
  if (body != nullptr) add(fields, "Content-Type: " + std::string(content_type));
  if (!token_.empty()) add(fields, "Authorization: Bearer " + token_);
  const std::string url = url_ + target;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  // The site's proxy may well be Larder itself, which does not lead to its administration.
  curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, kAnswerSeconds);
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, fields.get());
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, details.data());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, keep);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer.body);
  if (body != nullptr) {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body->c_str());
  }
  if (tell_) {
    curl_easy_setopt(curl.get(), CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl.get(), CURLOPT_XFERINFOFUNCTION, tell_progress);
    curl_easy_setopt(curl.get(), CURLOPT_XFERINFODATA, &tell_);
  }
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK) return unreachable(url_, code, details.data());
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  return answer;
}

std::string query_escape(const std::string& text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (kPlain.find(c) != std::string_view::npos) {
      out.push_back(c);
    } else {
      out += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return out;
}

}  // namespace larder::admin
