#include "host/intake/date_style.hpp"

#include <algorithm>

namespace relance::intake {
namespace {

bool is_ascii_digit(char c) {
  return c >= '0' && c <= '9';
}

/// "" or midnight: " 00:00", "T00:00:00.000", with a Z or without.
bool is_midnight_or_nothing(std::string_view rest) {
  if (rest.empty()) return true;
  if (rest.front() != ' ' && rest.front() != 'T') return false;
  rest.remove_prefix(1);
  if (rest.ends_with('Z')) rest.remove_suffix(1);
  return rest.starts_with("00:00") && rest.find_first_not_of("0:.") == std::string_view::npos;
}

bool looks_like_time(std::string_view rest) {
  return rest.size() >= 5 && (rest[0] == ' ' || rest[0] == 'T') && is_ascii_digit(rest[1]) &&
         rest.find(':') != std::string_view::npos;
}

}  // namespace

Result<DateStyle> DateStyle::parse(std::string_view pattern) {
  DateStyle style;
  style.pattern_ = pattern;
  std::size_t read_to = 0;
  while (read_to < pattern.size()) {
    const char kind = pattern[read_to];
    if (kind != 'd' && kind != 'm' && kind != 'y') {
      if (is_ascii_digit(kind)) return invalid("a date style has no digits: '" + style.pattern_ + "'");
      if (style.parts_.empty() || style.parts_.back().kind != 0) style.parts_.push_back({});
      style.parts_.back().literal += kind;
      ++read_to;
      continue;
    }
    const std::size_t end = std::min(pattern.find_first_not_of(kind, read_to), pattern.size());
    const std::size_t count = end - read_to;
    const bool is_known = kind == 'y' ? count == 2 || count == 4 : count <= 2;
    const bool is_repeated = std::any_of(style.parts_.begin(), style.parts_.end(),
                                         [&](const Part &part) { return part.kind == kind; });
    if (!is_known || is_repeated) break;
    style.parts_.push_back({kind, kind == 'y' ? count : 1, kind == 'y' ? count : 2, {}});
    read_to = end;
  }
  const auto has = [&](char kind) {
    return std::any_of(style.parts_.begin(), style.parts_.end(),
                       [&](const Part &part) { return part.kind == kind; });
  };
  if (!has('d') || !has('m') || !has('y') || read_to != pattern.size())
    return invalid("'" + style.pattern_ +
                   "' is no date style; write it like dd/mm/yyyy, yyyy-mm-dd, dd.mm.yy or yyyymmdd");
  // Without a character between them two numbers can only be told apart by their full width.
  for (std::size_t i = 0; i + 1 < style.parts_.size(); ++i)
    if (style.parts_[i].kind != 0 && style.parts_[i + 1].kind != 0)
      for (Part *part : {&style.parts_[i], &style.parts_[i + 1]}) part->digits_min = part->digits_max;
  return style;
}

DateStyle::Reading DateStyle::read(std::string_view text, int pivot) const {
  int day = 0, month = 0, year = 0;
  std::size_t at = 0;
  for (const Part &part : parts_) {
    if (part.kind == 0) {
      if (!text.substr(at).starts_with(part.literal)) return {};
      at += part.literal.size();
      continue;
    }
    std::size_t digits = 0;
    int number = 0;
    while (digits < part.digits_max && at < text.size() && is_ascii_digit(text[at])) {
      number = number * 10 + (text[at++] - '0');
      ++digits;
    }
    if (digits < part.digits_min) return {};
    if (part.kind == 'd') day = number;
    if (part.kind == 'm') month = number;
    if (part.kind == 'y') year = part.digits_max == 2 ? number + (number < pivot ? 2000 : 1900) : number;
  }
  const std::string_view rest = text.substr(at);
  if (!is_midnight_or_nothing(rest)) return {looks_like_time(rest) ? Fit::has_time : Fit::other_shape, {}};
  if (year < kYearMin || year > kYearMax) return {Fit::year_off_range, {}};
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return {Fit::no_such_day, {}};
  return {Fit::fits, CivilDate{date}};
}

bool DateStyle::is_confusable_with(const DateStyle &other) const {
  if (parts_.size() != other.parts_.size() || pattern_ == other.pattern_) return false;
  bool order_differs = false;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const Part &mine = parts_[i], &theirs = other.parts_[i];
    if (mine.literal != theirs.literal || (mine.kind == 0) != (theirs.kind == 0)) return false;
    if (mine.digits_max < theirs.digits_min || theirs.digits_max < mine.digits_min) return false;
    order_differs |= mine.kind != theirs.kind;
  }
  return order_differs;
}

DateStyle::Reading DateStyles::read(std::string_view text) const {
  DateStyle::Reading best;
  for (const DateStyle &style : styles) {
    const DateStyle::Reading reading = style.read(text, pivot);
    if (reading.fit == DateStyle::Fit::fits) return reading;
    if (best.fit == DateStyle::Fit::other_shape) best = reading;
  }
  return best;
}

std::string DateStyles::described() const {
  std::string text;
  for (const DateStyle &style : styles) text += (text.empty() ? "" : " or ") + style.pattern();
  return text;
}

}  // namespace relance::intake
