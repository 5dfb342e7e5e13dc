// The loop end to end, on a real store and a scripted plugin: what leaves, what does not, and what is remembered.
#include "host/engine/explain.hpp"
#include "tests/engine/engine_world.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <fstream>
#include <future>
#include <set>
#include <thread>

namespace relance::engine {
using test::EngineWorld;
using test::kMonday;
BOOST_AUTO_TEST_SUITE(engine_test)

namespace {

void resolve(EngineWorld &world, bool was_sent) {
  world.with_store([&](store::Store &store, Instant now) {
    const auto rows = store.in_doubt(world.creditor, 10).value();
    BOOST_TEST_REQUIRE(rows.size() == 1u);
    BOOST_TEST(store.resolve_in_doubt(world.creditor, rows[0].attempt, was_sent, "asked", "test", now).has_value());
  });
}

std::string step(const std::string &id, int days) {
  return "[[step]]\nid = \"" + id + "\"\nafter = \"" + std::to_string(days) +
         "d\"\nchannels = [\"email\"]\ntemplate = \"words\"\n";
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_due_reminder_goes_out_once_however_long_the_clock_runs) {
  EngineWorld world;
  world.one_due("accept@d1.example");
  world.advance_to(kMonday + Days{6});
  BOOST_TEST(world.received().empty());  // the fifth day was a Saturday: Monday at nine is its first allowed instant
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received().size() == 1u);
  world.advance_to(kMonday + Days{60});
  const auto keys = world.received();
  BOOST_TEST(keys.size() == 2u);  // reminder-1 and reminder-2
  BOOST_TEST(std::set<std::string>(keys.begin(), keys.end()).size() == 2u);
  BOOST_TEST(world.engine->report().intents == 2u);
}

BOOST_AUTO_TEST_CASE(a_provider_that_never_speaks_of_credit_takes_more_messages_than_its_window) {
  constexpr int kDebtors{300};  // the plugin's window is 256, the host's 64
  EngineWorld world;
  for (int i{0}; i < kDebtors; ++i) {
    const auto number = std::to_string(i);
    world.debtor("D" + number, "accept@d" + number + ".example");
    world.invoice("D" + number, "F" + number, kMonday);
  }
  world.onboard();
  world.start();
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received().size() == static_cast<std::size_t>(kDebtors));
}

