// The only unit that knows TOML. Every key is taken out of a list of known keys, so that a misspelt one is an
// error with its place instead of a setting that silently does nothing.
#include "host/intake/mapping.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <tuple>

namespace relance::intake {
namespace {

/// A mapping is a page; what is longer is another file given by mistake.
constexpr std::size_t kMappingBytesMax = std::size_t{1} << 20;
constexpr std::size_t kSkipLinesMax = 1000;

using Names = std::vector<std::string_view>;

class MappingReader {
 public:
  MappingReader(Mapping &mapping, std::string name) : mapping_(mapping), name_(std::move(name)) {}

  void read(const toml::table &root);
  [[nodiscard]] std::optional<Error> error();

 private:
  using Take = std::function<void(const toml::node &)>;
  using Takers = std::vector<std::pair<std::string_view, Take>>;

  void each_key(const toml::table &table, std::string_view what, const Takers &takers);
  void add(const toml::source_region &at, std::string message);
  void take_text(const toml::node &node, const std::function<Result<void>(const std::string &)> &use);
  void take_texts(const toml::node &node, const std::function<Result<void>(const std::string &)> &use);
  void take_flag(const toml::node &node, bool &flag);
  void take_integer(const toml::node &node, std::int64_t low, std::int64_t high,
                    const std::function<void(std::int64_t)> &use);
  void take_table(const toml::node &node, const std::function<void(const toml::table &)> &use);
  void read_numbers(const toml::table &table);
  void read_dates(const toml::table &table);
  void read_kind(ImportKind kind, const toml::table &table);
  void read_column(FieldSource &source, const toml::node &node);
  void check_whole();

