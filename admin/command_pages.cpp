// SPDX-License-Identifier: MIT
#include "admin/command_pages.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "config/keys.h"

namespace larder::admin {
namespace {

const std::function<bool(const CLI::App*)> kAllCommands = [](const CLI::App* app) { return !app->get_group().empty(); };
const std::function<bool(const CLI::Option*)> kAllOptions = [](const CLI::Option* option) {
  return !option->get_group().empty();
};

// ---- manual pages ----

// Text that roff shows as it stands.
std::string roff(std::string_view text) {
  std::string out;
  bool begins_line = true;
  for (const char c : text) {
    if (begins_line && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    begins_line = c == '\n';
  }
  return out;
}

std::string names_of(const CLI::Option& option) {
  std::string names;
  const auto add = [&](const std::string& name) { names += (names.empty() ? "" : ", ") + name; };
  for (const std::string& name : option.get_snames()) add("-" + name);
  for (const std::string& name : option.get_lnames()) add("--" + name);
  return names.empty() ? option.get_name() : names;
}

// The words an option may be, when there is a list of them: "{a,b}" in what CLI11 says of its type.
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto begin = type.find('{');
  const auto end = type.find('}', begin);
  std::vector<std::string> choices;
  if (begin == std::string::npos || end == std::string::npos) return choices;
  for (const auto word : split(std::string_view(type).substr(begin + 1, end - begin - 1), ',')) {
    choices.emplace_back(trim(word));
  }
  return choices;
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

std::string manual_of(const CLI::Option& option) {
  std::string text = ".TP\n.B " + roff(names_of(option));
  if (!option.get_positional() && takes_value(option)) {
    const auto choices = choices_of(option);
    text += " \\fI";
    if (choices.empty()) {
      text += "VALUE";
    } else {
      for (std::size_t at = 0; at < choices.size(); ++at) text += (at == 0 ? "" : "|") + roff(choices[at]);
    }
    text += "\\fR";
  }
  text += "\n" + roff(option.get_description());
  if (!option.get_default_str().empty()) text += " (default: " + roff(option.get_default_str()) + ")";
  if (!option.get_envname().empty()) text += " (environment: " + roff(option.get_envname()) + ")";
  return text + "\n";
}

std::string options_of(const CLI::App& app) {
  std::string text;
  for (const CLI::Option* option : app.get_options(kAllOptions)) {
    if (app.get_parent() == nullptr || option != app.get_help_ptr()) text += manual_of(*option);
  }
  return text;
}

std::string usage_of(const CLI::App& app) {
  std::string text;
  for (const CLI::Option* option : app.get_options(kAllOptions)) {
    if (!option->get_positional()) continue;
    const std::string many = option->get_items_expected_max() > 1 ? "..." : "";
    text += option->get_required() ? " \\fI" + roff(option->get_name()) + "\\fR" + many
                                   : " [\\fI" + roff(option->get_name()) + "\\fR" + many + "]";
  }
  return text;
}

std::string commands_below(const CLI::App& app, const std::string& path) {
  std::string text;
  for (const CLI::App* command : app.get_subcommands(kAllCommands)) {
    const std::string name = path + " " + command->get_name();
    if (command->get_subcommands(kAllCommands).empty()) {
      text += ".SS " + roff(name) + usage_of(*command) + "\n" + roff(command->get_description()) + ".\n";
      text += options_of(*command);
      const bool own_footer = command->get_footer() != app.get_footer() && !command->get_footer().empty();
      if (own_footer) text += ".PP\n.nf\n" + roff(command->get_footer()) + "\n.fi\n";
    }
    text += commands_below(*command, name);
  }
  return text;
}

std::string header(const std::string& name, int section) {
  std::string title = name;
  std::transform(title.begin(), title.end(), title.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return ".TH " + title + " " + std::to_string(section) + " \"\" \"Larder " LARDER_VERSION "\" \"Larder\"\n";
}

// ---- completions ----

struct Word {
  std::string text;
  std::string meaning;
};

// What may stand after the words of one command.
struct Place {
  std::string path;  // "" for the command itself, " report versions"
  std::vector<Word> words;
};

std::vector<Word> words_of(const CLI::App& app) {
  std::vector<Word> words;
  for (const CLI::App* command : app.get_subcommands(kAllCommands)) {
    words.push_back({command->get_name(), command->get_description()});
  }
  for (const CLI::App* level = &app; level != nullptr; level = level->get_parent()) {
    for (const CLI::Option* option : level->get_options(kAllOptions)) {
      for (const std::string& name : option->get_lnames()) words.push_back({"--" + name, option->get_description()});
      if (level != &app || !option->get_positional()) continue;
      for (const std::string& choice : choices_of(*option)) words.push_back({choice, option->get_description()});
    }
  }
  return words;
}

void collect_places(const CLI::App& app, const std::string& path, std::vector<Place>& places) {
  places.push_back({path, words_of(app)});
  for (const CLI::App* command : app.get_subcommands(kAllCommands)) {
    collect_places(*command, path + " " + command->get_name(), places);
  }
}

// Options that take a value, with the words it may be; none: any text.
struct Valued {
  std::string option;
  std::vector<std::string> choices;
};

void collect_valued(const CLI::App& app, std::vector<Valued>& valued) {
  for (const CLI::Option* option : app.get_options(kAllOptions)) {
    if (option->get_positional() || !takes_value(*option)) continue;
    for (const std::string& name : option->get_lnames()) {
      const bool known =
          std::any_of(valued.begin(), valued.end(), [&](const Valued& other) { return other.option == "--" + name; });
      if (!known) valued.push_back({"--" + name, choices_of(*option)});
    }
  }
  for (const CLI::App* command : app.get_subcommands(kAllCommands)) collect_valued(*command, valued);
}

// In single quotes, for all three shells.
std::string quoted(std::string_view text, Shell shell) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += shell == Shell::fish ? "\\'" : "'\\''";
    } else if (c == '\\' && shell == Shell::fish) {
      out += "\\\\";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// Bash and zsh walk the words before the cursor and remember which command they have named.
std::string walk(const std::vector<Place>& places, const std::vector<Valued>& valued, const char* words) {
  std::string text = "  local place='' skip='' word\n  for word in " + std::string(words) + "; do\n";
  text += "    if [[ -n $skip ]]; then skip=''; continue; fi\n    case \"$word\" in\n      ";
  for (std::size_t at = 0; at < valued.size(); ++at) text += (at == 0 ? "" : "|") + valued[at].option;
  text += ") skip=1; continue ;;\n      -*) continue ;;\n    esac\n    case \"$place $word\" in\n      ";
  bool first = true;
  for (const Place& place : places) {
    if (place.path.empty()) continue;
    text += (first ? "" : "|") + quoted(place.path, Shell::bash);
    first = false;
  }
  return text + ") place=\"$place $word\" ;;\n    esac\n  done\n";
}

std::string bash_completion(const std::string& name, const std::vector<Place>& places,
                            const std::vector<Valued>& valued) {
  std::string text = "# Completion of " + name + " for bash.\n_" + name + "() {\n";
  text += "  local current=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\" choices=''\n";
  text += "  case \"$before\" in\n";
  for (const Valued& option : valued) {
    text += "    " + option.option + ") ";
    text += option.choices.empty() ? "COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
                                   : "choices=" + quoted(joined(option.choices), Shell::bash) + " ;;\n";
  }
  text += "  esac\n  if [[ -n $choices ]]; then COMPREPLY=($(compgen -W \"$choices\" -- \"$current\")); return; fi\n";
  text += walk(places, valued, "\"${COMP_WORDS[@]:1:COMP_CWORD-1}\"");
  text += "  case \"$place\" in\n";
  for (const Place& place : places) {
    std::vector<std::string> words;
    for (const Word& word : place.words) words.push_back(word.text);
    text += "    " + quoted(place.path, Shell::bash) + ") choices=" + quoted(joined(words), Shell::bash) + " ;;\n";
  }
  return text + "  esac\n  COMPREPLY=($(compgen -W \"$choices\" -- \"$current\"))\n}\ncomplete -F _" + name + " " +
         name + "\n";
}

std::string zsh_completion(const std::string& name, const std::vector<Place>& places,
                           const std::vector<Valued>& valued) {
  std::string text = "#compdef " + name + "\n_" + name + "() {\n  local -a choices\n";
  text += "  case \"${words[CURRENT-1]}\" in\n";
  for (const Valued& option : valued) {
    text += "    " + option.option + ") ";
    text += option.choices.empty() ? "_files; return ;;\n" : "compadd -- " + joined(option.choices) + "; return ;;\n";
  }
  text += "  esac\n" + walk(places, valued, "\"${(@)words[2,CURRENT-1]}\"") + "  case \"$place\" in\n";
  for (const Place& place : places) {
    text += "    " + quoted(place.path, Shell::zsh) + ") choices=(";
    for (const Word& word : place.words) {
      std::string escaped;
      for (const char c : word.text) escaped += c == ':' ? std::string("\\:") : std::string(1, c);
      text += "\n      " + quoted(escaped + ":" + word.meaning, Shell::zsh);
    }
    text += ") ;;\n";
  }
  return text + "  esac\n  _describe '" + name + "' choices\n}\n_" + name + " \"$@\"\n";
}

std::string fish_completion(const std::string& name, const std::vector<Place>& places,
                            const std::vector<Valued>& valued) {
  std::string text = "# Completion of " + name + " for fish.\nfunction __" + name + "_place\n";
  text += "  set -l place ''\n  set -l skip ''\n  for word in (commandline -opc)[2..-1]\n";
  text += "    if test -n \"$skip\"; set skip ''; continue; end\n    switch $word\n      case";
  for (const Valued& option : valued) text += " " + option.option;
  text += "\n        set skip 1\n      case '-*'\n      case '*'\n        switch \"$place $word\"\n          case";
  for (const Place& place : places) {
    if (!place.path.empty()) text += " " + quoted(place.path, Shell::fish);
  }
  text +=
      "\n            set place \"$place $word\"\n        end\n    end\n  end\n  test \"$place\" = \"$argv[1]\"\nend\n";
  text += "complete -c " + name + " -f\n";
  for (const Place& place : places) {
    const std::string condition =
        " -n " + quoted("__" + name + "_place " + quoted(place.path, Shell::bash), Shell::fish);
    for (const Word& word : place.words) {
      const bool option = word.text.starts_with("--");
      text += "complete -c " + name + condition +
              (option ? " -l " + word.text.substr(2) : " -a " + quoted(word.text, Shell::fish)) + " -d " +
              quoted(word.meaning, Shell::fish);
      const auto value =
          std::find_if(valued.begin(), valued.end(), [&](const Valued& v) { return v.option == word.text; });
      if (value != valued.end()) {
        text += value->choices.empty() ? " -rF" : " -x -a " + quoted(joined(value->choices), Shell::fish);
      }
      text += "\n";
    }
  }
  return text;
}

}  // namespace

std::string man_page(const CLI::App& app, int section, std::string_view about, std::string_view see_also) {
  const std::string name = app.get_name();
  std::string text = header(name, section);
  text += ".SH NAME\n" + name + " \\- " + roff(app.get_description()) + "\n.SH SYNOPSIS\n.B " + name + "\n";
  text += app.get_subcommands(kAllCommands).empty() ? "[OPTIONS]\n" : "[OPTIONS] COMMAND [WORDS]\n";
  text += ".SH DESCRIPTION\n" + roff(about) + "\n.SH OPTIONS\n" + options_of(app);
  if (const std::string commands = commands_below(app, name); !commands.empty()) text += ".SH COMMANDS\n" + commands;
  if (!app.get_footer().empty()) text += ".SH NOTES\n" + roff(app.get_footer()) + "\n";
  return text + ".SH SEE ALSO\n" + roff(see_also) + "\n";
}

std::string keys_man_page() {
  std::string text = header("larder.toml", 5);
  text += ".SH NAME\nlarder.toml \\- configuration of larderd\n.SH DESCRIPTION\n";
  text += roff(
      "TOML 1.0. Every key has a default; an unknown key is an error. Sizes are \"200 GiB\" (powers of 1024) or \"200 "
      "GB\" "
      "(powers of 1000), spans of time \"90s\", \"24h\", \"7d\", \"1h30m\". `larderd --config FILE --check` says what "
      "is "
      "wrong with a file, with line numbers.\n");
  std::string_view table;
  for (const config::Key& key : config::keys()) {
    const std::string_view of = key.name.substr(0, key.name.rfind('.'));
    if (of != table) {
      table = of;
      const std::string name =
          config::can_be_many(table) ? "[[" + std::string(table) + "]]" : "[" + std::string(table) + "]";
      text += ".SH \"" + name + "\"\n";
    }
    text += ".TP\n.B " + roff(key.name.substr(table.size() + 1)) + " \\fR(" + roff(key.type) + ")\n";
    text += roff(key.meaning) + "\n";
    if (!key.default_text.empty()) text += ".br\nDefault: " + roff(key.default_text) + "\n";
    text += ".br\nExample: " + roff(key.example) + "\n.br\nA change ";
    text += key.reload == config::Reload::live ? "is applied by a reload.\n" : "needs a restart.\n";
  }
  return text + ".SH SEE ALSO\nlarderd(8), larder(1)\n";
}

std::optional<Shell> shell_named(std::string_view name) {
  if (name == "bash") return Shell::bash;
  if (name == "zsh") return Shell::zsh;
  if (name == "fish") return Shell::fish;
  return std::nullopt;
}

std::string completion(const CLI::App& app, Shell shell) {
  std::vector<Place> places;
  collect_places(app, "", places);
  std::vector<Valued> valued;
  collect_valued(app, valued);
  switch (shell) {
    case Shell::bash:
      return bash_completion(app.get_name(), places, valued);
    case Shell::zsh:
      return zsh_completion(app.get_name(), places, valued);
    case Shell::fish:
      return fish_completion(app.get_name(), places, valued);
  }
  return {};
}

}  // namespace larder::admin
