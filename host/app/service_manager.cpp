// @see sd_notify(3), sd_watchdog_enabled(3), systemd.service(5) on Type=notify-reload
#include "host/app/service_manager.hpp"

#include <ctime>
#include <string>
#include <systemd/sd-daemon.h>

namespace relance::app {

void tell_ready(std::string_view status) {
  sd_notify(0, ("READY=1\nSTATUS=" + std::string{status}).c_str());
}

void tell_reloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const auto micro = static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
  sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(micro)).c_str());
}

void tell_stopping() {
  sd_notify(0, "STOPPING=1\nSTATUS=finishing what is in flight");
}
void tell_status(std::string_view status) {
  sd_notify(0, ("STATUS=" + std::string{status}).c_str());
}
void tell_alive() {
  sd_notify(0, "WATCHDOG=1");
}

std::optional<Milliseconds> watchdog_interval() {
  std::uint64_t micro{0};
  if (sd_watchdog_enabled(0, &micro) <= 0) return std::nullopt;
  return std::chrono::duration_cast<Milliseconds>(std::chrono::microseconds{micro});
}

}  // namespace relance::app
