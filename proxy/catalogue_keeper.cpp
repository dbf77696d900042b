// SPDX-License-Identifier: MIT
#include "proxy/catalogue_keeper.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>

#include "base/limits.h"
#include "proxy/mau_publisher.h"
#include "updates/canonical.h"
#include "updates/mau_place.h"
#include "updates/recognise.h"

namespace larder::proxy {
namespace {

// Requests for unknown files may come in any number; the origin is asked for the catalogues once in this time.
constexpr auto kRoundRest = std::chrono::seconds(30);
constexpr std::size_t kListed = 1000;
// Files that describe products, remembered as asked for. Reached: some may be asked for once more.
constexpr std::size_t kDescriptions = 10'000;

}  // namespace

CatalogueKeeper::CatalogueKeeper(cache::Store& store, const Clock& clock, EventThread& origin, FillDesk& fills,
                                 std::filesystem::path directory, Publish publish)
    : clock_(clock),
      origin_(origin),
      fills_(fills),
      directory_(std::move(directory)),
      publish_(std::move(publish)),
      thread_("keeper"),
      reader_(cache::Reader::make(store)) {}

CatalogueKeeper::~CatalogueKeeper() {
  stop();
}

void CatalogueKeeper::start() {
  thread_.post([this] {
    if (!directory_.empty()) learn_files();
    learn_stored();
  });
  thread_.start();
}

void CatalogueKeeper::stop() {
  thread_.stop();
}

// What is in the store is read afterwards: it is newer.
void CatalogueKeeper::learn_files() {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (auto entry = std::filesystem::recursive_directory_iterator(directory_, error);
       !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->is_regular_file(error)) files.push_back(entry->path());
  }
  if (error) spdlog::warn("reading the catalogues in {}: {}", directory_.string(), error.message());
  std::ranges::sort(files);
  for (const std::filesystem::path& file : files) learn_file(file);
}

void CatalogueKeeper::learn_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = in ? static_cast<std::streamoff>(in.tellg()) : -1;
  if (size < 0 || static_cast<std::uintmax_t>(size) > limits::kDocumentBytes) {
    spdlog::warn("not reading the catalogue {}: {}", path.string(),
                 size < 0 ? std::string("it cannot be opened; the user larderd runs as must be able to read it")
                          : fmt::format("it has {} bytes, and no catalogue may have more than {}", size,
                                        limits::kDocumentBytes));
    return;
  }
  std::vector<char> document(static_cast<std::size_t>(size));
  in.seekg(0);
  in.read(document.data(), size);
  document.resize(static_cast<std::size_t>(in.gcount()));
  const std::string place = path.lexically_relative(directory_).generic_string();
  auto learned = updates::learn_file(knowledge_, place, std::as_bytes(std::span(document)));
  if (!learned && learned.error().kind == ErrorKind::not_found) return;  // a file of another kind
  know(place, std::move(learned));
}

void CatalogueKeeper::learn_stored() {
  std::string cursor;
  do {
    const cache::Reader::Listing listing = reader_->list(cursor, kListed);
    for (const cache::ObjectPtr& object : listing.objects) learn_now(object);
    cursor = listing.next;
  } while (!cursor.empty());
}

void CatalogueKeeper::learn(const cache::ObjectPtr& object) {
  thread_.post([this, object] { learn_now(object); });
}

void CatalogueKeeper::learn_now(const cache::ObjectPtr& object) {
  if (!object->complete() || object->status != 200 || object->size_bytes > limits::kDocumentBytes) return;
  const auto url = updates::Url::parse(object->url);
  if (!url || !updates::is_teaching_document(*url) || knowledge_->taught(object->url) == object->digest) return;
  if (is_the_publishers(*url)) return;
  std::vector<std::byte> document;
  document.reserve(object->size_bytes);
  for (std::uint32_t i = 0; i < cache::chunk_count(object->size_bytes); ++i) {
    const auto state = reader_->read_now(object->extent, {i}, object->size_bytes, [&](std::span<const std::byte> part) {
      document.insert(document.end(), part.begin(), part.end());
    });
    if (state != cache::ChunkState::ready) return;
  }
  take_in(*url, document);
}