  Mapping &mapping_;
  std::string name_;
  struct Mistake {
    toml::source_position at;
    std::string message;
  };
  [[nodiscard]] std::string where(const Mistake &mistake) const;
  std::vector<Mistake> errors_;
};

std::string in_quotes(std::string_view text) {
  return "'" + std::string(text) + "'";
}

std::string listed_keys(const Names &names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

void MappingReader::add(const toml::source_region &at, std::string message) {
  errors_.push_back({at.begin, std::move(message)});
}

std::string MappingReader::where(const Mistake &mistake) const {
  if (mistake.at.line == 0) return name_;
  return name_ + ":" + std::to_string(mistake.at.line) + ":" + std::to_string(mistake.at.column);
}

std::optional<Error> MappingReader::error() {
  if (errors_.empty()) return std::nullopt;
  std::sort(errors_.begin(), errors_.end(), [](const Mistake &a, const Mistake &b) {
    return std::tie(a.at.line, a.at.column, a.message) < std::tie(b.at.line, b.at.column, b.message);
  });
  std::string message = errors_.front().message;
  for (auto one = errors_.begin() + 1; one != errors_.end(); ++one)
    message += "\n" + where(*one) + ": " + one->message;
  return invalid(std::move(message), where(errors_.front()));
}

void MappingReader::each_key(const toml::table &table, std::string_view what, const Takers &takers) {
  Names known;
  for (const auto &[key, take] : takers) known.push_back(key);
  for (const auto &[key, node] : table) {
    const auto taker =
        std::find_if(takers.begin(), takers.end(), [&](const auto &one) { return one.first == key.str(); });
    if (taker != takers.end()) {
      taker->second(node);
      continue;
    }
    const std::string_view nearest = nearest_name(key.str(), known);
    add(key.source(), "unknown key " + in_quotes(key.str()) + " in " + std::string(what) +
                          (nearest.empty() ? ". " : "; did you mean " + in_quotes(nearest) + "? ") +
                          "Known keys: " + listed_keys(known));
  }
}

void MappingReader::take_text(const toml::node &node,
                              const std::function<Result<void>(const std::string &)> &use) {
  const auto text = node.value_exact<std::string>();
  if (!text) return add(node.source(), "a text in quotes is expected here");
  if (const Result<void> used = use(*text); used.has_error()) add(node.source(), used.error().message);
}

void MappingReader::take_texts(const toml::node &node,
                               const std::function<Result<void>(const std::string &)> &use) {
  const toml::array *array = node.as_array();
  if (array == nullptr) return take_text(node, use);
  for (const toml::node &one : *array) take_text(one, use);
}

void MappingReader::take_flag(const toml::node &node, bool &flag) {
  const auto value = node.value_exact<bool>();
  if (!value) return add(node.source(), "true or false is expected here");
  flag = *value;
}

void MappingReader::take_integer(const toml::node &node, std::int64_t low, std::int64_t high,
                                 const std::function<void(std::int64_t)> &use) {
  const auto value = node.value_exact<std::int64_t>();
  if (!value || *value < low || *value > high)
    return add(node.source(), "a whole number from " + std::to_string(low) + " to " + std::to_string(high) +
                                  " is expected here");
  use(*value);
}

void MappingReader::take_table(const toml::node &node, const std::function<void(const toml::table &)> &use) {
  const toml::table *table = node.as_table();
  if (table == nullptr) return add(node.source(), "a table is expected here");
  use(*table);
}

Result<char> separator_named(const std::string &text) {
  if (text == "tab" || text == "\t") return '\t';
  if (text == "," || text == ";" || text == "|") return text[0];
  return invalid("unknown separator " + in_quotes(text) + R"(; known are ",", ";", "tab" and "|")");
}

Result<char> quote_named(const std::string &text) {
  if (text == "none" || text.empty()) return '\0';
  if (text == "\"" || text == "'") return text[0];
  return invalid("unknown quote " + in_quotes(text) + R"(; known are "\"", "'" and "none")");
}

void MappingReader::read(const toml::table &root) {
  const auto kind_taker = [&](ImportKind kind) {
    return [this, kind](const toml::node &node) {
      take_table(node, [&](const toml::table &table) { read_kind(kind, table); });
    };
  };
  each_key(
      root, "a mapping",
      {{"description",
        [&](const toml::node &node) { take_text(node, [](auto &) { return Result<void>{}; }); }},
       {"separator",
        [&](const toml::node &node) {
          take_text(node, [&](const std::string &text) -> Result<void> {
            const Result<char> separator = separator_named(text);
            if (separator.has_error()) return separator.error();
            mapping_.format.separator = *separator;
            return {};
          });
        }},
       {"quote",
        [&](const toml::node &node) {
          take_text(node, [&](const std::string &text) -> Result<void> {
            const Result<char> quote = quote_named(text);
            if (quote.has_error()) return quote.error();
            mapping_.format.quote = *quote;
            return {};
          });
        }},
       {"encoding",
        [&](const toml::node &node) {
          take_text(node, [&](const std::string &text) -> Result<void> {
            const Result<Encoding> encoding = encoding_named(text);
            if (encoding.has_error()) return encoding.error();
            mapping_.format.encoding = *encoding;
            return {};
          });
        }},
       {"header", [&](const toml::node &node) { take_flag(node, mapping_.has_header); }},
       {"skip_lines",
        [&](const toml::node &node) {
          take_integer(node, 0, kSkipLinesMax,
                       [&](std::int64_t n) { mapping_.skip_lines = static_cast<std::size_t>(n); });
        }},
       {"currency",
        [&](const toml::node &node) {
          take_text(node, [&](const std::string &text) -> Result<void> {
            const Result<domain::Currency> currency = domain::Currency::parse(text);
            if (currency.has_error()) return currency.error();
            mapping_.currency = *currency;
            return {};
          });
        }},
       {"numbers",
        [&](const toml::node &node) { take_table(node, [&](auto &table) { read_numbers(table); }); }},
       {"dates", [&](const toml::node &node) { take_table(node, [&](auto &table) { read_dates(table); }); }},
       {"debtors", kind_taker(ImportKind::debtors)},
       {"invoices", kind_taker(ImportKind::invoices)},
       {"payments", kind_taker(ImportKind::payments)}});
  check_whole();
}

void MappingReader::read_numbers(const toml::table &table) {
  NumberStyle &numbers = mapping_.numbers;
  each_key(table, "[numbers]",
           {{"decimal",
             [&](const toml::node &node) {
               take_text(node, [&](const std::string &text) -> Result<void> {
                 if (text != "." && text != ",") return invalid(R"(the decimal separator is "." or ",")");
                 numbers.decimal = text;
                 return {};
               });
             }},
            {"thousands",
             [&](const toml::node &node) {
               take_text(node, [&](const std::string &text) -> Result<void> {
                 if (!text.empty() && text != "." && text != "," && text != " " && text != "'")
                   return invalid(R"(the thousands separator is "", ".", ",", " " or "'")");
                 numbers.thousands = text;
                 return {};
               });
             }},
            {"negative",
             [&](const toml::node &node) {
               numbers.leading_minus = numbers.trailing_minus = numbers.parentheses = false;
               take_texts(node, [&](const std::string &text) -> Result<void> {
                 if (text == "leading")
                   numbers.leading_minus = true;
                 else if (text == "trailing")
                   numbers.trailing_minus = true;
                 else if (text == "parentheses")
                   numbers.parentheses = true;
                 else
                   return invalid("unknown way to write a minus " + in_quotes(text) +
                                  R"(; known are "leading", "trailing" and "parentheses")");
                 return {};
               });
             }},
            {"symbols", [&](const toml::node &node) {
               take_texts(node, [&](const std::string &text) -> Result<void> {
                 if (text.empty() || text.find_first_of("0123456789+-()'\" ") != std::string::npos ||
                     text.find_first_not_of(".,") == std::string::npos)
                   return invalid("a symbol is a currency's sign or code, such as \"€\"");
                 numbers.symbols.push_back(text);
                 return {};
               });
             }}});
  if (numbers.decimal == numbers.thousands)
    add(table.source(), "decimal and thousands cannot be the same character");
}

void MappingReader::read_dates(const toml::table &table) {
  DateStyles &dates = mapping_.dates;
  each_key(table, "[dates]",
           {{"styles",
             [&](const toml::node &node) {
               dates.styles.clear();
               take_texts(node, [&](const std::string &text) -> Result<void> {
                 Result<DateStyle> style = DateStyle::parse(text);
                 if (style.has_error()) return style.error();
                 for (const DateStyle &other : dates.styles)
                   if (style->is_confusable_with(other))
                     return invalid("a date could be read as " + in_quotes(other.pattern()) + " and as " +
                                    in_quotes(text) + "; keep one");
                 dates.styles.push_back(std::move(*style));
                 return {};
               });
               if (dates.styles.empty() && errors_.empty())
                 add(node.source(), "at least one date style is needed");
             }},
            {"pivot", [&](const toml::node &node) {
               take_integer(node, 0, 100, [&](std::int64_t n) { dates.pivot = static_cast<int>(n); });
             }}});
}

void MappingReader::read_kind(ImportKind kind, const toml::table &table) {
  KindMapping &mapped = mapping_.kinds[static_cast<std::size_t>(kind)];
  const std::string section(name_of(kind));
  const auto fields = fields_of(kind);
  const auto each_field = [&](const toml::node &node, const std::string &what, auto &&use) {
    take_table(node, [&](const toml::table &inner) {
      Takers takers;
      for (std::size_t i = 0; i < fields.size(); ++i)
        takers.emplace_back(fields[i].name, [&, i](const toml::node &one) { use(mapped.fields[i], one); });
      each_key(inner, "[" + section + "." + what + "]", takers);
    });
  };
  each_key(table, "[" + section + "]",
           {{"columns",
             [&](const toml::node &node) {
               each_field(node, "columns",
                          [&](FieldSource &source, const toml::node &one) { read_column(source, one); });
             }},
            {"constants",
             [&](const toml::node &node) {
               each_field(node, "constants", [&](FieldSource &source, const toml::node &one) {
                 take_text(one, [&](const std::string &text) -> Result<void> {
                   if (!source.columns.empty() || source.number > 0)
                     return invalid(
                         "this field has a column already; a constant is for fields that the file lacks");
                   source.constant = text;
                   return {};
                 });
               });
             }},
            {"translations",
             [&](const toml::node &node) {
               each_field(node, "translations", [&](FieldSource &source, const toml::node &one) {
                 take_table(one, [&](const toml::table &words) {
                   for (const auto &[word, meaning] : words)
                     take_text(meaning,
                               [&, key = std::string(word.str())](const std::string &text) -> Result<void> {
                                 source.translations[key] = text;
                                 return {};
                               });
                 });
               });
             }},
            {"ignore", [&](const toml::node &node) {
               take_texts(node, [&](const std::string &text) -> Result<void> {
                 mapped.ignored.push_back(text);
                 return {};
               });
             }}});
}

void MappingReader::read_column(FieldSource &source, const toml::node &node) {
  if (source.constant) return add(node.source(), "this field has a constant already; keep one of the two");
  if (node.is_integer())
    return take_integer(node, 1, kCsvColumnsMax,
                        [&](std::int64_t n) { source.number = static_cast<std::size_t>(n); });
  take_texts(node, [&](const std::string &text) -> Result<void> {
    if (text.empty())
      return invalid("a column's name cannot be empty; leave the key out where the file has no such column");
    source.columns.push_back(text);
    return {};
  });
}

/// What no single key can be wrong about.
void MappingReader::check_whole() {
  for (std::size_t k = 0; k < kImportKinds; ++k) {
    const auto fields = fields_of(static_cast<ImportKind>(k));
    const std::string section(name_of(static_cast<ImportKind>(k)));
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const FieldSource &source = mapping_.kinds[k].fields[i];
      const std::string key = section + ".columns." + std::string(fields[i].name);
      if (!mapping_.has_header && !source.columns.empty())
        errors_.push_back({{}, key + " names a column but header = false: give its number, from 1"});
      if (mapping_.has_header && source.number > 0)
        errors_.push_back({{}, key + " is a number but header = true: give the column's name"});
    }
  }
}

}  // namespace

Mapping plain_mapping() {
  Mapping mapping;
  mapping.dates.styles.push_back(DateStyle::parse("yyyy-mm-dd").value());
  for (std::size_t k = 0; k < kImportKinds; ++k)
    mapping.kinds[k].fields.resize(fields_of(static_cast<ImportKind>(k)).size());
  return mapping;
}

Result<Mapping> parse_mapping(std::string_view text, std::string_view name) {
  Mapping mapping = plain_mapping();
  mapping.name = name;
  try {
    const toml::table root = toml::parse(text, name);
    MappingReader reader(mapping, std::string(name));
    reader.read(root);
    if (auto error = reader.error()) return *error;
  } catch (const toml::parse_error &error) {
    const toml::source_position at = error.source().begin;
    return invalid(std::string(error.description()),
                   std::string(name) + ":" + std::to_string(at.line) + ":" + std::to_string(at.column));
  }
  return mapping;
}

Result<Mapping> load_mapping(const std::filesystem::path &file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return not_found("the mapping " + file.string() + " cannot be opened");
  std::string text(kMappingBytesMax + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad()) return unavailable("the mapping " + file.string() + " cannot be read");
  if (text.size() > kMappingBytesMax)
    return invalid("a mapping has at most " + std::to_string(kMappingBytesMax) + " bytes", file.string());
  return parse_mapping(text, file.string());
}

}  // namespace relance::intake
