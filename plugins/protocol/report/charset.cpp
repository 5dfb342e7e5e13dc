#include "plugins/protocol/report/charset.hpp"

#include "plugins/protocol/report/ascii.hpp"

#include <gmime/gmime.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace relance::report {
namespace {

std::string from_glib(char *text) {
  std::string copy = text != nullptr ? text : "";
  g_free(text);
  return copy;
}

bool is_valid_utf8(std::string_view bytes) {
  return g_utf8_validate(bytes.data(), static_cast<gssize>(bytes.size()), nullptr) != FALSE;
}

std::string latin1_to_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() + bytes.size() / 8);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xC0 | (byte >> 6));
      text += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return text;
}

std::string convert(std::string_view bytes, const char *charset) {
  const bool names_one = charset != nullptr && *charset != '\0' && !equals_ignoring_case(charset, "utf-8") &&
                         !equals_ignoring_case(charset, "us-ascii");
  if (names_one) {
    gsize written = 0;
    const char *iconv_name = g_mime_charset_iconv_name(charset);
    char *out = g_convert_with_fallback(bytes.data(), static_cast<gssize>(bytes.size()), "UTF-8",
                                        iconv_name != nullptr ? iconv_name : charset, "?", nullptr, &written,
                                        nullptr);
    if (out != nullptr) {
      std::string text(out, written);
      g_free(out);
      return text;
    }
  }
  if (is_valid_utf8(bytes)) return std::string(bytes);
  return latin1_to_utf8(bytes);
}

/// CR LF and lone CR become LF; NUL becomes a space.
std::string plain_lines(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') {
      if (i + 1 < text.size() && text[i + 1] == '\n') continue;
      out += '\n';
    } else {
      out += text[i] == '\0' ? ' ' : text[i];
    }
  }
  return out;
}

void append_utf8(std::string &out, unsigned long code) {
  std::array<char, 6> buffer{};
  if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return;
  out.append(buffer.data(),
             static_cast<std::size_t>(g_unichar_to_utf8(static_cast<gunichar>(code), buffer.data())));
}

/// The names of U+00A0 to U+00FF in HTML, in that order.
constexpr std::array<std::string_view, 96> kLatin1Names{
    "nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",    "copy",
    "ordf",   "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn", "sup2",   "sup3",
    "acute",  "micro",  "para",   "middot", "cedil",  "sup1",   "ordm",   "raquo",  "frac14", "frac12",
    "frac34", "iquest", "Agrave", "Aacute", "Acirc",  "Atilde", "Auml",   "Aring",  "AElig",  "Ccedil",
    "Egrave", "Eacute", "Ecirc",  "Euml",   "Igrave", "Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde",
    "Ograve", "Oacute", "Ocirc",  "Otilde", "Ouml",   "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",
    "Uuml",   "Yacute", "THORN",  "szlig",  "agrave", "aacute", "acirc",  "atilde", "auml",   "aring",
    "aelig",  "ccedil", "egrave", "eacute", "ecirc",  "euml",   "igrave", "iacute", "icirc",  "iuml",
    "eth",    "ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide", "oslash", "ugrave",
    "uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml"};

/// @return how many bytes of `html` at `at` ('&') were an entity; 0 when it is none
std::size_t append_entity(std::string &out, std::string_view html, std::size_t at) {
  const auto end = html.substr(at, 12).find(';');
  if (end == std::string_view::npos || end < 2) return 0;
  const auto entity = html.substr(at + 1, end - 1);
  if (entity[0] == '#') {
    const bool is_hex = entity.size() > 1 && (entity[1] == 'x' || entity[1] == 'X');
    const std::string digits(entity.substr(is_hex ? 2 : 1));
    append_utf8(out, std::strtoul(digits.c_str(), nullptr, is_hex ? 16 : 10));
    return end + 1;
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kNamed{{{"lt", "<"},
                                                                                  {"gt", ">"},
                                                                                  {"amp", "&"},
                                                                                  {"quot", "\""},
                                                                                  {"nbsp", " "},
                                                                                  {"apos", "'"},
                                                                                  {"euro", "€"},
                                                                                  {"rsquo", "’"},
                                                                                  {"lsquo", "‘"},
                                                                                  {"ldquo", "“"},
                                                                                  {"rdquo", "”"},
                                                                                  {"ndash", "–"},
                                                                                  {"mdash", "—"},
                                                                                  {"hellip", "…"},
                                                                                  {"oelig", "œ"}}};
  for (const auto &[entity_name, character] : kNamed)
    if (entity == entity_name) {
      out += character;
      return end + 1;
    }
  const auto latin1 = std::find(kLatin1Names.begin(), kLatin1Names.end(), entity);
  if (latin1 == kLatin1Names.end()) return 0;
  append_utf8(out, 0xA0 + static_cast<unsigned long>(latin1 - kLatin1Names.begin()));
  return end + 1;
}

bool is_block(std::string_view tag) {
  for (const auto block :
       {"br", "p", "div", "tr", "li", "ul", "table", "h1", "h2", "h3", "pre", "blockquote", "td"})
    if (equals_ignoring_case(tag, block)) return true;
  return false;
}

}  // namespace

std::string to_utf8(std::string_view bytes, const char *charset) {
  std::string text = plain_lines(convert(bytes, charset));
  if (!is_valid_utf8(text)) text = latin1_to_utf8(text);
  return text;
}

std::string cut_utf8(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0) == 0x80) --bytes_max;
  return std::string(text.substr(0, bytes_max));
}

std::string text_of_html(std::string_view html) {
  std::string out;
  std::size_t i = 0;
  while (i < html.size()) {
    if (html[i] == '<') {
      const auto close = html.find('>', i);
      if (close == std::string_view::npos) break;
      auto tag = html.substr(i + 1, close - i - 1);
      const bool is_end = !tag.empty() && tag[0] == '/';
      if (is_end) tag.remove_prefix(1);
      tag = tag.substr(0, tag.find_first_of(" \t\r\n/"));
      // <someone@example.org> that nobody escaped is an address, not a tag.
      if (tag.find('@') != std::string_view::npos) {
        out += html.substr(i, close - i + 1);
      } else if (!is_end && (equals_ignoring_case(tag, "style") || equals_ignoring_case(tag, "script"))) {
        const auto end = html.find("</", close);
        i = end == std::string_view::npos ? html.size() : end;
        continue;
      } else if (is_block(tag)) {
        out += '\n';
      }
      i = close + 1;
    } else if (html[i] == '&') {
      const auto used = append_entity(out, html, i);
      if (used == 0) out += '&';
      i += used == 0 ? 1 : used;
    } else {
      out += html[i++];
    }
  }
  return out;
}

std::string decode_header(const std::string &value) {
  const std::string utf8 = to_utf8(value, nullptr);
  return to_utf8(from_glib(g_mime_utils_header_decode_text(nullptr, utf8.c_str())), nullptr);
}

}  // namespace relance::report
