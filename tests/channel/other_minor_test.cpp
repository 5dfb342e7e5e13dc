// Plugins of other minors of the interface run on this host, in both placements: one of the first release,
// also where what it is handed has grown since, and one of a minor to come, which hands over more than this
// host knows.
#include "tests/channel/recorder.hpp"

#include <relance/plugin.h>

namespace relance::channel {

BOOST_AUTO_TEST_SUITE(other_minor_test)

namespace {

std::string said_by(const char *plugin, Placement placement) {
  test::Bench bench(plugin, placement);
  bench.start();
  BOOST_TEST(bench.provider->traits().driver == "minor");
  BOOST_TEST(bench.provider->traits().max_in_flight == 8u);
  auto message = bench.message_to("old@example.com");
  bench.provider->submit({message});
  const auto outcome = bench.events.wait_outcomes(1).front();
  BOOST_TEST((outcome.kind == OutcomeKind::accepted));
  BOOST_REQUIRE(outcome.refs.size() == 1u);
  BOOST_TEST(outcome.refs.front() == message.idempotency_key);
  bench.provider->stop(Milliseconds{1000});
  return outcome.text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_plugin_of_the_first_release_runs) {
  for (const auto placement : {Placement::in_process, Placement::child})
    BOOST_TEST(said_by("first_release", placement) == "old@example.com of 1.0 on a whole host");
}

BOOST_AUTO_TEST_CASE(a_plugin_of_a_minor_to_come_runs) {
  const auto expected = "old@example.com of 1." + std::to_string(RELANCE_ABI_MINOR + 1) + " on an older host";
  for (const auto placement : {Placement::in_process, Placement::child})
    BOOST_TEST(said_by("later_minor", placement) == expected);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace relance::channel
