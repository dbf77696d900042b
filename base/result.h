// SPDX-License-Identifier: MIT
// Result<T> and Status: expected failures as values. A failure carries a small ErrorKind, for programs, and a sentence,
// for people: what was being done, to what, why it failed, what to do. Shaped after std::expected so that it can become
// it.
#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace larder {

enum class ErrorKind {
  invalid,          // the input is wrong; asking again unchanged will fail again
  not_found,        // the thing named does not exist
  refused,          // policy says no
  too_large,        // over a named limit
  busy,             // a named queue or limit is full; later may work
  timed_out,        // a deadline passed
  storage_full,     // no room that may be used
  storage_broken,   // an environment cannot be read or written now
  storage_damaged,  // an environment contradicts itself: it must be set aside
  corrupt,          // bytes do not match what was recorded of them
  origin_failed,    // the origin could not be reached or misbehaved
  stopped,          // Larder is shutting down
  internal,         // a defect in Larder
};

std::string_view to_string(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;

  // The same error with what was being attempted put in front: "reading larder.toml: ...".
  Error with_context(std::string_view context) &&;
};

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: meant to convert
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: meant to convert

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    assert(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    assert(!has_value());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    assert(!has_value());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

struct Unit {};
using Status = Result<Unit>;
inline Status ok() {
  return Unit{};
}

inline Error fail(ErrorKind kind, std::string message) {
  return Error{kind, std::move(message)};
}

}  // namespace larder
