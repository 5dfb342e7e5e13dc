// How many messages leave on a usual day, and whether today is far beyond it. A wrong import can make a whole
// portfolio due at once; holding the run costs hours, sending it costs customers (DESIGN "What holds always"
// 6).
#pragma once

#include "host/base/time.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace relance::engine {

class VolumeGuard {
 public:
  static constexpr std::size_t kDaysKept{14};
  static constexpr std::size_t kDaysNeeded{5};  ///< with less history nothing is usual yet

  /// Counts for `day` from now on. True when a day has ended and the history should be kept.
  bool begin_day(CivilDate day);
  void add(std::uint64_t messages) { today_ += messages; }
  /// What the store knows to have left today, after a start: the text may be older.
  void at_least(std::uint64_t messages) { today_ = std::max(today_, messages); }
  /// False, and held from then on: `more` messages today would be over `times` the usual day (and over
  /// `least`). times 0: never.
  bool allows(std::uint64_t more, std::uint32_t times, std::uint32_t least);
  [[nodiscard]] bool is_held() const { return is_held_; }
  /// A person has looked: the rest of this day goes.
  void release();

  [[nodiscard]] std::uint64_t today() const { return today_; }
  /// The median of the days kept on which something left; nothing while there are too few.
  [[nodiscard]] std::optional<std::uint64_t> usual() const;

  /// "2026-03-02:118 2026-03-03:97h …", today last; h: held, r: released by a person.
  [[nodiscard]] std::string text() const;
  void restore(std::string_view text);

 private:
  std::deque<std::pair<CivilDate, std::uint64_t>> days_;  ///< ended ones with messages, oldest first
  std::optional<CivilDate> day_;
  std::uint64_t today_{0};
  bool is_held_{false}, is_released_{false};
};

}  // namespace relance::engine
