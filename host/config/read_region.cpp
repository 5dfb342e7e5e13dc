// regions/*.toml: whose holidays, whose clock, when people may be contacted, and by which providers.
#include "host/config/draft.hpp"

#include <algorithm>
#include <charconv>

namespace relance::config {

namespace {

using domain::DayHours;
using domain::MinuteRange;
using domain::WeekHours;

/// Sunday first, as WeekHours counts.
constexpr std::array<std::string_view, 7> kDays{"sunday",   "monday", "tuesday", "wednesday",
                                                "thursday", "friday", "saturday"};
constexpr std::size_t kSunday{0}, kSaturday{6};

}  // namespace

int day_index(std::string_view name) {
  const auto found = std::ranges::find(kDays, name);
  return found == kDays.end() ? -1 : static_cast<int>(found - kDays.begin());
}

std::span<const std::string_view> day_names() {
  return kDays;
}

int parse_minute(std::string_view text) {
  const auto two = [](std::string_view digits) {
    int value{-1};
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc{} && end == digits.data() + digits.size() ? value : -1;
  };
  if (text.size() != 5 || text[2] != ':') return -1;
  const int hour{two(text.substr(0, 2))}, minute{two(text.substr(3))};
  if (hour < 0 || minute < 0 || minute > 59 || hour > 24 || (hour == 24 && minute > 0)) return -1;
  return hour * 60 + minute;
}

namespace {

/// "08:00-12:00, 14:00-18:30"; "closed" is no hours, "always" the whole day.
Result<DayHours> parse_hours(std::string_view text) {
  constexpr std::string_view kHint{
      "; write \"08:00-20:00\", \"08:00-12:00, 14:00-18:00\", \"always\" or \"closed\""};
  DayHours hours;
  if (text == "closed") return hours;
  if (text == "always") {
    hours.push_back({0, 1440});
    return hours;
  }
  std::size_t begin{0};
  while (begin <= text.size()) {
    const auto end = std::min(text.find(',', begin), text.size());
    auto range = text.substr(begin, end - begin);
    while (range.starts_with(' ')) range.remove_prefix(1);
    while (range.ends_with(' ')) range.remove_suffix(1);
    const MinuteRange minutes{parse_minute(range.substr(0, std::min<std::size_t>(5, range.size()))),
                              range.size() == 11 && range[5] == '-' ? parse_minute(range.substr(6)) : -1};
    if (minutes.from < 0 || minutes.until < 0)
      return invalid('"' + std::string{range} + "\" is no time of day" + std::string{kHint});
    if (minutes.from >= minutes.until)
      return invalid('"' + std::string{range} + "\" ends before it begins" + std::string{kHint});
    if (!hours.empty() && minutes.from < hours.back().until)
      return invalid('"' + std::string{range} +
                     "\" overlaps the hours before it; order them and keep them apart");
    if (hours.size() == domain::kRangesPerDayMax) return invalid("a day has more than 8 stretches of hours");
    hours.push_back(minutes);
    begin = end + 1;
  }
  return hours;
}

constexpr std::size_t kListedMax{100};  ///< providers of one channel in one region

class RegionReader {
 public:
  RegionReader(Draft &draft, const Document &document)
      : draft_{draft}, root_{document, document.root, draft.issues} {}

  void read(std::string_view stem) {
    const auto id = root_.id("id", stem);
    id_ = id.text;
    auto name = root_.text("name", id.text);
    const auto country = root_.required("country", "\"FR\"");
    auto language = root_.text("language");
    if (!language.empty() && !is_language(language))
      draft_.issues.error(
          root_.at("language"),
          '"' + language + "\" is no language; write two small letters, such as \"fr\" or \"fr-BE\"");
    else if (!language.empty())
      draft_.mentions.push_back({Mentioned::language, language, root_.at("language"), {}, "region " + id_});
    const auto calendar = read_calendar(country);
    const auto zone = read_zone();
    const auto hours = read_window();
    auto providers = read_providers();
    root_.finish();
    if (id_.empty() || !define(draft_, draft_.regions, "region", id_, id.at) || !calendar || !zone) return;
    const auto window = domain::ContactWindow::make(*zone, *calendar, hours, closed_on_holidays_);
    if (!window) {
      draft_.issues.error(root_.at("contact"), window.error().message);
      return;
    }
    draft_.configuration.regions.push_back(Region{id_, std::move(name), country.text, std::move(language),
                                                  *calendar, *zone, *window, std::move(providers)});
  }

