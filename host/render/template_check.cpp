// Walks the tags of each body with a stack of open sections. The mustache library knows no positions and
// takes unknown names for empty, so the check is our own; filling in stays the library's.
#include "host/render/template_check.hpp"

#include "host/render/vocabulary.hpp"

#include <array>
#include <string_view>
#include <unicode/unistr.h>
#include <vector>

namespace relance::render {

namespace {

using config::Issues;
using config::Position;

/// Where byte `offset` of a body stands in its file.
Position position_in(const Position &begin, std::string_view body, std::size_t offset) {
  Position at{begin};
  for (const char c : body.substr(0, offset)) {
    if (c == '\n') {
      ++at.line;
      at.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
      ++at.column;
    }
  }
  return at;
}

std::string braced(std::string_view name) {
  return "{{" + std::string{name} + "}}";
}

class BodyCheck {
 public:
  BodyCheck(std::string_view body, const Position &begin, bool is_html, Issues &issues)
      : body_{body}, begin_{begin}, is_html_{is_html}, issues_{issues} {}

  void run() {
    std::size_t at{0};
    while ((at = body_.find("{{", at)) != std::string_view::npos) {
      const bool is_triple{body_.substr(at, 3) == "{{{"};
      const auto close = body_.find(is_triple ? "}}}" : "}}", at);
      if (close == std::string_view::npos) {
        error(at, std::string{is_triple ? "\"{{{\"" : "\"{{\""} + " is never closed; write " +
                      (is_triple ? "}}}" : "}}"));
        return;
      }
      const std::size_t open_size{is_triple ? 3U : 2U};
      auto inner = body_.substr(at + open_size, close - at - open_size);
      check_tag(at, trim(inner), is_triple);
      at = close + open_size;
    }
    for (const auto &section : open_)
      error(section.offset, "{{#" + std::string{section.name} + "}} is never closed; write {{/" +
                                std::string{section.name} + "}}");
  }

 private:
  struct Open {
    std::string_view name;
    std::size_t offset{0};
    bool is_items{false}, is_lines{false};
  };

  static std::string_view trim(std::string_view text) {
    constexpr std::string_view kSpace{" \t\r\n"};
    const auto first = text.find_first_not_of(kSpace);
    return first == std::string_view::npos ? std::string_view{}
                                           : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
  }

  void error(std::size_t offset, std::string message) {
    issues_.error(position_in(begin_, body_, offset), std::move(message));
  }

  void check_tag(std::size_t at, std::string_view inner, bool is_triple) {
    const char sigil{inner.empty() ? '\0' : inner.front()};
    const auto name = trim(inner.substr(inner.empty() ? 0 : 1));
    if (is_triple || sigil == '&') {
      error(at, is_html_ ? "an unescaped value would let a debtor's name write HTML; write {{…}}"
                         : "nothing is escaped in a text; write {{…}}");
    } else if (sigil == '!') {
      return;
    } else if (sigil == '#' || sigil == '^') {
      open_section(at, name, sigil == '^');
    } else if (sigil == '/') {
      close_section(at, name);
    } else if (sigil == '>' || sigil == '=') {
      error(at, sigil == '>' ? "templates do not include one another; write the words out"
                             : "delimiters stay {{ and }}");
    } else {
      check_variable(at, inner);
    }
  }

  const Word *known_word(std::size_t at, std::string_view name) {
    const auto *word = find_word(name);
    if (word == nullptr) {
      std::vector<std::string_view> names;
      for (const auto &one : vocabulary()) names.push_back(one.name);
      const auto meant = config::nearest(name, names);
      error(at, "there is no " + braced(name) +
                    (meant.empty() ? "; the names are listed in docs/for-operators/configuration.md"
                                   : "; did you mean " + braced(meant) + '?'));
      return nullptr;
    }
    bool in_items{false}, in_lines{false};
    for (const auto &section : open_) in_items = in_items || section.is_items, in_lines = section.is_lines;
    if (is_of_item(word->field) && !in_items) {
      error(at, braced(name) + " belongs to one invoice; write it between {{#items}} and {{/items}}");
      return nullptr;
    }
    if (word->field == Field::line && !in_lines) {
      error(at,
            "{{.}} is one line of a list; write it directly between {{#creditor.address}} and "
            "{{/creditor.address}}");
      return nullptr;
    }
    return word;
  }

