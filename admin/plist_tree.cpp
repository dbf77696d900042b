// SPDX-License-Identifier: MIT
#include "admin/plist_tree.h"

#include <plist/plist.h>

#include <cstdlib>

namespace larder::admin {
namespace {

// libplist counts time from Apple's epoch, 2001-01-01.
constexpr std::int64_t kAppleEpoch = 978307200;

}  // namespace

void PlistTree::Free::operator()(void* node) const {
  plist_free(node);
}

PlistTree PlistTree::dictionary() {
  return PlistTree(std::unique_ptr<void, Free>(plist_new_dict()));
}
PlistTree PlistTree::array() {
  return PlistTree(std::unique_ptr<void, Free>(plist_new_array()));
}
PlistTree::PlistTree(std::string_view text) : node_(plist_new_string(std::string(text).c_str())) {}
PlistTree::PlistTree(std::span<const std::byte> data)
    : node_(plist_new_data(reinterpret_cast<const char*>(data.data()), data.size())) {}
PlistTree::PlistTree(WallTime time)
    : node_(plist_new_date(static_cast<std::int32_t>(
                               std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count() - kAppleEpoch),
                           0)) {}
PlistTree PlistTree::of_truth(bool truth) {
  return PlistTree(std::unique_ptr<void, Free>(plist_new_bool(truth ? 1 : 0)));
}
PlistTree PlistTree::of_number(std::int64_t number) {
  return PlistTree(std::unique_ptr<void, Free>(plist_new_uint(static_cast<std::uint64_t>(number))));
}

PlistTree& PlistTree::set(std::string_view key, PlistTree value) {
  plist_dict_set_item(node_.get(), std::string(key).c_str(), value.node_.release());
  return *this;
}

PlistTree& PlistTree::append(PlistTree value) {
  plist_array_append_item(node_.get(), value.node_.release());
  return *this;
}

std::string PlistTree::xml() const {
  char* text = nullptr;
  std::uint32_t length = 0;
  plist_to_xml(node_.get(), &text, &length);
  const std::unique_ptr<char, decltype(&std::free)> owned(text, &std::free);
  return text == nullptr ? std::string{} : std::string(text, length);
}

}  // namespace larder::admin
