// SPDX-License-Identifier: MIT
#include "config/rules.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <string>

#include "config/token.h"
#include "config/webhook_keys.h"

namespace larder::config {
namespace {

class Rules {
 public:
  Rules(const Config& config, const Document& document, Problems& problems)
      : config_(config), document_(document), problems_(problems) {}

  void check() {
    check_listeners();
    check_admin();
    check_tls();
    check_file("origins.ca_file", document_.line_of("origins.ca_file"), config_.origins.ca_file);
    check_hosts();
    check_windows();
    check_catalogues();
    check_access_log();
    check_webhooks();
  }

 private:
  void add(const std::string& key, const std::string& message) {
    problems_.add(document_.line_of(key), key + ": " + message);
  }

  void check_listeners() {
    const auto& listen = config_.listen;
    if (listen.http.empty() && listen.tls.empty() && listen.sni.empty()) {
      add("listen.http", R"(no client could reach Larder; write at least ["0.0.0.0:8080"])");
    }
    std::set<Endpoint> seen;
    check_each_once("listen.http", listen.http, seen);
    check_each_once("listen.tls", listen.tls, seen);
    check_each_once("listen.sni", listen.sni, seen);
    check_each_once("listen.admin", listen.admin, seen);
  }

  void check_each_once(const std::string& key, const std::vector<Endpoint>& endpoints, std::set<Endpoint>& seen) {
    for (const auto& endpoint : endpoints) {
      if (endpoint.port != 0 && !seen.insert(endpoint).second) {
        add(key, endpoint.text() + " is already used by another listener; give each its own port");
      }
    }
  }

  void check_access_log() {
    const std::filesystem::path& file = config_.log.access_file;
    if (config_.log.access == AccessLogFormat::none) return;
    std::error_code error;
    if (file.empty() || !file.is_absolute()) {
      add("log.access_file",
          "log.access needs a file to write to; write its whole path, such as \"/var/log/larder/access.log\"");
    } else if (!std::filesystem::is_directory(file.parent_path(), error)) {
      add("log.access_file",
          file.parent_path().string() + " is no directory; make it, writable by the user larderd runs as");
    } else if (std::filesystem::is_directory(file, error)) {
      add("log.access_file", file.string() + " is a directory; name a file");
    } else if (::access((std::filesystem::exists(file, error) ? file : file.parent_path()).c_str(), W_OK) != 0) {
      add("log.access_file", file.string() + " cannot be written (" + std::strerror(errno) +
                                 "); let the user larderd runs as write it, or name another file");
    }
  }

  void check_catalogues() {
    const std::filesystem::path& directory = config_.updates.catalogues;
    std::error_code error;
    if (!directory.empty() && !std::filesystem::is_directory(directory, error)) {
      add("updates.catalogues",
          "the directory " + directory.string() + " cannot be read; make it, or leave the key empty");
    }
  }

  void check_admin() {
    const auto& listeners = config_.listen.admin;
    const bool beyond =
        std::any_of(listeners.begin(), listeners.end(), [](const Endpoint& e) { return !is_loopback(e); });
    if (beyond && config_.access.admin_token_file.empty()) {
      add("listen.admin",
          "others on the network could administer Larder; name a file with a secret in access.admin_token_file, or "
          "listen on 127.0.0.1 only");
    }
    if (config_.access.admin_token_file.empty()) {
      if (!config_.access.read_token_file.empty()) {
        add("access.read_token_file",
            "a token that only reads keeps nobody from giving orders while there is none for these; name a file with "
            "another secret in access.admin_token_file");
      }
      return;
    }
    if (!config_.access.read_token_file.empty()) {
      if (const auto token = read_admin_token(config_.access.read_token_file); !token) {
        add("access.read_token_file", token.error().message);
      }
    }
    if (const auto token = read_admin_token(config_.access.admin_token_file); !token) {
      add("access.admin_token_file", token.error().message);
    }
  }

  static bool is_loopback(const Endpoint& endpoint) {
    const auto address = Address::parse(endpoint.host);
    return address && any_contains(loopback_networks(), *address);
  }

