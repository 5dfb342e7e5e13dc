#include "plugins/protocol/gateway/template.hpp"

#include "plugins/protocol/gateway/crypto.hpp"
#include "plugins/protocol/gateway/url.hpp"

#include <relance/signature.hpp>

#include <algorithm>
#include <array>

namespace relance::gateway {
namespace {

constexpr std::array<std::string_view, 10> kFilters{"digits", "no_plus", "zero_zero", "base64",  "hex",
                                                    "lower",  "upper",   "number",    "boolean", "sha256"};

constexpr std::string_view kMap{"map:"};

/// "gsm7=text,ucs2=unicode": what is not named stays.
std::string mapped(const std::string &value, std::string_view pairs) {
  while (!pairs.empty()) {
    const auto pair = pairs.substr(0, pairs.find(','));
    pairs.remove_prefix(std::min(pair.size() + 1, pairs.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) == value) return std::string{pair.substr(std::min(equals + 1, pair.size()))};
  }
  return value;
}

std::string filtered(std::string value, std::string_view filter) {
  if (filter == "digits") {
    std::erase_if(value, [](char c) { return c < '0' || c > '9'; });
  } else if (filter == "no_plus") {
    if (value.starts_with('+')) value.erase(0, 1);
  } else if (filter == "zero_zero") {
    if (value.starts_with('+')) value.replace(0, 1, "00");
  } else if (filter == "base64") {
    value = sdk::to_base64(value);
  } else if (filter == "hex") {
    value = to_hex(value);
  } else if (filter == "sha256") {
    value = to_hex(digest(Hash::sha256, value));
  } else if (filter.starts_with(kMap)) {
    value = mapped(value, filter.substr(kMap.size()));
  } else if (filter == "lower" || filter == "upper") {
    const char from{filter == "lower" ? 'A' : 'a'};
    for (auto &c : value)
      if (c >= from && c <= from + 25) c = static_cast<char>(c ^ 0x20);
  }
  return value;
}

std::string escaped(std::string_view text, Template::Escape escape) {
  switch (escape) {
    case Template::Escape::none:
      return std::string{text};
    case Template::Escape::url:
      return percent_encoded(text);
    case Template::Escape::json: {
      const auto quoted = sdk::json_string(text);
      return quoted.substr(1, quoted.size() - 2);
    }
    case Template::Escape::xml:
      break;
  }
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '\'')
      out += "&apos;";
    else if (static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n' || c == '\r')
      out += c;  // the other controls do not exist in XML 1.0
  }
  return out;
}

bool is_each(const sdk::Json &value) {
  return value.kind() == sdk::Json::Kind::object && value.items().size() == 2 && !value["each"].is_absent() &&
         !value["item"].is_absent();
}

struct Filling {
  const Lists &lists;
  std::string missing{};

  /// False: left out.
  bool add(const sdk::Json &value, const Variables &variables, std::string &out) {
    using Kind = sdk::Json::Kind;
    switch (value.kind()) {
      case Kind::absent:
        return false;
      case Kind::null:
      case Kind::boolean:
      case Kind::number:
        out += value.kind() == Kind::null ? "null" : value.text();
        return true;
      case Kind::string:
        return add_text(value.text(), variables, out);
      case Kind::array:
        return add_items(value, variables, out, "[]", [](std::size_t) { return std::string{}; });
      case Kind::object:
        break;
    }
    if (is_each(value)) return add_each(value, variables, out);
    return add_items(value, variables, out, "{}",
                     [&](std::size_t i) { return sdk::json_string(value.names()[i]) + ':'; });
  }

  bool add_text(const std::string &text, const Variables &variables, std::string &out) {
    const Template pattern{text};
    auto filled = pattern.fill(variables);
    if (!filled.missing.empty()) missing = filled.missing;
    if (filled.is_left_out) return false;
    const auto bare = sdk::Json::parse(filled.text).kind();
    const bool is_raw{pattern.is_bare() &&
                      (bare == sdk::Json::Kind::number || bare == sdk::Json::Kind::boolean)};
    out += is_raw ? filled.text : sdk::json_string(filled.text);
    return true;
  }

  template <class Prefix>
  bool add_items(const sdk::Json &value, const Variables &variables, std::string &out,
                 std::string_view brackets, Prefix &&prefix) {
    std::string inside;
    bool has_one{false};
    for (std::size_t i{0}; i < value.items().size(); ++i) {
      std::string item;
      if (!add(value.items()[i], variables, item)) continue;
      if (std::exchange(has_one, true)) inside += ',';
      inside += prefix(i) + item;
    }
    if (!has_one && !value.items().empty()) return false;
    out += brackets[0] + inside + brackets[1];
    return true;
  }

  bool add_each(const sdk::Json &value, const Variables &variables, std::string &out) {
    const auto name = value["each"].text();
    const auto list = lists.find(name);
    if (list == lists.end() || list->second.empty()) return false;
    out += '[';
    for (std::size_t i{0}; i < list->second.size(); ++i) {
      if (i > 0) out += ',';
      auto all = variables;
      for (const auto &[field, content] : list->second[i]) all[name + '.' + field] = content;
      if (!add(value["item"], all, out)) out += "{}";
    }
    out += ']';
    return true;
  }
};

}  // namespace