 private:
  std::optional<domain::Calendar> read_calendar(const Located &country) {
    const auto subdivision = root_.text("subdivision");
    const auto at = subdivision.empty() ? country.at : root_.at("subdivision");
    const auto code = root_.text("calendar");
    if (country.text.empty()) return std::nullopt;
    if (!is_country(country.text)) {
      draft_.issues.error(country.at, '"' + country.text +
                                          "\" is no country code; write two capital letters, such as \"FR\"");
      return std::nullopt;
    }
    const auto calendar =
        code.empty() ? domain::Calendar::of(country.text, subdivision) : domain::Calendar::parse(code);
    if (calendar) return *calendar;
    draft_.issues.error(
        code.empty() ? at : root_.at("calendar"),
        calendar.error().message + "; or name the holidays to use with calendar = \"TARGET2\"");
    return std::nullopt;
  }

  std::optional<domain::Zone> read_zone() {
    const auto name = root_.required("time_zone", "\"Europe/Paris\"");
    if (name.text.empty()) return std::nullopt;
    const auto zone = domain::Zone::of(name.text);
    if (zone) return *zone;
    draft_.issues.error(name.at, zone.error().message);
    return std::nullopt;
  }

  /// Default: the strict French rule for every country that has none of its own, Monday to Saturday 08:00 to
  /// 20:00.
  WeekHours read_window() {
    WeekHours week;
    const auto set = [&week](std::size_t day, const DayHours &hours) { week[day] = hours; };
    for (std::size_t day{0}; day < kDays.size(); ++day)
      if (day != kSunday) set(day, DayHours{{8 * 60, 20 * 60}});
    auto table = root_.table("contact");
    if (!table) return week;
    if (const auto hours = hours_of(*table, "workdays"))
      for (std::size_t day{kSunday + 1}; day < kSaturday; ++day) set(day, *hours);
    for (std::size_t day{0}; day < kDays.size(); ++day)
      if (const auto hours = hours_of(*table, kDays[day])) set(day, *hours);
    closed_on_holidays_ = !table->flag("public_holidays", false);
    table->finish();
    return week;
  }

  std::optional<DayHours> hours_of(Section &table, std::string_view key) {
    if (!table.has(key)) return std::nullopt;
    const auto text = table.required(key, "\"08:00-20:00\"");
    if (text.text.empty()) return std::nullopt;
    const auto hours = parse_hours(text.text);
    if (hours) return *hours;
    draft_.issues.error(text.at, hours.error().message);
    return std::nullopt;
  }

  using Providers = std::vector<std::pair<std::string, std::vector<RegionProvider>>>;
  Providers read_providers() {
    Providers providers;
    auto table = root_.table("providers");
    if (!table) return providers;
    for (const auto &entry : table->value().table) {
      if (!is_known_channel(entry.key) || entry.key == "task") {
        draft_.issues.error({table->document().file, entry.line, entry.column},
                            "there is no channel \"" + entry.key + "\" with providers" +
                                suggestion(entry.key, provider_channels()));
        continue;
      }
      providers.emplace_back(entry.key, read_list(*table, entry.key, entry.value));
    }
    return providers;
  }

  /// In order; an inner list holds those that share the messages.
  std::vector<RegionProvider> read_list(Section &table, const std::string &channel, const Value &list) {
    std::vector<RegionProvider> read;
    const auto at = table.at(list);
    if (list.kind != ValueKind::list || list.list.size() > kListedMax) {
      draft_.issues.error(at, '"' + channel + "\" must be a list of at most 100 providers; write " + channel +
                                  " = [\"first\", \"second\"]");
      return read;
    }
    for (std::uint32_t rank{0}; const auto &element : list.list) {
      if (element.kind == ValueKind::list) {
        if (element.list.size() > kListedMax)
          draft_.issues.error(table.at(element), "more than 100 providers share one place");
        else
          for (const auto &one : element.list) read_entry(table, channel, one, rank, true, read);
      } else {
        read_entry(table, channel, element, rank, false, read);
      }
      ++rank;
    }
    return read;
  }

