// The command line of relanced.
#pragma once

#include "host/base/time.hpp"

#include <filesystem>
#include <optional>
#include <variant>

namespace relance::app {

/// What the exit of relanced tells a service manager and a script (sysexits.h).
enum ExitCode : int {
  kExitOk = 0,
  kExitUsage = 64,          ///< the command line is wrong
  kExitSoftware = 70,       ///< a fault of the program
  kExitIo = 74,             ///< the store, a folder or the socket cannot be used
  kExitTemporary = 75,      ///< another process has the store or the socket: later may do
  kExitConfiguration = 78,  ///< the configuration, a plugin or its settings; with file:line:column
};

struct DaemonOptions {
  std::filesystem::path config;
  bool checks_only{false}, starts_paused{false}, has_test_clock{false};
  std::optional<Instant> test_clock_start;
};

/// The options, or the exit code of a run that ends here (--help, --version, a mistake, which was printed).
std::variant<DaemonOptions, int> read_daemon_options(int argc, char **argv);

}  // namespace relance::app
