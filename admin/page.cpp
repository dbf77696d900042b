// SPDX-License-Identifier: MIT
// The page: three files without secrets. What they show they ask of the API, with the token where one is set.
#include "admin/page.h"

#include <utility>

#include "admin/handlers.h"

namespace larder::admin {
namespace {

// Nothing from elsewhere, nothing inline, in nobody's frame.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

void serve(std::string_view content_type, std::string_view body, const Reply& reply) {
  Response response;
  response.content_type = content_type;
  response.body = body;
  response.fields.emplace_back("Content-Security-Policy", kPolicy);
  reply(std::move(response));
}

}  // namespace

void serve_page(const Desk&, const Request&, const Reply& reply) {
  serve("text/html; charset=utf-8", kPageHtml, reply);
}

void serve_page_style(const Desk&, const Request&, const Reply& reply) {
  serve("text/css; charset=utf-8", kPageStyle, reply);
}

void serve_page_script(const Desk&, const Request&, const Reply& reply) {
  serve("text/javascript; charset=utf-8", kPageScript, reply);
}

}  // namespace larder::admin
