// SPDX-License-Identifier: MIT
#include "updates/document_shape.h"

#include "base/limits.h"
#include "lessons.h"

using namespace larder;
using namespace larder::updates;
using namespace larder::updates::test;

namespace {

std::string repeated(const std::string& piece, std::size_t times) {
  std::string text;
  text.reserve(piece.size() * times);
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

ErrorKind refusal(const std::string& document, CharacterData sections = CharacterData::refused) {
  const auto status = check_shape(document, sections);
  REQUIRE_FALSE(status);
  return status.error().kind;
}

}  // namespace

TEST_CASE("a sound document passes") {
  CHECK(check_shape("<?xml version=\"1.0\"?><!DOCTYPE plist PUBLIC \"a\" \"b\"><a><!-- <x> --><b/><c>t</c></a>",
                    CharacterData::refused));
  CHECK(check_shape("<a><![CDATA[ <x> ]]></a>", CharacterData::allowed));
}

TEST_CASE("a document nested beyond the limit is refused") {
  CHECK(check_shape(repeated("<a>", limits::kDocumentDepth) + repeated("</a>", limits::kDocumentDepth),
                    CharacterData::refused));
  const std::size_t deep = limits::kDocumentDepth + 1;
  CHECK(refusal(repeated("<a>", deep) + repeated("</a>", deep)) == ErrorKind::invalid);
  CHECK(refusal(repeated("<dict><key>a</key>", 100000)) == ErrorKind::invalid);
}

TEST_CASE("a document of too many elements is refused") {
  CHECK(refusal("<a>" + repeated("<b/>", kDocumentElements) + "</a>") == ErrorKind::invalid);
}

TEST_CASE("a truncated document is refused wherever it is cut") {
  const std::string whole = "<?xml version=\"1.0\"?><plist><!-- c --><dict><key>a</key></dict></plist>";
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    INFO(whole.substr(0, cut));
    CHECK_FALSE(check_shape(whole.substr(0, cut), CharacterData::refused));
  }
}

TEST_CASE("a document that closes more than it opened, or declares entities, is refused") {
  CHECK(refusal("<a></a></a>") == ErrorKind::invalid);
  CHECK(refusal("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>") == ErrorKind::invalid);
  CHECK(refusal("<a><![CDATA[x]]></a>") == ErrorKind::invalid);
  CHECK(refusal("no markup") == ErrorKind::invalid);
}

TEST_CASE("a document over the size limit is refused before it is read") {
  CHECK(refusal(std::string(limits::kDocumentBytes + 1, '<')) == ErrorKind::too_large);
}
