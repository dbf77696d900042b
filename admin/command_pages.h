// SPDX-License-Identifier: MIT
// Manual pages and shells' completions, written from what a command line is parsed by: no word of it is said twice.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace larder::admin {

// The page in roff's man macros: every option and every subcommand, to any depth. `about`: the paragraphs of its
// description, in roff or plain text without a leading dot. `see_also`: other pages, such as "larderd(8)".
std::string man_page(const CLI::App& app, int section, std::string_view about, std::string_view see_also);

// larder.toml(5): every key with its meaning, default and example.
std::string keys_man_page();

enum class Shell { bash, zsh, fish };
std::optional<Shell> shell_named(std::string_view name);

// A script for the shell that completes subcommands, options and the words an option or argument may be.
std::string completion(const CLI::App& app, Shell shell);

}  // namespace larder::admin
