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

/// "08:30" → 510, -1 when it is none; "24:00" is the end of the day.
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

  std::vector<std::pair<std::string, std::vector<std::string>>> read_providers() {
    std::vector<std::pair<std::string, std::vector<std::string>>> providers;
    auto table = root_.table("providers");
    if (!table) return providers;
    for (const auto &entry : table->value().table) {
      if (!is_known_channel(entry.key) || entry.key == "task") {
        draft_.issues.error({table->document().file, entry.line, entry.column},
                            "there is no channel \"" + entry.key + "\" with providers" +
                                suggestion(entry.key, provider_channels()));
        continue;
      }
      std::vector<std::string> ids;
      for (const auto &id : table->texts(entry.key)) {
        if (std::ranges::find(ids, id.text) != ids.end())
          draft_.issues.error(id.at, "provider \"" + id.text + "\" is listed twice");
        else
          ids.push_back(id.text);
        draft_.mentions.push_back({Mentioned::provider, id.text, id.at, entry.key, "region " + id_});
      }
      providers.emplace_back(entry.key, std::move(ids));
    }
    return providers;
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
