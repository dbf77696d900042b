// SPDX-License-Identifier: MIT
// The larder command's words: its subcommands, their options, and which call each is (command_calls.h). Exit 0: good;
// 1: the thing failed; 2: used wrongly.
#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "admin/command_calls.h"
#include "admin/command_pages.h"
#include "admin/doctor_command.h"
#include "admin/prefetch_command.h"
#include "admin/profile_command.h"

namespace {

using namespace larder;
using namespace larder::admin;

constexpr std::string_view kAbout =
    "Asks larderd, by its administration's API, what it holds, serves and has served, and gives it orders. Answers are "
    "tables on a terminal, the API's JSON with --json, CSV with --csv where there is a table of rows.";
constexpr std::string_view kSeeAlso = "larderd(8), larder.toml(5)";

using Run = std::function<int(const CommandOptions&)>;

class CommandLine {
 public:
  CommandLine() {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.add_option("--admin", options_.admin, "Where larderd's administration is")
        ->envname("LARDER_ADMIN")
        ->capture_default_str();
    app_.add_option("--token-file", options_.token_file, "The file with the token, where one is set")
        ->envname("LARDER_TOKEN_FILE");
    app_.add_flag("--json", options_.json, "Print the API's answer unchanged");
    app_.add_option("--watch", options_.watch_seconds, "Ask again each so many seconds: status, reports, cache list")
        ->check(CLI::Range(1U, 3600U));
    app_.footer("LARDER_TOKEN holds the token itself. Exit: 0 good, 1 the thing failed, 2 used wrongly.");
    add_status();
    add_doctor();
    add_what();
    add_reports();
    add_ledger();
    add_audit();
    add_cache();
    add_prefetch();
    add_bundles();
    add_devices();
    add_profile();
    add_dns();
    add_tls();
    add_webhooks();
    add_config();
    add_pages_of_itself();
  }

  int run(int count, char** words) {
    try {
      app_.parse(count, words);
    } catch (const CLI::ParseError& error) {
      return app_.exit(error) == 0 ? kGood : kUsedWrongly;
    }
    return run_(options_);
  }

 private:
  CLI::App* add(CLI::App& parent, const char* name, const char* meaning, Run run) {
    auto* command = parent.add_subcommand(name, meaning);
    command->callback([this, run = std::move(run)] { run_ = run; });
    return command;
  }

  void add_status() {
    add(app_, "status", "How larderd, the cache and the ledger are",
        [](const CommandOptions& o) { return get(o, Subject::status, "/api/v1/status"); });
  }

  void add_doctor() {
    doctor_.add(app_)->callback([this] {
      run_ = [this](const CommandOptions& o) {
        auto client = connect(o);
        return client ? doctor_.run(*client, o.json) : failed(client.error().message);
      };
    });
  }

  void add_what() {
    add(app_, "what", "What a URL is an update of, and how that is known",
        [](const CommandOptions& o) { return get(o, Subject::what, "/api/v1/what?url=" + query_escape(o.url)); })
        ->add_option("URL", options_.url, "The whole URL of a file")
        ->required();
  }

  void add_reports() {
    auto* report = app_.add_subcommand("report", "Who fetched what");
    report->require_subcommand(1)->fallthrough();
    add_report(*report, "summary", "Totals, and what the cache saved", Subject::summary);
    add_pages(*add_report(*report, "versions", "How many devices have fetched which version", Subject::versions));
    add_report(*report, "adoption", "How the versions of a product came to the devices, by day", Subject::adoption)
        ->add_option("--version", options_.version, "This version only");
    auto* releases = add(
        *report, "releases", "The releases that catalogues list, and how each has spread",
        [](const CommandOptions& o) { return get(o, Subject::releases, "/api/v1/reports/releases" + query_of(o)); });
    releases->add_option("--product", options_.product, "This product only");
    add_group(*releases);
    releases->add_flag("--csv", options_.csv, "Print CSV");
    add_pages(*add_report(*report, "devices", "The devices seen", Subject::devices));
    add_pages(*add_report(*report, "fetches", "Single fetches, the newest first", Subject::fetches));
    auto* lagging =
        add_report(*report, "lagging",
                   "Devices that do not have the newest release now, and those never seen; of those seen in a "
                   "time, if one is given",
                   Subject::lagging);
    add_pages(*lagging);
    add_traffic(*report);
    add_report(*report, "problems", "What is wrong, and what went wrong for devices, each with what to do",
               Subject::problems);
    add(*report, "device", "One device: its products and last fetches",
        [](const CommandOptions& o) {
          return get(o, Subject::device, "/api/v1/reports/devices/" + query_escape(o.device_id));
        })
        ->add_option("ID", options_.device_id, "As `larder report devices` shows it")
        ->required();
  }

