// SPDX-License-Identifier: MIT
#include "proxy/curl_driver.h"

#include <algorithm>
#include <cstdlib>

#include "base/limits.h"
#include "base/text.h"

namespace larder::proxy {
namespace {

constexpr int kRedirects = 5;
constexpr std::chrono::milliseconds kLookAgain{100};

using CurlUrl = Owned<CURLU, curl_url_cleanup>;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

ErrorKind kind_of(CURLcode code) {
  if (code == CURLE_OPERATION_TIMEDOUT) return ErrorKind::timed_out;
  if (code == CURLE_PEER_FAILED_VERIFICATION) return ErrorKind::refused;  // asking again will not mend it
  return ErrorKind::origin_failed;
}

bool is_secret(const std::string& field) {
  const auto name = std::string_view(field).substr(0, field.find_first_of(":;"));
  return equals_ignoring_case(name, "Authorization") || equals_ignoring_case(name, "Cookie");
}

// What a client says to one server it does not say to another, wherever that one sends it (RFC 9110 15.4).
void drop_secrets(TransferSpec& spec, const updates::Url& next) {
  if (next.scheme == spec.url.scheme && next.host == spec.url.host && next.port == spec.url.port) return;
  std::erase_if(spec.fields, is_secret);
}

// The origin has been told who the client is, or is made to do something for it.
bool is_of_one_client(const TransferSpec& spec) {
  const bool reads = spec.method == "GET" || spec.method == "HEAD";
  return !reads || std::any_of(spec.fields.begin(), spec.fields.end(), is_secret);
}

// No head of an answer came. Which end of the conversation failed?
OriginHealth::Failure failure_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_PROXY:
      return OriginHealth::Failure::unreachable;
    default:
      return OriginHealth::Failure::speechless;
  }
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

CurlDriver::CurlDriver(const DriverSite& site)
    : site_(site),
      timers_turn_(site.line, [this] { drive(CURL_SOCKET_TIMEOUT, 0); }),
      multi_(curl_multi_init()),
      timeout_(site.base, [this] { on_timeout(); }),
      maintain_soon_(site.base, [this] { maintain(); }),
      silence_(site.base, [this] { check_silence(); }),
      look_again_(site.base, [this] { look_again(); }) {
  if (!multi_) std::abort();
  silence_.after(std::chrono::seconds(1));
  CURLM* multi = multi_.get();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &CurlDriver::on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &CurlDriver::on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(site.config.fills.connections_per_origin));
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
  if (std::exchange(running->awaited, false)) site_.health.abandoned(running->origin);
  if (!running->added) return;
  to_remove_.push_back(running);
  maintain_soon_.after(std::chrono::microseconds(0));
}

void CurlDriver::hold() {
  held_ = true;
}

