#include "sdk/check/runner.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <poll.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace relance::check {
namespace {

namespace json = boost::json;

constexpr std::size_t kLinesMax{8u << 20};  ///< bytes that a child may say

struct Running {
  pid_t pid{-1};
  int verdict{-1}, output{-1};
  std::string said, printed;
  Clock::time_point began{}, deadline{};
  Result result{};
  bool was_ended{false}, is_done{false};
};

struct Job {
  const Driver *driver;
  const Test *test;
};

std::string text_at(const json::object &line, const char *key) {
  const auto *value = line.if_contains(key);
  return value != nullptr && value->is_string()
             ? std::string(value->get_string().data(), value->get_string().size())
             : "";
}

/// This program again, with a pipe for what it has to say and one for what the plugin prints.
void spawn(Running &running, std::vector<std::string> arguments) {
  int verdict[2], output[2];
  if (::pipe2(verdict, O_CLOEXEC) != 0 || ::pipe2(output, O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output[1], 1);
  posix_spawn_file_actions_adddup2(&actions, output[1], 2);
  posix_spawn_file_actions_adddup2(&actions, verdict[1], 3);
  std::vector<char *> list;
  for (auto &argument : arguments) list.push_back(argument.data());
  list.push_back(nullptr);
  const int failed{::posix_spawn(&running.pid, "/proc/self/exe", &actions, nullptr, list.data(), environ)};
  posix_spawn_file_actions_destroy(&actions);
  ::close(verdict[1]);
  ::close(output[1]);
  running.verdict = verdict[0];
  running.output = output[0];
  if (failed != 0) throw std::runtime_error(std::string("cannot start itself: ") + std::strerror(failed));
  ::fcntl(running.verdict, F_SETFL, O_NONBLOCK);
  ::fcntl(running.output, F_SETFL, O_NONBLOCK);
  running.began = Clock::now();
}

/// False: the other end is closed.
bool drain(int fd, std::string &into, std::size_t most) {
  char block[64 * 1024];
  for (;;) {
    const auto count = ::read(fd, block, sizeof block);
    if (count > 0) {
      if (into.size() < most) into.append(block, static_cast<std::size_t>(count));
      continue;
    }
    return count < 0 && (errno == EAGAIN || errno == EINTR);
  }
}

void read_lines(Running &running) {
  auto &result = running.result;
  for (std::size_t at{0}, end; (end = running.said.find('\n', at)) != std::string::npos; at = end + 1) {
    boost::system::error_code error;
    const auto value = json::parse(running.said.substr(at, end - at), error);
    if (error || !value.is_object()) continue;
    const auto &line = value.get_object();
    if (line.contains("finding"))
      result.findings.push_back({text_at(line, "finding"), text_at(line, "fix"), text_at(line, "rule")});
    if (line.contains("step")) result.last_step = text_at(line, "step");
    if (line.contains("done")) running.is_done = true;
    if (line.contains("note")) {
      const auto said = text_at(line, "note");
      if (said.starts_with("skipped: ")) {
        result.why = said.substr(9);
      } else {
        result.notes.push_back(said);
      }
    }
  }
}

std::string while_doing(const Result &result) {
  return result.last_step.empty() ? "" : ", while: " + result.last_step;
}

/// What the way in which the process ended says.
void judge_end(Running &running, int status, const std::string &again) {
  auto &result = running.result;
  const auto to_debug = "to see it happen: " + again;
  if (running.was_ended) {
    result.findings.push_back({"the test did not come to its end in time" + while_doing(result),
                               "a function that never returns, a lock that is never released, or tokens that "
                               "never end (a plugin whose "
                               "protocol the kit does not speak says so in its profile); " +
                                   to_debug,
                               "R3"});
  } else if (WIFSIGNALED(status)) {
    result.findings.push_back({std::string("it crashed with signal ") + std::to_string(WTERMSIG(status)) +
                                   " (" + ::strsignal(WTERMSIG(status)) + ")" + while_doing(result),
                               to_debug, "R5"});
  } else if (!running.is_done) {
    result.findings.push_back(
        {"the process ended with status " + std::to_string(WEXITSTATUS(status)) + while_doing(result),
         "no exit(), _exit() or quick_exit() in a plugin: report, and end your tokens; " + to_debug, "R5"});
  }
  if (!result.findings.empty()) {
    result.status = Status::fail;
    result.why.clear();
  } else if (!result.why.empty()) {
    result.status = Status::skipped;
  }
  if (!running.printed.empty()) {
    if (result.status == Status::fail && running.printed.find("Sanitizer") != std::string::npos) {
      result.notes.push_back("it printed: " + running.printed.substr(0, 1'500));
    } else {
      result.notes.push_back("it printed " + std::to_string(running.printed.size()) +
                             " bytes to standard output or error, which a daemon does not have: " +
                             running.printed.substr(0, 120));
    }
  }
}

std::vector<std::string> arguments_for(const Options &options, const Driver &driver, const Test &test) {
  std::vector<std::string> list{"relance-check", options.plugin,
                                "--here",        test.name,
                                "--index",       std::to_string(driver.index),
                                "--seed",        std::to_string(options.seed),
                                "--timeout",     std::to_string(options.timeout_s),
                                "--grace",       std::to_string(options.grace_s)};
  if (!options.settings_file.empty()) list.insert(list.end(), {"--settings", options.settings_file});
  if (!options.profile_file.empty()) list.insert(list.end(), {"--profile", options.profile_file});
  return list;
}

std::string joined(const std::vector<std::string> &words) {
  std::string all;
  for (const auto &word : words) all += (all.empty() ? "" : " ") + word;
  return all;
}

std::map<std::string, std::string> not_applicable(const Options &options, const Driver &driver) {
  if (options.profile_file.empty()) return {};
  return read_profile(options.profile_file, driver.name, driver.channel).not_applicable;
}

}  // namespace

std::vector<Driver> find_drivers(const Options &options, std::string &fault) {
  Running running;
  spawn(running, {"relance-check", options.plugin, "--describe"});
  const auto deadline = Clock::now() + Milliseconds(options.timeout_s * 1000);
  while (drain(running.verdict, running.said, kLinesMax) && Clock::now() < deadline) {
    drain(running.output, running.printed, kLinesMax);
    pollfd poll{running.verdict, POLLIN, 0};
    ::poll(&poll, 1, 100);
  }
  int status{0};
  if (Clock::now() >= deadline) ::kill(running.pid, SIGKILL);
  ::waitpid(running.pid, &status, 0);
  ::close(running.verdict);
  ::close(running.output);
  std::vector<Driver> drivers;
  boost::system::error_code error;
  const auto value = json::parse(running.said.substr(0, running.said.find('\n')), error);
  if (error || !value.is_object()) {
    fault = WIFSIGNALED(status)
                ? std::string("it crashed while it was loaded: ") + ::strsignal(WTERMSIG(status))
                : "it ended the process while it was loaded";
    return drivers;
  }
  fault = text_at(value.get_object(), "fault");
  for (const auto &one : value.at("drivers").as_array()) {
    const auto &d = one.get_object();
    drivers.push_back({static_cast<std::uint32_t>(d.at("index").to_number<std::int64_t>()), text_at(d, "id"),
                       text_at(d, "driver"), text_at(d, "channel"), text_at(d, "version"),
                       d.at("capabilities").to_number<std::uint32_t>()});
  }
  if (drivers.empty() && fault.empty()) fault = "its entry returns no driver";
  return drivers;
}

std::vector<Result> run_all(const Options &options, const std::vector<Driver> &drivers,
                            const std::function<void(const Result &)> &shown) {
  std::vector<Job> jobs;
  const auto is_wanted = [&](const Test &test) {
    return options.only.empty() ||
           std::any_of(options.only.begin(), options.only.end(), [&](const auto &pattern) {
             return pattern == test.name ||
                    (pattern.ends_with(".") && std::string_view(test.name).starts_with(pattern));
           });
  };
  for (const auto &driver : drivers)
    for (const auto &test : all_tests())
      // What reads only the file is the same for each driver.
      if (is_wanted(test) && (!test.reads_file_only || &driver == &drivers.front()))
        jobs.push_back({&driver, &test});

  std::vector<Result> results;
  std::vector<Running> running;
  std::map<const Driver *, std::map<std::string, std::string>> excused;
  for (const auto &driver : drivers) excused[&driver] = not_applicable(options, driver);
  const auto width = static_cast<std::size_t>(
      options.jobs > 0 ? options.jobs : std::max(2u, std::thread::hardware_concurrency()));
  const auto finish = [&](Result result) {
    if (shown) shown(result);
    results.push_back(std::move(result));
  };
  for (std::size_t next{0}; next < jobs.size() || !running.empty();) {
    while (next < jobs.size() && running.size() < width) {
      const auto &job = jobs[next++];
      Running one;
      one.result.driver = job.driver->name;
      one.result.test = job.test->name;
      if (const auto found = excused[job.driver].find(job.test->name); found != excused[job.driver].end()) {
        one.result.status = Status::skipped;
        one.result.why = "the profile says: " + found->second;
        finish(std::move(one.result));
        continue;
      }
      spawn(one, arguments_for(options, *job.driver, *job.test));
      one.deadline = one.began + Milliseconds(options.timeout_s * 1000);
      running.push_back(std::move(one));
    }
    std::vector<pollfd> polls;
    for (const auto &one : running) {
      polls.push_back({one.verdict, POLLIN, 0});
      polls.push_back({one.output, POLLIN, 0});
    }
    if (!polls.empty()) ::poll(polls.data(), polls.size(), 50);
    for (auto one = running.begin(); one != running.end();) {
      drain(one->output, one->printed, 64 * 1024);
      const bool is_open{drain(one->verdict, one->said, kLinesMax)};
      if (is_open && Clock::now() >= one->deadline && !one->was_ended) {
        one->was_ended = true;
        ::kill(one->pid, SIGKILL);
      }
      if (is_open) {
        ++one;
        continue;
      }
      // Its pipe is closed: it ends. Should it not, it is ended.
      int status{0};
      while (::waitpid(one->pid, &status, WNOHANG) == 0) {
        if (Clock::now() >= one->deadline) ::kill(one->pid, SIGKILL);
        std::this_thread::sleep_for(Milliseconds(1));
      }
      drain(one->output, one->printed, 64 * 1024);
      ::close(one->verdict);
      ::close(one->output);
      one->result.seconds = std::chrono::duration<double>(Clock::now() - one->began).count();
      read_lines(*one);
      const auto *test = find_test(one->result.test);
      const auto driver = std::find_if(drivers.begin(), drivers.end(),
                                       [&](const auto &d) { return d.name == one->result.driver; });
      judge_end(*one, status, joined(arguments_for(options, *driver, *test)));
      finish(std::move(one->result));
      one = running.erase(one);
    }
  }
  return results;
}

}  // namespace relance::check
