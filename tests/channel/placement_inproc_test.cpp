#include "tests/channel/recorder.hpp"

#include <fcntl.h>
#include <future>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace relance::channel {
namespace {

using test::Bench;

/// A named pipe that the test and the plugin meet at.
class Fifo {
 public:
  explicit Fifo(std::string path) : path_(std::move(path)) {
    BOOST_REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
    fd_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);  // read and write: neither end waits for the other
    BOOST_REQUIRE(fd_ >= 0);
  }
  Fifo(const Fifo &) = delete;
  Fifo &operator=(const Fifo &) = delete;
  ~Fifo() { ::close(fd_); }
  void write_byte() const { BOOST_REQUIRE(::write(fd_, "", 1) == 1); }
  bool wait_byte() const {
    pollfd p{fd_, POLLIN, 0};
    return ::poll(&p, 1, static_cast<int>(std::chrono::milliseconds(test::kPatience).count())) == 1;
  }

 private:
  std::string path_;
  int fd_{-1};
};

/// A plugin that stays in submit() until the test opens its gate, and tells when its instance has gone.
struct GatedBench : Bench {
  GatedBench() : Bench("scripted", Placement::in_process) {
    settings.settings_json = R"({"sent_log":")" + sent_log + R"(","gate":")" + folder.path +
                             R"(/gate","end_fifo":")" + folder.path + "/end\"}";
    start();
    stuck = message_to("gate@example.com");
    provider->submit({stuck});
    events.wait_for("the plugin in submit()", [](auto &r) { return r.has_line("waits at the gate"); });
  }
  const std::string sent_log{folder.path + "/sent"};
  Fifo gate{folder.path + "/gate"}, end{folder.path + "/end"};
  Submission stuck;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(placement_inproc_test)

BOOST_AUTO_TEST_CASE(a_message_is_submitted_and_its_outcome_comes_back) {
  Bench bench("scripted", Placement::in_process);
  bench.start();
  BOOST_TEST(bench.provider->traits().plugin_id == "org.relance.test.scripted");
  BOOST_TEST(bench.provider->traits().max_in_flight == 256u);
  BOOST_TEST(bench.provider->traits().is_two_phase);
  const auto accepted = bench.send("accept@example.com");
  BOOST_TEST((accepted.kind == OutcomeKind::accepted));
  BOOST_REQUIRE(accepted.refs.size() == 1u);
  BOOST_TEST(accepted.refs[0] == "ref-1");
  BOOST_TEST((bench.send("reject@example.com").kind == OutcomeKind::rejected));
}

BOOST_AUTO_TEST_CASE(the_engine_is_told_of_credit_and_health_when_the_plugin_says_nothing) {
  Bench bench("scripted", Placement::in_process);
  bench.start();
  bench.events.wait_for("credit and health", [](auto &r) { return !r.ready_.empty() && !r.health_.empty(); });
  BOOST_TEST(bench.events.ready_.front() == kWholeWindow);
  BOOST_TEST((bench.events.health_.front().level == HealthLevel::up));
}

BOOST_AUTO_TEST_CASE(a_second_end_of_a_token_is_dropped_and_logged) {
  Bench bench("scripted", Placement::in_process);
  bench.start();
  BOOST_TEST((bench.send("twice@example.com", 7).kind == OutcomeKind::accepted));
  bench.events.wait_for("the fault",
                        [](auto &r) { return r.has_line("ended a token that is not open token=7"); });
  BOOST_TEST((bench.send("accept@example.com", 8).kind == OutcomeKind::accepted));
  BOOST_TEST(bench.events.count_outcomes_of(7) == 1u);
}

BOOST_AUTO_TEST_CASE(an_end_of_a_token_that_nobody_opened_is_dropped) {
  Bench bench("scripted", Placement::in_process);
  bench.start();
  BOOST_TEST((bench.send("invent@example.com", 7).kind == OutcomeKind::accepted));
  BOOST_TEST(bench.events.count_outcomes_of(1'000'007) == 0u);
}

BOOST_AUTO_TEST_CASE(outcomes_that_do_not_exist_or_do_not_fit_are_unknown) {
  Bench bench("scripted", Placement::in_process);
  bench.start();
  BOOST_TEST((bench.send("odd@example.com").kind == OutcomeKind::unknown));
  BOOST_TEST((bench.send("not_found@example.com").kind == OutcomeKind::unknown));
}

BOOST_AUTO_TEST_CASE(an_exception_stops_at_the_border_and_its_messages_are_unknown) {
  Bench bench("scripted", Placement::in_process);
  bench.start();
  const auto thrown = bench.send("throw@example.com");
  BOOST_TEST((thrown.kind == OutcomeKind::unknown));
  BOOST_TEST(thrown.code == "threw");
  BOOST_TEST((bench.send("accept@example.com").kind == OutcomeKind::accepted));
}

