// How letters look and where their address stands: the creditor's letterhead, the provider's window and
// limits, the letter's own words in a template.
#pragma once

#include "host/config/issue.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relance::config {

/// Where the recipient's address shows through the envelope. Millimetres: host/render/letter_layout.cpp.
enum class LetterWindow : std::uint8_t {
  fr,           ///< on the right, NF Z 11-001
  din5008_a,    ///< on the left, a low letterhead
  din5008_b,    ///< on the left, a high letterhead
  swiss_left,   ///< C5/6, SN 010130
  swiss_right,  ///< the same
  pingen,       ///< on the left, with a place for its franking above
  maileva,      ///< the French one
  cover_sheet,  ///< a page of its own before the letter, for providers whose window is unknown
};
inline constexpr std::array<std::string_view, 8> kLetterWindowNames{
    "fr", "din5008-a", "din5008-b", "swiss-left", "swiss-right", "pingen", "maileva", "cover-sheet"};

/// [letter] of a provider. No limit is 0.
struct LetterSettings {
  std::optional<LetterWindow> window;  ///< none: that of the creditor's country
  std::uint32_t pages_max{0};
  std::uint32_t sheets_max{0};  ///< printed on both sides, two pages are one sheet
  std::uint64_t bytes_max{0};
  bool is_duplex{false};
};

/// [creditor.letterhead].
struct Letterhead {
  std::filesystem::path logo;  ///< PNG; empty: the creditor's name is written
  std::int32_t logo_height_mm{16};
  std::uint32_t colour{0};  ///< 0xRRGGBB, of name, rules and headings
  std::string font{"Liberation Sans"};
  std::string sender_line;          ///< the small one above the address; empty: name and address
  std::vector<std::string> footer;  ///< what the law asks a company to print
};

/// The words of a letter that are not in its texts, in the order of kLetterLabelNames. "page" holds {page}
/// and {pages}.
enum class LetterLabel : std::uint8_t {
  date,
  customer,
  our_reference,
  invoice,
  issued,
  due,
  overdue,
  amount,
  balance,
  total,
  upcoming,
  carried,
  brought,
  bank,
  holder,
  quote,
  scan,
  page,
};
inline constexpr std::array<std::string_view, 18> kLetterLabelNames{
    "date",  "customer", "our_reference", "invoice", "issued", "due",    "overdue", "amount", "balance",
    "total", "upcoming", "carried",       "brought", "bank",   "holder", "quote",   "scan",   "page"};
using LetterLabels = std::array<std::string, kLetterLabelNames.size()>;

/// Which invoices a letter's table has. Where none is past its due date, all of them.
enum class LetterItems : std::uint8_t {
  overdue,
  all,
  both,  ///< the overdue ones and their sum, then the others
};
inline constexpr std::array<std::string_view, 3> kLetterItemsNames{"overdue", "all", "both"};

/// [letter] of a template. Without it a letter is the template's text as it is.
struct LetterWords {
  std::string opening,
      closing;  ///< before and after the table of invoices; mustache, an empty line parts paragraphs
  Position opening_at, closing_at;
  bool has_table{true}, has_payment{true};
  LetterItems items{LetterItems::overdue};
  LetterLabels labels{};  ///< empty: those of the language
};

/// The labels of languages that Relance speaks itself; null for others.
const LetterLabels *letter_labels(std::string_view language);

}  // namespace relance::config
