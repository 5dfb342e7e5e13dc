// relanced, the daemon: reads its configuration, opens the engine and the control socket, then waits for
// signals. Wiring only: what it does is done on the floors below. The same program, started as a channel
// child, holds one plugin instance.
#include "host/api/handlers.hpp"
#include "host/api/hook_listener.hpp"
#include "host/api/server.hpp"
#include "host/app/daemon_options.hpp"
#include "host/app/service_manager.hpp"
#include "host/app/version.hpp"
#include "host/base/crash_point.hpp"
#include "host/base/log.hpp"
#include "host/channel/child_role.hpp"
#include "host/config/configuration.hpp"
#include "host/engine/engine.hpp"
#include "host/engine/provider_settings.hpp"
#include "host/render/letter.hpp"
#include "host/render/template_check.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <malloc.h>
#include <mutex>
#include <pthread.h>
#include <unistd.h>

namespace relance::app {
namespace {

namespace fs = std::filesystem;

/// What a channel child is started from: this running program, also once an upgrade has replaced its file.
/// Both ends of their socket must be the same binary.
constexpr const char *kThisProgram{"/proc/self/exe"};

/// Where plugins lie when the configuration does not say: installed, prefix/bin/relanced has them in
/// prefix/lib/relance/plugins; in a build folder they are in plugins/ beside bin/.
fs::path plugin_folder() {
  std::error_code ignored;
  const auto prefix = fs::read_symlink(kThisProgram, ignored).parent_path().parent_path();
  const auto built = prefix / "plugins";
  return fs::is_directory(built, ignored) ? built : prefix / "lib" / "relance" / "plugins";
}

config::Loaded load(const fs::path &file, bool is_by_hand = false) {
  config::LoadOptions options;
  options.check_template = render::check_template;
  options.check_letterhead = [](const config::Letterhead &head) {
    return render::LetterPrinter{}.check(head);  // one that lasted would hold fonts on a thread that prints nothing
  };
  options.is_by_hand = is_by_hand;
  options.plugin_folder = plugin_folder();
  return config::load(file, options);
}

/// What a start or a reload would find, with nothing started: the files, then each provider's plugin.
config::Loaded check(const fs::path &file, bool is_by_hand) {
  auto loaded = load(file, is_by_hand);
  if (!loaded.configuration) return loaded;
  auto found = engine::check_providers(*loaded.configuration, kThisProgram);
  if (!found.empty()) loaded.configuration = nullptr;
  std::move(found.begin(), found.end(), std::back_inserter(loaded.issues));
  return loaded;
}

void print_issues(const config::Loaded &loaded) {
  for (const auto &issue : loaded.issues) std::fprintf(stderr, "%s\n", issue.text().c_str());
}

void start_log(const config::Log &settings) {
  auto target = log::detect_target();
  if (settings.target == config::LogTarget::standard_error) target = log::Target::standard_error;
  if (settings.target == config::LogTarget::journald) target = log::Target::journald;
  log::start(target, static_cast<log::Level>(settings.level));
}

int exit_code_of(const Error &error) {
  switch (error.kind) {
    case ErrorKind::invalid:
      return kExitConfiguration;
    case ErrorKind::conflict:
      return kExitTemporary;
    case ErrorKind::not_found:
    case ErrorKind::unavailable:
      return kExitIo;
    case ErrorKind::internal:
      return kExitSoftware;
  }
  return kExitSoftware;
}

int refuse_start(const Error &error) {
  log::event(log::Id::DAEMON_START_REFUSED, {{"why", error.text()}});
  tell_status("cannot start: " + error.text());
  return exit_code_of(error);
}

/// The signals that the main thread waits for; every other thread has them blocked.
sigset_t awaited_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  return set;
}

class Daemon {
 public:
  Daemon(DaemonOptions options, std::shared_ptr<const config::Configuration> configuration)
      : options_{std::move(options)}, configuration_{std::move(configuration)} {}

  int run();

 private:
  Result<void> open();
  Result<void> reload();
  /// Waits for SIGTERM or SIGINT; answers SIGHUP and the watchdog meanwhile.
  void wait_for_the_end();
  void stop();

