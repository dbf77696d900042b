// SPDX-License-Identifier: MIT
#include "proxy/apple_authority.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <catch2/catch.hpp>
#include <memory>

#include "base/digest.h"

using namespace larder;
using namespace larder::proxy;

TEST_CASE("Apple's root is the one that Apple publishes, and is for the list of its releases only") {
  const std::string_view pem = apple_root_certificate();
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                      BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr),
                                                                X509_free);
  REQUIRE(certificate);
  unsigned char* der = nullptr;
  const int length = i2d_X509(certificate.get(), &der);
  REQUIRE(length > 0);
  CHECK(Sha256::of(std::as_bytes(std::span(der, static_cast<std::size_t>(length)))).hex() ==
        "b0b1730ecbc7ff4505142c49f1295e6eda6bcaed7e2c68c5be91b5a11001f024");
  OPENSSL_free(der);
  CHECK(built_in_authority("gdmf.apple.com") == pem);
  for (const auto* host : {"mesu.apple.com", "swscan.apple.com", "x.gdmf.apple.com", "gdmf.apple.com.example", ""}) {
    CHECK(built_in_authority(host).empty());
  }
}
