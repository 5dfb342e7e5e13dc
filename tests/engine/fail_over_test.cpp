// Two providers of one channel: what one did not take or refused on principle goes to the other, what may
// have been sent never does.
#include "host/engine/explain.hpp"
#include "tests/engine/engine_world.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <boost/test/unit_test.hpp>

#include <array>
#include <random>

namespace relance::engine {
using test::EngineWorld;
using test::kMonday;
BOOST_AUTO_TEST_SUITE(fail_over_test)

namespace {

/// A world whose region sends e-mail by "one", then by "two".
struct TwoProviders : EngineWorld {
  TwoProviders(const std::string &one, const std::string &two, const std::string &scenario = {},
               const std::string &lines = {})
      : EngineWorld{scenario} {
    write_limited_provider("one", lines, test::kTellsNothing + one);
    write_limited_provider("two", {}, test::kTellsNothing + two);
    write_region("[\"one\", \"two\"]");
    const auto taken = reload();
    BOOST_TEST_REQUIRE(taken.has_value(), (taken ? "" : taken.error().text()));
  }

  /// What the journal says of the invoice's intents.
  std::string intents_of(const std::string &number) {
    std::string all;
    const auto reader = engine->open_reader().value();
    for (const auto &row : reader->journal(creditor, number, {}, 100).value())
      if (row.kind.starts_with("intent")) all += row.payload + '\n';
    return all;
  }
  CaseExplanation explained() {
    const auto reader = engine->open_reader().value();
    const auto claim = reader->facts_of_debtor(creditor, "D1").value();
    return explain(*engine->configuration(), "acme", claim, engine->standing_of(claim),
                   engine->business_now())
        .at(0);
  }
};

constexpr const char *kNotSent{"answer = \"not_sent\"\n"}, *kAccept{"answer = \"accept\"\n"},
    *kOnPrinciple{"answer = \"reject_policy\"\n"}, *kUnknown{"answer = \"unknown\"\n"};

}  // namespace

BOOST_AUTO_TEST_CASE(what_one_provider_did_not_take_goes_to_the_next_at_once) {
  TwoProviders world{kNotSent, kAccept};
  world.one_due("anybody@d1.example");
  world.advance_to(kMonday + Days{7},
                   9);  // the first minute of its window: nobody has waited for a second try
  BOOST_TEST(world.received_by("two").size() == 1u);
  BOOST_TEST(world.engine->report().intents == 2u);
  BOOST_TEST(world.reminders("D1").front().provider == "two");
  const auto intents = world.intents_of("F1");
  BOOST_TEST(intents.find("email one: it did not take this message (451) and is asked again at") !=
                 std::string::npos,
             intents);
}

BOOST_AUTO_TEST_CASE(what_may_have_been_sent_goes_to_nobody_else) {
  TwoProviders world{kUnknown, kAccept};
  world.one_due("anybody@d1.example");
  world.advance_to(kMonday + Days{12});  // up to the day before the policy for doubts asks a person
  BOOST_TEST(world.received_by("two").empty());
  BOOST_TEST(world.counters().in_doubt == 1u);
  BOOST_TEST(world.engine->report().intents == 1u);
  world.restart();
  world.settle();
  BOOST_TEST(world.received_by("two").empty());
}

BOOST_AUTO_TEST_CASE(what_one_refuses_on_principle_the_next_may_take_and_the_address_is_none_the_worse) {
  TwoProviders world{kOnPrinciple, kAccept};
  world.one_due("anybody@d1.example");
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received_by("two").size() == 1u);
  BOOST_TEST(world.counters().suppressed == 0u);
  BOOST_TEST(world.tasks().empty());
  const auto intents = world.intents_of("F1");
  BOOST_TEST(intents.find("email one: it refused this message for good: 554 5.7.1") != std::string::npos,
             intents);
}