  const DaemonOptions options_;
  std::shared_ptr<const config::Configuration>
      configuration_;  ///< of the start: socket and store do not change
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<api::Context> context_;
  api::Router router_;
  std::unique_ptr<api::HookListener> hooks_;
  std::unique_ptr<api::Server> server_;
  std::mutex reload_mutex_;
  const std::chrono::steady_clock::time_point began_{std::chrono::steady_clock::now()};
};

Result<void> Daemon::open() {
  std::error_code failed;
  fs::create_directories(configuration_->state_folder, failed);
  if (failed)
    return unavailable("cannot make the state folder " + configuration_->state_folder.string() + ": " +
                       failed.message());
  auto engine = engine::Engine::open(configuration_,
                                     {options_.has_test_clock, options_.test_clock_start, kThisProgram});
  if (!engine) return engine.error();
  engine_ = std::move(*engine);
  context_ = std::make_unique<api::Context>(
      *engine_, api::Program{[this] { return reload(); }, [this] { return check(options_.config, false); },
                             kVersion, WallClock{}.now()});
  if (!configuration_->hooks.listen.empty()) {
    auto hooks = api::HookListener::listen(configuration_->hooks, engine_->webhooks());
    if (!hooks) return hooks.error();
    hooks_ = std::move(*hooks);
    context_->hooks = hooks_.get();
  }
  api::add_routes(router_, *context_);
  auto server = api::Server::listen(configuration_->control_socket, router_);
  if (!server) return server.error();
  server_ = std::move(*server);
  if (options_.starts_paused)
    if (auto paused = engine_->pause("started with --paused"); !paused) return paused;
  engine_->start();
  return {};
}

Result<void> Daemon::reload() {
  const std::scoped_lock lock{reload_mutex_};
  const auto refuse = [](Error error) -> Result<void> {
    log::event(log::Id::DAEMON_RELOAD_REFUSED, {{"why", error.text()}});
    return error;
  };
  const auto loaded = load(options_.config);
  if (!loaded.configuration) return refuse(config::as_error(loaded.issues));
  if (loaded.configuration->control_socket != configuration_->control_socket)
    return refuse(conflict("control_socket cannot change while the daemon runs: restart it"));
  if (loaded.configuration->hooks.listen != configuration_->hooks.listen)
    return refuse(conflict("hooks.listen cannot change while the daemon runs: restart it"));
  // First what costs nothing when the rest fails: other limits and a renewed certificate.
  if (hooks_)
    if (auto reloaded = hooks_->reload(loaded.configuration->hooks); !reloaded) return refuse(reloaded.error());
  if (auto taken = engine_->reload(loaded.configuration); !taken) return refuse(taken.error());
  log::set_level(static_cast<log::Level>(loaded.configuration->log.level));
  log::event(log::Id::DAEMON_RELOADED, {{"version", loaded.configuration->version}});
  return {};
}

void Daemon::wait_for_the_end() {
  const auto signals = awaited_signals();
  const auto watchdog = watchdog_interval();
  for (;;) {
    siginfo_t info{};
    int signal{0};
    if (watchdog) {
      const auto half = watchdog->count() / 2;
      const timespec patience{half / 1000, half % 1000 * 1'000'000};
      signal = sigtimedwait(&signals, &info, &patience);
    } else {
      signal = sigwaitinfo(&signals, &info);
    }
    if (signal == SIGTERM || signal == SIGINT) {
      log::event(log::Id::DAEMON_STOPPING, {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
      return;
    }
    if (signal == SIGHUP) {
      tell_reloading();
      const auto reloaded = reload();
      tell_ready(reloaded ? "running" : "running on the old configuration: " + reloaded.error().text());
    }
    // A round through the engine's thread: one that hangs says nothing, and systemd starts the daemon again.
    if (signal < 0 && errno == EAGAIN && engine_->with_store([](store::Store &, Instant) {})) tell_alive();
  }
}

void Daemon::stop() {
  tell_stopping();
  server_->close_doors();
  if (hooks_) hooks_->close_doors();
  engine_->stop(configuration_->limits.stop_grace);
  if (hooks_) hooks_->stop();
  server_->stop();
  log::event(log::Id::DAEMON_STOPPED);
}

int Daemon::run() {
  log::event(log::Id::DAEMON_STARTING,
             {{"version", kVersion}, {"process", getpid()}, {"configuration", options_.config.string()}});
  if (options_.has_test_clock)
    if (const char *point{std::getenv("RELANCE_CRASH_POINT")}; point != nullptr && !arm_crash_point(point)) {
      std::fprintf(stderr, "relanced: RELANCE_CRASH_POINT: there is no point '%s'\n", point);
      return kExitUsage;
    }
  if (auto opened = open(); !opened) return refuse_start(opened.error());
  const auto took = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - began_);
  log::event(log::Id::DAEMON_READY, {{"milliseconds", took.count()}});
  tell_ready("running");
  wait_for_the_end();
  stop();
  return kExitOk;
}

int run(int argc, char **argv) {
  auto read = read_daemon_options(argc, argv);
  if (const int *code{std::get_if<int>(&read)}) return *code;
  auto &options = std::get<DaemonOptions>(read);
  // Before any thread: all of them inherit it.
  const auto signals = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::error_code ignored;
  if (const auto absolute = fs::absolute(options.config, ignored); !ignored) options.config = absolute;

  auto loaded = options.checks_only ? check(options.config, true) : load(options.config);
  print_issues(loaded);
  if (!loaded.configuration) return kExitConfiguration;
  if (options.checks_only) {
    std::printf("%s: the configuration is right\n", options.config.c_str());
    return kExitOk;
  }
  start_log(loaded.configuration->log);
  Daemon daemon{std::move(options), std::move(loaded.configuration)};
  return daemon.run();
}

/// Each thread that allocates would get a heap of its own, and what one of them freed stays with it: idle after an import of
/// 100,000 invoices, the daemon holds 27 MB with two heaps and 40 to 47 MB without this bound.
constexpr int kHeapsMax{2};

}  // namespace
}  // namespace relance::app

int main(int argc, char **argv) {
  ::mallopt(M_ARENA_MAX, relance::app::kHeapsMax);
  if (const auto ended = relance::channel::run_if_channel_child(argc, argv)) return *ended;
  try {
    return relance::app::run(argc, argv);
  } catch (const std::exception &fault) {
    std::fprintf(stderr, "relanced: %s\n", fault.what());
    return relance::app::kExitSoftware;
  }
}
