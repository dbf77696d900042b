// SPDX-License-Identifier: MIT
#include "updates/document_shape.h"

#include <string>

#include "base/limits.h"

namespace larder::updates {
namespace {

Error misshapen(std::string_view why) {
  return fail(ErrorKind::invalid, "looking over a document: " + std::string(why));
}

class Shape {
 public:
  Shape(std::string_view xml, CharacterData sections) : rest_(xml), sections_(sections) {}

  Status check() {
    while (find_markup()) {
      if (auto status = read_markup(); !status) return status;
    }
    if (elements_ == 0) return misshapen("it has no elements");
    if (depth_ != 0) return misshapen("it ends before its last element is closed");
    return ok();
  }

 private:
  bool find_markup() {
    const auto at = rest_.find('<');
    if (at == std::string_view::npos) return false;
    rest_.remove_prefix(at);
    return true;
  }

  Status read_markup() {
    if (rest_.starts_with("<!--")) return skip_past("-->", 4);
    if (rest_.starts_with("<?")) return skip_past("?>", 2);
    if (rest_.starts_with("<![CDATA[")) {
      if (sections_ == CharacterData::refused) return misshapen("it has a CDATA section, which no property list has");
      return skip_past("]]>", 9);
    }
    const auto end = rest_.find('>');
    if (end == std::string_view::npos) return misshapen("it ends inside a tag");
    const auto tag = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    if (tag.starts_with('!')) {
      return tag.find('[') == std::string_view::npos ? ok() : misshapen("it declares a document type of its own");
    }
    return count(tag);
  }

  Status skip_past(std::string_view ending, std::size_t from) {
    const auto at = rest_.find(ending, from);
    if (at == std::string_view::npos) return misshapen("it ends inside a comment or section");
    rest_.remove_prefix(at + ending.size());
    return ok();
  }

  Status count(std::string_view tag) {
    if (tag.starts_with('/')) {
      if (depth_ == 0) return misshapen("it closes an element that it did not open");
      --depth_;
      return ok();
    }
    if (++elements_ > kDocumentElements) return misshapen("it has too many elements");
    if (tag.ends_with('/')) return ok();
    if (++depth_ > limits::kDocumentDepth) return misshapen("it is nested too deeply");
    return ok();
  }

  std::string_view rest_;
  CharacterData sections_;
  std::size_t depth_ = 0;
  std::size_t elements_ = 0;
};

}  // namespace

Status check_shape(std::string_view xml, CharacterData sections) {
  if (xml.size() > limits::kDocumentBytes) {
    return fail(ErrorKind::too_large, "looking over a document: it has " + std::to_string(xml.size()) +
                                          " bytes, more than a catalogue may have");
  }
  return Shape(xml, sections).check();
}

}  // namespace larder::updates
