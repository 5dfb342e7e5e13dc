// News of a provider that can only be asked: the very poll() that the authors' pages show, on the test kit.
#include <boost/test/unit_test.hpp>
#include <relance/channel.hpp>
#include <relance/testkit.hpp>

using namespace relance::sdk;
using namespace relance::testkit;

namespace {

class Asked {
 public:
  static constexpr Description kDescription{.id = "com.example.asked",
                                            .driver = "http",
                                            .name = "Asked",
                                            .version = "1.0",
                                            .vendor = "Example",
                                            .channel = "sms",
                                            .settings_schema = R"({"type": "object"})"};
  Asked(Host host, std::string_view /*instance*/, std::string_view settings, Issues & /*issues*/)
      : http_(host), settings_(Json::parse(settings)) {}

  Outcome send(const Message & /*message*/) { return Outcome::accepted({"m-1"}); }

  // clang-format off: as the page shows it
  Polled poll(const Poll &poll) {
    const auto reply = http_.get(settings_["url"].text() + "/events?" + form({{"since", poll.cursor}}),
                                 {{"authorization", "Bearer " + settings_["token"].text()}});
    if (!reply.is_success()) return Polled::failed("the list of events did not come");  // the cursor stays
    const auto page = Json::parse(reply.body);
    Polled polled{.cursor = page["next"].text(poll.cursor)};
    for (const auto &event : page["events"].items())
      polled.found.push_back({.kind = "poll", .name = event["event"].text(),
                              .bytes = json_object({{"id", event["id"].text()}, {"status", event["status"].text()}})});
    return polled;
  }
  // clang-format on

  Parsed parse(const Raw &raw) const {
    const auto news = Json::parse(raw.bytes);
    const bool is_there{news["status"].text() == "delivered"};
    return Parsed::receipt({.ref = news["id"].text(),
                            .kind = is_there ? ReceiptKind::delivered : ReceiptKind::interim,
                            .is_final = is_there});
  }

 private:
  Http http_;
  Json settings_;
};

const relance_plugin *driver() {
  return driver_at<Asked>(0);
}
constexpr const char *kSettings{R"({"url": "https://api.example.com", "token": "t"})"};

}  // namespace

BOOST_AUTO_TEST_SUITE(polled_news_test)

BOOST_AUTO_TEST_CASE(what_a_poll_finds_goes_to_the_host_and_means_something_later) {
  FakeHost host;
  std::string url;
  host.on_http = [&](const HttpRequest &request) {
    url = request.url;
    return replied(200, R"({"next": "7", "events": [{"event": "e-1", "id": "m-1", "status": "delivered"}]})");
  };
  Instance plugin{driver(), host, kSettings};
  BOOST_TEST(plugin.poll("3 &x\xff").cursor == "7");
  BOOST_TEST(url == "https://api.example.com/events?since=3%20%26x%FF");
  const auto found = host.inbound();
  BOOST_TEST_REQUIRE(found.size() == 1u);
  BOOST_TEST(found[0].name == "e-1");
  const auto news = plugin.parse("poll", found[0].bytes);
  BOOST_TEST_REQUIRE(news.receipts.size() == 1u);
  BOOST_TEST(news.receipts[0].ref == "m-1");
  BOOST_TEST((news.receipts[0].kind == ReceiptKind::delivered));
}

BOOST_AUTO_TEST_CASE(a_poll_that_broke_off_says_so) {
  FakeHost host;
  host.on_http = [](const HttpRequest &) { return replied(500); };
  Instance plugin{driver(), host, kSettings};
  BOOST_TEST(!plugin.poll("3").error.empty());
  BOOST_TEST(host.inbound().empty());
}

BOOST_AUTO_TEST_SUITE_END()