  void check_tls() {
    const auto& tls = config_.tls;
    if (tls.certificate.empty() && !tls.key.empty()) {
      add("tls.certificate", "tls.key is given without its certificate; name the certificate's PEM file");
    }
    if (tls.key.empty() && !tls.certificate.empty()) {
      add("tls.key", "the certificate's private key is missing; name its PEM file");
    }
    check_file("tls.certificate", document_.line_of("tls.certificate"), tls.certificate);
    check_file("tls.key", document_.line_of("tls.key"), tls.key);
  }

  void check_file(const std::string& key, std::uint32_t line, const std::filesystem::path& file) {
    if (file.empty()) return;
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) {
      problems_.add(line, key + ": " + file.string() + " is a directory; name a PEM file");
      return;
    }
    errno = 0;
    if (!std::ifstream(file)) {
      problems_.add(line, key + ": " + file.string() + " cannot be read: " + std::strerror(errno) +
                              "; name a PEM file that the user larderd runs as can read");
    }
  }

  void check_windows() {
    for (const auto& item : document_.items) {
      if (item.name != "rates.window") continue;
      const bool says = std::any_of(item.entries.begin(), item.entries.end(), [](const Entry& entry) {
        return entry.name == "rates.window.client" || entry.name == "rates.window.line";
      });
      if (!says)
        problems_.add(item.line, "rates.window: the table sets no rate; add client = \"...\" or line = \"...\"");
    }
  }

  void check_webhooks() {
    std::set<std::string> seen;
    auto hook = config_.webhooks.hooks.begin();
    for (const auto& table : document_.items) {
      if (table.name != "webhooks.hook") continue;
      const std::string url = hook->url;
      const auto file = (hook++)->secret_file;
      const auto line_of = [&](std::string_view key) {
        const auto entry = std::find_if(table.entries.begin(), table.entries.end(),
                                        [&](const Entry& each) { return each.name == key; });
        return entry == table.entries.end() ? 0 : entry->line;
      };
      if (line_of("webhooks.hook.url") == 0) {
        problems_.add(table.line, "webhooks.hook: the table names no receiver; add url = \"https://...\"");
      }
      if (!url.empty() && !seen.insert(url).second) {
        problems_.add(line_of("webhooks.hook.url"),
                      "webhooks.hook.url: this URL has a table already; list all its events there");
      }
      if (file.empty()) continue;
      if (const auto secret = read_admin_token(file); !secret) {
        problems_.add(line_of("webhooks.hook.secret_file"), "webhooks.hook.secret_file: " + secret.error().message);
      }
    }
    if (config_.webhooks.hooks.size() > kWebhooks) {
      problems_.add(0, "webhooks.hook: more than " + std::to_string(kWebhooks) +
                           " receivers; let one of them pass events on to others");
    }
  }

  void check_hosts() {
    std::set<std::pair<std::string, std::uint16_t>> seen;
    std::size_t item = 0;
    for (const auto& host : config_.origins.hosts) {
      while (document_.items.at(item).name != "origins.host") ++item;
      const auto& table = document_.items.at(item++);
      const auto line_of = [&](std::string_view key) {
        for (const auto& entry : table.entries) {
          if (entry.name == key) return entry.line;
        }
        return table.line;
      };
      const bool named = std::any_of(table.entries.begin(), table.entries.end(),
                                     [](const auto& entry) { return entry.name == "origins.host.name"; });
      if (!named) problems_.add(table.line, "origins.host: the table names no host; add name = \"...\"");
      if (!host.name.empty() && !seen.emplace(host.name, host.port.value_or(0)).second) {
        problems_.add(line_of("origins.host.name"),
                      "origins.host.name: \"" + host.name + "\" has a table already; make it one");
      }
      check_file("origins.host.ca_file", line_of("origins.host.ca_file"), host.ca_file);
    }
  }

  const Config& config_;
  const Document& document_;
  Problems& problems_;
};

}  // namespace

void check_rules(const Config& config, const Document& document, Problems& problems) {
  Rules(config, document, problems).check();
}

}  // namespace larder::config
