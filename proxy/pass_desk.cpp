// SPDX-License-Identifier: MIT
#include "proxy/pass_desk.h"

#include "proxy/curl_driver.h"

namespace larder::proxy {
namespace {

// Bytes received of a pass that its client has not taken yet; at it the origin is no longer read.
constexpr std::size_t kPassWindow = 1024 * 1024;

}  // namespace

class PassDesk::Pass final : public TransferSink {
 public:
  Pass(PassDesk& desk, ReaderId reader, EventThread& loop, PassInbox& inbox, TransferSpec spec)
      : desk_(desk), reader_(reader), loop_(loop), inbox_(inbox), driver_(desk.client_.make_driver()) {
    spec.flow = std::make_shared<LineShare::Flow>();
    transfer_ = OriginClient::start_on(*driver_, std::move(spec), *this);
  }

  void on_interim(const OriginAnswer& answer) override {
    tell([answer](PassListener& listener) { listener.on_pass_interim(answer); });
  }

  bool on_head(const OriginAnswer& answer) override {
    add(desk_.counters_.origin_requests);
    tell([answer](PassListener& listener) { listener.on_pass_head(answer); });
    return true;
  }

  bool on_body(std::span<const std::byte> bytes) override {
    add(desk_.counters_.bytes_from_origin, bytes.size());
    batch_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    untaken_ += bytes.size();
    if (untaken_ >= kPassWindow) OriginClient::hold(*driver_);
    if (batch_.size() == bytes.size()) {
      desk_.thread_.post([&desk = desk_, reader = reader_] {
        if (const auto found = desk.passes_.find(reader); found != desk.passes_.end()) found->second->flush();
      });
    }
    return true;
  }

  void on_end(Status status) override {
    flush();
    // Not here: curl is still on the stack. Before the reader hears of it and begins another.
    desk_.thread_.post([&desk = desk_, reader = reader_] { desk.passes_.erase(reader); });
    tell([status](PassListener& listener) { listener.on_pass_end(status); });
  }

  void taken(std::size_t bytes) {
    untaken_ -= std::min(bytes, untaken_);
    if (untaken_ < kPassWindow / 2) OriginClient::release(*driver_);
  }

 private:
  void flush() {
    if (batch_.empty()) return;
    tell([bytes = std::exchange(batch_, {})](PassListener& listener) mutable {
      listener.on_pass_body(std::move(bytes));
    });
  }

  template <class Tell>
  void tell(Tell function) {
    loop_.post([&inbox = inbox_, reader = reader_, function = std::move(function)]() mutable {
      if (PassListener* listener = inbox.find(reader)) function(*listener);
    });
  }

  PassDesk& desk_;
  const ReaderId reader_;
  EventThread& loop_;
  PassInbox& inbox_;
  std::unique_ptr<CurlDriver> driver_;
  std::unique_ptr<Transfer> transfer_;
  std::string batch_;
  std::size_t untaken_ = 0;
};

PassDesk::PassDesk(EventThread& thread, OriginClient& client, Counters& counters)
    : thread_(thread), client_(client), counters_(counters) {}

PassDesk::~PassDesk() = default;

void PassDesk::start(ReaderId reader, EventThread& loop, PassInbox& inbox, TransferSpec spec) {
  passes_[reader] = std::make_unique<Pass>(*this, reader, loop, inbox, std::move(spec));
}

void PassDesk::taken(ReaderId reader, std::size_t bytes) {
  if (const auto found = passes_.find(reader); found != passes_.end()) found->second->taken(bytes);
}

void PassDesk::cancel(ReaderId reader) {
  passes_.erase(reader);
}

void PassDesk::stop() {
  passes_.clear();
}

}  // namespace larder::proxy
