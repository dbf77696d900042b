// SPDX-License-Identifier: MIT
#include "proxy/name_probe.h"

#include <fstream>
#include <memory>
#include <sstream>

#include "proxy/event_thread.h"
#include "proxy/origin_resolver.h"

namespace larder::proxy {
namespace {

constexpr std::uint16_t kDnsPort = 53;

}  // namespace

std::vector<NameAnswer> ask_nameservers(const std::vector<config::Endpoint>& nameservers,
                                        const std::vector<std::string>& names, const Clock& clock,
                                        std::chrono::milliseconds patience) {
  std::vector<NameAnswer> answers;
  for (const config::Endpoint& nameserver : nameservers) {
    for (const std::string& name : names) {
      answers.push_back(
          {nameserver, name,
           fail(ErrorKind::timed_out, "no answer within " + std::to_string(patience.count() / 1000) + " seconds")});
    }
  }
  if (answers.empty()) return answers;
  const EventBase base(event_base_new());
  std::size_t missing = answers.size();
  std::vector<std::unique_ptr<OriginResolver>> resolvers;
  for (std::size_t at = 0; at < answers.size(); ++at) {
    if (at % names.size() == 0) {
      resolvers.push_back(std::make_unique<OriginResolver>(base.get(), std::vector{answers[at].nameserver}, clock));
    }
    resolvers.back()->resolve(answers[at].name, [&, at](const Result<OriginResolver::Addresses>& addresses) {
      answers[at].addresses = addresses;
      if (--missing == 0) event_base_loopbreak(base.get());
    });
  }
  Timer enough(base.get(), [&] { event_base_loopbreak(base.get()); });
  enough.after(patience);
  if (missing > 0) event_base_dispatch(base.get());
  return answers;
}

std::vector<config::Endpoint> nameservers_in(const std::filesystem::path& resolv_conf) {
  std::vector<config::Endpoint> nameservers;
  std::ifstream file(resolv_conf);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string key;
    std::string value;
    words >> key >> value;
    if (key == "nameserver" && config::Address::parse(value)) nameservers.push_back({value, kDnsPort});
  }
  return nameservers;
}

}  // namespace larder::proxy
