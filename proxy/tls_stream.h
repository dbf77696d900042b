// SPDX-License-Identifier: MIT
// TlsStream: the server's side of TLS on a socket that never blocks. Plain text in and out; what the socket does not
// take of the cipher text is kept here, never more than one piece of kPieceBytes.
//
// Not a bufferevent: a bufferevent copies what is sent into its own buffers and writes record by record; here each
// piece is encrypted straight from the store's map into one buffer of the thread, and leaves by one call. Threads:
// belongs to one loop. Does not own the socket.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/owned.h"
#include "proxy/tls_context.h"

struct iovec;

namespace larder::proxy {

class TlsStream {
 public:
  static constexpr std::size_t kPieceBytes = 128 * 1024;  // of plain text: eight records

  enum class Outcome {
    done,    // read: some bytes; write: all of them, and the socket has taken them
    later,   // when the socket is ready again
    ended,   // read: the client has ended its side, or the connection
    failed,  // no TLS, or broken
  };

  static std::unique_ptr<TlsStream> accept(const TlsContext& context, int fd);

  // The handshake goes on inside. What is to be sent for it is sent.
  Outcome read(std::span<char> into, std::size_t& got);
  // `taken`: bytes of the parts that need not be given again, though the socket may not have them yet (later).
  Outcome write(const iovec* parts, int count, std::size_t& taken);
  // Sends what is kept.
  Outcome flush();

  bool unsent() const { return sent_ < unsent_.size(); }
  // Bytes that came and were not read: no event will tell of them.
  bool holds_input() const { return SSL_has_pending(ssl_.get()) == 1; }
  bool shaking_hands() const { return SSL_is_init_finished(ssl_.get()) == 0; }
  std::uint64_t sent_bytes() const { return sent_bytes_; }  // cipher text given to the kernel

  void say_goodbye();  // close_notify, as far as the socket takes it

 private:
  TlsStream(Owned<SSL, SSL_free> ssl, int fd) : ssl_(std::move(ssl)), fd_(fd) {}
  static int bio_write(BIO* bio, const char* bytes, int length);
  static int bio_read(BIO* bio, char* bytes, int length);
  static long bio_control(BIO* bio, int command, long number, void* pointer);
  static BIO_METHOD* bio_method();

  bool encrypt(std::span<const char> text);
  Outcome send_made();

  Owned<SSL, SSL_free> ssl_;
  const int fd_;
  bool ended_ = false;
  std::string unsent_;
  std::size_t sent_ = 0;  // of unsent_
  std::uint64_t sent_bytes_ = 0;
};

}  // namespace larder::proxy
