// SPDX-License-Identifier: MIT
// A profile's signature: CMS (RFC 5652) around its bytes, as devices show it ("signed by ..."). Made by the command, so
// that the key never leaves the administrator's machine. Blocking; any thread.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace larder::admin {

// `certificate`: PEM, the signer's own first, then its chain; `key`: its private key, PEM, without a password. DER with
// the profile inside. Fails, saying why, when either cannot be read, they do not belong together, or the certificate
// does not hold now.
Result<std::string> sign_profile(const std::string& profile, const std::filesystem::path& certificate,
                                 const std::filesystem::path& key);

}  // namespace larder::admin
