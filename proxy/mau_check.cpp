// SPDX-License-Identifier: MIT
#include "proxy/mau_check.h"

#include <algorithm>

#include "base/limits.h"
#include "updates/canonical.h"
#include "updates/recognise.h"

namespace larder::proxy {

MauCheck::MauCheck(const Parts& parts, const updates::MauChannel& channel, const std::string& app_id,
                   updates::MauFiles known, std::function<void(MauFound)> done)
    : parts_(parts), channel_(channel), names_(app_id), known_(std::move(known)), done_(std::move(done)) {}

// A channel that has no such application is asked for its manifest alone.
void MauCheck::begin() {
  step_ = known_.contains(names_.manifest) ? Step::history : Step::manifest_is_there;
  go_on();
}

void MauCheck::go_on() {
  switch (step_) {
    case Step::manifest_is_there:
      fetch({names_.manifest});
      return;
    case Step::history:
      fetch({names_.history});
      return;
    case Step::manifest:
      fetch({names_.manifest, names_.signature});
      return;
    case Step::versioned:
      fetch(promised());
      return;
    case Step::pointer:
      fetch({names_.pointer});
      return;
    case Step::ended: {
      const auto done = std::exchange(done_, {});
      done(std::move(found_));  // destroys this
      return;
    }
  }
}

// Of the manifest's own version, where the history names it and they are not held.
std::vector<std::string> MauCheck::promised() const {
  const auto history = found_.files.find(names_.history);
  if (history == found_.files.end()) return {};
  const auto versions = updates::read_mau_history(*history->second);
  auto facts = updates::examine_mau_set(std::string_view(names_.manifest).substr(4, names_.manifest.size() - 8),
                                        {{names_.manifest, found_.files.at(names_.manifest)}}, nullptr);
  if (!versions || !facts) return {};
  if (std::find(versions->begin(), versions->end(), facts->version) == versions->end()) return {};
  std::vector<std::string> names;
  for (auto name : {names_.versioned(facts->version), names_.versioned_signature(facts->version)}) {
    if (!known_.contains(name)) names.push_back(std::move(name));
  }
  return names;
}

void MauCheck::fetch(std::vector<std::string> names) {
  if (names.empty()) {
    step_ = static_cast<Step>(static_cast<int>(step_) + 1);
    go_on();
    return;
  }
  running_ = names.size();
  for (const std::string& name : names) {
    const updates::CanonicalUrl url = updates::canonical(updates::mau_url(channel_, name));
    FillOrder order;
    order.key = url.key;
    order.origin = url.origin;
    order.fallbacks = url.fallbacks;
    order.name = cache::NameClass::mutable_name;
    order.what =
        std::make_shared<const updates::Recognition>(updates::recognise(url.origin, *updates::Knowledge::empty()));
    order.known = parts_.reader.find(url.key);
    order.validate = order.known != nullptr;
    auto told = [this, &thread = parts_.thread, name, alive = std::weak_ptr<bool>(alive_)](const Status& status) {
      thread.post([this, name, alive, status] {
        if (!alive.expired()) fetched(name, status);
      });
    };
    parts_.origin.post([&fills = parts_.fills, order = std::move(order), told = std::move(told)]() mutable {
      fills.fetch(std::move(order), std::move(told));
    });
  }
}

void MauCheck::fetched(const std::string& name, const Status& status) {
  const updates::CanonicalUrl url = updates::canonical(updates::mau_url(channel_, name));
  const cache::ObjectPtr object = status ? parts_.reader.find(url.key) : nullptr;
  if (object && object->complete() && object->size_bytes <= limits::kDocumentBytes) {
    std::string bytes;
    bytes.reserve(object->size_bytes);
    auto state = cache::ChunkState::ready;
    for (std::uint32_t i = 0; i < cache::chunk_count(object->size_bytes) && state == cache::ChunkState::ready; ++i) {
      state = parts_.reader.read_now(object->extent, {i}, object->size_bytes, [&](std::span<const std::byte> part) {
        bytes.append(reinterpret_cast<const char*>(part.data()), part.size());
      });
    }
    if (state == cache::ChunkState::ready) {
      found_.files[name] = std::make_shared<const std::string>(std::move(bytes));
    } else {
      found_.failure = name + " could not be read back from the store";
    }
  } else if (status || status.error().kind != ErrorKind::not_found) {
    found_.failure = name + " could not be had" + (status ? std::string{} : ": " + status.error().message);
  } else {
    found_.files.erase(name);
  }
  if (--running_ > 0) return;
  const bool over = !found_.failure.empty() || (step_ != Step::history && !found_.files.contains(names_.manifest));
  step_ = over ? Step::ended : static_cast<Step>(static_cast<int>(step_) + 1);
  go_on();
}

}  // namespace larder::proxy
