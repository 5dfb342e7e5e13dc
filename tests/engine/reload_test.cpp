// A reload that fails leaves everything as it was; a provider that it had to stop and cannot start again is waited for.
#include "tests/engine/engine_world.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <boost/test/unit_test.hpp>

#include <fstream>

namespace relance::engine {
using test::EngineWorld;
using test::kMonday;

namespace {

/// A world whose provider starts only while the file "can_start" is there.
struct Fragile : EngineWorld {
  Fragile() {
    allow_start();
    write_provider("scripted", start_if());
    BOOST_TEST(reload().has_value());
    debtor("D1", "accept@d1.example");
    invoice("D1", "F1", kMonday);
    onboard();
    start();
  }
  std::string start_if(const std::string &name = "can_start") const {
    return "start_if = \"" + (folder / name).string() + "\"\n";
  }
  void allow_start() { std::ofstream{folder / "can_start"} << "yes"; }
  void forbid_start() { std::filesystem::remove(folder / "can_start"); }
  ProviderReport provider(const std::string &id = "scripted") {
    for (auto &one : engine->report().providers)
      if (one.id == id) return one;
    return {};
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(reload_test)

BOOST_AUTO_TEST_CASE(a_provider_whose_change_fails_goes_on_as_it_was) {
  Fragile world;
  world.write_provider("scripted", world.start_if("never"));  // its settings are right, its start is not
  BOOST_TEST(world.reload().has_error());
  BOOST_TEST(world.provider().state == "up");
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received().size() == 1u);
}

BOOST_AUTO_TEST_CASE(one_that_cannot_be_started_again_is_waited_for_and_nobody_else_takes_its_place) {
  Fragile world;
  world.forbid_start();
  world.write_provider("scripted", world.start_if() + "port = 1\n");
  BOOST_TEST(world.reload().has_error());
  BOOST_TEST(world.provider().state == "absent");
  BOOST_TEST(world.provider().because.find("could not be started again") != std::string::npos);
  BOOST_TEST(world.engine->advance_clock(world.engine->business_now() + Days{7} + std::chrono::hours{3}, true,
                                         Milliseconds{300}, {})
                 .has_error());  // the case waits for it
  BOOST_TEST(world.received().empty());
  BOOST_TEST(world.tasks().empty());
  BOOST_TEST(world.counters().reminders == 0u);
  world.allow_start();
  world.await("it is up again", [&] { return world.provider().state == "up"; });
  world.await("the reminder arrives", [&] { return world.received().size() == 1u; });
  BOOST_TEST(world.tasks().empty());
}

BOOST_AUTO_TEST_CASE(nothing_of_a_configuration_takes_effect_when_a_part_of_it_fails) {
  Fragile world;
  world.write_provider("first", "");
  world.write_provider("second", world.start_if("never"));
  world.write_scenario(
      "id = \"standard\"\n[[step]]\nid = \"other\"\nafter = \"1d\"\nchannels = [\"email\"]\ntemplate = \"words\"\n");
  const auto before = world.engine->configuration();
  BOOST_TEST(world.reload().has_error());
  BOOST_TEST(world.engine->configuration() == before);
  BOOST_TEST(world.provider("first").id == "");
  world.with_store([&](store::Store &store, Instant) {
    for (const auto &step : store.known_steps().value()) BOOST_TEST(step.id != "other");
  });
  world.advance_to(kMonday + Days{4});
  BOOST_TEST(world.received().empty());
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_provider_that_was_replaced_is_put_back_when_another_fails) {
  Fragile world;
  world.write_provider("other", world.start_if());
  BOOST_TEST(world.reload().has_value());
  world.write_provider("other", world.start_if() + "port = 1\n");
  world.write_provider("scripted", world.start_if("never"));
  BOOST_TEST(world.reload().has_error());
  BOOST_TEST(world.provider("other").state == "up");
  BOOST_TEST(world.provider("scripted").state == "up");
  world.write_provider("other", world.start_if());
  world.write_provider("scripted", world.start_if());
  world.forbid_start();
  BOOST_TEST(world.reload().has_value());  // both are what this says: nothing is stopped or started
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_store_that_fails_during_a_reload_leaves_the_steps_and_the_providers_as_they_were) {
  Fragile world;
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received().size() == 1u);
  world.write_provider("first", "");
  world.write_scenario(
      "id = \"standard\"\ncontact_gap = \"1d\"\n[[step]]\nid = \"early\"\nafter = \"1d\"\nchannels = [\"email\"]\ntemplate = "
      "\"words\"\n[[step]]\nid = \"reminder-1\"\nafter = \"5d\"\nchannels = [\"email\"]\ntemplate = \"words\"\n");
  {
    SQLite::Database other{(world.folder / "state" / "relance.db").string(), SQLite::OPEN_READWRITE};
    other.exec("BEGIN IMMEDIATE");  // as a program that has the store open for writing
    BOOST_TEST(world.reload().has_error());
    other.exec("ROLLBACK");
  }
  BOOST_TEST(world.provider("first").id == "");
  world.advance_to(kMonday + Days{17});
  BOOST_TEST(world.received().size() == 2u);  // reminder-2, which only the configuration in force has
}

BOOST_AUTO_TEST_CASE(a_reload_that_is_right_brings_an_absent_provider_back_at_once) {
  Fragile world;
  world.forbid_start();
  world.write_provider("scripted", world.start_if() + "port = 1\n");
  BOOST_TEST(world.reload().has_error());
  world.write_provider("scripted");
  BOOST_TEST(world.reload().has_value());
  BOOST_TEST(world.provider().state == "up");
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_draft_that_waited_for_an_absent_provider_is_recorded_when_it_is_released) {
  EngineWorld world;
  const auto start_if = "start_if = \"" + (world.folder / "can_start").string() + "\"\n";
  std::ofstream{world.folder / "can_start"} << "yes";
  world.write_provider("scripted", start_if);
  BOOST_TEST_REQUIRE(world.reload().has_value());
  world.one_due("prepare_gone@d1.example");
  BOOST_TEST(world.engine->advance_clock(world.engine->business_now() + Days{7} + std::chrono::hours{1}, true, Milliseconds{300}, {})
                 .has_error());
  BOOST_TEST(world.engine->pause("audit").has_value());
  world.crash();  // the draft is on record, paused
  const auto state = [&] { return world.engine->report().providers; };
  const auto state_of = [&] {
    for (auto &one : state())
      if (one.id == "scripted") return one.state;
    return std::string{};
  };
  std::filesystem::remove(world.folder / "can_start");
  world.write_provider("scripted", start_if + "port = 1\n");
  BOOST_TEST(world.reload().has_error());
  BOOST_TEST(state_of() == "absent");
  std::ofstream{world.folder / "can_start"} << "yes";
  world.await("back", [&] { return state_of() == "up"; });
  BOOST_TEST(world.engine->resume().has_value());
  world.await("received", [&] { return world.received().size() == 1u; });
  world.await("it is recorded", [&] { return world.counters().sent == 1u; });
  BOOST_TEST(world.counters().attempts_open == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::engine
