// What the daemon tells systemd (sd_notify), and what systemd wants to hear. Without systemd all of it does
// nothing.
#pragma once

#include "host/base/time.hpp"

#include <optional>
#include <string_view>

namespace relance::app {

void tell_ready(std::string_view status);
/// RELOADING=1 with the monotonic time that Type=notify-reload asks for; tell_ready() ends it.
void tell_reloading();
void tell_stopping();
void tell_status(std::string_view status);
void tell_alive();
/// How long systemd waits for tell_alive() before it restarts the daemon; nothing when it does not.
std::optional<Milliseconds> watchdog_interval();

}  // namespace relance::app