BOOST_AUTO_TEST_CASE(a_first_import_sends_nothing_until_it_is_onboarded) {
  EngineWorld world;
  world.debtor("D1", "accept@d1.example");
  world.invoice("D1", "F1", kMonday - Days{40});
  world.start();
  world.advance_to(kMonday + Days{10});
  BOOST_TEST(world.received().empty());
  world.onboard();
  world.advance_to(kMonday + Days{11});
  BOOST_TEST(world.received().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_paid_invoice_is_never_chased_and_its_debtor_is_thanked_only_after_a_reminder) {
  EngineWorld world;
  world.debtor("D1", "accept@d1.example");
  world.debtor("D2", "accept@d2.example");
  world.invoice("D1", "F1", kMonday);
  world.invoice("D2", "F2", kMonday);
  world.onboard();
  world.start();
  world.advance_to(kMonday + Days{3});
  world.pay("F1", 100'00);
  world.advance_to(kMonday + Days{8});
  BOOST_TEST(world.received().size() == 1u);  // D2's reminder
  world.pay("F2", 100'00);
  world.advance_to(kMonday + Days{60});
  BOOST_TEST(world.received().size() == 2u);  // and its thanks
  BOOST_TEST(world.reminders("D1").empty());
  BOOST_TEST(world.counters().receivables_open == 0u);
}

BOOST_AUTO_TEST_CASE(a_dead_address_is_suppressed_and_a_person_takes_over) {
  EngineWorld world;
  world.one_due("reject@d1.example");
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.counters().rejected == 1u);
  BOOST_TEST_REQUIRE(world.tasks().size() == 1u);
  BOOST_TEST(world.tasks()[0].debtor_code == "D1");
  world.advance_to(kMonday + Days{17});
  // reminder-2 has no usable address any more: it goes to a person at once, and nothing to the provider.
  BOOST_TEST(world.tasks().size() == 2u);
  BOOST_TEST(world.counters().rejected == 1u);
}

BOOST_AUTO_TEST_CASE(a_debtor_without_any_address_becomes_a_persons_task) {
  EngineWorld world;
  world.one_due("");
  world.advance_to(kMonday + Days{8});
  BOOST_TEST(world.tasks().size() == 1u);
  BOOST_TEST(world.received().empty());
}

/// What advance_clock says when nothing can move; a failure when it does not return.
std::string ending_of_advance(EngineWorld &world, Milliseconds timeout) {
  auto ending = std::async(std::launch::async, [&] {
    const auto ended = world.engine->advance_clock(
        world.engine->business_now() + Days{7} + std::chrono::hours{1}, true, timeout, {});
    return ended ? std::string{"settled"} : ended.error().message;
  });
  if (ending.wait_for(timeout + std::chrono::seconds{8}) == std::future_status::ready) return ending.get();
  world.engine->stop(Milliseconds{0});  // which ends it
  return "it did not return: " + ending.get();
}

BOOST_AUTO_TEST_CASE(a_clock_that_cannot_settle_says_so_while_polls_fail_again_and_again) {
  EngineWorld world{{}, "poll_every = \"1s\"\n"};
  world.with_store([&](store::Store &store, Instant now) {
    const store::CursorRecord cursor{"scripted", "fail"};
    BOOST_TEST_REQUIRE(store.store_inbound({}, {&cursor, 1}, now).has_value());
  });
  world.one_due("forget@d1.example");
  world.await("a failed poll that shows", [&] {
    for (const auto &provider : world.engine->report().providers)
      if (provider.id == "scripted")
        return provider.state == "degraded" && provider.because.ends_with("the mailbox does not answer");
    return false;
  });
  const auto ending = ending_of_advance(world, Milliseconds{2500});
  BOOST_TEST(ending.starts_with("nothing moved for 2 s"), ending);
  BOOST_TEST(ending.find("1 attempts are open") != std::string::npos, ending);
}

BOOST_AUTO_TEST_CASE(a_clock_that_cannot_settle_says_so_while_a_provider_is_down) {
  EngineWorld world;
  world.one_due("down@d1.example");
  const auto ending = ending_of_advance(world, Milliseconds{1500});  // longer than a starved batch rests
  BOOST_TEST(ending.starts_with("nothing moved for 1 s"), ending);
  BOOST_TEST(ending.find("due cases wait for a provider") != std::string::npos, ending);
}

BOOST_AUTO_TEST_CASE(an_attempt_without_outcome_is_in_doubt_after_a_restart_and_never_sent_again) {
  EngineWorld world;
  world.one_due("forget@d1.example");
  BOOST_TEST(world.engine->advance_clock(world.engine->business_now() + Days{7} + std::chrono::hours{1}, true, Milliseconds{300}, {})
                 .has_error());  // it never settles: the plugin forgot the message
  world.restart();
  world.settle();
  BOOST_TEST(world.counters().in_doubt == 1u);
  world.advance_to(kMonday + Days{10});
  BOOST_TEST(world.engine->report().intents == 0u);
  BOOST_TEST(world.tasks().empty());
  world.advance_to(kMonday + Days{17}, 8);  // the morning of the day on which reminder-2 may go: a person is asked
  BOOST_TEST_REQUIRE(world.tasks().size() == 1u);
  BOOST_TEST(world.tasks()[0].kind == "in_doubt");
}

BOOST_AUTO_TEST_CASE(a_person_resolves_what_is_in_doubt) {
  for (const bool was_sent : {true, false}) {
    EngineWorld world;
    world.one_due("odd@d1.example");  // an outcome that nobody knows is unknown
    world.advance_to(kMonday + Days{7});
    BOOST_TEST_REQUIRE(world.counters().in_doubt == 1u);
    BOOST_TEST(world.engine->report().intents == 1u);
    world.with_store([&](store::Store &store, Instant now) {
      const auto rows = store.in_doubt(world.creditor, 10).value();
      BOOST_TEST_REQUIRE(rows.size() == 1u);
      BOOST_TEST(store.resolve_in_doubt(world.creditor, rows[0].attempt, was_sent, "asked the debtor", "test", now).has_value());
    });
    world.settle();
    BOOST_TEST(world.engine->report().intents == (was_sent ? 1u : 2u));
  }
}

BOOST_AUTO_TEST_CASE(a_two_phase_provider_is_committed_after_its_draft_is_durable) {
  EngineWorld world;
  world.one_due("prepare@d1.example");
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.counters().sent == 1u);
  BOOST_TEST(world.counters().attempts_open == 0u);
}

BOOST_AUTO_TEST_CASE(paused_means_that_nothing_is_handed_over_also_after_a_restart) {
  EngineWorld world;
  world.one_due("accept@d1.example");
  BOOST_TEST(world.engine->pause("audit").has_value());
  world.advance_to(kMonday + Days{8});
  world.restart();
  world.settle();
  BOOST_TEST(world.received().empty());
  BOOST_TEST(world.engine->report().paused_because == "audit");
  BOOST_TEST(world.engine->resume().has_value());
  world.settle();
  BOOST_TEST(world.received().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_promise_pauses_and_a_broken_one_resumes) {
  EngineWorld world;
  world.one_due("accept@d1.example");
  world.with_store([&](store::Store &store, Instant now) {
    BOOST_TEST(store.promise(world.creditor, "D1", "F1", kMonday + Days{20}, {}, "test", now).has_value());
  });
  world.advance_to(kMonday + Days{20});
  BOOST_TEST(world.received().empty());
  world.advance_to(kMonday + Days{25});
  BOOST_TEST(world.received().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_dispute_takes_the_invoice_out_until_it_is_resolved) {
  EngineWorld world;
  world.one_due("accept@d1.example");
  world.with_store([&](store::Store &store, Instant now) {
    BOOST_TEST(store.dispute(world.creditor, "F1", "wrong goods", "test", now).has_value());
  });
  world.advance_to(kMonday + Days{20});
  BOOST_TEST(world.received().empty());
  world.with_store([&](store::Store &store, Instant now) {
    BOOST_TEST(store.resolve_dispute(world.creditor, "F1", "credited", "test", now).has_value());
  });
  world.advance_to(kMonday + Days{21});
  BOOST_TEST(world.received().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_changed_scenario_takes_effect_on_reload_and_a_broken_one_does_not) {
  EngineWorld world;
  world.one_due("accept@d1.example");
  world.advance_to(kMonday + Days{1});
  world.write_scenario(
      "id = \"standard\"\n[[step]]\nid = \"first\"\nafter = \"10d\"\nchannels = [\"email\"]\ntemplate = \"words\"\n");
  BOOST_TEST(world.reload().has_value());
  world.advance_to(kMonday + Days{9});
  BOOST_TEST(world.received().empty());
  world.advance_to(kMonday + Days{10});
  BOOST_TEST(world.received().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_step_that_needs_approval_goes_out_once_a_person_has_approved_it) {
  EngineWorld world{
      "id = \"standard\"\n[[step]]\nid = \"first\"\nafter = \"5d\"\nchannels = [\"email\"]\ntemplate = \"words\"\napproval = \"required\"\n"};
  world.one_due("accept@d1.example");
  world.advance_to(kMonday + Days{8});
  BOOST_TEST(world.received().empty());
  world.with_store([&](store::Store &store, Instant now) {
    const auto asked = store.approvals(world.creditor, true, 10).value();
    BOOST_TEST_REQUIRE(asked.size() == 1u);
    BOOST_TEST(asked[0].amount_minor == 100'00);
    const domain::ApprovalId ids[]{asked[0].id};
    BOOST_TEST(store.decide_approvals(world.creditor, ids, true, "test", now).has_value());
  });
  world.settle();
  BOOST_TEST(world.received().size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_approval_that_expires_before_it_is_used_sends_nothing_and_is_asked_for_again) {
  EngineWorld world{
      "id = \"standard\"\napproval_valid = \"7d\"\n[[step]]\nid = \"first\"\nafter = \"5d\"\nchannels = [\"email\"]\ntemplate = "
      "\"words\"\napproval = \"required\"\n"};
  world.one_due("accept@d1.example");
  world.advance_to(kMonday + Days{8});
  domain::ApprovalId first{0};
  const auto approve = [&](store::Store &store, Instant now) {
    const auto asked = store.approvals(world.creditor, true, 10).value();
    BOOST_TEST_REQUIRE(asked.size() == 1u);
    BOOST_TEST(asked[0].id != first);
    first = asked[0].id;
    BOOST_TEST(store.decide_approvals(world.creditor, std::array{first}, true, "test", now).has_value());
  };
  world.with_store([&](store::Store &store, Instant now) {
    BOOST_TEST_REQUIRE(store.hold(world.creditor, store::HoldScope::debtor, "D1", {}, "in talks", "test", now).has_value());
    approve(store, now);
  });
  world.advance_to(kMonday + Days{21});  // the hold ends after the approval
  world.with_store([&](store::Store &store, Instant now) {
    BOOST_TEST(store.release_hold(world.creditor, store::HoldScope::debtor, "D1", "test", now).has_value());
  });
  world.settle();
  BOOST_TEST(world.received().empty());
  world.with_store(approve);
  world.settle();
  BOOST_TEST(world.received().size() == 1u);
}

BOOST_AUTO_TEST_CASE(grouped_by_receivable_each_invoice_has_messages_of_its_own) {
  EngineWorld world{
      "id = \"standard\"\ngroup_by = \"receivable\"\ncontact_gap = \"0d\"\n[[step]]\nid = \"first\"\nafter = \"5d\"\nchannels = [\"email\"]\ntemplate = \"words\"\n"};
  world.debtor("D1", "accept@d1.example");
  world.invoice("D1", "F1", kMonday);
  world.invoice("D1", "F2", kMonday);
  world.onboard();
  world.start();
  world.advance_to(kMonday + Days{8});
  BOOST_TEST(world.received().size() == 2u);
}

BOOST_AUTO_TEST_CASE(grouped_by_receivable_each_invoice_has_an_approval_of_its_own) {
  EngineWorld world{
      "id = \"standard\"\ngroup_by = \"receivable\"\ncontact_gap = \"0d\"\n[[step]]\nid = \"first\"\nafter = \"5d\"\nchannels = "
      "[\"email\"]\ntemplate = \"words\"\napproval = \"required\"\n"};
  world.debtor("D1", "accept@d1.example");
  world.invoice("D1", "F1", kMonday);
  world.invoice("D1", "F2", kMonday);
  world.onboard();
  world.start();
  world.advance_to(kMonday + Days{8});
  world.with_store([&](store::Store &store, Instant now) {
    const auto asked = store.approvals(world.creditor, true, 10).value();
    BOOST_TEST_REQUIRE(asked.size() == 2u);
    const domain::ApprovalId ids[]{asked[0].id, asked[1].id};
    BOOST_TEST(store.decide_approvals(world.creditor, ids, true, "test", now).has_value());
  });
  world.settle();
  BOOST_TEST(world.received().size() == 2u);
  world.pay("F1", 100'00);
  world.advance_to(kMonday + Days{20});
  BOOST_TEST(world.counters().receivables_open == 1u);
  BOOST_TEST(world.counters().cases_open == 1u);  // one settled invoice does not close the case over the other
}

BOOST_AUTO_TEST_CASE(grouped_by_receivable_thanks_go_out_once_for_a_case) {
  EngineWorld world{"id = \"standard\"\ngroup_by = \"receivable\"\ncontact_gap = \"0d\"\n[thank_you]\nchannels = [\"email\"]\n"
                    "template = \"words\"\n" + step("reminder-1", 5)};
  world.debtor("D1", "accept@d1.example");
  world.invoice("D1", "F1", kMonday);
  world.invoice("D1", "F2", kMonday);
  world.onboard();
  world.start();
  world.advance_to(kMonday + Days{8});
  BOOST_TEST_REQUIRE(world.received().size() == 2u);
  for (const auto &key : world.received()) world.receipt(key, domain::ReceiptKind::delivered);  // too late to take back
  world.with_store([&](store::Store &store, Instant now) {
    std::vector<store::PaymentRecord> both(2);
    both[0].id = "A", both[0].invoice_number = "F1";
    both[1].id = "B", both[1].invoice_number = "F2";
    for (auto &one : both) one.date = kMonday, one.amount = {100'00, domain::Currency::parse("EUR").value()};
    BOOST_TEST(store.import_payments(world.creditor, both, now, false).has_value());
  });
  world.advance_to(kMonday + Days{12});
  BOOST_TEST(world.received().size() == 3u);
  BOOST_TEST(world.counters().cases_open == 0u);
}

BOOST_AUTO_TEST_CASE(a_reaction_by_a_person_on_a_reminder_that_arrived_lets_the_case_go_on) {
  EngineWorld world{"id = \"standard\"\ncontact_gap = \"1d\"\n" + step("reminder-1", 5) +
                    "on.complaint = { channel = \"task\", after = \"0d\" }\n" + step("reminder-2", 15)};
  world.one_due("accept@d1.example");
  world.advance_to(kMonday + Days{7});
  BOOST_TEST_REQUIRE(world.received().size() == 1u);
  world.receipt(world.received().front(), domain::ReceiptKind::complaint);
  world.settle();
  BOOST_TEST_REQUIRE(world.tasks().size() == 1u);
  BOOST_TEST(world.tasks().front().kind == "reaction");
  world.advance_to(kMonday + Days{30});
  BOOST_TEST(world.engine->report().refused == 0u);
  BOOST_TEST(world.tasks().size() == 2u);  // nobody writes to that address any more: reminder-2 is a person's
}

BOOST_AUTO_TEST_CASE(a_reactions_channel_is_tried_again_when_it_could_not_take_the_message) {
  EngineWorld world{"id = \"standard\"\ncontact_gap = \"0d\"\n" + step("reminder-1", 5) +
                    "on.failed = { channel = \"sms\", after = \"0d\" }\n"};
  std::ofstream{world.folder / "providers/other.toml"}
      << "id = \"other\"\nplugin = \"scripted\"\nchannel = \"sms\"\nplacement = \"inproc\"\n";
  std::ofstream{world.folder / "regions/FR.toml", std::ios::app} << "sms = [\"other\"]\n";
  store::DebtorRecord record;
  record.code = "D1";
  record.name = "Debtor D1";
  record.country = record.region = "FR";
  record.language = "en";
  record.contacts.push_back({"email", "reject@d1.example", "Accounts", false});
  record.contacts.push_back({"sms", "no_such_verb@d1", "Accounts", true});
  world.with_store([&](store::Store &store, Instant now) {
    BOOST_TEST(store.import_debtors(world.creditor, {&record, 1}, now, false).has_value());
  });
  world.invoice("D1", "F1", kMonday);
  world.onboard();
  world.start();
  BOOST_TEST(world.reload().has_value());
  world.advance_to(kMonday + Days{7}, 11);
  BOOST_TEST(world.engine->report().intents == 5u);  // one e-mail, four short messages (attempts_max 5), then a person
  BOOST_TEST_REQUIRE(world.tasks().size() == 1u);
  BOOST_TEST(world.tasks().front().kind == "too_many_attempts");
}

BOOST_AUTO_TEST_CASE(an_erased_debtor_is_left_alone) {
  EngineWorld world;
  world.one_due("accept@d1.example");
  world.advance_to(kMonday + Days{7});
  world.with_store([&](store::Store &store, Instant now) {
    BOOST_TEST(store.erase_debtor(world.creditor, "D1", "test", now).has_value());
  });
  world.advance_to(kMonday + Days{60});
  BOOST_TEST(world.engine->report().intents == 1u);
  BOOST_TEST(world.tasks().empty());
}

BOOST_AUTO_TEST_CASE(a_day_far_beyond_the_usual_is_held_until_a_person_has_looked) {
  EngineWorld world{{}, "volume_guard = 2\nvolume_guard_least = 3\n"};
  world.start();
  for (int day{0}; day < 7; ++day) {
    const auto code = "D" + std::to_string(day);
    world.debtor(code, "accept@" + code + ".example");
    world.invoice(code, "F" + std::to_string(day), kMonday + Days{day < 5 ? day : day + 2});
  }
  for (int i{0}; i < 20; ++i) {
    const auto code = "M" + std::to_string(i);
    world.debtor(code, "accept@" + code + ".example");
    world.invoice(code, "G" + std::to_string(i), kMonday + Days{15});
  }
  world.onboard();
  world.advance_to(kMonday + Days{14});
  const auto usual = world.received().size();
  BOOST_TEST(usual >= 5u);
  BOOST_TEST(!world.engine->report().is_held_by_volume);
  const auto began = std::chrono::steady_clock::now();
  const auto held =
      world.engine->advance_clock(world.engine->business_now() + Days{8}, true, Milliseconds{60'000}, {});
  BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds{30}));  // not its time-out
  BOOST_TEST_REQUIRE(held.has_error());
  BOOST_TEST(held.error().message.find("relancectl resume") != std::string::npos);
  BOOST_TEST(world.engine->report().is_held_by_volume);
  store::Claim claim;
  world.with_store(
      [&](store::Store &store, Instant) { claim = store.facts_of_debtor(world.creditor, "M1").value(); });
  const auto explained = explain(*world.engine->configuration(), "acme", claim,
                                 world.engine->standing_of(claim), world.engine->business_now());
  BOOST_TEST_REQUIRE(explained.at(0).kept_by.size() == 1u);
  BOOST_TEST(explained[0].kept_by[0].find("sending is held") != std::string::npos);
  BOOST_TEST(world.engine->resume().has_value());
  world.settle();
  BOOST_TEST(world.received().size() >= usual + 20);
}

BOOST_AUTO_TEST_CASE(thanks_that_could_not_be_handed_over_are_tried_again_as_plain_messages) {
  EngineWorld world;
  world.one_due("accept@d1.example");
  world.advance_to(kMonday + Days{7});
  BOOST_TEST_REQUIRE(world.received().size() == 1u);
  world.debtor("D1", "no_such_verb@d1.example");  // "not sent"
  world.pay("F1", 100'00);
  world.settle();
  world.debtor("D1", "echo@d1.example");  // takes the next hand-over, and says what it saw
  world.advance_to(kMonday + Days{9});
  bool is_plain{false};
  for (const auto &row : world.reminders("D1")) {
    BOOST_TEST_MESSAGE(row.step_id << " " << row.state << ": " << row.code);
    is_plain = is_plain || (row.step_id == "thank-you" && row.code.find("|plain|") != std::string::npos);
  }
  BOOST_TEST(is_plain);
}

BOOST_AUTO_TEST_CASE(the_next_step_keeps_its_distance_from_the_attempt_that_really_went) {
  EngineWorld world;
  world.one_due("odd@d1.example");
  world.advance_to(kMonday + Days{16});
  BOOST_TEST_REQUIRE(world.counters().in_doubt == 1u);
  world.debtor("D1", "accept@d1.example");
  resolve(world, false);
  world.settle();
  BOOST_TEST_REQUIRE(world.received().size() == 1u);  // reminder-1, on day 16
  world.advance_to(kMonday + Days{24});               // the plan has ten days between the two
  BOOST_TEST(world.received().size() == 1u);
}

BOOST_AUTO_TEST_CASE(two_cases_of_one_debtor_keep_the_contact_gap_on_one_day) {
  EngineWorld world;
  world.debtor("D1", "accept@d1.example");
  world.invoice("D1", "F1", kMonday);
  store::InvoiceRecord record;
  record.debtor_code = "D1";
  record.number = "F2";
  record.issued = kMonday - Days{30};
  record.due = kMonday;
  record.amount = {50'00, domain::Currency::parse("USD").value()};
  world.with_store([&](store::Store &store, Instant now) {
    BOOST_TEST(store.import_invoices(world.creditor, {&record, 1}, now, false).has_value());
  });
  world.onboard();
  world.start();
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received().size() == 1u);
  world.advance_to(kMonday + Days{8});
  BOOST_TEST(world.received().size() == 2u);
}

BOOST_AUTO_TEST_CASE(old_payment_data_holds_a_further_attempt_too) {
  EngineWorld world{{}, "max_payment_data_age = \"96h\"\n"};
  world.one_due("odd@d1.example");
  world.advance_to(kMonday + Days{6});
  world.with_store([&](store::Store &store, Instant now) {
    BOOST_TEST(store.set_setting("payments_imported_at", format_instant(now)).has_value());
  });
  world.advance_to(kMonday + Days{7});
  BOOST_TEST_REQUIRE(world.counters().in_doubt == 1u);
  world.advance_to(kMonday + Days{14});  // the ledger's payments are eight days old
  world.debtor("D1", "accept@d1.example");
  resolve(world, false);
  world.settle();
  BOOST_TEST(world.received().empty());
}

BOOST_AUTO_TEST_CASE(waiting_for_a_provider_is_not_going_round_in_circles) {
  EngineWorld world;
  world.one_due("down@d1.example");
  world.advance_to(kMonday + Days{7}, 9);
  const auto zone = domain::Zone::of("Europe/Paris").value();
  std::thread advance{[&] {  // its second hand-over is due at 9:05 and waits for the provider, and business time with it
    static_cast<void>(world.engine->advance_clock(zone.first_instant_of(kMonday + Days{9}, 9 * 60), true, Milliseconds{60'000}, {}));
  }};
  for (int i{0}; i < 60; ++i) {  // each reload looks at what waits anew; forty such looks used to send it to rest for an hour
    const auto before = world.engine->report().decisions;
    BOOST_TEST(world.reload().has_value());
    world.await("another look", [&] { return world.engine->report().decisions > before; });
  }
  BOOST_TEST((world.engine->business_now() <= zone.first_instant_of(kMonday + Days{7}, 9 * 60 + 6)));
  world.engine->stop(Milliseconds{0});
  advance.join();
}

BOOST_AUTO_TEST_CASE(a_crash_does_not_forget_how_much_left_today) {
  for (const bool crashes : {false, true}) BOOST_TEST_CONTEXT("crash " << crashes) {
    EngineWorld world{{}, "volume_guard = 2\nvolume_guard_least = 3\n"};
    world.start();
    for (int day{0}; day < 7; ++day) {
      const auto code = "D" + std::to_string(day);
      world.debtor(code, "accept@" + code + ".example");
      world.invoice(code, "F" + std::to_string(day), kMonday + Days{day < 5 ? day : day + 2});
    }
    world.onboard();
    world.advance_to(kMonday + Days{24});
    const auto usual = world.received().size();
    const auto add = [&](int from, int to) {
      for (int i{from}; i < to; ++i) {
        const auto code = "M" + std::to_string(i);
        world.debtor(code, "accept@" + code + ".example");
        world.invoice(code, "G" + std::to_string(i), kMonday + Days{15});
      }
      world.onboard();
      (void)world.engine->advance_clock(world.engine->business_now(), true, Milliseconds{5000}, {});
    };
    add(0, 3);
    BOOST_TEST_REQUIRE(world.engine->report().is_held_by_volume);
    BOOST_TEST(world.received().size() == usual);
    if (crashes) world.crash();
    (void)world.engine->advance_clock(world.engine->business_now(), true, Milliseconds{2000}, {});
    BOOST_TEST(world.engine->report().is_held_by_volume);
    BOOST_TEST(world.received().size() == usual);
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::engine
