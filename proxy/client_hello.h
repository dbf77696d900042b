// SPDX-License-Identifier: MIT
// The server name that a TLS client asks for in its first message (RFC 8446 4.1.2, RFC 6066 3), read without TLS: what
// comes behind it is not Larder's to see. The message may come in any number of packets and records. Pure.
#pragma once

#include <string>
#include <string_view>

namespace larder::proxy {

class ClientHello {
 public:
  enum class State { incomplete, complete, refused };

  // Most that a client may send before its server name is known. Hellos with post-quantum keys reach 2 KiB.
  static constexpr std::size_t kBytes = 16 * 1024;

  // `bytes`: everything received so far. Refused: what is no ClientHello, or longer than kBytes; one without a server
  // name, or with one that is no host name.
  State read(std::string_view bytes);

  const std::string& host() const { return host_; }      // after complete: lower case, no trailing dot
  const std::string& reason() const { return reason_; }  // after refused

 private:
  State refuse(std::string reason);
  State read_message(std::string_view message);

  std::string host_;
  std::string reason_;
};

}  // namespace larder::proxy
