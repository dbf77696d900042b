// SPDX-License-Identifier: MIT
// MauCheck: one look at one application's files at the origin. They are fetched in the order in which mixing shows: the
// history, the manifest and its signature, what the history promises of that version, and last the pointer, which
// clients read first. Files that have not changed cost a 304 each.
// Threads: made, called and destroyed on `manifests`.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cache/reader.h"
#include "proxy/event_thread.h"
#include "proxy/fill_desk.h"
#include "updates/mau.h"
#include "updates/mau_set.h"

namespace larder::proxy {

struct MauFound {
  updates::MauFiles files;
  std::string failure;  // why a file could not be had; "" every one was, or is known not to be there
};

class MauCheck {
 public:
  struct Parts {
    EventThread& thread;
    EventThread& origin;
    FillDesk& fills;
    cache::Reader& reader;
  };

  // `known`: versioned files held already, which never change.
  MauCheck(const Parts& parts, const updates::MauChannel& channel, const std::string& app_id, updates::MauFiles known,
           std::function<void(MauFound)> done);
  void begin();

 private:
  enum class Step { manifest_is_there, history, manifest, versioned, pointer, ended };

  void go_on();
  void fetch(std::vector<std::string> names);
  void fetched(const std::string& name, const Status& status);
  std::vector<std::string> promised() const;

  const Parts parts_;
  const updates::MauChannel& channel_;
  const updates::MauNames names_;
  const updates::MauFiles known_;
  std::function<void(MauFound)> done_;
  Step step_ = Step::manifest_is_there;
  std::size_t running_ = 0;
  MauFound found_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace larder::proxy
