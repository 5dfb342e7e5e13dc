// How a file writes its dates: "dd/mm/yyyy", "yyyy-mm-dd", "dd.mm.yy", "yyyymmdd". Stated, never guessed:
// 03/04 is two different days.
#pragma once

#include "host/base/time.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace relance::intake {

/// Years outside are typing errors (0206, 20226), not dates of a ledger.
inline constexpr int kYearMin = 1950;
inline constexpr int kYearMax = 2199;

class DateStyle {
 public:
  /// d or dd, m or mm, yy or yyyy, each once, with any other characters between them.
  static Result<DateStyle> parse(std::string_view pattern);

  enum class Fit : std::uint8_t {
    other_shape,
    no_such_day,  ///< the shape fits, the day does not exist
    year_off_range,
    has_time,  ///< a time of day other than midnight stands behind it
    fits,
  };
  struct Reading {
    Fit fit{Fit::other_shape};
    CivilDate date{};
  };
  /// Two-digit years below `pivot` are 20yy, the others 19yy. Midnight behind the date (" 00:00:00") is
  /// dropped.
  [[nodiscard]] Reading read(std::string_view text, int pivot) const;

  [[nodiscard]] const std::string &pattern() const { return pattern_; }
  /// A text can have both shapes and mean two days.
  [[nodiscard]] bool is_confusable_with(const DateStyle &other) const;

 private:
  struct Part {
    char kind{0};  ///< 'd', 'm', 'y', or 0 for a literal
    std::size_t digits_min{1}, digits_max{2};
    std::string literal{};
  };
  std::string pattern_;
  std::vector<Part> parts_;
};

struct DateStyles {
  std::vector<DateStyle> styles;
  int pivot{70};

  /// The first style whose shape fits decides; what no style fits has other_shape.
  [[nodiscard]] DateStyle::Reading read(std::string_view text) const;
  /// "dd/mm/yyyy or yyyy-mm-dd".
  [[nodiscard]] std::string described() const;
};

}  // namespace relance::intake
