// The small parts that both placements rest on: tokens, restarts, state, log lines, and the task channel.
#include "host/channel/instance_state.hpp"
#include "host/channel/line_budget.hpp"
#include "host/channel/made_up.hpp"
#include "host/channel/restart_policy.hpp"
#include "host/channel/stderr_lines.hpp"
#include "host/channel/token_table.hpp"
#include "tests/channel/recorder.hpp"

#include <fcntl.h>
#include <fstream>
#include <unistd.h>

namespace relance::channel {
BOOST_AUTO_TEST_SUITE(bookkeeping_test)

BOOST_AUTO_TEST_CASE(a_token_closes_once_and_is_unique_within_its_ending_only) {
  TokenTable table;
  BOOST_TEST(table.open({5, Operation::submit, {}, nullptr}));
  BOOST_TEST(!table.open({5, Operation::query, {}, nullptr}));
  BOOST_TEST(table.open({5, Operation::parse, {}, nullptr}));
  BOOST_TEST(table.size() == 2u);
  BOOST_TEST(table.close(Ending::complete, 5).has_value());
  BOOST_TEST(!table.close(Ending::complete, 5).has_value());
  BOOST_TEST(table.close(Ending::parsed, 5).has_value());
  BOOST_TEST(table.size() == 0u);
}

BOOST_AUTO_TEST_CASE(an_expired_token_keeps_its_memory_until_the_plugin_ends_it) {
  TokenTable table;
  auto memory = std::make_shared<int>(1);
  const std::weak_ptr<int> watched(memory);
  table.open({5, Operation::submit, from_ms(100), std::move(memory)});
  Token seen[]{5};
  table.announce(Ending::complete, seen);
  BOOST_TEST(table.expire(from_ms(99), true).empty());
  BOOST_TEST(table.expire(from_ms(100), true).size() == 1u);
  BOOST_TEST(table.size() == 0u);
  BOOST_TEST(!watched.expired());
  BOOST_TEST(!table.close(Ending::complete, 5).has_value());
  BOOST_TEST(watched.expired());
}

BOOST_AUTO_TEST_CASE(what_was_announced_is_made_up_as_unknown_and_the_rest_as_not_sent) {
  TokenTable table;
  for (const Token token : {1, 2}) table.open({token, Operation::submit, {}, nullptr});
  table.open({3, Operation::query, {}, nullptr});
  table.open({4, Operation::recall, {}, nullptr});
  table.open({5, Operation::parse, {}, nullptr});
  Token announced[]{2, 99};
  BOOST_TEST(table.announce(Ending::complete, announced) == 1u);
  BOOST_TEST(announced[1] == 0u);  // nobody opened it: it is not handed over
  const auto ends = make_up(table.drain(false), "child_ended", "why");
  BOOST_REQUIRE(ends.outcomes.size() == 3u);
  for (const auto &outcome : ends.outcomes)
    BOOST_TEST((outcome.kind == (outcome.token == 1 ? OutcomeKind::not_sent : OutcomeKind::unknown)));
  BOOST_TEST((ends.recalls.at(0).kind == RecallKind::unknown));
  BOOST_TEST(ends.parsed.at(0).is_retryable);
}

BOOST_AUTO_TEST_CASE(what_is_withdrawn_or_expired_unseen_is_never_announced) {
  TokenTable table;
  for (const Token token : {1, 2, 3})
    table.open({token, Operation::submit, from_ms(token == 3 ? 1 : 100), nullptr});
  Token seen[]{1};
  table.announce(Ending::complete, seen);
  BOOST_TEST(table.expire(from_ms(50), true).size() == 1u);
  const auto withdrawn = table.withdraw();
  BOOST_REQUIRE(withdrawn.size() == 1u);
  BOOST_TEST(withdrawn[0].token == 2u);
  Token late[]{3, 2, 1};
  BOOST_TEST(table.announce(Ending::complete, late) == 1u);
  BOOST_TEST(late[0] == 0u);
  BOOST_TEST(late[1] == 0u);
  BOOST_TEST(late[2] == 1u);
  BOOST_TEST(table.size() == 1u);
}

BOOST_AUTO_TEST_CASE(restarts_are_delayed_twice_as_long_each_time_up_to_a_bound) {
  ProviderLimits limits;
  limits.crashes_max = 100;
  RestartPolicy policy(limits);
  RestartPolicy::Time now{};
  std::vector<std::int64_t> delays;
  for (int i{0}; i < 11; ++i) delays.push_back(policy.after_end(now, Milliseconds{10})->count());
  const std::vector<std::int64_t> expected{100,  200,    400,    800,    1600,  3200,
                                           6400, 12'800, 25'600, 30'000, 30'000};
  BOOST_TEST(delays == expected, boost::test_tools::per_element());
  BOOST_TEST(policy.after_end(now, Milliseconds{60'000})->count() == 100);  // it was up for a minute
}

BOOST_AUTO_TEST_CASE(the_last_of_too_many_crashes_in_the_window_is_quarantine_and_old_ones_do_not_count) {
  ProviderLimits limits;
  limits.crashes_max = 3;
  limits.crash_window = Milliseconds{1000};
  RestartPolicy policy(limits);
  RestartPolicy::Time now{};
  BOOST_TEST(policy.after_end(now, Milliseconds{1}).has_value());
  BOOST_TEST(policy.after_end(now + Milliseconds{900}, Milliseconds{1}).has_value());
  BOOST_TEST(policy.after_end(now + Milliseconds{1800}, Milliseconds{1}).has_value());
  BOOST_TEST(!policy.after_end(now + Milliseconds{1850}, Milliseconds{1}).has_value());
}

BOOST_AUTO_TEST_CASE(state_is_bounded_and_reads_back_as_it_was_written) {
  InstanceState state;
  BOOST_TEST(state.put("cursor", std::string("7 \n\0x", 5)));
  BOOST_TEST(state.put("other", "1"));
  BOOST_TEST(!state.put("big", std::string(InstanceState::kBytesMax, 'x')));
  BOOST_TEST(state.put("other", ""));
  InstanceState copy;
  BOOST_REQUIRE(copy.decode(state.encode()));
  BOOST_TEST(copy.get("cursor").value() == std::string("7 \n\0x", 5));
  BOOST_TEST(!copy.get("other").has_value());
  for (const char *wrong : {"x", "3 ab", "6 cursor", "99999999999999999999 x", "6 cursor-1 x"})
    BOOST_TEST(!copy.decode(wrong));
  BOOST_TEST(copy.get("cursor").has_value());  // a refused text changes nothing
}

BOOST_AUTO_TEST_CASE(a_state_file_that_is_damaged_is_named_and_not_overwritten) {
  const test::TemporaryFolder folder;
  const auto path = folder.path + "/p.state";
  InstanceState state;
  BOOST_TEST(state.load(path).has_value());
  state.put("k", "v");
  BOOST_TEST(state.save_if_changed(path).has_value());
  InstanceState again;
  BOOST_TEST(again.load(path).has_value());
  BOOST_TEST(again.get("k").value() == "v");
  std::ofstream(path) << "damaged";
  const auto loaded = again.load(path);
  BOOST_REQUIRE(!loaded);
  BOOST_TEST(loaded.error().message.find(path) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(log_lines_beyond_the_budget_are_dropped) {
  LineBudget budget(3);
  std::size_t taken{0};
  for (int i{0}; i < 1000; ++i) taken += budget.take() ? 1 : 0;
  BOOST_TEST(taken >= 3u);
  BOOST_TEST(taken <= 6u);  // the second may turn while the loop runs
}

BOOST_AUTO_TEST_CASE(an_id_that_would_lead_out_of_the_lock_directory_is_refused) {
  test::Recorder events;
  ProviderSettings settings;
  settings.plugin = "task";
  for (const char *id : {"", "../other", "a/b", ".hidden", "a b"}) {
    settings.id = id;
    BOOST_TEST(!make_provider(settings, events));
    BOOST_TEST(!check_provider(settings));
  }
  settings.id = "smtp-fr_1.a";
  BOOST_TEST(make_provider(settings, events).has_value());
}

BOOST_AUTO_TEST_CASE(a_task_is_accepted_at_once_under_its_token) {
  test::Recorder events;
  ProviderSettings settings;
  settings.id = "desk";
  settings.plugin = "task";
  auto task = make_provider(settings, events);
  BOOST_REQUIRE(task);
  BOOST_REQUIRE((*task)->start());
  BOOST_TEST((*task)->traits().channel == "task");
  Submission good, late;
  good.token = 41;
  good.not_after = WallClock().now() + Milliseconds{60'000};
  late.token = 42;
  late.not_after = WallClock().now() - Milliseconds{1};
  (*task)->submit({good, late});
  BOOST_REQUIRE(events.outcomes_.size() == 2u);
  BOOST_TEST((events.outcomes_[0].kind == OutcomeKind::accepted));
  BOOST_TEST(events.outcomes_[0].refs.at(0) == "41");
  BOOST_TEST((events.outcomes_[1].kind == OutcomeKind::not_sent));
}

BOOST_AUTO_TEST_CASE(lines_of_a_standard_error_are_whole_or_cut_at_their_limit) {
  int ends[2]{-1, -1};
  BOOST_REQUIRE(::pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
  StderrLines lines;
  std::vector<std::string> seen;
  const auto sink = [&](std::string_view line) { seen.emplace_back(line); };
  const auto put = [&](const std::string &text) {
    BOOST_REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  };
  BOOST_TEST(lines.read(ends[0], sink));
  put("one\ntw");
  BOOST_TEST(lines.read(ends[0], sink));
  put("o\n\n" + std::string(StderrLines::kLineMax + 5, 'x') + "\nlast");
  BOOST_TEST(lines.read(ends[0], sink));
  ::close(ends[1]);
  BOOST_TEST(!lines.read(ends[0], sink));
  lines.end(sink);
  ::close(ends[0]);
  const std::vector<std::string> expected{"one", "two", std::string(StderrLines::kLineMax, 'x'), "xxxxx", "last"};
  BOOST_TEST(seen == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::channel
