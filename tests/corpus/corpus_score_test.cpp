// The scores that texts and numbers are held to, on samples collected by others; with none here, the scorer
// itself.
#include "tests/corpus/delivery_reports.hpp"
#include "tests/test_folders.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iostream>
#include <unistd.h>

namespace relance::corpus {
namespace {

constexpr double kPercentMin{98.0};

void check(std::string_view folder, Score (*score)(const std::filesystem::path &)) {
  const auto corpus = relance::test::corpus_dir();
  if (corpus.empty() || !std::filesystem::exists(corpus / folder)) {
    std::cout << "all of this suite skipped: no " << folder << " in RELANCE_CORPUS\n";
    return;
  }
  const auto result = score(corpus / folder);
  BOOST_TEST_MESSAGE(folder << ": " << result.total().hits << " of " << result.total().total);
  BOOST_TEST(result.rows > 0u);
  BOOST_TEST(result.total().percent() >= kPercentMin);
  for (const auto &miss : result.misses) {
    BOOST_TEST_MESSAGE(miss.id << ' ' << miss.measure << ": expected " << miss.expected << ", got "
                               << miss.got);
    BOOST_TEST(!miss.reason.empty());
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(corpus_score_test)

BOOST_AUTO_TEST_CASE(a_miss_lowers_the_score_and_is_listed) {
  Score score;
  const boost::json::object row{{"id", "one"}, {"source", "a/b tests (MIT)"}};
  score.note(row, "segments", "1", "1", "");
  score.note(row, "segments", "2", "1", "counted otherwise");
  BOOST_TEST(score.total().percent() == 50.0);
  BOOST_TEST(score.tallies.at("segments").at("a/b").total == 2u);
  BOOST_REQUIRE_EQUAL(score.misses.size(), 1u);
  BOOST_TEST(score.misses[0].id == "one");
}

BOOST_AUTO_TEST_CASE(a_gateways_callback_is_read_by_its_profile_or_not_counted) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("relance-corpus-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  std::ofstream{folder / "dlr_http.jsonl"}
      << R"({"id": "1", "provider": "twiml", "url": "/c", "body": "MessageSid=SM1&MessageStatus=delivered", "expected": {"status": "D", "external_id": "SM1"}})"
      << '\n'
      << R"({"id": "2", "provider": "nexmo", "url": "/c?messageId=N1&status=failed&err-code=9", "expected": {"status": "F", "external_id": "N2"}})"
      << '\n'
      << R"({"id": "3", "provider": "elsewhere", "url": "/c?id=1", "expected": {"status": "D"}})" << '\n';
  Score score;
  score_http_reports(folder, score);
  std::filesystem::remove_all(folder);
  BOOST_TEST(score.tallies["gateway_state"]["all"].hits == 2u);
  BOOST_TEST(score.tallies["gateway_reference"]["all"].hits == 1u);
  BOOST_TEST(score.tallies["gateway_reference"]["all"].total == 2u);
  BOOST_REQUIRE_EQUAL(score.misses.size(), 1u);
  BOOST_TEST(score.misses[0].got == "N1");
  BOOST_TEST(score.not_counted.size() == 1u);
}

BOOST_AUTO_TEST_CASE(texts_are_counted_as_gateways_count_them) {
  check("sms_segmentation", score_sms_segmentation);
}

BOOST_AUTO_TEST_CASE(numbers_are_read_as_their_plans_have_them) {
  check("phone_normalization", score_phone);
}

BOOST_AUTO_TEST_CASE(addresses_are_written_as_their_countries_write_them) {
  check("postal_address", score_postal_address);
}

BOOST_AUTO_TEST_CASE(callbacks_are_read_and_judged_as_their_providers_mean_them) {
  check("delivery_reports", score_delivery_reports);
}

BOOST_AUTO_TEST_CASE(certified_mails_are_read_field_by_field_and_forged_ones_refused) {
  const auto corpus = relance::test::corpus_dir();
  if (corpus.empty() || !std::filesystem::exists(corpus / "pec")) {
    std::cout << "all of this suite skipped: no pec in RELANCE_CORPUS\n";
    return;
  }
  const auto result = score_pec(corpus / "pec");
  BOOST_TEST(result.rows > 0u);
  BOOST_TEST(result.tallies.at("refused").at("all").total > 0u);
  for (const auto &miss : result.misses)
    BOOST_ERROR(miss.id << ' ' << miss.measure << ": expected " << miss.expected << ", got " << miss.got);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::corpus
