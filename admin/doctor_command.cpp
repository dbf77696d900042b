// SPDX-License-Identifier: MIT
#include "admin/doctor_command.h"

#include <unistd.h>

#include <iostream>

#include "admin/show_answer.h"
#include "admin/show_doctor.h"
#include "admin/text_table.h"

namespace larder::admin {
namespace {

constexpr int kGood = 0;
constexpr int kFailed = 1;

int failed(const std::string& message) {
  std::cerr << "larder: " << message << "\n";
  return kFailed;
}

}  // namespace

CLI::App* DoctorCommand::add(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "doctor",
      "Whether all is in order that devices need, and what to do where it is not; exits 1 if something is bad");
  auto* client = command->add_option(
      "--client", client_, "One device instead: its id or token, address, hardware address, serial number or name");
  command->add_flag("--offline", offline_, "Ask nothing outside that machine: no origins, no nameservers")
      ->excludes(client);
  return command;
}

int DoctorCommand::run(ApiClient& client, bool json) const {
  const std::string target = "/api/v1/doctor";
  const auto answer = client_.empty() ? client.get(target + (offline_ ? "?offline=true" : ""))
                                      : client.get(target + "/clients/" + query_escape(client_));
  if (!answer) return failed(answer.error().message);
  if (!answer->good()) {
    if (json) std::cout << answer->body;
    return failed(problem_sentence(answer->body));
  }
  const Colours colours = isatty(STDOUT_FILENO) != 0 ? Colours::terminal : Colours::none;
  const auto shown = client_.empty() ? show_findings(answer->body, terminal_width(), colours)
                                     : show_client(answer->body, terminal_width(), colours);
  if (!shown) return failed(shown.error().message);
  std::cout << (json ? answer->body : shown->text);
  return shown->bad ? kFailed : kGood;
}

}  // namespace larder::admin
