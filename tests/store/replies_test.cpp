// What debtors write back: a task and a hold, or a suppression, once, however often the words are read.
#include "tests/store/store_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace relance::store::test {

using domain::OutcomeKind;

BOOST_AUTO_TEST_SUITE(replies_test)

namespace {

constexpr const char *kWords{"we never got this"};

ReplyRecord human(const std::string &text = kWords, const std::string &ref = "r1") {
  return {false, "boss@d1.example", "us@acme.example", "Re: Reminder", text, ref, ""};
}

/// Stores `bytes` and applies what they were found to mean; the row they got.
InboundId read(Bench &bench, const std::string &bytes, std::vector<ReplyRecord> replies) {
  const InboundRecord raw{"smtp-1", "mail", bytes, bench.now};
  ParsedRecord parsed;
  parsed.inbound = must(bench.store->store_inbound({&raw, 1}, {}, bench.now)).front();
  parsed.replies = std::move(replies);
  must(bench.store->apply_parsed({&parsed, 1}, bench.now));
  return parsed.inbound;
}

void read_again(Bench &bench, InboundId row, std::vector<ReplyRecord> replies) {
  BOOST_TEST(must(bench.store->reparse("", row)) == 1u);
  ParsedRecord parsed;
  parsed.inbound = row;
  parsed.replies = std::move(replies);
  must(bench.store->apply_parsed({&parsed, 1}, bench.now));
}

std::vector<TaskRow> tasks(Bench &bench) {
  return must(bench.store->tasks(bench.creditor, true, 10));
}

void finish(Bench &bench, TaskId task) {
  must(bench.store->finish_task(bench.creditor, task, "done", "", "eva", bench.now));
}

struct Sent : Bench {
  explicit Sent(const Implementation &which) : Bench{which} {
    usual_ledger();
    outcome(send(0).attempt, OutcomeKind::accepted, {"r1"});
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_same_mail_read_twice_makes_one_task_and_one_hold) {
  for (const auto &which : implementations()) {
    Sent bench{which};
    read(bench, "From: boss\n\nwe never got this", {human()});
    read(bench, "From: boss\n\nwe never got this", {human()});  // another place in the mailbox
    BOOST_TEST_REQUIRE(tasks(bench).size() == 1u);
    finish(bench, tasks(bench)[0].id);
    BOOST_TEST(!bench.facts().held_until.has_value());
    read(bench, "From: boss\n\nwe never got this", {human()});  // and after a person has dealt with it
    BOOST_TEST(tasks(bench).empty());
    BOOST_TEST(!bench.facts().held_until.has_value());
  }
}

BOOST_AUTO_TEST_CASE(bytes_that_are_parsed_again_say_nothing_new_even_in_better_words) {
  for (const auto &which : implementations()) {
    Sent bench{which};
    const auto row = read(bench, "mail 1", {human(), human("second part")});
    const auto before = tasks(bench);
    BOOST_TEST_REQUIRE(before.size() == 2u);
    for (const auto &task : before) finish(bench, task.id);
    read_again(bench, row, {human("we never got this, said better"), human("second part")});
    BOOST_TEST(tasks(bench).empty());
    read_again(bench, row, {human(), human("second part"), human("a third that was not seen before")});
    BOOST_TEST(tasks(bench).size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_copy_in_other_bytes_adds_nothing_while_its_task_is_open) {
  for (const auto &which : implementations()) {
    Sent bench{which};
    read(bench, "Received: by way of one", {human()});
    read(bench, "Received: by way of two", {human()});
    BOOST_TEST(tasks(bench).size() == 1u);
    finish(bench, tasks(bench)[0].id);
    read(bench, "Received: a week later", {human()});  // the same words again are news
    BOOST_TEST(tasks(bench).size() == 1u);
    BOOST_TEST(bench.facts().held_until.has_value());
  }
}

BOOST_AUTO_TEST_CASE(strangers_with_the_same_words_are_two) {
  for (const auto &which : implementations()) {
    Sent bench{which};
    auto reply = human("please call me", "");
    reply.from = "one@nowhere.example";
    read(bench, "mail 1", {reply});
    reply.from = "two@nowhere.example";
    read(bench, "mail 2", {reply});
    const auto made = tasks(bench);
    BOOST_TEST_REQUIRE(made.size() == 2u);
    BOOST_TEST(made[1].text.find("two@nowhere.example") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(an_address_that_was_released_stays_so_until_it_says_stop_again) {
  for (const auto &which : implementations()) {
    Sent bench{which};
    const ReplyRecord stop{true, "accounts@d1.example", "", "STOP", "", "", ""};
    const auto row = read(bench, "STOP", {stop});
    BOOST_TEST(bench.debtor().contacts.at(0).is_suppressed);
    must(bench.store->lift_suppression(bench.creditor, "email", "accounts@d1.example", "eva", bench.now));
    read_again(bench, row, {stop});
    BOOST_TEST(!bench.debtor().contacts.at(0).is_suppressed);
    read(bench, "STOP", {stop});
    BOOST_TEST(bench.debtor().contacts.at(0).is_suppressed);
  }
}

BOOST_AUTO_TEST_CASE(erasing_a_debtor_erases_every_copy_of_what_it_wrote) {
  for (const auto &which : implementations()) {
    Sent bench{which};
    const auto first = read(bench, "mail 1", {human()}), second = read(bench, "mail 1", {human()});
    must(bench.store->erase_debtor(bench.creditor, "d1", "eva", bench.now));
    for (const auto row : {first, second}) BOOST_TEST(!bench.store->reparse("", row).has_value());
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(who_was_erased_and_writes_again_is_a_stranger) {
  for (const auto &which : implementations()) {
    Sent bench{which};
    must(bench.store->erase_debtor(bench.creditor, "d1", "eva", bench.now));
    read(bench, "From: boss\n\nwho are you", {human("who are you")});
    const auto open = tasks(bench);
    BOOST_TEST_REQUIRE(open.size() == 1u);
    BOOST_TEST(open[0].debtor_code.empty());
    const ReplyRecord stop{true, "boss@d1.example", "", "STOP", "", "r1", ""};
    read(bench, "From: boss\n\nSTOP", {stop});
    for (const auto &row : must(bench.store->suppressions(bench.creditor, 10))) BOOST_TEST(!row.address.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_human_reply_makes_a_task_and_holds_the_case_until_it_is_done) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    bench.outcome(bench.send(0).attempt, OutcomeKind::accepted, {"r1"});
    ParsedRecord parsed;
    parsed.replies = {
        {false, "boss@d1.example", "us@acme.example", "Re: Reminder", "we never got this", "r1", ""}};
    bench.apply(parsed);
    BOOST_TEST(bench.facts().held_until.has_value());
    const auto tasks = must(bench.store->tasks(bench.creditor, true, 10));
    BOOST_TEST_REQUIRE(tasks.size() == 1u);
    BOOST_TEST(tasks[0].text.find("never got this") != std::string::npos);
    must(bench.store->finish_task(bench.creditor, tasks[0].id, "done", "sent a copy", "eva", bench.now));
    BOOST_TEST(!bench.facts().held_until.has_value());
    BOOST_TEST(
        !bench.store->finish_task(bench.creditor, tasks[0].id, "done", "", "eva", bench.now).has_value());
  }
}

BOOST_AUTO_TEST_CASE(an_answer_is_no_call_and_stops_no_number) {
  for (const auto &which : implementations()) {
    Sent bench{which};
    read(bench, "mail", {human("who are you?")});
    const auto task = must(bench.store->tasks(bench.creditor, true, 10)).at(0);
    BOOST_TEST(!task.phone.empty());
    BOOST_TEST(bench.store->finish_task(bench.creditor, task.id, "wrong_number", "", "eva", bench.now).has_error());
    BOOST_TEST(bench.counters().suppressed == 0u);
    BOOST_TEST(must(bench.store->task(bench.creditor, task.id)).state == "open");
  }
}

BOOST_AUTO_TEST_CASE(stop_suppresses_the_address_that_was_written_to) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    bench.outcome(bench.send(0).attempt, OutcomeKind::accepted, {"r1"});
    ParsedRecord parsed;
    parsed.replies = {{true, "accounts@d1.example", "", "STOP", "", "", ""}};  // found by its sender
    bench.apply(parsed);
    BOOST_TEST(bench.debtor().contacts.at(0).is_suppressed);
    BOOST_TEST(must(bench.store->tasks(bench.creditor, true, 10)).empty());
    must(bench.store->lift_suppression(bench.creditor, "email", "accounts@d1.example", "eva", bench.now));
    BOOST_TEST(!bench.debtor().contacts.at(0).is_suppressed);
  }
}

BOOST_AUTO_TEST_CASE(voiding_a_reminder_leaves_the_debtors_answer_to_a_person) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    bench.outcome(sent.attempt, OutcomeKind::accepted, {"r1"});
    bench.receipt(receipt_of("r1", domain::ReceiptKind::failed));
    const auto again = bench.settle_change(IntendAgain{bench.facts().id, sent.reminder, 1, bench.attempt(), false});
    BOOST_TEST_REQUIRE(again.changes.size() == 1u);
    bench.outcome(again.changes[0].attempt, OutcomeKind::not_sent);
    read(bench, "write to me instead", {human()});
    BOOST_TEST(bench.settle_change(VoidReminder{bench.facts().id, sent.reminder}).refused == "");
    BOOST_TEST_REQUIRE(tasks(bench).size() == 1u);
    BOOST_TEST(bench.facts().held_until.has_value());
    finish(bench, tasks(bench).front().id);
    BOOST_TEST(!bench.facts().held_until);
  }
}

/// Creditor "beta" has debtor d1 as well, with the same addresses.
CreditorId also_known_to_beta(Bench &bench) {
  const auto first = bench.creditor;
  bench.creditor = must(bench.store->creditor("beta"));
  bench.add_debtor("d1", "accounts@d1.example");
  bench.add_invoice("d1", "b1", 30'00);
  bench.onboard();
  const auto second = std::exchange(bench.creditor, first);
  return second;
}

BOOST_AUTO_TEST_CASE(a_stop_without_reference_holds_for_every_creditor_that_has_the_number) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto beta = also_known_to_beta(bench);
    read(bench, "STOP", {{true, "+33600001", "", "", "STOP", "", ""}});
    for (const auto creditor : {bench.creditor, beta}) {
      const auto suppressed = must(bench.store->suppressions(creditor, 10));
      BOOST_TEST_REQUIRE(suppressed.size() == 1u);
      BOOST_TEST(suppressed.front().channel == "sms");
      BOOST_TEST(must(bench.store->tasks(creditor, true, 10)).empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(an_answer_without_reference_holds_every_debtor_that_has_the_address) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto beta = also_known_to_beta(bench);
    auto reply = human(kWords, "");
    reply.from = "accounts@d1.example";
    const auto row = read(bench, "From: accounts\n\nwe never got this", {reply});
    read_again(bench, row, {reply});
    for (const auto creditor : {bench.creditor, beta}) {
      const auto open = must(bench.store->tasks(creditor, true, 10));
      BOOST_TEST_REQUIRE(open.size() == 1u);
      BOOST_TEST(open.front().debtor_code == "d1");
      BOOST_TEST(must(bench.store->facts_of_debtor(creditor, "d1")).cases.front().facts.held_until.has_value());
    }
    // They are of both: nobody may see them once one is erased, the other's parser has them, the last erasure
    // takes them along.
    must(bench.store->erase_debtor(beta, "d1", "test", bench.now));
    BOOST_TEST(must(bench.store->inbound_item(row)).bytes == "");
    BOOST_TEST(must(bench.store->reparse("", row)) == 1u);
    must(bench.store->erase_debtor(bench.creditor, "d1", "test", bench.now));
    BOOST_TEST(bench.store->reparse("", row).has_error());
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::store::test