  void check_variable(std::size_t at, std::string_view name) {
    if (name.empty()) {
      error(at, "a tag without a name");
      return;
    }
    const auto *word = known_word(at, name);
    if (word != nullptr && word->shape != Shape::text)
      error(at, braced(name) + " is no text; write {{#" + std::string{name} + "}}…{{/" + std::string{name} +
                    "}}");
  }

  void open_section(std::size_t at, std::string_view name, bool is_inverted) {
    const auto *word = known_word(at, name);
    Open section{name, at};
    if (word != nullptr && !is_inverted) {
      section.is_items = word->shape == Shape::items;
      section.is_lines = word->shape == Shape::lines;
    }
    open_.push_back(section);
  }

  void close_section(std::size_t at, std::string_view name) {
    if (open_.empty()) {
      error(at, "{{/" + std::string{name} + "}} closes nothing");
      return;
    }
    if (open_.back().name != name)
      error(at, "{{/" + std::string{name} + "}} stands where {{/" + std::string{open_.back().name} +
                    "}} must come first");
    open_.pop_back();
  }

  std::string_view body_;
  const Position &begin_;
  bool is_html_;
  Issues &issues_;
  std::vector<Open> open_;
};

/// A private debt is not a crime in any country this software knows: threatening with one is unlawful itself.
constexpr std::array<std::string_view, 21> kForbidden{
    "prison",  "jail",     "imprison",   "criminal",  "police",     "emprisonn",    "incarc",
    "pénal",   "gendarme", "plainte",    "gefängnis", "haftstrafe", "strafanzeige", "polizei",
    "carcere", "prigione", "reclusione", "penale",    "cárcel",     "prisión",      "policía"};

void check_words(std::string_view body, const Position &begin, Issues &issues) {
  const auto folded =
      icu::UnicodeString::fromUTF8(icu::StringPiece{body.data(), static_cast<std::int32_t>(body.size())})
          .foldCase();
  for (const auto word : kForbidden) {
    const auto wanted =
        icu::UnicodeString::fromUTF8(icu::StringPiece{word.data(), static_cast<std::int32_t>(word.size())})
            .foldCase();
    const auto at = folded.indexOf(wanted);
    if (at < 0) continue;
    Position position{begin};
    for (std::int32_t i{0}; i < at; ++i) {
      const auto unit = folded.charAt(i);
      if (unit == u'\n')
        ++position.line, position.column = 1;
      else if ((unit & 0xFC00) != 0xDC00)
        ++position.column;
    }
    issues.error(position, "\"" + std::string{word} +
                               "\" has no place in a reminder: not paying a debt is no crime, and "
                               "threatening so is unlawful; reword it");
  }
}

void check_body(std::string_view body, const Position &begin, bool is_html, Issues &issues) {
  BodyCheck{body, begin, is_html, issues}.run();
  check_words(body, begin, issues);
}

}  // namespace

void check_template(const config::Template &made, Issues &issues) {
  check_body(made.subject, made.subject_at, false, issues);
  check_body(made.text, made.text_at, false, issues);
  check_body(made.html, made.html_at, true, issues);
  check_body(made.sms, made.sms_at, false, issues);
  check_body(made.call, made.call_at, false, issues);
  if (!made.letter) return;
  check_body(made.letter->opening, made.letter->opening_at, false, issues);
  check_body(made.letter->closing, made.letter->closing_at, false, issues);
}

}  // namespace relance::render
