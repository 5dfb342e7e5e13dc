// From the words of the command line to one command's run.
#pragma once

#include "host/app/ctl/command.hpp"

#include <span>

namespace relance::ctl {

/// Parses, runs, and returns the exit code.
int run_command_line(int argc, char **argv, std::span<const Command> commands);
/// All commands for docs/for-operators/commands.md.
std::string as_markdown(std::span<const Command> commands);

}  // namespace relance::ctl
