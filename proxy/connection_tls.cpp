// SPDX-License-Identifier: MIT
// A client's socket under TLS: the same as a plain one, but that what is read and written passes a TlsStream.
#include <array>
#include <utility>

#include "proxy/connection.h"
#include "proxy/exchange.h"
#include "proxy/loop.h"

namespace larder::proxy {

void Connection::on_readable_tls() {
  std::array<char, 16 * 1024> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
  std::size_t got = 0;
  const bool greeted = !tls_->shaking_hands();
  const TlsStream::Outcome outcome = tls_->read(buffer, got);
  if (!greeted && !tls_->shaking_hands()) add(loop_.site.counters.tls_handshakes);
  if (tls_->unsent()) event_add(write_event_.get(), nullptr);
  switch (outcome) {
    case TlsStream::Outcome::done:
      take_input({buffer.data(), got});
      break;
    case TlsStream::Outcome::later:
      stirred_ = true;
      return;
    case TlsStream::Outcome::ended:
      input_ended();
      return;
    case TlsStream::Outcome::failed:
      if (tls_->shaking_hands()) add(loop_.site.counters.tls_failures);
      close();
      return;
  }
  // What OpenSSL has read ahead causes no event.
  if (!closing_ && reading_on_ && tls_->holds_input()) event_active(read_event_.get(), EV_READ, 0);
}

Connection::Sent Connection::write_tls(const iovec* parts, int count, std::size_t& sent) {
  const std::uint64_t before = tls_->sent_bytes();
  const TlsStream::Outcome outcome = tls_->write(parts, count, sent);
  const std::uint64_t gone = tls_->sent_bytes() - before;
  sent_bytes_ += gone;
  if (gone > 0) last_progress_ = loop_.site.clock.steady();
  if (outcome == TlsStream::Outcome::done) return Sent::all;
  if (outcome != TlsStream::Outcome::later) return Sent::failed;
  // Kept until the socket takes it, whoever asks for the next event.
  event_add(write_event_.get(), nullptr);
  return Sent::some;
}

// False: there is more to send, or the client is gone.
bool Connection::flush_tls() {
  const std::uint64_t before = tls_->sent_bytes();
  const TlsStream::Outcome outcome = tls_->flush();
  sent_bytes_ += tls_->sent_bytes() - before;
  if (tls_->sent_bytes() != before) last_progress_ = loop_.site.clock.steady();
  if (outcome == TlsStream::Outcome::done) return true;
  if (outcome == TlsStream::Outcome::later) {
    event_add(write_event_.get(), nullptr);
  } else {
    close();
  }
  return false;
}

}  // namespace larder::proxy
