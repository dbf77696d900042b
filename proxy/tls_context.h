// SPDX-License-Identifier: MIT
// TLS of Larder's own name: certificates, keys and settings that connections are accepted with. TLS 1.2 with forward
// secrecy and authenticated ciphers, and TLS 1.3; no renegotiation, no compression, no early data; HTTP/1.1 alone
// (ALPN). Sessions are resumed by tickets, whose keys are the process's, change every twelve hours and outlive a
// reload. Immutable; any thread. Connections go on with the context they have begun with.
#pragma once

#include <openssl/ssl.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/owned.h"
#include "base/result.h"

namespace larder::proxy {

struct TlsFiles {
  std::filesystem::path certificate;  // PEM, its own first, then the chain
  std::filesystem::path key;          // PEM, without a password
};

// What a certificate says of itself.
struct CertificateFacts {
  std::vector<std::string> names;  // subjectAltName: host names and addresses
  std::string issuer;
  WallTime not_before, not_after;
};

class TlsContext {
 public:
  // One or more certificates, of different kinds of key: each client gets the one it can use. Fails, saying what to do,
  // when a file cannot be read or a key does not belong to its certificate. One that has expired is taken: what to make
  // of it is the caller's.
  static Result<std::shared_ptr<const TlsContext>> make(const std::vector<TlsFiles>& identities);

  const CertificateFacts& facts() const { return facts_; }  // of the first certificate
  Owned<SSL, SSL_free> new_session() const { return Owned<SSL, SSL_free>(SSL_new(context_.get())); }

 private:
  TlsContext() = default;
  Status use(const TlsFiles& files);

  Owned<SSL_CTX, SSL_CTX_free> context_;
  CertificateFacts facts_;
};
using TlsContextPtr = std::shared_ptr<const TlsContext>;

}  // namespace larder::proxy
