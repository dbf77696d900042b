// SPDX-License-Identifier: MIT
#include "admin/profile_signature.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>

#include "base/owned.h"

namespace larder::admin {
namespace {

using Bio = Owned<BIO, BIO_free_all>;
using Certificate = Owned<X509, X509_free>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;

void free_stack(STACK_OF(X509) * certificates) {
  sk_X509_pop_free(certificates, X509_free);
}
using Chain = Owned<STACK_OF(X509), free_stack>;

Error failure(const std::string& what) {
  std::array<char, 256> text{};
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return fail(ErrorKind::invalid, what);
  ERR_error_string_n(code, text.data(), text.size());
  return fail(ErrorKind::invalid, what + " (" + text.data() + ")");
}

Result<std::string> der_of(CMS_ContentInfo* cms) {
  const Bio out(BIO_new(BIO_s_mem()));
  if (i2d_CMS_bio(out.get(), cms) != 1) return failure("the signature cannot be written");
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(out.get(), &bytes);
  return std::string(bytes, static_cast<std::size_t>(length));
}

}  // namespace

Result<std::string> sign_profile(const std::string& profile, const std::filesystem::path& certificate,
                                 const std::filesystem::path& key) {
  const Bio certificate_file(BIO_new_file(certificate.c_str(), "r"));
  if (!certificate_file) return failure("the certificate " + certificate.string() + " cannot be read");
  const Certificate own(PEM_read_bio_X509(certificate_file.get(), nullptr, nullptr, nullptr));
  if (!own) return failure(certificate.string() + " holds no certificate; it must be PEM");
  const Chain chain(sk_X509_new_null());
  while (X509* next = PEM_read_bio_X509(certificate_file.get(), nullptr, nullptr, nullptr)) {
    sk_X509_push(chain.get(), next);
  }
  ERR_clear_error();
  const Bio key_file(BIO_new_file(key.c_str(), "r"));
  if (!key_file) return failure("the key " + key.string() + " cannot be read");
  const auto no_password = [](char*, int, int, void*) { return -1; };
  const Key private_key(PEM_read_bio_PrivateKey(key_file.get(), nullptr, no_password, nullptr));
  if (!private_key) return failure(key.string() + " holds no private key; it must be PEM, without a password");
  if (X509_check_private_key(own.get(), private_key.get()) != 1) {
    return failure("the key " + key.string() + " does not belong to the certificate " + certificate.string());
  }
  if (X509_cmp_current_time(X509_get0_notAfter(own.get())) < 0) {
    return failure("the certificate " + certificate.string() +
                   " has expired; devices would call the profile unverified");
  }
  if (X509_cmp_current_time(X509_get0_notBefore(own.get())) > 0) {
    return failure("the certificate " + certificate.string() + " does not hold yet");
  }
  const Bio content(BIO_new_mem_buf(profile.data(), static_cast<int>(profile.size())));
  const Owned<CMS_ContentInfo, CMS_ContentInfo_free> cms(
      CMS_sign(own.get(), private_key.get(), chain.get(), content.get(), CMS_BINARY | CMS_NOSMIMECAP));
  if (!cms) return failure("the profile cannot be signed with " + certificate.string());
  return der_of(cms.get());
}

}  // namespace larder::admin
