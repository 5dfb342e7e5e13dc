// relancectl, the operator's hand: every command is a request on the daemon's control socket.
#include "host/app/ctl/command_line.hpp"

#include <csignal>
#include <cstdio>
#include <exception>

int main(int argc, char **argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    std::vector<relance::ctl::Command> commands;
    for (auto *group :
         {relance::ctl::import_commands, relance::ctl::question_commands, relance::ctl::reminder_commands,
          relance::ctl::people_commands, relance::ctl::fact_commands, relance::ctl::daemon_commands,
          relance::ctl::provider_commands, relance::ctl::plugin_commands, relance::ctl::evidence_commands,
          relance::ctl::hook_commands})
      for (auto &command : group()) commands.push_back(std::move(command));
    return relance::ctl::run_command_line(argc, argv, commands);
  } catch (const std::exception &fault) {
    std::fprintf(stderr, "relancectl: %s\n", fault.what());
    return relance::ctl::kExitRefused;
  }
}