  void add_traffic(CLI::App& report) {
    auto* traffic = add_report(report, "traffic", "Requests and bytes by hour, product and entrance", Subject::traffic);
    traffic->callback([this] { run_ = report_traffic; });
    traffic->add_option("--by", options_.by, "Added up by this one alone")
        ->check(CLI::IsMember(std::vector<std::string>{"hour", "day", "product", "entrance", "origin", "network"}));
    add_pages(*traffic);
  }

  CLI::App* add_report(CLI::App& report, const char* name, const char* meaning, Subject subject) {
    auto* command = add(report, name, meaning, [subject, name](const CommandOptions& o) {
      return get(o, subject, std::string("/api/v1/reports/") + name + query_of(o));
    });
    command->add_option("--from", options_.from, "From this time on: 2026-08-17 or 2026-08-17T15:04:05Z");
    command->add_option("--to", options_.to, "Up to this time");
    command->add_option("--product", options_.product, "This product only");
    command->add_option("--device", options_.device, "This device only");
    add_group(*command);
    command->add_flag("--csv", options_.csv, "Print CSV; all rows when --limit is not given");
    return command;
  }

  void add_group(CLI::App& command) {
    command.add_option("--group", options_.group, "Devices of this group of the inventory only");
  }

  void add_audit() {
    auto* audit = app_.add_subcommand("audit", "What was changed, by whom and from where");
    audit->require_subcommand(1)->fallthrough();
    auto* list = add(*audit, "list", "The newest first; refused attempts too",
                     [](const CommandOptions& o) { return get(o, Subject::changes, "/api/v1/audit" + query_of(o)); });
    list->add_option("--from", options_.from, "From this time on: 2026-08-17 or 2026-08-17T15:04:05Z");
    list->add_option("--to", options_.to, "Up to this time");
    list->add_flag("--csv", options_.csv, "Print CSV; all rows when --limit is not given");
    add_pages(*list);
    add(*audit, "check", "Whether the record is whole: each line follows the one before it", check_audit);
  }

  void add_ledger() {
    auto* ledger = app_.add_subcommand("ledger", "The record of all fetches");
    ledger->require_subcommand(1)->fallthrough();
    add(*ledger, "check", "Add its totals up anew from the single fetches, and say which are wrong",
        [](const CommandOptions& o) { return get(o, Subject::totals, "/api/v1/ledger/totals"); });
    add(*ledger, "repair", "The same, and put them right", repair_totals);
  }

  void add_pages(CLI::App& command) {
    command.add_option("--limit", options_.limit, "Rows, 1 to 1000");
    command.add_option("--cursor", options_.cursor, "Go on where the page before ended");
  }

  void add_cache() {
    auto* cache = app_.add_subcommand("cache", "What the cache holds");
    cache->require_subcommand(1)->fallthrough();
    add_pages(*add(*cache, "list", "The objects held", [](const CommandOptions& o) {
      return get(o, Subject::objects, "/api/v1/cache/objects" + query_of(o));
    }));
    add(*cache, "verify", "Read everything back against its checks; what is damaged is dropped", verify);
    add_order(*cache, "pin", "Never evict an object");
    add_order(*cache, "unpin", "Let an object be evicted again");
    add_order(*cache, "evict", "Drop an object now");
  }

  void add_prefetch() {
    prefetch_.add(app_)->callback([this] {
      run_ = [this](const CommandOptions& o) {
        auto client = connect(o);
        return client ? prefetch_.run(*client, o.json) : failed(client.error().message);
      };
    });
  }

  void add_bundles() {
    add(app_, "export", "Write what is known of AutoUpdate's releases to a file, for another site", export_bundle)
        ->add_option("FILE", options_.file, "- for standard output")
        ->required();
    add(app_, "import", "Take in what another site has exported; nothing newer is replaced", import_bundle)
        ->add_option("FILE", options_.file, "- for standard input")
        ->required();
  }

  void add_devices() {
    auto* devices = app_.add_subcommand("devices", "The site's devices, as the administrator knows them");
    devices->require_subcommand(1)->fallthrough();
    auto* command = add(*devices, "import",
                        "Add a list of devices (CSV), as an MDM exports it; nothing is ever removed", import_devices);
    command->add_option("FILE", options_.file, "CSV with a header line; - for standard input")->required();
    command->add_flag("--dry-run", options_.dry_run, "Only say what would change");
    auto* erase =
        add(*devices, "erase", "Forget one device: its record and what the inventory says of it", erase_device);
    erase->add_option("ID", options_.device_id, "As `larder report devices` shows it, or its serial number")
        ->required();
    erase->add_flag("--dry-run", options_.dry_run, "Only say what would go");
  }

