// SPDX-License-Identifier: MIT
#include "proxy/tls_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace larder::proxy {
namespace {

// A head and the beginning of its body go in one record.
constexpr std::size_t kRecordBytes = 16 * 1024;

// What OpenSSL has encrypted in this call; one for the thread, so that an idle connection holds nothing.
std::string& made() {
  thread_local std::string bytes;
  return bytes;
}

}  // namespace

int TlsStream::bio_write(BIO*, const char* bytes, int length) {
  made().append(bytes, static_cast<std::size_t>(length));
  return length;
}

int TlsStream::bio_read(BIO* bio, char* bytes, int length) {
  auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const ssize_t got = recv(stream.fd_, bytes, static_cast<std::size_t>(length), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  if (got == 0) stream.ended_ = true;
  return static_cast<int>(got);
}

long TlsStream::bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return static_cast<TlsStream*>(BIO_get_data(bio))->ended_ ? 1 : 0;
  return 0;
}

BIO_METHOD* TlsStream::bio_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "larder client");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

std::unique_ptr<TlsStream> TlsStream::accept(const TlsContext& context, int fd) {
  auto ssl = context.new_session();
  BIO* bio = ssl ? BIO_new(bio_method()) : nullptr;
  if (bio == nullptr) return nullptr;
  std::unique_ptr<TlsStream> stream(new TlsStream(std::move(ssl), fd));
  BIO_set_data(bio, stream.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(stream->ssl_.get(), bio, bio);
  SSL_set_accept_state(stream->ssl_.get());
  return stream;
}

TlsStream::Outcome TlsStream::read(std::span<char> into, std::size_t& got) {
  got = 0;
  ERR_clear_error();
  made().clear();
  const int outcome = SSL_read_ex(ssl_.get(), into.data(), into.size(), &got);
  const int why = outcome == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), outcome);
  ERR_clear_error();
  if (send_made() == Outcome::failed) return Outcome::failed;
  switch (why) {
    case SSL_ERROR_NONE:
      return Outcome::done;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return Outcome::later;
    case SSL_ERROR_ZERO_RETURN:
      return Outcome::ended;
    default:
      return ended_ && !shaking_hands() ? Outcome::ended : Outcome::failed;
  }
}

bool TlsStream::encrypt(std::span<const char> text) {
  std::size_t written = 0;
  ERR_clear_error();
  const int outcome = SSL_write_ex(ssl_.get(), text.data(), text.size(), &written);
  ERR_clear_error();
  return outcome == 1 && written == text.size();
}

TlsStream::Outcome TlsStream::write(const iovec* parts, int count, std::size_t& taken) {
  taken = 0;
  if (unsent()) {
    const Outcome before = flush();
    if (before != Outcome::done) return before;
  }
  if (shaking_hands()) return Outcome::failed;  // nothing has been asked yet
  int part = 0;
  std::size_t at = 0;  // of that part
  while (part < count) {
    made().clear();
    std::size_t piece = 0;
    while (part < count && piece < kPieceBytes) {
      const auto* text = static_cast<const char*>(parts[part].iov_base) + at;
      std::size_t length = std::min(parts[part].iov_len - at, kPieceBytes - piece);
      const bool joins = part + 1 < count && length < kRecordBytes && at + length == parts[part].iov_len;
      if (joins) {
        std::array<char, kRecordBytes>
            record;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
        const std::size_t more = std::min(parts[part + 1].iov_len, kRecordBytes - length);
        std::memcpy(record.data(), text, length);
        std::memcpy(record.data() + length, parts[part + 1].iov_base, more);
        if (!encrypt({record.data(), length + more})) return Outcome::failed;
        ++part;
        at = more;
        length += more;
      } else {
        if (length > 0 && !encrypt({text, length})) return Outcome::failed;
        at += length;
      }
      piece += length;
      if (at == parts[part].iov_len) {
        ++part;
        at = 0;
      }
    }
    taken += piece;
    const Outcome sent = send_made();
    if (sent != Outcome::done) return sent;
  }
  return Outcome::done;
}

// What was just encrypted goes out at once if nothing waits before it; the rest is kept.
TlsStream::Outcome TlsStream::send_made() {
  std::string& bytes = made();
  if (bytes.empty()) return unsent() ? Outcome::later : Outcome::done;
  std::size_t gone = 0;
  if (!unsent()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return Outcome::failed;
    gone = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    sent_bytes_ += gone;
  }
  if (gone == bytes.size()) {
    bytes.clear();
    return Outcome::done;
  }
  unsent_.erase(0, sent_);
  sent_ = 0;
  unsent_.append(bytes, gone);
  bytes.clear();
  return Outcome::later;
}

TlsStream::Outcome TlsStream::flush() {
  while (unsent()) {
    const ssize_t sent = send(fd_, unsent_.data() + sent_, unsent_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return errno == EAGAIN || errno == EINTR ? Outcome::later : Outcome::failed;
    sent_ += static_cast<std::size_t>(sent);
    sent_bytes_ += static_cast<std::uint64_t>(sent);
  }
  std::string().swap(unsent_);
  sent_ = 0;
  return Outcome::done;
}

void TlsStream::say_goodbye() {
  if (shaking_hands()) return;
  made().clear();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
  send_made();
}

}  // namespace larder::proxy
