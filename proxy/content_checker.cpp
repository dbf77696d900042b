// SPDX-License-Identifier: MIT
#include "proxy/content_checker.h"

#include <spdlog/spdlog.h>

#include <vector>

namespace larder::proxy {
namespace {

// Chunks read and hashed before another fill has its turn: 8 MiB take about 15 ms.
constexpr unsigned kChunksPerTurn = 8;

}  // namespace

ContentChecker::ContentChecker(cache::Store& store, Tell tell)
    : tell_(std::move(tell)), reader_(cache::Reader::make(store)), thread_("checker") {}

ContentChecker::~ContentChecker() {
  stop();
}

void ContentChecker::start() {
  thread_.start();
}

void ContentChecker::stop() {
  stopping_ = true;
  thread_.stop();
}

void ContentChecker::begin(FillId fill, Subject subject) {
  thread_.post([this, fill, subject = std::move(subject)]() mutable {
    Job& job = jobs_[fill];
    job = Job{std::move(subject), {}, 0, false, {}};
    if (job.subject.published->chunk_list.empty()) settle(job);
    work(fill);
  });
}

void ContentChecker::list_settled(FillId fill) {
  thread_.post([this, fill] {
    const auto job = jobs_.find(fill);
    if (job == jobs_.end() || job->second.check) return;
    settle(job->second);
    work(fill);
  });
}

void ContentChecker::stored(FillId fill, cache::ChunkIndex chunk) {
  thread_.post([this, fill, chunk] {
    const auto job = jobs_.find(fill);
    if (job == jobs_.end()) return;
    job->second.subject.held.set(chunk);
    work(fill);
  });
}

void ContentChecker::decide(FillId fill, Chunks rest) {
  thread_.post([this, fill, rest = std::move(rest)]() mutable {
    const auto job = jobs_.find(fill);
    if (job == jobs_.end()) return;
    job->second.deciding = true;
    job->second.rest = std::move(rest);
    work(fill);
  });
}

void ContentChecker::forget(FillId fill) {
  thread_.post([this, fill] { jobs_.erase(fill); });
}

void ContentChecker::settle(Job& job) {
  const std::string& key = job.subject.published->chunk_list;
  std::optional<updates::ChunkList> chunks;
  if (!key.empty()) chunks = chunk_list(key);
  job.check.emplace(job.subject.published, std::move(chunks));
}

// Of a package; nothing when the store has none that can be read, which is no reason to refuse the package.
std::optional<updates::ChunkList> ContentChecker::chunk_list(const std::string& key) {
  const cache::ObjectPtr object = reader_->find(key);
  if (!object || !object->complete() || object->status != 200 || object->size_bytes > updates::ChunkList::kBytes) {
    spdlog::warn("checking without the list of chunks {}: it cannot be had", key);
    return std::nullopt;
  }
  std::vector<std::byte> document;
  document.reserve(object->size_bytes);
  for (std::uint32_t i = 0; i < cache::chunk_count(object->size_bytes); ++i) {
    const auto state = reader_->read_now(object->extent, {i}, object->size_bytes, [&](std::span<const std::byte> part) {
      document.insert(document.end(), part.begin(), part.end());
    });
    if (state != cache::ChunkState::ready) return std::nullopt;
  }
  auto list = updates::read_chunk_list(document);
  if (!list) {
    spdlog::warn("checking without the list of chunks {}: {}", key, list.error().message);
    return std::nullopt;
  }
  return *std::move(list);
}

void ContentChecker::work(FillId fill) {
  const auto found = jobs_.find(fill);
  if (found == jobs_.end() || !found->second.check || stopping_) return;
  Job& job = found->second;
  const std::uint32_t chunks = cache::chunk_count(job.subject.size_bytes);
  for (unsigned turn = 0; turn < kChunksPerTurn && job.next < chunks; ++turn) {
    if (!job.subject.held.has({job.next}) && !job.rest.contains({job.next})) return;  // stored() or decide() goes on
    if (const auto verdict = feed_next(job)) {
      told(fill, *verdict);
      return;
    }
  }
  if (job.next < chunks) {
    thread_.post([this, fill] { work(fill); });
  } else if (job.deciding) {
    const Status whole = job.check->finish();
    told(fill, whole ? Verdict{} : Verdict{Verdict::Kind::wrong, whole.error().message, {}});
  }
}

// Nothing while all is well.
std::optional<Verdict> ContentChecker::feed_next(Job& job) {
  const cache::ChunkIndex chunk{job.next};
  Status status = ok();
  if (const auto rest = job.rest.find(chunk); rest != job.rest.end()) {
    status = job.check->feed(rest->second->bytes());
  } else {
    const auto state =
        reader_->read_now(job.subject.extent, chunk, job.subject.size_bytes, [&](std::span<const std::byte> part) {
          if (status) status = job.check->feed(part);
        });
    if (state != cache::ChunkState::ready) {
      job.subject.held.clear(chunk);
      job.deciding = false;
      job.rest.clear();
      return Verdict{Verdict::Kind::lost, {}, chunk};
    }
  }
  if (!status) return Verdict{Verdict::Kind::wrong, status.error().message, {}};
  ++job.next;
  return std::nullopt;
}

void ContentChecker::told(FillId fill, const Verdict& verdict) {
  if (verdict.kind != Verdict::Kind::lost) jobs_.erase(fill);
  tell_(fill, verdict);
}

}  // namespace larder::proxy
