#include "plugins/fax/hylafax/settings.hpp"

#include <relance/json.hpp>

#include <algorithm>

namespace relance::fax::hylafax {
namespace {

constexpr std::int64_t kHourMs{3'600'000};

/// Goes into a command: a line end would begin another one.
bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}
bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

void check(const Settings &settings, sdk::Issues &issues) {
  if (!is_word(settings.server.host)) issues.fatal("/host", "is missing, or no name of a machine");
  if (!is_word(settings.server.user)) issues.fatal("/user", "is missing, or no name of a user");
  if (!is_printable(settings.server.password))
    issues.fatal("/password", "has other than printable ASCII characters");
  if (!settings.modem.empty() && (!is_word(settings.modem) || settings.modem.find('"') != std::string::npos))
    issues.fatal("/modem", "is no name of a modem");
  for (const auto &[path, text] :
       {std::pair{"/dial/prefix", &settings.dial.prefix},
        std::pair{"/dial/national_prefix", &settings.dial.national_prefix},
        std::pair{"/dial/international_prefix", &settings.dial.international_prefix},
        std::pair{"/dial/country_code", &settings.dial.country_code}})
    if (!is_dialable(*text)) issues.fatal(path, "has other than digits, *, # and commas");
  if (settings.dial.country_code.empty() && !settings.dial.prefix.empty())
    issues.fatal("/dial/prefix",
                 "needs country_code: without, numbers go as +33…, and the fax server's own rules make "
                 "what is dialled of them");
  const auto &host = settings.server.host;
  if (!settings.server.password.empty() && host != "localhost" && !host.starts_with("127.") && host != "::1")
    issues.warning("/host", "HylaFAX has no encryption: anyone on the way reads the password and the pages");
}

}  // namespace

Settings read_settings(std::string_view text, sdk::Issues &issues) {
  Settings settings;
  const auto json = sdk::Json::parse(text);
  if (json.kind() != sdk::Json::Kind::object) {
    issues.fatal("", "the settings are no JSON object");
    return settings;
  }
  const auto number = [&](std::string_view name, std::int64_t otherwise, std::int64_t min, std::int64_t max) {
    const auto value = json[name].integer(otherwise);
    if (value < min || value > max) issues.fatal("/" + std::string{name}, "is out of range");
    return std::clamp(value, min, max);
  };
  settings.server.host = json["host"].text();
  settings.server.port = static_cast<std::uint16_t>(number("port", 4559, 1, 65'535));
  settings.server.user = json["user"].text();
  settings.server.password = json["password"].text();
  settings.server.patience = std::chrono::seconds{number("timeout_s", 30, 1, 600)};
  settings.modem = json["modem"].text();
  const auto dial = json["dial"];
  settings.dial.country_code = dial["country_code"].text();
  settings.dial.national_prefix = dial["national_prefix"].text("0");
  settings.dial.international_prefix = dial["international_prefix"].text("00");
  settings.dial.prefix = dial["prefix"].text();
  settings.dials_max = number("dials_max", 6, 1, 100);
  settings.tries_max = number("tries_max", 3, 1, 100);
  settings.priority = number("priority", 127, 1, 255);
  settings.give_up_after_ms = number("give_up_after_h", 24, 1, 720) * kHourMs;
  settings.poll_every_ms = number("poll_every_s", 15, 1, 3'600) * 1'000;
  check(settings, issues);
  return settings;
}

}  // namespace relance::fax::hylafax
