// Typed reading of one table.
#include "host/config/section.hpp"

#include <algorithm>
#include <charconv>

namespace relance::config {

namespace {

constexpr std::string_view kDaysHint{"write \"7d\" for days or \"5bd\" for business days"};

/// In the largest unit that divides it: "10m".
std::string in_words(Milliseconds duration) {
  static constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> kUnits{
      {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}}};
  for (const auto &[unit, ms] : kUnits)
    if (duration.count() > 0 && duration.count() % ms == 0)
      return std::to_string(duration.count() / ms) + std::string{unit};
  return std::to_string(duration.count()) + "ms";
}

std::string in_quotes(std::string_view text) {
  return '"' + std::string{text} + '"';
}

}  // namespace

std::span<const std::string_view> known_channels() {
  static constexpr std::array<std::string_view, 6> kChannels{"email", "sms", "fax", "lre", "postal", "task"};
  return kChannels;
}

std::span<const std::string_view> provider_channels() {
  return known_channels().first(known_channels().size() - 1);
}

bool is_known_channel(std::string_view channel) {
  return std::ranges::find(known_channels(), channel) != known_channels().end();
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kIdBytesMax && text.front() != '-' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_';
         });
}

Result<domain::DayCount> parse_days(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+'))
    return invalid(in_quotes(text) +
                   " is signed; a number of days has no sign: say before = \"7d\" or after = \"7d\"");
  std::int32_t count{0};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit{end, static_cast<std::size_t>(text.data() + text.size() - end)};
  if (error != std::errc{} || (unit != "d" && unit != "bd"))
    return invalid(in_quotes(text) + " is no number of days; " + std::string{kDaysHint});
  if (count > kDaysMax)
    return invalid(in_quotes(text) + " is more than " + std::to_string(kDaysMax) + " days");
  return domain::DayCount{count, unit == "bd" ? domain::DayKind::business : domain::DayKind::civil};
}

Result<Milliseconds> parse_duration(std::string_view text) {
  std::int64_t count{0};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit{end, static_cast<std::size_t>(text.data() + text.size() - end)};
  static constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> kUnits{
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  const auto *known = std::ranges::find(kUnits, unit, [](const auto &pair) { return pair.first; });
  constexpr std::int64_t kMostMs{std::int64_t{kDaysMax} * 86'400'000};
  if (error != std::errc{} || known == kUnits.end() || count < 0)
    return invalid(in_quotes(text) + " is no duration; write \"250ms\", \"30s\", \"15m\", \"12h\" or \"7d\"");
  if (count > kMostMs / known->second) return invalid(in_quotes(text) + " is more than ten years");
  return Milliseconds{count * known->second};
}

const Value *Section::find(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end()) known_.push_back(key);
  const auto entry = std::ranges::find(table_->table, key, &Entry::key);
  return entry == table_->table.end() ? nullptr : &entry->value;
}

Position Section::at(std::string_view key) const {
  const auto entry = std::ranges::find(table_->table, key, &Entry::key);
  return entry == table_->table.end() ? at() : at(entry->value);
}

bool Section::is_kind(const Value &value, std::string_view key, ValueKind kind, std::string_view example) {
  if (value.kind == kind) return true;
  std::string message{in_quotes(key) + " is " + std::string{name_of(value.kind)} + ", but must be " +
                      std::string{name_of(kind)}};
  if (!example.empty()) message += "; write " + std::string{key} + " = " + std::string{example};
  issues_->error(at(value), std::move(message));
  return false;
}

std::string Section::text(std::string_view key, std::string fallback) {
  const auto *value = find(key);
  if (value == nullptr || !is_kind(*value, key, ValueKind::text, "\"…\"")) return fallback;
  if (value->text.size() > kTextBytesMax) {
    issues_->error(at(*value), in_quotes(key) + " has " + std::to_string(value->text.size()) +
                                   " bytes, more than " + std::to_string(kTextBytesMax));
    return fallback;
  }
  // Names and addresses of the configuration end up in headers and logs.
  if (std::ranges::any_of(value->text,
                          [](char c) { return static_cast<unsigned char>(c) < 0x20U || c == 0x7f; })) {
    issues_->error(at(*value), in_quotes(key) + " holds a control character; write it on one line");
    return fallback;
  }
  return value->text;
}

Located Section::required(std::string_view key, std::string_view example) {
  if (!has(key)) {
    issues_->error(at(), "\"" + std::string{key} + "\" is missing; write " + std::string{key} + " = " +
                             std::string{example});
    return {{}, at()};
  }
  Located located{text(key), at(key)};
  const auto *value = find(key);
  if (located.text.empty() && value->kind == ValueKind::text && value->text.empty())
    issues_->error(located.at,
                   in_quotes(key) + " is empty; write " + std::string{key} + " = " + std::string{example});
  return located;
}

Located Section::id(std::string_view key, std::string_view fallback) {
  if (!has(key) && !fallback.empty()) return {std::string{fallback}, at()};
  auto located = required(key, "\"my-id\"");
  if (!located.text.empty() && !is_id(located.text)) {
    issues_->error(located.at, in_quotes(located.text) + " cannot be an id; use 1 to " +
                                   std::to_string(kIdBytesMax) + " letters, digits, '-' and '_'");
    located.text.clear();
  }
  return located;
}

