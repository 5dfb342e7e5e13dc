// What a message would be and cost, asked of the plugin in either placement, and what is made of it when the
// plugin does not say so in time, says nonsense, or is gone.
#include "host/channel/quote_border.hpp"
#include "tests/channel/child_bench.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::channel {
using test::Bench;
using test::ChildBench;
BOOST_AUTO_TEST_SUITE(quote_test)

constexpr const char *kQuotes{R"({"quote":"yes","price":"45000"})"};
constexpr Milliseconds kPatient{10'000};

BOOST_AUTO_TEST_CASE(a_batch_is_quoted_message_by_message_in_either_placement) {
  for (const auto placement : {Placement::in_process, Placement::child}) {
    Bench bench{"scripted", placement, kQuotes};
    bench.start();
    BOOST_TEST(bench.provider->traits().can_quote);
    std::vector<Submission> batch;
    for (const char *address :
         {"accept@a.example", "unquoted@a.example", "unfit@a.example", "throw@a.example"})
      batch.push_back(bench.message_to(address));
    batch[0].parts[0].bytes = std::make_shared<const std::string>(25, 'x');
    const auto quotes = bench.provider->quote(batch, kPatient);
    BOOST_TEST_REQUIRE(quotes.size() == 4u);
    BOOST_TEST_REQUIRE(quotes[0].has_value());
    BOOST_TEST(quotes[0]->segments == 3u);
    BOOST_TEST_REQUIRE(quotes[0]->price.has_value());
    BOOST_TEST(quotes[0]->price->micro_units == 135'000);
    BOOST_TEST(quotes[0]->price->currency == "EUR");
    BOOST_TEST(quotes[0]->issues.empty());
    BOOST_TEST(!quotes[1].has_value());
    BOOST_TEST_REQUIRE(quotes[2].has_value());
    BOOST_TEST_REQUIRE(quotes[2]->issues.size() == 1u);
    BOOST_TEST(quotes[2]->issues[0].is_fatal);
    BOOST_TEST(quotes[2]->issues[0].message == "it does not fit");
    BOOST_TEST(!quotes[3].has_value());
    // Nothing was opened and nothing sent: the provider goes on as before.
    BOOST_TEST((bench.send("accept@a.example").kind == OutcomeKind::accepted));
  }
}

BOOST_AUTO_TEST_CASE(a_letter_that_travels_as_a_file_is_quoted_as_well) {
  ChildBench bench{"scripted", kQuotes};
  bench.start();
  std::vector<Submission> batch{bench.message_to("accept@a.example")};
  batch[0].parts[0].bytes = std::make_shared<const std::string>(3'000'000, 'x');
  const auto quotes = bench.provider->quote(batch, kPatient);
  BOOST_TEST_REQUIRE(quotes[0].has_value());
  BOOST_TEST(quotes[0]->segments == 300'000u);
}

BOOST_AUTO_TEST_CASE(a_plugin_that_takes_its_time_costs_no_more_than_the_deadline) {
  ChildBench bench{"scripted", R"({"quote":"slowly"})"};
  bench.start();
  const auto begun = std::chrono::steady_clock::now();
  const std::vector<Submission> batch{bench.message_to("accept@a.example")};
  BOOST_TEST(!bench.provider->quote(batch, Milliseconds{100})[0].has_value());
  BOOST_TEST((std::chrono::steady_clock::now() - begun < Milliseconds{1500}));
  // The late word is nobody's, and the child is none the worse for it.
  BOOST_TEST((bench.send("accept@a.example").kind == OutcomeKind::accepted));
}

BOOST_AUTO_TEST_CASE(a_plugin_without_quotes_and_a_child_that_is_gone_give_none) {
  ChildBench silent{"scripted", "{}"};
  silent.start();
  BOOST_TEST(!silent.provider->traits().can_quote);
  const std::vector<Submission> batch{silent.message_to("accept@a.example")};
  BOOST_TEST(!silent.provider->quote(batch, kPatient)[0].has_value());
  ChildBench ended{"scripted", kQuotes};
  ended.start();
  ended.freeze();
  ended.signal(SIGKILL);
  const auto begun = std::chrono::steady_clock::now();
  BOOST_TEST(!ended.provider->quote(batch, kPatient)[0].has_value());
  BOOST_TEST((std::chrono::steady_clock::now() - begun < kPatient));
}

BOOST_AUTO_TEST_CASE(a_price_that_is_none_and_a_frame_that_is_not_of_its_form_are_refused) {
  relance_quote theirs{};
  theirs.size = sizeof theirs;
  for (const auto &[micro, currency] : {std::pair{std::int64_t{-1}, "EUR"}, {std::int64_t{1}, "euro"}}) {
    const relance_price price{micro, to_str(currency)};
    theirs.price = &price;
    BOOST_TEST(!to_quote(theirs).price.has_value());
  }
  Quote quote;
  quote.segments = 2;
  quote.price = Price{70'000, "CHF"};
  quote.issues.push_back({"/parts/0", "too long", true});
  OutBytes bytes;
  FrameWriter w{bytes};
  const std::vector<Quoted> sent{{7, quote}, {8, std::nullopt}};
  encode(w, sent);
  const auto payload = bytes.view().substr(kFrameHeaderBytes);
  const auto read = decode_quotes(payload);
  BOOST_TEST_REQUIRE(read.has_value());
  BOOST_TEST(read->at(0).quote->price->currency == "CHF");
  BOOST_TEST(read->at(0).quote->issues.at(0).message == "too long");
  BOOST_TEST(!read->at(1).quote.has_value());
  for (std::size_t cut{0}; cut < payload.size(); ++cut)
    BOOST_TEST(!decode_quotes(payload.substr(0, cut)).has_value());
  BOOST_TEST(!decode_quotes(std::string{payload} + "x").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::channel