  void add_order(CLI::App& cache, const char* name, const char* meaning) {
    add(cache, name, meaning,
        [name](const CommandOptions& o) { return order(o, std::string("/api/v1/cache/") + name); })
        ->add_option("URL", options_.url, "As `larder cache list` shows it")
        ->required();
  }

  void add_profile() {
    profile_.add(app_)->callback([this] {
      run_ = [this](const CommandOptions& o) {
        auto client = connect(o);
        return client ? profile_.run(*client, o.json) : failed(client.error().message);
      };
    });
  }

  void add_dns() {
    auto* dns = add(
        app_, "dns", "What a nameserver is told so that names of origins lead to Larder", [](const CommandOptions& o) {
          auto client = connect(o);
          if (!client) return failed(client.error().message);
          return print(o, Subject::text, client->post("/api/v1/dns", dns_json(o.format, o.addresses, o.https)));
        });
    dns->add_option("--format", options_.format, "The nameserver")
        ->required()
        ->check(CLI::IsMember(std::vector<std::string>{"dnsmasq", "unbound", "bind-rpz", "adguard", "pihole"}));
    dns->add_option("--address", options_.addresses, "By which devices reach Larder; several times for several");
    dns->add_flag("--https", options_.https, "Names that are asked by https alone too: passed through, never cached");
  }

  void add_tls() {
    auto* tls = app_.add_subcommand("tls", "The certificate devices see");
    tls->require_subcommand(1)->fallthrough();
    add(*tls, "status", "What it is for and until when, and what is wrong with it",
        [](const CommandOptions& o) { return get(o, Subject::tls, "/api/v1/tls"); });
    add(*tls, "init", "Make an authority of the site's own, and a certificate that renews itself",
        [](const CommandOptions& o) {
          auto client = connect(o);
          if (!client) return failed(client.error().message);
          return print(o, Subject::tls, client->post("/api/v1/tls", names_json(o.names)));
        })
        ->add_option("NAME", options_.names, "Names and addresses by which devices reach Larder; else listen.name");
    add(*tls, "root", "Print the certificate that devices must trust", print_root);
  }

  void add_webhooks() {
    auto* webhooks = app_.add_subcommand("webhooks", "Whom larderd tells of events, and whether it gets through");
    webhooks->fallthrough();
    webhooks->callback([this, webhooks] {
      if (!webhooks->get_subcommands().empty()) return;  // the last callback is the outer one's
      run_ = [](const CommandOptions& o) { return get(o, Subject::webhooks, "/api/v1/webhooks"); };
    });
    add(*webhooks, "test", "Send a test event now, and say what became of it", test_webhooks)
        ->add_option("WEBHOOK", options_.webhook, "Its number or URL, as `larder webhooks` shows it; else all");
  }

  void add_config() {
    auto* config = app_.add_subcommand("config", "The configuration");
    config->require_subcommand(1)->fallthrough();
    auto* command = add(*config, "explain", "What the keys of larder.toml mean; larderd need not run", explain);
    command->add_option("KEY", options_.key, "One key, such as storage.cache_size");
    command->add_option("--config", options_.config_file, "Show the values in this file too");
  }

  void add_pages_of_itself() {
    add(app_, "completion", "Print the completion for a shell",
        [this](const CommandOptions& o) {
          std::cout << completion(app_, *shell_named(o.format));
          return kGood;
        })
        ->add_option("SHELL", options_.format, "The shell")
        ->required()
        ->check(CLI::IsMember(std::vector<std::string>{"bash", "zsh", "fish"}));
    add(app_, "man", "Print a manual page in roff",
        [this](const CommandOptions& o) {
          std::cout << (o.format == "larder.toml" ? keys_man_page() : man_page(app_, 1, kAbout, kSeeAlso));
          return kGood;
        })
        ->add_option("PAGE", options_.format, "Which")
        ->check(CLI::IsMember(std::vector<std::string>{"larder", "larder.toml"}));
  }

  CLI::App app_{"The larder command: asks larderd what it holds, serves and has served", "larder"};
  CommandOptions options_;
  DoctorCommand doctor_;
  PrefetchCommand prefetch_;
  ProfileCommand profile_;
  Run run_;
};

}  // namespace

int main(int argc, char** argv) {
  return CommandLine().run(argc, argv);
}
