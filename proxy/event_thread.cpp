// SPDX-License-Identifier: MIT
#include "proxy/event_thread.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdlib>
#include <future>
#include <utility>

#include "base/thread.h"

namespace larder::proxy {
namespace {

EventBase new_base(int flags) {
  const Owned<event_config, event_config_free> config(event_config_new());
  if (!config || event_config_set_flag(config.get(), flags) != 0) return {};
  return EventBase(event_base_new_with_config(config.get()));
}

}  // namespace

Timer::Timer(event_base* base, std::function<void()> fire)
    : fire_(std::move(fire)),
      event_(event_new(
          base, -1, 0, [](evutil_socket_t, short, void* self) noexcept { static_cast<Timer*>(self)->fire_(); }, this)) {
  if (!event_) std::abort();
}

void Timer::after(std::chrono::microseconds delay) {
  const timeval when{static_cast<time_t>(delay.count() / 1000000), static_cast<suseconds_t>(delay.count() % 1000000)};
  event_add(event_.get(), &when);
}

void Timer::cancel() {
  event_del(event_.get());
}

EventThread::EventThread(std::string name, int flags) : name_(std::move(name)), base_(new_base(flags)) {
  wake_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (!base_ || wake_fd_ < 0) std::abort();  // out of memory or descriptors before anything has begun
  wake_.reset(event_new(
      base_.get(), wake_fd_, EV_READ | EV_PERSIST,
      [](evutil_socket_t, short, void* self) noexcept { static_cast<EventThread*>(self)->drain(); }, this));
  event_add(wake_.get(), nullptr);
}

EventThread::~EventThread() {
  stop();
  wake_.reset();
  close(wake_fd_);
}

void EventThread::start() {
  thread_ = std::thread([this] {
    name_this_thread(name_);
    event_base_loop(base_.get(), EVLOOP_NO_EXIT_ON_EMPTY);
  });
}

void EventThread::stop() {
  if (!thread_.joinable()) return;
  post([this] { event_base_loopbreak(base_.get()); });
  thread_.join();
  std::vector<Task> left;
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  left.swap(tasks_);
}

void EventThread::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    tasks_.push_back(std::move(task));
    if (tasks_.size() > 1) return;
  }
  const std::uint64_t one = 1;
  // The counter cannot overflow: it is written once per drain.
  if (write(wake_fd_, &one, sizeof one) != sizeof one) std::abort();
}

void EventThread::run(const Task& task) {
  std::promise<void> done;
  post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

void EventThread::drain() {
  std::uint64_t count = 0;
  if (read(wake_fd_, &count, sizeof count) < 0) return;
  {
    const std::lock_guard lock(mutex_);
    running_.swap(tasks_);
  }
  for (Task& task : running_) task();
  running_.clear();
}

}  // namespace larder::proxy
