// SPDX-License-Identifier: MIT
#include "cache/opening.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/bytes.h"

namespace larder::cache {

namespace {

// Address space, not disk. Twice the cache, so that a reload can raise the limit, and room for pages that wait for the
// last reader before they are used again.
std::uint64_t chunks_map_bytes(std::uint64_t cache_size_bytes) {
  return cache_size_bytes * 2 + 4 * kGiB;
}

// At most 1 Mi objects (eviction.h) of a few KiB each, and 9 bytes a chunk.
std::uint64_t index_map_bytes(std::uint64_t cache_size_bytes) {
  return std::max(8 * kGiB, cache_size_bytes / 16);
}

std::string broken_name(std::string_view name, const Clock& clock) {
  std::string time = to_rfc3339(clock.now());
  std::erase_if(time, [](char c) { return c == ':' || c == '-'; });
  return std::string(name) + ".broken-" + time;
}

// An environment that made larderd begin anew is looked at like any other at its opening; when it does so again
// although nothing is found wrong with it, it is not believed any more.
constexpr unsigned kMostSuspicions = 2;

template <class Part>
Result<Part> open_once(const EnvironmentOptions& options) {
  const unsigned times = times_suspected(options.directory);
  if (times >= kMostSuspicions) {
    return fail(ErrorKind::storage_damaged, "larderd had to begin anew " + std::to_string(times) +
                                                " times because of pages that could not be used");
  }
  auto environment = Environment::open(options);
  if (!environment) return std::move(environment).error();
  return Part::open(std::move(*environment));
}

// Part is Index or Shelf: both are opened from an environment and can find it broken.
template <class Part>
Result<Part> open_part(const EnvironmentOptions& options, const Clock& clock, std::vector<std::string>& set_aside) {
  auto part = open_once<Part>(options);
  if (part || part.error().kind == ErrorKind::storage_full) return part;
  std::error_code error;
  if (!std::filesystem::exists(options.directory, error)) return part;
  const std::string name = options.directory.filename().string();
  const std::string why = part.error().message;
  if (Status moved = set_environment_aside(options.directory.parent_path(), name, why, clock, set_aside); !moved) {
    return std::move(moved).error();
  }
  return open_once<Part>(options);
}

}  // namespace

Status set_environment_aside(const std::filesystem::path& path, std::string_view name, std::string_view why,
                             const Clock& clock, std::vector<std::string>& set_aside) {
  const std::string plain = broken_name(name, clock);
  std::string kept = plain;
  std::error_code error;
  for (int again = 2; std::filesystem::exists(path / kept, error); ++again) kept = plain + "-" + std::to_string(again);
  std::filesystem::rename(path / name, path / kept, error);
  if (!error) trust(path / name);
  if (error) {
    return fail(ErrorKind::storage_broken, "setting " + (path / name).string() + " aside: " + error.message() +
                                               " (it is broken: " + std::string(why) + ")");
  }
  set_aside.push_back(std::string(name) + ": " + std::string(why) + "; kept as " + kept);
  spdlog::error("The store's environment {} is broken and was set aside as {}; a new one begins. {}", name,
                (path / kept).string(), why);
  return ok();
}

std::uint64_t most_bytes_kept(std::uint64_t cache_size_at_open_bytes) {
  return chunks_map_bytes(cache_size_at_open_bytes) / 8 * 7;
}

Result<std::shared_ptr<StoreEnvironments>> open_environments(const StoreOptions& options, Access access,
                                                             const Clock& clock, std::vector<std::string>& set_aside) {
  std::error_code error;
  std::filesystem::create_directories(options.path, error);
  if (error || !std::filesystem::is_directory(options.path, error)) {
    return fail(ErrorKind::refused, "the storage directory " + options.path.string() +
                                        " does not exist and cannot be made: " + error.message());
  }
  if (Status local = check_local(options.path); !local) return std::move(local).error();
  auto lock = StoreLock::take(options.path);
  if (!lock) return std::move(lock).error();

  const std::uint64_t bytes = options.cache_size_bytes;
  auto index =
      open_part<Index>({options.path / "index", index_map_bytes(bytes), Index::kTables, access}, clock, set_aside);
  if (!index) return std::move(index).error();
  auto chunks = open_part<Shelf>({options.path / "chunks", chunks_map_bytes(bytes), 0, access}, clock, set_aside);
  if (!chunks) return std::move(chunks).error();
  auto small = open_part<Shelf>({options.path / "small", chunks_map_bytes(bytes), 0, access}, clock, set_aside);
  if (!small) return std::move(small).error();
  return std::make_shared<StoreEnvironments>(std::move(*lock), std::move(*index), std::move(*chunks),
                                             std::move(*small));
}

}  // namespace larder::cache
