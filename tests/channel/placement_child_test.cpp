#include "tests/channel/recorder.hpp"

#include <fcntl.h>
#include <fstream>
#include <map>
#include <set>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

namespace relance::channel {
namespace {

using test::Bench;

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
  /// Waits until the child's process is in that state ('T' stopped) and gives the state letter back.
  void wait_state(char state) const {
    for (;;) {
      std::ifstream file("/proc/" + std::to_string(pid()) + "/stat");
      std::string text;
      std::getline(file, text);
      if (text.find(std::string(") ") + state) != text.npos) return;
      std::this_thread::yield();
    }
  }
  void freeze() {
    signal(SIGSTOP);
    wait_state('T');
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(placement_child_test)

BOOST_AUTO_TEST_CASE(a_message_goes_through_the_child_and_its_outcome_comes_back) {
  ChildBench bench;
  bench.start();
  BOOST_TEST(bench.provider->traits().plugin_id == "org.relance.test.scripted");
  BOOST_TEST(bench.provider->traits().max_in_flight == 256u);
  BOOST_REQUIRE(bench.provider->traits().idempotency_window.has_value());
  BOOST_TEST(bench.provider->traits().expected_receipts.size() == 1u);
  const auto accepted = bench.send("accept@example.com");
  BOOST_TEST((accepted.kind == OutcomeKind::accepted));
  BOOST_TEST(accepted.refs.at(0) == "ref-1");
  BOOST_TEST((bench.send("reject@example.com").kind == OutcomeKind::rejected));
}

BOOST_AUTO_TEST_CASE(every_field_of_a_message_is_the_same_in_either_placement) {
  std::vector<std::string> seen;
  for (const auto placement : {Placement::in_process, Placement::child}) {
    Bench bench("scripted", placement);
    bench.start();
    auto m = bench.message_to("echo@example.com", 5);
    m.addressee.name = "Dupont & Fils";
    m.addressee.postal_lines = {"12 rue des Lilas", "75011 Paris"};
    m.addressee.country = "FR";
    m.addressee.language = "fr-FR";
    m.addressee.has_consent = true;
    m.sender = {"ACME", "compta@acme.example", "reponse@acme.example"};
    m.service = "registered_ar";
    m.parts.push_back({"attachment",
                       "application/pdf",
                       "facture.pdf",
                       std::make_shared<const std::string>(std::string("%PDF\x01\xff")),
                       {}});
    m.references = {{"invoice", "2026-77"}, {"case", "c9"}};
    m.attempt_number = 3;
    m.dated = from_ms(1'700'000'000'000);
    m.valid_until = from_ms(1'700'000'100'000);
    bench.provider->submit({m});
    seen.push_back(bench.events.wait_outcome_of(5).code);
  }
  BOOST_TEST(seen[0] == seen[1]);
  BOOST_TEST(seen[0].find("75011 Paris|invoice|2026-77|case|c9|text|") != std::string::npos);
  BOOST_TEST(seen[0].find("|3|1700000000000|1700000100000|consent") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_child_has_an_empty_environment_and_three_descriptors_beside_the_plugins_own) {
  ChildBench bench;
  const int inherited{::open("/dev/null", O_RDONLY)};  // without O_CLOEXEC, as a careless library would
  bench.start();
  ::close(inherited);
  // stdin, stdout, stderr, socket, lock, and the child's own eventfd
  BOOST_TEST(bench.send("environ@example.com").code == "env= fds=6");
}

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
  bench.provider->query(77, "key", {});
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
  const auto sent_log = bench.folder.path + "/sent";
  bench.settings.settings_json = R"({"sent_log":")" + sent_log + "\"}";
  bench.start();
  bench.freeze();
  auto late = bench.message_to("accept@example.com");
  late.not_after = WallClock().now() + Milliseconds{150};
  bench.provider->submit({late});
  while (WallClock().now() <= late.not_after) std::this_thread::yield();
  bench.signal(SIGCONT);
  const auto outcome = bench.events.wait_outcome_of(late.token);
  BOOST_TEST((outcome.kind == OutcomeKind::not_sent));
  BOOST_TEST(outcome.code == "not_after");
  BOOST_TEST(!std::filesystem::exists(sent_log));
  BOOST_TEST((bench.send("accept@example.com").kind == OutcomeKind::accepted));
  BOOST_TEST(std::filesystem::exists(sent_log));
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

BOOST_AUTO_TEST_CASE(double_ends_and_invented_tokens_are_dropped_in_the_child) {
  ChildBench bench;
  bench.start();
  bench.send("twice@example.com", 7);
  bench.events.wait_for("the fault",
                        [](auto &r) { return r.has_line("ended a token that is not open token=7"); });
  bench.send("invent@example.com", 8);
  bench.send("throw@example.com", 9);
  BOOST_TEST((bench.send("accept@example.com", 10).kind == OutcomeKind::accepted));
  BOOST_TEST(bench.events.count_outcomes_of(7) == 1u);
  BOOST_TEST(bench.events.count_outcomes_of(1'000'008) == 0u);
}

BOOST_AUTO_TEST_CASE(a_forgotten_token_ends_as_unknown_when_its_time_is_over) {
  ChildBench bench;
  bench.settings.limits.outcome_grace = Milliseconds{0};
  bench.start();
  auto message = bench.message_to("forget@example.com");
  message.not_after = WallClock().now() + Milliseconds{300};
  bench.provider->submit({message});
  const auto outcome = bench.events.wait_outcome_of(message.token);
  BOOST_TEST((outcome.kind == OutcomeKind::unknown));
  BOOST_TEST(outcome.code == "no_end");
}

BOOST_AUTO_TEST_CASE(two_phases_queries_and_recalls_go_through) {
  ChildBench bench;
  bench.start();
  const auto prepared = bench.send("prepare@example.com", 3);
  BOOST_TEST((prepared.kind == OutcomeKind::prepared));
  BOOST_TEST(prepared.refs.at(0) == "draft-1");
  bench.provider->commit(4, prepared.refs, WallClock().now() + Milliseconds{60'000});
  const auto committed = bench.events.wait_outcome_of(4);
  BOOST_TEST((committed.kind == OutcomeKind::accepted));
  BOOST_TEST(committed.code == "draft-1");
  bench.provider->commit(5, prepared.refs, WallClock().now() - Milliseconds{1});
  BOOST_TEST(bench.events.wait_outcome_of(5).code == "not_after");
  bench.provider->query(6, "the-key", {});
  BOOST_TEST((bench.events.wait_outcome_of(6).kind == OutcomeKind::not_found));
  BOOST_TEST(bench.events.wait_outcome_of(6).code == "the-key");
  bench.provider->recall(7, {"ref-1"});
  bench.events.wait_for("the recall", [](auto &r) { return r.recalls_.size() == 1; });
  BOOST_TEST((bench.events.recalls_[0].kind == RecallKind::too_late));
  bench.provider->discard({"draft-1"});
  bench.events.wait_for("the discard", [](auto &r) { return r.has_line("discarded ref=draft-1"); });
}

BOOST_AUTO_TEST_CASE(raw_bytes_come_up_are_acknowledged_by_the_plugins_own_token_and_parse_into_receipts) {
  ChildBench bench;
  bench.start();
  bench.send("inbound@example.com", 41);
  bench.events.wait_for("raw bytes", [](auto &r) { return r.inbound_.size() == 1; });
  const auto in = bench.events.inbound_[0];
  BOOST_TEST(in.kind == "link");
  BOOST_TEST(in.name == "mail-1");
  BOOST_TEST(in.bytes == "Facture 2026-41");
  bench.provider->stored({in.plugin_token});
  bench.events.wait_for("the acknowledgement", [](auto &r) { return r.has_line("stored 41 of 1"); });
  bench.provider->parse(90, "link", std::make_shared<const std::string>("key-of-it"));
  bench.events.wait_for("receipts", [](auto &r) { return r.parsed_.size() == 1; });
  const auto &parsed = bench.events.parsed_[0];
  BOOST_REQUIRE(parsed.receipts.size() == 2u);
  const auto &receipt = parsed.receipts[0];
  BOOST_TEST((receipt.kind == ReceiptKind::delivered));
  BOOST_TEST(receipt.is_final);
  BOOST_TEST(receipt.ref == "ref-1");
  BOOST_TEST(receipt.idempotency_key == "key-of-it");
  BOOST_TEST(receipt.part_index == 1u);
  BOOST_TEST(receipt.part_count == 2u);
  BOOST_TEST(receipt.price.value().micro_units == 1'500'000);
  BOOST_TEST(receipt.evidence.at(0).file_name == "proof.pdf");
  BOOST_TEST(to_ms(receipt.provider_time.value()) == 1'700'000'000'000);
  // A kind and a failure from the future are interim and none, and never final.
  BOOST_TEST((parsed.receipts[1].kind == ReceiptKind::interim));
  BOOST_TEST((parsed.receipts[1].failure == FailureClass::none));
  BOOST_TEST(!parsed.receipts[1].is_final);
  BOOST_TEST((parsed.replies.at(0).kind == ReplyKind::stop));
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

BOOST_AUTO_TEST_CASE(raw_bytes_wait_for_room_and_none_is_lost) {
  ChildBench bench("noop", R"({"receipts": true})");
  bench.settings.limits.inbound_max = 16;
  bench.events.set_inbound_room(10);
  bench.start();
  std::vector<Submission> batch;
  for (int i{0}; i < 100; ++i) batch.push_back(bench.message_to("any@example.com"));
  bench.provider->submit(std::move(batch));
  bench.events.wait_outcomes(100);
  bench.events.wait_for("the first ten", [](auto &r) { return r.inbound_.size() == 10; });
  bench.events.set_inbound_room(1000);
  bench.provider->room();
  bench.events.wait_for("all of them", [](auto &r) { return r.inbound_.size() == 100; });
  std::set<std::string> keys;
  for (const auto &in : bench.events.inbound_) keys.insert(in.bytes);
  BOOST_TEST(keys.size() == 100u);
}

BOOST_AUTO_TEST_CASE(a_parse_under_way_when_the_child_dies_is_tried_again_later) {
  ChildBench bench;
  bench.start();
  bench.provider->parse(90, "link", std::make_shared<const std::string>("crash"));
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

BOOST_AUTO_TEST_CASE(business_time_in_the_child_is_the_daemons) {
  ChildBench bench;
  bench.settings.hooks.business_now = [] { return from_ms(1'800'000'000'000); };
  bench.start();
  BOOST_TEST(bench.send("clock@example.com").code == "1800000000000");
}

BOOST_AUTO_TEST_CASE(the_plugins_own_health_and_credit_reach_the_engine) {
  ChildBench bench;
  bench.start();
  bench.send("down@example.com");
  bench.events.wait_for("down", [](auto &r) { return r.health_.back().level == HealthLevel::down; });
  BOOST_TEST(bench.events.health_.back().text == "the provider knows us no more");
  bench.events.wait_for("no credit", [](auto &r) { return r.ready_.back() == 0; });
}

BOOST_AUTO_TEST_CASE(refused_settings_come_back_with_their_pointer) {
  ChildBench bench("scripted", R"({"auth": {"token": "hunter2"}})");
  bench.make();
  auto started = bench.provider->start();
  BOOST_REQUIRE(!started);
  BOOST_TEST(started.error().where == "/auth/token");
  BOOST_TEST(started.error().text().find("hunter2") == std::string::npos);
  const auto checked = check_provider(bench.settings);
  BOOST_REQUIRE(!checked);
  BOOST_TEST(checked.error().where == "/auth/token");
  bench.settings.settings_json = "{}";
  BOOST_TEST(check_provider(bench.settings).has_value());
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

BOOST_AUTO_TEST_CASE(a_program_that_is_not_there_is_named) {
  ChildBench bench;
  bench.settings.program = "/nowhere/relanced";
  bench.make();
  const auto started = bench.provider->start();
  BOOST_REQUIRE(!started);
  BOOST_TEST(started.error().message.find("/nowhere/relanced") != std::string::npos);
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
  pid_t daemon{-1};
  std::string program(bench.settings.program), role("--daemon"), file(test::plugin_folder() + "/scripted.so");
  char *const arguments[]{program.data(), role.data(), file.data(), bench.folder.path.data(), nullptr};
  BOOST_REQUIRE(::posix_spawn(&daemon, program.c_str(), nullptr, nullptr, arguments, ::environ) == 0);
  const auto path = bench.folder.path + "/p1.lock";
  const auto is_held = [&] {
    const int fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    const bool held{::flock(fd, LOCK_EX | LOCK_NB) != 0};
    ::close(fd);
    return held;
  };
  BOOST_REQUIRE(daemon > 1);
  const auto up_by = std::chrono::steady_clock::now() + test::kPatience;
  while (bench.pid() <= 1 && std::chrono::steady_clock::now() < up_by) std::this_thread::yield();
  BOOST_TEST(bench.pid() > 1);  // written once the child is there
  BOOST_TEST(is_held());
  ::kill(daemon, SIGKILL);
  BOOST_TEST((::waitpid(daemon, nullptr, 0) == daemon));
  const auto give_up_at = std::chrono::steady_clock::now() + test::kPatience;
  while (is_held() && std::chrono::steady_clock::now() < give_up_at) std::this_thread::yield();
  BOOST_TEST(!is_held());
}

BOOST_AUTO_TEST_CASE(stop_lets_what_is_in_flight_end) {
  ChildBench bench("noop", R"({"latency_ms": 200})");
  bench.start();
  const auto message = bench.message_to("any@example.com");
  bench.provider->submit({message});
  bench.provider->stop(Milliseconds{5000});
  BOOST_TEST(bench.events.count_outcomes_of(message.token) == 1u);
  BOOST_TEST((bench.events.wait_outcome_of(message.token).kind == OutcomeKind::accepted));
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

BOOST_AUTO_TEST_CASE(a_letter_of_megabytes_arrives_whole_and_one_beyond_the_limit_is_rejected) {
  ChildBench bench;
  bench.start();
  auto letter = bench.message_to("thread@example.com");
  letter.parts[0].bytes = std::make_shared<const std::string>(3'000'000, 'x');
  bench.provider->submit({letter, letter});
  const auto outcome = bench.events.wait_outcome_of(letter.token);
  BOOST_TEST((outcome.kind == OutcomeKind::accepted));
  BOOST_TEST(outcome.code == std::string(4096, 'x'));  // cut: nobody reads a code of megabytes
  auto huge = bench.message_to("accept@example.com");
  huge.parts[0].bytes = std::make_shared<const std::string>((16u << 20) + 1, 'x');
  bench.provider->submit({huge});
  BOOST_TEST(bench.events.wait_outcome_of(huge.token).code == "too_large");
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
