// SPDX-License-Identifier: MIT
#include "admin/verification.h"

namespace larder::admin {

bool Verification::start(cache::Store& store) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ == "running") return false;
    state_ = "running";
    report_ = {};
    error_.clear();
    started_ = clock_.now();
    finished_ = {};
  }
  store.verify([self = shared_from_this()](const Result<cache::VerifyReport>& report) { self->take(report); });
  return true;
}

void Verification::take(const Result<cache::VerifyReport>& report) {
  const std::lock_guard lock(mutex_);
  if (report) {
    report_ = *report;
    if (!report->finished) return;
    state_ = "finished";
  } else {
    state_ = "failed";
    error_ = report.error().message;
  }
  finished_ = clock_.now();
}

Table Verification::state() const {
  const std::lock_guard lock(mutex_);
  Table table;
  table.columns = {"state",         "objects", "chunks",  "bytes",   "chunks_corrupt",
                   "digests_wrong", "error",   "started", "finished"};
  table.rows.push_back({std::string(state_), report_.objects, report_.chunks, report_.bytes, report_.chunks_corrupt,
                        report_.digests_wrong, error_.empty() ? Cell{} : Cell{error_}, to_cell(started_),
                        to_cell(finished_)});
  return table;
}

}  // namespace larder::admin
