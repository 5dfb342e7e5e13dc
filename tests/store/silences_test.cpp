// Receipts that were promised and have not come: noted once, put off while they may still be on their way,
// answered by a late one. Through the Store interface.
#include "tests/store/store_fixture.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::store::test {

using domain::OutcomeKind;
using domain::ReceiptKind;
using domain::ReminderState;

namespace {

constexpr Milliseconds kHour{std::chrono::hours{1}};
constexpr auto kSilenceBit = 1u << static_cast<unsigned>(ReceiptKind::silence);

/// A reminder that its provider has accepted, and that is to be delivered within an hour.
struct Promised : Bench {
  explicit Promised(const Implementation &which_one) : Bench{which_one} {
    expect();
    usual_ledger();
    sent = send(0);
    outcome(sent.attempt, OutcomeKind::accepted, {"r1"});
  }
  void expect() { store->expect_through({{"smtp-1", {{ReceiptKind::delivered, kHour}}}}); }
  std::vector<Silence> note(Milliseconds after, std::vector<std::string> away = {},
                            Instant grace = Instant::min()) {
    now = kNow + after;
    return must(store->note_silences({away, heard_since, grace}, now, 100));
  }
  /// The next start of the daemon.
  void start_again() {
    reopen();
    expect();
    heard_since = now + Milliseconds{1};
  }
  SettledChange sent;
  Instant heard_since{Instant::min()};  ///< wall
};

}  // namespace

BOOST_AUTO_TEST_SUITE(silences_test)

