// SPDX-License-Identifier: MIT
#include "reports/release_list.h"

#include "reports/stored_bytes.h"

namespace larder::reports {
namespace {

std::string name_key(std::uint32_t id) {
  StoredWriter out;
  out.u8(static_cast<std::uint8_t>(TextKind::release));
  out.u32(id);
  return out.take();
}

}  // namespace

std::shared_ptr<const ReleaseList::Releases> ReleaseList::as_of(const Txn& txn) {
  const std::lock_guard lock(mutex_);
  if (!known_) known_ = std::make_shared<const Releases>(1);
  Cursor cursor = txn.cursor(Table::names);
  const std::string prefix = name_key(0).substr(0, 1);
  std::shared_ptr<Releases> grown;
  const auto size = static_cast<std::uint32_t>(known_->size());
  for (bool at = cursor.seek(name_key(size)); at && cursor.key().starts_with(prefix); at = cursor.next()) {
    if (!grown) grown = std::make_shared<Releases>(*known_);
    grown->push_back(Release::from(cursor.value()));
  }
  if (grown) known_ = std::move(grown);
  return known_;
}

void ReleaseList::forget() {
  const std::lock_guard lock(mutex_);
  known_.reset();
}

}  // namespace larder::reports
