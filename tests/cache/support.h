// SPDX-License-Identifier: MIT
// A store in a directory of its own, asked and answered synchronously.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cache/disk.h"
#include "cache/reader.h"
#include "cache/store.h"

namespace larder::cache::testing {

// A fresh directory, removed at the end.
class Directory {
 public:
  Directory();
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Full or broken when told so.
class FakeDisk final : public Disk {
 public:
  std::uint64_t free_bytes(const std::filesystem::path&) override { return free; }
  int before_commit(std::string_view environment) override;

  std::atomic<std::uint64_t> free{1ULL << 50U};
  std::atomic<int> fails{0};        // errno of every commit
  std::atomic<int> index_fails{0};  // errno of the commits of `index`
};

// Bytes that differ with seed and place.
std::vector<std::byte> bytes_of(std::uint64_t size_bytes, unsigned seed);
std::shared_ptr<const ChunkBuffer> chunk_of_bytes(const std::vector<std::byte>& bytes, ChunkIndex chunk);

struct Options {
  std::uint64_t cache_size_bytes = 64ULL << 20U;
  std::uint64_t reserve_bytes = 0;
  std::chrono::seconds scrub{0};
};

// Store with synchronous calls.
class Larder {
 public:
  Larder(const std::filesystem::path& path, Options options = {});

  Store& store() { return *store_; }
  FakeDisk& disk() { return *disk_; }
  Reader& reader() { return *reader_; }
  ManualClock& clock() { return clock_; }

  Status describe(const std::string& url, ExtentId extent, std::uint64_t size_bytes);
  Status put(ExtentId extent, ChunkIndex chunk, const std::vector<std::byte>& bytes);
  Result<ObjectPtr> complete(const std::string& url, ExtentId extent);
  Result<ObjectPtr> complete_as(const std::string& url, ExtentId extent, const Digest& expected);
  Status remove(const std::string& url);
  Status pin(const std::string& url);
  Status unpin(const std::string& url);
  void flush();
  VerifyReport verify();

  // Describes, puts every chunk in order, completes.
  ObjectPtr keep(const std::string& url, const std::vector<std::byte>& bytes);
  // All of an object's bytes as a client would be sent them; empty when a chunk is missing.
  std::vector<std::byte> read(const Object& object);

 private:
  ManualClock clock_{WallTime(std::chrono::seconds(1'800'000'000))};
  std::shared_ptr<FakeDisk> disk_ = std::make_shared<FakeDisk>();
  std::unique_ptr<Store> store_;
  std::unique_ptr<Reader> reader_;
};

}  // namespace larder::cache::testing
