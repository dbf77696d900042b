// SPDX-License-Identifier: MIT
// The self-test (self_test.h), also for those that may use nothing else.
#include "proxy/authority.h"
#include "proxy/device_desk.h"
#include "proxy/exchange.h"
#include "proxy/own_host.h"
#include "proxy/self_test.h"

namespace larder::proxy {

void Exchange::begin_self_test(const Helper& helper) {
  if (!helper.host.empty() && !is_own_host(helper.host, loop_.config(), connection_.local())) {
    const Refusal refusal = refuse_host(helper.host);
    answer_text(refusal.status, refusal.reason + "\n", "text/plain; charset=utf-8", refusal.fields);
    return;
  }
  auto test = std::make_shared<SelfTest>();
  test->came = helper.host.empty() ? Came::directly : Came::by_proxy;
  test->secure = connection_.secure();
  test->reached = connection_.local();
  test->client = connection_.client();
  test->allowed = connection_.admission() != Admission::stranger;
  test->token = helper.token;
  if (test->came == Came::by_proxy && test->token.empty()) {
    test->token = proxy_user(*head_);
    test->token_from = reports::DeviceEvidence::proxy_user;
  }
  const bool json = self_test_wants_json(helper.path, head_->find("Accept"));
  if (!test->allowed) {
    answer_self_test(*test, json);
    return;
  }
  asked_devices_ = true;
  loop_.expect(id_, [this, test, json] { answer_self_test(*test, json); });
  loop_.site.devices.ask(test->client, test->token,
                         [&loop = loop_, id = id_, test](std::optional<DeviceOnRecord> device) {
                           loop.thread.post([&loop, id, test, device = std::move(device)]() mutable {
                             test->device = std::move(device);
                             loop.wake(id);
                           });
                         });
}

void Exchange::answer_self_test(const SelfTest& test, bool json) {
  std::vector<std::pair<std::string, std::string>> fields{{"Cache-Control", "no-store"},
                                                          {"Vary", "Accept"},
                                                          {"X-Content-Type-Options", "nosniff"},
                                                          {"Referrer-Policy", "no-referrer"}};
  const int status = test.allowed ? 200 : 403;
  if (json) {
    answer_text(status, self_test_json(test), "application/json", fields);
    return;
  }
  fields.emplace_back("Content-Security-Policy", self_test_policy());
  answer_text(status, self_test_page(test), "text/html; charset=utf-8", fields);
}

// A stranger is refused everything but being told so in full. False: it asks for something else.
bool Exchange::tells_stranger() {
  const Classified what =
      classify(*head_, loop_.site.origins, connection_.secure() ? ListenerKind::tls : ListenerKind::plain);
  const auto* asked = std::get_if<Helper>(&what);
  const bool reads = head_->method == "GET" || head_->method == "HEAD";
  if (asked == nullptr || asked->kind != Helper::Kind::self_test || !reads) return false;
  begin_self_test(*asked);
  return true;
}

}  // namespace larder::proxy
