// SPDX-License-Identifier: MIT
// How a document becomes knowledge: unpack, read by its kind, join.
#include <optional>

#include "base/limits.h"
#include "updates/apple_path.h"
#include "updates/document_kind.h"
#include "updates/gunzip.h"
#include "updates/known.h"
#include "updates/lesson.h"

namespace larder::updates {
namespace {

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
    case Document::mobile_assets:
      return read_mobile_assets(mobile_asset_type(url.path), text);
    case Document::pmv:
      return read_pmv(text);
    case Document::sofa:
      return read_sofa(text);
    case Document::appledb:
      return read_appledb(text);
  }
  return fail(ErrorKind::internal, "reading a document: its kind has no reader");
}

// The document as text, unpacked when it is gzip: `unpacked` then holds it.
Result<std::string_view> text_of(std::span<const std::byte> document, std::string& unpacked) {
  if (document.size() > limits::kDocumentBytes) {
    return fail(ErrorKind::too_large, "it has " + std::to_string(document.size()) + " bytes, more than is read");
  }
  if (!is_gzip(document)) return std::string_view(reinterpret_cast<const char*>(document.data()), document.size());
  auto text = gunzip(document, limits::kDocumentBytes);
  if (!text) return text.error();
  unpacked = *std::move(text);
  return std::string_view(unpacked);
}

using Snapshot = std::shared_ptr<const Knowledge>;

Result<Snapshot> take_in(const Snapshot& before, Document kind, const Url& url, const std::string& key,
                         const Digest& digest, std::string_view text) {
  const auto known = std::dynamic_pointer_cast<const Known>(before);
  if (!known) return fail(ErrorKind::internal, "what is known is of another make");
  auto lesson = read(kind, url, text);
  if (!lesson) return std::move(lesson).error();
  if (lesson->files.size() > kListedFiles) {
    return fail(ErrorKind::too_large, "it lists more files than a catalogue may");
  }
  auto after = known->with(*std::move(lesson), key, digest);
  if (!after) return std::move(after).error();
  return Snapshot(*std::move(after));
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

Result<Snapshot> learn(const Snapshot& before, const Url& url, std::span<const std::byte> document) {
  std::string key;
  const Url name = canonical_url(url, key);
  const std::string context = "learning from " + key;
  const auto kind = document_kind(name);
  if (!kind) return fail(ErrorKind::invalid, "no document of this name teaches").with_context(context);
  const Digest digest = Sha256::of(document);
  if (before->taught(key) == digest) return before;
  std::string unpacked;
  const auto text = text_of(document, unpacked);
  if (!text) return Error(text.error()).with_context(context);
  auto after = take_in(before, *kind, name, key, digest, *text);
  if (!after) return std::move(after).error().with_context(context);
  return after;
}

Result<Snapshot> learn_file(const Snapshot& before, std::string_view place, std::span<const std::byte> document) {
  if (const auto url = url_of_place(place); url && is_teaching_document(*url)) return learn(before, *url, document);
  const std::string context = std::string("learning from the file ").append(place);
  std::string unpacked;
  const auto text = text_of(document, unpacked);
  if (!text) return Error(text.error()).with_context(context);
  const auto kind = document_kind_of(*text);
  if (!kind) return fail(ErrorKind::not_found, "it looks like no catalogue that is known").with_context(context);
  const std::string key = std::string("file:").append(place);
  const Digest digest = Sha256::of(document);
  if (before->taught(key) == digest) return before;
  Url name;
  name.path = std::string("/").append(place);
  auto after = take_in(before, *kind, name, key, digest, *text);
  if (!after) return std::move(after).error().with_context(context);
  return after;
}

}  // namespace larder::updates
