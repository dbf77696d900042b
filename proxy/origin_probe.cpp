// SPDX-License-Identifier: MIT
#include "proxy/origin_probe.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/text.h"
#include "cache/cache_control.h"
#include "cache/freshness.h"
#include "proxy/curl_driver.h"

namespace larder::proxy {
namespace {

// The clock of whoever made the answer, now: a stored one is older than its Date by its Age.
std::optional<WallTime> time_of(const OriginAnswer& answer) {
  const auto* date = cache::find_field(answer.received, "Date");
  if (date == nullptr) return std::nullopt;
  const auto parsed = cache::parse_http_date(*date);
  if (!parsed) return std::nullopt;
  std::chrono::seconds age{0};
  if (const auto* field = cache::find_field(answer.received, "Age")) {
    age = std::chrono::seconds(parse_decimal(trim(*field)).value_or(0));
  }
  return *parsed + age;
}

}  // namespace

// Shared by who waits and `origin`, whichever lives longer.
struct OriginProbe::Round {
  std::mutex mutex;
  std::condition_variable all;
  std::vector<Probed> results;  // guarded by mutex, as is the next
  std::size_t missing = 0;
  bool over = false;  // nobody waits any more; `origin` alone

  void tell(std::size_t place, Probed result) {
    const std::lock_guard lock(mutex);
    results.at(place) = std::move(result);
    if (--missing == 0) all.notify_all();
  }
};

class OriginProbe::Asked final : public TransferSink {
 public:
  Asked(OriginProbe& desk, std::shared_ptr<Round> round, std::size_t place, std::string text, updates::Url url)
      : desk_(desk),
        round_(std::move(round)),
        place_(place),
        began_(desk.clock_.steady()),
        driver_(desk.client_.make_driver()) {
    result_.url = std::move(text);
    TransferSpec spec;
    spec.method = "HEAD";
    spec.redirects = Redirects::relay;
    spec.url = std::move(url);
    spec.asking = Asking::resumed;
    transfer_ = OriginClient::start_on(*driver_, std::move(spec), *this);
  }

  const Round* round() const { return round_.get(); }

  bool on_head(const OriginAnswer& answer) override {
    result_.status = answer.status;
    result_.their_time = time_of(answer);
    result_.our_time = desk_.clock_.now();
    return true;
  }
  bool on_body(std::span<const std::byte>) override { return false; }
  void on_end(Status status) override {
    result_.took = std::chrono::duration_cast<std::chrono::milliseconds>(desk_.clock_.steady() - began_);
    if (result_.status == 0) {
      result_.trouble = status ? fail(ErrorKind::origin_failed, "it broke off") : std::move(status).error();
    }
    // Not here: curl is still on the stack. Before who waits is told, and may ask anew: it stands for this one alone.
    desk_.thread_.post([&desk = desk_, this] { desk.forget(this); });
    round_->tell(place_, std::move(result_));
  }

 private:
  OriginProbe& desk_;
  std::shared_ptr<Round> round_;
  const std::size_t place_;
  const SteadyTime began_;
  Probed result_;
  std::unique_ptr<CurlDriver> driver_;
  std::unique_ptr<Transfer> transfer_;
};

OriginProbe::OriginProbe(EventThread& thread, OriginClient& client, const Clock& clock)
    : thread_(thread), client_(client), clock_(clock) {}

OriginProbe::~OriginProbe() = default;

std::vector<Probed> OriginProbe::probe(const std::vector<std::string>& urls, std::chrono::milliseconds patience) {
  auto round = std::make_shared<Round>();
  round->missing = urls.size();
  for (const std::string& url : urls) {
    Probed& result = round->results.emplace_back();
    result.url = url;
    result.took = patience;
    result.trouble =
        fail(ErrorKind::timed_out, "no answer within " + std::to_string(patience.count() / 1000) + " seconds");
  }
  thread_.post([this, round] { begin(round); });
  std::unique_lock lock(round->mutex);
  round->all.wait_for(lock, patience, [&] { return round->missing == 0; });
  std::vector<Probed> results = round->results;
  lock.unlock();
  thread_.post([this, round] {
    round->over = true;
    std::erase_if(asked_, [&](const auto& asked) { return asked->round() == round.get(); });
  });
  return results;
}

void OriginProbe::begin(const std::shared_ptr<Round>& round) {
  if (round->over) return;
  for (std::size_t place = 0; place < round->results.size(); ++place) {
    const std::string text = round->results[place].url;
    auto url = updates::Url::parse(text);
    if (!url) {
      Probed result;
      result.url = text;
      result.trouble = std::move(url).error();
      round->tell(place, std::move(result));
      continue;
    }
    asked_.push_back(std::make_unique<Asked>(*this, round, place, text, std::move(*url)));
  }
}

void OriginProbe::forget(Asked* asked) {
  std::erase_if(asked_, [&](const auto& one) { return one.get() == asked; });
}

void OriginProbe::stop() {
  asked_.clear();
}

}  // namespace larder::proxy