BOOST_AUTO_TEST_CASE(an_address_that_is_dead_is_dead_with_every_provider) {
  TwoProviders world{"answer = \"reject\"\n", kAccept};
  world.one_due("anybody@d1.example");
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received_by("two").empty());
  BOOST_TEST(world.counters().suppressed == 1u);
  BOOST_TEST(world.tasks().size() == 1u);
}

BOOST_AUTO_TEST_CASE(when_all_refuse_on_principle_the_channel_is_lost_and_each_was_asked_once) {
  TwoProviders world{kOnPrinciple, kOnPrinciple};
  world.one_due("anybody@d1.example");
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.engine->report().intents == 2u);
  BOOST_TEST(world.counters().rejected == 2u);
  BOOST_TEST_REQUIRE(world.tasks().size() == 1u);
  BOOST_TEST(world.tasks().front().kind == "channels_exhausted");
}

BOOST_AUTO_TEST_CASE(a_stated_reaction_to_failures_waits_until_every_provider_has_refused) {
  TwoProviders world{
      kOnPrinciple, kAccept,
      "id = \"standard\"\n[[step]]\nid = \"reminder-1\"\nafter = \"5d\"\nchannels = [\"email\"]\ntemplate = "
      "\"words\"\non.failed = { channel = \"task\", after = \"0d\" }\n"};
  world.one_due("anybody@d1.example");
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received_by("two").size() == 1u);
  BOOST_TEST(world.tasks().empty());
}

BOOST_AUTO_TEST_CASE(when_nobody_takes_it_both_are_asked_again_at_their_time_and_a_person_in_the_end) {
  TwoProviders world{kNotSent, kNotSent};
  world.one_due("anybody@d1.example");
  world.advance_to(kMonday + Days{7}, 9);
  BOOST_TEST(world.engine->report().intents == 2u);  // one each, then they wait
  const auto explained = world.explained();
  BOOST_TEST(explained.decision == "wait");
  world.advance_to(kMonday + Days{7}, 17);
  BOOST_TEST(world.engine->report().intents ==
             9u);  // five tries (attempts_max) by the first, four by the second
  BOOST_TEST_REQUIRE(world.tasks().size() == 1u);
  BOOST_TEST(world.tasks().front().kind == "too_many_attempts");
}

BOOST_AUTO_TEST_CASE(a_breaker_that_opens_leaves_the_provider_alone_and_explain_says_why) {
  TwoProviders world{kNotSent, kAccept, {}, "[breaker]\nin_a_row = 3\ndelay = \"1h\"\n"};
  for (int i{0}; i < 8; ++i) {
    const auto number = std::to_string(i);
    world.debtor("D" + number, "anybody@d" + number + ".example");
    world.invoice("D" + number, "F" + number, kMonday + Days{i});
  }
  world.onboard();
  world.start();
  world.advance_to(kMonday + Days{20});
  BOOST_TEST(world.received_by("two").size() >= 8u);
  const auto report = world.report_of("one");
  BOOST_TEST(report.not_sent == 3u);
  BOOST_TEST(report.state == "tripped");
  BOOST_TEST(report.breaker == "open");
  BOOST_TEST(report.last_error == "not_sent: 451");
  BOOST_TEST(report.what_to_do.find("relancectl providers resume one") != std::string::npos,
             report.what_to_do);
  // A reload that changes nothing of it leaves it open; an operator closes it.
  BOOST_TEST(world.reload().has_value());
  BOOST_TEST(world.report_of("one").state == "tripped");
  BOOST_TEST(world.engine->resume_provider("one").has_value());
  BOOST_TEST(world.report_of("one").state == "up");
}

