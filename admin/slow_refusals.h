// SPDX-License-Identifier: MIT
// SlowRefusals: the 429s of clients that ask more often than they are answered. They are given one by one, kRefusalGap
// apart, so that who does not heed them is slowed down instead of taking the machine from the fetches. Its owner holds
// one for each connection at most. Threads: the server's. Lifetime: destroyed on the thread, or after it has ended;
// what is held then is given to nobody.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <utility>

#include "admin/message.h"
#include "proxy/event_thread.h"

namespace larder::admin {

class SlowRefusals {
 public:
  using Give = std::function<void(std::uint64_t connection, const Response&)>;

  SlowRefusals(event_base* base, Give give);

  // Gives the answer when it is its turn.
  void hold(std::uint64_t connection, Response response);

  // Whose answer is held longest.
  std::optional<std::uint64_t> first() const;

  // The connection has gone.
  void forget(std::uint64_t connection);

 private:
  void give_next();

  Give give_;
  std::deque<std::pair<std::uint64_t, Response>> held_;
  proxy::Timer gap_;
};

}  // namespace larder::admin
