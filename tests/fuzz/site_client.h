// SPDX-License-Identifier: MIT
// A client of a played site: asks for things, one request after another or several at once, and holds every byte it is
// sent against the versions there are. What is never to be seen ends the program: bytes of no version or of two, an
// answer that ends cleanly before its end, a head that can be read in two ways.
#pragma once

#include <poll.h>

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "site_world.h"

namespace larder::site {

struct Ask {
  const Thing* thing = nullptr;
  std::string method = "GET";
  std::string token;  // names the request in the ledger
  std::string range;
  std::string condition;  // a whole field line, "" none
};

// What became of an Ask.
struct Outcome {
  Ask ask;
  int status = 0;              // 0: none came
  bool complete = false;       // the answer's end was reached
  std::uint64_t received = 0;  // body bytes
  bool of_now = false;         // complete, and the bytes are those the origin has
  bool left = false;           // the client reset the connection behind it
};

class Client {
 public:
  // Connects; `port` is Larder's.
  explicit Client(std::uint16_t port);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // By one of the entrances (0 to 3); heads are written as fast as the socket takes them.
  void ask(Ask ask, unsigned entrance);

  void add_to(std::vector<pollfd>& set) const;
  bool work();  // whether anything went on
  bool waits() const { return socket_ >= 0 && !asked_.empty(); }
  bool open() const { return socket_ >= 0; }

  void hold(bool held) { held_ = held; }  // a client that reads nothing for a while
  void leave();                           // resets the connection
  // From now on it may be cut at any point, cleanly too: Larder stops.
  void expect_cut() { cut_expected_ = true; }

  const std::vector<Outcome>& outcomes() const { return outcomes_; }

 private:
  enum class Framing { none, length, chunked };

  void ended(bool cleanly);
  bool take();
  bool take_head();
  void take_body();
  void take_chunked();
  void body_bytes(std::string_view bytes);
  void check_head();
  void finish();
  void finish_parts();
  void compare(std::uint64_t offset, std::string_view bytes);
  const std::string* field(const std::string& name) const;

  int socket_ = -1;
  bool held_ = false;
  bool cut_expected_ = false;
  bool was_reset_ = false;
  bool closes_ = false;  // Larder has said so
  std::string out_;
  std::string in_;
  std::deque<Ask> asked_;
  std::vector<Outcome> outcomes_;

  // Of the answer that is being read.
  bool in_body_ = false;
  int status_ = 0;
  std::map<std::string, std::string> fields_;
  Framing framing_ = Framing::none;
  std::uint64_t left_ = 0;  // of the body, or of a chunk
  bool last_chunk_ = false;
  std::uint64_t received_ = 0;
  std::uint64_t offset_ = 0;  // in the object, of the first body byte
  bool compared_ = false;
  std::string parts_;  // of several ranges
  std::vector<Version> matches_;
};

}  // namespace larder::site
