// SPDX-License-Identifier: MIT
// FillMirror: what one loop sees of one running fill. The fill lives on the `origin` thread (fill.h) and posts every
// change to each loop that has a reader; readers on the loop look only here and in the store.
//
// Threads: a mirror and everything in this file belong to one loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/strong.h"
#include "cache/chunk_buffer.h"
#include "cache/object.h"

namespace larder::proxy {

using FillId = Strong<struct FillTag, std::uint64_t>;
// One reader of one fill.
using ReaderId = Strong<struct ReaderTag, std::uint64_t>;

// An answer that is relayed instead of an object: an error, or a redirect to where Larder does not go.
struct WholeAnswer {
  int status = 0;
  cache::Validators validators;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  std::optional<WallTime> remembered_at;  // it was another's, and is repeated without asking the origin
  std::optional<ReaderId> only_for;       // it may not be shared: everybody else must ask for himself
};

enum class FillState {
  asking,    // no head yet
  relaying,  // the length is not known, and the answer takes its time: relay() gives it as it comes
  filling,   // object() says what it is
  answered,  // answer() is to be relayed
  pass,      // cannot be cached (now): every reader must ask for itself
  changed,   // the origin has another version now; what is held of this one stays readable for who reads it
  finished,  // every chunk is in the store
  failed,    // error() says why; what is in the store stays there
};

// How a fill took a reader.
enum class Joining {
  began,     // the reader began the fill
  joined,    // it was running
  received,  // it was running, but all this reader wants is here already
};

class Relay;

class FillWatcher {
 public:
  FillWatcher() = default;
  FillWatcher(const FillWatcher&) = delete;
  FillWatcher& operator=(const FillWatcher&) = delete;
  virtual ~FillWatcher() = default;
  virtual void on_fill() = 0;                                // something changed in the mirror
  virtual void on_interim(const WholeAnswer& /*answer*/) {}  // a 1xx of the origin, to be passed on
};

class FillMirror {
 public:
  // `need` asks the fill for a chunk nobody is fetching yet.
  FillMirror(FillId id, std::function<void(cache::ChunkIndex)> need) : id_(id), need_(std::move(need)) {}

  FillId id() const { return id_; }
  FillState state() const { return state_; }
  const cache::ObjectPtr& object() const { return object_; }
  const std::shared_ptr<const WholeAnswer>& answer() const { return answer_; }
  const std::shared_ptr<Relay>& relay() const { return relay_; }
  const Error& error() const { return error_; }
  // The origin could not be asked; object() is what was stored before, no longer fresh.
  bool stale() const { return stale_; }
  // The status by which the origin has confirmed what was stored before; 0: it brought, or will bring, something new.
  int confirmed_by() const { return confirmed_by_; }

  // The chunk's buffer while it is received or not yet stored, else null.
  std::shared_ptr<const cache::ChunkBuffer> in_flight(cache::ChunkIndex chunk) const;

  // Asks for a chunk that is neither held nor in flight; repeated calls cost nothing.
  void need(cache::ChunkIndex chunk);

  void watch(FillWatcher& watcher) { watchers_.insert(&watcher); }
  void unwatch(FillWatcher& watcher) { watchers_.erase(&watcher); }

 private:
  friend class FillMirrors;
  void wake();
  template <class Tell>
  void each_watcher(const Tell& tell);

  const FillId id_;
  std::function<void(cache::ChunkIndex)> need_;
  FillState state_ = FillState::asking;
  bool stale_ = false;
  int confirmed_by_ = 0;
  cache::ObjectPtr object_;
  std::shared_ptr<const WholeAnswer> answer_;
  std::shared_ptr<Relay> relay_;
  Error error_;
  std::unordered_map<cache::ChunkIndex, std::shared_ptr<const cache::ChunkBuffer>> in_flight_;
  std::unordered_set<cache::ChunkIndex> needed_;
  std::set<FillWatcher*> watchers_;
};

// A change of a fill, as posted to loops.
struct FillChange {
  FillState state = FillState::asking;
  bool stale = false;
  int confirmed_by = 0;
  cache::ObjectPtr object;
  std::shared_ptr<const WholeAnswer> answer;
  std::shared_ptr<Relay> relay;
  Error error;
  std::unordered_map<cache::ChunkIndex, std::shared_ptr<const cache::ChunkBuffer>> in_flight;
};

// All mirrors of one loop.
class FillMirrors {
 public:
  // Told once, when the fill has taken a reader: the mirror to look at, and how.
  using Joined = std::function<void(std::shared_ptr<FillMirror> mirror, Joining joining)>;

  explicit FillMirrors(std::function<void(FillId, cache::ChunkIndex)> need) : need_(std::move(need)) {}

  void expect(ReaderId reader, Joined joined) { expected_[reader] = std::move(joined); }
  void forget(ReaderId reader) { expected_.erase(reader); }

  // ---- called by functions the origin thread posts, in its order ----
  void joined(ReaderId reader, FillId fill, Joining joining, const FillChange& now);
  void changed(FillId fill, const FillChange& change);
  void opened(FillId fill, cache::ChunkIndex chunk, std::shared_ptr<const cache::ChunkBuffer> buffer);
  void landed(FillId fill, cache::ChunkIndex chunk);  // no longer in flight: stored, or given up
  void progress(FillId fill);
  void interim(FillId fill, const WholeAnswer& answer);

  std::size_t size() const { return mirrors_.size(); }

 private:
  static bool ended(FillState state) { return state >= FillState::answered; }
  static void apply(FillMirror& mirror, const FillChange& change);

  std::function<void(FillId, cache::ChunkIndex)> need_;
  std::unordered_map<FillId, std::shared_ptr<FillMirror>> mirrors_;
  std::unordered_map<ReaderId, Joined> expected_;
};

}  // namespace larder::proxy
