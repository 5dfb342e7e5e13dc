// Messages handed over: each token ends once, in time, as something that a submit may end as.
#include "sdk/check/test.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <thread>

namespace relance::check {
namespace {

constexpr double kReturnMax{50.0};  ///< ms, R3
constexpr Milliseconds kWaitMax{1'200};

void must_have_ended(Subject &subject, const std::string &when, const char *fix) {
  const auto open = subject.host().open_names();
  if (open.empty()) return;
  finding(std::to_string(open.size()) + " tokens never ended " + when + ", among them " + open.front(), fix,
          "R4");
  subject.host().end_the_rest();
}

}  // namespace

void tokens_once(Bench &bench) {
  bench.needs_simulator();
  for (const std::size_t batch : {std::size_t{1}, std::size_t{64}, std::size_t{1'000}}) {
    auto subject = bench.started();
    if (subject->submit(bench.letters(batch)).size() != batch) {
      must_have_ended(*subject, "in " + std::to_string(end_patience().count()) + " ms",
                      "end every token of the batch, with complete(); what cannot go now ends as NOT_SENT");
      continue;
    }
    const auto patience = batch == 1'000 ? end_patience() * 3 : end_patience();
    const bool ended{subject->wait_for_ends(patience)};
    subject->stop();
    if (!ended && subject->wait_for_ends(stop_grace()))
      finding("of " + std::to_string(batch) +
                  " messages, some ended only with stop(), though the provider answers at once",
              "end each token when its answer comes", "R4");
    must_have_ended(*subject, "of " + std::to_string(batch) + " submitted, not even with stop()",
                    "keep a table of open tokens; stop() ends what is in it, as NOT_SENT where nothing left, "
                    "else as UNKNOWN");
    // A second end may come late, from a thread that did not hear of the first.
    subject->destroy();
    step("after " + std::to_string(batch) + " messages");
  }
}

void tokens_stop(Bench &bench) {
  bench.needs_simulator();
  for (const auto stage : {Stage::silent, Stage::drip, Stage::answer, Stage::refuse}) {
    bench.simulator().behave(Stage::answer, bench.profile.accepted);
    auto subject = bench.started();
    bench.simulator().behave(stage, bench.profile.accepted);
    subject->submit(bench.letters(24), 8);
    subject->pump_for(Milliseconds(bench.chance() % 80));
    const auto began = Clock::now();
    subject->stop();
    const bool ended{subject->wait_for_ends(stop_grace())};
    if (!ended)
      must_have_ended(*subject, "after stop(), while " + std::string(name_of(stage)),
                      "stop() gives up what is under way: close its connections and end each token as "
                      "UNKNOWN, or as NOT_SENT "
                      "where nothing left");
    const std::chrono::duration<double> took{Clock::now() - began};
    if (took > stop_grace() / 2)
      note("stop() needed " + std::to_string(took.count()) + " s while " + name_of(stage));
    subject->destroy();
  }
  // destroy() without stop(), as after a start() that the host gave up.
  bench.simulator().behave(Stage::silent, bench.profile.accepted);
  auto subject = bench.started();
  subject->submit(bench.letters(4));
  subject->pump_for(Milliseconds(60));
  subject->destroy();
}

void tokens_outcomes(Bench &bench) {
  bench.needs_simulator();
  auto subject = bench.started();
  const auto &p = bench.profile;
  // What an outcome or a reference lacks is said where it ends.
  for (const auto &[stage, answer] :
       std::initializer_list<std::pair<Stage, Answer>>{{Stage::answer, p.accepted},
                                                       {Stage::answer, p.accepted},
                                                       {Stage::answer, p.rejected},
                                                       {Stage::answer, p.unauthorised},
                                                       {Stage::answer, p.throttled},
                                                       {Stage::answer, p.unavailable},
                                                       {Stage::answer, p.not_found},
                                                       {Stage::answer, p.recalled},
                                                       {Stage::garbage, p.accepted}}) {
    bench.simulator().behave(stage, answer);
    subject->submit(bench.letters(3));
    subject->wait_for_ends(end_patience());
  }
  bench.simulator().behave(Stage::answer, p.accepted);
  // A message as no good host makes it, but as one may come: each field empty, or very long.
  auto odd = bench.letters(3);
  odd[0].name = odd[0].address = odd[0].subject = odd[0].country = odd[0].language = odd[0].service = "";
  odd[0].parts.clear();
  odd[0].references.clear();
  odd[0].postal_lines.clear();
  odd[1].subject.assign(10'000, 's');
  odd[1].name.assign(10'000, 'n');
  odd[1].address += std::string(5'000, '9');
  odd[2].subject = "line\r\nInjected: yes";
  odd[2].address += "\r\nInjected: yes";
  odd[2].name = "\r\n\r\n";
  subject->submit(odd);
  subject->wait_for_ends(end_patience());
  for (const auto &request : bench.simulator().messages())
    if (request.head.find("\r\nInjected: yes") != std::string::npos)
      finding("a line break in a message became a header of its own",
              "encode or refuse line breaks in what becomes a header", "relance_plugin.submit");
  subject->stop();
  subject->wait_for_ends(stop_grace());
  must_have_ended(*subject, "after odd messages", "refuse what cannot be sent as REJECTED");
}

void calls_prompt(Bench &bench) {
  bench.needs_simulator();
  // Where nobody answers, who waits for the network waits for long. The best of three, as the machine may be
  // busy.
  std::map<std::string, double> best;
  std::atomic<bool> is_over{false};
  std::atomic<Clock::rep> begun{Clock::now().time_since_epoch().count()};
  // Who waits would wait as long as his own time-out: after a while the provider hangs up.
  std::thread hanging_up([&] {
    for (; !is_over; std::this_thread::sleep_for(Milliseconds(50)))
      if (Clock::now().time_since_epoch() - Clock::duration(begun.load()) > kWaitMax)
        bench.simulator().hang_up();
  });
  for (int attempt{0}; attempt < 3; ++attempt) {
    begun = Clock::now().time_since_epoch().count();
    bench.simulator().behave(Stage::answer, bench.profile.accepted);
    auto subject = bench.started();
    bench.simulator().behave(attempt == 1 ? Stage::drip : Stage::silent, bench.profile.accepted);
    subject->submit(bench.letters(1));
    subject->submit(bench.letters(8));
    subject->pump_for(Milliseconds(30));
    const auto can = subject->capabilities();
    if ((can & (RELANCE_CAP_QUERY_BY_KEY | RELANCE_CAP_QUERY_BY_REF)) != 0) subject->query("rcquery", {"r"});
    if ((can & RELANCE_CAP_RECALL) != 0) subject->recall("rcrecall", {"r"});
    if ((can & RELANCE_CAP_POLL) != 0) subject->poll("");
    subject->pump_for(Milliseconds(20));
    subject->stop();
    if (!subject->wait_for_ends(stop_grace())) subject->host().end_the_rest();
    for (const auto &[name, times] : subject->durations()) {
      const auto longest = *std::max_element(times.begin(), times.end());
      best[name] = attempt == 0 ? longest : std::min(best[name], longest);
    }
    subject->destroy();
  }
  is_over = true;
  hanging_up.join();
  for (const auto &[name, ms] : best)
    if (ms > kReturnMax)
      finding(
          name + "() took " + std::to_string(static_cast<int>(ms)) + " ms while the provider did not answer",
          "hand the work to a thread of your own, or to relance.http/1, and return at once: while you wait, "
          "no other message "
          "of this instance moves",
          "R3");
}

void calls_faults(Bench &bench) {
  // Exceptions, masks and processes are seen wherever they happen; here everything happens once.
  auto subject = bench.started();
  const auto can = subject->capabilities();
  if (bench.profile.protocol != "none") {
    for (const auto stage : {Stage::answer, Stage::garbage, Stage::refuse, Stage::reset_after_request}) {
      bench.simulator().behave(stage, bench.profile.accepted);
      subject->submit(bench.letters(2));
      subject->wait_for_ends(end_patience() / 4);
    }
    bench.simulator().behave(Stage::answer, bench.profile.accepted);
    auto odd = bench.letters(1);
    odd[0].parts.clear();
    odd[0].address = "";
    odd[0].references.clear();
    subject->submit(odd);
  }
  if ((can & (RELANCE_CAP_QUERY_BY_KEY | RELANCE_CAP_QUERY_BY_REF)) != 0) subject->query("", {});
  if ((can & RELANCE_CAP_RECALL) != 0) subject->recall("", {});
  if ((can & RELANCE_CAP_TWO_PHASE) != 0) {
    subject->discard("", {});
    subject->discard("rcdiscard-0000000000000000001", {"never-heard-of"});
    subject->commit("", {});
  }
  if ((can & RELANCE_CAP_POLL) != 0) subject->poll("\x01 a cursor that nobody gave");
  if ((can & (RELANCE_CAP_RECEIVE | RELANCE_CAP_POLL)) != 0) {
    subject->stored({1, 2, 3});
    subject->room();
  }
  if ((can & RELANCE_CAP_WEBHOOK) != 0) subject->authenticate("", "", {}, "");
  if ((can & RELANCE_CAP_QUOTE) != 0) subject->quote(bench.profile.letter);
  if (subject->plugin()->extension != nullptr)
    if (subject->plugin()->extension(nullptr, "com.example.unknown/9") != nullptr)
      note("it has an extension for every id");
  subject->pump_for(Milliseconds(50));
  subject->stop();
  if (!subject->wait_for_ends(stop_grace())) subject->host().end_the_rest();
}

void calls_threads(Bench &bench) {
  bench.needs_simulator();
  auto subject = bench.started({.changes_threads = true});
  subject->submit(bench.letters(40), 5);
  subject->wait_for_ends(end_patience());
  const auto ends = subject->host().ends();
  const auto good = std::count_if(ends.begin(), ends.end(), [](const End &end) {
    return end.outcome == RELANCE_OUT_ACCEPTED || end.outcome == RELANCE_OUT_DELIVERED ||
           end.outcome == RELANCE_OUT_PREPARED;
  });
  if (good == 0 && !ends.empty())
    finding("with each call from another thread no message was accepted, though the provider accepts",
            "keep nothing in thread_local: calls never overlap, but the thread may change", "R3");
  subject->stop();
  subject->wait_for_ends(stop_grace());
  must_have_ended(*subject, "when each call came from another thread", "keep nothing in thread_local");
}

}  // namespace relance::check
