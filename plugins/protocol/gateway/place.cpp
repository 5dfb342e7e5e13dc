#include "plugins/protocol/gateway/place.hpp"

#include <algorithm>
#include <charconv>

namespace relance::gateway {
namespace {

/// A document of hostile shape must not make us look at it for ever.
constexpr std::size_t kFoundMax{10'000};

std::string unescaped(std::string_view token) {
  std::string out;
  for (std::size_t i{0}; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size())
      out += token[++i] == '1' ? '/' : '~';
    else
      out += token[i];
  }
  return out;
}

std::string pointer_fault(std::string_view pointer) {
  if (!pointer.empty() && !pointer.starts_with('/')) return "a JSON pointer begins with / or is empty";
  for (auto at = pointer.find('~'); at != pointer.npos; at = pointer.find('~', at + 1))
    if (at + 1 >= pointer.size() || (pointer[at + 1] != '0' && pointer[at + 1] != '1'))
      return "in a JSON pointer ~ is written ~0, and / within a name ~1";
  return {};
}

std::string lower_case(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

}  // namespace

void find_all(const sdk::Json &document, std::string_view pointer, std::vector<const sdk::Json *> &found) {
  if (pointer.empty()) {
    if (!document.is_absent() && found.size() < kFoundMax) found.push_back(&document);
    return;
  }
  const auto end = std::min(pointer.find('/', 1), pointer.size());
  const auto token = pointer.substr(1, end - 1);
  const auto rest = pointer.substr(end);
  using Kind = sdk::Json::Kind;
  if (token == "*" && (document.kind() == Kind::array || document.kind() == Kind::object)) {
    for (const auto &item : document.items()) find_all(item, rest, found);
    return;
  }
  if (document.kind() == Kind::array) {
    std::size_t index{0};
    const auto [stop, error] = std::from_chars(token.data(), token.data() + token.size(), index);
    if (error == std::errc{} && stop == token.data() + token.size()) find_all(document[index], rest, found);
    return;
  }
  find_all(document[std::string_view{unescaped(token)}], rest, found);
}

std::string Place::fault(std::string_view text) {
  auto bars = text;
  const auto first_bar = std::min(bars.find('|'), bars.size());
  auto path = bars.substr(0, first_bar);
  bars.remove_prefix(first_bar);
  while (!bars.empty()) {
    bars.remove_prefix(1);
    const auto one = bars.substr(0, bars.find('|'));
    bars.remove_prefix(one.size());
    const auto name = one.substr(0, one.find(':'));
    if ((name != "before" && name != "after" && name != "trim") || one.size() < name.size() + 2)
      return "\"|" + std::string{one} + "\" is none of |before:TEXT, |after:TEXT, |trim:CHARACTERS";
  }
  for (const std::string_view source : {"header:", "query:"})
    if (path.starts_with(source))
      return path.size() > source.size() ? "" : "names nothing behind " + std::string{source};
  if (path.starts_with("root:")) path.remove_prefix(5);
  return pointer_fault(path);
}

Place::Place(std::string_view text) {
  auto bars = text;
  const auto first_bar = std::min(bars.find('|'), bars.size());
  auto path = bars.substr(0, first_bar);
  bars.remove_prefix(first_bar);
  while (!bars.empty()) {
    bars.remove_prefix(1);
    const auto one = bars.substr(0, bars.find('|'));
    bars.remove_prefix(one.size());
    const auto colon = std::min(one.find(':'), one.size());
    cuts_.push_back(
        {std::string{one.substr(0, colon)}, std::string{one.substr(std::min(colon + 1, one.size()))}});
  }
  const auto take = [&path](std::string_view prefix) {
    if (!path.starts_with(prefix)) return false;
    path.remove_prefix(prefix.size());
    return true;
  };
  if (take("header:"))
    source_ = Source::header;
  else if (take("query:"))
    source_ = Source::query;
  else if (take("root:"))
    source_ = Source::root;
  path_ = source_ == Source::header ? lower_case(path) : std::string{path};
}

std::string Place::cut(std::string value) const {
  for (const auto &[name, argument] : cuts_) {
    if (name == "before") {
      value = value.substr(0, value.find(argument));
    } else if (name == "after") {
      const auto at = value.find(argument);
      if (at != value.npos) value.erase(0, at + argument.size());
    } else {
      const auto begin = std::min(value.find_first_not_of(argument), value.size());
      value.erase(0, begin);
      value.erase(value.find_last_not_of(argument) + 1);
    }
  }
  return value;
}

std::vector<std::string> Place::all(const Said &said) const {
  std::vector<std::string> values;
  const auto add = [&](std::string value) {
    if (value = cut(std::move(value)); !value.empty()) values.push_back(std::move(value));
  };
  if (source_ == Source::header) {
    add(said.header(path_));
    return values;
  }
  if (source_ == Source::query) {
    add(said.query[std::string_view{path_}].text());
    return values;
  }
  std::vector<const sdk::Json *> found;
  find_all(source_ == Source::root ? said.root : said.event, path_, found);
  for (const auto *value : found) add(value->text());
  return values;
}

std::string Place::first(const Said &said) const {
  auto values = all(said);
  return values.empty() ? std::string{} : std::move(values.front());
}

std::string first_of(const std::vector<Place> &places, const Said &said) {
  for (const auto &place : places)
    if (auto value = place.first(said); !value.empty()) return value;
  return {};
}

}  // namespace relance::gateway
