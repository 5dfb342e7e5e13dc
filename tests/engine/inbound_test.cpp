// What comes back, on its way to the disk and to its meaning: nothing is forgotten between the two, nothing acknowledged
// before the first.
#include "host/base/crash_point.hpp"
#include "tests/engine/engine_world.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <sys/wait.h>
#include <algorithm>
#include <fstream>
#include <set>
#include <unistd.h>

namespace relance::engine {
using test::EngineWorld;
using test::kMonday;

namespace {

void set_cursor(EngineWorld &world, const std::string &cursor) {
  world.with_store([&](store::Store &store, Instant now) {
    const store::CursorRecord record{"scripted", cursor};
    BOOST_TEST(store.store_inbound({}, {&record, 1}, now).has_value());
  });
}
std::string cursor_of(EngineWorld &world) {
  std::string cursor;
  world.with_store([&](store::Store &store, Instant) { cursor = store.cursor("scripted").value(); });
  return cursor;
}
void receive(EngineWorld &world, const std::string &provider, const std::string &bytes) {
  world.with_store([&](store::Store &store, Instant now) {
    const store::InboundRecord record{provider, "mail", bytes, now};
    BOOST_TEST(store.store_inbound({&record, 1}, {}, now).has_value());
  });
}

/// Runs the world's engine in a process of its own until it is killed at `point`.
void die_at(EngineWorld &world, const char *point) {
  world.engine.reset();
  const auto child = ::fork();
  BOOST_TEST_REQUIRE(child >= 0);
  if (child == 0) {
    world.open();
    arm_crash_point(point);
    world.start();
    world.settle();
    ::sleep(30);
    ::_exit(1);
  }
  int status{0};
  BOOST_TEST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_TEST((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
  world.open();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(inbound_test)

BOOST_AUTO_TEST_CASE(a_cursor_is_on_disk_with_the_last_bytes_that_it_stands_for) {
  for (const char *point : {"inbound_stored", "inbound_released"}) {
    EngineWorld world;
    set_cursor(world, "a");
    die_at(world, point);
    BOOST_TEST(world.counters().inbound_waiting == 2u);
    BOOST_TEST(cursor_of(world) == "a+");
  }
}

BOOST_AUTO_TEST_CASE(a_cursor_is_never_on_disk_before_the_bytes_that_it_stands_for) {
  EngineWorld world{{}, "inbound_batch = 1\n"};
  set_cursor(world, "a");
  die_at(world, "inbound_stored");
  BOOST_TEST(world.counters().inbound_waiting == 1u);
  BOOST_TEST(cursor_of(world) == "a");
}

BOOST_AUTO_TEST_CASE(bytes_of_a_provider_that_is_no_longer_configured_wait_for_it) {
  EngineWorld world;
  world.write_provider("other");
  BOOST_TEST(world.reload().has_value());
  world.start();
  receive(world, "other", "nothing we sent");
  world.settle();
  BOOST_TEST(world.counters().inbound_waiting == 0u);
  world.remove_provider("other");
  BOOST_TEST(world.reload().has_value());
  receive(world, "other", "nothing we sent either");
  receive(world, "scripted", "nor this");
  world.settle();  // which is refused while anything is under way
  BOOST_TEST(world.counters().inbound_waiting == 1u);
  BOOST_TEST_REQUIRE(world.counters().inbound_of.size() == 1u);
  BOOST_TEST(world.counters().inbound_of[0].first == "other");
  world.write_provider("other");
  BOOST_TEST(world.reload().has_value());
  world.settle();
  BOOST_TEST(world.counters().inbound_waiting == 0u);
}

BOOST_AUTO_TEST_CASE(a_parser_is_told_when_the_bytes_came_however_long_ago) {
  EngineWorld world;
  world.start();
  const auto came = from_ms(1'700'000'000'123);
  world.with_store([&](store::Store &store, Instant now) {
    const store::InboundRecord record{"scripted", "mail", "when", came};
    BOOST_TEST(store.store_inbound({&record, 1}, {}, now).has_value());
  });
  world.settle();
  world.with_store([&](store::Store &store, Instant) {
    const auto failed = store.inbound("scripted", "failed", 0, 10).value();
    BOOST_TEST_REQUIRE(failed.size() == 1u);
    BOOST_TEST(failed[0].error == "came at 1700000000123");
  });
}

BOOST_AUTO_TEST_CASE(a_provider_that_wants_to_know_is_told_of_every_open_attempt_page_by_page) {
  constexpr std::size_t kDebtors{store::kAwaitedMax + 3};
  EngineWorld world{{}, {}, std::string(test::kTellsNothing) + "polls_open = \"yes\"\n"};
  for (std::size_t i{0}; i < kDebtors; ++i) {
    const auto code = "D" + std::to_string(i + 1);
    world.debtor(code, "accept@d" + std::to_string(i + 1) + ".example");
    world.invoice(code, "F" + std::to_string(i + 1), test::kMonday);
  }
  world.onboard();
  set_cursor(world, "open");
  world.start();
  world.advance_to(test::kMonday + Days{7});
  const auto keys = world.received();
  BOOST_TEST_REQUIRE(keys.size() == kDebtors);
  world.await("all are asked about", [&] {
    std::ifstream asked{world.folder / "sent.asked"};
    std::set<std::string> told;
    for (std::string key; std::getline(asked, key);) told.insert(key);
    return std::all_of(keys.begin(), keys.end(), [&](const auto &key) { return told.contains(key); });
  });
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::engine
