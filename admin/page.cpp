// SPDX-License-Identifier: MIT
// The page: files without secrets. What they show they ask of the API, with the token where one is set. Each has an
// ETag of its bytes and is sent gzipped to whoever takes that, which every browser does.
#include "admin/page.h"

#include <zlib.h>

#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "admin/handlers.h"
#include "base/digest.h"

namespace larder::admin {
namespace {

// Nothing from elsewhere, nothing inline, in nobody's frame, and no text ever becomes markup or script (trusted types).
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri "
    "'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

std::string_view content_type(std::string_view name) {
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  return "text/html; charset=utf-8";
}

// "" when zlib finds no memory: the text goes out as it is.
std::string gzipped(std::string_view text) {
  constexpr int kGzip = 15 + 16;  // zlib.h: 16 added to the window's bits makes a gzip wrapper
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // read only, in spite of its type
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(whole ? stream.total_out : 0);
  deflateEnd(&stream);
  return out;
}

struct Prepared {
  std::string_view type;
  std::string_view text;
  std::string gzip;
  std::string tag;  // of the text, without quotes
};

using PreparedFiles = std::map<std::string_view, Prepared, std::less<>>;

PreparedFiles prepare_all() {
  PreparedFiles prepared;
  for (const PageFile& file : page_files()) {
    const Digest digest = Sha256::of(std::as_bytes(std::span(file.text.data(), file.text.size())));
    prepared.emplace(file.name,
                     Prepared{content_type(file.name), file.text, gzipped(file.text), digest.hex().substr(0, 24)});
  }
  return prepared;
}

const Prepared* find(std::string_view name) {
  static const PreparedFiles prepared = prepare_all();  // some 20 ms, once, with the first request for the page
  const auto found = prepared.find(name);
  return found == prepared.end() ? nullptr : &found->second;
}

void serve(const Prepared& file, const Request& request, const Reply& reply) {
  const bool gzip = request.accepts_gzip && !file.gzip.empty();
  const std::string tag = "\"" + file.tag + (gzip ? "-gz\"" : "\"");
  Response response;
  response.content_type = file.type;
  response.cache_control = "no-cache";
  response.fields = {{"ETag", tag}, {"Vary", "Accept-Encoding"}, {"Content-Security-Policy", std::string(kPolicy)}};
  if (request.if_none_match.find(tag) != std::string::npos) {
    response.status = 304;
  } else if (gzip) {
    response.fields.emplace_back("Content-Encoding", "gzip");
    response.body = file.gzip;
  } else {
    response.body = file.text;
  }
  reply(std::move(response));
}

}  // namespace

void serve_page(const Desk&, const Request& request, const Reply& reply) {
  serve(*find("index.html"), request, reply);
}

void serve_page_file(const Desk&, const Request& request, const Reply& reply) {
  const Prepared* file = request.parameter == "index.html" ? nullptr : find(request.parameter);
  if (file == nullptr) return reply(problem(404, "the page has no file of this name"));
  serve(*file, request, reply);
}

}  // namespace larder::admin
