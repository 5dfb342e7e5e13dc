// No line longer than 76 where folding can help, no encoded word longer than 75 and none that splits a
// character.
#include "plugins/protocol/mime/header.hpp"

#include "plugins/protocol/mime/encode.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace relance::mime {
namespace {

constexpr std::size_t kHeaderLineLimit{76};
constexpr std::size_t kEncodedWordLimit{75};  // RFC 2047 §2
constexpr std::string_view kOpenQ{"=?UTF-8?Q?"};
constexpr std::string_view kOpenB{"=?UTF-8?B?"};
constexpr std::size_t kFrame{kOpenQ.size() + 2};
constexpr std::string_view kHexDigits{"0123456789ABCDEF"};

constexpr bool is_alnum_byte(unsigned char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}
/// RFC 2047 §5 (3): what a Q word may hold unescaped even inside a phrase.
constexpr bool is_q_literal(unsigned char byte) {
  return is_alnum_byte(byte) || byte == '!' || byte == '*' || byte == '+' || byte == '-' || byte == '/';
}
/// RFC 5322 §3.2.3, the blank between atoms included.
bool is_phrase(unsigned char byte) {
  return is_alnum_byte(byte) ||
         std::string_view{"!#$%&'*+-/=?^_`{|}~ "}.find(static_cast<char>(byte)) != std::string_view::npos;
}
/// RFC 2231 §7: attribute-char.
bool is_attribute_char(unsigned char byte) {
  return is_alnum_byte(byte) ||
         std::string_view{"!#$&+-.^_`{|}~"}.find(static_cast<char>(byte)) != std::string_view::npos;
}

bool is_printable_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char character) { return character >= 32 && character < 127; });
}

std::size_t character_length(std::string_view text, std::size_t at) {
  std::size_t end{at + 1};
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
  return end - at;
}

std::size_t q_length(std::string_view text) {
  std::size_t length{0};
  for (const char character : text) {
    length += is_q_literal(static_cast<unsigned char>(character)) || character == ' ' ? 1U : 3U;
  }
  return length;
}

void append_q(std::string &out, std::string_view text) {
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (character == ' ') {
      out += '_';
    } else if (is_q_literal(byte)) {
      out += character;
    } else {
      out += '=';
      out += kHexDigits[byte >> 4];
      out += kHexDigits[byte & 15];
    }
  }
}

/// How much of `text`, in whole characters, one encoded word with `room` for its payload can carry.
std::size_t fitting(std::string_view text, std::size_t room, bool with_q) {
  std::size_t taken{0};
  std::size_t used{0};
  std::size_t unpadded{0};
  while (taken < text.size()) {
    const auto length = character_length(text, taken);
    const auto cost = with_q ? used + q_length(text.substr(taken, length)) : (taken + length + 2) / 3 * 4;
    if (cost > room) break;
    used = cost;
    taken += length;
    if (taken % 3 == 0) unpadded = taken;
  }
  // Some readers (GMime) join neighbouring base64 words before decoding: padding only in the last one.
  return with_q || taken == text.size() || unpadded == 0 ? taken : unpadded;
}

bool must_encode(std::string_view word, std::size_t longest_word) {
  return word.size() > longest_word || word.find("=?") != std::string_view::npos || !is_printable_text(word);
}

