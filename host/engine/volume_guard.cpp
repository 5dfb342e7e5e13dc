// The guard's arithmetic, and its few bytes in the store.
#include "host/engine/volume_guard.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace relance::engine {

bool VolumeGuard::begin_day(CivilDate day) {
  if (day_ == day) return false;
  const bool has_ended{day_ && today_ > 0};
  if (has_ended) days_.emplace_back(*day_, today_);
  if (days_.size() > kDaysKept) days_.pop_front();
  day_ = day;
  today_ = 0;
  is_held_ = is_released_ = false;
  return has_ended;
}

std::optional<std::uint64_t> VolumeGuard::usual() const {
  if (days_.size() < kDaysNeeded) return {};
  std::vector<std::uint64_t> counts;
  for (const auto &[day, count] : days_) counts.push_back(count);
  std::nth_element(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2), counts.end());
  return counts[counts.size() / 2];
}

bool VolumeGuard::allows(std::uint64_t more, std::uint32_t times, std::uint32_t least) {
  const auto normal = usual();
  if (times == 0 || more == 0 || is_released_ || !normal) return true;
  if (today_ + more <= std::max<std::uint64_t>(*normal * times, least)) return true;
  is_held_ = true;
  return false;
}

void VolumeGuard::release() {
  if (!is_held_) return;
  is_held_ = false;
  is_released_ = true;
}

std::string VolumeGuard::text() const {
  std::string text;
  for (const auto &[day, count] : days_) text += format_date(day) + ':' + std::to_string(count) + ' ';
  if (day_) text += format_date(*day_) + ':' + std::to_string(today_) + (is_held_ ? "h" : is_released_ ? "r" : "");
  return text;
}

void VolumeGuard::restore(std::string_view text) {
  while (!text.empty()) {
    const auto space = std::min(text.find(' '), text.size());
    const auto entry = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
    const auto date = parse_date(entry.substr(0, 10));
    if (!date || entry.size() < 12) continue;
    std::uint64_t count{0};
    std::from_chars(entry.data() + 11, entry.data() + entry.size(), count);
    begin_day(*date);
    today_ = count;
    is_held_ = entry.back() == 'h';
    is_released_ = entry.back() == 'r';
  }
}

}  // namespace relance::engine
