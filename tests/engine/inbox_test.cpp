// The inbox between providers and the engine: in order, in bounds, nothing dropped.
#include "host/engine/inbox.hpp"

#include "host/engine/absent_provider.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::engine {
namespace {

std::vector<channel::Inbound> items(std::size_t count, std::size_t bytes = 1) {
  std::vector<channel::Inbound> made(count);
  for (std::size_t i{0}; i < count; ++i) {
    made[i].plugin_token = i + 1;
    made[i].bytes.assign(bytes, 'x');
  }
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(inbox_test)

BOOST_AUTO_TEST_CASE(raw_bytes_and_the_ends_of_their_polls_stay_while_the_engine_cannot_store) {
  Inbox inbox;
  BOOST_TEST(inbox.inbound("mail", items(3)) == 3u);
  inbox.polled("mail", {1, "cursor", {}, {}});
  inbox.ready("mail", 5);
  const auto without = inbox.take(false);
  BOOST_TEST(without.inbound.empty());
  BOOST_TEST(without.polled.empty());
  BOOST_TEST(without.credits.size() == 1u);
  BOOST_TEST(
      !inbox.wait(Milliseconds{1}, false).has_news(true));  // it sleeps, with news that nobody can take
  const auto with = inbox.take();
  BOOST_TEST(with.inbound.size() == 3u);
  BOOST_TEST(with.polled.size() == 1u);
  BOOST_TEST(with.inbound[2].what.plugin_token == 3u);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_stays_with_the_plugin_until_there_is_room) {
  Inbox inbox;
  BOOST_TEST(inbox.inbound("mail", items(kInboundCountMax + 1)) == kInboundCountMax);
  BOOST_TEST(inbox.inbound("other", items(1)) == 0u);
  static_cast<void>(inbox.take(false));
  BOOST_TEST(inbox.inbound("other", items(1)) == 0u);  // the bound holds for what is left behind
  static_cast<void>(inbox.take());
  BOOST_TEST((inbox.take_starved() == std::vector<std::string>{"mail", "other"}));
  BOOST_TEST(inbox.inbound("other", items(2, kInboundBytesMax)) ==
             1u);  // larger than all of it, into an empty one
}

BOOST_AUTO_TEST_CASE(webhooks_that_the_engine_does_not_take_are_bounded_and_the_rest_is_told_to_come_again) {
  const auto calls = [](std::size_t count, std::size_t bytes) {
    std::vector<HookRaw> made(count);
    for (std::size_t i{0}; i < count; ++i) {
      made[i].provider = "sms";
      made[i].bytes.assign(bytes, 'x');
      made[i].when_stored.token = i + 1;
    }
    return made;
  };
  Inbox inbox;
  auto refused = inbox.webhooks(calls(kHookCountMax + 2, 1));
  BOOST_TEST(refused.size() == 2u);
  BOOST_TEST(refused[1].when_stored.token == kHookCountMax + 2);
  BOOST_TEST(inbox.webhooks(calls(1, 1)).size() == 1u);
  BOOST_TEST(inbox.take(false).webhooks.size() == kHookCountMax);  // they hold callers: never left behind
  BOOST_TEST(inbox.webhooks(calls(5, kHookBytesMax / 4)).size() == 1u);
  BOOST_TEST(inbox.take().webhooks.size() == 4u);

  Webhooks webhooks{inbox};
  inbox.pass_judgements_to(webhooks);
  std::vector<HookResult> told;
  webhooks.listen([&told](std::vector<HookResult> results) {
    std::move(results.begin(), results.end(), std::back_inserter(told));
  });
  const std::shared_ptr<channel::Provider> away{make_absent_provider("sms", {}, inbox)};
  webhooks.open_doors({{"sms", {away, true}}});
  BOOST_TEST(inbox.webhooks(calls(kHookCountMax, 1)).empty());
  webhooks.take({{7, "sms", std::make_shared<channel::WebhookRequest>()}});
  BOOST_REQUIRE_EQUAL(told.size(), 1u);
  BOOST_TEST((told[0].token == 7u && told[0].end == HookEnd::not_stored && !told[0].answer));
  BOOST_TEST(webhooks.report()[0].waiting_unverified == 0u);
  webhooks.listen({});
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::engine
