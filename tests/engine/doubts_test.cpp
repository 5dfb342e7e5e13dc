// Messages whose end nobody knows: what the engine may still do about them, and what it must not. The peer is a file
// with one line for each message it really got.
#include "tests/engine/engine_world.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>

namespace relance::engine {
using test::EngineWorld;
using test::kMonday;
BOOST_AUTO_TEST_SUITE(doubts_test)

namespace {

const std::string kNothing{test::kTellsNothing};
const std::string kDropsRepeats{"query = \"no\"\ntwo_phase = \"no\"\nidempotency_window = \"3600000\"\n"};
std::string can_tell(const std::string &certain_after) {
  return "query = \"yes\"\ntwo_phase = \"no\"\nidempotency_window = \"0\"\nnot_found_certain_after = \"" + certain_after + "\"\n";
}

/// One reminder has gone out on day 7 to an address of this kind.
void send_one(EngineWorld &world, const std::string &address) {
  world.debtor("D1", address);
  world.invoice("D1", "F1", kMonday);
  world.onboard();
  world.start();
  world.advance_to(kMonday + Days{7});
}

const std::string kTwoSteps{R"([[step]]
id = "reminder-1"
after = "5d"
channels = ["email"]
template = "words"
[[step]]
id = "reminder-2"
after = "15d"
channels = ["email"]
template = "words"
)"};
const std::string kResend{"id = \"standard\"\ncontact_gap = \"1d\"\n[in_doubt]\npolicy = \"resend\"\nafter = \"3d\"\n" + kTwoSteps};


}  // namespace

BOOST_AUTO_TEST_CASE(a_provider_that_drops_repeats_gets_the_same_key_again_and_the_debtor_one_message) {
  for (const char *address : {"lost@d1.example", "lost_reply@d1.example"}) {
    EngineWorld world{{}, {}, kDropsRepeats};
    send_one(world, address);
    world.await("the reminder is sent", [&] { return world.counters().sent == 1; });
    BOOST_TEST(world.counters().in_doubt == 0u);
    BOOST_TEST(world.engine->report().intents == 1u);
    const auto received = world.received();
    BOOST_TEST_REQUIRE(received.size() == 1u);
    BOOST_TEST(world.reminders("D1").size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(what_a_crash_left_in_doubt_is_repeated_only_while_every_word_of_it_is_true) {
  enum class Meanwhile { nothing, paid, paid_in_part, disputed, promised, held, suppressed };
  for (const auto meanwhile : {Meanwhile::nothing, Meanwhile::paid, Meanwhile::paid_in_part, Meanwhile::disputed,
                               Meanwhile::promised, Meanwhile::held, Meanwhile::suppressed}) {
    BOOST_TEST_CONTEXT("meanwhile " << static_cast<int>(meanwhile)) {
      EngineWorld world{{}, {}, kNothing};
      send_one(world, "lost@d1.example");
      BOOST_TEST_REQUIRE(world.counters().in_doubt == 1u);
      BOOST_TEST(world.received().empty());
      if (meanwhile == Meanwhile::paid) world.pay("F1", 100'00);
      if (meanwhile == Meanwhile::paid_in_part) world.pay("F1", 40'00);
      world.with_store([&](store::Store &store, Instant now) {
        if (meanwhile == Meanwhile::disputed)
          BOOST_TEST(store.dispute(world.creditor, "F1", "broken", "test", now).has_value());
        if (meanwhile == Meanwhile::promised)
          BOOST_TEST(store.promise(world.creditor, "D1", "", kMonday + Days{12}, std::nullopt, "test", now).has_value());
        if (meanwhile == Meanwhile::held)
          BOOST_TEST(
              store.hold(world.creditor, store::HoldScope::debtor, "D1", std::nullopt, "talks", "test", now).has_value());
        if (meanwhile == Meanwhile::suppressed)
          BOOST_TEST(store.suppress(world.creditor, "email", "lost@d1.example", "asked", now).has_value());
      });
      world.write_provider("scripted", kDropsRepeats);
      world.restart();
      // The restarted plugin loses the first copy that it sees: a second repeat would reach the peer.
      if (meanwhile == Meanwhile::nothing) {
        world.await("the reminder is sent", [&] { return world.counters().sent == 1; });
        BOOST_TEST(world.received().size() == 1u);
      } else {
        world.settle();
        BOOST_TEST(world.counters().in_doubt == 1u);
        const auto report = world.engine->report();
        for (const auto &provider : report.providers) BOOST_TEST(provider.handed_over == 0u);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_repeated_after_the_time_by_which_it_had_to_go) {
  EngineWorld world{{}, "hand_over_within = \"1s\"\n", kNothing};
  const auto before = WallClock{}.now();
  send_one(world, "lost@d1.example");
  world.await("its last moment has passed", [&] { return WallClock{}.now() > before + Milliseconds{3000}; });
  world.write_provider("scripted", kDropsRepeats);
  world.restart();
  world.settle();
  BOOST_TEST(world.counters().in_doubt == 1u);
  BOOST_TEST(world.received().empty());
}

BOOST_AUTO_TEST_CASE(a_provider_that_can_tell_is_asked_once_the_message_can_no_longer_leave) {
  EngineWorld world{{}, "hand_over_within = \"1s\"\n", can_tell("0")};
  send_one(world, "lost_reply@d1.example");
  BOOST_TEST(world.counters().in_doubt == 1u);
  world.await("the provider has told", [&] { return world.counters().sent == 1; });
  BOOST_TEST(world.counters().in_doubt == 0u);
  BOOST_TEST(world.engine->report().intents == 1u);
  BOOST_TEST(world.received().size() == 1u);
}

BOOST_AUTO_TEST_CASE(not_found_counts_only_once_the_provider_can_be_certain) {
  EngineWorld certain{{}, "hand_over_within = \"1s\"\n", can_tell("500")};
  send_one(certain, "lost@d1.example");
  const auto answers = [](EngineWorld &world) {
    std::uint64_t not_found{0};
    for (const auto &provider : world.engine->report().providers) not_found += provider.not_sent;
    return not_found;
  };
  certain.await("it was certainly not sent", [&] { return certain.counters().not_sent == 1; });
  BOOST_TEST(answers(certain) >= 2u);  // the first came too early to be certain

  EngineWorld never{{}, "hand_over_within = \"1s\"\n", can_tell("0")};
  send_one(never, "lost@d1.example");
  never.await("two answers", [&] { return answers(never) >= 2; });
  BOOST_TEST(never.counters().in_doubt == 1u);
  BOOST_TEST(never.counters().not_sent == 0u);
}

BOOST_AUTO_TEST_CASE(a_resend_by_policy_is_one_resend_and_its_receipt_starts_no_other) {
  EngineWorld world{kResend};
  world.one_due("odd@d1.example");
  world.advance_to(kMonday + Days{7});
  BOOST_TEST_REQUIRE(world.counters().in_doubt == 1u);
  world.debtor("D1", "accept@d1.example");
  world.advance_to(kMonday + Days{10});
  BOOST_TEST_REQUIRE(world.received().size() == 1u);  // the resend
  world.receipt(world.received().front(), domain::ReceiptKind::delivered);
  world.settle();
  BOOST_TEST(world.received().size() == 1u);
  world.advance_to(kMonday + Days{12});
  BOOST_TEST(world.received().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_draft_in_doubt_is_not_committed_again_once_the_invoice_is_paid) {
  EngineWorld world;
  world.one_due("prepare_lost@d1.example");
  world.advance_to(kMonday + Days{7});
  BOOST_TEST_REQUIRE(world.counters().in_doubt == 1u);
  world.pay("F1", 100'00);
  std::ofstream{world.folder / "sent.up"} << "up";
  BOOST_TEST(!EngineWorld::within(Milliseconds{6000}, [&] { return !world.received().empty(); }));
  BOOST_TEST(world.received().empty());
}

BOOST_AUTO_TEST_CASE(a_prepared_draft_is_not_committed_after_its_not_after) {
  EngineWorld world{{}, "hand_over_within = \"1s\"\n"};
  world.one_due("prepare_gone@d1.example");
  BOOST_TEST(world.engine->advance_clock(world.engine->business_now() + Days{7} + std::chrono::hours{1}, true, Milliseconds{300}, {})
                 .has_error());
  world.crash(Milliseconds{4000});
  BOOST_TEST(!EngineWorld::within(Milliseconds{2000}, [&] { return !world.received().empty(); }));
}

BOOST_AUTO_TEST_CASE(a_paused_daemon_commits_nothing_at_its_start) {
  EngineWorld world;
  world.one_due("prepare_gone@d1.example");
  BOOST_TEST(world.engine->advance_clock(world.engine->business_now() + Days{7} + std::chrono::hours{1}, true, Milliseconds{300}, {})
                 .has_error());
  BOOST_TEST(world.engine->pause("restore").has_value());
  world.crash();
  BOOST_TEST(world.engine->report().is_paused);
  BOOST_TEST(!EngineWorld::within(Milliseconds{2000}, [&] { return !world.received().empty(); }));
}

BOOST_AUTO_TEST_CASE(a_window_full_of_doubts_is_emptied_by_repeats_of_an_idempotent_provider) {
  EngineWorld world{{}, "in_doubt_max = 1\n", "query = \"no\"\ntwo_phase = \"no\"\nidempotency_window = \"3600000\"\n"};
  world.one_due("lost_reply@d1.example");
  world.advance_to(kMonday + Days{7});
  world.await("the doubt ends", [&] { return world.counters().in_doubt == 0; });
}

BOOST_AUTO_TEST_CASE(a_provider_with_too_many_doubts_is_shown_as_held_and_goes_on_when_they_are_settled) {
  EngineWorld world{{}, "in_doubt_max = 1\n", kNothing};
  world.one_due("odd@d1.example");
  world.advance_to(kMonday + Days{7});
  BOOST_TEST_REQUIRE(world.counters().in_doubt == 1u);
  const auto shown = [&] {
    for (const auto &provider : world.engine->report().providers)
      if (provider.id == "scripted") return provider;
    return ProviderReport{};
  };
  BOOST_TEST(shown().state == "held");
  BOOST_TEST(shown().because.find("limits.in_doubt_max") != std::string::npos, shown().because);
  BOOST_TEST(shown().credit == 0u);
  const auto reminders = world.reminders("D1");
  BOOST_TEST_REQUIRE(reminders.size() == 1u);
  world.with_store([&](store::Store &store, Instant now) {
    const auto resolved = store.resolve_in_doubt(world.creditor, reminders.front().attempt, true, "seen", "tester", now);
    BOOST_TEST(resolved.has_value());
  });
  world.await("it is up again", [&] { return shown().state == "up"; });
  BOOST_TEST(shown().credit > 0u);
}

BOOST_AUTO_TEST_CASE(a_pause_only_postpones_the_repeat) {
  EngineWorld world{{}, {}, kNothing};
  world.one_due("lost_reply@d1.example");
  world.advance_to(kMonday + Days{7});
  BOOST_TEST_REQUIRE(world.counters().in_doubt == 1u);
  BOOST_TEST(world.engine->pause("a look").has_value());
  world.write_provider("scripted", "query = \"no\"\ntwo_phase = \"no\"\nidempotency_window = \"3600000\"\n");
  world.restart();
  BOOST_TEST(!EngineWorld::within(Milliseconds{500}, [&] { return world.counters().in_doubt == 0; }));
  BOOST_TEST(world.engine->resume().has_value());
  world.await("the doubt ends", [&] { return world.counters().in_doubt == 0; });
}

BOOST_AUTO_TEST_CASE(a_resend_that_leaves_the_doubt_is_told_to_a_person_and_not_repeated) {
  for (const auto *address : {"odd@d1.example", "reject@d1.example"}) {
    EngineWorld world{kResend};
    world.one_due("odd@d1.example");
    world.advance_to(kMonday + Days{7});
    BOOST_TEST_REQUIRE(world.counters().in_doubt == 1u);
    world.debtor("D1", address);
    world.advance_to(kMonday + Days{14});
    BOOST_TEST(world.engine->report().intents == 2u);  // the message and its resend
    BOOST_TEST_REQUIRE(world.tasks().size() == 1u);
    BOOST_TEST(world.tasks().front().kind == "in_doubt");
  }
}

BOOST_AUTO_TEST_CASE(what_is_in_doubt_about_a_paid_invoice_is_told_to_a_person_once) {
  EngineWorld world{kResend};
  world.one_due("odd@d1.example");
  world.advance_to(kMonday + Days{7});
  BOOST_TEST_REQUIRE(world.counters().in_doubt == 1u);
  world.pay("F1", 100'00);
  world.advance_to(kMonday + Days{60});
  BOOST_TEST(world.received().empty());
  BOOST_TEST_REQUIRE(world.tasks().size() == 1u);
  BOOST_TEST(world.tasks().front().kind == "in_doubt");
}

BOOST_AUTO_TEST_CASE(what_is_in_doubt_of_a_removed_step_is_told_to_a_person_once) {
  const std::string head{"id = \"standard\"\ncontact_gap = \"0d\"\n"};
  const std::string second{"[[step]]\nid = \"reminder-2\"\nafter = \"15d\"\nchannels = [\"email\"]\ntemplate = \"words\"\n"};
  EngineWorld world{head + "[[step]]\nid = \"reminder-1\"\nafter = \"5d\"\nchannels = [\"email\"]\ntemplate = \"words\"\n" + second};
  world.one_due("odd@d1.example");
  world.advance_to(kMonday + Days{8});
  BOOST_TEST_REQUIRE(world.counters().in_doubt == 1u);
  world.debtor("D1", "accept@d1.example");
  world.write_scenario(head + second);
  BOOST_TEST(world.reload().has_value());
  world.advance_to(kMonday + Days{60});
  BOOST_TEST(world.received().size() == 1u);  // reminder-2 went its way
  BOOST_TEST_REQUIRE(world.tasks().size() == 1u);
  BOOST_TEST(world.tasks().front().kind == "in_doubt");
}

namespace {

const std::string kNeverReleases{"query = \"no\"\nidempotency_window = \"0\"\nnever_releases = \"yes\"\n"};
const std::string kFindsDrafts{"query = \"yes\"\nidempotency_window = \"0\"\n"};

}  // namespace

BOOST_AUTO_TEST_CASE(an_unknown_end_of_a_first_phase_that_releases_nothing_is_not_in_doubt) {
  EngineWorld world{{}, {}, kNeverReleases};
  send_one(world, "draft_lost@d1.example");
  BOOST_TEST(world.counters().in_doubt == 0u);
  world.advance_to(kMonday + Days{8});
  BOOST_TEST(world.received().size() == 1u);
  BOOST_TEST(world.reminders("D1").size() == 1u);
  BOOST_TEST(world.engine->report().intents == 2u);
}

BOOST_AUTO_TEST_CASE(a_draft_without_a_reference_is_a_draft_at_most) {
  EngineWorld world{{}, {}, kNeverReleases};
  send_one(world, "unnamed_draft@d1.example");
  BOOST_TEST(world.counters().in_doubt == 0u);
  BOOST_TEST(world.received().empty());
  EngineWorld other{{}, {}, kNothing};
  send_one(other, "unnamed_draft@d1.example");
  BOOST_TEST(other.counters().in_doubt == 1u);
}

BOOST_AUTO_TEST_CASE(a_restart_between_intent_and_draft_leaves_no_doubt_where_drafts_go_nowhere) {
  for (const bool releases_nothing : {true, false}) {
    EngineWorld world{{}, {}, releases_nothing ? kNeverReleases : kNothing};
    world.one_due("forget@d1.example");
    BOOST_TEST(
        world.engine->advance_clock(world.engine->business_now() + Days{7} + std::chrono::hours{1}, true, Milliseconds{300}, {})
            .has_error());
    // What held when it was handed over counts: a configuration that promises otherwise by now changes nothing.
    world.write_provider("scripted", releases_nothing ? kNothing : kNeverReleases);
    world.crash();
    world.await("its end is recorded", [&] {
      return (releases_nothing ? world.counters().not_sent : world.counters().in_doubt) == 1u;
    });
    BOOST_TEST(world.counters().in_doubt == (releases_nothing ? 0u : 1u));
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_end_of_a_commit_stays_in_doubt_whatever_the_first_phase_promises) {
  EngineWorld world{{}, {}, kNeverReleases};
  world.one_due("prepare_lost@d1.example");
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.counters().in_doubt == 1u);
  BOOST_TEST(world.engine->report().intents == 1u);
}

BOOST_AUTO_TEST_CASE(a_draft_that_a_question_finds_is_committed_once) {
  EngineWorld world{{}, {}, kFindsDrafts};
  send_one(world, "draft_lost@d1.example");
  world.await("the reminder is sent", [&] { return world.counters().sent == 1; });
  BOOST_TEST(world.counters().in_doubt == 0u);
  BOOST_TEST(world.counters().attempts_open == 0u);
  BOOST_TEST(world.received().size() == 1u);
  BOOST_TEST(world.engine->report().intents == 1u);
}

BOOST_AUTO_TEST_CASE(a_draft_that_a_question_finds_is_not_committed_once_its_words_are_false) {
  for (const std::int64_t paid : {100'00, 40'00}) {
    EngineWorld world{{}, {}, kNothing};
    send_one(world, "draft_lost@d1.example");
    BOOST_TEST_REQUIRE(world.counters().in_doubt == 1u);
    const auto first = world.reminders("D1").at(0).attempt;
    world.pay("F1", paid);
    world.write_provider("scripted", kFindsDrafts + "finds_all = \"yes\"\n");
    world.restart();
    world.await("the draft is given up", [&] { return world.counters().in_doubt == 0; });
    world.settle();
    BOOST_TEST(world.received().size() == (paid == 100'00 ? 0u : 1u));  // what is left is asked for by another message
    if (paid != 100'00) BOOST_TEST(world.reminders("D1").at(0).attempt != first);
  }
}

BOOST_AUTO_TEST_CASE(a_draft_that_a_question_found_outlives_a_crash) {
  EngineWorld world{{}, {}, kNothing};
  send_one(world, "draft_lost@d1.example");
  BOOST_TEST(world.engine->pause("a look").has_value());  // nothing is committed meanwhile
  world.write_provider("scripted", kFindsDrafts + "finds_all = \"yes\"\n");
  world.restart();
  world.await("the draft is found", [&] { return world.counters().attempts_open == 1; });
  world.crash();
  BOOST_TEST(world.engine->resume().has_value());
  world.await("the draft is released", [&] { return world.counters().attempts_open == 0; });
  BOOST_TEST(world.counters().in_doubt == 0u);
  BOOST_TEST(world.received().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_draft_that_a_question_found_waits_no_longer_than_its_words_are_true) {
  EngineWorld world{{}, {}, kNothing};
  send_one(world, "draft_lost@d1.example");
  BOOST_TEST(world.engine->pause("a look").has_value());
  world.write_provider("scripted", kFindsDrafts + "finds_all = \"yes\"\n");
  world.restart();
  world.await("the draft is found", [&] { return world.counters().attempts_open == 1; });
  world.engine->with_store([&](store::Store &store, Instant now) {
    BOOST_TEST(store.suppress(world.creditor, "email", "draft_lost@d1.example", "asked", now).has_value());
  });
  BOOST_TEST(world.engine->resume().has_value());
  world.await("the draft is given up", [&] { return world.counters().attempts_open == 0; });
  BOOST_TEST(world.counters().in_doubt == 0u);
  BOOST_TEST(world.received().empty());
}

BOOST_AUTO_TEST_CASE(a_draft_that_nobody_was_told_to_release_is_certainly_not_sent_also_after_a_crash) {
  EngineWorld world{{}, {}, kNothing};
  send_one(world, "draft_lost@d1.example");
  BOOST_TEST(world.engine->pause("a look").has_value());
  world.write_provider("scripted", kFindsDrafts + "finds_all = \"yes\"\n");
  world.restart();
  world.await("the draft is found", [&] { return world.counters().attempts_open == 1; });
  world.crash();
  world.pay("F1", 100'00);
  BOOST_TEST(world.engine->resume().has_value());
  world.await("the draft is given up", [&] { return world.counters().attempts_open == 0; });
  BOOST_TEST(world.counters().in_doubt == 0u);
  BOOST_TEST(world.received().empty());
}

BOOST_AUTO_TEST_CASE(that_a_repeated_release_did_nothing_says_nothing_of_the_first) {
  EngineWorld world;
  world.one_due("prepare_once@d1.example");
  BOOST_TEST(world.engine->advance_clock(world.engine->business_now() + Days{7} + std::chrono::hours{1}, true, Milliseconds{300}, {})
                 .has_error());
  world.crash();
  world.await("the second release is answered", [&] { return world.counters().attempts_open == 0; });
  BOOST_TEST(world.counters().in_doubt == 1u);
  BOOST_TEST(world.counters().not_sent == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::engine
