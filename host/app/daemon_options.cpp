// CLI11's one unit of the daemon.
#include "host/app/daemon_options.hpp"

#include "host/app/version.hpp"

#include <CLI/CLI.hpp>

namespace relance::app {

std::variant<DaemonOptions, int> read_daemon_options(int argc, char **argv) {
  DaemonOptions options;
  std::string start;
  CLI::App app{
      "relanced gets invoices paid: it walks each debtor through reminders and lets receipts decide what "
      "comes next.",
      "relanced"};
  app.footer(
      "Example: relanced --config /etc/relance/relanced.toml\n"
      "Signals: SIGTERM or SIGINT stops gracefully, SIGHUP reloads the configuration.\n"
      "Exit: 0 stopped as asked; 64 wrong command line; 70 fault of the program; 74 store, socket or folder "
      "cannot be used;\n"
      "      75 the store or the socket belongs to another process; 78 the configuration has errors, or a "
      "plugin refuses it.");
  app.add_option("--config", options.config, "the daemon's configuration file (TOML)")
      ->required()
      ->type_name("FILE");
  app.add_flag("--check-config", options.checks_only,
               "check the whole configuration, print what is wrong, start nothing");
  app.add_flag("--paused", options.starts_paused,
               "hand nothing to a provider until `relancectl resume`: for the first start after a restore");
  app.add_flag(
      "--test-clock", options.has_test_clock,
      "business time stands still and moves only by `relancectl clock advance`: for demos and tests");
  app.add_option("--test-clock-start", start,
                 "where the test clock of a new store starts, such as 2026-03-02T08:00:00Z")
      ->type_name("INSTANT");
  app.set_version_flag("--version", std::string{"relanced "} + kVersion);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &end) {
    return app.exit(end) == 0 ? kExitOk : kExitUsage;
  }
  if (start.empty()) return options;
  const auto at = parse_instant(start);
  if (!at || !options.has_test_clock) {
    std::fprintf(stderr, "relanced: --test-clock-start %s\n",
                 at ? "needs --test-clock" : ("'" + start + "': " + at.error().message).c_str());
    return kExitUsage;
  }
  options.test_clock_start = *at;
  return options;
}

}  // namespace relance::app
