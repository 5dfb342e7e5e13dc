// Telephone numbers of an import: one form for all, and what cannot be one is refused where it stands.
#include "host/intake/phone_number.hpp"

#include "host/intake/import_reader.hpp"

#include <boost/test/unit_test.hpp>

#include <rapidcheck.h>

namespace relance::intake {
BOOST_AUTO_TEST_SUITE(phone_number_test)

namespace {

PhoneNumber read(std::string_view text, std::string_view country) {
  const auto reading = read_phone(text, country);
  BOOST_REQUIRE(std::holds_alternative<PhoneNumber>(reading));
  return std::get<PhoneNumber>(reading);
}

struct Imported {
  std::vector<DebtorRow> rows;
  std::vector<std::string> rejects, remarks;
};
Imported imported(const std::string &rows) {
  Imported out;
  ImportSinks<DebtorRow> sinks;
  sinks.on_batch = [&](std::span<const DebtorRow> batch) -> Result<void> {
    out.rows.insert(out.rows.end(), batch.begin(), batch.end());
    return {};
  };
  sinks.on_reject = [&](const Reject &reject) -> Result<void> {
    for (const auto &fault : reject.faults) out.rejects.push_back(fault.text());
    return {};
  };
  sinks.on_remark = [&](const CellFault &remark) { out.remarks.push_back(remark.text()); };
  BOOST_TEST(
      read_rows<DebtorRow>({from_text("debtor_id,name,country,mobile,phone,fax\n" + rows, 1000), "file.csv"},
                           nullptr, sinks)
          .has_value());
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(however_a_number_is_written_it_becomes_the_same) {
  for (const auto *text :
       {"06 12 34 56 78", "06.12.34.56.78", "0612345678", "+33 6 12 34 56 78", "0033612345678",
        "+33(0)6 12 34 56 78", "tel:+33-6-12-34-56-78", "06\u00a012\u00a034 56 78"}) {
    const auto number = read(text, "FR");
    BOOST_TEST(number.e164 == "+33612345678");
    BOOST_TEST((number.type == LineType::mobile));
    BOOST_TEST(number.may_take_sms());
  }
}

BOOST_AUTO_TEST_CASE(without_a_country_code_the_debtors_country_counts) {
  BOOST_TEST(read("030 123456", "DE").e164 == "+4930123456");
  BOOST_TEST(read("0470 12 34 56", "BE").e164 == "+32470123456");
  BOOST_TEST(read("+32 470 12 34 56", "FR").e164 == "+32470123456");
  BOOST_TEST(std::holds_alternative<CellIssue>(read_phone("0612345678", "")));
  BOOST_TEST(read("+33612345678", "").e164 == "+33612345678");
}

BOOST_AUTO_TEST_CASE(an_italian_zero_stays_and_an_extension_stands_apart) {
  BOOST_TEST(read("02 1234 5678", "IT").e164 == "+390212345678");
  const auto desk = read("01 23 45 67 89 ext. 12", "FR");
  BOOST_TEST(desk.e164 == "+33123456789");
  BOOST_TEST(desk.extension == "12");
}

BOOST_AUTO_TEST_CASE(what_no_number_looks_like_is_refused_with_how_to_write_it) {
  for (const auto *text : {"none", "12", "1234567890123456789", "+999123456789", "+33 6 12",
                           "+33 6 12 34 56 78 90 12", "call me", "06\n12345"}) {
    const auto reading = read_phone(text, "FR");
    BOOST_TEST_CONTEXT(text) {
      BOOST_REQUIRE(std::holds_alternative<CellIssue>(reading));
      BOOST_TEST(!std::get<CellIssue>(reading).reason.empty());
    }
  }
  BOOST_TEST(std::get<CellIssue>(read_phone("12", "BE")).advice.find("+32 4") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(any_bytes_are_a_number_or_an_issue) {
  BOOST_TEST(rc::check([](const std::string &text) {
    const auto reading = read_phone(text, "FR");
    if (const auto *number = std::get_if<PhoneNumber>(&reading))
      RC_ASSERT(std::get<PhoneNumber>(read_phone(number->e164, "DE")).e164 == number->e164);
  }));
}

BOOST_AUTO_TEST_CASE(an_impossible_number_rejects_its_row_where_it_stands) {
  const auto out = imported("D1,Durand,FR,06 12 34,,\nD2,Dupont,FR,06 12 34 56 78,01 23 45 67 89,\n");
  BOOST_REQUIRE_EQUAL(out.rejects.size(), 1u);
  BOOST_TEST(out.rejects[0].starts_with("line 2, column 4 (mobile) \"06 12 34\": it has too few digits"));
  BOOST_TEST(out.rejects[0].find("+33 6") != std::string::npos);
  BOOST_REQUIRE_EQUAL(out.rows.size(), 1u);
  BOOST_TEST(out.rows[0].mobile == "+33612345678");
  BOOST_TEST(out.rows[0].phone == "+33123456789");
}

BOOST_AUTO_TEST_CASE(a_fixed_line_takes_no_sms_and_is_called_instead) {
  const auto out = imported(
      "D1,Durand,FR,01 23 45 67 89,,\nD2,Dupont,FR,01 23 45 67 89,01 99 00 12 34,\nD3,Smith,US,(201) "
      "555-0123,,\n");
  BOOST_TEST(out.rejects.empty());
  BOOST_REQUIRE_EQUAL(out.rows.size(), 3u);
  BOOST_TEST((out.rows[0].mobile.empty() && out.rows[0].phone == "+33123456789"));
  BOOST_TEST((out.rows[1].mobile.empty() && out.rows[1].phone == "+33199001234"));
  BOOST_TEST(out.rows[2].mobile == "+12015550123");  // there a fixed line cannot be told from a mobile
  BOOST_REQUIRE_EQUAL(out.remarks.size(), 2u);
  BOOST_TEST(out.remarks[0] ==
             "line 2, column 4 (mobile) \"01 23 45 67 89\": this number (fixed line) takes no SMS; it is "
             "taken as the number to call, and no SMS goes to this debtor");
  BOOST_TEST(out.remarks[1].ends_with("it is left out"));
}

BOOST_AUTO_TEST_CASE(a_range_that_is_not_known_yet_is_taken_with_a_remark) {
  const auto out = imported("D1,Durand,FR,06 39 98 12 34,,\n");
  BOOST_TEST(out.rejects.empty());
  BOOST_TEST(out.rows.at(0).mobile == "+33639981234");
  BOOST_REQUIRE_EQUAL(out.remarks.size(), 1u);
  BOOST_TEST(out.remarks[0].find("check it; it is taken as +33639981234") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_fax_number_and_an_extension_keep_their_use) {
  const auto out =
      imported("D1,Durand,FR,,01 23 45 67 89 poste 7,01.23.45.67.80\nD2,Dupont,FR,,01 23 45 67 89 ext 7,\n");
  BOOST_TEST(out.rows.back().phone == "+33123456789 ext. 7");
  for (const auto &row : out.rows)
    if (row.debtor_id == "D1") BOOST_TEST(row.fax == "+33123456780");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::intake
