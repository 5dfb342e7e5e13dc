#include "plugins/sms/kannel/settings.hpp"

#include "plugins/sms/sender_id.hpp"

#include <algorithm>

namespace relance::sms::kannel {
namespace {

constexpr std::int64_t kHourMs{3'600'000};
constexpr std::size_t kCallbackSecretMin{16};

/// Goes into a header or an address as it is.
bool is_printable(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}
bool is_http(std::string_view url) {
  return url.starts_with("http://") || url.starts_with("https://");
}

void check(const Settings &settings, sdk::Issues &issues) {
  if (!is_http(settings.url) || !is_printable(settings.url))
    issues.fatal("/url", "is no http:// or https:// address");
  if (!is_printable(settings.user))
    issues.fatal("/user", "is missing, or has other than printable ASCII characters");
  if (!is_printable(settings.secret))
    issues.fatal("/secret", "is missing, or has other than printable ASCII characters");
  for (const auto &[path, text] :
       {std::pair{"/smsc", &settings.smsc}, std::pair{"/account", &settings.account}})
    if (!text->empty() && !is_printable(*text))
      issues.fatal(path, "has other than printable ASCII characters");
  if (!settings.callback_url.empty() && !is_http(settings.callback_url))
    issues.fatal("/callback_url", "is no http:// or https:// address");
  if (settings.callback_secret.empty())
    issues.warning("/callback_secret",
                   "without it no receipts are asked for: what becomes of a message stays unseen");
  else if (settings.callback_secret.size() < kCallbackSecretMin)
    issues.fatal("/callback_secret", "has fewer than 16 characters");
  if (!settings.sender.empty())
    if (const auto reading = read_sender(settings.sender); !reading.id)
      issues.fatal("/sender", reading.fault);
  if (settings.url.starts_with("http://") && settings.url.find("//127.") == std::string::npos &&
      settings.url.find("//localhost") == std::string::npos &&
      settings.url.find("//[::1]") == std::string::npos)
    issues.warning("/url", "without TLS anyone on the way reads the password and the texts");
}

}  // namespace

Settings read_settings(std::string_view text, sdk::Issues &issues) {
  Settings settings;
  const auto json = sdk::Json::parse(text);
  if (json.kind() != sdk::Json::Kind::object) {
    issues.fatal("", "the settings are no JSON object");
    return settings;
  }
  settings.url = json["url"].text();
  settings.user = json["user"].text();
  settings.secret = json["secret"].text();
  settings.is_post = json["method"].text("post") != "get";
  settings.smsc = json["smsc"].text();
  settings.account = json["account"].text();
  settings.callback_secret = json["callback_secret"].text();
  settings.callback_url = json["callback_url"].text();
  const auto number = [&](std::string_view name, std::int64_t otherwise, std::int64_t max) {
    const auto value = json[name].integer(otherwise);
    if (value < 1 || value > max) issues.fatal("/" + std::string{name}, "is out of range");
    return value;
  };
  settings.receipts_within_ms = number("receipts_within_h", 72, 720) * kHourMs;
  settings.timeout_ms = static_cast<std::uint32_t>(number("timeout_s", 60, 600) * 1000);
  settings.max_in_flight = static_cast<std::uint32_t>(number("max_in_flight", 16, 1000));
  settings.sender = json["sender"].text();
  settings.text = read_text_rules(json["text"], issues);
  settings.text.encoding.keeps_graphemes = false;  // Kannel cuts, and knows only pairs
  settings.prices = PriceTable{json["prices"], issues};
  check(settings, issues);
  return settings;
}

}  // namespace relance::sms::kannel
