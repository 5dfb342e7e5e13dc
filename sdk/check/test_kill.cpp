// What outlives an instance: a kill at any moment, its small state, and a host that has less to offer.
#include "sdk/check/test.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace relance::check {
namespace {

constexpr int kKills{8};
constexpr Milliseconds kLifeMax{15'000};

/// How a life that nobody cut short ended: the exit status of its process.
enum Ending : int { kGood = 0, kNotAccepted = 40, kRefused = 41, kNotStarted = 42, kNotEnded = 43 };
const char *said(int ending) {
  switch (ending) {
    case kGood:
      return "worked";
    case kNotAccepted:
      return "started, but no message was accepted, though the provider accepts";
    case kRefused:
      return "was refused by create()";
    case kNotStarted:
      return "did not start";
    case kNotEnded:
      return "left tokens open";
    default:
      return "ended the process";
  }
}

/// The process that is killed: one life with messages, in the folder and at the provider that the judge gave.
[[noreturn]] void live(Bench &bench) {
  const auto &given = bench.assignment.program;  // PORT:FOLDER
  const auto colon = given.find(':');
  const auto port = static_cast<std::uint16_t>(std::strtoul(given.c_str(), nullptr, 10));
  const auto folder = given.substr(colon + 1);
  int ending{kGood};
  {
    Subject subject(bench.plugin,
                    {.settings = bench.settings({"127.0.0.1", port, "http", folder}),
                     .host = {.state_file = folder + "/.state", .style = Arena::Style::packed}});
    if (subject.create() != RELANCE_OK) ::_exit(kRefused);
    if (subject.start() != RELANCE_OK) ::_exit(kNotStarted);
    subject.wait_for_credit(Milliseconds(3'000));
    if (bench.profile.protocol != "none") {
      for (int i{0}; i < 4; ++i) {
        subject.submit(bench.letters(6));
        subject.wait_for_ends(Milliseconds(3'000));
      }
      bool has_accepted{false};
      for (const auto &end : subject.host().ends())
        has_accepted = has_accepted || end.outcome == RELANCE_OUT_ACCEPTED ||
                       end.outcome == RELANCE_OUT_DELIVERED || end.outcome == RELANCE_OUT_PREPARED;
      if (!has_accepted) ending = kNotAccepted;
    }
    if ((subject.capabilities() & RELANCE_CAP_POLL) != 0) {
      subject.poll("");
      subject.wait_for_ends(Milliseconds(2'000));
    }
    subject.stop();
    if (!subject.wait_for_ends(stop_grace())) ending = kNotEnded;
    subject.destroy();
  }
  ::_exit(ending);
}

struct Life {
  int status{0};
  bool was_killed{false};
  Milliseconds took{0};
};

/// @param cut when it is killed; zero: never
Life one_life(const Bench &bench, std::uint16_t port, const std::string &folder, Milliseconds cut) {
  const auto &a = bench.assignment;
  std::vector<std::string> arguments{"relance-check", a.plugin_file,
                                     "--here",        "kill.restart",
                                     "--index",       std::to_string(a.driver_index),
                                     "--seed",        std::to_string(a.seed),
                                     "--victim",      std::to_string(port) + ":" + folder};
  if (!a.settings_file.empty()) arguments.insert(arguments.end(), {"--settings", a.settings_file});
  if (!a.profile_file.empty()) arguments.insert(arguments.end(), {"--profile", a.profile_file});
  std::vector<char *> list;
  for (auto &argument : arguments) list.push_back(argument.data());
  list.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, 3, 3);  // what it finds is a finding of this test
  pid_t pid{-1};
  const auto began = Clock::now();
  const int failed{::posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, list.data(), environ)};
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0)
    abandon(std::string("the kit cannot start itself: ") + std::strerror(failed),
            "look at the limits of processes", "relance-check");
  Life life;
  const auto limit = cut.count() == 0 ? kLifeMax : cut;
  while (::waitpid(pid, &life.status, WNOHANG) == 0) {
    if (Clock::now() - began >= limit) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, &life.status, 0);
      life.was_killed = true;
      break;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(300));
  }
  life.took = std::chrono::duration_cast<Milliseconds>(Clock::now() - began);
  return life;
}

void judge(const Life &life, const std::string &when) {
  const char *fix{
      "leave nothing behind that a killed process cannot clear away (lock files, half-written files, a port "
      "or a pid "
      "in small state): whatever is found at start() may be from a life cut short"};
  if (life.was_killed) {
    finding("a life " + when + " did not end within " + std::to_string(kLifeMax.count()) + " ms", fix,
            "relance_plugin.start");
  } else if (WIFSIGNALED(life.status)) {
    finding("a life " + when + " crashed with signal " + std::to_string(WTERMSIG(life.status)), fix, "R5");
  } else if (WEXITSTATUS(life.status) != kGood && WEXITSTATUS(life.status) != kExitSaid) {
    finding("an instance created " + when + " " + said(WEXITSTATUS(life.status)), fix,
            "relance_plugin.start");
  }
}

std::size_t accepted(const Subject &, const std::vector<End> &ends) {
  std::size_t count{0};
  for (const auto &end : ends)
    count += end.outcome == RELANCE_OUT_ACCEPTED || end.outcome == RELANCE_OUT_DELIVERED ||
                     end.outcome == RELANCE_OUT_PREPARED
                 ? 1
                 : 0;
  return count;
}

void finish_kill(Subject &subject) {
  subject.stop();
  if (!subject.wait_for_ends(stop_grace())) subject.host().end_the_rest();
}

}  // namespace

void kill_restart(Bench &bench) {
  if (!bench.assignment.program.empty()) live(bench);
  const auto folder = bench.folder();
  const auto port = bench.simulator().port();
  step("a life that nobody cuts short");
  const auto whole = one_life(bench, port, folder, Milliseconds(0));
  if (!whole.was_killed && WIFEXITED(whole.status) && WEXITSTATUS(whole.status) != kGood)
    skip(std::string("an undisturbed life ") + said(WEXITSTATUS(whole.status)) +
         " (see settings.valid and provider.accepted)");
  judge(whole, "that nobody disturbed");
  for (int i{0}; i < kKills && !has_finding(); ++i) {
    const Milliseconds cut{
        1 + static_cast<std::int64_t>(
                bench.chance() % static_cast<std::uint64_t>(std::max<std::int64_t>(2, whole.took.count())))};
    step("kill -9 after " + std::to_string(cut.count()) + " ms");
    const auto life = one_life(bench, port, folder, cut);
    if (!life.was_killed) judge(life, "after " + std::to_string(i) + " kills");
  }
  step("the life after the kills");
  judge(one_life(bench, port, folder, Milliseconds(0)), "after " + std::to_string(kKills) + " kills -9");
}

void state_damaged(Bench &bench) {
  auto subject = bench.subject({.host = {.has_damaged_state = true}});
  if (const auto status = subject->create(); status != RELANCE_OK)
    abandon("create() returned " + std::to_string(status) + " when its small state made no sense",
            "small state may be of an older release of yours, or damaged: check it, and begin anew where it "
            "makes no sense",
            "relance_host.state_get");
  if (const auto status = subject->start(); status != RELANCE_OK)
    abandon("start() returned " + std::to_string(status) + " when its small state made no sense",
            "check small state, and begin anew where it makes no sense", "relance_host.state_get");
  subject->wait_for_credit(end_patience());
  if (bench.profile.protocol != "none") subject->submit(bench.letters(4));
  if ((subject->capabilities() & RELANCE_CAP_POLL) != 0) subject->poll("\xff\xfe not a cursor");
  if (!subject->wait_for_ends(end_patience()))
    finding("tokens never ended when small state made no sense: " + subject->host().open_names().front(),
            "check small state, and begin anew where it makes no sense", "relance_host.state_get");
  finish_kill(*subject);
}

void state_kept(Bench &bench) {
  const auto file = bench.folder() + "/.state";
  std::size_t first{0};
  for (int life{0}; life < 2; ++life) {
    auto subject = bench.subject({.host = {.state_file = file}});
    subject->create_and_start();
    subject->wait_for_credit(end_patience());
    if (bench.profile.protocol != "none") {
      subject->submit(bench.letters(60), 20);
      subject->wait_for_ends(end_patience());
    }
    const auto count = accepted(*subject, subject->host().ends());
    if (life == 0) first = count;
    if (life == 1 && first != 0 && count == 0)
      finding("with the small state of its first life, the second had no message accepted",
              "look at what is read back in create() or start()", "relance_host.state_get");
    if (subject->host().refused_state() != 0)
      finding("small state was refused " + std::to_string(subject->host().refused_state()) +
                  " times: more than 64 KiB",
              "small state is for a cursor, a session, a counter; nothing in it may grow with the number of "
              "messages",
              "relance_host.state_put");
    finish_kill(*subject);
  }
}

void host_bare(Bench &bench) {
  auto subject = bench.subject({.host = {.has_extensions = false}});
  subject->host().is_told_url("");
  if (subject->create() != RELANCE_OK) return note("create() refuses a host without extensions, in words");
  if (subject->start() != RELANCE_OK) return note("start() refuses a host without extensions");
  if (bench.profile.protocol != "none") {
    subject->wait_for_credit(Milliseconds(500));
    subject->submit_now(bench.letters(2));
    if (!subject->wait_for_ends(end_patience()))
      finding("on a host without extensions a message never ended",
              "where the extension is missing, refuse in create() with a fatal issue, or end messages as "
              "NOT_SENT with "
              "RELANCE_FAIL_CONFIGURATION",
              "relance_host.extension");
  }
  finish_kill(*subject);
}

void log_bounded(Bench &bench) {
  auto subject = bench.started();
  subject->pump_for(Milliseconds(100));
  const auto before = subject->host().log_lines();
  subject->pump_for(Milliseconds(700));
  const auto idle = subject->host().log_lines() - before;
  if (idle > 20)
    finding("an idle instance wrote " + std::to_string(idle) + " log lines in 0.7 s",
            "log what changed, once; count the rest with "
            "host->metric()",
            "relance_host.log");
  if (bench.profile.protocol != "none") {
    for (const auto stage : {Stage::answer, Stage::refuse}) {
      bench.simulator().behave(stage, bench.profile.accepted);
      const auto from = subject->host().log_lines();
      const auto sent = subject->submit(bench.letters(32)).size();
      subject->wait_for_ends(end_patience());
      const auto lines = subject->host().log_lines() - from;
      if (lines > sent * 3 + 30)
        finding(std::to_string(sent) + " messages made " + std::to_string(lines) + " log lines, while " +
                    name_of(stage),
                "a line a message at most, at debug; host->metric() counts", "relance_host.log");
    }
    bench.simulator().behave(Stage::answer, bench.profile.accepted);
  }
  finish_kill(*subject);
}

void wake_unasked(Bench &bench) {
  if (bench.plugin->wake == nullptr) skip("the table has no wake()");
  auto subject = bench.started();
  for (int i{0}; i < 3; ++i) subject->wake();
  if (bench.profile.protocol != "none") {
    subject->submit(bench.letters(4));
    subject->wake();
    subject->wait_for_ends(end_patience());
  }
  const auto count = [&] {
    const auto found = subject->durations().find("wake");
    return found == subject->durations().end() ? std::size_t{0} : found->second.size();
  };
  const auto before = count();
  subject->pump_for(Milliseconds(500));
  if (count() - before > 100)
    finding("an idle instance asked for wake() " + std::to_string(count() - before) + " times in 0.5 s",
            "ask for the next moment at which there is something to do", "relance_host.wake");
  finish_kill(*subject);
}

}  // namespace relance::check
