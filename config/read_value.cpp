// SPDX-License-Identifier: MIT
#include "config/read_value.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "config/duration.h"
#include "config/special_address.h"

namespace larder::config {
namespace {

constexpr std::string_view kPrivate = "private";

std::string joined(std::initializer_list<std::string_view> choices) {
  std::string text;
  for (const auto choice : choices) text += (text.empty() ? "\"" : ", \"") + std::string(choice) + "\"";
  return text;
}

}  // namespace

bool for_each_text(const Value& value, KeyProblems& problems, const OnText& each) {
  const auto* list = std::get_if<std::vector<Value>>(&value.data);
  if (list == nullptr) {
    problems.add(value.line, R"(this must be a list of texts; write ["...", "..."])");
    return false;
  }
  std::vector<std::string> seen;
  bool good = true;
  for (const auto& element : *list) {
    const auto text = read_text(element, problems);
    if (text && std::find(seen.begin(), seen.end(), *text) != seen.end()) {
      problems.add(element.line, in_quotes(*text) + " is there twice; remove one");
      good = false;
    } else if (!text || !each(element.line, *text)) {
      good = false;
    }
    if (text) seen.push_back(*text);
  }
  return good;
}

std::optional<std::string> read_text(const Value& value, KeyProblems& problems) {
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr) {
    problems.add(value.line, "this must be text; put it in quotes");
    return std::nullopt;
  }
  if (!is_printable_utf8(*text)) {
    problems.add(value.line, "the text contains control characters; remove them");
    return std::nullopt;
  }
  return *text;
}

std::optional<std::uint64_t> read_size(const Value& value, KeyProblems& problems) {
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr) {
    problems.add(value.line, "a size is a number and a unit in quotes, such as \"200 GiB\"");
    return std::nullopt;
  }
  const auto size = parse_bytes(*text);
  if (size) return *size;
  problems.add(value.line, is_printable_utf8(*text) ? size.error().message : "this is not an amount of bytes");
  return std::nullopt;
}

std::optional<BytesPerSecond> read_rate(const Value& value, KeyProblems& problems) {
  const auto text = read_text(value, problems);
  if (!text) return std::nullopt;
  const auto rate = parse_rate(*text);
  if (rate) return *rate;
  problems.add(value.line, rate.error().message);
  return std::nullopt;
}

std::optional<std::filesystem::path> read_path(const Value& value, KeyProblems& problems) {
  const auto text = read_text(value, problems);
  if (!text) return std::nullopt;
  std::filesystem::path path(*text);
  if (!path.empty() && !path.is_absolute()) {
    problems.add(value.line, in_quotes(*text) + " is a relative path; write it whole, beginning with /");
    return std::nullopt;
  }
  return path;
}

std::optional<std::vector<std::filesystem::path>> read_paths(const Value& value, KeyProblems& problems) {
  std::vector<std::filesystem::path> paths;
  const bool good = for_each_text(value, problems, [&](std::uint32_t line, const std::string& text) {
    paths.emplace_back(text);
    if (paths.back().is_absolute()) return true;
    problems.add(line, in_quotes(text) + " is no whole path; write it beginning with /");
    return false;
  });
  return good ? std::optional(std::move(paths)) : std::nullopt;
}

std::optional<bool> read_switch(const Value& value, KeyProblems& problems) {
  if (const auto* on = std::get_if<bool>(&value.data)) return *on;
  problems.add(value.line, "this must be true or false, without quotes");
  return std::nullopt;
}

std::optional<std::string> read_choice(const Value& value, std::initializer_list<std::string_view> choices,
                                       KeyProblems& problems) {
  auto text = read_text(value, problems);
  if (!text) return std::nullopt;
  if (std::find(choices.begin(), choices.end(), *text) != choices.end()) return text;
  problems.add(value.line, in_quotes(*text) + " is none of " + joined(choices));
  return std::nullopt;
}

std::optional<std::uint32_t> read_count(const Value& value, CountRange range, KeyProblems& problems) {
  const auto* number = std::get_if<std::int64_t>(&value.data);
  if (number != nullptr && *number >= range.least && *number <= range.most) return static_cast<std::uint32_t>(*number);
  problems.add(value.line, "this must be a number from " + std::to_string(range.least) + " to " +
                               std::to_string(range.most) + ", without quotes");
  return std::nullopt;
}

std::optional<std::chrono::seconds> read_duration(const Value& value, SpanRange range, KeyProblems& problems) {
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr) {
    problems.add(value.line, "a span of time is numbers and units in quotes, such as \"24h\" or \"1h30m\"");
    return std::nullopt;
  }
  const auto span = parse_duration(*text);
  if (!span) {
    problems.add(value.line, span.error().message);
    return std::nullopt;
  }
  if (*span >= range.least && *span <= range.most) return *span;
  problems.add(value.line, in_quotes(*text) + " is outside what makes sense here; write something from \"" +
                               format_duration(range.least) + "\" to \"" + format_duration(range.most) + "\"");
  return std::nullopt;
}

