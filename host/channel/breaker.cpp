#include "host/channel/breaker.hpp"

#include <algorithm>

namespace relance::channel {

std::uint32_t Breaker::allowed(std::uint32_t credit, Instant wall) const {
  switch (state(wall)) {
    case State::closed:
      return credit;
    case State::half_open:
      return probe_ ? 0u : std::min(credit, 1u);
    case State::open:
      break;
  }
  return 0;
}

bool Breaker::note_end(std::uint64_t message, bool is_good, Instant wall, const std::string &what) {
  if (!settings_.is_enabled) return false;
  if (is_open_) {
    // What was on its way when it opened says nothing new, however late it ends; only what was tried since
    // does.
    if (probe_ != message) return false;
    probe_.reset();
    if (is_good) {
      close();
      return true;
    }
    ++in_a_row_;
    open(wall, because_ + ", and the message tried since: " + what);
    return true;
  }
  in_a_row_ = is_good ? 0 : in_a_row_ + 1;
  if (settings_.ratio_percent > 0) {
    window_.push_back(!is_good);
    failed_in_window_ += is_good ? 0 : 1;
    if (window_.size() > settings_.window) {
      failed_in_window_ -= window_.front() ? 1 : 0;
      window_.pop_front();
    }
  }
  if (is_good) return false;
  if (settings_.in_a_row > 0 && in_a_row_ >= settings_.in_a_row) {
    open(wall,
         std::to_string(in_a_row_) + " messages in a row were not sent or are in doubt, the last: " + what);
    return true;
  }
  if (settings_.ratio_percent > 0 && window_.size() == settings_.window &&
      failed_in_window_ * 100 >= settings_.ratio_percent * settings_.window) {
    open(wall, std::to_string(failed_in_window_) + " of the last " + std::to_string(settings_.window) +
                   " messages were not sent or are in doubt, the last: " + what);
    return true;
  }
  return false;
}

void Breaker::open(Instant wall, std::string because) {
  is_open_ = true;
  retry_at_ = wall + delay_;
  delay_ = std::min(delay_ * 2, settings_.delay_max);
  // The first reason and the latest try are what an operator reads; those between say the same again.
  if (const auto tried = because.find(", and the message tried since: ");
      tried != std::string::npos && because.rfind(", and the message tried since: ") != tried)
    because.erase(tried, because.rfind(", and the message tried since: ") - tried);
  because_ = std::move(because);
}

void Breaker::close() {
  is_open_ = false;
  probe_.reset();
  in_a_row_ = failed_in_window_ = 0;
  window_.clear();
  delay_ = settings_.delay;
  because_.clear();
}

}  // namespace relance::channel
