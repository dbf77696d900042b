// SPDX-License-Identifier: MIT
// A stateful fuzzer: the input is a sequence of what origins bring, clients ask, administrators order and disks do,
// played against a real store and against a model of it that is a few maps. Whatever the sequence, a client is sent the
// bytes of the version it was promised or nothing; what is complete has its digest; what is in use stays; what was kept
// is kept over a restart; and nothing is lost without a reason.
#include <spdlog/spdlog.h>
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "cache/disk.h"
#include "cache/opening.h"
#include "cache/reader.h"
#include "cache/store.h"
#include "proxy/range.h"

using namespace larder;         // NOLINT(google-build-using-namespace): a program of one page
using namespace larder::cache;  // NOLINT(google-build-using-namespace)

namespace {

constexpr std::uint64_t kRoomy = 64ULL << 20U;
constexpr std::uint64_t kTight = 3ULL << 20U;
constexpr std::size_t kOperations = 48;
constexpr std::array<std::uint64_t, 8> kSizes{
    0, 1, 65520, 65521, kChunkBytes - 1, kChunkBytes, kChunkBytes + 1, 2 * kChunkBytes + 7};
constexpr unsigned kVersions = 3;
constexpr unsigned kUrls = 4;

// clang 14 does not have std::source_location.
void require(bool holds, int line = __builtin_LINE()) {
  if (holds) return;
  std::fprintf(stderr, "what line %d requires does not hold\n", line);
  std::abort();
}

// The input, a byte at a time; zeros when it is used up.
class Script {
 public:
  Script(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  bool over() const { return at_ >= size_; }
  unsigned next(unsigned below) { return over() ? 0 : data_[at_++] % below; }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

class ScriptedDisk final : public Disk {
 public:
  std::uint64_t free_bytes(const std::filesystem::path&) override { return free; }
  int before_commit(std::string_view) override { return fails; }
  std::atomic<std::uint64_t> free{1ULL << 50U};
  std::atomic<int> fails{0};
};

struct Bytes {
  std::vector<std::byte> bytes;
  Digest digest;
};

// The bytes of one version, made once.
const Bytes& content(std::uint64_t size, unsigned version) {
  static std::map<std::pair<std::uint64_t, unsigned>, Bytes> made;
  auto [found, is_new] = made.try_emplace({size, version});
  if (is_new) {
    std::uint64_t state = version * 0x9E3779B97F4A7C15ULL + 1;
    found->second.bytes.resize(size);
    for (std::byte& byte : found->second.bytes) {
      state ^= state << 13U;
      state ^= state >> 7U;
      state ^= state << 17U;
      byte = static_cast<std::byte>(state);
    }
    found->second.digest = Sha256::of(found->second.bytes);
  }
  return found->second;
}

struct Extent {
  std::uint64_t size = 0;
  unsigned version = 0;
  std::set<std::uint32_t> kept;  // the store has said so
};

bool same_bytes(const Extent& a, const Extent& b) {
  return content(a.size, a.version).digest == content(b.size, b.version).digest;
}

template <class Answer, class Ask>
Answer wait_for(Ask ask) {
  std::promise<Answer> promise;
  auto future = promise.get_future();
  ask([&promise](Answer answer) { promise.set_value(std::move(answer)); });
  return future.get();
}

std::string url_of(unsigned number) {
  return "http://origin.test/" + std::to_string(number);
}

class Play {
 public:
  explicit Play(std::filesystem::path path) : path_(std::move(path)) { open(); }
  ~Play() {
    uses_.clear();
    reader_.reset();
    store_.reset();
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  Play(const Play&) = delete;
  Play& operator=(const Play&) = delete;

  void step(Script& script) {
    const unsigned url = script.next(kUrls);
    switch (script.next(14)) {
      case 0: {
        const std::uint64_t size = kSizes.at(script.next(kSizes.size()));
        return describe(url, size, script.next(kVersions));
      }
      case 1:
      case 2:
        return put(url, script.next(3));
      case 3:
        return put_all(url);
      case 4:
        return complete(url);
      case 5:
        return read(url, script);
      case 6:
        return remove(url);
      case 7:
        require(!wait_for<Status>([&](auto done) { store_->pin(url_of(url), done); }) || objects_.contains(url));
        return;
      case 8:
        static_cast<void>(wait_for<Status>([&](auto done) { store_->unpin(url_of(url), done); }));
        return;
      case 9:
        return use(url);
      case 10:
        uses_.clear();
        return;
      case 11:
        return change_disk(script);
      case 12:
        return restart();
      default:
        return verify();
    }
  }

  // What holds at every moment.
  void check() {
    for (unsigned url = 0; url < kUrls; ++url) look(url);
    for (const auto& [id, use] : uses_) {
      if (hurt_) break;
      const Extent& extent = extents_.at(id);
      const ChunkMap held = reader_->held({id}, extent.size);
      for (const std::uint32_t chunk : extent.kept) require(held.has({chunk}));
    }
  }

 private:
  void open() {
    auto opened = open_store({path_, kRoomy, 0}, clock_, disk_);
    require(opened.has_value());
    store_ = std::move(*opened);
    reader_ = Reader::make(*store_);
  }

  void describe(unsigned url, std::uint64_t size, unsigned version) {
    Object object;
    object.url = url_of(url);
    object.extent = store_->new_extent();
    object.size_bytes = size;
    object.etag = '"' + std::to_string(version) + '"';
    const std::uint64_t id = object.extent.value;
    require(!extents_.contains(id));  // never used again, over restarts too
    extents_[id] = {size, version, {}};
    const Status status = wait_for<Status>([&](auto done) { store_->put_object(std::move(object), done); });
    require(status.has_value() || hurt_);
    if (status) objects_[url] = id;
  }

  void put(unsigned url, std::uint32_t chunk) {
    const auto found = objects_.find(url);
    if (found == objects_.end()) return;
    Extent& extent = extents_.at(found->second);
    if (chunk >= chunk_count(extent.size)) return;
    const auto& bytes = content(extent.size, extent.version).bytes;
    const std::uint64_t length = chunk_length({chunk}, extent.size);
    auto buffer = std::make_shared<ChunkBuffer>(length);
    require(buffer->append(std::span(bytes).subspan(chunk_start({chunk}), length)) == length);
    const Status status =
        wait_for<Status>([&](auto done) { store_->put_chunk({found->second}, {chunk}, extent.size, buffer, done); });
    require(status.has_value() || hurt_);
    if (status) extent.kept.insert(chunk);
  }

  void put_all(unsigned url) {
    const auto found = objects_.find(url);
    if (found == objects_.end()) return;
    for (std::uint32_t chunk = 0; chunk < chunk_count(extents_.at(found->second).size); ++chunk) put(url, chunk);
  }

  void complete(unsigned url) {
    const auto found = objects_.find(url);
    if (found == objects_.end()) return;
    const Extent& extent = extents_.at(found->second);
    const bool all = extent.kept.size() == chunk_count(extent.size);
    auto result = wait_for<Result<ObjectPtr>>([&](auto done) { store_->complete(url_of(url), {found->second}, done); });
    if (!result) {
      // A start completes by itself, in its own time, what had all its chunks.
      const ObjectPtr now = look(url);
      require(!all || hurt_ || (now && now->complete()));
      return;
    }
    require(all && (*result)->digest == content(extent.size, extent.version).digest);
    const Extent& twin = extents_.at((*result)->extent.value);
    require(same_bytes(twin, extent));
    found->second = (*result)->extent.value;
  }

  // The object as the index has it is the one the model has; nothing, only if it may have been lost.
  ObjectPtr look(unsigned url) {
    ObjectPtr object = reader_->find(url_of(url));
    const auto found = objects_.find(url);
    if (!object) {
      require(found == objects_.end() || hurt_);
      return nullptr;
    }
    if (found == objects_.end()) {
      require(hurt_);
      return nullptr;
    }
    if (object->extent.value != found->second) {
      // A start completes what had all its chunks, and finds a twin as complete() does.
      const Extent& before = extents_.at(found->second);
      const bool whole = object->complete() && before.kept.size() == chunk_count(before.size);
      require((whole && same_bytes(before, extents_.at(object->extent.value))) || hurt_);
      found->second = object->extent.value;
    }
    const Extent& extent = extents_.at(object->extent.value);
    require(object->size_bytes == extent.size);
    if (object->digest) require(*object->digest == content(extent.size, extent.version).digest);
    return object;
  }

  // As a client asks: ranges, resolved against the size, chunk by chunk from the map.
  void read(unsigned url, Script& script) {
    const ObjectPtr object = look(url);
    if (!object) return;
    std::string text = "bytes=" + std::to_string(script.next(200) * 12000U) + "-";
    if (script.next(2) == 1) text += ",-" + std::to_string(script.next(200) * 9000U);
    const auto specs = proxy::parse_range(text);
    require(specs.has_value());
    const auto set = proxy::resolve(*specs, object->size_bytes);
    for (const proxy::ByteRange& range : set.ranges) send(*object, range);
  }

  void send(const Object& object, proxy::ByteRange range) {
    const Extent& extent = extents_.at(object.extent.value);
    const auto& bytes = content(extent.size, extent.version).bytes;
    for (std::uint32_t chunk = chunk_of(range.first).value; chunk_start({chunk}) < range.end; ++chunk) {
      std::uint64_t at = chunk_start({chunk});
      const auto state = reader_->read_now(object.extent, {chunk}, object.size_bytes, [&](auto piece) {
        require(at + piece.size() <= bytes.size());
        require(std::equal(piece.begin(), piece.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at)));
        at += piece.size();
      });
      require(state != ChunkState::cold);
      if (state == ChunkState::missing) require(!extent.kept.contains(chunk) || hurt_);
      if (state == ChunkState::ready) require(at == chunk_start({chunk}) + chunk_length({chunk}, object.size_bytes));
    }
  }

  void remove(unsigned url) {
    const Status status = wait_for<Status>([&](auto done) { store_->remove(url_of(url), done); });
    if (status) objects_.erase(url);
  }

  void use(unsigned url) {
    const auto found = objects_.find(url);
    if (found != objects_.end()) uses_[found->second] = ExtentUse(*store_, {found->second});
  }

  // From the first fault or tight limit on, things may be lost; never changed.
  void change_disk(Script& script) {
    constexpr std::array<int, 3> kErrors{0, ENOSPC, EIO};
    disk_->fails = kErrors.at(script.next(3));
    disk_->free = script.next(4) == 0 ? 0 : 1ULL << 50U;
    store_->set_limits(script.next(2) == 0 ? kRoomy : kTight, 0);
    hurt_ = true;
  }

  void restart() {
    uses_.clear();
    reader_.reset();
    store_.reset();
    disk_->fails = 0;
    disk_->free = 1ULL << 50U;
    open();
  }

  void verify() {
    std::promise<VerifyReport> promise;
    auto future = promise.get_future();
    store_->verify([&promise](const Result<VerifyReport>& report) {
      if (report && report->finished) promise.set_value(*report);
    });
    const VerifyReport report = future.get();
    require(report.chunks_corrupt == 0 && report.digests_wrong == 0);
  }

  const std::filesystem::path path_;
  ManualClock clock_{WallTime(std::chrono::seconds(1'800'000'000))};
  std::shared_ptr<ScriptedDisk> disk_ = std::make_shared<ScriptedDisk>();
  std::unique_ptr<Store> store_;
  std::unique_ptr<Reader> reader_;
  std::map<unsigned, std::uint64_t> objects_;  // URL to extent
  std::map<std::uint64_t, Extent> extents_;
  std::map<std::uint64_t, ExtentUse> uses_;
  bool hurt_ = false;
};

std::filesystem::path fresh_directory() {
  // In memory: what is fuzzed is not the disk.
  std::string name = std::filesystem::exists("/dev/shm") ? "/dev/shm/larder-fuzz-XXXXXX" : "/tmp/larder-fuzz-XXXXXX";
  require(mkdtemp(name.data()) != nullptr);
  return name;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  spdlog::set_level(spdlog::level::off);
  Script script(data, size);
  Play play(fresh_directory());
  for (std::size_t count = 0; count < kOperations && !script.over(); ++count) {
    play.step(script);
    play.check();
  }
  return 0;
}