std::string Template::read(std::string_view text) {
  while (!text.empty()) {
    const auto brace = text.find_first_of("{}");
    auto &literal = pieces_.empty() || !pieces_.back().name.empty() ? pieces_.emplace_back().literal
                                                                    : pieces_.back().literal;
    literal += text.substr(0, brace);
    if (brace == text.npos) break;
    const char c{text[brace]};
    text.remove_prefix(brace + 1);
    if (text.starts_with(c)) {
      literal += c;
      text.remove_prefix(1);
      continue;
    }
    const auto end = text.find('}');
    if (c == '}' || end == text.npos)
      return "has a brace without its partner; write {{ or }} for a brace itself";
    auto inside = text.substr(0, end);
    text.remove_prefix(end + 1);
    Piece piece;
    while (const auto bar = inside.rfind('|')) {
      if (bar == inside.npos) break;
      piece.filters.insert(piece.filters.begin(), std::string{inside.substr(bar + 1)});
      inside = inside.substr(0, bar);
    }
    piece.may_be_empty = inside.ends_with('?');
    if (piece.may_be_empty) inside.remove_suffix(1);
    piece.name = inside;
    if (piece.name.empty()) return "has {} without a name";
    pieces_.push_back(std::move(piece));
  }
  return {};
}

Template::Template(std::string_view text) {
  if (!read(text).empty()) pieces_ = {{std::string{text}, {}, false, {}}};
}

std::string Template::fault(std::string_view text, const Known &known) {
  Template probe;
  if (auto why = probe.read(text); !why.empty()) return why;
  for (const auto &piece : probe.pieces_) {
    if (piece.name.empty()) continue;
    if (std::ranges::find(known.variables, piece.name) == known.variables.end()) {
      std::string names;
      for (const auto &name : known.variables) names += (names.empty() ? "" : ", ") + name;
      return "there is no {" + piece.name + "}; known: " + names;
    }
    for (const auto &filter : piece.filters)
      if (!filter.starts_with(kMap) && std::ranges::find(kFilters, filter) == kFilters.end())
        return "there is no filter |" + filter +
               "; known: digits, no_plus, zero_zero, base64, hex, sha256, lower, upper, number, boolean, "
               "map:a=b,c=d";
  }
  return {};
}

Template::Filled Template::fill(const Variables &variables, Escape escape) const {
  Filled filled;
  for (const auto &piece : pieces_) {
    filled.text += piece.literal;
    if (piece.name.empty()) continue;
    const auto found = variables.find(piece.name);
    auto value = found == variables.end() ? std::string{} : found->second;
    if (value.empty() && !piece.may_be_empty) filled.missing = piece.name;
    if (value.empty() && piece.may_be_empty) filled.is_left_out = true;
    for (const auto &filter : piece.filters) value = filtered(std::move(value), filter);
    filled.text += escaped(value, escape);
  }
  return filled;
}

bool Template::is_bare() const {
  const Piece *variable{nullptr};
  for (const auto &piece : pieces_) {
    if (!piece.literal.empty() || (!piece.name.empty() && variable != nullptr)) return false;
    if (!piece.name.empty()) variable = &piece;
  }
  return variable != nullptr && std::ranges::any_of(variable->filters, [](const auto &filter) {
           return filter == "number" || filter == "boolean";
         });
}

std::optional<Template::Escape> escape_named(std::string_view name) {
  if (name == "none") return Template::Escape::none;
  if (name == "url") return Template::Escape::url;
  if (name == "xml") return Template::Escape::xml;
  if (name == "json") return Template::Escape::json;
  return std::nullopt;
}

FilledDocument fill_document(const sdk::Json &document, const Variables &variables, const Lists &lists) {
  Filling filling{lists};
  FilledDocument filled;
  if (!filling.add(document, variables, filled.text)) filled.text = "{}";
  filled.missing = filling.missing;
  return filled;
}

void check_document(const sdk::Json &document, const std::string &path, const Known &known,
                    const std::function<void(const std::string &, const std::string &)> &report) {
  using Kind = sdk::Json::Kind;
  if (document.kind() == Kind::string) {
    if (const auto why = Template::fault(document.text(), known); !why.empty()) report(path, why);
    return;
  }
  if (is_each(document)) {
    const auto name = document["each"].text();
    const auto list = known.lists.find(name);
    if (list == known.lists.end()) return report(path + "/each", "there is no list \"" + name + "\"");
    auto inner = known;
    for (const auto &field : list->second) inner.variables.push_back(name + '.' + field);
    return check_document(document["item"], path + "/item", inner, report);
  }
  for (std::size_t i{0}; i < document.items().size(); ++i) {
    std::string token{document.kind() == Kind::object ? document.names()[i] : std::to_string(i)};
    for (std::size_t at{0}; at < token.size(); ++at) {
      if (token[at] == '~')
        token.replace(at++, 1, "~0");
      else if (token[at] == '/')
        token.replace(at++, 1, "~1");
    }
    check_document(document.items()[i], path + '/' + token, known, report);
  }
}

}  // namespace relance::gateway
