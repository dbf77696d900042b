// SPDX-License-Identifier: MIT
#include "proxy/catalogue_poll.h"

#include <spdlog/spdlog.h>

#include "proxy/own_order.h"
#include "updates/knowledge.h"
#include "updates/recognise.h"

namespace larder::proxy {
namespace {

constexpr auto kEvery = std::chrono::minutes(60);
constexpr auto kAfterFailure = std::chrono::minutes(5);
constexpr auto kLookEvery = std::chrono::seconds(15);

}  // namespace

CataloguePoll::CataloguePoll(EventThread& origin, FillDesk& fills, const OriginTable& origins,
                             const std::vector<std::string>& urls)
    : fills_(fills), timer_(origin.base(), [this] { look(); }) {
  for (const std::string& text : urls) {
    const auto url = updates::Url::parse(text);
    if (!url || !updates::is_teaching_document(*url)) {
      spdlog::warn("updates.poll: {} is no catalogue that Larder can read; it is not fetched", text);
      continue;
    }
    auto order = own_order(text, origins, *updates::Knowledge::empty());
    if (!order) {
      spdlog::warn("updates.poll: {}", order.error().message);
      continue;
    }
    Polled polled;
    polled.order = std::move(*order);
    polled.order.name = cache::NameClass::mutable_name;
    polled.order.standard = nullptr;
    polled_.push_back(std::move(polled));
  }
}

void CataloguePoll::start() {
  if (!polled_.empty()) fills_.thread.post([this] { look(); });
}

void CataloguePoll::look() {
  const SteadyTime now = fills_.clock.steady();
  for (Polled& polled : polled_) {
    if (!polled.running && polled.next <= now) ask(polled);
  }
  timer_.after(kLookEvery);
}

void CataloguePoll::ask(Polled& polled) {
  polled.running = true;
  FillOrder order = polled.order;
  order.known = fills_.reader().find(order.key);
  order.validate = order.known != nullptr;
  fills_.fetch(std::move(order), [this, &polled](const Status& status) { asked(polled, status); });
}

void CataloguePoll::asked(Polled& polled, const Status& status) {
  polled.running = false;
  if (!status) spdlog::warn("the catalogue {} could not be fetched; it is tried again soon", polled.order.key);
  polled.next = fills_.clock.steady() + about(status ? kEvery : kAfterFailure);
}

// A quarter more or less by chance, so that sites do not ask together.
std::chrono::milliseconds CataloguePoll::about(std::chrono::minutes time) {
  const auto quarter = std::chrono::milliseconds(time).count() / 4;
  return time + std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(-quarter, quarter)(random_));
}

}  // namespace larder::proxy