// curl gives what it had received already from inside the call that goes on.
void CurlDriver::hold(Transfer::Running& running, bool held) {
  if (std::exchange(running.held, held) == held || !running.added) return;
  const bool outermost = !std::exchange(inside_, true);
  curl_easy_pause(running.easy.get(), held ? CURLPAUSE_RECV : CURLPAUSE_CONT);
  if (!outermost) return;
  inside_ = false;
  maintain_soon_.after(std::chrono::microseconds(0));
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
    driver.left_address(easy);
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
      site_.base, fd, static_cast<short>(events | EV_PERSIST),
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

// A socket was closed before its connection was there. If that address did not answer, libcurl 7.88 goes on to the next
// only when something else makes it look, at the latest when all its time is over. So it is made to look.
void CurlDriver::left_address(CURL* easy) {
  const auto found = running_.find(easy);
  if (found == running_.end() || found->second->asked) return;
  found->second->between_addresses = true;
  look_again_.after(std::chrono::milliseconds(0));
}

void CurlDriver::look_again() {
  const bool connecting = std::any_of(running_.begin(), running_.end(), [](const auto& entry) {
    return entry.second->between_addresses && !entry.second->asked;
  });
  if (!connecting) return;
  look_again_.after(kLookAgain);
  if (held_) return;
  int still = 0;
  inside_ = true;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored \
    "-Wdeprecated-declarations"  // the one call that looks at all transfers and their sockets
  curl_multi_socket_all(multi_.get(), &still);
#pragma GCC diagnostic pop
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

// What must be known before a transfer can begin: whether its host may be asked, and where it is.
void CurlDriver::add(const std::shared_ptr<Transfer::Running>& running) {
  const updates::Url& url = running->spec.url;
  running->rule = site_.table.find(url.host, url.port);
  if (running->rule == nullptr) {
    to_fail_.emplace_back(running,
                          fail(ErrorKind::refused, url.host + " is not a named origin; add it as [[origins.host]]"));
    return;
  }
  running->origin = config::Endpoint{url.host, url.port}.text();
  if (running->spec.asking == Asking::anew) {
    if (auto may = site_.health.may_ask(running->origin); !may) {
      to_fail_.emplace_back(running, std::move(may).error());
      return;
    }
  }
  running->awaited = true;
  running->addresses.clear();
  const bool found_already = running->rule->connect_to || by_proxy(*running->rule) || config::Address::parse(url.host);
  if (site_.resolver.configured() && !found_already) {
    look_up(running);
  } else {
    launch(running);
  }
}

void CurlDriver::look_up(const std::shared_ptr<Transfer::Running>& running) {
  // The transfer, and this driver with it, may be gone when the answer comes.
  site_.resolver.resolve(running->spec.url.host, [this, waiting = std::weak_ptr(running)](const auto& found) {
    const auto still = waiting.lock();
    if (!still || still->sink == nullptr) return;
    if (found) {
      still->addresses = *found;
      launch(still);
      return;
    }
    still->awaited = false;
    site_.health.failed(still->origin, OriginHealth::Failure::unreachable, found.error().message);
    to_fail_.emplace_back(still, found.error());
    maintain_soon_.after(std::chrono::microseconds(0));
  });
}

void CurlDriver::launch(const std::shared_ptr<Transfer::Running>& running) {
  if (auto prepared = prepare(*running); !prepared) {
    to_fail_.emplace_back(running, std::move(prepared).error());
    maintain_soon_.after(std::chrono::microseconds(0));
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
  if (code == CURLE_OK && running->spec.connect_only) hand_over(*running);
  remove(*running);
  if (running->sink == nullptr) return;
  if (code == CURLE_OK && !running->redirect.empty()) {
    follow(running);
  } else if (code == CURLE_OK && (running->head_given || running->spec.connect_only) && running->body_whole) {
    running->sink->on_end(ok());
  } else {
    running->sink->on_end(failure(*running, code).with_context("fetching " + running->spec.url.text()));
  }
}

void CurlDriver::follow(const std::shared_ptr<Transfer::Running>& running) {
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
}

// Why a transfer ended, told to the health of its origin as well.
Error CurlDriver::failure(Transfer::Running& running, CURLcode code) {
  if (running.ended_by_sink) return fail(ErrorKind::stopped, "ended by Larder");
  if (code == CURLE_COULDNT_CONNECT) {
    site_.resolver.forget(running.spec.url.host);
    if (!running.forbidden.empty()) {
      if (std::exchange(running.awaited, false)) site_.health.abandoned(running.origin);
      return fail(ErrorKind::refused, running.forbidden);
    }
  }
  std::string reason = why(running, code);
  if (std::exchange(running.awaited, false)) {
    if (running.refusal.empty()) {
      site_.health.failed(running.origin, failure_of(code), reason);
    } else {
      site_.health.abandoned(running.origin);  // it speaks, of this name badly: it is not down
    }
  }
  return fail(kind_of(code), std::move(reason));
}

std::string CurlDriver::why(const Transfer::Running& running, CURLcode code) const {
  if (!running.refusal.empty()) return running.refusal;
  if (code == CURLE_OK) return running.head_given ? "its body is cut off" : "its head is cut off";
  std::string said = running.trouble.front() == '\0' ? curl_easy_strerror(code) : running.trouble.data();
  if (code == CURLE_COULDNT_RESOLVE_HOST) {
    said += "; check this machine's DNS, or set origins.nameservers";
  } else if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE) {
    said += "; if this site signs for it, name its authority in origins.ca_file";
  }
  return said;
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
  if (running.head_given) return true;  // a trailer (HTTP/2): nothing of it is used
  switch (running.head.add_line(line)) {
    case OriginHead::State::incomplete:
      return true;
    case OriginHead::State::complete:
      running.heard = site_.line.now();  // not line by line: a head comes in one go, or its origin is stuck
      return head_complete(running, running.head.answer());
    case OriginHead::State::refused:
      running.refusal = running.head.reason();
      return false;
  }
  return false;
}

// RFC 6585 4: too many requests, of this client, which is Larder as a whole. What a client asks in its own name may be
// that client's limit, and leaves the others alone.
void CurlDriver::rest_as_asked(const Transfer::Running& running, const OriginAnswer& answer) {
  if (is_of_one_client(running.spec)) return;
  const auto span = retry_after(answer, site_.clock.now());
  if (span && span->count() > 0) site_.health.rest(running.origin, *span, "it answered 429, too many requests");
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
  running.awaited = false;
  site_.health.answered(running.origin);
  if (answer.status == 429) rest_as_asked(running, answer);
  if (answer.chunked && answer.status != 304 && running.spec.method != "HEAD") {
    running.chunked.emplace();
    running.body_whole = false;
  }
  const std::string& method = running.spec.method;
  if (is_redirect(answer.status) && !answer.location.empty() && running.redirects < kRedirects &&
      running.spec.redirects == Redirects::follow && (method == "GET" || method == "HEAD")) {
    const std::string target = resolve_reference(running.spec.url.text(), answer.location);
    const auto url = updates::Url::parse(target);
    if (url && site_.table.find(url->host, url->port) != nullptr) {
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
  LineShare& line = driver_of(running).site_.line;
  running.heard = line.now();
  if (running.spec.flow) line.spend(*running.spec.flow, got.size());
  driver_of(running).own_flow_->had_bytes += got.size();
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

}  // namespace larder::proxy