std::int64_t Section::integer(std::string_view key, std::int64_t fallback, Range range) {
  const auto *value = find(key);
  if (value == nullptr || !is_kind(*value, key, ValueKind::integer, std::to_string(fallback)))
    return fallback;
  if (value->integer >= range.least && value->integer <= range.most) return value->integer;
  issues_->error(at(*value), in_quotes(key) + " is " + std::to_string(value->integer) +
                                 ", but must be from " + std::to_string(range.least) + " to " +
                                 std::to_string(range.most));
  return fallback;
}

bool Section::flag(std::string_view key, bool fallback) {
  const auto *value = find(key);
  if (value == nullptr || !is_kind(*value, key, ValueKind::boolean, fallback ? "true" : "false"))
    return fallback;
  return value->boolean;
}

std::vector<Located> Section::texts(std::string_view key, std::size_t count_max) {
  std::vector<Located> found;
  const auto *value = find(key);
  if (value == nullptr || !is_kind(*value, key, ValueKind::list, "[\"…\"]")) return found;
  if (value->list.size() > count_max) {
    issues_->error(at(*value), in_quotes(key) + " lists " + std::to_string(value->list.size()) +
                                   ", more than " + std::to_string(count_max));
    return found;
  }
  for (const auto &element : value->list) {
    if (element.kind != ValueKind::text) {
      issues_->error(at(element), "an element of " + in_quotes(key) + " is " +
                                      std::string{name_of(element.kind)} + ", but must be a text; write " +
                                      std::string{key} + " = [\"…\"]");
    } else if (element.text.size() > kTextBytesMax || std::ranges::any_of(element.text, [](char c) {
                 return static_cast<unsigned char>(c) < 0x20U;
               })) {
      issues_->error(at(element),
                     "an element of " + in_quotes(key) + " is too long or holds a control character");
    } else {
      found.push_back({element.text, at(element)});
    }
  }
  return found;
}

std::optional<domain::DayCount> Section::days(std::string_view key) {
  const auto *value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind != ValueKind::text) {
    const bool is_signed{value->kind == ValueKind::integer && value->integer < 0};
    issues_->error(at(*value),
                   in_quotes(key) + " is " + std::string{name_of(value->kind)} + "; " +
                       (is_signed ? "a number of days has no sign: say before = \"7d\" or after = \"7d\""
                                  : std::string{kDaysHint}));
    return std::nullopt;
  }
  const auto days = parse_days(value->text);
  if (days) return *days;
  issues_->error(at(*value), days.error().message);
  return std::nullopt;
}

Milliseconds Section::duration(std::string_view key, Milliseconds fallback, Milliseconds least,
                               Milliseconds most) {
  const auto *value = find(key);
  if (value == nullptr || !is_kind(*value, key, ValueKind::text, "\"30s\"")) return fallback;
  const auto found = parse_duration(value->text);
  if (!found) {
    issues_->error(at(*value), found.error().message);
  } else if (*found < least || *found > most) {
    issues_->error(at(*value), in_quotes(key) + " is " + in_quotes(value->text) + ", but must be from " +
                                   in_words(least) + " to " + std::to_string(most.count()) + "ms");
  } else {
    return *found;
  }
  return fallback;
}

std::size_t Section::choice(std::string_view key, std::size_t fallback,
                            std::span<const std::string_view> names) {
  const auto *value = find(key);
  if (value == nullptr || !is_kind(*value, key, ValueKind::text, in_quotes(names[fallback]))) return fallback;
  const auto found = std::ranges::find(names, value->text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  issues_->error(at(*value),
                 in_quotes(key) + " cannot be " + in_quotes(value->text) + suggestion(value->text, names));
  return fallback;
}

std::optional<Section> Section::table(std::string_view key) {
  const auto *value = find(key);
  if (value == nullptr || !is_kind(*value, key, ValueKind::table, {})) return std::nullopt;
  return Section{*document_, *value, *issues_};
}

std::vector<Section> Section::tables(std::string_view key, std::size_t count_max) {
  std::vector<Section> found;
  const auto *value = find(key);
  if (value == nullptr) return found;
  if (value->kind != ValueKind::list || std::ranges::any_of(value->list, [](const Value &element) {
        return element.kind != ValueKind::table;
      })) {
    issues_->error(at(*value), in_quotes(key) + " must be a list of tables; write [[" + std::string{key} +
                                   "]] before each");
    return found;
  }
  if (value->list.size() > count_max) {
    issues_->error(at(*value), "there are " + std::to_string(value->list.size()) + " [[" + std::string{key} +
                                   "]], more than " + std::to_string(count_max));
    return found;
  }
  for (const auto &element : value->list) found.push_back(Section{*document_, element, *issues_});
  return found;
}

void Section::finish() {
  for (const auto &entry : table_->table)
    if (std::ranges::find(known_, entry.key) == known_.end())
      issues_->error({document_->file, entry.line, entry.column},
                     "unknown key " + in_quotes(entry.key) + suggestion(entry.key, known_));
}

}  // namespace relance::config
