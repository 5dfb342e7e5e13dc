// create, start, stop, destroy: what each opens, and that nothing of it stays.
#include "sdk/check/test.hpp"

#include <algorithm>
#include <cstdio>
#include <thread>

namespace relance::check {
namespace {

constexpr int kRounds{200};
constexpr int kWarmUp{40};  ///< rounds in which libraries fill their caches
constexpr Milliseconds kRoundsMax{6'000};
constexpr int kRoundsLeast{30};
constexpr double kLeakLeast{30};  ///< bytes a round: the smallest thing that can be lost takes 32

/// Libraries may hold a thread or an event descriptor of their own for ever: once, not each time.
void settle() {
  std::this_thread::sleep_for(Milliseconds(30));
}

}  // namespace

void lifecycle_create_only(Bench &bench) {
  const auto settings = bench.settings();
  {
    bench.subject({.settings = settings, .host = {}})
        ->check_settings();  // caches of libraries are filled here
  }
  const auto files = files_below(bench.folder());
  const auto judge = [&](const Census &before, const std::string &when) {
    if (const auto opened = opened_since(before, census()); !opened.empty())
      finding(when + " opened " + opened,
              "create() only checks and builds: start() opens connections and threads",
              "relance_plugin.create");
  };
  auto before = census();
  auto checked = bench.subject({.settings = settings, .host = {}});
  before = census();
  checked->check_settings();
  checked->check_settings();
  judge(before, "create() with `out` NULL");
  auto bare = bench.subject({.settings = settings, .host = {}});
  before = census();
  if (const auto status = bare->create(); status != RELANCE_OK)
    skip("create() returned " + std::to_string(status) + " for the settings at hand (see settings.valid)");
  judge(before, "create()");
  bare->destroy();
  settle();
  judge(before, "create() and destroy() without start() left");
  if (bench.simulator().connections() != 0)
    finding("create() connected to the provider", "connect in start() or later", "relance_plugin.create");
  if (files_below(bench.folder()) != files)
    finding("create() wrote " + files_below(bench.folder()).back(), "write no file before start()",
            "relance_plugin.create");
}

void lifecycle_leaks(Bench &bench) {
  const auto settings = bench.settings();
  const auto round = [&] {
    auto subject = bench.subject({.settings = settings, .host = {.style = Arena::Style::packed}});
    if (const auto status = subject->create(); status != RELANCE_OK)
      skip("create() returned " + std::to_string(status) + " for the settings at hand (see settings.valid)");
    if (subject->start() == RELANCE_OK) {
      if (bench.profile.protocol != "none") {
        subject->submit(bench.letters(1));
        subject->wait_for_ends(end_patience());
      }
      subject->stop();
      if (!subject->wait_for_ends(stop_grace())) subject->host().end_the_rest();
    }
    subject->destroy();
    bench.simulator().forget();
  };
  const auto began = Clock::now();
  for (int i{0}; i < kWarmUp && (Clock::now() - began < kRoundsMax / 3 || i < 8); ++i) round();
  settle();
  const auto first = census();
  int rounds{0};
  const auto half_of = [&](Milliseconds until) {
    const int from{rounds};
    while (rounds - from < kRounds / 2 &&
           (Clock::now() - began < until || rounds - from < kRoundsLeast / 2)) {
      round();
      ++rounds;
    }
    settle();
    return rounds - from;
  };
  std::vector<Census> seen{first};
  std::vector<int> counts;
  // What grows once is a cache, what grows in each part is a leak. Who looks like one is asked twice more.
  const auto least = [&](const auto &of) {
    double smallest{1e9};
    for (std::size_t i{1}; i < seen.size(); ++i) {
      const std::size_t before{of(seen[i - 1])}, after{of(seen[i])};
      smallest =
          std::min(smallest, after > before ? static_cast<double>(after - before) / counts[i - 1] : 0.0);
    }
    return smallest;
  };
  const auto bytes = [&] { return least([](const Census &c) { return c.heap_bytes; }); };
  const auto descriptors = [&] { return least([](const Census &c) { return c.descriptors.size(); }); };
  const auto threads = [&] { return least([](const Census &c) { return c.threads; }); };
  for (int part{0}; part < 4; ++part) {
    if (part >= 2 && bytes() < kLeakLeast && descriptors() < 0.5 && threads() < 0.5) break;
    counts.push_back(half_of(kRoundsMax * (part + 2) / 3));
    seen.push_back(census());
  }
  const auto judge = [&](const char *what, double each, double most) {
    if (each < most) return;
    char text[200];
    std::snprintf(text, sizeof text,
                  "%d rounds of create, start, one message, stop and destroy left %.1f %s each", rounds, each,
                  what);
    finding(text,
            "destroy() gives back all that the instance took: join threads, close sockets, free what "
            "create() built",
            "relance_plugin.destroy");
  };
  judge("bytes", bytes(), kLeakLeast);
  judge("descriptors", descriptors(), 0.5);
  judge("threads", threads(), 0.5);
  if (first.heap_bytes == 0) note("memory was not counted: this build has the allocator of a sanitizer");
}

void lifecycle_instances(Bench &bench) {
  bench.needs_simulator();
  auto one = bench.started();
  auto two = bench.started();
  const auto first = one->submit(bench.letters(4)), second = two->submit(bench.letters(4));
  if (first.empty() || second.empty()) skip("the instances take no message now (ready(0))");
  one->wait_for_ends(end_patience());
  two->wait_for_ends(end_patience());
  one->stop();
  one->wait_for_ends(stop_grace());
  one->destroy();
  const auto after = two->submit(bench.letters(2));
  two->wait_for_ends(end_patience());
  for (const auto token : after)
    if (const auto *end = two->host().end_of(Operation::submit, token);
        end == nullptr || (end->outcome != RELANCE_OUT_ACCEPTED && end->outcome != RELANCE_OUT_DELIVERED &&
                           end->outcome != RELANCE_OUT_PREPARED))
      finding("after one instance was destroyed, a message of another ended as " +
                  (end == nullptr ? "nothing" : name_of_outcome(end->outcome)) +
                  ", though the provider accepts",
              "keep nothing of an instance in globals: many instances of a driver live in one process",
              "relance_plugin.create");
}

void lifecycle_quiet_end(Bench &bench) {
  bench.needs_simulator();
  bench.simulator().behave(Stage::silent, bench.profile.accepted);
  auto subject = bench.started();
  const auto tokens = subject->submit(bench.letters(3));
  subject->pump_for(Milliseconds(100));
  subject->stop();
  subject->wait_for_ends(stop_grace());
  const auto before = census();
  subject->destroy();
  step("after destroy()");
  // What still runs now would call a host that is gone: its table is dead memory.
  bench.simulator().behave(Stage::answer, bench.profile.accepted);
  std::this_thread::sleep_for(Milliseconds(600));
  if (const auto now = census(); now.threads > before.threads)
    finding("destroy() left threads running", "destroy() joins every thread of its instance",
            "relance_plugin.destroy");
}

}  // namespace relance::check
