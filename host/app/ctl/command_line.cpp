// CLI11's one unit of relancectl: commands become nested subcommands.
#include "host/app/ctl/command_line.hpp"

#include "host/app/version.hpp"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <map>
#include <memory>

namespace relance::ctl {
namespace {

constexpr const char *kDefaultSocket{"/run/relance/control.sock"};
constexpr const char *kExitCodes{
    "Exit: 0 done; 1 the daemon refused, or what was looked at has faults; 2 wrong command line; 3 no daemon "
    "answers."};

/// Where CLI11 leaves what it read for one command.
struct Slot {
  const Command *command{nullptr};
  CLI::App *app{nullptr};
  std::map<std::string, std::string> values;
  std::map<std::string, std::vector<std::string>> many;
  std::map<std::string, bool> flags;
};

void add_options(Slot &slot) {
  for (const auto &option : slot.command->options) {
    const bool is_word{!option.name.starts_with("-")};
    if (!is_word && option.placeholder.empty()) {
      slot.app->add_flag(option.name, slot.flags[option.name], option.help);
      continue;
    }
    auto *added = option.is_many ? slot.app->add_option(option.name, slot.many[option.name], option.help)
                                 : slot.app->add_option(option.name, slot.values[option.name], option.help);
    added->required(option.is_required)->type_name(is_word ? "" : option.placeholder);
    if (!option.is_many) added->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  }
}

/// The app of "tasks done", below the one of "tasks", which stands before it in the list.
CLI::App *add_app(CLI::App &root, const Command &command, std::map<std::string, CLI::App *> &made) {
  const auto space = command.path.rfind(' ');
  auto *parent = space == std::string::npos ? &root : made.at(command.path.substr(0, space));
  const auto word = space == std::string::npos ? command.path : command.path.substr(space + 1);
  auto *app = parent->add_subcommand(word, command.help + ".");
  app->fallthrough();
  // CLI11 hands a parent's footer down: each has its own.
  app->footer("Example: " + command.example + "\n" + kExitCodes +
              "\nEvery command takes --json, --socket PATH and --creditor CODE: see relancectl --help.");
  made[command.path] = app;
  return app;
}

std::map<std::string, std::vector<std::string>> given(const Slot &slot) {
  std::map<std::string, std::vector<std::string>> values;
  for (const auto &[name, text] : slot.values)
    if (slot.app->get_option(name)->count() > 0) values[name] = {text};
  for (const auto &[name, texts] : slot.many)
    if (!texts.empty()) values[name] = texts;
  for (const auto &[name, is_set] : slot.flags)
    if (is_set) values[name] = {};
  return values;
}

}  // namespace

int run_command_line(int argc, char **argv, std::span<const Command> commands) {
  CLI::App root{"relancectl speaks with relanced: imports, questions, and what people decide.", "relancectl"};
  const char *from_environment{std::getenv("RELANCE_SOCKET")};
  std::string socket{from_environment == nullptr ? kDefaultSocket : from_environment};
  std::string creditor;
  bool is_json{false}, wants_markdown{false};
  root.add_option("--socket", socket,
                  "the daemon's control socket; else RELANCE_SOCKET, else " + std::string{kDefaultSocket})
      ->type_name("PATH");
  root.add_option("--creditor", creditor, "whose ledger; needed only where several are configured")
      ->type_name("CODE");
  root.add_flag("--json", is_json, "print the daemon's answer as JSON");
  root.add_flag("--markdown", wants_markdown)->group("");
  root.set_version_flag("--version", std::string{"relancectl "} + app::kVersion);
  root.footer(std::string{"Example: relancectl status --json\n"} + kExitCodes +
              "\nrelancectl COMMAND --help explains one command, and shows an example of it.");
  std::map<std::string, CLI::App *> made;
  std::vector<std::unique_ptr<Slot>> slots;
  for (const auto &command : commands) {
    auto &slot = *slots.emplace_back(std::make_unique<Slot>());
    slot.command = &command;
    slot.app = add_app(root, command, made);
    add_options(slot);
  }
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError &end) {
    return root.exit(end) == 0 ? kExitOk : kExitUsage;
  }
  if (wants_markdown) {
    std::fputs(as_markdown(commands).c_str(), stdout);
    return kExitOk;
  }
  // The deepest command that was named.
  const CLI::App *named{&root};
  std::string above;
  while (!named->get_subcommands().empty()) {
    above += (above.empty() ? "" : " ") + named->get_name();
    named = named->get_subcommands().front();
  }
  for (const auto &slot : slots)
    if (slot->app == named && slot->command->run) {
      const Client client{socket};
      return slot->command->run(Run{client, given(*slot), creditor, is_json});
    }
  std::fputs(named->help(above).c_str(), stderr);
  return kExitUsage;
}

std::string as_markdown(std::span<const Command> commands) {
  std::string out{
      "# The commands of relancectl\n\n"
      "Made by `relancectl --markdown`; a test keeps it current. Every command takes `--json` (the daemon's "
      "answer as it came),\n"
      "`--socket PATH` (else `RELANCE_SOCKET`, else `/run/relance/control.sock`) and `--creditor CODE` "
      "(needed only where several\n"
      "are configured). Exit codes: 0 done; 1 the daemon refused, or what was looked at has faults; 2 wrong "
      "command line; 3 no\n"
      "daemon answers. Long work shows a progress bar when standard error is a terminal. Who did it is the "
      "user of the\n"
      "operating system who called.\n"};
  for (const auto &command : commands) {
    out += "\n## `relancectl " + command.path + "`\n\n" + command.help + ".\n";
    if (!command.options.empty()) out += '\n';
    for (const auto &option : command.options) {
      out +=
          "- `" + option.name +
          (option.placeholder.empty() || option.placeholder == option.name ? "" : " " + option.placeholder) +
          (option.is_many ? "…" : "") + "`: " + option.help + (option.is_required ? " (needed)" : "") + "\n";
    }
    out += "\n```sh\n" + command.example + "\n```\n";
  }
  return out;
}

}  // namespace relance::ctl
