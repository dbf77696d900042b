// SPDX-License-Identifier: MIT
#include "proxy/site_authority.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/owned.h"
#include "base/text.h"
#include "config/network.h"

namespace larder::proxy {
namespace {

using Bio = Owned<BIO, BIO_free_all>;
using Certificate = Owned<X509, X509_free>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;

constexpr unsigned kRootBits = 3072;
constexpr unsigned kLeafBits = 2048;
constexpr std::chrono::hours kRootLife{24 * 3650};
// Clients whose clock is behind.
constexpr std::chrono::hours kBackdated{24};

Error broken(const std::string& what) {
  std::array<char, 256> text{};
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return fail(ErrorKind::internal, what);
  ERR_error_string_n(code, text.data(), text.size());
  return fail(ErrorKind::internal, what + ": " + text.data());
}

Error cannot_write(const std::filesystem::path& file) {
  return fail(ErrorKind::storage_broken, "cannot write " + file.string() + ": " + std::strerror(errno));
}

// Whole or not at all, and nobody else's to read from its first moment.
Status write_file(const std::filesystem::path& file, const std::string& text) {
  const std::filesystem::path part = file.string() + ".part";
  ::unlink(part.c_str());
  const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return cannot_write(file);
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  ::close(fd);
  if (!written || ::rename(part.c_str(), file.c_str()) != 0) return cannot_write(file);
  return ok();
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return in ? std::string(std::istreambuf_iterator<char>(in), {}) : std::string{};
}

std::string text_of(const Bio& bio) {
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<std::size_t>(length)};
}

std::string pem_of(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return text_of(bio);
}

std::string pem_of(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(bio);
}

Certificate certificate_in(const std::filesystem::path& file) {
  const std::string pem = read_file(file);
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return certificate;
}

Key key_in(const std::filesystem::path& file) {
  const std::string pem = read_file(file);
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return key;
}

struct Span {
  WallTime from;
  WallTime to;
};

void set_time(ASN1_TIME* to, WallTime time) {
  ASN1_TIME_set(to, static_cast<time_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count()));
}

// A certificate without extensions and signature.
Certificate begin_certificate(EVP_PKEY* key, const std::string& common_name, Span span) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  std::array<unsigned char, 16> serial{};
  RAND_bytes(serial.data(), static_cast<int>(serial.size()));
  serial.front() &= 0x7FU;  // positive
  const Owned<BIGNUM, BN_free> number(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get()));
  set_time(X509_getm_notBefore(certificate.get()), span.from);
  set_time(X509_getm_notAfter(certificate.get()), span.to);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>("Larder"), -1, -1, 0);
  constexpr std::size_t kCommonNameBytes = 64;  // RFC 5280, ub-common-name
  const std::string name = common_name.substr(0, kCommonNameBytes);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                             0);
  return certificate;
}

bool add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

std::string alternative_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : ",") + std::string(config::Address::parse(name) ? "IP:" : "DNS:") + name;
  }
  return text;
}

// For these names and addresses and no others. What has no constraint of its kind would be free, so each kind has one.
std::string constraints(const std::vector<std::string>& names) {
  std::string text;
  bool has_name = false;
  bool has_address = false;
  for (const std::string& name : names) {
    const auto address = config::Address::parse(name);
    text += text.empty() ? "permitted;" : ",permitted;";
    if (!address) {
      has_name = true;
      text += "DNS:" + name;
    } else {
      has_address = true;
      text += "IP:" + name + (address->is_v4() ? "/255.255.255.255" : "/FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF");
    }
  }
  if (!has_name) text += ",permitted;DNS:larder.invalid";
  if (!has_address) text += ",excluded;IP:0.0.0.0/0.0.0.0,excluded;IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0";
  return text;
}

bool lives_long(X509* certificate, WallTime until) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(until.time_since_epoch()).count();
  auto time = static_cast<time_t>(seconds);
  return X509_cmp_time(X509_get0_notAfter(certificate), &time) > 0;
}

}  // namespace

std::filesystem::path SiteAuthority::leaf(std::string_view kind) const {
  return directory_ / (std::string(kind) + ".pem");
}
std::filesystem::path SiteAuthority::leaf_key(std::string_view kind) const {
  return directory_ / (std::string(kind) + ".key");
}

bool SiteAuthority::exists() const {
  std::error_code error;
  return std::filesystem::exists(directory_ / "root.pem", error);
}

