// The names that a template may use, and where. One table serves the check, the rendering and the
// documentation.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace relance::render {

enum class Field : std::uint8_t {
  // of the message
  creditor_name,
  creditor_address,
  debtor_name,
  contact_name,
  bank,
  bank_name,
  bank_iban,
  bank_bic,
  total,
  overdue_total,
  items,
  overdue_items,
  upcoming_items,
  has_overdue,
  has_upcoming,
  single_item,
  single_overdue,
  reference,
  date,
  step,
  level,
  merged_steps,
  has_merged,
  // of one item, inside a list of items
  number,
  item_reference,
  issued,
  due,
  amount,
  balance,
  days_overdue,
  overdue,
  is_overdue,
  // of one line, inside a list of lines
  line,
};
inline constexpr std::size_t kFieldCount{static_cast<std::size_t>(Field::line) + 1};
inline constexpr std::size_t kFirstItemField{static_cast<std::size_t>(Field::number)};
inline constexpr std::size_t kItemFieldCount{static_cast<std::size_t>(Field::line) - kFirstItemField};

enum class Shape : std::uint8_t {
  text,       ///< {{name}}; also {{#name}}…{{/name}}: when it is not empty
  condition,  ///< {{#name}}…{{/name}} and {{^name}}…{{/name}} only
  items,      ///< {{#name}}…{{/name}}: once for each item
  lines,      ///< {{#name}}{{.}}{{/name}}: once for each line
};

struct Word {
  std::string_view name;
  Field field{};
  Shape shape{Shape::text};
  std::string_view meaning{};
};

/// In the order of Field.
std::span<const Word> vocabulary();
const Word *find_word(std::string_view name);

constexpr bool is_of_item(Field field) {
  return field >= Field::number && field < Field::line;
}

}  // namespace relance::render
