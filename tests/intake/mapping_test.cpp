#include "host/intake/mapping.hpp"

#include "tests/test_folders.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sstream>

namespace relance::intake {
BOOST_AUTO_TEST_SUITE(mapping_test)

BOOST_AUTO_TEST_CASE(the_shipped_mappings_load) {
  for (const char *name : {"plain.toml", "fr-export.toml", "de-export.toml"}) {
    const auto mapping = load_mapping(test::source_dir() / "config" / "mappings" / name);
    BOOST_TEST(mapping.has_value(), name << (mapping.has_error() ? ": " + mapping.error().text() : ""));
  }
}

BOOST_AUTO_TEST_CASE(the_shipped_plain_mapping_says_what_holds_without_one) {
  const auto shipped = load_mapping(test::source_dir() / "config" / "mappings" / "plain.toml").value();
  const Mapping plain = plain_mapping();
  BOOST_TEST(shipped.format.separator == plain.format.separator);
  BOOST_TEST(shipped.dates.described() == plain.dates.described());
  BOOST_TEST(shipped.numbers.decimal == plain.numbers.decimal);
  for (const ImportKind kind : {ImportKind::debtors, ImportKind::invoices, ImportKind::payments})
    for (std::size_t i = 0; i < fields_of(kind).size(); ++i) {
      BOOST_TEST_REQUIRE(shipped.of(kind).fields[i].columns.size() == 1U, fields_of(kind)[i].name);
      BOOST_TEST(shipped.of(kind).fields[i].columns[0] == fields_of(kind)[i].name);
    }
}

BOOST_AUTO_TEST_CASE(every_key_reaches_its_place) {
  const Mapping mapping = parse_mapping(R"(
    description = "x"
    separator = "tab"
    quote = "none"
    encoding = "ISO-8859-15"
    skip_lines = 2
    currency = "CHF"
    [numbers]
    decimal = ","
    thousands = "'"
    negative = ["trailing", "parentheses"]
    symbols = ["Fr."]
    [dates]
    styles = ["dd.mm.yy"]
    pivot = 50
    [invoices]
    ignore = ["Notes"]
    [invoices.columns]
    amount = ["Total", "Betrag"]
    [payments.constants]
    kind = "payment"
    [debtors.translations.consumer]
    "P" = "yes"
  )",
                                        "m.toml")
                              .value();
  BOOST_TEST(mapping.format.separator == '\t');
  BOOST_TEST(mapping.format.quote == '\0');
  BOOST_TEST(name_of(mapping.format.encoding) == "iso-8859-15");
  BOOST_TEST(mapping.skip_lines == 2U);
  BOOST_TEST_REQUIRE(mapping.currency.has_value());
  BOOST_TEST(mapping.currency->code() == "CHF");
  BOOST_TEST(mapping.numbers.decimal == ",");
  BOOST_TEST(mapping.numbers.thousands == "'");
  BOOST_TEST(!mapping.numbers.leading_minus);
  BOOST_TEST(mapping.numbers.trailing_minus);
  BOOST_TEST(mapping.numbers.parentheses);
  BOOST_TEST(mapping.numbers.symbols.size() == 1U);
  BOOST_TEST(mapping.dates.described() == "dd.mm.yy");
  BOOST_TEST(mapping.dates.pivot == 50);
  BOOST_TEST(mapping.of(ImportKind::invoices).ignored.size() == 1U);
  BOOST_TEST(mapping.of(ImportKind::invoices)
                 .fields[static_cast<std::size_t>(InvoiceField::amount)]
                 .columns.size() == 2U);
  BOOST_TEST(mapping.of(ImportKind::payments)
                 .fields[static_cast<std::size_t>(PaymentField::kind)]
                 .constant.value_or("") == "payment");
  BOOST_TEST(mapping.of(ImportKind::debtors)
                 .fields[static_cast<std::size_t>(DebtorField::consumer)]
                 .translations.at("P") == "yes");
}

