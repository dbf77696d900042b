// SPDX-License-Identifier: MIT
// The origin of a played site: an HTTP/1.1 server on a loopback port that has the things of the world and lets go wrong
// what the script has laid up for them. Driven by poll() from the one thread of the play.
#pragma once

#include <poll.h>

#include <array>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "site_world.h"

namespace larder::site {

class Origin {
 public:
  Origin(std::array<Thing, kThings>& things, const Clock& clock);
  ~Origin();
  Origin(const Origin&) = delete;
  Origin& operator=(const Origin&) = delete;

  std::uint16_t port() const { return port_; }

  void add_to(std::vector<pollfd>& set) const;
  // Reads and writes what can be; whether anything went on.
  bool work();

  // Stalls end, and nothing goes wrong any more.
  void clear_up();
  // Every connection is reset.
  void drop_all();

 private:
  struct Conversation {
    int socket = -1;
    std::string in;
    std::string head;  // of the answer, what is unsent
    std::string tail;  // after the body, likewise
    std::span<const char> body;
    std::uint64_t sent = 0;       // of the body
    std::uint64_t breaks_at = 0;  // byte of the body at which `then` happens
    FaultKind then = FaultKind::none;
    bool answering = false;
    bool ends = false;  // after this answer
  };
  struct Asked {
    std::string method;
    std::string range;
    std::string if_range;
    std::string if_none_match;
    std::string if_modified_since;
  };

  void accept_all();
  bool read(Conversation& conversation);
  bool write(Conversation& conversation);
  void answer(Conversation& conversation, std::string_view head);
  void answer_with(Conversation& conversation, Thing& thing, const Asked& asked);
  static void answer_wrongly(Conversation& conversation, const Fault& fault);
  std::string fields(const Thing& thing, const Version& version) const;
  static void close(Conversation& conversation, bool cleanly);

  std::array<Thing, kThings>& things_;
  const Clock& clock_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::list<Conversation> conversations_;
};

// A listening socket on a loopback port the kernel chose; the port.
std::pair<int, std::uint16_t> listen_somewhere();

void make_nonblocking(int socket);

}  // namespace larder::site
