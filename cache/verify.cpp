// SPDX-License-Identifier: MIT
#include "cache/verify.h"

#include <utility>
namespace larder::cache {

namespace {

constexpr std::chrono::seconds kToldEvery{1};
// When the inbox is full, the report is tried again after this.
constexpr std::chrono::milliseconds kRetry{20};

}  // namespace

Verifier::Verifier(std::shared_ptr<StoreEnvironments> environments)
    : environments_(std::move(environments)), told_(std::chrono::steady_clock::now()), thread_([this] { run(); }) {}

Verifier::~Verifier() {
  stop_ = true;
  thread_.join();
}

void Verifier::run() {
  name_this_thread("verify");
  auto at = verify_after({0});
  while (at && *at && !stop_) at = verify_after(**at);
  if (at) return tell(true);
  Message failed = VerifyCame{std::move(at).error().with_context("the index cannot be read further")};
  while (!environments_->inbox.try_push(std::move(failed)) && !stop_) std::this_thread::sleep_for(kRetry);
}

// The extent after `extent`; nothing when there is none.
Result<std::optional<ExtentId>> Verifier::verify_after(ExtentId extent) {
  std::optional<ExtentId> next;
  std::optional<ExtentRecord> record;
  {
    auto txn = ReadTxn::begin(environments_->index.environment());
    if (!txn) return std::move(txn).error();
    auto cursor = Cursor::open(txn->handle(), environments_->index.extents());
    if (!cursor) return std::move(cursor).error();
    auto entry = cursor->at_or_after(extent_key({extent.value + 1}));
    if (!entry) return std::move(entry).error();
    if (!*entry) return std::optional<ExtentId>();
    next = decode_extent_key((*entry)->key);
    record = decode_extent((*entry)->value);
  }
  if (next && record) verify_extent(*next, *record);
  return next;
}

void Verifier::verify_extent(ExtentId extent, const ExtentRecord& record) {
  Sha256 hash;
  bool whole = true;
  const std::uint32_t chunks = chunk_count(record.size_bytes);
  for (std::uint32_t chunk = 0; chunk < chunks && !stop_; ++chunk) {
    if (!verify_chunk(extent, {chunk}, record, hash)) whole = false;
    if (std::chrono::steady_clock::now() - told_ >= kToldEvery) tell(false);
  }
  if (stop_) return;
  ++report_.objects;
  if (!whole || !record.complete || hash.finish() == *record.digest) return;
  ++report_.digests_wrong;
  (void)environments_->inbox.try_push(DistrustExtent{extent});
}

// False when the chunk is not there or not right.
bool Verifier::verify_chunk(ExtentId extent, ChunkIndex chunk, const ExtentRecord& record, Sha256& hash) {
  const Shelf& shelf = environments_->shelf_of(record.size_bytes);
  auto bytes_txn = ReadTxn::begin(shelf.environment());
  auto index_txn = ReadTxn::begin(environments_->index.environment());
  if (!bytes_txn || !index_txn) return false;
  auto check = environments_->index.check(index_txn->handle(), extent, chunk);
  if (!check || !*check) return false;
  auto bytes = shelf.find(bytes_txn->handle(), extent, chunk, record.size_bytes);
  if (!bytes) return false;
  ++report_.chunks;
  report_.bytes += chunk_length(chunk, record.size_bytes);
  if (!environments_->check(extent, chunk, *bytes, **check)) {
    ++report_.chunks_corrupt;
    environments_->report_corrupt(extent, chunk);
    return false;
  }
  if (record.complete) {
    for (const ByteView piece : bytes->pieces()) hash.update(piece);
  }
  return true;
}

void Verifier::tell(bool finished) {
  told_ = std::chrono::steady_clock::now();
  report_.finished = finished;
  Message came = VerifyCame{report_};
  while (!environments_->inbox.try_push(std::move(came)) && finished && !stop_) std::this_thread::sleep_for(kRetry);
}

}  // namespace larder::cache
