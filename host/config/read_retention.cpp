// [retention]: how many calendar years what was said is kept after everything was paid.
#include "host/config/draft.hpp"

#include <charconv>

namespace relance::config {
namespace {

/// Longer is a typing error, or "forever".
constexpr std::int32_t kYearsMax{100};

std::optional<std::int32_t> read_years(Section &table, std::string_view key,
                                       std::optional<std::int32_t> usual) {
  const auto text = table.text(key);
  if (text.empty()) return usual;
  if (text == "forever") return std::nullopt;
  std::int32_t years{0};
  const auto *const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, years);
  if (read.ec == std::errc{} && read.ptr + 1 == end && *read.ptr == 'y' && years >= 1 && years <= kYearsMax)
    return years;
  table.issues().error(
      table.at(key),
      "\"" + text + "\" is no period of retention; write whole years as \"10y\", or \"forever\"");
  return usual;
}

}  // namespace

void read_retention(Draft &draft, Section &root) {
  auto table = root.table("retention");
  if (!table) return;
  auto &periods = draft.configuration.retention;
  periods.messages = read_years(*table, "messages", periods.messages);
  periods.proofs = read_years(*table, "proofs", periods.proofs);
  periods.inbound = read_years(*table, "inbound", periods.inbound);
  periods.unknown = read_years(*table, "unknown", periods.unknown);
  table->finish();
}

}  // namespace relance::config
