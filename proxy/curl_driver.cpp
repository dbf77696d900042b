// SPDX-License-Identifier: MIT
#include "proxy/curl_driver.h"

#include <algorithm>
#include <cstdlib>

#include "base/limits.h"
#include "base/text.h"

namespace larder::proxy {
namespace {

constexpr int kRedirects = 5;
constexpr long kConnectTimeoutMs = 10000;

using CurlUrl = Owned<CURLU, curl_url_cleanup>;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool append(CurlFields& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return false;
  static_cast<void>(list.release());
  list.reset(longer);
  return true;
}

// What a client says to one server it does not say to another, wherever that one sends it (RFC 9110 15.4).
void drop_secrets(TransferSpec& spec, const updates::Url& next) {
  if (next.scheme == spec.url.scheme && next.host == spec.url.host && next.port == spec.url.port) return;
  std::erase_if(spec.fields, [](const std::string& field) {
    const auto name = std::string_view(field).substr(0, field.find(':'));
    return equals_ignoring_case(name, "Authorization") || equals_ignoring_case(name, "Cookie");
  });
}

ErrorKind kind_of(CURLcode code) {
  return code == CURLE_OPERATION_TIMEDOUT ? ErrorKind::timed_out : ErrorKind::origin_failed;
}

}  // namespace

std::string resolve_reference(const std::string& base, const std::string& reference) {
  const CurlUrl url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, base.c_str(), 0) != CURLUE_OK) return {};
  if (curl_url_set(url.get(), CURLUPART_URL, reference.c_str(), 0) != CURLUE_OK) return {};
  curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);
  char* text = nullptr;
  if (curl_url_get(url.get(), CURLUPART_URL, &text, 0) != CURLUE_OK) return {};
  const Owned<char, curl_free> owned(text);
  return text;
}

CurlDriver::CurlDriver(event_base* base, const config::Config& config, const OriginTable& table, LineShare& line)
    : base_(base),
      config_(config),
      table_(table),
      line_(line),
      multi_(curl_multi_init()),
      timeout_(base, [this] { on_timeout(); }),
      maintain_soon_(base, [this] { maintain(); }),
      silence_(base, [this] { check_silence(); }) {
  if (!multi_) std::abort();
  silence_.after(std::chrono::seconds(1));
  CURLM* multi = multi_.get();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &CurlDriver::on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &CurlDriver::on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(config.fills.connections_per_origin));
}

CurlDriver::~CurlDriver() {
  inside_ = true;  // what curl calls back from here on changes nothing
  for (auto& [easy, running] : running_) curl_multi_remove_handle(multi_.get(), easy);
  running_.clear();
  sockets_.clear();
}

std::unique_ptr<Transfer> CurlDriver::start(TransferSpec spec, TransferSink& sink) {
  auto running = std::make_shared<Transfer::Running>();
  running->spec = std::move(spec);
  running->sink = &sink;
  to_add_.push_back(running);
  maintain_soon_.after(std::chrono::microseconds(0));
  return std::make_unique<Transfer>(*this, std::move(running));
}

void CurlDriver::abandon(const std::shared_ptr<Transfer::Running>& running) {
  running->sink = nullptr;
  if (!running->added) return;
  to_remove_.push_back(running);
  maintain_soon_.after(std::chrono::microseconds(0));
}

void CurlDriver::hold() {
  held_ = true;
}

void CurlDriver::release() {
  if (!held_) return;
  held_ = false;
  maintain_soon_.after(std::chrono::microseconds(0));
}

int CurlDriver::on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void*) noexcept {
  auto& driver = *static_cast<CurlDriver*>(self);
  if (what == CURL_POLL_REMOVE) {
    driver.sockets_.erase(fd);
  } else {
    driver.watch(easy, fd, what);
  }
  return 0;
}

int CurlDriver::on_timer(CURLM*, long timeout_ms, void* self) noexcept {
  auto& driver = *static_cast<CurlDriver*>(self);
  if (timeout_ms < 0) {
    driver.timeout_.cancel();
  } else {
    driver.timeout_.after(std::chrono::milliseconds(timeout_ms));
  }
  return 0;
}

