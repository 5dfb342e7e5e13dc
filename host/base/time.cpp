// Text forms of dates and instants (ISO 8601 / RFC 3339).
#include "host/base/time.hpp"

#include <charconv>
#include <cstdio>

namespace relance {
namespace {

using namespace std::chrono;

/// Exactly `width` decimal digits at `at`, or -1.
int digits(std::string_view text, std::size_t at, std::size_t width) {
  if (at + width > text.size()) return -1;
  int value{0};
  for (std::size_t i{at}; i < at + width; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

Error bad_instant(std::string_view text) {
  return invalid("'" + std::string(text) + "' is not a time; write it as 2026-11-22T08:30:00Z");
}

}  // namespace

std::string format_date(CivilDate date) {
  const year_month_day ymd{date};
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02u", static_cast<int>(ymd.year()),
                static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()));
  return buffer;
}

Result<CivilDate> parse_date(std::string_view text) {
  const int y{digits(text, 0, 4)}, m{digits(text, 5, 2)}, d{digits(text, 8, 2)};
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' || y < 1 || m < 0 || d < 0)
    return invalid("'" + std::string(text) + "' is not a date; write it as 2026-11-22");
  const year_month_day ymd{year{y}, month{static_cast<unsigned>(m)}, day{static_cast<unsigned>(d)}};
  if (!ymd.ok()) return invalid("'" + std::string(text) + "' is not a day of the calendar");
  return CivilDate{ymd};
}

std::string format_instant(Instant at) {
  const auto midnight = floor<Days>(at);
  const hh_mm_ss clock{at - midnight};
  char buffer[48];
  int used =
      std::snprintf(buffer, sizeof buffer, "T%02d:%02d:%02d", static_cast<int>(clock.hours().count()),
                    static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  if (const auto ms = clock.subseconds().count(); ms != 0)
    used += std::snprintf(buffer + used, sizeof buffer - static_cast<std::size_t>(used), ".%03d",
                          static_cast<int>(ms));
  return format_date(CivilDate{midnight.time_since_epoch()}) +
         std::string(buffer, static_cast<std::size_t>(used)) + "Z";
}

Result<Instant> parse_instant(std::string_view text) {
  if (text.size() < 20 || (text[10] != 'T' && text[10] != 't')) return bad_instant(text);
  const auto date = parse_date(text.substr(0, 10));
  const int h{digits(text, 11, 2)}, m{digits(text, 14, 2)}, s{digits(text, 17, 2)};
  if (!date || text[13] != ':' || text[16] != ':' || h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60)
    return bad_instant(text);
  std::size_t at{19};
  int ms{0};
  if (text[at] == '.') {
    int scale{100};
    const std::size_t first{++at};
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
      ms += (text[at] - '0') * scale;
    if (at == first) return bad_instant(text);
  }
  const auto local =
      sys_days{date->time_since_epoch()} + hours{h} + minutes{m} + seconds{s} + Milliseconds{ms};
  const std::string_view zone{text.substr(at)};
  if (zone == "Z" || zone == "z") return Instant{local};
  const int zh{digits(zone, 1, 2)}, zm{digits(zone, 4, 2)};
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':' || zh < 0 || zh > 23 ||
      zm < 0 || zm > 59)
    return bad_instant(text);
  const auto offset = hours{zh} + minutes{zm};
  return Instant{zone[0] == '+' ? local - offset : local + offset};
}

}  // namespace relance