// The manifest of an application in a known channel: an edge may have an old one, so it teaches when it is published.
bool CatalogueKeeper::is_the_publishers(const updates::Url& url) {
  const auto place = updates::mau_place(url);
  const auto* channel = place ? updates::find_mau_channel(place->guid) : nullptr;
  if (channel == nullptr || !updates::mau_collateral_version(place->rest).empty()) return false;
  const std::string app_id = updates::mau_spelling(updates::mau_app_id(place->rest));
  if (!updates::is_mau_app_id(app_id)) return false;
  if (place->rest == updates::MauNames(app_id).manifest) manifests_->used(*channel, app_id);
  return true;
}

void CatalogueKeeper::learn_published(const updates::Url& url, updates::MauBytes document) {
  thread_.post([this, url, document = std::move(document)] {
    const auto bytes = std::as_bytes(std::span(*document));
    if (knowledge_->taught(updates::canonical(url).key) != Sha256::of(bytes)) take_in(url, bytes);
  });
}

void CatalogueKeeper::take_in(const updates::Url& url, std::span<const std::byte> document) {
  know(url.text(), updates::learn(knowledge_, url, document));
}

void CatalogueKeeper::know(const std::string& catalogue, Result<std::shared_ptr<const updates::Knowledge>> learned) {
  if (!learned) {
    spdlog::warn("reading the catalogue {}: {}", catalogue, learned.error().message);
    return;
  }
  if (*learned == knowledge_) return;
  knowledge_ = *learned;
  spdlog::info("read the catalogue {}: {} files and {} builds are known now", catalogue, knowledge_->files(),
               knowledge_->builds());
  publish_(knowledge_);
}

void CatalogueKeeper::describe(const std::string& product_key) {
  thread_.post([this, product_key] {
    for (const std::string& key : knowledge_->descriptions_of(product_key)) fetch_description(key);
  });
}

void CatalogueKeeper::fetch_description(const std::string& key) {
  const auto named = updates::Url::parse(key);
  if (!named || knowledge_->taught(key)) return;
  if (descriptions_.size() >= kDescriptions) descriptions_.clear();
  if (!descriptions_.insert(key).second) return;
  const updates::CanonicalUrl url = updates::canonical(*named);
  FillOrder order;
  order.key = url.key;
  order.origin = url.origin;
  order.fallbacks = url.fallbacks;
  order.name = cache::NameClass::immutable;
  order.what = std::make_shared<const updates::Recognition>(updates::recognise(*named, *knowledge_));
  order.known = reader_->find(key);
  origin_.post([this, order = std::move(order)] { fills_.fetch(order, [](const Status&) {}); });
}

void CatalogueKeeper::refresh(const updates::MauChannel& channel, std::function<void()> done) {
  thread_.post([this, &channel, done = std::move(done)]() mutable {
    Round& round = rounds_[std::string(channel.name)];
    if (round.running == 0 && round.ever && clock_.steady() - round.ended < kRoundRest) {
      done();
      return;
    }
    round.waiting.push_back(std::move(done));
    if (round.running == 0) begin_round(channel, round);
  });
}

void CatalogueKeeper::begin_round(const updates::MauChannel& channel, Round& round) {
  const std::string name(channel.name);
  round.ever = true;
  for (const std::string_view app_id : updates::mau_application_ids()) {
    ++round.running;
    manifests_->look(channel, std::string(app_id), [this, name] { thread_.post([this, name] { one_done(name); }); });
  }
}

void CatalogueKeeper::one_done(const std::string& channel) {
  Round& round = rounds_[channel];
  if (--round.running > 0) return;
  round.ended = clock_.steady();
  for (const auto& done : std::exchange(round.waiting, {})) done();
}

}  // namespace larder::proxy
