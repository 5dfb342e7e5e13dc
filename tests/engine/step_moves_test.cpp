// Where debtors stand when a scenario's list of steps changes under them: planned as tables, then lived through by a
// whole engine whose peer counts what it received.
#include "host/engine/step_moves.hpp"

#include "tests/engine/engine_world.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace relance::engine {
using store::KnownStep;
using store::kRetiredStep;
using test::EngineWorld;
using test::kMonday;
BOOST_AUTO_TEST_SUITE(step_moves_test)

namespace {

struct Planned { std::string id; std::int32_t level; };
domain::Scenario scenario(const std::vector<Planned> &steps, std::string id = "standard") {
  domain::Scenario made;
  made.id = std::move(id);
  for (const auto &[step, level] : steps) {
    made.steps.emplace_back();
    made.steps.back().id = step;
    made.steps.back().level = level;
  }
  return made;
}
std::vector<KnownStep> known(const domain::Scenario &scenario) {
  return plan_step_moves(scenario.id, scenario, {})->known;
}
std::vector<std::int32_t> positions(const store::StepMoves &moves) {
  std::vector<std::int32_t> at;
  for (const auto &step : moves.steps) at.push_back(step.position);
  return at;
}
std::vector<std::int32_t> numbers(const store::StepMoves &moves) {
  std::vector<std::int32_t> at;
  for (const auto &step : moves.steps) at.push_back(step.number);
  return at;
}
using Numbers = std::vector<std::int32_t>;

const auto kOld = scenario({{"pre", 0}, {"first", 1}, {"call", 1}, {"second", 2}});

std::string step(const std::string &id, int days) {
  return "[[step]]\nid = \"" + id + "\"\nafter = \"" + std::to_string(days) + "d\"\nchannels = [\"email\"]\ntemplate = \"words\"\n";
}
const std::string kHead{"id = \"standard\"\ncontact_gap = \"0d\"\n"};

/// Debtor D1 after "first" (day 5, Monday 7) has gone out.
struct AfterFirst {
  AfterFirst() : world{kHead + step("first", 5) + step("second", 15)} {
    world.one_due("accept@d1.example");
    world.advance_to(kMonday + Days{8});
    BOOST_TEST_REQUIRE(world.received().size() == 1u);
  }
  std::vector<std::string> steps_sent() {
    std::vector<std::string> ids;
    for (const auto &row : world.reminders("D1")) ids.insert(ids.begin(), row.step_id);
    return ids;
  }
  EngineWorld world;
};
using Steps = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_CASE(the_same_steps_move_nothing) {
  BOOST_TEST(!plan_step_moves("standard", kOld, known(kOld)));
}

BOOST_AUTO_TEST_CASE(an_inserted_step_is_passed_over_by_those_who_are_past_it) {
  const auto now = scenario({{"pre", 0}, {"friendly", 1}, {"first", 2}, {"call", 2}, {"second", 3}});
  const auto moves = plan_step_moves("standard", now, known(kOld));
  BOOST_REQUIRE(moves);
  BOOST_TEST(positions(*moves) == (Numbers{0, 2, 3, 4}), boost::test_tools::per_element());
  BOOST_TEST(numbers(*moves) == (Numbers{0, 2, 3, 4}), boost::test_tools::per_element());
  BOOST_TEST((moves->levels == std::vector<std::pair<std::int32_t, std::int32_t>>{{0, 0}, {1, 2}, {2, 3}}));
}

BOOST_AUTO_TEST_CASE(a_removed_step_is_stood_in_for_by_the_one_before_it_and_its_number_retires) {
  const auto moves = plan_step_moves("standard", scenario({{"pre", 0}, {"first", 1}, {"second", 2}}), known(kOld));
  BOOST_REQUIRE(moves);
  BOOST_TEST(positions(*moves) == (Numbers{0, 1, 1, 2}), boost::test_tools::per_element());
  BOOST_TEST(numbers(*moves) == (Numbers{0, 1, kRetiredStep, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_renamed_step_is_not_due_again) {
  const auto moves =
      plan_step_moves("standard", scenario({{"before", 0}, {"one", 1}, {"phone", 1}, {"two", 2}}), known(kOld));
  BOOST_REQUIRE(moves);
  BOOST_TEST(positions(*moves) == (Numbers{0, 2, 2, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(steps_that_change_places_are_never_sent_again) {
  const auto moves =
      plan_step_moves("standard", scenario({{"pre", 0}, {"call", 0}, {"first", 1}, {"second", 2}}), known(kOld));
  BOOST_REQUIRE(moves);
  BOOST_TEST(positions(*moves) == (Numbers{0, 2, 2, 3}), boost::test_tools::per_element());
  BOOST_TEST(numbers(*moves) == (Numbers{0, 2, 1, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_step_that_comes_back_finds_its_reminders) {
  const auto without = scenario({{"pre", 0}, {"first", 1}, {"second", 2}});
  const auto retired = plan_step_moves("standard", without, known(kOld))->known;
  BOOST_TEST(!plan_step_moves("standard", without, retired));
  const auto moves = plan_step_moves("standard", kOld, retired);
  BOOST_REQUIRE(moves);
  BOOST_TEST(numbers(*moves) == (Numbers{0, 1, 3, 2}), boost::test_tools::per_element());  // the last: of 1000
  BOOST_TEST(moves->known.size() == 4u);
}

BOOST_AUTO_TEST_CASE(no_two_retired_steps_of_the_store_share_a_number) {
  const auto other = scenario({{"a", 1}, {"b", 2}}, "other");
  auto all = plan_step_moves("standard", scenario({{"pre", 0}}), known(kOld))->known;
  for (auto &step : known(other)) all.push_back(step);
  const auto moves = plan_step_moves("other", scenario({{"c", 1}}, "other"), all);
  BOOST_REQUIRE(moves);
  BOOST_TEST(numbers(*moves) == (Numbers{kRetiredStep + 3, kRetiredStep + 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_scenario_that_is_gone_retires_all_its_steps) {
  const auto moves = plan_retirement("standard", known(kOld));
  BOOST_REQUIRE(moves);
  BOOST_TEST(positions(*moves) == (Numbers{-1, -1, -1, -1}), boost::test_tools::per_element());
  for (const auto &step : moves->known) BOOST_TEST(step.scenario.empty());
}

BOOST_AUTO_TEST_CASE(a_step_inserted_before_what_went_out_is_not_sent_and_nothing_is_sent_twice) {
  AfterFirst after;
  after.world.write_scenario(kHead + step("early", 2) + step("first", 5) + step("second", 15) + step("late", 25));
  BOOST_TEST(after.world.reload().has_value());
  after.world.advance_to(kMonday + Days{60});
  BOOST_TEST(after.steps_sent() == (Steps{"first", "second", "late"}), boost::test_tools::per_element());
  BOOST_TEST(after.world.received().size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_renamed_step_that_went_out_does_not_go_out_under_its_new_name) {
  AfterFirst after;
  after.world.write_scenario(kHead + step("friendly", 5) + step("second", 15));
  BOOST_TEST(after.world.reload().has_value());
  after.world.advance_to(kMonday + Days{60});
  BOOST_TEST(after.steps_sent() == (Steps{"first", "second"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(steps_that_change_places_and_a_step_that_leaves_and_returns_double_nothing) {
  AfterFirst after;
  after.world.advance_to(kMonday + Days{16});  // "second" too
  after.world.write_scenario(kHead + step("second", 5) + step("first", 15) + step("third", 30));
  BOOST_TEST(after.world.reload().has_value());
  after.world.advance_to(kMonday + Days{20});
  after.world.write_scenario(kHead + step("first", 15) + step("third", 30));
  BOOST_TEST(after.world.reload().has_value());
  after.world.advance_to(kMonday + Days{22});
  after.world.write_scenario(kHead + step("first", 15) + step("second", 20) + step("third", 30));
  BOOST_TEST(after.world.reload().has_value());
  after.world.advance_to(kMonday + Days{60});
  BOOST_TEST(after.steps_sent() == (Steps{"first", "second", "third"}), boost::test_tools::per_element());
  BOOST_TEST(after.world.counters().reminders == 3u);
}

BOOST_AUTO_TEST_CASE(a_scenario_whose_steps_changed_while_the_daemon_was_away_holds_from_the_start) {
  AfterFirst after;
  after.world.write_scenario(kHead + step("first", 5) + step("soon", 10) + step("second", 15));
  after.world.restart();
  after.world.advance_to(kMonday + Days{60});
  BOOST_TEST(after.steps_sent() == (Steps{"first", "soon", "second"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_scenario_that_cases_follow_cannot_vanish_but_can_be_replaced) {
  AfterFirst after;
  after.world.write_scenario("id = \"other\"\ncontact_gap = \"0d\"\n" + step("first", 5) + step("final", 20));
  const auto refused = after.world.reload();
  BOOST_REQUIRE(refused.has_error());
  BOOST_TEST(refused.error().text().find("replaces = [\"standard\"]") != std::string::npos);
  after.world.write_scenario("id = \"other\"\nreplaces = [\"standard\"]\ncontact_gap = \"0d\"\n" + step("first", 5) +
                             step("final", 20));
  BOOST_TEST(after.world.reload().has_value());
  after.world.advance_to(kMonday + Days{60});
  BOOST_TEST(after.steps_sent() == (Steps{"first", "final"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::engine
