// Children that crash, hang, lie, are killed or outlive their daemon: every message is accounted for all the
// same.
#include "tests/channel/child_bench.hpp"

#include <fcntl.h>
#include <map>
#include <set>
#include <spawn.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

namespace relance::channel {
using test::ChildBench;
BOOST_AUTO_TEST_SUITE(child_end_test)

BOOST_AUTO_TEST_CASE(a_crash_leaves_the_announced_batch_unknown_and_the_one_behind_it_not_sent) {
  ChildBench bench;
  bench.start();
  bench.freeze();  // so that both batches lie in the socket when it goes on
  const auto first = bench.message_to("accept@example.com"), crash = bench.message_to("crash@example.com"),
             behind = bench.message_to("accept@example.com");
  bench.provider->submit({first, crash});
  bench.provider->submit({behind});
  bench.signal(SIGCONT);
  BOOST_TEST((bench.events.wait_outcome_of(crash.token).kind == OutcomeKind::unknown));
  BOOST_TEST((bench.events.wait_outcome_of(first.token).kind == OutcomeKind::unknown));
  const auto last = bench.events.wait_outcome_of(behind.token);
  BOOST_TEST((last.kind == OutcomeKind::not_sent));
  BOOST_TEST(last.code == "child_ended");
  BOOST_TEST(last.text.find("SIGKILL") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(killed_before_it_reads_anything_nothing_was_sent) {
  ChildBench bench;
  bench.start();
  bench.freeze();
  const auto message = bench.message_to("accept@example.com");
  bench.provider->submit({message});
  bench.signal(SIGKILL);
  BOOST_TEST((bench.events.wait_outcome_of(message.token).kind == OutcomeKind::not_sent));
}

BOOST_AUTO_TEST_CASE(killed_while_the_plugin_holds_a_message_that_one_is_unknown) {
  ChildBench bench;
  bench.start();
  const auto held = bench.message_to("hold@example.com");
  bench.provider->submit({held});
  BOOST_TEST((bench.send("accept@example.com").kind == OutcomeKind::accepted));  // so it has been read
  bench.signal(SIGKILL);
  BOOST_TEST((bench.events.wait_outcome_of(held.token).kind == OutcomeKind::unknown));
}

BOOST_AUTO_TEST_CASE(killed_after_the_outcome_was_written_the_outcome_still_counts) {
  ChildBench bench;
  bench.start();
  const auto done = bench.send("accept@example.com");
  bench.signal(SIGKILL);
  bench.wait_up(2);
  BOOST_TEST((done.kind == OutcomeKind::accepted));
  BOOST_TEST(bench.events.count_outcomes_of(done.token) == 1u);
}

BOOST_AUTO_TEST_CASE(after_a_crash_the_child_starts_again_and_works) {
  ChildBench bench;
  bench.start();
  const auto before = bench.pid();
  bench.send("abort@example.com");
  bench.wait_up(2);
  BOOST_TEST(bench.pid() != before);
  BOOST_TEST((bench.send("accept@example.com").kind == OutcomeKind::accepted));
  bench.events.wait_for("credit taken back and given again", [](auto &r) { return r.ready_.size() >= 3; });
  BOOST_TEST(bench.events.ready_[1] == 0u);
  BOOST_TEST(bench.events.ready_[2] == kWholeWindow);
}

BOOST_AUTO_TEST_CASE(while_the_child_is_down_messages_end_as_not_sent_with_the_time_to_wait) {
  ChildBench bench;
  bench.settings.limits.restart_delay_min = Milliseconds{60'000};
  bench.start();
  bench.send("exit@example.com");
  bench.events.wait_for("down", [](auto &r) { return r.health_.back().level == HealthLevel::down; });
  const auto refused = bench.send("accept@example.com");
  BOOST_TEST((refused.kind == OutcomeKind::not_sent));
  BOOST_TEST(refused.code == "down");
  BOOST_TEST(refused.whole_instance);
  BOOST_REQUIRE(refused.retry_after.has_value());
  BOOST_TEST(refused.retry_after->count() > 50'000);
  bench.provider->query({.token = 77, .idempotency_key = "key"});
  BOOST_TEST((bench.events.wait_outcome_of(77).kind == OutcomeKind::unknown));
}

BOOST_AUTO_TEST_CASE(a_child_that_keeps_crashing_is_quarantined_in_words) {
  ChildBench bench;
  bench.settings.limits.crashes_max = 3;
  bench.settings.limits.restart_delay_min = Milliseconds{1};
  bench.start();
  for (std::size_t i{1}; i <= 3; ++i) {
    bench.wait_up(i);
    bench.send("crash@example.com");
  }
  bench.events.wait_for("quarantine", [](auto &r) { return r.health_.back().code == "quarantined"; });
  const auto text = bench.events.health_.back().text;
  BOOST_TEST(text.find("ended 3 times within 600 s") != std::string::npos);
  BOOST_TEST(text.find("SIGKILL") != std::string::npos);
  BOOST_TEST((bench.send("accept@example.com").kind == OutcomeKind::not_sent));
}

BOOST_AUTO_TEST_CASE(a_child_stopped_past_not_after_and_woken_sends_nothing) {
  ChildBench bench;
  const auto sent_log = bench.folder.path + "/peer/sent";
  std::filesystem::create_directory(bench.folder.path + "/peer");
  bench.settings.sandbox.data_folders = {{bench.folder.path + "/peer", true}};
  bench.settings.settings_json = R"({"sent_log":")" + sent_log + "\"}";
  bench.start();
  bench.freeze();
  auto late = bench.message_to("accept@example.com");
  late.not_after = WallClock().now() + Milliseconds{150};
  bench.provider->submit({late});
  std::this_thread::sleep_until(late.not_after + Milliseconds{1});  // the fact awaited is the moment itself
  bench.signal(SIGCONT);
  const auto outcome = bench.events.wait_outcome_of(late.token);
  BOOST_TEST((outcome.kind == OutcomeKind::not_sent));
  BOOST_TEST(outcome.code == "not_after");
  BOOST_TEST(!std::filesystem::exists(sent_log));
  BOOST_TEST((bench.send("accept@example.com").kind == OutcomeKind::accepted));
  BOOST_TEST(std::filesystem::exists(sent_log));
}

BOOST_AUTO_TEST_CASE(a_commit_that_lies_unread_past_its_time_to_answer_may_go_yet_and_is_unknown) {
  ChildBench bench;
  const auto sent_log = bench.folder.path + "/peer/sent";
  std::filesystem::create_directory(bench.folder.path + "/peer");
  bench.settings.sandbox.data_folders = {{bench.folder.path + "/peer", true}};
  bench.settings.settings_json = R"({"sent_log":")" + sent_log + "\"}";
  bench.settings.limits.answer_timeout = Milliseconds{50};
  bench.settings.limits.hang_timeout = Milliseconds{8000};  // looked after every 2 s
  bench.start();
  bench.freeze();
  bench.provider->commit({.token = 77, .refs = {"a-draft"}}, WallClock().now() + Milliseconds{3'600'000});
  const auto outcome = bench.events.wait_outcome_of(77);
  bench.signal(SIGCONT);
  bench.events.wait_for("the draft goes all the same",
                        [](auto &r) { return r.has_line("ended a token that is not open"); });
  BOOST_TEST(std::filesystem::exists(sent_log));
  BOOST_TEST((outcome.kind == OutcomeKind::unknown));
}

BOOST_AUTO_TEST_CASE(a_child_that_hangs_is_killed_and_only_what_it_saw_is_unknown) {
  ChildBench bench;
  bench.settings.limits.hang_timeout = Milliseconds{400};
  bench.start();
  const auto hanging = bench.message_to("hang@example.com"), behind = bench.message_to("accept@example.com");
  bench.provider->submit({hanging});
  bench.provider->submit({behind});
  const auto outcome = bench.events.wait_outcome_of(hanging.token);
  BOOST_TEST((outcome.kind == OutcomeKind::unknown));
  BOOST_TEST(outcome.text.find("it hung") != std::string::npos);
  BOOST_TEST((bench.events.wait_outcome_of(behind.token).kind == OutcomeKind::not_sent));
  bench.wait_up(2);
  BOOST_TEST((bench.send("accept@example.com").kind == OutcomeKind::accepted));
}

BOOST_AUTO_TEST_CASE(a_child_that_hung_before_it_was_given_anything_is_killed_too) {
  ChildBench bench;
  bench.settings.limits.hang_timeout = Milliseconds{400};
  bench.start();
  BOOST_TEST((bench.send("accept@example.com").kind == OutcomeKind::accepted));  // nothing is open from here on
  bench.freeze();
  const auto outcome = bench.send("accept@example.com");
  BOOST_TEST((outcome.kind == OutcomeKind::not_sent));
  BOOST_TEST(outcome.text.find("it hung") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_a_child_writes_to_its_standard_error_is_in_the_log_to_its_last_word) {
  ChildBench bench;
  bench.start();
  BOOST_TEST((bench.send("mutter@example.com").kind == OutcomeKind::unknown));
  bench.events.wait_for("the first line", [](auto &r) { return r.has_line("library: first line"); });
  bench.events.wait_for("the last, unended", [](auto &r) { return r.has_line("library: and dies"); });
}

BOOST_AUTO_TEST_CASE(a_child_that_writes_garbage_is_killed) {
  ChildBench bench;
  bench.start();
  const auto message = bench.message_to("garbage@example.com");
  bench.provider->submit({message});
  BOOST_TEST((bench.events.wait_outcome_of(message.token).kind == OutcomeKind::unknown));
  bench.events.wait_for("why", [](auto &r) { return r.has_line("it sent a frame"); });
  bench.wait_up(2);
  BOOST_TEST((bench.send("accept@example.com").kind == OutcomeKind::accepted));
}

BOOST_AUTO_TEST_CASE(what_an_earlier_child_offered_is_not_acknowledged_by_the_next) {
  ChildBench bench;
  bench.start();
  bench.send("inbound@example.com", 41);
  bench.events.wait_for("raw bytes", [](auto &r) { return r.inbound_.size() == 1; });
  bench.send("crash@example.com");
  bench.wait_up(2);
  bench.provider->stored({bench.events.inbound_[0].plugin_token});
  bench.send("inbound@example.com", 42);
  bench.events.wait_for("raw bytes again", [](auto &r) { return r.inbound_.size() == 2; });
  BOOST_TEST(bench.events.inbound_[0].plugin_token != bench.events.inbound_[1].plugin_token);
  bench.provider->stored({bench.events.inbound_[1].plugin_token});
  bench.events.wait_for("the acknowledgement", [](auto &r) { return r.has_line("stored 42 of 1"); });
  BOOST_TEST(!bench.events.has_line("stored 41"));
}

BOOST_AUTO_TEST_CASE(a_parse_under_way_when_the_child_dies_is_tried_again_later) {
  ChildBench bench;
  bench.start();
  bench.provider->parse(90, "link", std::make_shared<const std::string>("crash"), from_ms(1));
  bench.events.wait_for("the failure", [](auto &r) { return r.parsed_.size() == 1; });
  BOOST_TEST(!bench.events.parsed_[0].error.empty());
  BOOST_TEST(bench.events.parsed_[0].is_retryable);
}

BOOST_AUTO_TEST_CASE(state_survives_a_crash_and_a_restart_of_the_daemon) {
  ChildBench bench;
  bench.start();
  BOOST_TEST(bench.send("state@example.com").code == "1");
  BOOST_TEST(bench.send("state@example.com").code == "2");
  bench.send("crash@example.com");
  bench.wait_up(2);
  BOOST_TEST(bench.send("state@example.com").code == "3");
  bench.provider->stop(Milliseconds{2000});
  bench.provider.reset();
  bench.start();
  BOOST_TEST(bench.send("state@example.com").code == "4");
}

BOOST_AUTO_TEST_CASE(a_plugin_that_dies_or_hangs_while_it_is_created_does_not_start) {
  {
    ChildBench bench("scripted", R"({"mode":"crash_at_create"})");
    bench.make();
    const auto started = bench.provider->start();
    BOOST_REQUIRE(!started);
    BOOST_TEST(started.error().message.find("SIGKILL") != std::string::npos);
  }
  {
    ChildBench bench("scripted", R"({"mode":"hang_at_create"})");
    bench.settings.limits.start_timeout = Milliseconds{200};
    bench.make();
    const auto started = bench.provider->start();
    BOOST_REQUIRE(!started);
    BOOST_TEST(started.error().message.find("did not start within 200 ms") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(no_second_child_while_one_of_an_earlier_daemon_holds_the_lock) {
  ChildBench bench;
  bench.settings.limits.start_timeout = Milliseconds{200};
  const auto path = bench.folder.path + "/p1.lock";
  const int lock{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  BOOST_REQUIRE(::flock(lock, LOCK_EX | LOCK_NB) == 0);
  BOOST_REQUIRE(::write(lock, "4711\n", 5) == 5);
  bench.make();
  const auto started = bench.provider->start();
  BOOST_REQUIRE(!started);
  BOOST_TEST((started.error().kind == ErrorKind::conflict));
  BOOST_TEST(started.error().message.find("process 4711") != std::string::npos);
  ::close(lock);
  bench.start();
}

BOOST_AUTO_TEST_CASE(a_child_ends_when_its_daemon_is_gone_also_while_the_plugin_hangs) {
  ChildBench bench;
  BOOST_REQUIRE(std::filesystem::exists(bench.settings.program));
  int words[2]{-1, -1};
  BOOST_REQUIRE(::pipe2(words, O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, words[1], STDOUT_FILENO);
  pid_t daemon{-1};
  std::string program(bench.settings.program), role("--daemon"), file(test::plugin_folder() + "/scripted.so");
  char *const arguments[]{program.data(), role.data(), file.data(), bench.folder.path.data(), nullptr};
  BOOST_REQUIRE(::posix_spawn(&daemon, program.c_str(), &actions, nullptr, arguments, ::environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(words[1]);
  BOOST_REQUIRE(daemon > 1);
  char said[64]{};
  BOOST_TEST(::read(words[0], said, sizeof said - 1) > 0);
  BOOST_TEST(said == "hangs");
  ::close(words[0]);
  const int lock{::open((bench.folder.path + "/p1.lock").c_str(), O_RDWR | O_CLOEXEC)};
  BOOST_TEST(bench.pid() > 1);
  BOOST_TEST(::flock(lock, LOCK_EX | LOCK_NB) != 0);
  ::kill(daemon, SIGKILL);
  BOOST_TEST((::waitpid(daemon, nullptr, 0) == daemon));
  BOOST_TEST(::flock(lock, LOCK_EX) == 0);  // waits for the child's end; bounded by CTest's own time-out
  ::close(lock);
}

BOOST_AUTO_TEST_CASE(stop_makes_up_what_the_plugin_does_not_end) {
  ChildBench bench;
  bench.start();
  const auto message = bench.message_to("forget@example.com");
  bench.provider->submit({message});
  bench.send("accept@example.com");
  bench.provider->stop(Milliseconds{50});
  BOOST_TEST((bench.events.wait_outcome_of(message.token).kind == OutcomeKind::unknown));
  BOOST_TEST(bench.events.count_outcomes_of(message.token) == 1u);
}

BOOST_AUTO_TEST_CASE(ten_thousand_messages_under_random_kills_are_all_accounted_for) {
  ChildBench bench("noop", R"({"max_in_flight": 1000000})");
  bench.settings.limits.crashes_max = 1000;
  bench.settings.limits.restart_delay_min = bench.settings.limits.restart_delay_max = Milliseconds{1};
  bench.start();
  constexpr std::size_t kBatches{200}, kBatch{50};
  std::uint32_t random{12345};
  std::size_t kills{0};
  for (std::size_t i{0}; i < kBatches; ++i) {
    std::vector<Submission> batch;
    for (std::size_t j{0}; j < kBatch; ++j) batch.push_back(bench.message_to("any@example.com"));
    bench.provider->submit(std::move(batch));
    bench.events.wait_outcomes(i * kBatch);  // one batch is under way, all before it have ended
    random = random * 1'664'525 + 1'013'904'223;
    if (random >> 24 > 50) continue;
    bench.signal(SIGKILL);
    bench.wait_up(++kills + 1);
  }
  BOOST_TEST(kills > 20u);
  const auto outcomes = bench.events.wait_outcomes(kBatches * kBatch);
  BOOST_TEST(outcomes.size() == kBatches * kBatch);
  std::set<Token> tokens;
  std::map<OutcomeKind, std::size_t> kinds;
  for (const auto &outcome : outcomes) {
    tokens.insert(outcome.token);
    ++kinds[outcome.kind];
  }
  BOOST_TEST(tokens.size() == kBatches * kBatch);
  BOOST_TEST(kinds[OutcomeKind::accepted] > kBatches * kBatch / 2);
  BOOST_TEST(kinds[OutcomeKind::unknown] <= kills * kBatch);
  BOOST_TEST_MESSAGE(kills << " kills: " << kinds[OutcomeKind::accepted] << " accepted, "
                           << kinds[OutcomeKind::unknown] << " unknown, " << kinds[OutcomeKind::not_sent]
                           << " not sent");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::channel
