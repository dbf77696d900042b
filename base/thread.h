// SPDX-License-Identifier: MIT
// Named threads and bounded inboxes: how Larder's threads exist and speak to each other.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace larder {

// The name `top -H` shows for the calling thread; at most 15 characters.
void name_this_thread(const std::string& name);

// A bounded queue with one consumer and many producers. When it is full, try_push says so and the producer decides what
// that means; nothing blocks a producer.
template <class Message>
class Inbox {
 public:
  explicit Inbox(std::size_t limit) : limit_(limit) {}

  // False when full or closed; the message is then untouched.
  [[nodiscard]] bool try_push(Message&& message) {
    const std::lock_guard lock(mutex_);
    if (closed_ || messages_.size() >= limit_) return false;
    messages_.push_back(std::move(message));
    wake_.notify_one();
    return true;
  }

  // Waits for messages, at most until the deadline; takes all there are, at most `most`. Empty after the deadline, or
  // when closed and drained.
  std::vector<Message> take(std::chrono::steady_clock::time_point deadline, std::size_t most) {
    std::unique_lock lock(mutex_);
    wake_.wait_until(lock, deadline, [&] { return closed_ || !messages_.empty(); });
    std::vector<Message> taken;
    while (!messages_.empty() && taken.size() < most) {
      taken.push_back(std::move(messages_.front()));
      messages_.pop_front();
    }
    return taken;
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    wake_.notify_all();
  }

  bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return messages_.size();
  }

 private:
  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Message> messages_;
  bool closed_ = false;
};

}  // namespace larder
