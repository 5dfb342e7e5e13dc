// The channel child for these tests: what relanced does first thing in its main(). Started as
//   channel_child --daemon PLUGIN_FILE LOCK_DIRECTORY
// it is a daemon with one provider instead, which hands over a message on which the plugin hangs, says what
// the plugin says, and then waits to be killed: how a child takes the end of its daemon can only be seen from
// outside of it.
#include "host/channel/child_role.hpp"
#include "host/channel/factory.hpp"

#include <unistd.h>

namespace {

using namespace relance::channel;

class Deaf final : public ProviderEvents {
  void outcomes(const std::string &, std::vector<Outcome>) override {}
  void recalls(const std::string &, std::vector<Recall>) override {}
  std::size_t inbound(const std::string &, std::vector<Inbound>) override { return 0; }
  void polled(const std::string &, Polled) override {}
  void parsed(const std::string &, std::vector<Parsed>) override {}
  void ready(const std::string &, std::uint32_t) override {}
  void health(const std::string &, Health) override {}
};

int run_daemon(const char *program, const char *plugin_file, const char *lock_directory) {
  Deaf deaf;
  ProviderSettings settings;
  settings.id = "p1";
  settings.plugin = plugin_file;
  settings.lock_directory = lock_directory;
  settings.program = program;
  settings.hooks.log = [](const std::string &, int, std::string_view text, const Fields &) {
    static_cast<void>(!::write(STDOUT_FILENO, text.data(), text.size()));
  };
  const auto provider = make_provider(settings, deaf);
  if (!provider || !(*provider)->start()) return 1;
  Submission message;
  message.token = 1;
  message.addressee.address = "hang@example.com";
  message.not_after = relance::WallClock().now() + relance::Milliseconds{3'600'000};
  (*provider)->submit({message});
  for (;;) ::pause();
}

}  // namespace

int main(int argc, char **argv) {
  if (const auto ended = run_if_channel_child(argc, argv)) return *ended;
  if (argc == 4 && std::string_view(argv[1]) == "--daemon") return run_daemon(argv[0], argv[2], argv[3]);
  return 64;
}
