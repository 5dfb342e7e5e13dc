#include "plugins/postal/pingen/settings.hpp"

#include <algorithm>

namespace relance::postal::pingen {
namespace {

constexpr std::int64_t kDayMs{86'400'000};

}  // namespace

Settings read_settings(std::string_view text, sdk::Issues &issues) {
  Settings s;
  const auto json = sdk::Json::parse(text);
  if (json.kind() != sdk::Json::Kind::object) {
    issues.fatal("", "the settings are no JSON object");
    return s;
  }
  s.api = json["api"].text("https://api.pingen.com");
  s.organisation = json["organisation"].text();
  const auto identity = json["identity"].text("https://identity.pingen.com");
  s.credentials = {.token_url = identity + "/auth/access-tokens",
                   .client_id = json["client_id"].text(),
                   .client_secret = json["client_secret"].text(),
                   .scope = "letter"};
  s.signing_key = json["signing_key"].text();
  s.address_position = json["address_position"].text("left");
  s.print_mode = json["duplex"].flag() ? "duplex" : "simplex";
  s.print_spectrum = json["colour"].flag() ? "color" : "grayscale";
  s.plain_product = json["plain_product"].text("cheap");
  s.registered_product = json["registered_product"].text();
  const auto number = [&](std::string_view name, std::int64_t otherwise, std::int64_t min, std::int64_t max) {
    const auto value = json[name].integer(otherwise);
    if (value < min || value > max) issues.fatal("/" + std::string{name}, "is out of range");
    return std::clamp(value, min, max);
  };
  s.pages_max = static_cast<std::uint32_t>(number("pages_max", 90, 1, 500));
  s.timeout_ms = static_cast<std::uint32_t>(number("timeout_s", 60, 1, 600) * 1000);
  s.workers = static_cast<std::uint32_t>(number("workers", 4, 1, 32));
  s.receipts_within_ms = number("receipts_within_days", 7, 1, 90) * kDayMs;
  for (const auto &[path, url] :
       {std::pair{"/api", std::string_view{s.api}}, std::pair{"/identity", std::string_view{identity}}})
    if (!rest::is_base_url(url)) issues.fatal(path, "is no https:// address without a path's end");
  if (!rest::is_id(s.organisation)) issues.fatal("/organisation", "is no identifier of Pingen's");
  if (s.credentials.client_id.empty()) issues.fatal("/client_id", "is missing");
  if (s.credentials.client_secret.empty()) issues.fatal("/client_secret", "is missing");
  if (s.signing_key.empty()) issues.warning("/signing_key", "without it news only come by asking");
  return s;
}

}  // namespace relance::postal::pingen
