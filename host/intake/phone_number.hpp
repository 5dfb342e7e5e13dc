// Telephone numbers as people write them, into the one form that every channel takes: E.164. The heavy
// library behind it stays in one translation unit.
#pragma once

#include "host/intake/cell_checks.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace relance::intake {

/// What stands behind a number, by the numbering plans that the library knows.
enum class LineType : std::uint8_t {
  fixed_line,
  mobile,
  fixed_line_or_mobile,  ///< plans that do not tell them apart (North America)
  toll_free,
  premium_rate,
  shared_cost,
  voip,
  personal_number,
  pager,
  uan,  ///< a company's one number
  voicemail,
  unknown,  ///< right in length, but of no range that was assigned when the library was made
};
std::string_view name_of(LineType type);

struct PhoneNumber {
  std::string e164;       ///< "+33612345678"
  std::string extension;  ///< digits behind "ext."; a person dials them, no message reaches them
  LineType type{LineType::unknown};

  [[nodiscard]] bool is_of_known_range() const { return type != LineType::unknown; }
  /// Not certainly a line that shows no messages. An unknown range may be a new mobile one: it is tried.
  [[nodiscard]] bool may_take_sms() const;
};

/// `country`: of the debtor, for numbers without their own country code; may be empty. The issue says why no
/// number can look so: the shape, the length, a country code that does not exist.
std::variant<PhoneNumber, CellIssue> read_phone(std::string_view text, std::string_view country);

/// As people of its own country write it, and as the rest of the world does.
std::string shown_nationally(const PhoneNumber &number);
std::string shown_internationally(const PhoneNumber &number);

}  // namespace relance::intake