BOOST_AUTO_TEST_CASE(a_forgotten_token_ends_as_unknown_when_its_time_is_over) {
  Bench bench("scripted", Placement::in_process);
  bench.settings.limits.outcome_grace = Milliseconds{0};
  bench.start();
  auto message = bench.message_to("forget@example.com");
  message.not_after = WallClock().now() + Milliseconds{300};
  bench.provider->submit({message});
  const auto outcome = bench.events.wait_outcome_of(message.token);
  BOOST_TEST((outcome.kind == OutcomeKind::unknown));
  BOOST_TEST(outcome.code == "no_end");
}

BOOST_AUTO_TEST_CASE(a_token_left_open_at_stop_ends_as_unknown) {
  Bench bench("scripted", Placement::in_process);
  bench.start();
  const auto forgotten = bench.message_to("forget@example.com");
  bench.provider->submit({forgotten});
  BOOST_TEST((bench.send("accept@example.com").kind == OutcomeKind::accepted));
  bench.provider->stop(Milliseconds{10});
  BOOST_TEST((bench.events.wait_outcome_of(forgotten.token).kind == OutcomeKind::unknown));
  BOOST_TEST(bench.events.count_outcomes_of(forgotten.token) == 1u);
}

BOOST_AUTO_TEST_CASE(a_plugin_that_hangs_does_not_hang_stop_and_what_it_never_saw_is_not_sent) {
  Bench bench("scripted", Placement::in_process);
  bench.start();
  const auto hanging = bench.message_to("hang@example.com"), behind = bench.message_to("accept@example.com");
  bench.provider->submit({hanging});
  bench.events.wait_for("the plugin in submit()", [](auto &r) { return r.has_line("hangs"); });
  bench.provider->submit({behind});
  bench.provider->stop(Milliseconds{300});
  BOOST_TEST((bench.events.wait_outcome_of(hanging.token).kind == OutcomeKind::unknown));
  BOOST_TEST((bench.events.wait_outcome_of(behind.token).kind == OutcomeKind::not_sent));
}

