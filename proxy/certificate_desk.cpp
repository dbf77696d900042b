// SPDX-License-Identifier: MIT
#include "proxy/certificate_desk.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/text.h"

namespace larder::proxy {
namespace {

constexpr std::chrono::hours kLookEvery{1};
constexpr std::chrono::hours kSoon{24 * 14};

std::filesystem::file_time_type changed_at(const config::TlsConfig& tls) {
  std::error_code error;
  const auto certificate = std::filesystem::last_write_time(tls.certificate, error);
  const auto key = std::filesystem::last_write_time(tls.key, error);
  return error ? std::filesystem::file_time_type() : std::max(certificate, key);
}

// RFC 6125: a "*" stands for one whole label, the first.
bool covers(const std::string& name, const std::string& host) {
  if (equals_ignoring_case(name, host)) return true;
  const auto dot = host.find('.');
  return name.starts_with("*.") && dot != std::string::npos &&
         equals_ignoring_case(name.substr(1), std::string_view(host).substr(dot));
}

}  // namespace

std::vector<TlsFiles> CertificateDesk::identities() const {
  if (!tls_.certificate.empty()) return {{tls_.certificate, tls_.key}};
  return {{authority_.leaf("ecdsa"), authority_.leaf_key("ecdsa")},
          {authority_.leaf("rsa"), authority_.leaf_key("rsa")}};
}

Status CertificateDesk::apply(const config::Config& config) {
  const std::lock_guard lock(mutex_);
  tls_ = config.tls;
  name_ = config.listen.name;
  authority_ = SiteAuthority(config.storage.path / "tls");
  state_.listening = !config.listen.tls.empty();
  looked_ = clock_.steady();
  if (!state_.listening) return ok();
  return load();
}

Status CertificateDesk::load() {
  state_.own_authority = tls_.certificate.empty();
  if (state_.own_authority && !authority_.exists()) {
    state_.problem = "there is no certificate: name one in tls.certificate, or run larder tls init";
    spdlog::warn("listen.tls: {}; TLS connections are closed until then", state_.problem);
    return ok();
  }
  if (state_.own_authority) {
    const auto renewed = authority_.renew(clock_.now());
    if (!renewed) spdlog::error("renewing the certificate of this Larder: {}", renewed.error().message);
    if (renewed && *renewed) spdlog::info("the certificate of this Larder was made anew");
  }
  changed_ = changed_at(tls_);
  auto context = TlsContext::make(identities());
  if (!context) return std::move(context).error();
  state_.has = true;
  state_.facts = (*context)->facts();
  state_.problem = problem_of(state_.facts);
  if (!state_.problem.empty()) spdlog::warn("the certificate of this Larder: {}", state_.problem);
  use_(*context);
  return ok();
}

std::string CertificateDesk::problem_of(const CertificateFacts& facts) const {
  const WallTime now = clock_.now();
  if (facts.not_after < now) return "it has expired on " + to_rfc3339(facts.not_after) + "; devices refuse it";
  if (facts.not_before > now) return "it does not hold before " + to_rfc3339(facts.not_before) + "; devices refuse it";
  if (!name_.empty() &&
      std::none_of(facts.names.begin(), facts.names.end(), [&](const auto& name) { return covers(name, name_); })) {
    return "it is not for " + name_ + ", which listen.name says devices use; they refuse it";
  }
  if (facts.not_after < now + kSoon) return "it expires on " + to_rfc3339(facts.not_after);
  return {};
}

void CertificateDesk::look_after() {
  const std::lock_guard lock(mutex_);
  if (!state_.listening || clock_.steady() - looked_ < kLookEvery) return;
  looked_ = clock_.steady();
  if (tls_.certificate.empty()) {
    const auto renewed = authority_.exists() ? authority_.renew(clock_.now()) : Result<bool>(false);
    if (!renewed) {
      spdlog::error("renewing the certificate of this Larder: {}", renewed.error().message);
      return;
    }
    if (!*renewed) return;
    spdlog::info("the certificate of this Larder was made anew");
  } else if (changed_at(tls_) == changed_) {
    state_.problem = problem_of(state_.facts);
    return;
  }
  if (auto loaded = load(); !loaded) spdlog::error("{}; the certificate before stays in use", loaded.error().message);
}

Status CertificateDesk::make_authority(const std::vector<std::string>& names) {
  const std::lock_guard lock(mutex_);
  if (auto made = authority_.make(names, clock_.now()); !made) return made;
  if (!state_.listening || !tls_.certificate.empty()) return ok();
  return load();
}

CertificateState CertificateDesk::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::string CertificateDesk::root_pem() const {
  const std::lock_guard lock(mutex_);
  return authority_.root_pem();
}

}  // namespace larder::proxy
