#include "plugins/protocol/report/bounce_text.hpp"

#include "plugins/protocol/report/ascii.hpp"
#include "plugins/protocol/report/report.hpp"
#include "plugins/protocol/report/wording.hpp"

#include <algorithm>

namespace relance::report {
namespace {

constexpr std::size_t kAddressesPerLineMax = 50;
constexpr std::size_t kLineBytesMax = 4000;
/// Words that a header quoted at the start of a report may be followed by, in lines.
constexpr std::size_t kSpeechLinesMax = 16;

std::string_view without_quote(std::string_view line) {
  while (!line.empty() && (line[0] == '>' || line[0] == ' ' || line[0] == '\t' || line[0] == '|'))
    line.remove_prefix(1);
  return line;
}

bool is_dashed(std::string_view line) {
  for (const std::string_view rule : {"--", "==", "**", "__", "~~"})
    if (line.find(rule) != std::string_view::npos) return true;
  return false;
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(),
                     [name](auto other) { return equals_ignoring_case(name, other); });
}

std::size_t next_written(const std::vector<std::string> &lines, std::size_t i) {
  while (i < lines.size() && trim(lines[i]).empty()) ++i;
  return i;
}

bool is_header_line(std::string_view line) {
  return is_one_of(field_name(without_quote(line)), {"received",
                                                     "return-path",
                                                     "message-id",
                                                     "from",
                                                     "to",
                                                     "subject",
                                                     "date",
                                                     "mime-version",
                                                     "x-mailer",
                                                     "dkim-signature",
                                                     "domainkey-signature",
                                                     "delivered-to",
                                                     "reply-to",
                                                     "sender",
                                                     "x-received",
                                                     "content-type",
                                                     "x-originating-ip",
                                                     "x-apparently-to",
                                                     "x-apparently-from",
                                                     "authentication-results"});
}

/// Does a message's header begin at line i?
bool begins_header(const std::vector<std::string> &lines, std::size_t i) {
  const auto name = field_name(without_quote(lines[i]));
  if (name.empty()) return false;
  if (is_one_of(name, {"received", "return-path", "dkim-signature", "x-received", "domainkey-signature"}))
    return true;
  if (!is_header_line(lines[i])) return false;
  int common = 0;
  for (std::size_t k = i; k < lines.size() && k < i + 8; ++k) {
    if (trim(lines[k]).empty()) break;
    const auto field = field_name(without_quote(lines[k]));
    if (is_one_of(field, {"from", "to", "subject", "date", "message-id", "mime-version", "content-type",
                          "received"}))
      ++common;
  }
  return common >= 4 || (is_one_of(name, {"message-id", "mime-version"}) && common >= 2);
}

std::size_t returned_begin(const std::vector<std::string> &lines, std::size_t from) {
  for (std::size_t i = from; i < lines.size(); ++i) {
    if (trim(lines[i]).empty()) continue;
    if (begins_header(lines, i)) return i;
    if (!begins_returned_message(normalised(lines[i]))) continue;
    const auto next = next_written(lines, i + 1);
    if (is_dashed(lines[i]) ||
        (next < lines.size() && (is_header_line(lines[next]) || is_dashed(lines[next]))))
      return i;
  }
  return lines.size();
}

void append_lines(std::vector<std::string> &lines, std::string_view text, std::size_t &bytes_left) {
  while (!text.empty() && lines.size() < kTextLinesMax && bytes_left > 0) {
    const auto end = text.find('\n');
    lines.emplace_back(text.substr(0, std::min({end, kLineBytesMax, bytes_left})));
    bytes_left -= lines.back().size();
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

std::vector<std::string> text_lines(const Mail &mail) {
  std::vector<std::string> lines;
  std::size_t bytes_left = kTextBytesMax;
  bool has_plain = false;
  for (const auto &part : mail.parts) {
    if (part.type == "text/html" && has_plain) continue;  // the same words again
    if (part.type.starts_with("message/")) continue;
    if (part.type != "text/html") has_plain = has_plain || !trim(part.text).empty();
    append_lines(lines, part.text, bytes_left);
  }
  return lines;
}

Fields header_at(const std::vector<std::string> &lines, std::size_t begin) {
  std::string header;
  for (std::size_t i = begin; i < lines.size(); ++i) {
    if (header.empty() && !is_header_line(lines[i])) continue;
    const auto unquoted = without_quote(lines[i]);
    header += field_name(unquoted).empty() ? std::string_view(lines[i]) : unquoted;
    header += '\n';
  }
  return parse_header(header, kHeadersMax);
}

/// Some servers quote the header first and speak then. Where the words go on behind a header that nothing was
/// said before, the line at which they do; else `end`.
std::size_t speech_after_header(const std::vector<std::string> &lines, std::size_t end) {
  std::string before, after;
  for (std::size_t i = 0; i < end; ++i) before += lines[i] + '\n';
  if (!find_addresses(before, 1).empty() || meaning_of(spoken_words(before))) return end;
  std::size_t i = end;
  while (i < lines.size() && !trim(lines[i]).empty()) ++i;
  const auto begin = i;
  for (; i < lines.size() && i < begin + kSpeechLinesMax; ++i) after += lines[i] + '\n';
  return announces_failure(normalised(after)) ? begin : end;
}

}  // namespace

BounceText read_bounce_text(const Mail &mail) {
  BounceText text;
  auto lines = text_lines(mail);
  const auto end = returned_begin(lines, 0);
  text.returned = header_at(lines, end);
  const auto again = speech_after_header(lines, end);
  if (again != end) {
    lines.resize(returned_begin(lines, again));
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(end),
                lines.begin() + static_cast<std::ptrdiff_t>(again));
  } else {
    lines.resize(end);
  }
  for (const auto &line : lines) text.words += line + '\n';
  for (const auto &line : lines) text.addresses.push_back(find_addresses(line, kAddressesPerLineMax));
  text.lines = std::move(lines);
  return text;
}

}  // namespace relance::report
