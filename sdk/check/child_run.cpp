// The life of the process that runs one test.
#include "sdk/check/runner.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace relance::check {
namespace {

constexpr rlim_t kDescriptorsMax{4'096};
constexpr rlim_t kFileBytesMax{256u << 20};  ///< a plugin that fills the disk is stopped

void limit(decltype(RLIMIT_CORE) what, rlim_t most) {
  rlimit now{};
  ::getrlimit(what, &now);
  now.rlim_cur = std::min(most, now.rlim_max);
  ::setrlimit(what, &now);
}

/// Children that a plugin left behind: none is allowed at any time.
void judge_children() {
  std::error_code error;
  for (const auto &task : std::filesystem::directory_iterator("/proc/self/task", error)) {
    std::ifstream file(task.path() / "children");
    std::string pid;
    if (!(file >> pid)) continue;
    finding("the plugin started a process (" + pid + ")",
            "no fork(), no posix_spawn(), no system(): a plugin runs where no "
            "process may be made",
            "R5");
  }
}

}  // namespace

int describe(const std::string &plugin, int fd) {
  namespace json = boost::json;
  open_verdict(fd);
  void *const library{::dlopen(plugin.c_str(), RTLD_NOW | RTLD_LOCAL)};
  json::array drivers;
  std::string fault;
  using Entry = const relance_plugin *(*)(std::uint32_t);
  auto *const entry =
      library == nullptr ? nullptr : reinterpret_cast<Entry>(::dlsym(library, RELANCE_ENTRY_SYMBOL));
  if (library == nullptr) fault = ::dlerror();
  if (library != nullptr && entry == nullptr) fault = "it has no " RELANCE_ENTRY_SYMBOL;
  const auto text = [](const char *from) { return json::string(from == nullptr ? "" : from); };
  for (std::uint32_t i{0}; entry != nullptr && i < 64; ++i) {
    const auto *table = entry(i);
    if (table == nullptr) break;
    const auto *d = table->descriptor;
    if (d == nullptr) continue;
    drivers.push_back({{"index", i},
                       {"id", text(d->id)},
                       {"driver", text(d->driver)},
                       {"channel", text(d->channel)},
                       {"version", text(d->version)},
                       {"capabilities", d->capabilities}});
  }
  const auto line = json::serialize(json::object{{"drivers", drivers}, {"fault", fault}}) + "\n";
  return ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) ? 0 : 1;
}

int run_assignment(const Assignment &assignment, int verdict_fd) {
  open_verdict(verdict_fd);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, kDescriptorsMax);
  limit(RLIMIT_FSIZE, kFileBytesMax);
  const auto *test = find_test(assignment.test);
  if (test == nullptr) return 2;
  watch_for_faults();
  set_stop_grace(Milliseconds(assignment.grace_s * 1'000));
  {
    Bench bench(assignment);
    try {
      if (!test->reads_file_only) {
        bench.load();
        if (test->needs != 0 && !bench.has(test->needs))
          skip("the driver has no capability that this is about");
      }
      test->run(bench);
      judge_children();
    } catch (const Skip &skipped) {
      note("skipped: " + skipped.why);
    } catch (const Abandon &) {
    } catch (const std::runtime_error &e) {
      finding(std::string("the kit cannot go on: ") + e.what(), "correct the profile or the settings file",
              "relance-check");
    }
  }
  say_done();
  // Destructors of a plugin's globals are no part of the contract: it is never unloaded.
  std::_Exit(kExitSaid);
}

}  // namespace relance::check
