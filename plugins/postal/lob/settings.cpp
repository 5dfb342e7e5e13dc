#include "plugins/postal/lob/settings.hpp"

#include "plugins/postal/rest/account.hpp"
#include "plugins/postal/settings_number.hpp"

namespace relance::postal::lob {
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
  s.api = json["api"].text("https://api.lob.com");
  s.key = json["api_key"].text();
  s.webhook_secret = json["webhook_secret"].text();
  s.from = json["from"].text();
  s.is_colour = json["colour"].flag();
  s.is_duplex = json["duplex"].flag(true);
  s.pages_max = number_of<std::uint32_t>(json, "pages_max", {60, 1, 60}, issues);
  s.timeout_ms = number_of<std::uint32_t>(json, "timeout_s", {60, 1, 600}, issues) * 1000;
  s.workers = number_of<std::uint32_t>(json, "workers", {4, 1, 32}, issues);
  s.receipts_within_ms = number_of(json, "receipts_within_days", {10, 1, 90}, issues) * kDayMs;
  if (!rest::is_base_url(s.api)) issues.fatal("/api", "is no https:// address without a path's end");
  if (s.key.empty()) issues.fatal("/api_key", "is missing");
  if (!s.from.empty() && (!s.from.starts_with("adr_") || !rest::is_id(s.from)))
    issues.fatal("/from", "is no address kept at Lob (adr_…)");
  if (s.key.starts_with("test_"))
    issues.warning("/api_key", "is of Lob's test environment: what it takes is never printed");
  if (s.webhook_secret.empty()) issues.warning("/webhook_secret", "without it news only come by asking");
  return s;
}

}  // namespace relance::postal::lob
