// Time as AR24 writes it, which is the legal time of mainland France, and the days that an addressee has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace relance::lre::ar24 {

/// "2021-05-26 14:00:00". Throws where the system has no zone Europe/Paris.
[[nodiscard]] std::string paris_time(std::int64_t unix_ms);

/// Nothing for what is no such time ("0000-00-00 00:00:00", "", half of one). Of an hour that comes twice in
/// autumn the first one is meant.
[[nodiscard]] std::optional<std::int64_t> from_paris_time(std::string_view text);

/// The addressee of an electronic registered letter may accept or refuse it for fifteen days from the day
/// after the notice was sent (article R. 53-3 of the code des postes et des communications électroniques).
struct AcceptancePeriod {
  std::string last_day;     ///< "2026-12-07"
  std::int64_t ends_at_ms;  ///< midnight at its end
};
[[nodiscard]] AcceptancePeriod acceptance_period(std::int64_t notified_at_ms);

}  // namespace relance::lre::ar24
