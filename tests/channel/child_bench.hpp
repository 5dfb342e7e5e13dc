// A provider in a child process, and the test's hand on that process.
#pragma once

#include "tests/channel/recorder.hpp"

#include <fstream>
#include <signal.h>
#include <sys/wait.h>

namespace relance::channel::test {

/// Two processes; the faults of the plugin are the child's.
struct ChildBench : Bench {
  explicit ChildBench(std::string plugin = "scripted", std::string settings_json = "{}")
      : Bench(std::move(plugin), Placement::child, std::move(settings_json)) {}

  /// The child's process, from the lock file, where an operator would read it.
  pid_t pid() const {
    std::ifstream file(folder.path + "/p1.lock");
    pid_t pid{0};
    file >> pid;
    return pid;
  }
  /// Signals that process and no other: a pid of 0 or -1 would mean the whole session or machine.
  void signal(int number) const {
    const auto child = pid();
    BOOST_REQUIRE_MESSAGE(child > 1, "the lock file names no process");
    std::string name;
    std::getline(std::ifstream("/proc/" + std::to_string(child) + "/comm") >> std::ws, name);
    if (name == "relance-channel") ::kill(child, number);  // else it has just ended
  }
  void wait_up(std::size_t times) {
    events.wait_for("the child is up", [&](auto &r) {
      return static_cast<std::size_t>(std::count_if(r.health_.begin(), r.health_.end(), [](const Health &h) {
               return h.level == HealthLevel::up;
             })) >= times;
    });
  }
  void freeze() {
    signal(SIGSTOP);
    siginfo_t info{};
    BOOST_REQUIRE(::waitid(P_PID, static_cast<id_t>(pid()), &info, WSTOPPED) == 0);
  }
};

}  // namespace relance::channel::test
