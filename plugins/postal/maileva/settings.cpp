#include "plugins/postal/maileva/settings.hpp"

#include "plugins/postal/settings_number.hpp"

namespace relance::postal::maileva {
namespace {

constexpr std::int64_t kDayMs{86'400'000};
constexpr const char *kTokenPath{"/auth/realms/services/protocol/openid-connect/token"};

}  // namespace

Settings read_settings(std::string_view text, sdk::Issues &issues) {
  Settings s;
  const auto json = sdk::Json::parse(text);
  if (json.kind() != sdk::Json::Kind::object) {
    issues.fatal("", "the settings are no JSON object");
    return s;
  }
  s.api = json["api"].text("https://api.maileva.com");
  const auto identity = json["identity"].text("https://connexion.maileva.com");
  s.credentials = {.token_url = identity + kTokenPath,
                   .client_id = json["client_id"].text(),
                   .client_secret = json["client_secret"].text(),
                   .user = json["user"].text(),
                   .password = json["password"].text()};
  s.hook_user = json["hook_user"].text();
  s.hook_password = json["hook_password"].text();
  s.notification_email = json["notification_email"].text();
  s.is_colour = json["colour"].flag();
  s.is_duplex = json["duplex"].flag();
  s.has_address_sheet = json["address_sheet"].flag();
  s.scans_returned_mail = json["scan_returned_mail"].flag(true);
  s.plain_postage = json["plain_postage"].text("ECONOMIC");
  s.registered_postage = json["registered_postage"].text();
  s.archiving_years = static_cast<std::int32_t>(json["archiving_years"].integer(3));
  s.pages_max = number_of<std::uint32_t>(json, "pages_max", {90, 1, 200}, issues);
  s.timeout_ms = number_of<std::uint32_t>(json, "timeout_s", {60, 1, 600}, issues) * 1000;
  s.workers = number_of<std::uint32_t>(json, "workers", {4, 1, 32}, issues);
  s.receipts_within_ms = number_of(json, "receipts_within_days", {7, 1, 90}, issues) * kDayMs;
  for (const auto &[path, url] :
       {std::pair{"/api", std::string_view{s.api}}, std::pair{"/identity", std::string_view{identity}}})
    if (!rest::is_base_url(url)) issues.fatal(path, "is no https:// address without a path's end");
  if (s.credentials.client_id.empty()) issues.fatal("/client_id", "is missing");
  if (s.credentials.client_secret.empty()) issues.fatal("/client_secret", "is missing");
  if (s.credentials.user.empty() != s.credentials.password.empty())
    issues.fatal("/password", "user and password go together");
  if (s.hook_user.empty() != s.hook_password.empty())
    issues.fatal("/hook_password", "hook_user and hook_password go together");
  if (s.hook_password.empty())
    issues.warning("/hook_password", "without it Maileva's calls are only taken as a reason to ask");
  return s;
}

}  // namespace relance::postal::maileva
