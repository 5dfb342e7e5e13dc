// Lenient about line ends and missing text, strict about everything that decides: digits, continuation,
// length.
#include "plugins/protocol/smtp/reply.hpp"

#include <algorithm>
#include <array>

namespace relance::smtp {
namespace {

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

/// @see RFC 2034 §4, RFC 3463 §2: class "." subject "." detail, then a blank or the end.
std::size_t read_status(std::string_view text, EnhancedStatus &status) {
  if (text.size() < 5 || (text[0] != '2' && text[0] != '4' && text[0] != '5') || text[1] != '.') return 0;
  std::array<std::uint16_t, 2> numbers{};
  std::size_t at{2};
  for (std::size_t index{0}; index < numbers.size(); ++index) {
    const auto begin = at;
    while (at < text.size() && is_digit(text[at]) && at - begin < 3) {
      numbers[index] = static_cast<std::uint16_t>(numbers[index] * 10 + (text[at] - '0'));
      ++at;
    }
    if (at == begin) return 0;
    if (index == 0 && (at >= text.size() || text[at++] != '.')) return 0;
  }
  if (at < text.size() && text[at] != ' ') return 0;
  status = {static_cast<std::uint8_t>(text[0] - '0'), numbers[0], numbers[1]};
  return std::min(at + 1, text.size());
}

/// A token of the characters that mail servers use in queue names.
std::string_view id_at(std::string_view text, std::size_t begin) {
  auto end = begin;
  while (end < text.size() &&
         (is_digit(text[end]) || (text[end] >= 'A' && text[end] <= 'Z') ||
          (text[end] >= 'a' && text[end] <= 'z') || text[end] == '-' || text[end] == '_')) {
    ++end;
  }
  return text.substr(begin, end - begin);
}

}  // namespace

std::string Reply::codes() const {
  if (code == 0) return {};
  auto text_of_codes = std::to_string(code);
  if (status.is_given()) {
    text_of_codes += ' ' + std::to_string(status.status_class) + '.' + std::to_string(status.subject) + '.' +
                     std::to_string(status.detail);
  }
  return text_of_codes;
}

std::string queue_id(std::string_view text) {
  // Postfix, Exim, Exchange in their own words; what others write is kept as text only.
  for (const std::string_view mark :
       {"queued as ", "OK id=", "Ok: queued as ", "InternalId=", "Message queued as "}) {
    if (const auto at = text.find(mark); at != std::string_view::npos) {
      return std::string{id_at(text, at + mark.size())};
    }
  }
  // Sendmail: the name first.
  if (const auto at = text.find(" Message accepted for delivery"); at != std::string_view::npos) {
    const auto id = id_at(text, 0);
    if (id.size() == at) return std::string{id};
  }
  return {};
}

void ReplyParser::feed(std::string_view bytes) {
  if (begin_ == buffer_.size()) {
    buffer_.clear();
    begin_ = 0;
  }
  buffer_ += bytes;
}

std::optional<Reply> ReplyParser::next() {
  while (fault_.empty()) {
    const auto end = buffer_.find('\n', begin_);
    if (end == std::string::npos) {
      if (buffer_.size() - begin_ > kMaxReplyLineBytes) fault_ = "a reply line is too long";
      if (begin_ > 0) buffer_.erase(0, begin_);
      begin_ = 0;
      return std::nullopt;
    }
    std::string_view line{buffer_.data() + begin_, end - begin_};
    if (line.ends_with('\r')) line.remove_suffix(1);
    begin_ = end + 1;
    if (take_line(line)) {
      line_count_ = 0;
      return std::exchange(reply_, Reply{});
    }
  }
  return std::nullopt;
}

/// Adds a line to the reply being read; true when it was the last one.
bool ReplyParser::take_line(std::string_view line) {
  const auto fail = [this](std::string_view why) {
    fault_ = why;
    return false;
  };
  if (line.size() > kMaxReplyLineBytes) return fail("a reply line is too long");
  if (line.size() < 3 || !std::all_of(line.begin(), line.begin() + 3, is_digit) || line[0] < '1' ||
      line[0] > '5') {
    return fail("a reply without a code");
  }
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return fail("a reply without a code");
  const auto code =
      static_cast<std::uint16_t>((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
  if (line_count_ > 0 && code != reply_.code) return fail("the lines of a reply disagree");
  if (++line_count_ > kMaxReplyLines) return fail("a reply with too many lines");
  reply_.code = code;
  const bool is_last{line.size() == 3 || line[3] == ' '};
  auto text = line.size() > 4 ? line.substr(4) : std::string_view{};
  EnhancedStatus status;
  text.remove_prefix(read_status(text, status));
  if (line_count_ == 1) reply_.status = status;
  if (line_count_ > 1 && reply_.text.size() < kMaxReplyTextBytes) reply_.text += '\n';
  const auto room = kMaxReplyTextBytes - std::min(kMaxReplyTextBytes, reply_.text.size());
  for (const char character : text.substr(0, room)) {
    const auto byte = static_cast<unsigned char>(character);
    reply_.text += byte < 0x20 || byte == 0x7F ? '?' : character;
  }
  return is_last;
}

}  // namespace relance::smtp