BOOST_AUTO_TEST_CASE(a_receipt_that_does_not_come_is_silence_once_and_survives_a_restart) {
  for (const auto &which : implementations()) {
    Promised bench{which};
    BOOST_TEST((bench.store->next_silence() == kNow + kHour));
    bench.start_again();
    BOOST_TEST((bench.store->next_silence() == kNow + kHour));
    BOOST_TEST(bench.note(kHour - Milliseconds{1}).empty());
    const auto noted = bench.note(kHour);
    BOOST_TEST_REQUIRE(noted.size() == 1u);
    BOOST_TEST(noted[0].attempt == bench.sent.attempt);
    BOOST_TEST((noted[0].kind == ReceiptKind::delivered));
    BOOST_TEST((bench.store->next_silence() == Instant::max()));
    const auto reminder = bench.reminder();
    BOOST_TEST(reminder.is_silent);
    BOOST_TEST(reminder.channel == "email");
    BOOST_TEST(reminder.pending_reactions == kSilenceBit);
    BOOST_TEST((reminder.state == ReminderState::sent));
    BOOST_TEST(bench.counters().silent == 1u);
    BOOST_TEST(must(bench.store->reminders(bench.creditor, "d1", 10)).at(0).silent_about == "delivered");
    BOOST_TEST(bench.has_journaled("silence", "\"expected\":\"delivered\""));
    BOOST_TEST((must(bench.store->next_due()) == bench.now));  // its case decides what follows
    bench.reopen();
    BOOST_TEST(bench.note(10 * kHour).empty());
    BOOST_TEST(bench.counters().silent == 1u);
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(a_receipt_in_time_leaves_nothing_behind) {
  for (const auto &which : implementations()) {
    for (const auto kind :
         {ReceiptKind::delivered, ReceiptKind::failed, ReceiptKind::relayed, ReceiptKind::read}) {
      Promised bench{which};
      bench.receipt(receipt_of("r1", kind));
      BOOST_TEST(bench.note(kHour).empty());
      BOOST_TEST((bench.store->next_silence() == Instant::max()));
      BOOST_TEST(bench.counters().silent == 0u);
    }
    Promised bench{which};
    bench.receipt(
        receipt_of("r1", ReceiptKind::relayed, false));  // as far as the next one, who may still tell
    bench.receipt(receipt_of("r1", ReceiptKind::failed, false, domain::FailureClass::temporary));
    BOOST_TEST(bench.note(kHour).size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_late_receipt_ends_the_silence_and_counts_as_any) {
  for (const auto &which : implementations()) {
    Promised bench{which};
    bench.note(kHour);
    bench.receipt(receipt_of("r1", ReceiptKind::delivered));
    const auto reminder = bench.reminder();
    BOOST_TEST(!reminder.is_silent);
    BOOST_TEST((reminder.pending_reactions & kSilenceBit) == 0u);
    BOOST_TEST((reminder.delivery.kind == ReceiptKind::delivered));
    BOOST_TEST(bench.counters().silent == 0u);
    BOOST_TEST(bench.counters().delivered == 1u);
    BOOST_TEST(must(bench.store->reminders(bench.creditor, "d1", 10)).at(0).silent_about == "");
  }
}

BOOST_AUTO_TEST_CASE(what_may_still_be_on_its_way_is_waited_for) {
  for (const auto &which : implementations()) {
    Promised bench{which};
    BOOST_TEST(bench.note(kHour, {"smtp-1"}).empty());  // its provider is away
    const auto next = bench.store->next_silence();
    BOOST_TEST((next > bench.now && next < bench.now + kHour));
    const InboundRecord raw{"smtp-1", "mail", "raw", bench.now};
    const auto id = must(bench.store->store_inbound({&raw, 1}, {}, bench.now)).front();
    BOOST_TEST(bench.note(2 * kHour).empty());  // somebody has to read these first
    ParsedRecord nothing;
    nothing.inbound = id;
    must(bench.store->apply_parsed({&nothing, 1}, bench.now));
    bench.start_again();  // what was waited for before the start has until the grace is over
    BOOST_TEST(bench.note(3 * kHour, {}, kNow + 4 * kHour).empty());
    BOOST_TEST((bench.store->next_silence() == kNow + 4 * kHour));
    BOOST_TEST(bench.note(4 * kHour, {}, kNow + 4 * kHour).size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(what_was_waited_for_while_the_machine_stood_still_has_a_grace_and_what_came_after_has_none) {
  for (const auto &which : implementations()) {
    Promised bench{which};
    bench.heard_since = kNow + Milliseconds{1};  // the gap ended just after it was accepted
    BOOST_TEST(bench.note(kHour, {}, kNow + 2 * kHour).empty());
    BOOST_TEST((bench.store->next_silence() == kNow + 2 * kHour));
    bench.heard_since = kNow;
    BOOST_TEST(bench.note(2 * kHour, {}, kNow + 3 * kHour).size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(of_a_provider_that_is_configured_no_more_nothing_is_silence) {
  for (const auto &which : implementations()) {
    Promised bench{which};
    bench.store->expect_through({{"smtp-2", {{ReceiptKind::delivered, kHour}}}});
    BOOST_TEST(bench.note(kHour).empty());
    BOOST_TEST(bench.note(30 * kHour).empty());
    BOOST_TEST(bench.counters().silent == 0u);
    bench.expect();  // it is back
    BOOST_TEST(bench.note(60 * kHour).size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(what_was_never_accepted_or_is_of_a_provider_that_promises_nothing_is_not_waited_for) {
  for (const auto &which : implementations()) {
    for (const auto kind :
         {OutcomeKind::unknown, OutcomeKind::rejected, OutcomeKind::not_sent, OutcomeKind::delivered}) {
      Bench bench{which};
      bench.store->expect_through({{"smtp-1", {{ReceiptKind::delivered, kHour}}}});
      bench.usual_ledger();
      bench.outcome(bench.send(0).attempt, kind, {"r1"});
      BOOST_TEST((bench.store->next_silence() == Instant::max()));
      if (kind != OutcomeKind::unknown) continue;
      bench.receipt(receipt_of("r1", ReceiptKind::accepted, false));  // now its provider has it
      BOOST_TEST((bench.store->next_silence() == kNow + kHour));
    }
    Bench bench{which};
    bench.store->expect_through({{"smtp-2", {{ReceiptKind::delivered, kHour}}}});
    bench.usual_ledger();
    bench.outcome(bench.send(0).attempt, OutcomeKind::accepted);
    BOOST_TEST((bench.store->next_silence() == Instant::max()));
  }
}

BOOST_AUTO_TEST_CASE(another_channel_may_follow_a_silence_once_and_the_same_one_never) {
  for (const auto &which : implementations()) {
    Promised bench{which};
    IntendAgain again;
    again.case_id = bench.facts().id;
    again.reminder = bench.sent.reminder;
    again.channel_index = 1;
    again.despite_silence = true;
    again.decided_on = kToday;
    const auto try_by = [&](const char *channel) {
      again.attempt = bench.attempt();
      again.attempt.channel = channel;
      return bench.settle_change(again);
    };
    BOOST_TEST(try_by("sms").refused != "");  // nothing is silent yet
    bench.note(10 * kHour);
    BOOST_TEST(try_by("email").refused != "");
    bench.now += 2 * kHour;  // a refused settlement rests
    const auto result = try_by("sms");
    BOOST_TEST(result.refused == "");
    const auto second = result.changes.front().attempt;
    BOOST_TEST(bench.reminder().pending_reactions == 0u);
    // It did not go: the reaction is still to be done, and the reminder stays one that was sent.
    bench.outcome(second, OutcomeKind::not_sent);
    BOOST_TEST((bench.reminder().state == ReminderState::sent));
    BOOST_TEST(bench.reminder().pending_reactions == kSilenceBit);
    BOOST_TEST(bench.reminder().is_silence_followed);
    const auto third = try_by("sms").changes.front().attempt;
    bench.outcome(third, OutcomeKind::accepted, {"r3"});
    bench.note(30 * kHour);  // silent as well: a fact, and no further reaction
    BOOST_TEST(bench.counters().silent == 2u);
    BOOST_TEST(bench.reminder().pending_reactions == 0u);
    bench.now += 2 * kHour;
    BOOST_TEST(try_by("sms").refused != "");
    bench.receipt(receipt_of("r1", ReceiptKind::delivered));  // the first one arrived after all
    BOOST_TEST((bench.reminder().delivery.kind == ReceiptKind::delivered));
    BOOST_TEST(bench.counters().silent == 1u);
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace relance::store::test