BOOST_AUTO_TEST_CASE(every_mistake_is_told_with_file_line_and_column) {
  struct Case {
    const char *toml, *where, *part;
  };
  const std::vector<Case> cases{
      {"seperator = \";\"", "m.toml:1:1", "did you mean 'separator'?"},
      {"separator = \":\"", "m.toml:1:13", "unknown separator ':'"},
      {"separator = 5", "m.toml:1:13", "a text in quotes"},
      {"\nencoding = \"ebcdic\"", "m.toml:2:12", "windows-1252"},
      {"quote = \"`\"", "m.toml:1:9", "unknown quote"},
      {"header = \"yes\"", "m.toml:1:10", "true or false"},
      {"skip_lines = -1", "m.toml:1:14", "from 0 to 1000"},
      {"currency = \"EURO\"", "m.toml:1:12", ""},
      {"[numbers]\ndecimal = \";\"", "m.toml:2:11", "decimal separator"},
      {"[numbers]\ndecimal = \".\"\nthousands = \".\"", "m.toml:1:1", "same character"},
      {"[numbers]\nnegative = [\"red\"]", "m.toml:2:13", "parentheses"},
      {"[numbers]\nsymbols = [\"12\"]", "m.toml:2:12", "symbol"},
      {"[dates]\nstyles = [\"jj/mm/aaaa\"]", "m.toml:2:11", "no date style"},
      {"[dates]\nstyles = [\"dd/mm/yyyy\", \"mm/dd/yyyy\"]", "m.toml:2:25", "keep one"},
      {"[dates]\nstyles = []", "m.toml:2:10", "at least one"},
      {"[dates]\npivot = 1970", "m.toml:2:9", "from 0 to 100"},
      {"[invoices.columns]\ndue = \"x\"", "m.toml:2:1", "did you mean 'due_date'?"},
      {"[invoices.columns]\namount = 1.5", "m.toml:2:10", "a text in quotes"},
      {"[invoices.columns]\namount = 3", "m.toml", "header = true"},
      {"header = false\n[invoices.columns]\namount = \"x\"", "m.toml", "header = false"},
      {"header = false\n[invoices.columns]\namount = 0", "m.toml:3:10", "from 1 to 512"},
      {"[invoices.columns]\namount = \"x\"\n[invoices.constants]\namount = \"1\"", "m.toml:4:10",
       "has a column already"},
      {"[invoice]\n", "m.toml:1:2", "did you mean 'invoices'?"},
      {"invoices = 3", "m.toml:1:12", "a table"},
      {"separator = \n", "m.toml:1:13", ""},
  };
  for (const Case &one : cases) {
    const auto mapping = parse_mapping(one.toml, "m.toml");
    BOOST_TEST_CONTEXT(one.toml) {
      BOOST_TEST_REQUIRE(mapping.has_error());
      BOOST_TEST(mapping.error().where == one.where);
      BOOST_TEST(mapping.error().message.find(one.part) != std::string::npos, mapping.error().message);
    }
  }
}

BOOST_AUTO_TEST_CASE(all_mistakes_are_told_at_once_in_the_order_of_the_file) {
  const auto mapping = parse_mapping("seperator = \";\"\nheader = 1\n[dates]\nstyle = \"x\"\n", "m.toml");
  BOOST_TEST_REQUIRE(mapping.has_error());
  const std::string text = mapping.error().text();
  const auto first = text.find("m.toml:1:1: "), second = text.find("\nm.toml:2:10: "),
             third = text.find("\nm.toml:4:1: ");
  BOOST_TEST(first == 0U);
  BOOST_TEST(second != std::string::npos);
  BOOST_TEST(third != std::string::npos);
  BOOST_TEST(second < third);
}

BOOST_AUTO_TEST_CASE(the_example_in_the_operators_page_loads) {
  std::ostringstream page;
  page << std::ifstream(test::source_dir() / "docs/for-operators/importing.md").rdbuf();
  const std::string text = page.str();
  const std::size_t start = text.find("```toml\n");
  BOOST_TEST_REQUIRE(start != std::string::npos);
  const std::size_t end = text.find("```", start + 8);
  const auto mapping =
      parse_mapping(std::string_view(text).substr(start + 8, end - start - 8), "importing.md");
  BOOST_TEST(mapping.has_value(), (mapping.has_error() ? mapping.error().text() : ""));
}

BOOST_AUTO_TEST_CASE(a_mapping_that_is_not_there_is_told_by_its_name) {
  BOOST_TEST(load_mapping("/nonexistent/m.toml").error().message.find("/nonexistent/m.toml") !=
             std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::intake
