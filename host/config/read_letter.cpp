// What letters need of the files: [letter] of providers and templates, [creditor.letterhead].
#include "host/config/draft.hpp"

#include <algorithm>

namespace relance::config {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kPagesMax{1000};
constexpr std::int64_t kBytesMax{64LL * 1024 * 1024};  // more than any provider takes
constexpr std::size_t kFooterLinesMax{4};              // what fits below the text of a page

/// "#1A4F8B" → 0x1A4F8B.
std::optional<std::uint32_t> parse_colour(std::string_view text) {
  if (text.size() != 7 || text.front() != '#') return std::nullopt;
  std::uint32_t colour{0};
  for (const char c : text.substr(1)) {
    const int digit{c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                           : -1};
    if (digit < 0) return std::nullopt;
    colour = colour * 16 + static_cast<std::uint32_t>(digit);
  }
  return colour;
}

}  // namespace

LetterSettings read_letter_settings(Section &table) {
  LetterSettings letter;
  if (table.has("window"))
    letter.window = static_cast<LetterWindow>(table.choice("window", 0, kLetterWindowNames));
  letter.pages_max = static_cast<std::uint32_t>(table.integer("pages_max", 0, {1, kPagesMax}));
  letter.sheets_max = static_cast<std::uint32_t>(table.integer("sheets_max", 0, {1, kPagesMax}));
  letter.bytes_max = static_cast<std::uint64_t>(table.integer("bytes_max", 0, {1024, kBytesMax}));
  letter.is_duplex = table.flag("duplex", false);
  table.finish();
  return letter;
}

Letterhead read_letterhead(Section &table, const fs::path &base) {
  Letterhead head;
  if (const auto logo = table.text("logo"); !logo.empty()) {
    head.logo = (fs::path{logo}.is_absolute() ? fs::path{logo} : base / logo).lexically_normal();
    std::error_code error;
    if (!fs::is_regular_file(head.logo, error))
      table.issues().error(table.at("logo"), "there is no file " + head.logo.string());
  }
  head.logo_height_mm =
      static_cast<std::int32_t>(table.integer("logo_height_mm", head.logo_height_mm, {5, 25}));
  if (const auto text = table.text("colour"); !text.empty()) {
    if (const auto colour = parse_colour(text))
      head.colour = *colour;
    else
      table.issues().error(table.at("colour"), '"' + text + "\" is no colour; write \"#1A4F8B\"");
  }
  head.font = table.text("font", head.font);
  head.sender_line = table.text("sender_line");
  for (const auto &line : table.texts("footer", kFooterLinesMax)) head.footer.push_back(line.text);
  table.finish();
  return head;
}

void read_letter_words(Draft &draft, Section &table, Template &made) {
  auto &words = made.letter.emplace();
  words.opening = read_body(table, "opening", true, words.opening_at);
  words.closing = read_body(table, "closing", false, words.closing_at);
  words.has_table = table.flag("table", true);
  words.has_payment = table.flag("payment", words.has_table);
  words.items = static_cast<LetterItems>(table.choice("items", 0, kLetterItemsNames));
  if (const auto *own = letter_labels(made.language)) words.labels = *own;
  if (auto labels = table.table("labels")) {
    for (std::size_t i{0}; i < words.labels.size(); ++i)
      if (labels->has(kLetterLabelNames[i])) words.labels[i] = labels->text(kLetterLabelNames[i]);
    labels->finish();
  }
  std::string missing;
  for (std::size_t i{0}; i < words.labels.size(); ++i)
    if (words.labels[i].empty()) missing += (missing.empty() ? "" : ", ") + std::string{kLetterLabelNames[i]};
  if (!missing.empty())
    draft.issues.error(table.at(), "letters in \"" + made.language +
                                       "\" need words of their own in [letter.labels]: " + missing);
  table.finish();
}

}  // namespace relance::config
