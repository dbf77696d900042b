// SPDX-License-Identifier: MIT
// Workers: a few threads that do what may wait for the disk.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace larder::admin {

class Workers {
 public:
  explicit Workers(unsigned threads);
  ~Workers();  // finishes what runs, forgets what waits
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Any thread. False when kWaiting tasks wait already; the task is then forgotten.
  [[nodiscard]] bool post(std::function<void()> task);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> waiting_;  // guarded by mutex_
  bool stopping_ = false;                      // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace larder::admin
