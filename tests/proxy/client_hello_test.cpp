// SPDX-License-Identifier: MIT
#include "proxy/client_hello.h"

#include <catch2/catch.hpp>
#include <cstdint>

using namespace larder::proxy;

namespace {

std::string number(std::size_t value, std::size_t width) {
  std::string bytes;
  for (std::size_t i = width; i-- > 0;) bytes += static_cast<char>(value >> (8 * i) & 0xFFU);
  return bytes;
}

std::string with_length(const std::string& bytes, std::size_t width) {
  return number(bytes.size(), width) + bytes;
}

std::string extension(std::uint16_t kind, const std::string& body) {
  return number(kind, 2) + with_length(body, 2);
}

std::string server_name(const std::string& host) {
  return extension(0, with_length(number(0, 1) + with_length(host, 2), 2));
}

std::string message(const std::string& extensions) {
  return number(1, 1) +
         with_length("\x03\x03" + std::string(32, 'r') + with_length("session", 1) + with_length("\x13\x01", 2) +
                         with_length(std::string(1, '\0'), 1) + with_length(extensions, 2),
                     3);
}

std::string record(const std::string& part) {
  return std::string("\x16\x03\x01") + with_length(part, 2);
}

std::string hello(const std::string& host) {
  return record(message(extension(10, "groups") + server_name(host) + extension(16, "\x02h2")));
}

using State = ClientHello::State;

}  // namespace

TEST_CASE("the server name is found") {
  ClientHello reader;
  REQUIRE(reader.read(hello("SWCDN.Apple.com.")) == State::complete);
  CHECK(reader.host() == "swcdn.apple.com");
  CHECK(reader.read(hello("a.example") + "what follows is not looked at") == State::complete);
}

TEST_CASE("it may come byte by byte, and in any number of records") {
  const std::string whole = hello("files.example");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    ClientHello reader;
    INFO(i);
    REQUIRE(reader.read(whole.substr(0, i)) == State::incomplete);
  }
  const std::string split = message(server_name("files.example"));
  for (const std::size_t step : {1, 3, 50}) {
    std::string records;
    for (std::size_t i = 0; i < split.size(); i += step) records += record(split.substr(i, step));
    ClientHello reader;
    REQUIRE(reader.read(records) == State::complete);
    CHECK(reader.host() == "files.example");
    CHECK(reader.read(std::string_view(records).substr(0, records.size() - 1)) == State::incomplete);
  }
}

TEST_CASE("what names no server, or none that is a host, is refused") {
  const auto reason = [](const std::string& bytes) {
    ClientHello reader;
    REQUIRE(reader.read(bytes) == State::refused);
    return reader.reason();
  };
  CHECK(reason("GET / HTTP/1.1") == "it does not begin with a TLS handshake");
  CHECK(reason("\x16\x02") == "its record is of no known version of TLS");
  CHECK(reason(record(message(extension(10, "x")))) == "it names no server");
  CHECK(reason(record(message(""))) == "it names no server");
  CHECK(reason(hello("")) == "its server name is no host name");
  CHECK(reason(hello("10.0.0.1")) == "its server name is no host name");
  CHECK(reason(hello("a b")) == "its server name is no host name");
  CHECK(reason(hello("a/../b")) == "its server name is no host name");
  CHECK(reason(hello(std::string(300, 'a'))) == "its server name is no host name");
  CHECK(reason(hello(std::string("a\0b", 3))) == "its server name is no host name");
  CHECK(reason(record(message(extension(0, std::string("\x00\x09xx", 4))))) == "its server name is malformed");
  CHECK(reason(record(message(std::string("\x00\x0a\xff\xff", 4)))) == "its ClientHello is malformed");
  CHECK(reason(record(number(2, 1) + number(4, 3) + "abcd")) == "its first message is no ClientHello");
  CHECK(reason(record(number(1, 1) + number(0x20000, 3))) == "its ClientHello is too long");
  CHECK(reason(std::string("\x16\x03\x01\x00\x00", 5)) == "its record has a length that none may have");
  CHECK(reason(std::string("\x16\x03\x01\xff\xff", 5)) == "its record has a length that none may have");
}