BOOST_AUTO_TEST_CASE(half_open_one_message_is_tried_and_goes_to_the_next_when_it_fails) {
  TwoProviders world{kNotSent, kAccept, {}, "[breaker]\nin_a_row = 2\ndelay = \"100ms\"\n"};
  for (int i{0}; i < 5; ++i) {
    const auto number = std::to_string(i);
    world.debtor("D" + number, "anybody@d" + number + ".example");
    world.invoice("D" + number, "F" + number, kMonday + Days{i < 2 ? 0 : 7});
  }
  world.onboard();
  world.start();
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.report_of("one").not_sent == 2u);
  world.await("half open", [&] { return world.report_of("one").breaker == "half_open"; });
  world.advance_to(kMonday + Days{14});
  BOOST_TEST(world.report_of("one").not_sent == 3u);  // of three that were due one tried it
  BOOST_TEST(world.received_by("two").size() == 5u);
}

BOOST_AUTO_TEST_CASE(a_provider_that_an_operator_paused_stays_so_over_a_restart) {
  TwoProviders world{kAccept, kAccept};
  BOOST_TEST(world.engine->pause_provider("one", "price talks").has_value());
  BOOST_TEST((world.engine->pause_provider("none", "").error().kind == ErrorKind::not_found));
  world.one_due("anybody@d1.example");
  world.restart();
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received_by("one").empty());
  BOOST_TEST(world.received_by("two").size() == 1u);
  const auto report = world.report_of("one");
  BOOST_TEST(report.state == "paused");
  BOOST_TEST(report.because == "price talks");
  BOOST_TEST(world.intents_of("F1").find("email one: it is paused: price talks") != std::string::npos);
  BOOST_TEST(world.engine->resume_provider("one").has_value());
  world.advance_to(kMonday + Days{17});
  BOOST_TEST(world.received_by("one").size() == 1u);
}

/// Whatever the providers answer: no reminder ever has two attempts that may both arrive.
BOOST_AUTO_TEST_CASE(no_reminder_ever_has_two_attempts_that_may_arrive) {
  constexpr std::array<const char *, 4> kVerbs{"accept", "nobody_takes_this", "lost", "reject"};
  const std::array<std::string, 5> answers{"", kNotSent, kOnPrinciple, kUnknown, kAccept};
  for (unsigned seed{1}; seed <= 6; ++seed) {
    std::mt19937 random{seed};
    const auto pick = [&](std::size_t size) { return random() % size; };
    const auto one = pick(answers.size()), two = pick(answers.size());
    TwoProviders world{answers[one], answers[two], {}, "[breaker]\nin_a_row = 3\ndelay = \"100ms\"\n"};
    world.write_limited_provider("three", "[limits]\nper_day = 3\n",
                                 test::kTellsNothing + answers[pick(answers.size())]);
    world.write_region("[[\"one\", { id = \"three\", weight = 2 }], \"two\"]");
    BOOST_TEST_REQUIRE(world.reload().has_value());
    for (int i{0}; i < 12; ++i) {
      const auto number = std::to_string(i);
      world.debtor("D" + number, std::string{kVerbs[pick(kVerbs.size())]} + "@d" + number + ".example");
      world.invoice("D" + number, "F" + number, kMonday + Days{static_cast<int>(pick(4))});
    }
    world.onboard();
    world.start();
    const auto check = [&] {
      SQLite::Database store{(world.folder / "state" / "relance.db").string(), SQLite::OPEN_READONLY};
      // 0 open, 1 prepared, 5 in doubt; 2 accepted, unless a receipt says that it is lost (failed … refused).
      SQLite::Statement twice{
          store,
          "SELECT reminder, count(*) FROM attempt WHERE reminder <> 0 AND (state IN (0, 1, 5) OR (state "
          "= 2 AND delivery NOT BETWEEN 6 AND 11)) GROUP BY reminder HAVING count(*) > 1"};
      BOOST_TEST(!twice.executeStep(), "seed " << seed);
    };
    for (const int day : {5, 7, 8, 9, 12}) {
      // Some of these days cannot settle: every provider may be away for a moment.
      static_cast<void>(world.engine->advance_clock(
          domain::Zone::of("Europe/Paris").value().first_instant_of(kMonday + Days{day}, 12 * 60), true,
          Milliseconds{300}, {}));
      check();
    }
    world.restart();
    check();
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::engine
