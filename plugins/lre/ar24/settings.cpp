#include "plugins/lre/ar24/settings.hpp"

#include "plugins/lre/ar24/signing.hpp"

#include <relance/json.hpp>

#include <algorithm>

namespace relance::lre::ar24 {
namespace {

constexpr std::int64_t kMinuteMs{60'000}, kHourMs{3'600'000}, kDayMs{86'400'000};

bool is_printable(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

bool is_here(std::string_view url) {
  return url.starts_with("http://127.") || url.starts_with("http://localhost") ||
         url.starts_with("http://[::1]");
}

}  // namespace

Settings read_settings(std::string_view text, sdk::Issues &issues) {
  Settings settings;
  const auto json = sdk::Json::parse(text);
  if (json.kind() != sdk::Json::Kind::object) {
    issues.fatal("", "the settings are no JSON object");
    return settings;
  }
  settings.url = json["url"].text("https://app.ar24.fr/api");
  while (settings.url.ends_with('/')) settings.url.pop_back();
  const bool is_http{settings.url.starts_with("http://") || settings.url.starts_with("https://")};
  if (!is_http || !is_printable(settings.url) || settings.url.find(' ') != std::string::npos)
    issues.fatal("/url", "is no http:// or https:// address");
  if (settings.url.starts_with("http://") && !is_here(settings.url))
    issues.warning("/url", "without TLS anyone on the way reads the token and the letters");
  for (const auto &[name, into] :
       {std::pair{"token", &settings.token}, std::pair{"private_key", &settings.private_key},
        std::pair{"user_id", &settings.user_id}}) {
    *into = json[std::string_view{name}].text();
    if (!is_printable(*into))
      issues.fatal('/' + std::string{name}, "is missing, or has other than printable ASCII characters");
  }
  if (const auto secret = json["otp_secret"].text(); !secret.empty()) {
    const auto key = from_base32(secret);
    if (!key || key->size() < 10)
      issues.fatal("/otp_secret", "is no Base32 of at least 80 bits");
    else
      settings.otp_key = *key;
  }
  const auto number = [&](std::string_view name, std::int64_t otherwise, std::int64_t max) {
    const auto value = json[name].integer(otherwise);
    if (value < 1 || value > max) issues.fatal('/' + std::string{name}, "is out of range");
    return value;
  };
  settings.attachments_bytes_max =
      static_cast<std::size_t>(number("attachments_bytes_max", 10'000'000, 30'000'000));
  settings.timeout_ms = static_cast<std::uint32_t>(number("timeout_s", 300, 600) * 1000);
  for (const auto &address : json["webhook_addresses"].items())
    settings.webhook_addresses.push_back(address.text());
  settings.pause_ms = number("pause_s", 300, 86'400) * 1000;
  settings.poll_interval_ms = number("poll_interval_min", 60, 10'080) * kMinuteMs;
  settings.sent_within_ms = number("sent_within_h", 24, 720) * kHourMs;
  settings.answered_within_ms = number("answered_within_d", 17, 90) * kDayMs;
  settings.max_in_flight = static_cast<std::uint32_t>(number("max_in_flight", 8, 1000));
  return settings;
}

}  // namespace relance::lre::ar24