  /// "a", or { id = "a", … }.
  void read_entry(Section &table, const std::string &channel, const Value &value, std::uint32_t rank,
                  bool is_shared, std::vector<RegionProvider> &read) {
    RegionProvider entry;
    entry.rank = rank;
    auto at = table.at(value);
    if (value.kind == ValueKind::text) {
      entry.id = value.text;
    } else if (value.kind == ValueKind::table) {
      Section one{table.document(), value, draft_.issues};
      const auto id = one.required("id", "\"my-provider\"");
      entry.id = id.text;
      at = id.at;
      if (one.has("weight") && !is_shared)
        draft_.issues.error(one.at("weight"),
                            "a weight means something only among providers that share the messages: write an "
                            "inner list, [ { id = \"a\", weight = 3 }, { id = \"b\", weight = 1 } ]");
      entry.weight = static_cast<std::uint32_t>(one.integer("weight", 1, {1, 1000}));
      entry.prefixes = read_prefixes(one, channel);
      entry.domains = read_domains(one, channel);
      one.finish();
    } else {
      draft_.issues.error(at,
                          "a provider of a region is its id, or a table such as { id = \"a\", prefixes = "
                          "[\"+33\"] }, or a list of those that share the messages");
      return;
    }
    if (entry.id.empty()) return;
    draft_.mentions.push_back({Mentioned::provider, entry.id, at, channel, "region " + id_});
    const bool is_twice{std::ranges::find(read, entry.id, &RegionProvider::id) != read.end()};
    if (is_twice)
      draft_.issues.error(at, "provider \"" + entry.id + "\" is listed twice");
    else
      read.push_back(std::move(entry));
  }

  std::vector<std::string> read_prefixes(Section &one, const std::string &channel) {
    std::vector<std::string> prefixes;
    for (const auto &prefix : one.texts("prefixes")) {
      const auto digits = std::string_view{prefix.text}.substr(prefix.text.starts_with('+') ? 1 : 0);
      constexpr std::size_t kDigitsMax{15};  // E.164
      if (channel != "sms" && channel != "fax")
        draft_.issues.error(prefix.at,
                            "recipients of channel \"" + channel + "\" have no number; drop prefixes");
      else if (!prefix.text.starts_with('+') || digits.empty() || digits.size() > kDigitsMax ||
               !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; }))
        draft_.issues.error(prefix.at, '"' + prefix.text +
                                           "\" is no beginning of a number; write \"+33\" or "
                                           "\"+336\"");
      else
        prefixes.push_back(prefix.text);
    }
    return prefixes;
  }

  std::vector<std::string> read_domains(Section &one, const std::string &channel) {
    std::vector<std::string> domains;
    for (const auto &domain : one.texts("domains")) {
      auto name = std::string_view{domain.text};
      if (name.starts_with("*.")) name.remove_prefix(2);
      constexpr std::size_t kNameMax{253};
      const bool is_name{!name.empty() && name.size() <= kNameMax &&
                         name.find('.') != std::string_view::npos && !name.starts_with('.') &&
                         !name.ends_with('.') && std::ranges::all_of(name, [](char c) {
                           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
                         })};
      if (channel != "email" && channel != "lre")
        draft_.issues.error(domain.at,
                            "recipients of channel \"" + channel + "\" have no domain; drop domains");
      else if (!is_name)
        draft_.issues.error(domain.at, '"' + domain.text +
                                           "\" is no domain; write \"example.fr\", or "
                                           "\"*.example.fr\" for all below it, in small letters");
      else
        domains.push_back(domain.text);
    }
    return domains;
  }

  Draft &draft_;
  Section root_;
  std::string id_;
  bool closed_on_holidays_{true};
};

}  // namespace

void read_region(Draft &draft, const Document &document, std::string_view stem) {
  RegionReader{draft, document}.read(stem);
}

}  // namespace relance::config
