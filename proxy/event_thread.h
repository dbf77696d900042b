// SPDX-License-Identifier: MIT
// EventThread: a named thread that runs a libevent base, and the way to it: post().
// Everything that lives on the thread is touched by posted functions and event callbacks only.
#pragma once

#include <event2/event.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/owned.h"

namespace larder::proxy {

using EventBase = Owned<event_base, event_base_free>;
using Event = Owned<event, event_free>;

// A callback on an event base; frees its event when it goes. Made and destroyed on the base's thread.
class Timer {
 public:
  Timer(event_base* base, std::function<void()> fire);
  void after(std::chrono::microseconds delay);  // restarts
  void cancel();

 private:
  std::function<void()> fire_;
  Event event_;
};

class EventThread {
 public:
  using Task = std::function<void()>;

  // Flags: of libevent's event_base_config_flag.
  explicit EventThread(std::string name, int flags = 0);
  ~EventThread();  // stop() has been called, or was never started
  EventThread(const EventThread&) = delete;
  EventThread& operator=(const EventThread&) = delete;

  void start();
  // Runs what is posted already, then ends the thread and waits for it.
  void stop();

  // Any thread; never blocks longer than a push takes. Tasks run in the order of one poster. After stop() a task is
  // destroyed without running.
  void post(Task task);

  // Runs the task on the thread and waits for it. Not from the thread itself.
  void run(const Task& task);

  event_base* base() const { return base_.get(); }
  bool here() const { return std::this_thread::get_id() == thread_.get_id(); }

 private:
  void drain();

  const std::string name_;
  EventBase base_;
  int wake_fd_ = -1;
  Event wake_;
  std::mutex mutex_;
  std::vector<Task> tasks_;  // guarded by mutex_
  bool stopped_ = false;     // guarded by mutex_
  std::vector<Task> running_;
  std::thread thread_;
};

}  // namespace larder::proxy