std::vector<std::string_view> split_words(std::string_view value) {
  std::vector<std::string_view> words;
  std::size_t begin{0};
  while (begin <= value.size()) {
    const auto end = std::min(value.find(' ', begin), value.size());
    words.push_back(value.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

}  // namespace

void HeaderWriter::begin(std::string_view name) {
  out_.append(name).append(":");
  column_ = name.size() + 1;
}

void HeaderWriter::end() {
  out_ += "\r\n";
}

void HeaderWriter::raw(std::string_view text) {
  out_ += text;
  column_ += text.size();
}

void HeaderWriter::fold() {
  out_ += "\r\n ";
  column_ = 1;
}

void HeaderWriter::blank_before(std::size_t next) {
  if (column_ + 1 + next > kHeaderLineLimit && column_ > 1) {
    fold();
  } else {
    raw(" ");
  }
}

void HeaderWriter::encoded_words(std::string_view text) {
  const bool with_q{q_length(text) <= (text.size() + 2) / 3 * 4};
  bool is_first{true};
  while (!text.empty()) {
    if (!is_first) fold();
    // The blank before the first word is the caller's; it may have left too little room for one character.
    const auto line_room = kHeaderLineLimit > column_ + kFrame ? kHeaderLineLimit - column_ - kFrame : 0;
    auto taken = fitting(text, std::min(line_room, kEncodedWordLimit - kFrame), with_q);
    if (taken == 0) {
      fold();
      taken = fitting(text, kEncodedWordLimit - kFrame, with_q);
    }
    const auto begin = out_.size();
    out_ += with_q ? kOpenQ : kOpenB;
    if (with_q) {
      append_q(out_, text.substr(0, taken));
    } else {
      append_base64(out_, text.substr(0, taken));
    }
    out_ += "?=";
    column_ += out_.size() - begin;
    text.remove_prefix(taken);
    is_first = false;
  }
}

void HeaderWriter::unstructured(std::string_view value, std::size_t longest_word) {
  if (value.empty()) return raw(" ");
  const bool has_odd_blanks{value.front() == ' ' || value.back() == ' ' ||
                            value.find("  ") != std::string_view::npos ||
                            value.find('\t') != std::string_view::npos};
  if (has_odd_blanks) {
    // Folding would lose or move them.
    raw(" ");
    return encoded_words(value);
  }
  const auto words = split_words(value);
  for (std::size_t index{0}; index < words.size();) {
    if (!must_encode(words[index], longest_word)) {
      // The first word stays beside the name: some readers take an empty first line for an empty field.
      if (index == 0) {
        raw(" ");
      } else {
        blank_before(words[index].size());
      }
      raw(words[index++]);
      continue;
    }
    // Blanks between encoded words vanish on reading, so neighbours are encoded together with theirs.
    auto last = index;
    while (last + 1 < words.size() && must_encode(words[last + 1], longest_word)) ++last;
    const auto *begin = words[index].data();
    const auto *end = words[last].data() + words[last].size();
    if (index == 0) {
      raw(" ");
    } else {
      blank_before(kFrame + 12);
    }
    encoded_words({begin, static_cast<std::size_t>(end - begin)});
    index = last + 1;
  }
}

void HeaderWriter::mailbox(std::string_view name, std::string_view email) {
  constexpr std::size_t kLongestQuoted{60};
  if (name.empty()) {
    blank_before(email.size());
    return raw(email);
  }
  const bool is_plain{is_printable_text(name) && name.size() <= kLongestQuoted &&
                      name.find("=?") == std::string_view::npos};
  if (is_plain &&
      std::all_of(name.begin(), name.end(),
                  [](char c) { return is_phrase(static_cast<unsigned char>(c)); }) &&
      name.front() != ' ' && name.back() != ' ' && name.find("  ") == std::string_view::npos) {
    blank_before(name.size());
    raw(name);
  } else if (is_plain) {
    std::string quoted{"\""};
    for (const char character : name) {
      if (character == '"' || character == '\\') quoted += '\\';
      quoted += character;
    }
    quoted += '"';
    blank_before(quoted.size());
    raw(quoted);
  } else {
    raw(" ");
    encoded_words(name);
  }
  blank_before(email.size() + 2);
  raw("<");
  raw(email);
  raw(">");
}

void HeaderWriter::parameter(std::string_view name, std::string_view value) {
  raw(";");
  constexpr std::size_t kLongestQuoted{55};
  if (is_printable_text(value) && value.size() <= kLongestQuoted) {
    std::string quoted{name};
    quoted += "=\"";
    for (const char character : value) {
      if (character == '"' || character == '\\') quoted += '\\';
      quoted += character;
    }
    quoted += '"';
    blank_before(quoted.size());
    return raw(quoted);
  }
  std::string encoded;
  std::vector<std::size_t> cuts;  // never inside a %XX or a character
  std::size_t line_begin{0};
  constexpr std::size_t kSection{50};
  for (std::size_t at{0}; at < value.size();) {
    const auto length = character_length(value, at);
    const auto before = encoded.size();
    for (const char character : value.substr(at, length)) {
      const auto byte = static_cast<unsigned char>(character);
      if (is_attribute_char(byte)) {
        encoded += character;
      } else {
        encoded += '%';
        encoded += kHexDigits[byte >> 4];
        encoded += kHexDigits[byte & 15];
      }
    }
    if (encoded.size() - line_begin > kSection) {
      cuts.push_back(before);
      line_begin = before;
    }
    at += length;
  }
  cuts.push_back(encoded.size());
  std::size_t begin{0};
  for (std::size_t section{0}; section < cuts.size(); ++section) {
    std::string piece{name};
    if (cuts.size() > 1) piece += '*' + std::to_string(section);
    piece += section == 0 ? "*=UTF-8''" : "*=";
    piece.append(encoded, begin, cuts[section] - begin);
    begin = cuts[section];
    if (section > 0) raw(";");
    blank_before(piece.size() + 1);
    raw(piece);
  }
}

}  // namespace relance::mime
