// SPDX-License-Identifier: MIT
// What a fetch was of: the object's name and what is known of it. The same for every fetch of the object, so it is
// shared: a record of a hit costs no copy of it, and the ledger knows one it has just seen by its address. Threads:
// shared subjects never change; each FetchSubjectPtr is its owner's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace larder::reports {

enum class FileKind : std::uint8_t { full, delta, catalogue, other };

struct FetchSubject {
  std::string url;  // canonical key
  std::string product;
  std::string version;
  std::string build;
  std::string from_version;  // of a delta
  FileKind kind = FileKind::other;

  bool operator==(const FetchSubject&) const = default;
};

// A shared FetchSubject with the manners of a value: never null, copied in no time, copied for good when one of several
// owners changes it.
class SharedSubject {
 public:
  SharedSubject() = default;
  explicit SharedSubject(FetchSubject subject) : subject_(std::make_shared<FetchSubject>(std::move(subject))) {}

  const FetchSubject& operator*() const { return subject_ ? *subject_ : nothing(); }
  const FetchSubject* operator->() const { return &**this; }
  // To be changed; the other owners keep what they have. The reference is valid until this SharedSubject is copied.
  FetchSubject& edit() {
    if (subject_.use_count() != 1) subject_ = std::make_shared<FetchSubject>(**this);
    return *subject_;
  }
  // Whether both are the very same one; equal ones need not be.
  bool same(const SharedSubject& other) const { return subject_ == other.subject_; }

 private:
  static const FetchSubject& nothing() {
    static const FetchSubject subject;
    return subject;
  }

  std::shared_ptr<FetchSubject> subject_;  // null: nothing is said of it
};

}  // namespace larder::reports
