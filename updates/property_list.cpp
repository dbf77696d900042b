// SPDX-License-Identifier: MIT
#include "updates/property_list.h"

#include <plist/plist.h>

#include <cstdlib>

#include "base/clock.h"
#include "base/owned.h"
#include "base/text.h"
#include "updates/document_shape.h"

namespace larder::updates {
namespace {

using Iterator = Owned<void, std::free>;
using Key = Owned<char, std::free>;

bool is_type(void* node, plist_type type) {
  return node != nullptr && plist_get_node_type(node) == type;
}

}  // namespace

void PropertyList::Free::operator()(void* tree) const {
  plist_free(tree);
}

Result<PropertyList> PropertyList::parse(std::string_view document) {
  if (document.starts_with("bplist")) {
    return fail(ErrorKind::invalid, "reading a property list: it is binary, which no catalogue is");
  }
  if (auto shape = check_shape(document, CharacterData::refused); !shape) return std::move(shape).error();
  plist_t tree = nullptr;
  static_cast<void>(plist_from_xml(document.data(), static_cast<std::uint32_t>(document.size()), &tree));
  if (tree == nullptr) return fail(ErrorKind::invalid, "reading a property list: its XML is none");
  PropertyList list;
  list.tree_.reset(tree);
  return list;
}

bool PlistNode::is_dictionary() const {
  return is_type(node_, PLIST_DICT);
}

bool PlistNode::is_array() const {
  return is_type(node_, PLIST_ARRAY);
}

PlistNode PlistNode::operator[](const char* key) const {
  return is_dictionary() ? PlistNode(plist_dict_get_item(node_, key)) : PlistNode();
}

std::string_view PlistNode::text() const {
  if (!is_type(node_, PLIST_STRING)) return {};
  std::uint64_t length = 0;
  const char* string = plist_get_string_ptr(node_, &length);
  return string == nullptr ? std::string_view{} : trim({string, length});
}

std::string_view PlistNode::data() const {
  if (!is_type(node_, PLIST_DATA)) return {};
  std::uint64_t length = 0;
  const char* bytes = plist_get_data_ptr(node_, &length);
  return bytes == nullptr ? std::string_view{} : std::string_view(bytes, length);
}

std::optional<std::uint64_t> PlistNode::number() const {
  if (!is_type(node_, PLIST_UINT)) return std::nullopt;
  std::uint64_t value = 0;
  plist_get_uint_val(node_, &value);
  return value;
}

std::string PlistNode::date() const {
  if (!is_type(node_, PLIST_DATE)) return std::string(text());
  constexpr std::chrono::sys_days kEpoch = std::chrono::January / 1 / 2001;  // of property lists
  std::int32_t seconds = 0;
  std::int32_t microseconds = 0;
  plist_get_date_val(node_, &seconds, &microseconds);
  return to_rfc3339(kEpoch + std::chrono::seconds(seconds));
}

void PlistNode::each_item(const std::function<void(PlistNode)>& visit) const {
  if (!is_array()) return;
  plist_array_iter raw = nullptr;
  plist_array_new_iter(node_, &raw);
  const Iterator iterator(raw);
  for (;;) {
    plist_t item = nullptr;
    plist_array_next_item(node_, iterator.get(), &item);
    if (item == nullptr) return;
    visit(PlistNode(item));
  }
}

void PlistNode::each_member(const std::function<void(std::string_view, PlistNode)>& visit) const {
  if (!is_dictionary()) return;
  plist_dict_iter raw = nullptr;
  plist_dict_new_iter(node_, &raw);
  const Iterator iterator(raw);
  for (;;) {
    char* name = nullptr;
    plist_t value = nullptr;
    plist_dict_next_item(node_, iterator.get(), &name, &value);
    const Key key(name);
    if (value == nullptr || name == nullptr) return;
    visit(name, PlistNode(value));
  }
}

}  // namespace larder::updates
