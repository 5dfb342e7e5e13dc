#include "plugins/postal/letter.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace relance::postal {
namespace {

constexpr std::size_t kKeyMin{26}, kKeyMax{36};

bool is_name_end(std::string_view rest) {
  return rest.empty() || std::string_view{" \t\r\n/<>[]()%"}.find(rest.front()) != std::string_view::npos;
}

}  // namespace

const sdk::Quote::Issue *Letter::fatal() const {
  const auto found = std::ranges::find_if(issues, [](const auto &issue) { return issue.is_fatal; });
  return found == issues.end() ? nullptr : &*found;
}

Letter read_letter(const sdk::Message &message, const LetterLimits &limits) {
  Letter letter;
  const auto lines = lines_of(message.addressee.postal_lines, message.addressee.country);
  if (lines.empty()) letter.issues.push_back({"/addressee/postal_lines", "there is no address"});
  hold_lines(lines, limits, "/addressee/postal_lines", letter);
  for (const auto &part : message.parts)
    if (part.role == "letter" && part.media_type.starts_with("application/pdf")) {
      letter.document = &part;
      break;
    }
  if (letter.document == nullptr || !letter.document->bytes.starts_with("%PDF-")) {
    letter.document = nullptr;
    letter.issues.push_back({"/parts", "has no letter in PDF"});
    return letter;
  }
  letter.pages = count_pages(letter.document->bytes);
  if (limits.bytes_max != 0 && letter.document->bytes.size() > limits.bytes_max)
    letter.issues.push_back({"/parts", "the letter has " + std::to_string(letter.document->bytes.size()) +
                                           " bytes; this provider takes " +
                                           std::to_string(limits.bytes_max)});
  if (limits.pages_max != 0 && letter.pages > limits.pages_max)
    letter.issues.push_back({"/parts", "the letter has " + std::to_string(letter.pages) +
                                           " pages; this provider takes " +
                                           std::to_string(limits.pages_max)});
  return letter;
}

void hold_lines(const std::vector<std::string_view> &lines, const LetterLimits &limits,
                const std::string &path, Letter &letter) {
  if (limits.lines_max != 0 && lines.size() > limits.lines_max)
    letter.issues.push_back({path, "has " + std::to_string(lines.size()) + " lines; this provider takes " +
                                       std::to_string(limits.lines_max)});
  for (std::size_t i{0}; limits.line_characters_max != 0 && i < lines.size(); ++i)
    if (const auto length = characters(lines[i]); length > limits.line_characters_max)
      letter.issues.push_back({path + '/' + std::to_string(i),
                               "has " + std::to_string(length) + " characters; this provider takes " +
                                   std::to_string(limits.line_characters_max)});
}

sdk::Outcome to_refusal(const sdk::Quote::Issue &issue) {
  return sdk::Outcome::rejected(sdk::FailureClass::policy, "does not fit", issue.path + " " + issue.message);
}

sdk::Quote to_quote(const Letter &letter) {
  sdk::Quote quote;
  quote.pages = letter.pages;
  quote.issues = letter.issues;
  return quote;
}

std::uint32_t count_pages(std::string_view pdf) {
  constexpr std::string_view kType{"/Type"}, kPage{"/Page"};
  std::uint32_t pages{0};
  for (auto at = pdf.find(kType); at != pdf.npos; at = pdf.find(kType, at + kType.size())) {
    auto rest = pdf.substr(at + kType.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
    if (rest.starts_with(kPage) && is_name_end(rest.substr(kPage.size()))) ++pages;
  }
  return pages;
}

std::vector<PageSize> page_sizes(std::string_view pdf) {
  constexpr std::string_view kBox{"/MediaBox"};
  std::vector<PageSize> sizes;
  for (auto at = pdf.find(kBox); at != pdf.npos; at = pdf.find(kBox, at + kBox.size())) {
    auto rest = pdf.substr(at + kBox.size(), 200);
    double corner[4]{};
    std::size_t known{0};
    const auto open = rest.find_first_not_of(" \t\r\n");
    if (open == rest.npos || rest[open] != '[') continue;
    rest.remove_prefix(open + 1);
    for (; known < 4; ++known) {
      rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
      const auto [stop, fault] = std::from_chars(rest.data(), rest.data() + rest.size(), corner[known]);
      if (fault != std::errc{}) break;
      rest.remove_prefix(static_cast<std::size_t>(stop - rest.data()));
    }
    if (known == 4) sizes.push_back({corner[2] - corner[0], corner[3] - corner[1]});
  }
  return sizes;
}

std::vector<std::string_view> lines_of(const std::vector<std::string_view> &lines, std::string_view country) {
  auto kept = lines;
  if (kept.size() > 1 && !country.empty() && kept.back() == country) kept.pop_back();
  return kept;
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string civil_date(std::int64_t unix_ms) {
  const std::chrono::sys_time<std::chrono::milliseconds> at{std::chrono::milliseconds{unix_ms}};
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(at)};
  char text[32]{};
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

bool is_key(std::string_view text) {
  return text.size() >= kKeyMin && text.size() <= kKeyMax && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
         });
}

}  // namespace relance::postal
