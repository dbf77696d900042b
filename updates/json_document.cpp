// SPDX-License-Identifier: MIT
#include "updates/json_document.h"

#include "base/limits.h"
#include "base/text.h"
#include "updates/document_shape.h"

namespace larder::updates {
namespace {

// Goes through a document without building it, and stops where it goes beyond the bounds. A tree of a million values
// takes some 100 MB for a moment.
class Shape final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return count(); }
  bool boolean(bool) override { return count(); }
  bool number_integer(number_integer_t) override { return count(); }
  bool number_unsigned(number_unsigned_t) override { return count(); }
  bool number_float(number_float_t, const string_t&) override { return count(); }
  bool string(string_t&) override { return count(); }
  bool binary(binary_t&) override { return count(); }
  bool key(string_t&) override { return true; }
  bool start_object(std::size_t) override { return open(); }
  bool start_array(std::size_t) override { return open(); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t at, const std::string&, const nlohmann::detail::exception&) override {
    why_ = "it is no JSON at byte " + std::to_string(at);
    return false;
  }

  const std::string& why() const { return why_; }

 private:
  bool count() {
    if (++elements_ <= kDocumentElements) return true;
    why_ = "it has too many values";
    return false;
  }
  bool open() {
    if (++depth_ <= limits::kDocumentDepth) return count();
    why_ = "it is nested too deeply";
    return false;
  }
  bool close() {
    --depth_;
    return true;
  }

  std::size_t elements_ = 0;
  std::size_t depth_ = 0;
  std::string why_;
};

const Json& nothing() {
  static const Json null;
  return null;
}

}  // namespace

Result<Json> parse_json(std::string_view document) {
  if (document.size() > limits::kDocumentBytes) {
    return fail(ErrorKind::too_large,
                "reading JSON: it has " + std::to_string(document.size()) + " bytes, more than a catalogue may have");
  }
  Shape shape;
  if (!Json::sax_parse(document.begin(), document.end(), &shape)) {
    return fail(ErrorKind::invalid, "reading JSON: " + shape.why());
  }
  return Json::parse(document.begin(), document.end(), nullptr, false);
}

const Json& member(const Json& object, std::initializer_list<std::string_view> names) {
  if (!object.is_object()) return nothing();
  for (const std::string_view name : names) {
    if (const auto found = object.find(name); found != object.end()) return *found;
  }
  return nothing();
}

std::string_view text_of(const Json& value) {
  const auto* string = value.get_ptr<const Json::string_t*>();
  return string == nullptr ? std::string_view{} : trim(*string);
}

std::string_view text(const Json& object, std::initializer_list<std::string_view> names) {
  return text_of(member(object, names));
}

std::optional<std::uint64_t> number_of(const Json& value) {
  if (!value.is_number_unsigned()) return std::nullopt;
  return value.get<std::uint64_t>();
}

}  // namespace larder::updates
