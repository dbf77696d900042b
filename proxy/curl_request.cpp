// SPDX-License-Identifier: MIT
// What libcurl is told of one request: the options of its handle, and which addresses it may connect to.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "proxy/apple_authority.h"
#include "proxy/curl_driver.h"

namespace larder::proxy {
namespace {

constexpr long kConnectTimeoutMs = 10000;

bool append(CurlFields& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return false;
  static_cast<void>(list.release());
  list.reset(longer);
  return true;
}

std::uint16_t port_of(const curl_sockaddr& address) {
  sockaddr_in in{};  // sin6_port is at the same place
  std::memcpy(&in, &address.addr, sizeof in);
  return ntohs(in.sin_port);
}

// "host:port:address,[address]": where curl connects to instead of looking the host up.
std::string resolve_line(const updates::Url& url, const std::vector<config::Address>& addresses) {
  std::string line = url.host + ':' + std::to_string(url.port) + ':';
  for (const auto& address : addresses) {
    if (&address != &addresses.front()) line += ',';
    line += address.is_v4() ? address.text() : '[' + address.text() + ']';
  }
  return line;
}

}  // namespace

bool CurlDriver::by_proxy(const OriginRule& rule) const {
  return !site_.config.origins.proxy.empty() && !rule.connect_to;
}

Status CurlDriver::prepare(Transfer::Running& running) {
  const updates::Url& url = running.spec.url;
  const OriginRule* rule = running.rule;
  running.easy.reset(curl_easy_init());
  CURL* easy = running.easy.get();
  if (easy == nullptr) return fail(ErrorKind::internal, "no memory for a transfer");
  running.head = {};
  running.head_given = false;
  running.chunked.reset();
  running.body_whole = true;
  running.forbidden.clear();
  running.between_addresses = false;
  running.asked = false;
  running.trouble.front() = '\0';

  updates::Url asked = url;
  if (!rule->scheme.empty() && rule->scheme != asked.scheme && !running.spec.connect_only) {
    if (asked.default_port()) asked.port = rule->scheme == "https" ? 443 : 80;
    asked.scheme = rule->scheme;
  }
  if (running.spec.connect_only) asked.scheme = "http";  // with TLS, or whatever else, the tunnel's client comes itself
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(easy, option, value); };
  if (running.spec.connect_only) {
    if (by_proxy(*rule) && site_.config.origins.proxy.starts_with("https:")) {
      return fail(ErrorKind::refused,
                  "tunnels cannot pass through a proxy that is itself reached by TLS (origins.proxy)");
    }
    set(CURLOPT_CONNECT_ONLY, 1L);
    set(CURLOPT_HTTPPROXYTUNNEL, 1L);
  }
  running.plain_text = asked.scheme == "http";
  if (!running.spec.target.empty()) set(CURLOPT_REQUEST_TARGET, running.spec.target.c_str());
  set(CURLOPT_URL, asked.text().c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  // A line that is shared out by its sockets needs one for each transfer.
  set(CURLOPT_HTTP_VERSION, static_cast<long>(site_.line.limited() ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_BUFFERSIZE, static_cast<long>(site_.line.read_bytes()));
  set(CURLOPT_SOCKOPTFUNCTION, &CurlDriver::on_new_socket);
  set(CURLOPT_SOCKOPTDATA, this);
  set(CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  set(CURLOPT_PROXY, site_.config.origins.proxy.c_str());
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_USERAGENT, "larder/" LARDER_VERSION);
  const std::filesystem::path& ca = rule->ca_file.empty() ? site_.config.origins.ca_file : rule->ca_file;
  if (const std::string_view own = built_in_authority(asked.host); !own.empty() && rule->ca_file.empty()) {
    // Beside those of CURLOPT_CAPATH; the bytes are static.
    curl_blob blob{const_cast<char*>(own.data()), own.size(), CURL_BLOB_NOCOPY};
    curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
  } else if (!ca.empty()) {
    set(CURLOPT_CAINFO, ca.c_str());
  }
  if (rule->connect_to) {
    running.connect_to.reset();
    if (!append(running.connect_to, "::" + rule->connect_to->text())) return fail(ErrorKind::internal, "no memory");
    set(CURLOPT_CONNECT_TO, running.connect_to.get());
    set(CURLOPT_PROXY, "");
  }
  running.resolved.reset();
  if (!running.addresses.empty()) {
    if (!append(running.resolved, resolve_line(asked, running.addresses)))
      return fail(ErrorKind::internal, "no memory");
    set(CURLOPT_RESOLVE, running.resolved.get());
  }
  set(CURLOPT_ERRORBUFFER, running.trouble.data());
  running.guard = by_proxy(*rule) ? nullptr : &site_.guard;
  set(CURLOPT_OPENSOCKETFUNCTION, &CurlDriver::on_open_socket);
  set(CURLOPT_OPENSOCKETDATA, &running);
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

// Every connection passes here with the address it is about to go to, one refused after another if a name has several.
curl_socket_t CurlDriver::on_open_socket(void* data, curlsocktype, curl_sockaddr* address) noexcept {
  auto& running = *static_cast<Transfer::Running*>(data);
  if (running.guard != nullptr) {
    const Destination destination{running.spec.url.host, config::Address::from(address->addr), port_of(*address)};
    if (auto allowed = running.guard->check(*running.rule, destination); !allowed) {
      running.forbidden = std::move(allowed).error().message;
      return CURL_SOCKET_BAD;
    }
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int CurlDriver::on_request(void* data, char*, char*, int, int from_port) noexcept {
  auto& running = *static_cast<Transfer::Running*>(data);
  CurlDriver& driver = driver_of(running);
  // Until now curl kept the time, or the transfer waited for a connection.
  running.asked = true;
  running.heard = driver.site_.line.now();
  driver.idle_.check(running.easy.get(), from_port);
  return CURL_PREREQFUNC_OK;
}

// libcurl closes its own descriptor with the handle; the connection lives on in another.
void CurlDriver::hand_over(Transfer::Running& running) {
  curl_socket_t own = CURL_SOCKET_BAD;
  curl_easy_getinfo(running.easy.get(), CURLINFO_ACTIVESOCKET, &own);
  running.awaited = false;
  site_.health.answered(running.origin);
  if (own == CURL_SOCKET_BAD || running.sink == nullptr) return;
  const int fd = ::fcntl(own, F_DUPFD_CLOEXEC, 0);
  if (fd >= 0) running.sink->on_connected(fd);
}

}  // namespace larder::proxy