BOOST_AUTO_TEST_CASE(a_plugin_that_comes_back_after_it_was_abandoned_gets_nothing_more) {
  GatedBench bench;
  const auto behind = bench.message_to("accept@example.com");
  bench.provider->submit({behind});
  bench.provider->commit({.token = 900, .refs = {"draft-1"}}, WallClock().now() + Milliseconds{60'000});
  bench.provider->stop(Milliseconds{50});
  BOOST_TEST((bench.events.wait_outcome_of(bench.stuck.token).kind == OutcomeKind::unknown));
  BOOST_TEST((bench.events.wait_outcome_of(behind.token).kind == OutcomeKind::not_sent));
  BOOST_TEST((bench.events.wait_outcome_of(900).kind == OutcomeKind::not_sent));
  bench.gate.write_byte();
  BOOST_REQUIRE(bench.end.wait_byte());  // its thread has done all that it ever will
  BOOST_TEST(!std::filesystem::exists(bench.sent_log));
  BOOST_TEST(bench.events.outcomes_.size() == 3u);  // and said nothing more
}

BOOST_AUTO_TEST_CASE(what_waits_when_the_stop_begins_is_not_handed_over_within_the_grace) {
  GatedBench bench;
  const auto behind = bench.message_to("accept@example.com");
  bench.provider->submit({behind});
  const auto stopping = std::async(std::launch::async, [&] { bench.provider->stop(Milliseconds{30'000}); });
  BOOST_TEST((bench.events.wait_outcome_of(behind.token).kind == OutcomeKind::not_sent));
  bench.gate.write_byte();  // the engine knows that it was not sent; now the plugin comes back
  stopping.wait();
  BOOST_TEST((bench.events.wait_outcome_of(bench.stuck.token).kind == OutcomeKind::accepted));
  BOOST_REQUIRE(bench.end.wait_byte());
  BOOST_TEST(!std::filesystem::exists(bench.sent_log));
}

BOOST_AUTO_TEST_CASE(tokens_end_in_time_also_while_the_plugin_hangs) {
  Bench bench("scripted", Placement::in_process);
  bench.settings.limits.outcome_grace = Milliseconds{0};
  bench.start();
  auto hanging = bench.message_to("hang@example.com"), behind = bench.message_to("accept@example.com");
  hanging.not_after = behind.not_after = WallClock().now() + Milliseconds{1000};
  bench.provider->submit({hanging});
  bench.events.wait_for("the plugin in submit()", [](auto &r) { return r.has_line("hangs"); });
  bench.provider->submit({behind});
  BOOST_TEST((bench.events.wait_outcome_of(hanging.token).kind == OutcomeKind::unknown));
  BOOST_TEST((bench.events.wait_outcome_of(behind.token).kind == OutcomeKind::not_sent));
}

BOOST_AUTO_TEST_CASE(a_token_that_is_open_already_is_handed_over_once) {
  Bench bench("scripted", Placement::in_process);
  const auto sent_log = bench.folder.path + "/sent";
  bench.settings.settings_json = R"({"sent_log":")" + sent_log + "\"}";
  bench.start();
  const auto message = bench.message_to("accept@example.com");
  bench.provider->submit({message, message});
  BOOST_TEST((bench.events.wait_outcome_of(message.token).kind == OutcomeKind::accepted));
  bench.send("reject@example.com");  // behind whatever the second one would have been
  BOOST_TEST(std::filesystem::file_size(sent_log) == message.idempotency_key.size() + 1);
}

BOOST_AUTO_TEST_CASE(a_message_past_not_after_never_reaches_the_plugin) {
  Bench bench("scripted", Placement::in_process);
  const auto sent_log = bench.folder.path + "/sent";
  bench.settings.settings_json = R"({"sent_log":")" + sent_log + "\"}";
  bench.start();
  auto late = bench.message_to("accept@example.com");
  late.not_after = WallClock().now() - Milliseconds{1};
  bench.provider->submit({late});
  const auto outcome = bench.events.wait_outcome_of(late.token);
  BOOST_TEST((outcome.kind == OutcomeKind::not_sent));
  BOOST_TEST(outcome.code == "not_after");
  BOOST_TEST(!std::filesystem::exists(sent_log));
}

BOOST_AUTO_TEST_CASE(a_message_is_readable_until_its_token_ends) {
  Bench bench("scripted", Placement::in_process);
  bench.start();
  std::vector<Submission> batch;
  for (int i{0}; i < 32; ++i) batch.push_back(bench.message_to("thread@example.com"));
  bench.provider->submit(std::move(batch));
  for (const auto &outcome : bench.events.wait_outcomes(32))
    BOOST_TEST(outcome.code == "Bonjour " + std::to_string(outcome.token));
}

BOOST_AUTO_TEST_CASE(settings_that_break_the_schema_are_refused_with_their_pointer) {
  Bench bench("scripted", Placement::in_process, R"({"auth": {"token": "hunter2"}})");
  bench.make();
  const auto started = bench.provider->start();
  BOOST_REQUIRE(!started);
  BOOST_TEST(started.error().where == "/auth/token");
  BOOST_TEST(started.error().message.find("org.relance.test.scripted") != std::string::npos);
  BOOST_TEST(started.error().text().find("hunter2") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(settings_that_the_plugin_refuses_are_refused_with_its_words) {
  Bench bench("scripted", Placement::in_process, R"({"mode":"refuse"})");
  bench.make();
  const auto started = bench.provider->start();
  BOOST_REQUIRE(!started);
  BOOST_TEST(started.error().where == "/mode");
  BOOST_TEST(started.error().message.find("may not be \"refuse\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_plugin_that_throws_in_create_is_refused) {
  Bench bench("scripted", Placement::in_process, R"({"mode":"throw"})");
  bench.make();
  const auto started = bench.provider->start();
  BOOST_REQUIRE(!started);
  bench.events.wait_for("what it threw", [](auto &r) { return r.has_line("what=thrown by create"); });
}

BOOST_AUTO_TEST_CASE(check_provider_says_what_start_would_say) {
  Bench bench("scripted", Placement::in_process, R"({"port": 70000})");
  const auto checked = check_provider(bench.settings);
  BOOST_REQUIRE(!checked);
  BOOST_TEST(checked.error().where == "/port");
  bench.settings.settings_json = R"({"port": 25})";
  BOOST_TEST(check_provider(bench.settings).has_value());
}

BOOST_AUTO_TEST_CASE(a_plugin_that_logs_in_a_loop_fills_no_disk) {
  Bench bench("scripted", Placement::in_process);
  bench.settings.limits.log_lines_max = 50;
  bench.start();
  bench.send("flood_log@example.com");
  bench.events.wait_for("some lines", [](auto &r) { return !r.lines_.empty(); });
  bench.provider->stop(Milliseconds{1000});
  BOOST_TEST(bench.events.lines_.size() < 1000u);  // 100,000 were written in well under 20 s
}

BOOST_AUTO_TEST_CASE(the_noop_channel_delivers_through_raw_bytes_and_parse) {
  Bench bench("noop", Placement::in_process, R"({"receipts": true, "latency_ms": 5})");
  bench.start();
  const auto message = bench.message_to("any@example.com");
  bench.provider->submit({message});
  BOOST_TEST((bench.events.wait_outcome_of(message.token).kind == OutcomeKind::accepted));
  bench.events.wait_for("raw bytes", [](auto &r) { return r.inbound_.size() == 1; });
  BOOST_TEST(bench.events.inbound_[0].bytes == message.idempotency_key);
  bench.provider->stored({bench.events.inbound_[0].plugin_token});
  bench.provider->parse(99, "link", std::make_shared<const std::string>(bench.events.inbound_[0].bytes), from_ms(1));
  bench.events.wait_for("a receipt", [](auto &r) { return r.parsed_.size() == 1; });
  BOOST_TEST((bench.events.parsed_[0].receipts.at(0).kind == ReceiptKind::delivered));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::channel
