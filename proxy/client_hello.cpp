// SPDX-License-Identifier: MIT
#include "proxy/client_hello.h"

#include <cstdint>
#include <optional>

#include "base/text.h"
#include "config/network.h"

namespace larder::proxy {
namespace {

constexpr std::size_t kRecordHead = 5;
constexpr std::size_t kMessageHead = 4;
constexpr std::uint8_t kHandshake = 22;
constexpr std::uint8_t kMajorVersion = 3;
constexpr std::size_t kRecordBytes = 16 * 1024;
constexpr std::uint8_t kIsClientHello = 1;
constexpr std::uint16_t kServerName = 0;
constexpr std::uint8_t kHostName = 0;
constexpr std::size_t kVersionAndRandom = 34;

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

// Takes numbers and vectors off the front; nothing when there is not enough.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  std::optional<std::uint32_t> number(std::size_t width) {
    if (bytes_.size() < width) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value = value << 8U | byte_at(bytes_, i);
    bytes_.remove_prefix(width);
    return value;
  }

  std::optional<std::string_view> take(std::size_t length) {
    if (bytes_.size() < length) return std::nullopt;
    const auto taken = bytes_.substr(0, length);
    bytes_.remove_prefix(length);
    return taken;
  }

  // With its length, of so many bytes, in front.
  std::optional<std::string_view> vector(std::size_t width) {
    const auto length = number(width);
    return length ? take(*length) : std::nullopt;
  }

  bool empty() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

// The host name of a server_name extension; nothing when it is malformed or has none.
std::optional<std::string_view> host_name_in(std::string_view extension) {
  Cursor cursor(extension);
  const auto list = cursor.vector(2);
  if (!list || !cursor.empty()) return std::nullopt;
  Cursor names(*list);
  while (!names.empty()) {
    const auto kind = names.number(1);
    const auto name = names.vector(2);
    if (!kind || !name) return std::nullopt;
    if (*kind == kHostName) return name;
  }
  return std::nullopt;
}

}  // namespace

ClientHello::State ClientHello::refuse(std::string reason) {
  reason_ = std::move(reason);
  return State::refused;
}

ClientHello::State ClientHello::read(std::string_view bytes) {
  std::string message;  // out of its records
  std::string_view left = bytes;
  std::optional<std::size_t> whole;
  while (!whole || message.size() < *whole) {
    if (!left.empty() && byte_at(left, 0) != kHandshake) return refuse("it does not begin with a TLS handshake");
    if (left.size() >= 2 && byte_at(left, 1) != kMajorVersion)
      return refuse("its record is of no known version of TLS");
    if (left.size() < kRecordHead)
      return bytes.size() > kBytes ? refuse("its ClientHello is too long") : State::incomplete;
    const std::size_t length = static_cast<std::size_t>(byte_at(left, 3)) << 8U | byte_at(left, 4);
    if (length == 0 || length > kRecordBytes) return refuse("its record has a length that none may have");
    const auto part = left.substr(kRecordHead, length);
    message += part;
    if (!whole && message.size() >= kMessageHead) {
      if (byte_at(message, 0) != kIsClientHello) return refuse("its first message is no ClientHello");
      whole = kMessageHead + (static_cast<std::size_t>(byte_at(message, 1)) << 16U |
                              static_cast<std::size_t>(byte_at(message, 2)) << 8U | byte_at(message, 3));
      if (*whole > kBytes) return refuse("its ClientHello is too long");
    }
    if (part.size() < length && (!whole || message.size() < *whole)) {
      return bytes.size() > kBytes ? refuse("its ClientHello is too long") : State::incomplete;
    }
    left.remove_prefix(kRecordHead + part.size());
  }
  return read_message(std::string_view(message).substr(kMessageHead, *whole - kMessageHead));
}

ClientHello::State ClientHello::read_message(std::string_view message) {
  Cursor cursor(message);
  const bool begun = cursor.take(kVersionAndRandom) && cursor.vector(1) && cursor.vector(2) && cursor.vector(1);
  const auto extensions = begun && !cursor.empty() ? cursor.vector(2) : std::nullopt;
  if (!begun) return refuse("its ClientHello is malformed");
  Cursor rest(extensions.value_or(std::string_view{}));
  while (!rest.empty()) {
    const auto kind = rest.number(2);
    const auto body = rest.vector(2);
    if (!kind || !body) return refuse("its ClientHello is malformed");
    if (*kind != kServerName) continue;
    auto name = host_name_in(*body);
    if (!name) return refuse("its server name is malformed");
    if (name->ends_with('.')) name->remove_suffix(1);
    if (!config::is_host_name(*name) || config::Address::parse(*name)) return refuse("its server name is no host name");
    host_ = to_lower(*name);
    return State::complete;
  }
  return refuse("it names no server");
}

}  // namespace larder::proxy
