// SPDX-License-Identifier: MIT
#include "admin/command_pages.h"

#include <catch2/catch.hpp>

#include "config/keys.h"

using namespace larder;
using namespace larder::admin;

namespace {

struct Words {
  std::string where, format;
  CLI::App app{"Tries pages", "tried"};

  Words() {
    app.add_option("--where", where, "A back\\slash, it's 'quoted'");
    auto* show = app.add_subcommand("show", "Shows things");
    auto* tree = show->add_subcommand("tree", "A tree of them");
    tree->add_option("--format", format, "How")->check(CLI::IsMember(std::vector<std::string>{"round", "flat"}));
    show->add_subcommand("", "")->group("");
  }
};

}  // namespace

TEST_CASE("a manual page has every command and option", "[pages]") {
  const Words words;
  const std::string page = man_page(words.app, 1, ".starts like a request", "other(8)");
  CHECK(page.starts_with(".TH TRIED 1 "));
  CHECK(page.find("\n.SS tried show tree\n") != std::string::npos);
  CHECK(page.find("\\-\\-where \\fIVALUE\\fR") != std::string::npos);
  CHECK(page.find("\\-\\-format \\fIround|flat\\fR") != std::string::npos);
  CHECK(page.find("back\\eslash") != std::string::npos);
  CHECK(page.find("\n\\&.starts like a request\n") != std::string::npos);
  CHECK(page.find("other(8)") != std::string::npos);
}

TEST_CASE("the page of larder.toml has every key", "[pages]") {
  const std::string page = keys_man_page();
  for (const config::Key& key : config::keys()) {
    const std::string name(key.name.substr(key.name.rfind('.') + 1));
    CHECK(page.find(".B " + name + " \\fR(") != std::string::npos);
  }
}

TEST_CASE("completions know each place's words", "[pages]") {
  const Words words;
  for (const Shell shell : {Shell::bash, Shell::zsh, Shell::fish}) {
    const std::string script = completion(words.app, shell);
    CHECK(script.find(" show tree'") != std::string::npos);
    CHECK(script.find("round flat") != std::string::npos);
  }
  CHECK(shell_named("fish") == Shell::fish);
  CHECK_FALSE(shell_named("csh").has_value());
}
