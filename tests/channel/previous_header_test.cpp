// A plugin built from the previous minor of the header runs on this host, in both placements, also where the
// structs that it is handed have grown since.
#include "tests/channel/recorder.hpp"

namespace relance::channel {

BOOST_AUTO_TEST_SUITE(previous_header_test)

namespace {

void runs_in(Placement placement) {
  test::Bench bench("previous_header", placement);
  bench.start();
  BOOST_TEST(bench.provider->traits().driver == "previous");
  BOOST_TEST(!bench.provider->traits().submit_never_releases);
  auto message = bench.message_to("old@example.com");
  message.addressee.organisation = "Durand SARL";  // fields that it has never heard of
  message.sender.postal_lines = {"1 rue du Test", "75001 PARIS"};
  bench.provider->submit({message});
  const auto outcome = bench.events.wait_outcomes(1).front();
  BOOST_TEST((outcome.kind == OutcomeKind::accepted));
  BOOST_TEST(outcome.text == "old@example.com");
  BOOST_REQUIRE(outcome.refs.size() == 1u);
  BOOST_TEST(outcome.refs.front() == message.idempotency_key);
}

}  // namespace

BOOST_AUTO_TEST_CASE(it_runs_inside_the_daemon) {
  runs_in(Placement::in_process);
}
BOOST_AUTO_TEST_CASE(it_runs_in_a_child) {
  runs_in(Placement::child);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace relance::channel
