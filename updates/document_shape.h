// SPDX-License-Identifier: MIT
// A look over an XML document before a library builds a tree of it: libraries free trees recursively and spend a
// hundred bytes and more on each element, so that depth and count have to be bounded first. Not a parser: what it lets
// through may still be malformed.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace larder::updates {

// Elements in a document. The largest sucatalog has some 200,000; a tree of a million takes about 150 MB for a moment.
inline constexpr std::size_t kDocumentElements = 1'000'000;

enum class CharacterData { allowed, refused };

// Fails when the document is over limits::kDocumentBytes, kDocumentDepth or kDocumentElements, ends early, closes what
// it did not open, or brings a document type with declarations of its own. Property lists of vendors have no CDATA
// sections, and libplist reads those in its own way: refuse them there.
Status check_shape(std::string_view xml, CharacterData sections);

}  // namespace larder::updates
