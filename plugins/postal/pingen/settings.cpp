#include "plugins/postal/pingen/settings.hpp"

#include "plugins/postal/settings_number.hpp"

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
  s.pages_max = number_of<std::uint32_t>(json, "pages_max", {90, 1, 500}, issues);
  s.timeout_ms = number_of<std::uint32_t>(json, "timeout_s", {60, 1, 600}, issues) * 1000;
  s.workers = number_of<std::uint32_t>(json, "workers", {4, 1, 32}, issues);
  s.receipts_within_ms = number_of(json, "receipts_within_days", {7, 1, 90}, issues) * kDayMs;
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
