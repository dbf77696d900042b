// SPDX-License-Identifier: MIT
// Which documents teach, and how a document becomes knowledge: unpack, read by its kind, join.
#include <optional>

#include "base/limits.h"
#include "base/text.h"
#include "updates/apple_path.h"
#include "updates/gunzip.h"
#include "updates/hosts.h"
#include "updates/known.h"
#include "updates/lesson.h"
#include "updates/mau_place.h"
#include "updates/spelling.h"

namespace larder::updates {
namespace {

enum class Document { mau_manifest, mau_pointer, sucatalog, distribution, server_metadata };

bool is_apple(const Url& url) {
  const Host* host = find_host(url.host);
  return host != nullptr && host->vendor == Vendor::apple;
}

std::optional<Document> mau_document(const Url& url) {
  const std::string name = base_name(url.path);
  if (mau_app_id(name).empty() || !ends_with_ignoring_case(name, ".xml")) return std::nullopt;
  const bool pointer = ends_with_ignoring_case(name, "-chk.xml") || ends_with_ignoring_case(name, "-history.xml");
  return pointer ? Document::mau_pointer : Document::mau_manifest;
}

std::optional<Document> apple_document(const Url& url) {
  if (url.path.ends_with(".sucatalog") || url.path.ends_with(".sucatalog.gz")) return Document::sucatalog;
  if (product_key_of(url.path).empty()) return std::nullopt;
  if (url.path.ends_with(".dist")) return Document::distribution;
  if (url.path.ends_with(".smd")) return Document::server_metadata;
  return std::nullopt;
}

// Only a vendor's own hosts may teach, and Microsoft's only from AutoUpdate's directories. `url` is canonical.
std::optional<Document> document_kind(const Url& url) {
  if (mau_place(url)) return mau_document(url);
  return is_apple(url) ? apple_document(url) : std::nullopt;
}

Result<Lesson> read(Document kind, const Url& url, std::string_view text) {
  switch (kind) {
    case Document::mau_manifest:
      return read_mau_manifest(url, text);
    case Document::mau_pointer:
      return read_mau_pointer(text);
    case Document::sucatalog:
      return read_sucatalog(text);
    case Document::distribution:
      return read_distribution(url, text);
    case Document::server_metadata:
      return read_server_metadata(url, text);
  }
  return fail(ErrorKind::internal, "reading a document: its kind has no reader");
}

Result<Lesson> read_bytes(Document kind, const Url& url, std::span<const std::byte> document) {
  if (document.size() > limits::kDocumentBytes) {
    return fail(ErrorKind::too_large, "it has " + std::to_string(document.size()) + " bytes, more than is read");
  }
  if (!is_gzip(document)) return read(kind, url, {reinterpret_cast<const char*>(document.data()), document.size()});
  const auto text = gunzip(document, limits::kDocumentBytes);
  if (!text) return text.error();
  return read(kind, url, *text);
}

Url canonical_url(const Url& url, std::string& key) {
  key = canonical(url).key;
  auto parsed = Url::parse(key);
  return parsed ? *std::move(parsed) : url;
}

}  // namespace

std::shared_ptr<const Knowledge> Knowledge::empty() {
  static const auto nothing = std::make_shared<const Known>();
  return nothing;
}

bool is_teaching_document(const Url& url) {
  std::string key;
  return document_kind(canonical_url(url, key)).has_value();
}

Result<std::shared_ptr<const Knowledge>> learn(const std::shared_ptr<const Knowledge>& before, const Url& url,
                                               std::span<const std::byte> document) {
  std::string key;
  const Url name = canonical_url(url, key);
  const std::string context = "learning from " + key;
  const auto kind = document_kind(name);
  if (!kind) return fail(ErrorKind::invalid, "no document of this name teaches").with_context(context);
  const auto known = std::dynamic_pointer_cast<const Known>(before);
  if (!known) return fail(ErrorKind::internal, "what is known is of another make").with_context(context);

  const Digest digest = Sha256::of(document);
  if (known->taught(key) == digest) return before;
  auto lesson = read_bytes(*kind, name, document);
  if (!lesson) return std::move(lesson).error().with_context(context);
  if (lesson->files.size() > kListedFiles) {
    return fail(ErrorKind::too_large, "it lists more files than a catalogue may").with_context(context);
  }
  auto after = known->with(*std::move(lesson), key, digest);
  if (!after) return std::move(after).error().with_context(context);
  return std::shared_ptr<const Knowledge>(*std::move(after));
}

}  // namespace larder::updates