std::optional<std::vector<Endpoint>> read_listeners(const Value& value, KeyProblems& problems) {
  std::vector<Endpoint> endpoints;
  const bool good = for_each_text(value, problems, [&](std::uint32_t line, const std::string& text) {
    const auto endpoint = Endpoint::parse(text);
    if (!endpoint) {
      problems.add(line, endpoint.error().message);
      return false;
    }
    if (!Address::parse(endpoint->host)) {
      problems.add(line, in_quotes(text) + " names a host; to listen, write the address itself, or \"0.0.0.0:" +
                             std::to_string(endpoint->port) + "\" for all of this machine's");
      return false;
    }
    endpoints.push_back(*endpoint);
    return true;
  });
  return good ? std::optional(std::move(endpoints)) : std::nullopt;
}

std::optional<std::vector<Endpoint>> read_nameservers(const Value& value, KeyProblems& problems) {
  constexpr std::uint16_t kDnsPort = 53;
  std::vector<Endpoint> servers;
  const bool good = for_each_text(value, problems, [&](std::uint32_t line, const std::string& text) {
    if (Address::parse(text)) {
      servers.push_back({text, kDnsPort});
      return true;
    }
    const auto endpoint = Endpoint::parse(text);
    if (!endpoint || endpoint->port == 0 || !Address::parse(endpoint->host)) {
      problems.add(line, in_quotes(text) + R"( is no nameserver's address; write "192.0.2.53" or "[2001:db8::53]:53")");
      return false;
    }
    servers.push_back(*endpoint);
    return true;
  });
  return good ? std::optional(std::move(servers)) : std::nullopt;
}

std::optional<std::vector<std::string>> read_urls(const Value& value, KeyProblems& problems) {
  std::vector<std::string> urls;
  const bool good = for_each_text(value, problems, [&](std::uint32_t line, const std::string& text) {
    const auto begin = text.find("://");
    const bool web = text.starts_with("http://") || text.starts_with("https://");
    if (!web || begin + 3 == text.size() || text.find_first_of(" \t\r\n#") != std::string::npos) {
      problems.add(line, in_quotes(text) + R"( is no URL; write "https://host/path")");
      return false;
    }
    urls.push_back(text);
    return true;
  });
  return good ? std::optional(std::move(urls)) : std::nullopt;
}

std::optional<std::vector<Endpoint>> read_servers(const Value& value, KeyProblems& problems) {
  std::vector<Endpoint> servers;
  const bool good = for_each_text(value, problems, [&](std::uint32_t line, const std::string& text) {
    const auto endpoint = Endpoint::parse(text);
    const auto address = endpoint ? Address::parse(endpoint->host) : Result<Address>(Address{});
    if (!endpoint || endpoint->port == 0 || !address || special_use(*address) == "unspecified") {
      problems.add(line, in_quotes(text) + R"( is no address that clients could reach; write "10.1.2.3:8080")");
      return false;
    }
    servers.push_back(*endpoint);
    return true;
  });
  return good ? std::optional(std::move(servers)) : std::nullopt;
}

std::optional<std::string> read_host(const Value& value, KeyProblems& problems) {
  auto text = read_text(value, problems);
  if (!text || text->empty()) return text;
  if (Address::parse(*text)) return text;
  if (is_host_name(*text)) return to_lower(*text);
  problems.add(value.line, in_quotes(*text) + " is no host name; write it as \"larder.example.org\", without a port");
  return std::nullopt;
}

std::optional<std::vector<Network>> read_networks(const Value& value, KeyProblems& problems) {
  std::vector<Network> networks;
  const bool good = for_each_text(value, problems, [&](std::uint32_t line, const std::string& text) {
    if (text == kPrivate) {
      networks.insert(networks.end(), private_networks().begin(), private_networks().end());
      return true;
    }
    const auto network = Network::parse(text);
    if (!network) {
      problems.add(line, network.error().message + R"(; or "private" for all private networks)");
      return false;
    }
    networks.push_back(*network);
    return true;
  });
  return good ? std::optional(std::move(networks)) : std::nullopt;
}

std::optional<std::vector<std::string>> read_names(const Value& value, const std::vector<std::string_view>& known,
                                                   KeyProblems& problems) {
  std::vector<std::string> names;
  const bool good = for_each_text(value, problems, [&](std::uint32_t line, const std::string& text) {
    if (std::find(known.begin(), known.end(), text) == known.end()) {
      const auto near = nearest(text, known);
      std::string all;
      for (const auto name : known) all += (all.empty() ? "\"" : ", \"") + std::string(name) + "\"";
      problems.add(line, in_quotes(text) + " is not known; " +
                             (near.empty() ? "known are " + all : "did you mean \"" + std::string(near) + "\"?"));
      return false;
    }
    names.push_back(text);
    return true;
  });
  return good ? std::optional(std::move(names)) : std::nullopt;
}

std::optional<std::string> read_proxy_url(const Value& value, KeyProblems& problems) {
  auto text = read_text(value, problems);
  if (!text || text->empty()) return text;
  std::string_view rest = *text;
  const bool known = rest.starts_with("http://") || rest.starts_with("https://");
  rest.remove_prefix(known ? rest.find("//") + 2 : rest.size());
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) rest.remove_prefix(at + 1);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const bool has_port = rest.find(':', rest.starts_with('[') ? rest.find(']') : 0) != std::string_view::npos;
  if (known && Endpoint::parse(has_port ? std::string(rest) : std::string(rest) + ":80")) return text;
  problems.add(value.line, "this is not a proxy's URL; write it as \"http://proxy.example.org:3128\"");
  return std::nullopt;
}

}  // namespace larder::config
