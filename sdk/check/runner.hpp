// The kit's own side: which tests for which drivers, each in a process of its own, and what came of them.
#ifndef RELANCE_CHECK_RUNNER_HPP
#define RELANCE_CHECK_RUNNER_HPP
#include "sdk/check/test.hpp"

#include <string>
#include <vector>

namespace relance::check {

struct Options {
  std::string plugin, settings_file, profile_file, driver, junit_file;
  std::vector<std::string> only;
  std::uint64_t seed{1};
  int jobs{0}, timeout_s{60}, grace_s{10};
  bool as_json{false}, is_quiet{false};
};

struct Said {
  std::string what, fix, rule;
};

enum class Status { pass, fail, skipped };

struct Result {
  std::string driver, test;
  Status status{Status::pass};
  std::vector<Said> findings;
  std::vector<std::string> notes;
  std::string why;  ///< of a skipped one
  std::string last_step;
  double seconds{0};
};

struct Driver {
  std::uint32_t index{0};
  std::string id, name, channel, version;
  std::uint32_t capabilities{0};
};

/// Runs one test here; the child's whole life. Returns the exit status.
int run_assignment(const Assignment &assignment, int verdict_fd);
/// Writes what the drivers are to the descriptor; the child's whole life.
int describe(const std::string &plugin, int fd);

/// All that the options ask for. @param shown called for each result as it comes
[[nodiscard]] std::vector<Driver> find_drivers(const Options &options, std::string &fault);
[[nodiscard]] std::vector<Result> run_all(const Options &options, const std::vector<Driver> &drivers,
                                          const std::function<void(const Result &)> &shown);

}  // namespace relance::check
#endif
