// SPDX-License-Identifier: MIT
// Apple's own root certificate, "Apple Root CA": no list of public authorities has it, and gdmf.apple.com, where Apple
// lists its releases, is signed below it. Taken for that host only, and beside the public authorities.
// SHA-256 of the certificate: b0b1730ecbc7ff4505142c49f1295e6eda6bcaed7e2c68c5be91b5a11001f024, as published with it on
// https://www.apple.com/certificateauthority/ (AppleIncRootCertificate.cer).
#pragma once

#include <string_view>

namespace larder::proxy {

// PEM.
std::string_view apple_root_certificate();

// The built-in authority for this host; "" for all but those that need one.
std::string_view built_in_authority(std::string_view host);

}  // namespace larder::proxy
