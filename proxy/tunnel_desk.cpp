// SPDX-License-Identifier: MIT
#include "proxy/tunnel_desk.h"

#include <unistd.h>

#include "proxy/curl_driver.h"

namespace larder::proxy {

TunnelSocket::~TunnelSocket() {
  if (fd_ >= 0) ::close(fd_);
}

class TunnelDesk::Dial final : public TransferSink {
 public:
  Dial(TunnelDesk& desk, Id id, TransferSpec spec, EventThread& loop, Done done)
      : desk_(desk),
        id_(id),
        host_(config::Endpoint{spec.url.host, spec.url.port}.text()),
        loop_(loop),
        done_(std::move(done)),
        driver_(desk.client_.make_driver()) {
    transfer_ = OriginClient::start_on(*driver_, std::move(spec), *this);
  }

  bool on_head(const OriginAnswer&) override { return false; }
  bool on_body(std::span<const std::byte>) override { return false; }
  void on_connected(int fd) override { socket_ = std::make_shared<TunnelSocket>(fd); }

  void on_end(Status status) override {
    // Not here: curl is still on the stack.
    desk_.thread_.post([&desk = desk_, id = id_] { desk.dials_.erase(id); });
    Result<std::shared_ptr<TunnelSocket>> result =
        socket_  ? Result<std::shared_ptr<TunnelSocket>>(std::move(socket_))
        : status ? Result<std::shared_ptr<TunnelSocket>>(fail(ErrorKind::origin_failed, "it could not be connected to"))
                 : Result<std::shared_ptr<TunnelSocket>>(std::move(status).error());
    loop_.post([done = std::move(done_), result = std::move(result),
                rest = desk_.client_.health().rest_left(host_)]() mutable { done(std::move(result), rest); });
  }

 private:
  TunnelDesk& desk_;
  const Id id_;
  const std::string host_;
  EventThread& loop_;
  Done done_;
  std::shared_ptr<TunnelSocket> socket_;
  std::unique_ptr<CurlDriver> driver_;
  std::unique_ptr<Transfer> transfer_;
};

TunnelDesk::TunnelDesk(EventThread& thread, OriginClient& client) : thread_(thread), client_(client) {}

TunnelDesk::~TunnelDesk() = default;

void TunnelDesk::dial(const std::string& host, std::uint16_t port, EventThread& loop, Done done) {
  TransferSpec spec;
  spec.connect_only = true;
  spec.url.scheme = "https";
  spec.url.host = host;
  spec.url.port = port;
  spec.url.path = "/";
  const Id id = next_++;
  dials_[id] = std::make_unique<Dial>(*this, id, std::move(spec), loop, std::move(done));
}

void TunnelDesk::stop() {
  dials_.clear();
}

}  // namespace larder::proxy
