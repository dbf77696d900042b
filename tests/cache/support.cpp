// SPDX-License-Identifier: MIT
#include "support.h"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <future>

#include "cache/opening.h"

namespace larder::cache::testing {

namespace {

// Calls `ask` with a callback and waits for what it is called with.
template <class Answer, class Ask>
Answer wait_for(Ask ask) {
  auto promise = std::make_shared<std::promise<Answer>>();
  auto future = promise->get_future();
  ask([promise](Answer answer) { promise->set_value(std::move(answer)); });
  return future.get();
}

}  // namespace

Directory::Directory() {
  std::string name = (std::filesystem::temp_directory_path() / "larder-cache-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

Directory::~Directory() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

int FakeDisk::before_commit(std::string_view environment) {
  if (environment == "index" && index_fails != 0) return index_fails;
  return fails;
}

std::vector<std::byte> bytes_of(std::uint64_t size_bytes, unsigned seed) {
  std::vector<std::byte> bytes(size_bytes);
  std::uint64_t state = seed * 0x9E3779B97F4A7C15ULL + 1;
  for (std::byte& byte : bytes) {
    state ^= state << 13U;
    state ^= state >> 7U;
    state ^= state << 17U;
    byte = static_cast<std::byte>(state);
  }
  return bytes;
}

std::shared_ptr<const ChunkBuffer> chunk_of_bytes(const std::vector<std::byte>& bytes, ChunkIndex chunk) {
  const std::uint64_t length = chunk_length(chunk, bytes.size());
  auto buffer = std::make_shared<ChunkBuffer>(length);
  buffer->append(std::span(bytes).subspan(chunk_start(chunk), length));
  return buffer;
}

Larder::Larder(const std::filesystem::path& path, Options options) {
  auto opened = open_store({path, options.cache_size_bytes, options.reserve_bytes, options.scrub}, clock_, disk_);
  INFO((opened ? std::string() : opened.error().message));
  REQUIRE(opened);
  store_ = std::move(*opened);
  reader_ = Reader::make(*store_);
}

Status Larder::describe(const std::string& url, ExtentId extent, std::uint64_t size_bytes) {
  Object object;
  object.url = url;
  object.extent = extent;
  object.size_bytes = size_bytes;
  object.etag = "\"" + url + "\"";
  object.stored_at = clock_.now();
  return wait_for<Status>([&](auto done) { store_->put_object(std::move(object), done); });
}

Status Larder::put(ExtentId extent, ChunkIndex chunk, const std::vector<std::byte>& bytes) {
  return wait_for<Status>(
      [&](auto done) { store_->put_chunk(extent, chunk, bytes.size(), chunk_of_bytes(bytes, chunk), done); });
}

Result<ObjectPtr> Larder::complete(const std::string& url, ExtentId extent) {
  return wait_for<Result<ObjectPtr>>([&](auto done) { store_->complete(url, extent, done); });
}

Result<ObjectPtr> Larder::complete_as(const std::string& url, ExtentId extent, const Digest& expected) {
  return wait_for<Result<ObjectPtr>>([&](auto done) { store_->complete_as(url, extent, expected, done); });
}

Status Larder::remove(const std::string& url) {
  return wait_for<Status>([&](auto done) { store_->remove(url, done); });
}
Status Larder::pin(const std::string& url) {
  return wait_for<Status>([&](auto done) { store_->pin(url, done); });
}
Status Larder::unpin(const std::string& url) {
  return wait_for<Status>([&](auto done) { store_->unpin(url, done); });
}

void Larder::flush() {
  REQUIRE(wait_for<Status>([&](auto done) { store_->flush(done); }));
}

VerifyReport Larder::verify() {
  auto promise = std::make_shared<std::promise<VerifyReport>>();
  auto future = promise->get_future();
  store_->verify([promise](const Result<VerifyReport>& report) {
    if (report && report->finished) promise->set_value(*report);
  });
  VerifyReport report = future.get();
  flush();
  return report;
}

ObjectPtr Larder::keep(const std::string& url, const std::vector<std::byte>& bytes) {
  const ExtentId extent = store_->new_extent();
  REQUIRE(describe(url, extent, bytes.size()));
  for (std::uint32_t chunk = 0; chunk < chunk_count(bytes.size()); ++chunk) REQUIRE(put(extent, {chunk}, bytes));
  auto object = complete(url, extent);
  INFO((object ? std::string() : object.error().message));
  REQUIRE(object);
  return *object;
}

std::vector<std::byte> Larder::read(const Object& object) {
  std::vector<std::byte> bytes;
  for (std::uint32_t chunk = 0; chunk < chunk_count(object.size_bytes); ++chunk) {
    const ChunkState state = reader_->read_now(object.extent, {chunk}, object.size_bytes, [&](auto piece) {
      bytes.insert(bytes.end(), piece.begin(), piece.end());
    });
    if (state != ChunkState::ready) return {};
  }
  return bytes;
}

}  // namespace larder::cache::testing
