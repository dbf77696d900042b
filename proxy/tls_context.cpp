// SPDX-License-Identifier: MIT
#include "proxy/tls_context.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <netinet/in.h>
#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <mutex>

#include "config/network.h"

namespace larder::proxy {
namespace {

// TLS 1.2; those of 1.3 are all good.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr std::string_view kHttp11 = "\x08http/1.1";
constexpr std::chrono::hours kTicketKeyLife{12};

Error failure(const std::string& what) {
  std::array<char, 256> text{};
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return fail(ErrorKind::invalid, what);
  ERR_error_string_n(code, text.data(), text.size());
  return fail(ErrorKind::invalid, what + " (" + text.data() + ")");
}

// ---- tickets ----

struct TicketKey {
  std::array<unsigned char, 16> name{};
  std::array<unsigned char, 32> cipher{};
  std::array<unsigned char, 32> mac{};
  SteadyTime made;
};

// The key that tickets are made with now, and the one before, which they are still read with.
class TicketKeys {
 public:
  TicketKey current() {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (keys_[0].made == SteadyTime{} || now - keys_[0].made > kTicketKeyLife) {
      keys_[1] = keys_[0];
      RAND_bytes(keys_[0].name.data(), static_cast<int>(keys_[0].name.size()));
      RAND_priv_bytes(keys_[0].cipher.data(), static_cast<int>(keys_[0].cipher.size()));
      RAND_priv_bytes(keys_[0].mac.data(), static_cast<int>(keys_[0].mac.size()));
      keys_[0].made = now;
    }
    return keys_[0];
  }

  // Which of the two it is, 0 or 1; 2: neither.
  std::size_t find(const unsigned char* name, TicketKey& key) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      const bool usable =
          keys_.at(i).made != SteadyTime{} && std::chrono::steady_clock::now() - keys_.at(i).made <= 2 * kTicketKeyLife;
      if (!usable || std::memcmp(name, keys_.at(i).name.data(), keys_.at(i).name.size()) != 0) continue;
      key = keys_.at(i);
      return i;
    }
    return keys_.size();
  }

 private:
  std::mutex mutex_;
  std::array<TicketKey, 2> keys_;
};

TicketKeys& ticket_keys() {
  static TicketKeys keys;
  return keys;
}

int set_up(const TicketKey& key, const unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypt) {
  std::array<char, 7> digest{"SHA256"};
  std::array<OSSL_PARAM, 3> parameters{
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<unsigned char*>(key.mac.data()), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0), OSSL_PARAM_construct_end()};
  const bool ready = EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv, encrypt) == 1 &&
                     EVP_MAC_CTX_set_params(mac, parameters.data()) == 1;
  return ready ? 1 : -1;
}

// SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 1 made or good, 2 good but to be made anew, 0 not known, -1 failed.
int on_ticket(SSL*, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypt) {
  if (encrypt == 1) {
    const TicketKey key = ticket_keys().current();
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
    std::memcpy(name, key.name.data(), key.name.size());
    return set_up(key, iv, cipher, mac, 1);
  }
  TicketKey key;
  const std::size_t which = ticket_keys().find(name, key);
  if (which > 1) return 0;
  const int ready = set_up(key, iv, cipher, mac, 0);
  return ready == 1 && which == 1 ? 2 : ready;
}

int on_protocols(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
                 unsigned in_length, void*) {
  unsigned char* chosen = nullptr;
  const auto* ours = reinterpret_cast<const unsigned char*>(kHttp11.data());
  const int outcome = SSL_select_next_proto(&chosen, out_length, ours, kHttp11.size(), in, in_length);
  *out = chosen;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// ---- what a certificate says ----

WallTime wall_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return WallTime(std::chrono::seconds(timegm(&parts)));
}

void free_names(GENERAL_NAMES* names) {
  GENERAL_NAMES_free(names);
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> all;
  const Owned<GENERAL_NAMES, free_names> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    int kind = 0;
    const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(name, &kind));
    const auto* bytes = ASN1_STRING_get0_data(value);
    const auto length = static_cast<std::size_t>(ASN1_STRING_length(value));
    if (kind == GEN_DNS) {
      all.emplace_back(reinterpret_cast<const char*>(bytes), length);
    } else if (kind == GEN_IPADD && length == sizeof(in_addr)) {
      sockaddr_in in{};
      in.sin_family = AF_INET;
      std::memcpy(&in.sin_addr, bytes, length);
      all.push_back(config::Address::from(reinterpret_cast<const sockaddr&>(in)).text());
    } else if (kind == GEN_IPADD && length == sizeof(in6_addr)) {
      sockaddr_in6 in{};
      in.sin6_family = AF_INET6;
      std::memcpy(&in.sin6_addr, bytes, length);
      all.push_back(config::Address::from(reinterpret_cast<const sockaddr&>(in)).text());
    }
  }
  return all;
}

CertificateFacts facts_of(X509* certificate) {
  CertificateFacts facts;
  facts.names = names_of(certificate);
  std::array<char, 256> issuer{};
  X509_NAME_get_text_by_NID(X509_get_issuer_name(certificate), NID_commonName, issuer.data(), issuer.size());
  facts.issuer = issuer.data();
  facts.not_before = wall_time(X509_get0_notBefore(certificate));
  facts.not_after = wall_time(X509_get0_notAfter(certificate));
  return facts;
}

int no_password(char*, int, int, void*) {
  return -1;
}

}  // namespace

Status TlsContext::use(const TlsFiles& files) {
  SSL_CTX* context = context_.get();
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return failure("the certificate " + files.certificate.string() +
                   " cannot be used; it must be PEM, Larder's own first, then its chain");
  }
  const Owned<BIO, BIO_free_all> file(BIO_new_file(files.key.c_str(), "r"));
  const Owned<EVP_PKEY, EVP_PKEY_free> key(file ? PEM_read_bio_PrivateKey(file.get(), nullptr, no_password, nullptr)
                                                : nullptr);
  if (!key) return failure("the key " + files.key.string() + " cannot be used; it must be PEM, without a password");
  if (X509_check_private_key(SSL_CTX_get0_certificate(context), key.get()) != 1) {
    return failure("the key " + files.key.string() + " does not belong to the certificate " +
                   files.certificate.string());
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) == 1) return ok();
  return failure("the key " + files.key.string() + " cannot be used");
}

Result<TlsContextPtr> TlsContext::make(const std::vector<TlsFiles>& identities) {
  ERR_clear_error();
  std::shared_ptr<TlsContext> made(new TlsContext());
  made->context_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = made->context_.get();
  if (context == nullptr) return failure("TLS cannot be set up");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets hold what is to be remembered
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
  SSL_CTX_set_alpn_select_cb(context, on_protocols, nullptr);
  constexpr std::string_view kSessions = "larder";
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(kSessions.data()), kSessions.size());
  if (SSL_CTX_set_cipher_list(context, kCiphers) != 1 || SSL_CTX_set1_groups_list(context, kGroups) != 1) {
    return failure("TLS cannot be set up");
  }
  for (const TlsFiles& files : identities) {
    if (auto used = made->use(files); !used) return std::move(used).error();
    if (&files == &identities.front()) made->facts_ = facts_of(SSL_CTX_get0_certificate(context));
  }
  return TlsContextPtr(std::move(made));
}

}  // namespace larder::proxy
