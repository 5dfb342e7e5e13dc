// relance-check PLUGIN.so: holds a plugin to the interface and says what is wrong and how to put it right. It
// reads the contract on its own: nothing of the host is in it.
#include "sdk/check/report.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <stdexcept>
#include <unistd.h>

namespace relance::check {
namespace {

constexpr int kExitFindings{1}, kExitUsage{2};

int list_tests() {
  for (const auto &test : all_tests()) std::printf("%-24s %s\n", test.name, test.what);
  return 0;
}

int usage(const std::string &what) {
  std::fprintf(stderr, "relance-check: %s\n", what.c_str());
  return kExitUsage;
}

bool names_a_test(const std::string &name) {
  if (find_test(name) != nullptr) return true;
  const auto &tests = all_tests();
  return name.ends_with(".") && std::any_of(tests.begin(), tests.end(), [&](const auto &test) {
           return std::string_view(test.name).starts_with(name);
         });
}

/// Why the file of --settings is of no use; empty: it is, or none was given.
std::string fault_of_settings(const std::string &path) {
  if (path.empty()) return {};
  std::ifstream file(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  boost::system::error_code error;
  const auto value = boost::json::parse(text, error);
  if (!file || error) return path + (file ? ": is not JSON" : ": cannot be read");
  return value.is_object() ? "" : path + ": the settings are a JSON object";
}

int run(Options &options) {
  if (::access(options.plugin.c_str(), R_OK) != 0) return usage(options.plugin + " cannot be read");
  // dlopen looks for a bare name elsewhere.
  if (options.plugin.find('/') == std::string::npos) options.plugin = "./" + options.plugin;
  for (const auto &name : options.only)
    if (!names_a_test(name)) return usage("there is no test " + name + " (see --list)");
  if (const auto fault = fault_of_settings(options.settings_file); !fault.empty()) return usage(fault);
  if (options.profile_file.empty()) options.profile_file = profile_beside(options.plugin);
  std::string fault;
  auto drivers = find_drivers(options, fault);
  if (!options.driver.empty()) {
    std::erase_if(drivers, [&](const Driver &driver) { return driver.name != options.driver; });
    if (drivers.empty()) return usage("it has no driver \"" + options.driver + "\"");
  }
  const bool loads{!drivers.empty()};
  if (!loads) drivers.push_back({});  // the tests of the file still say why
  if (!options.as_json) {
    std::printf("relance-check: %s, seed %llu\n", options.plugin.c_str(),
                static_cast<unsigned long long>(options.seed));
    for (const auto &driver : drivers)
      if (loads)
        std::printf("  driver \"%s\" of %s %s (%s)\n", driver.name.c_str(), driver.id.c_str(),
                    driver.version.c_str(), driver.channel.c_str());
    std::printf("  profile: %s\n", options.profile_file.empty() ? "none, defaults by channel and schema"
                                                                : options.profile_file.c_str());
    if (!fault.empty()) std::printf("  %s\n", fault.c_str());
    std::fflush(stdout);
  }
  const auto began = Clock::now();
  std::vector<Result> results;
  try {
    std::map<std::string, std::string> hints;
    results = run_all(options, drivers, [&](const Result &result) {
      if (options.as_json || (options.is_quiet && result.status != Status::fail)) return;
      std::fputs(to_text(result, drivers.size() > 1, hints).c_str(), stdout);
      std::fflush(stdout);
    });
  } catch (const std::runtime_error &e) {
    return usage(options.profile_file + ": " + e.what());
  }
  std::size_t counts[3]{};
  for (const auto &result : results) ++counts[static_cast<int>(result.status)];
  if (options.as_json) {
    std::fputs(to_json(options, drivers, results).c_str(), stdout);
  } else {
    const auto first = std::find_if(results.begin(), results.end(), [](const Result &result) {
      return result.test == "provider.accepted" && result.status == Status::fail;
    });
    if (first != results.end() && counts[1] > 1)
      std::printf(
          "begin with provider.accepted: where no message is accepted, other tests fail too, with "
          "hints that lead astray\n");
    std::printf("%zu passed, %zu failed, %zu skipped in %.1f s\n", counts[0], counts[1], counts[2],
                std::chrono::duration<double>(Clock::now() - began).count());
  }
  if (!options.junit_file.empty()) {
    std::ofstream file(options.junit_file);
    file << to_junit(options, results);
    if (!file.flush()) return usage(options.junit_file + " cannot be written");
  }
  return counts[1] != 0 || !loads ? kExitFindings : 0;
}

}  // namespace
}  // namespace relance::check

int main(int argc, char **argv) {
  using namespace relance::check;
  CLI::App app{
      "Holds a Relance plugin to the interface. Exit status: 0 no fault found, 1 faults, 2 wrong usage."};
  Options options;
  std::string here, victim;
  bool lists{false}, describes{false};
  std::uint32_t index{0};
  app.add_option("plugin", options.plugin, "The shared object");
  app.add_option("--driver", options.driver, "Only this driver of it");
  app.add_option("--settings", options.settings_file, "Settings (JSON) instead of the profile's");
  app.add_option("--profile", options.profile_file,
                 "Profile instead of PLUGIN.check.json or relance-check.json beside it, or of the latter a "
                 "folder above");
  app.add_option("--seed", options.seed, "Chance: the same seed gives the same run");
  app.add_option("--only", options.only, "Only these tests; \"provider.\" names all that begin so");
  app.add_option("--jobs", options.jobs, "Tests at once (default: one a processor, at least 2)");
  app.add_option("--timeout", options.timeout_s, "Seconds for each test");
  app.add_option("--grace", options.grace_s, "Seconds that stop() may take to end every token (default 10)")
      ->check(CLI::Range(1, 600));
  app.add_option("--junit", options.junit_file, "Also write the results to this file as JUnit XML");
  app.add_flag("--json", options.as_json, "Print the results as JSON");
  app.add_flag("--quiet", options.is_quiet, "Print only what failed");
  app.add_flag("--list", lists, "Print the tests");
  app.add_option("--here", here,
                 "Run this one test in this process, for a debugger; findings go to descriptor 3");
  app.add_option("--index", index, "With --here: the driver's number");
  app.add_option("--victim", victim)->group("");
  app.add_flag("--describe", describes)->group("");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &e) {
    return app.exit(e) == 0 ? 0 : kExitUsage;
  }
  if (lists) return list_tests();
  if (options.plugin.empty()) return usage("name a plugin: relance-check PLUGIN.so (see --help)");
  if (describes) return describe(options.plugin, 3);
  if (here.empty()) return run(options);
  if (find_test(here) == nullptr) return usage("there is no test " + here);
  if (::fcntl(3, F_GETFD) < 0) ::dup2(1, 3);
  return run_assignment({options.plugin, here, options.settings_file, options.profile_file, victim, index,
                         options.seed, options.timeout_s, options.grace_s},
                        3);
}
