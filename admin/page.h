// SPDX-License-Identifier: MIT
// The page's files, built into the program from page/ and from Chart.js as Debian packages it (libjs-chart.js).
#pragma once

#include <span>
#include <string_view>

namespace larder::admin {

struct PageFile {
  std::string_view name;  // "index.html" is the page itself; the others stand at /page/
  std::string_view text;
};

std::span<const PageFile> page_files();

}  // namespace larder::admin
