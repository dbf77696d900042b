// SPDX-License-Identifier: MIT
// CertificateDesk: which certificate Larder's TLS listeners show, now. The administrator's (tls.certificate), or a leaf
// of the site's own authority (site_authority.h) under storage.path/tls, or none yet: connections are then closed. It
// looks at files that change and renews leaves by itself; who is connected goes on undisturbed. Threads: any; making
// keys keeps the caller waiting, never a loop.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"
#include "proxy/site_authority.h"
#include "proxy/tls_context.h"

namespace larder::proxy {

struct CertificateState {
  bool listening = false;  // listen.tls names an address
  bool has = false;        // a certificate is in use
  bool own_authority = false;
  CertificateFacts facts;
  std::string problem;  // "" when devices can be expected to trust it
};

class CertificateDesk {
 public:
  using Use = std::function<void(const TlsContextPtr&)>;

  // `use` is told of each new context; called on the caller's thread of apply, look_after and make_authority.
  CertificateDesk(const Clock& clock, Use use) : clock_(clock), use_(std::move(use)) {}

  // At the start and after a reload. Fails when the administrator's certificate cannot be used; what was in use stays.
  Status apply(const config::Config& config);
  // Now and then: does something once an hour.
  void look_after();
  // The names devices reach Larder by. Afterwards its leaf is in use, unless the administrator names a certificate.
  Status make_authority(const std::vector<std::string>& names);

  CertificateState state() const;
  std::string root_pem() const;  // of the site's own authority; "" none

 private:
  Status load();                                                // mutex_ held
  std::string problem_of(const CertificateFacts& facts) const;  // mutex_ held
  std::vector<TlsFiles> identities() const;

  const Clock& clock_;
  const Use use_;
  mutable std::mutex mutex_;
  config::TlsConfig tls_;  // all guarded by mutex_
  std::string name_;
  SiteAuthority authority_{std::filesystem::path()};
  CertificateState state_;
  std::filesystem::file_time_type changed_;  // of the administrator's files, the later
  SteadyTime looked_;
};

}  // namespace larder::proxy
