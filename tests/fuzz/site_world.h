// SPDX-License-Identifier: MIT
// What the play of a whole site (site.cpp) is about: the script that decides, the objects an origin has, the versions
// they have been, and what goes wrong with the next requests for them. One thread owns all of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

namespace larder::site {

// Ends the program, and so the fuzzer's run of this input, when a promise is not kept.
// clang 14 has no std::source_location.
void require(bool holds, const char* file = __builtin_FILE(), int line = __builtin_LINE());

// The input, a byte at a time; zeros when it is used up.
class Script {
 public:
  Script(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  bool over() const { return at_ >= size_; }
  unsigned next(unsigned below) { return over() ? 0 : data_[at_++] % below; }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

// The first `size` bytes of the content with this number, made once.
std::span<const char> content(std::uint64_t size, unsigned number);

// A point in the bytes of a body at which things go wrong or a range begins: near chunk borders more often than not.
std::uint64_t draw_place(Script& script);

enum class FaultKind {
  none,
  reset,          // at a byte of the body
  truncate,       // likewise, but a clean end
  stall,          // likewise, until the weather is good again
  wrong_length,   // says some bytes more than there are
  ignore_range,   // 200 to a range request
  no_length,      // the end of the connection ends the body
  chunked,        // no length either
  status,         // an error
  rubbish,        // no HTTP, or HTTP that can be read in two ways
  pieces,         // the head dribbles in, with interim answers before it
  surplus,        // more bytes than the length says
  another_range,  // 206 with bytes nobody asked for
};
constexpr unsigned kFaultKinds = 13;

struct Fault {
  FaultKind kind = FaultKind::none;
  std::uint64_t at = 0;  // byte of the body; for the others which of their sorts
};

enum class Validators { strong, strong_and_date, date, weak, none };
constexpr unsigned kValidators = 5;

struct Version {
  std::uint64_t size = 0;
  unsigned number = 0;  // of its content
  std::string etag;     // "" none
  std::string last_modified;

  std::span<const char> bytes() const { return content(size, number); }
};

struct Thing {
  std::string host;
  std::string path;
  bool immutable = false;  // the name's bytes never change, only what nodes call them
  bool standard = false;   // cached as RFC 9111 says
  Validators validators = Validators::strong;
  std::string cache_control;
  bool always_asked = false;  // may not be served without asking the origin
  std::vector<Version> versions;
  std::deque<Fault> faults;
  std::size_t asked = 0;  // requests the origin has had for it

  const Version& now() const { return versions.back(); }
  void turn(Script& script);  // another version, at once
};

constexpr std::size_t kThings = 3;
std::array<Thing, kThings> draw_things(Script& script);

}  // namespace larder::site
