// The calendars beside what two public projects computed for the same laws. Only rows on which both agree,
// and the regional ones, are asserted; the samples' README names the known disagreements.
#include "host/domain/calendar.hpp"
#include "tests/test_folders.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iostream>

namespace relance::domain {
namespace {

std::vector<std::string> fields_of(const std::string &line) {
  std::vector<std::string> fields(1);
  for (const char c : line) {
    if (c == '\t')
      fields.emplace_back();
    else
      fields.back() += c;
  }
  return fields;
}

/// Opens a sample, or says why the suite is skipped.
bool open(std::ifstream &file, const char *name) {
  const auto path = test::corpus_dir() / "holidays" / name;
  file.open(path);
  if (!file) std::cout << "all of this suite skipped: " << path << " cannot be opened (RELANCE_CORPUS)\n";
  return file.is_open();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(calendar_corpus_test)

BOOST_AUTO_TEST_CASE(holidays_agree_with_both_sources) {
  std::ifstream file;
  if (!open(file, "holidays.tsv")) return;
  int asserted{0}, agreed{0};
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    const auto row = fields_of(line);
    BOOST_TEST_REQUIRE(row.size() >= 5, line);
    const bool regional{!row[1].empty()}, agreed_by_both{row.size() > 5 && row[5] == "agree"};
    if (row[3] != "public" || (!regional && !agreed_by_both)) continue;
    const auto calendar = Calendar::of(row[0], row[1]);
    BOOST_TEST_REQUIRE(calendar.has_value(), line);
    const bool expected{row[4].find("(NOT a holiday here)") != 0};
    const bool same{calendar->is_holiday(parse_date(row[2]).value()) == expected};
    BOOST_TEST(same, line);
    ++asserted;
    agreed += same ? 1 : 0;
  }
  BOOST_TEST(asserted > 0);
  std::cout << "holidays: " << agreed << " of " << asserted << " agree\n";
}

BOOST_AUTO_TEST_CASE(business_days_agree) {
  std::ifstream file;
  if (!open(file, "business_days.jsonl")) return;
  int asserted{0}, agreed{0};
  for (std::string line; std::getline(file, line); ++asserted) {
    const auto sample = boost::json::parse(line).as_object();
    const auto text = [&](const char *key) { return std::string_view{sample.at(key).as_string()}; };
    const auto calendar = Calendar::parse(text("calendar"));
    BOOST_TEST_REQUIRE(calendar.has_value(), line);
    const auto &expected = sample.at("expected").as_object();
    bool same{false};
    if (sample.contains("n")) {
      const CivilDate date{parse_date(text("date")).value()};
      same = format_date(calendar->add_business_days(date, static_cast<int>(sample.at("n").as_int64()))) ==
             std::string_view{expected.at("date").as_string()};
    } else {
      same = calendar->business_days_between(parse_date(text("start")).value(),
                                             parse_date(text("end")).value()) ==
             expected.at("working_days").as_int64();
    }
    BOOST_TEST(same, line);
    agreed += same ? 1 : 0;
  }
  BOOST_TEST(asserted > 0);
  std::cout << "business days: " << agreed << " of " << asserted << " agree\n";
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::domain
