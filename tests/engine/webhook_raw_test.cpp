// A webhook as stored bytes: read back whole by the host and by the SDK, without its credentials.
#include "host/engine/webhook_raw.hpp"

#include <boost/test/unit_test.hpp>
#include <relance/webhook.hpp>

namespace relance::engine {
namespace {

channel::WebhookRequest sample() {
  return {"POST",
          "https://hooks.example.com/hooks/p/t?a=1&b=%20",
          "192.0.2.1",
          {{"x-b", "2"}, {"authorization", "Basic aHVzaA=="}, {"x-a", ""}, {"x-b", "3: 4"}, {"cookie", "c"}},
          std::string{"\r\n\r\nbody\0 with\r\n\r\nall\n", 22}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(webhook_raw_test)

BOOST_AUTO_TEST_CASE(what_was_stored_reads_back_whole) {
  const auto request = sample();
  const auto back = webhook_of(raw_of(request, Credentials::kept));
  BOOST_REQUIRE(back);
  BOOST_TEST(back->method == request.method);
  BOOST_TEST(back->url == request.url);
  BOOST_TEST((back->headers == request.headers));
  BOOST_TEST(back->body == request.body);
  BOOST_TEST(back->remote_address == "");
}

BOOST_AUTO_TEST_CASE(the_sdk_reads_the_same_of_it) {
  const auto request = sample();
  const auto raw = raw_of(request, Credentials::kept);
  const auto back = sdk::WebhookRequest::from_raw(raw);
  BOOST_TEST(back.method == request.method);
  BOOST_TEST(back.url == request.url);
  BOOST_REQUIRE(back.headers.size() == request.headers.size());
  for (std::size_t i{0}; i < back.headers.size(); ++i) {
    BOOST_TEST(back.headers[i].first == request.headers[i].first);
    BOOST_TEST(back.headers[i].second == request.headers[i].second);
  }
  BOOST_TEST(back.body == request.body);
}

BOOST_AUTO_TEST_CASE(credentials_do_not_reach_the_disk) {
  const auto raw = raw_of(sample(), Credentials::hidden);
  BOOST_TEST(raw.find("aHVzaA") == std::string::npos);
  BOOST_TEST(raw.find("authorization: ***\r\n") != std::string::npos);
  BOOST_TEST(raw.find("cookie: ***\r\n") != std::string::npos);
  BOOST_TEST(webhook_of(raw)->body == sample().body);
}

BOOST_AUTO_TEST_CASE(the_secret_of_the_path_does_not_reach_the_disk_and_the_query_does) {
  const auto url_of = [](const char *url) {
    auto request = sample();
    request.url = url;
    return webhook_of(raw_of(request, Credentials::hidden))->url;
  };
  BOOST_TEST(url_of("https://h.example/hooks/p/T0kEn") == "https://h.example/hooks/p/***");
  BOOST_TEST(url_of("https://h.example/hooks/p/T0kEn?") == "https://h.example/hooks/p/***?");
  BOOST_TEST(url_of("https://h.example/a/hooks/p/T0kEn?x=/y/z&u=http://v/w?q") ==
             "https://h.example/a/hooks/p/***?x=/y/z&u=http://v/w?q");
  BOOST_TEST(url_of("https://h.example/hooks/p/***?a=1") == "https://h.example/hooks/p/***?a=1");
}

BOOST_AUTO_TEST_CASE(a_secret_of_the_settings_does_not_reach_the_disk_by_the_query_or_a_header) {
  const std::vector<config::Secret> secrets{config::Secret{"s3cret/word+1"}, config::Secret{"another-one"}};
  auto request = sample();
  request.url =
      "https://h.example/hooks/p/t?a=1&token=s3cret%2fword%2B1&s3cret/word+1&b=x%20another-one&c=%zz&d";
  request.headers.emplace_back("x-gateway-token", "Bearer another-one");
  const auto raw = raw_of(request, Credentials::hidden, secrets);
  BOOST_TEST(webhook_of(raw)->url == "https://h.example/hooks/p/***?a=1&token=***&***&b=***&c=%zz&d");
  BOOST_TEST(raw.find("x-gateway-token: ***\r\n") != std::string::npos);
  BOOST_TEST(raw.find("x-b: 3: 4\r\n") != std::string::npos);
  BOOST_TEST((webhook_of(raw_of(request, Credentials::kept, secrets))->url == request.url));
}

BOOST_AUTO_TEST_CASE(other_bytes_are_no_webhook) {
  for (const auto *text :
       {"", "POST", "POST\r\n\r\n", "POST u\r\n", "POST u\r\nno colon\r\n\r\nbody", "POST u\r\na: b\r\n"})
    BOOST_TEST(!webhook_of(text), text);
  BOOST_TEST(webhook_of("GET u\r\n\r\n").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace relance::engine
