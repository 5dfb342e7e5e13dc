// A poll in both placements: what it finds comes first, its end comes once, and a failed one moves no cursor.
#include "tests/channel/recorder.hpp"

namespace relance::channel {
using test::Bench;
BOOST_AUTO_TEST_SUITE(poll_test)

constexpr Placement kBoth[]{Placement::in_process, Placement::child};

BOOST_AUTO_TEST_CASE(what_a_poll_finds_comes_before_its_end) {
  for (const auto placement : kBoth) {
    Bench bench{"scripted", placement};
    bench.start();
    bench.provider->poll(7, "page-1");
    bench.events.wait_for("the end of the poll", [](auto &r) { return r.polled_.size() == 1; });
    BOOST_TEST(bench.events.inbound_.size() == 2u);
    BOOST_TEST(bench.events.inbound_[0].bytes == "page-1");
    BOOST_TEST(bench.events.polled_[0].token == 7u);
    BOOST_TEST(bench.events.polled_[0].cursor == "page-1+");
    BOOST_TEST(bench.events.polled_[0].next_poll.count() == 250);
    BOOST_TEST(bench.provider->traits().can_poll);
  }
}

BOOST_AUTO_TEST_CASE(a_poll_is_told_which_attempts_are_open) {
  for (const auto placement : kBoth) {
    Bench bench{"scripted", placement};
    bench.start();
    OpenPage page;
    page.items.push_back({"KEY-1", {"a", std::string("b\0c", 3)}, from_ms(1'700'000'000'000)});
    page.items.push_back({"KEY-2", {}, from_ms(1'700'000'000'000)});
    bench.provider->poll(7, "open", page);
    bench.events.wait_for("the end of the poll", [](auto &r) { return r.polled_.size() == 1; });
    BOOST_TEST_REQUIRE(!bench.events.inbound_.empty());
    BOOST_TEST(bench.events.inbound_[0].bytes == std::string("KEY-1=a,b\0c,;KEY-2=;", 20));
  }
}

BOOST_AUTO_TEST_CASE(a_child_whose_find_is_not_taken_yet_has_not_ended_its_poll) {
  Bench bench{"scripted", Placement::child};
  bench.events.set_inbound_room(1);
  bench.start();
  bench.provider->poll(7, "page-1");
  bench.events.wait_for("the first item", [](auto &r) { return r.inbound_.size() == 1; });
  // Another poll's end would overtake, were ends not kept back: this one is answered behind it.
  BOOST_TEST((bench.send("accept@x.example").kind == OutcomeKind::accepted));
  BOOST_TEST(bench.events.polled_.empty());
  bench.events.set_inbound_room(100);
  bench.provider->room();
  bench.events.wait_for("the end of the poll", [](auto &r) { return r.polled_.size() == 1; });
  BOOST_TEST(bench.events.inbound_.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_failed_or_throwing_poll_ends_with_its_reason_and_no_cursor) {
  for (const auto placement : kBoth)
    for (const char *cursor : {"fail", "throw"}) {
      Bench bench{"scripted", placement};
      bench.start();
      bench.provider->poll(1, cursor);
      bench.events.wait_for("the end of the poll", [](auto &r) { return r.polled_.size() == 1; });
      BOOST_TEST(!bench.events.polled_[0].error.empty());
      BOOST_TEST(bench.events.polled_[0].cursor.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_poll_that_a_plugin_forgets_ends_when_it_is_stopped) {
  for (const auto placement : kBoth) {
    Bench bench{"scripted", placement};
    bench.start();
    bench.provider->poll(1, "forget");
    bench.provider->stop(Milliseconds{200});
    bench.events.wait_for("the end of the poll", [](auto &r) { return r.polled_.size() == 1; });
    BOOST_TEST(!bench.events.polled_[0].error.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_channel_that_does_not_poll_says_so) {
  Bench bench{"noop", Placement::in_process};
  bench.start();
  BOOST_TEST(!bench.provider->traits().can_poll);
  bench.provider->poll(1, "");
  bench.events.wait_for("the end of the poll", [](auto &r) { return r.polled_.size() == 1; });
  BOOST_TEST(!bench.events.polled_[0].error.empty());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::channel
