// What goes over the border to a child and comes back, when nothing dies.
#include "tests/channel/child_bench.hpp"

#include <fcntl.h>
#include <set>
#include <unistd.h>

namespace relance::channel {
using test::Bench;
using test::ChildBench;
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
    m.sender = {"ACME", "compta@acme.example", "reponse@acme.example", {"1 rue du Test"}, "FR"};
    m.service = "registered_ar";
    m.parts.push_back({"attachment",
                       "application/pdf",
                       "facture.pdf",
                       std::make_shared<const std::string>(std::string("%PDF\x01\xff")),
                       {}});
    m.references = {{"invoice", "2026-77"}, {"case", "c9"}};
    m.attempt_number = 3;
    m.wants_read_receipt = true;
    m.dated = from_ms(1'700'000'000'000);
    m.valid_until = from_ms(1'700'000'100'000);
    bench.provider->submit({m});
    seen.push_back(bench.events.wait_outcome_of(5).code);
  }
  BOOST_TEST(seen[0] == seen[1]);
  BOOST_TEST(seen[0].find("75011 Paris|invoice|2026-77|case|c9|text|") != std::string::npos);
  BOOST_TEST(seen[0].find("|3|1700000000000|1700000100000|consent|read receipt") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_child_has_an_empty_environment_and_three_descriptors_beside_the_plugins_own) {
  ChildBench bench;
  const int inherited{::open("/dev/null", O_RDONLY)};  // without O_CLOEXEC, as a careless library would
  bench.start();
  ::close(inherited);
  // stdin, stdout, stderr, socket, lock, and the child's own eventfd
  BOOST_TEST(bench.send("environ@example.com").code == "env= fds=6");
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
  bench.provider->commit({.token = 4, .refs = prepared.refs}, WallClock().now() + Milliseconds{60'000});
  const auto committed = bench.events.wait_outcome_of(4);
  BOOST_TEST((committed.kind == OutcomeKind::accepted));
  BOOST_TEST(committed.code == "draft-1");
  bench.provider->commit({.token = 5, .refs = prepared.refs}, WallClock().now() - Milliseconds{1});
  BOOST_TEST(bench.events.wait_outcome_of(5).code == "not_after");
  bench.provider->query({.token = 6, .idempotency_key = "the-key"});
  BOOST_TEST((bench.events.wait_outcome_of(6).kind == OutcomeKind::not_found));
  BOOST_TEST(bench.events.wait_outcome_of(6).code == "the-key");
  bench.provider->recall({.token = 7, .refs = {"ref-1"}});
  bench.events.wait_for("the recall", [](auto &r) { return r.recalls_.size() == 1; });
  BOOST_TEST((bench.events.recalls_[0].kind == RecallKind::too_late));
  bench.provider->discard(
      {.token = 8,
       .idempotency_key = "the-key",
       .refs = {"draft-1"},
       .sender = Sender{"Relance", "office@example.org", {}, {"1 Main Street", "Town"}, "FR"}});
  bench.events.wait_for("the discard", [](auto &r) { return r.discards_.size() == 1; });
  BOOST_TEST(bench.events.discards_[0].token == 8u);
  BOOST_TEST((bench.events.discards_[0].kind == DiscardKind::gone));
  BOOST_TEST(bench.events.has_line("discarded ref=draft-1 key=the-key sender=office@example.org"));
  bench.provider->discard({.token = 9, .refs = {"released-1"}});
  bench.events.wait_for("the second", [](auto &r) { return r.discards_.size() == 2; });
  BOOST_TEST((bench.events.discards_[1].kind == DiscardKind::released));
  bench.provider->stop(Milliseconds{1000});
}

/// Its submit was made up, and ends as a draft after all: nobody else would ever drop it.
void check_late_draft(Placement placement) {
  Bench bench("scripted", placement);
  bench.settings.limits.outcome_grace = Milliseconds{0};
  bench.start();
  auto held = bench.message_to("hold@example.com");
  held.not_after = WallClock().now() + Milliseconds{500};
  bench.provider->submit({held});
  BOOST_TEST((bench.events.wait_outcome_of(held.token).kind == OutcomeKind::unknown));
  bench.provider->query({.token = held.token, .idempotency_key = "key"});
  bench.events.wait_for("the answer", [&](auto &r) { return r.outcomes_.size() == 2; });
  BOOST_TEST(bench.events.outcomes_[1].code == "held", "the plugin has that token still");
  BOOST_TEST((bench.events.outcomes_[1].kind == OutcomeKind::unknown));
  bench.send("release_drafts@example.com");
  bench.events.wait_for("the late draft", [](auto &r) { return r.late_drafts_.size() == 1; });
  BOOST_TEST(bench.events.late_drafts_[0].token == held.token);
  BOOST_TEST(bench.events.late_drafts_[0].refs.at(0) == "late-hold@example.com");
  BOOST_TEST(bench.events.count_outcomes_of(held.token) == 2u, "and no end of it");
}

BOOST_AUTO_TEST_CASE(a_draft_that_is_named_too_late_is_told_apart_from_an_end) {
  check_late_draft(Placement::child);
  check_late_draft(Placement::in_process);
}

BOOST_AUTO_TEST_CASE(a_parser_learns_when_the_bytes_came) {
  ChildBench bench;
  bench.start();
  bench.provider->parse(90, "link", std::make_shared<const std::string>("when"), from_ms(1'700'000'000'123));
  bench.provider->parse(91, "link", std::make_shared<const std::string>("when"));
  bench.events.wait_for("both", [](auto &r) { return r.parsed_.size() == 2; });
  BOOST_TEST(bench.events.parsed_[0].error == "came at 1700000000123");
  BOOST_TEST(bench.events.parsed_[1].error == "came at 0");  // not known any more
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
  bench.provider->parse(90, "link", std::make_shared<const std::string>("key-of-it"), from_ms(1));
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
  BOOST_TEST(to_ms(parsed.receipts[1].provider_time.value()) == 1, "when the bytes arrived");
  BOOST_TEST((parsed.replies.at(0).kind == ReplyKind::stop));
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

BOOST_AUTO_TEST_CASE(a_program_that_is_not_there_is_named) {
  ChildBench bench;
  bench.settings.program = "/nowhere/relanced";
  bench.make();
  const auto started = bench.provider->start();
  BOOST_REQUIRE(!started);
  BOOST_TEST(started.error().message.find("/nowhere/relanced") != std::string::npos);
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

BOOST_AUTO_TEST_CASE(a_letter_of_megabytes_arrives_whole_and_one_beyond_the_limit_is_rejected) {
  ChildBench bench;
  bench.settings.limits.message_bytes_max = 16u << 20;
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

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::channel
