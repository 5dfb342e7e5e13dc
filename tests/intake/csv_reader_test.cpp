#include "host/intake/csv_reader.hpp"

#include "host/intake/csv_writer.hpp"

#include <boost/test/unit_test.hpp>

#include <rapidcheck.h>
#include <sstream>

namespace relance::intake {
BOOST_AUTO_TEST_SUITE(csv_reader_test)

namespace {

/// Rows as "a|b|c"; a faulty one as "!line:column reason".
std::vector<std::string> read(const std::string &text, CsvFormat format = {}, CsvLimits limits = {},
                              std::size_t piece = 65536) {
  CsvReader reader(from_text(text, piece), format, limits);
  std::vector<std::string> rows;
  CsvRow row;
  for (;;) {
    const Result<bool> got = reader.next(row);
    BOOST_TEST_REQUIRE(got.has_value());
    if (!*got) return rows;
    std::string &shown = rows.emplace_back();
    if (row.is_faulty) {
      shown = "!" + std::to_string(row.fault.line) + ":" + std::to_string(row.fault.column) + " " +
              row.fault.reason;
      continue;
    }
    for (const CsvCell &cell : row.cells)
      shown += (&cell == row.cells.data() ? "" : "|") + std::string(cell.text);
  }
}

using Rows = std::vector<std::string>;

void check_rows(const Rows &got, const Rows &expected) {
  BOOST_CHECK_EQUAL_COLLECTIONS(got.begin(), got.end(), expected.begin(), expected.end());
}

/// Every text of the tests, however it is cut into pieces.
void check(const std::string &text, const Rows &expected, CsvFormat format = {}, CsvLimits limits = {}) {
  for (const std::size_t piece : {1, 2, 3, 7, 65536}) BOOST_TEST_CONTEXT("in pieces of " << piece) {
      check_rows(read(text, format, limits, piece), expected);
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(rows_end_with_any_of_the_three_line_ends_or_with_the_file) {
  check("a,b\r\nc,d\ne,f\rg,h", {"a|b", "c|d", "e|f", "g|h"});
  check("a,b\r\n", {"a|b"});
  check("a,", {"a|"});
  check(",", {"|"});
  check("", {});
}

BOOST_AUTO_TEST_CASE(empty_lines_are_no_rows) {
  check("\r\n\na,b\n\n\r\rc,d\n\n", {"a|b", "c|d"});
}

BOOST_AUTO_TEST_CASE(quotes_keep_separators_line_ends_and_doubled_quotes) {
  check("\"a,b\",\"c\nd\",\"e\"\"f\"\"\"\r\n\"\",x\n", {"a,b|c\nd|e\"f\"", "|x"});
  check("\"a\r\nb\"\n", {"a\r\nb"});
  check("\"\"\"\"\n", {"\""});
}

BOOST_AUTO_TEST_CASE(blanks_behind_a_closing_quote_are_dropped_and_bare_quotes_are_text) {
  check("\"a\"  ,b\n12\" pipe,c\n", {"a|b", "12\" pipe|c"});
}

BOOST_AUTO_TEST_CASE(the_other_separators_and_quotes_work_alike) {
  check("a;'b;c';d\n", {"a|b;c|d"}, {.separator = ';', .quote = '\''});
  check("a\t\"b\tc\"\td\n", {"a|b\tc|d"}, {.separator = '\t'});
  check("\"a\"\tb\n", {"a|b"}, {.separator = '\t'});
  check("\"a,b\n", {"\"a|b"}, {.separator = ',', .quote = 0});
}

BOOST_AUTO_TEST_CASE(each_cell_knows_its_line_and_its_character_column) {
  CsvReader reader(from_text("x,y\né,\"b\nü\",ccc,d\n"), {});
  CsvRow row;
  BOOST_TEST(reader.next(row).value());
  BOOST_TEST(reader.next(row).value());
  BOOST_TEST(row.line == 2U);
  BOOST_TEST(row.last_line == 3U);
  BOOST_TEST(row.cells[1].line == 2U);
  BOOST_TEST(character_column(row, 1) == 3U);
  BOOST_TEST(row.cells[2].line == 3U);
  BOOST_TEST(character_column(row, 2) == 4U);
  BOOST_TEST(character_column(row, 3) == 8U);
  BOOST_TEST(row.raw == "é,\"b\nü\",ccc,d");
}

BOOST_AUTO_TEST_CASE(an_unclosed_quote_costs_the_line_that_opened_it) {
  check("a,b\n1,\"x\n2,y\n3,z\n",
        {"a|b", "!2:2 a quote opened in line 2 is not closed before the end of the file", "2|y", "3|z"});
  check("a,b\n1,\"x\n2,\"y\"\n3,z\n",
        {"a|b", "!2:2 a quote opened in line 2 is not closed: the next quote, in line 3, has text behind it",
         "2|y", "3|z"});
  check("\"m\nn\",\"x\ny\n", {"!2:2 a quote opened in line 2 is not closed before the end of the file", "y"});
}

BOOST_AUTO_TEST_CASE(an_unclosed_quote_is_noticed_within_the_row_limit_not_at_the_end_of_a_huge_file) {
  std::string text = "a,b\n1,\"x\n";
  for (int i = 0; i < 100; ++i) text += "2,yyyyyyyyyyyyyyyyyyyyyyyyyyyy\n";
  const Rows rows = read(text, {}, {.row_bytes = 256, .chunk_bytes = 64});
  BOOST_TEST(rows.size() == 102U);
  BOOST_TEST(rows[1] == "!2:2 a quote opened in line 2 is not closed within 256 bytes");
  BOOST_TEST(rows[101] == "2|yyyyyyyyyyyyyyyyyyyyyyyyyyyy");
}

BOOST_AUTO_TEST_CASE(text_behind_a_closing_quote_costs_its_row) {
  check("\"a\"b,c\nd,e\n", {"!1:1 text stands behind the closing quote", "d|e"});
}

BOOST_AUTO_TEST_CASE(a_row_that_is_too_long_is_skipped_and_its_start_is_kept) {
  const std::string text = "a\n" + std::string(5000, 'x') + ",y\r\nb\n";
  for (const std::size_t piece : {1, 63, 64, 65536}) {
    CsvReader reader(from_text(text, piece), {}, {.row_bytes = 256, .chunk_bytes = 64});
    CsvRow row;
    BOOST_TEST(reader.next(row).value());
    BOOST_TEST(reader.next(row).value());
    BOOST_TEST(row.is_faulty);
    BOOST_TEST(row.is_cut);
    BOOST_TEST(row.raw.starts_with("xxx"));
    BOOST_TEST(row.raw.size() < 512U);
    BOOST_TEST(row.fault.line == 2U);
    BOOST_TEST(reader.next(row).value());
    BOOST_TEST(!row.is_faulty);
    BOOST_TEST(row.line == 3U);
    BOOST_TEST(row.cells[0].text == "b");
    BOOST_TEST(!reader.next(row).value());
  }
}

BOOST_AUTO_TEST_CASE(a_row_of_too_many_columns_is_refused) {
  check("a,b,c,d\ne,f\n", {"!1:0 the row has more than 3 columns", "e|f"}, {}, {.columns = 3});
}

BOOST_AUTO_TEST_CASE(bad_bytes_cost_their_row_and_name_the_cell) {
  check("a,b\n1,caf\xE9 x\n2,ok\n", {"a|b", "!2:2 the bytes 0xE9 are not utf-8", "2|ok"});
  check("a,b\n\xE9,\"x\ny\xE9\"\n", {"a|b", "!2:1 the bytes 0xE9 are not utf-8"});
}

BOOST_AUTO_TEST_CASE(utf_16_read_as_utf_8_is_an_error_that_says_so) {
  CsvReader reader(from_text(std::string("a\0,\0b\0\n\0", 8)), {});
  CsvRow row;
  const Result<bool> got = reader.next(row);
  BOOST_TEST_REQUIRE(got.has_error());
  BOOST_TEST(got.error().message.find("utf-16le") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_source_that_fails_is_an_error_and_not_the_end_of_the_file) {
  int calls = 0;
  CsvReader reader(
      [&](std::span<char> buffer) -> Result<std::size_t> {
        if (++calls > 1) return unavailable("the disk is gone");
        std::string_view("a,b\nc,").copy(buffer.data(), 6);
        return std::size_t{6};
      },
      {});
  CsvRow row;
  BOOST_TEST(reader.next(row).value());
  BOOST_TEST(reader.next(row).error().message == "the disk is gone");
}

BOOST_AUTO_TEST_CASE(a_row_that_swallowed_others_can_be_cut_back_to_its_first_line) {
  for (const std::size_t piece : {1, 5, 65536}) {
    CsvReader reader(from_text("a,\"b\r\nc,d\r\ne\",f\r\ng,h\r\n", piece), {});
    CsvRow row;
    BOOST_TEST(reader.next(row).value());
    BOOST_TEST(row.cells.size() == 3U);
    BOOST_TEST(reader.keep_first_line_only() == "a,\"b");
    BOOST_TEST(reader.next(row).value());
    BOOST_TEST(row.line == 2U);
    BOOST_TEST(row.raw == "c,d");
    BOOST_TEST(reader.next(row).value());
    BOOST_TEST(row.raw == "e\",f");
    BOOST_TEST(reader.next(row).value());
    BOOST_TEST(row.line == 4U);
    BOOST_TEST(!reader.next(row).value());
  }
}

BOOST_AUTO_TEST_CASE(any_table_reads_back_as_it_was_written_whatever_the_separator_and_the_pieces) {
  const auto cell = rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab,;|\t\"' \r\n")));
  const auto table = rc::gen::nonEmpty(rc::gen::container<std::vector<std::vector<std::string>>>(
      rc::gen::nonEmpty(rc::gen::container<Rows>(cell))));
  const bool holds = rc::check("a written table reads back", [&] {
    const auto rows = *table;
    const char separator = *rc::gen::elementOf(std::string(",;\t|"));
    const char quote = *rc::gen::elementOf(std::string("\"'"));
    const auto newline = *rc::gen::elementOf(std::vector<std::string>{"\n", "\r\n", "\r"});
    const auto piece = *rc::gen::inRange<std::size_t>(1, 40);
    const auto chunk = *rc::gen::inRange<std::size_t>(4, 40);
    std::string text;
    for (const auto &row : rows) append_csv_row(text, row, separator, quote, newline);
    CsvReader reader(from_text(text, piece), {.separator = separator, .quote = quote},
                     {.chunk_bytes = chunk});
    CsvRow row;
    std::uint64_t line = 1;
    for (const auto &expected : rows) {
      RC_ASSERT(reader.next(row).value());
      RC_ASSERT(!row.is_faulty);
      RC_ASSERT(row.line == line);
      line = row.last_line + 1;
      RC_ASSERT(row.cells.size() == expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) RC_ASSERT(row.cells[i].text == expected[i]);
    }
    RC_ASSERT(!reader.next(row).value());
  });
  BOOST_TEST(holds);
}

BOOST_AUTO_TEST_CASE(any_bytes_end_in_rows_or_faults_and_every_line_is_accounted_for) {
  const auto text =
      rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab,\"\"\"\n\r\xC3\xA9 ")));
  const bool holds = rc::check("rows never overlap and never go back", [&] {
    const std::string bytes = *text;
    const CsvLimits limits{.row_bytes = 24, .columns = 6, .chunk_bytes = 8};
    Rows first;
    for (const std::size_t piece : {1, 3, 64}) {
      CsvReader reader(from_text(bytes, piece), {}, limits);
      CsvRow row;
      Rows seen;
      std::uint64_t next_line = 1;
      while (reader.next(row).value()) {
        RC_ASSERT(row.line >= next_line);
        RC_ASSERT(row.last_line >= row.line);
        next_line = row.last_line + 1;
        seen.push_back(std::to_string(row.line) + (row.is_faulty ? "!" + row.fault.reason : " ") +
                       (row.is_cut ? "" : std::string(row.raw)));
      }
      RC_ASSERT(reader.bytes_read() == bytes.size());
      if (piece == 1) first = seen;
      RC_ASSERT(seen == first);
    }
  });
  BOOST_TEST(holds);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::intake
