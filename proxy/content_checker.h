// SPDX-License-Identifier: MIT
// ContentChecker: reads what fills have stored, in the order of the file, and checks it by what is published of it
// (updates/content_check.h). A fill keeps its last chunk to itself until the checker has decided (fill_check.cpp).
// It does not fetch: the list of chunks a package may have is read from the store.
// Threads: its own, `checker`, which may wait for the disk. Public functions may be called from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cache/reader.h"
#include "proxy/event_thread.h"
#include "proxy/fill_mirror.h"
#include "updates/content_check.h"

namespace larder::proxy {

// What came of checking a fill.
struct Verdict {
  enum class Kind {
    good,
    wrong,  // the bytes are not what is published
    lost,   // the store no longer has a chunk that is to be read
  };
  Kind kind = Kind::good;
  std::string why;         // wrong
  cache::ChunkIndex lost;  // lost
};

class ContentChecker {
 public:
  using Chunks = std::map<cache::ChunkIndex, std::shared_ptr<const cache::ChunkBuffer>>;
  // On `checker`; must only post onwards.
  using Tell = std::function<void(FillId, const Verdict&)>;

  struct Subject {
    std::string url;  // for the log
    cache::ExtentId extent;
    std::uint64_t size_bytes = 0;
    updates::PublishedPtr published;
    cache::ChunkMap held;
  };

  ContentChecker(cache::Store& store, Tell tell);
  ~ContentChecker();
  ContentChecker(const ContentChecker&) = delete;
  ContentChecker& operator=(const ContentChecker&) = delete;

  void start();
  void stop();

  // Begins, or begins again. Nothing is read before list_settled when a list of chunks is published.
  void begin(FillId fill, Subject subject);
  // The list of chunks is in the store, or cannot be had.
  void list_settled(FillId fill);
  void stored(FillId fill, cache::ChunkIndex chunk);
  // Every chunk is stored but these: decides. A wrong verdict may come before it is asked for.
  void decide(FillId fill, Chunks rest);
  void forget(FillId fill);

 private:
  struct Job {
    Subject subject;
    std::optional<updates::ContentCheck> check;  // nothing until the list is settled
    std::uint32_t next = 0;                      // the chunk to be fed next
    bool deciding = false;
    Chunks rest;
  };

  void settle(Job& job);
  std::optional<updates::ChunkList> chunk_list(const std::string& key);
  void work(FillId fill);
  std::optional<Verdict> feed_next(Job& job);
  void told(FillId fill, const Verdict& verdict);

  Tell tell_;
  std::unique_ptr<cache::Reader> reader_;
  std::map<FillId, Job> jobs_;
  std::atomic<bool> stopping_{false};
  EventThread thread_;
};

}  // namespace larder::proxy
