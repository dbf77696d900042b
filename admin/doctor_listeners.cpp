// SPDX-License-Identifier: MIT
// Whether each configured port answers, as a client finds it, and what certificate it then sees. By blocking sockets
// with short deadlines on the worker, so that a loop which stands still is noticed and not waited for.
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "admin/doctor.h"
#include "admin/own_name.h"
#include "base/owned.h"

namespace larder::admin {
namespace {

constexpr std::chrono::seconds kAnswer{2};

// ---- a connection of ours ----

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

// "Any" address means each of this machine's: its loopback stands for all.
std::optional<config::Address> address_of(const config::Endpoint& endpoint) {
  if (endpoint.host == "0.0.0.0") return *config::Address::parse("127.0.0.1");
  if (endpoint.host == "::") return *config::Address::parse("::1");
  const auto address = config::Address::parse(endpoint.host);
  return address ? std::optional(*address) : std::nullopt;
}

// "" when it is connected, else why not.
std::string connect_to(const Socket& socket, const config::Address& address, std::uint16_t port) {
  const timeval patience{kAnswer.count(), 0};
  setsockopt(socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket.fd(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in6 in6{};
  sockaddr_in in{};
  const sockaddr* to = nullptr;
  socklen_t length = 0;
  if (address.is_v4()) {
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::memcpy(&in.sin_addr, address.bytes.data() + address.bytes.size() - sizeof in.sin_addr, sizeof in.sin_addr);
    to = reinterpret_cast<const sockaddr*>(&in);
    length = sizeof in;
  } else {
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(port);
    std::memcpy(&in6.sin6_addr, address.bytes.data(), sizeof in6.sin6_addr);
    to = reinterpret_cast<const sockaddr*>(&in6);
    length = sizeof in6;
  }
  if (::connect(socket.fd(), to, length) == 0) return {};
  return errno == EINPROGRESS || errno == EAGAIN ? "nobody takes the connection" : std::strerror(errno);
}

std::string no_answer(ssize_t received) {
  return received == 0 ? "the connection is closed without an answer" : "it is connected to, and does not answer";
}

// One request's answer: its first bytes; else why none came.
Result<std::string> ask_plain(const config::Endpoint& endpoint, const std::string& path) {
  const auto address = address_of(endpoint);
  if (!address) return fail(ErrorKind::invalid, "it is no numeric address");
  const Socket socket(::socket(address->is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (const std::string why = connect_to(socket, *address, endpoint.port); !why.empty())
    return fail(ErrorKind::origin_failed, why);
  const std::string request = "GET " + path +
                              " HTTP/1.1\r\nHost: " + config::Endpoint{address->text(), endpoint.port}.text() +
                              "\r\nMax-Forwards: 0\r\nConnection: close\r\n\r\n";
  if (::send(socket.fd(), request.data(), request.size(), MSG_NOSIGNAL) < 0)
    return fail(ErrorKind::origin_failed, std::strerror(errno));
  std::array<char, 512> answer{};
  const ssize_t received = ::recv(socket.fd(), answer.data(), answer.size(), 0);
  if (received <= 0) return fail(ErrorKind::origin_failed, no_answer(received));
  return std::string(answer.data(), static_cast<std::size_t>(received));
}

void examine_plain(std::string_view kind, const std::vector<config::Endpoint>& endpoints, const std::string& path,
                   Findings& findings) {
  for (const config::Endpoint& endpoint : endpoints) {
    const auto answer = ask_plain(endpoint, path);
    const std::string subject = std::string(kind) + " " + endpoint.text();
    if (answer && answer->starts_with("HTTP/1.1 ")) {
      findings.push_back({"listener", subject, Verdict::good, "it answers", ""});
    } else {
      findings.push_back({"listener", subject, Verdict::bad,
                          answer ? "something answers there that is not Larder" : answer.error().message,
                          "see journalctl -u larderd for why; ss -ltnp tells who has the port"});
    }
  }
}

// ---- TLS ----

using Ssl = Owned<SSL, SSL_free>;
using Certificate = Owned<X509, X509_free>;

struct Shown {
  std::string trouble;  // why there is no session; "" there was one
  bool spoke = false;   // an alert is an answer too
  Certificate certificate;
  int code = X509_V_OK;
};

std::string name_of(X509_NAME* name) {
  std::array<char, 256> text{};
  X509_NAME_get_text_by_NID(name, NID_commonName, text.data(), text.size());
  return text.data();
}

Certificate certificate_in(const std::string& pem) {
  const Owned<BIO, BIO_free_all> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
}

// Shakes hands as a device does, with the site's own root (if there is one) beside the system's authorities.
Shown shake_hands(const config::Endpoint& endpoint, const std::string& name, X509* root) {
  Shown shown;
  const auto address = address_of(endpoint);
  if (!address) {
    shown.trouble = "it is no numeric address";
    return shown;
  }
  const Socket socket(::socket(address->is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  shown.trouble = connect_to(socket, *address, endpoint.port);
  if (!shown.trouble.empty()) return shown;
  const Owned<SSL_CTX, SSL_CTX_free> context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_default_verify_paths(context.get());
  if (root != nullptr) X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), root);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  const Ssl ssl(SSL_new(context.get()));
  if (!config::Address::parse(name)) SSL_set_tlsext_host_name(ssl.get(), name.c_str());
  SSL_set_fd(ssl.get(), socket.fd());
  ERR_clear_error();
  if (SSL_connect(ssl.get()) != 1) {
    shown.spoke =
        ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_SSL && ERR_GET_REASON(ERR_peek_error()) >= SSL_AD_REASON_OFFSET;
    shown.trouble = "the TLS handshake fails";
    ERR_clear_error();
    return shown;
  }
  shown.spoke = true;
  shown.certificate.reset(SSL_get1_peer_certificate(ssl.get()));
  shown.code = static_cast<int>(SSL_get_verify_result(ssl.get()));
  SSL_shutdown(ssl.get());
  return shown;
}

std::string wall(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "?";
  return to_rfc3339(WallTime(std::chrono::seconds(timegm(&parts))));
}

// What Apple's systems ask of every server certificate (https://support.apple.com/103769): RSA of 2048 bits or more or
// an elliptic curve of 256, a digest of the SHA-2 family, names as subjectAltName, serverAuth where there is an
// extendedKeyUsage, 825 days at most. "" when it has all of that.
std::string not_for_apple(X509* certificate) {
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  const int kind = key == nullptr ? 0 : EVP_PKEY_get_base_id(key);
  const int bits = key == nullptr ? 0 : EVP_PKEY_get_bits(key);
  constexpr int kRsaBits = 2048;
  constexpr int kCurveBits = 256;
  constexpr int kMostDays = 825;
  if (!(kind == EVP_PKEY_RSA && bits >= kRsaBits) && !(kind == EVP_PKEY_EC && bits >= kCurveBits)) {
    return "its key is neither RSA of 2048 bits or more nor of an elliptic curve of 256";
  }
  int digest = NID_undef;
  if (X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr) == 1 &&
      (digest == NID_sha1 || digest == NID_md5)) {
    return "it is signed with SHA-1 or MD5";
  }
  if (X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1) < 0) return "it has no subjectAltName";
  if ((X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE) != 0 &&
      (X509_get_extended_key_usage(certificate) & XKU_SSL_SERVER) == 0) {
    return "its extendedKeyUsage does not have serverAuth";
  }
  int days = 0;
  int seconds = 0;
  if (ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(certificate), X509_get0_notAfter(certificate)) == 1 &&
      days > kMostDays) {
    return "it holds for " + std::to_string(days) + " days; 825 are the most";
  }
  return {};
}

std::string key_kind(X509* certificate) {
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (key == nullptr) return "?";
  return std::string(EVP_PKEY_get_base_id(key) == EVP_PKEY_EC ? "ECDSA" : "RSA") + " " +
         std::to_string(EVP_PKEY_get_bits(key));
}

bool is_for(X509* certificate, const std::string& name) {
  if (config::Address::parse(name)) return X509_check_ip_asc(certificate, name.c_str(), 0) == 1;
  return X509_check_host(certificate, name.data(), name.size(), 0, nullptr) == 1;
}

bool is_about_time(int code) {
  return code == X509_V_ERR_CERT_HAS_EXPIRED || code == X509_V_ERR_CERT_NOT_YET_VALID;
}

void judge(const Shown& shown, const std::string& subject, const std::string& name, const WallTime now,
           const proxy::CertificateState& state, Findings& findings) {
  X509* certificate = shown.certificate.get();
  const std::string until = wall(X509_get0_notAfter(certificate));
  const std::string renew =
      state.own_authority
          ? "it should renew itself; see journalctl -u larderd"
          : "renew it; larderd reads tls.certificate again within the hour, or at systemctl reload larderd";
  const auto add = [&](Verdict verdict, std::string found, std::string remedy) {
    findings.push_back({"certificate", subject, verdict, std::move(found), std::move(remedy)});
  };
  constexpr std::chrono::days kSoon{14};
  time_t at = std::chrono::system_clock::to_time_t(now);
  time_t soon = std::chrono::system_clock::to_time_t(now + kSoon);
  if (X509_cmp_time(X509_get0_notAfter(certificate), &at) < 0)
    return add(Verdict::bad, "it has expired on " + until + "; devices refuse it", renew);
  if (X509_cmp_time(X509_get0_notBefore(certificate), &at) > 0) {
    return add(Verdict::bad,
               "it does not hold before " + wall(X509_get0_notBefore(certificate)) + "; devices refuse it",
               "see the check of the clock");
  }
  if (!is_for(certificate, name)) {
    return add(Verdict::bad, "it is not for " + name + ", by which devices reach Larder; they refuse it",
               state.own_authority ? "set listen.name to a name that larder tls init was given"
                                   : "use a certificate for that name, or correct listen.name");
  }
  if (const std::string why = not_for_apple(certificate); !why.empty()) {
    return add(Verdict::bad, why + "; Apple's systems refuse it",
               "have it made anew, as https://support.apple.com/103769 says");
  }
  if (shown.code != X509_V_OK && !is_about_time(shown.code)) {
    return add(Verdict::warning,
               "it leads to no authority that this machine knows (" +
                   std::string(X509_verify_cert_error_string(shown.code)) + "); its issuer is " +
                   name_of(X509_get_issuer_name(certificate)),
               "put the intermediate certificates behind it in tls.certificate; if the authority is your own, give "
               "devices its root by a profile");
  }
  if (X509_cmp_time(X509_get0_notAfter(certificate), &soon) < 0)
    return add(Verdict::warning, "it expires on " + until, renew);
  add(Verdict::good,
      "for " + name + ", " + key_kind(certificate) + ", until " + until + ", signed by " +
          name_of(X509_get_issuer_name(certificate)),
      "");
}

void examine_tls(const Desk& desk, X509* root, Findings& findings) {
  const proxy::CertificateState state =
      desk.sources.certificates != nullptr ? desk.sources.certificates->state() : proxy::CertificateState{};
  const std::string name = own_name(*desk.config);
  for (const config::Endpoint& endpoint : desk.config->listen.tls) {
    const std::string subject = "tls " + endpoint.text();
    const Shown shown = shake_hands(endpoint, name, root);
    if (shown.certificate) {
      findings.push_back({"listener", subject, Verdict::good, "it answers", ""});
      judge(shown, subject, name, desk.sources.clock.now(), state, findings);
    } else {
      findings.push_back(
          {"listener", subject, Verdict::bad,
           state.has ? shown.trouble : "there is no certificate: TLS connections are closed",
           state.has ? "see journalctl -u larderd for why" : "name one in tls.certificate, or run larder tls init"});
    }
  }
}

// The ClientHello names no origin, so the answer is an alert: it shows that somebody listens.
void examine_sni(const Desk& desk, Findings& findings) {
  for (const config::Endpoint& endpoint : desk.config->listen.sni) {
    const Shown shown = shake_hands(endpoint, "larder-doctor.invalid", nullptr);
    findings.push_back({"listener", "sni " + endpoint.text(), shown.spoke ? Verdict::good : Verdict::bad,
                        shown.spoke ? "it answers" : shown.trouble,
                        shown.spoke ? "" : "see journalctl -u larderd for why; ss -ltnp tells who has the port"});
  }
}

void examine_authority(const Desk& desk, X509* root, Findings& findings) {
  if (root == nullptr) {
    if (desk.config->listen.tls.empty() || !desk.config->tls.certificate.empty()) return;
    findings.push_back({"site authority", "", Verdict::warning, "there is none, and no tls.certificate",
                        "run larder tls init, or name a certificate in tls.certificate"});
    return;
  }
  constexpr std::chrono::days kSoon{180};
  const std::string until = wall(X509_get0_notAfter(root));
  time_t at = std::chrono::system_clock::to_time_t(desk.sources.clock.now());
  time_t soon = std::chrono::system_clock::to_time_t(desk.sources.clock.now() + kSoon);
  const std::string remedy =
      "move storage.path/tls away, run larder tls init, and give devices the new root by a profile";
  if (X509_cmp_time(X509_get0_notAfter(root), &at) < 0) {
    findings.push_back({"site authority", "", Verdict::bad, "its root has expired on " + until, remedy});
  } else if (X509_cmp_time(X509_get0_notAfter(root), &soon) < 0) {
    findings.push_back({"site authority", "", Verdict::warning, "its root expires on " + until, remedy});
  } else {
    findings.push_back({"site authority", "", Verdict::good,
                        "its root holds until " + until + "; devices trust it by a profile (larder profile root)", ""});
  }
}

}  // namespace

void examine_listeners(const Desk& desk, Findings& findings) {
  const Certificate root =
      certificate_in(desk.sources.certificates != nullptr ? desk.sources.certificates->root_pem() : std::string{});
  examine_plain("http", desk.config->listen.http, "/", findings);
  examine_tls(desk, root.get(), findings);
  examine_sni(desk, findings);
  examine_plain("admin", desk.config->listen.admin, "/healthz", findings);
  examine_authority(desk, root.get(), findings);
}

}  // namespace larder::admin