std::string SiteAuthority::root_pem() const {
  return read_file(directory_ / "root.pem");
}

Result<std::vector<std::string>> SiteAuthority::names() const {
  const std::string text = read_file(directory_ / "names");
  std::vector<std::string> names;
  for (const std::string_view line : split(text, '\n')) {
    if (!line.empty()) names.emplace_back(line);
  }
  if (names.empty()) return fail(ErrorKind::storage_broken, (directory_ / "names").string() + " names nothing");
  return names;
}

Status SiteAuthority::make(const std::vector<std::string>& names, WallTime now) const {
  if (exists()) {
    return fail(ErrorKind::invalid, "there is an authority in " + directory_.string() +
                                        " already, which devices trust; to begin anew, move that directory away");
  }
  if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST) return cannot_write(directory_);
  const Key key(EVP_RSA_gen(kRootBits));
  if (!key) return broken("no key can be made");
  const Certificate root =
      begin_certificate(key.get(), "Larder authority of " + names.front(), {now - kBackdated, now + kRootLife});
  X509_set_issuer_name(root.get(), X509_get_subject_name(root.get()));
  const bool extended = add_extension(root.get(), root.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                        add_extension(root.get(), root.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
                        add_extension(root.get(), root.get(), NID_subject_key_identifier, "hash") &&
                        add_extension(root.get(), root.get(), NID_name_constraints, "critical," + constraints(names));
  if (!extended || X509_sign(root.get(), key.get(), EVP_sha256()) == 0) return broken("the root cannot be made");
  std::string lines;
  for (const std::string& name : names) lines += name + "\n";
  // The certificate last: with it there is an authority.
  if (auto written = write_file(directory_ / "names", lines); !written) return written;
  if (auto written = write_file(directory_ / "root.key", pem_of(key.get())); !written) return written;
  if (auto written = write_file(directory_ / "root.pem", pem_of(root.get())); !written) return written;
  return issue(now);
}

Status SiteAuthority::issue(WallTime now) const {
  const auto names = this->names();
  if (!names) return names.error();
  const Certificate root = certificate_in(directory_ / "root.pem");
  const Key root_key = key_in(directory_ / "root.key");
  if (!root || !root_key) {
    return fail(ErrorKind::storage_broken,
                "the authority in " + directory_.string() + " cannot be read; put its files back");
  }
  for (const std::string_view kind : {"ecdsa", "rsa"}) {
    const Key key(kind == "ecdsa" ? EVP_EC_gen("P-256") : EVP_RSA_gen(kLeafBits));
    if (!key) return broken("no key can be made");
    const Certificate leaf = begin_certificate(key.get(), names->front(), {now - kBackdated, now + kLeafLife});
    X509_set_issuer_name(leaf.get(), X509_get_subject_name(root.get()));
    const std::string usage =
        kind == "ecdsa" ? "critical,digitalSignature" : "critical,digitalSignature,keyEncipherment";
    const bool extended = add_extension(leaf.get(), root.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                          add_extension(leaf.get(), root.get(), NID_key_usage, usage) &&
                          add_extension(leaf.get(), root.get(), NID_ext_key_usage, "serverAuth") &&
                          add_extension(leaf.get(), root.get(), NID_subject_key_identifier, "hash") &&
                          add_extension(leaf.get(), root.get(), NID_authority_key_identifier, "keyid") &&
                          add_extension(leaf.get(), root.get(), NID_subject_alt_name, alternative_names(*names));
    if (!extended || X509_sign(leaf.get(), root_key.get(), EVP_sha256()) == 0) return broken("a leaf cannot be made");
    if (auto written = write_file(leaf_key(kind), pem_of(key.get())); !written) return written;
    if (auto written = write_file(this->leaf(kind), pem_of(leaf.get())); !written) return written;
  }
  return ok();
}

Result<bool> SiteAuthority::renew(WallTime now) const {
  bool due = false;
  for (const std::string_view kind : {"ecdsa", "rsa"}) {
    const Certificate certificate = certificate_in(leaf(kind));
    const Key key = key_in(leaf_key(kind));
    // Between the writing of a key and of its certificate the power may have gone.
    due = due || !certificate || !key || X509_check_private_key(certificate.get(), key.get()) != 1 ||
          !lives_long(certificate.get(), now + kRenewBefore);
    ERR_clear_error();
  }
  if (!due) return false;
  if (auto issued = issue(now); !issued) return std::move(issued).error();
  return true;
}

}  // namespace larder::proxy
