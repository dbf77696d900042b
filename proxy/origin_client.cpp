// SPDX-License-Identifier: MIT
#include "proxy/origin_client.h"

#include "proxy/curl_driver.h"

namespace larder::proxy {

Transfer::Transfer(CurlDriver& driver, std::shared_ptr<Running> running)
    : driver_(driver), running_(std::move(running)) {}

Transfer::~Transfer() {
  driver_.abandon(running_);
}

void Transfer::hold(bool held) {
  driver_.hold(*running_, held);
}

OriginClient::OriginClient(EventThread& thread, const config::Config& config, const OriginTable& table,
                           const Clock& clock, Counters& counters)
    : thread_(thread),
      config_(config),
      table_(table),
      clock_(clock),
      guard_(config.listen),
      resolver_(thread.base(), config.origins.nameservers, clock),
      health_(clock, counters),
      line_(thread.base(), clock, counters),
      shared_(make_driver()),
      prompt_(make_driver()) {}

OriginClient::~OriginClient() = default;

std::unique_ptr<Transfer> OriginClient::start(TransferSpec spec, TransferSink& sink) {
  CurlDriver& driver = spec.urgency == TransferSpec::Urgency::prompt ? *prompt_ : *shared_;
  return driver.start(std::move(spec), sink);
}

std::unique_ptr<CurlDriver> OriginClient::make_driver() {
  return std::make_unique<CurlDriver>(
      DriverSite{thread_.base(), config_, table_, guard_, resolver_, health_, clock_, line_});
}

std::unique_ptr<Transfer> OriginClient::start_on(CurlDriver& driver, TransferSpec spec, TransferSink& sink) {
  return driver.start(std::move(spec), sink);
}

void OriginClient::hold() {
  shared_->hold();
  prompt_->hold();
}
void OriginClient::release() {
  shared_->release();
  prompt_->release();
}
void OriginClient::hold(CurlDriver& driver) {
  driver.hold();
}
void OriginClient::release(CurlDriver& driver) {
  driver.release();
}

}  // namespace larder::proxy