void CurlDriver::watch(CURL* easy, curl_socket_t fd, int what) {
  Socket& socket = sockets_[fd];
  socket.easy = easy;
  const int events = ((what & CURL_POLL_IN) != 0 ? EV_READ : 0) | ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0);
  socket.event.reset(event_new(
      base_, fd, static_cast<short>(events | EV_PERSIST),
      [](evutil_socket_t ready, short flags, void* self) noexcept {
        const int bits =
            ((flags & EV_READ) != 0 ? CURL_CSELECT_IN : 0) | ((flags & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
        static_cast<CurlDriver*>(self)->readable(ready, bits);
      },
      this));
  if (socket.event) event_add(socket.event.get(), nullptr);
}

void CurlDriver::drive(curl_socket_t fd, int bits) {
  if (held_) {
    // Level-triggered readiness would spin; the socket is asked again after release().
    if (fd == CURL_SOCKET_TIMEOUT) {
      timeout_due_ = true;
    } else if (const auto socket = sockets_.find(fd); socket != sockets_.end()) {
      socket->second.ready |= bits;
      event_del(socket->second.event.get());
    }
    return;
  }
  int still = 0;
  inside_ = true;
  curl_multi_socket_action(multi_.get(), fd, bits, &still);
  inside_ = false;
  maintain();
}

// After release: sockets that became ready while held are watched again; being ready still, they fire at once.
void CurlDriver::maintain() {
  if (inside_) return;
  if (!held_) {
    for (auto& [fd, socket] : sockets_) {
      if (std::exchange(socket.ready, 0) != 0) event_add(socket.event.get(), nullptr);
    }
    if (std::exchange(timeout_due_, false)) timeout_.after(std::chrono::microseconds(0));
  }
  for (;;) {
    const auto removing = std::exchange(to_remove_, {});
    for (const auto& running : removing) {
      if (running->added) remove(*running);
    }
    const auto adding = std::exchange(to_add_, {});
    for (const auto& running : adding) {
      if (running->sink != nullptr) add(running);
    }
    auto failing = std::exchange(to_fail_, {});
    for (auto& [running, error] : failing) {
      if (running->sink != nullptr) running->sink->on_end(std::move(error));
    }
    int left = 0;
    const CURLMsg* message = curl_multi_info_read(multi_.get(), &left);
    if (message != nullptr && message->msg == CURLMSG_DONE) {
      finish(message->easy_handle, message->data.result);
      continue;
    }
    if (to_remove_.empty() && to_add_.empty() && to_fail_.empty()) return;
  }
}

void CurlDriver::add(const std::shared_ptr<Transfer::Running>& running) {
  if (auto prepared = prepare(*running); !prepared) {
    to_fail_.emplace_back(running, std::move(prepared).error());
    return;
  }
  running_.emplace(running->easy.get(), running);
  running->added = true;
  inside_ = true;
  curl_multi_add_handle(multi_.get(), running->easy.get());
  inside_ = false;
}

void CurlDriver::remove(Transfer::Running& running) {
  inside_ = true;
  curl_multi_remove_handle(multi_.get(), running.easy.get());
  inside_ = false;
  running.added = false;
  running_.erase(running.easy.get());
}

void CurlDriver::finish(CURL* easy, CURLcode code) {
  const auto found = running_.find(easy);
  if (found == running_.end()) return;
  const std::shared_ptr<Transfer::Running> running = found->second;
  idle_.note(easy);
  remove(*running);
  if (running->sink == nullptr) return;
  if (code == CURLE_OK && !running->redirect.empty()) {
    auto next = updates::Url::parse(running->redirect);
    running->redirect.clear();
    if (!next) {
      running->sink->on_end(std::move(next).error().with_context("following a redirect"));
      return;
    }
    drop_secrets(running->spec, *next);
    running->spec.url = std::move(next).value();
    running->easy.reset();
    add(running);
    return;
  }
  if (code == CURLE_OK && running->head_given && running->body_whole) {
    running->sink->on_end(ok());
    return;
  }
  const std::string what = "fetching " + running->spec.url.text();
  if (running->ended_by_sink) {
    running->sink->on_end(fail(ErrorKind::stopped, what + ": ended by Larder"));
    return;
  }
  if (code == CURLE_OK) running->refusal = running->head_given ? "its body is cut off" : "its head is cut off";
  const std::string why = running->refusal.empty() ? curl_easy_strerror(code) : running->refusal;
  running->sink->on_end(fail(kind_of(code), what + ": " + why));
}

Status CurlDriver::prepare(Transfer::Running& running) {
  const updates::Url& url = running.spec.url;
  const OriginRule* rule = table_.find(url.host, url.port);
  if (rule == nullptr) return fail(ErrorKind::refused, url.host + " is not a named origin; add it as [[origins.host]]");
  running.easy.reset(curl_easy_init());
  CURL* easy = running.easy.get();
  if (easy == nullptr) return fail(ErrorKind::internal, "no memory for a transfer");
  running.head = {};
  running.head_given = false;
  running.asked = false;
  running.chunked.reset();
  running.body_whole = true;

  updates::Url asked = url;
  if (!rule->scheme.empty() && rule->scheme != asked.scheme) {
    if (asked.default_port()) asked.port = rule->scheme == "https" ? 443 : 80;
    asked.scheme = rule->scheme;
  }
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(easy, option, value); };
  running.plain_text = asked.scheme == "http";
  if (!running.spec.target.empty()) set(CURLOPT_REQUEST_TARGET, running.spec.target.c_str());
  set(CURLOPT_URL, asked.text().c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  // A line that is shared out by its sockets needs one for each transfer.
  set(CURLOPT_HTTP_VERSION, static_cast<long>(line_.limited() ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_BUFFERSIZE, static_cast<long>(line_.read_bytes()));
  set(CURLOPT_SOCKOPTFUNCTION, &CurlDriver::on_new_socket);
  set(CURLOPT_SOCKOPTDATA, this);
  set(CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  set(CURLOPT_PROXY, config_.origins.proxy.c_str());
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_USERAGENT, "larder/" LARDER_VERSION);
  const std::filesystem::path& ca = rule->ca_file.empty() ? config_.origins.ca_file : rule->ca_file;
  if (!ca.empty()) set(CURLOPT_CAINFO, ca.c_str());
  if (rule->connect_to) {
    running.connect_to.reset();
    if (!append(running.connect_to, "::" + rule->connect_to->text())) return fail(ErrorKind::internal, "no memory");
    set(CURLOPT_CONNECT_TO, running.connect_to.get());
    set(CURLOPT_PROXY, "");
  }
  running.fields.reset();
  for (const std::string& field : running.spec.fields) {
    if (!append(running.fields, field)) return fail(ErrorKind::internal, "no memory");
  }
  set(CURLOPT_HTTPHEADER, running.fields.get());
  const std::string& method = running.spec.method;
  if (method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (method != "GET") {
    set(CURLOPT_CUSTOMREQUEST, method.c_str());
  }
  // A length of nothing is said where the method has a body by its meaning, and only there (RFC 9110 8.6).
  const bool reads = method == "GET" || method == "HEAD";
  if (!reads && (!running.spec.body.empty() || method == "POST" || method == "PUT" || method == "PATCH")) {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(running.spec.body.size()));
    set(CURLOPT_POSTFIELDS, running.spec.body.c_str());
  }
  set(CURLOPT_HEADERFUNCTION, &CurlDriver::on_header);
  set(CURLOPT_HEADERDATA, &running);
  set(CURLOPT_WRITEFUNCTION, &CurlDriver::on_body);
  set(CURLOPT_WRITEDATA, &running);
  // libcurl's own decoder takes bare LF and anything behind a chunk's size. It still finds the end of the body.
  set(CURLOPT_HTTP_TRANSFER_DECODING, 0L);
  set(CURLOPT_PREREQFUNCTION, &CurlDriver::on_request);
  set(CURLOPT_PREREQDATA, &running);
  set(CURLOPT_PRIVATE, this);
  return ok();
}

CurlDriver& CurlDriver::driver_of(const Transfer::Running& running) {
  void* self = nullptr;
  curl_easy_getinfo(running.easy.get(), CURLINFO_PRIVATE, &self);
  return *static_cast<CurlDriver*>(self);
}

size_t CurlDriver::on_header(char* bytes, size_t size, size_t count, void* data) noexcept {
  auto& running = *static_cast<Transfer::Running*>(data);
  const std::string_view line(bytes, size * count);
  return driver_of(running).take_header(running, line) ? line.size() : 0;
}

bool CurlDriver::take_header(Transfer::Running& running, std::string_view line) {
  running.heard = line_.now();
  if (running.head_given) return true;  // a trailer (HTTP/2): nothing of it is used
  switch (running.head.add_line(line)) {
    case OriginHead::State::incomplete:
      return true;
    case OriginHead::State::complete:
      return head_complete(running, running.head.answer());
    case OriginHead::State::refused:
      running.refusal = running.head.reason();
      return false;
  }
  return false;
}

bool CurlDriver::head_complete(Transfer::Running& running, const OriginAnswer& answer) {
  if (running.sink == nullptr) return false;
  if (running.plain_text && answer.protocol == "2.0") {
    running.refusal = "its head says HTTP/2, which this connection is not";
    return false;
  }
  if (answer.status < 200) {
    running.sink->on_interim(answer);
    return true;
  }
  if (answer.chunked && answer.status != 304 && running.spec.method != "HEAD") {
    running.chunked.emplace();
    running.body_whole = false;
  }
  const std::string& method = running.spec.method;
  if (is_redirect(answer.status) && !answer.location.empty() && running.redirects < kRedirects &&
      running.spec.redirects == Redirects::follow && (method == "GET" || method == "HEAD")) {
    const std::string target = resolve_reference(running.spec.url.text(), answer.location);
    const auto url = updates::Url::parse(target);
    if (url && table_.find(url->host, url->port) != nullptr) {
      ++running.redirects;
      running.redirect = target;
      return true;
    }
  }
  running.head_given = true;
  if (running.sink->on_head(answer)) return true;
  running.ended_by_sink = true;
  return false;
}

size_t CurlDriver::on_body(char* bytes, size_t size, size_t count, void* data) noexcept {
  auto& running = *static_cast<Transfer::Running*>(data);
  const std::string_view got(bytes, size * count);
  LineShare& line = driver_of(running).line_;
  running.heard = line.now();
  if (running.spec.flow) line.spend(*running.spec.flow, got.size());
  if (!running.redirect.empty()) return got.size();
  if (running.sink == nullptr) return 0;
  return take_body(running, got) ? got.size() : 0;
}

bool CurlDriver::take_body(Transfer::Running& running, std::string_view bytes) {
  std::string decoded;
  if (running.chunked) {
    const auto state = running.chunked->feed(bytes, decoded);
    if (state == ChunkedBodyDecoder::State::refused) running.refusal = "in its body: " + running.chunked->reason();
    running.body_whole = state == ChunkedBodyDecoder::State::complete;
    if (running.body_whole && running.chunked->used() < bytes.size()) running.refusal = "bytes follow its last chunk";
    if (!running.refusal.empty()) return false;
    if (decoded.empty()) return true;
    bytes = decoded;
  }
  if (running.sink->on_body(std::as_bytes(std::span(bytes)))) return true;
  running.ended_by_sink = true;
  return false;
}

int CurlDriver::on_request(void* data, char*, char*, int, int from_port) noexcept {
  auto& running = *static_cast<Transfer::Running*>(data);
  CurlDriver& driver = driver_of(running);
  // Until now curl kept the time, or the transfer waited for a connection.
  running.asked = true;
  running.heard = driver.line_.now();
  driver.idle_.check(running.easy.get(), from_port);
  return CURL_PREREQFUNC_OK;
}

}  // namespace larder::proxy
