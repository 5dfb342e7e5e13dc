// @see RFC 3510 for ipp: and RFC 7472 for ipps:, both on port 631 unless it is written
#include "plugins/postal/ipp/settings.hpp"

#include "plugins/postal/settings_number.hpp"

namespace relance::postal::ipp {
namespace {

constexpr std::int64_t kMinuteMs{60'000}, kSecondMs{1000};

struct Scheme {
  std::string_view written, http, ipp;
  bool has_port_631;
};
constexpr Scheme kSchemes[]{{"ipp://", "http://", "ipp://", true},
                            {"ipps://", "https://", "ipps://", true},
                            {"http://", "http://", "ipp://", false},
                            {"https://", "https://", "ipps://", false}};

void read_url(std::string url, Settings &settings, sdk::Issues &issues) {
  for (const auto &scheme : kSchemes) {
    if (!url.starts_with(scheme.written)) continue;
    auto rest = url.substr(scheme.written.size());
    const auto slash = rest.find('/');
    auto authority = rest.substr(0, slash);
    const auto path = slash == rest.npos ? std::string{"/ipp/print"} : rest.substr(slash);
    const bool has_port{authority.rfind(':') != authority.npos &&
                        authority.find(']', authority.rfind(':')) == authority.npos};
    if (authority.empty() || authority.find('@') != authority.npos) break;
    settings.printer_uri = std::string{scheme.ipp} + authority + path;
    if (!has_port && scheme.has_port_631) authority += ":631";
    settings.url = std::string{scheme.http} + authority + path;
    return;
  }
  issues.fatal("/url", "is no address of a printer, such as ipp://printer.internal/ipp/print");
}

}  // namespace

Settings read_settings(std::string_view text, sdk::Issues &issues) {
  Settings settings;
  const auto json = sdk::Json::parse(text);
  if (json.kind() != sdk::Json::Kind::object) {
    issues.fatal("", "the settings are no JSON object");
    return settings;
  }
  read_url(json["url"].text(), settings, issues);
  settings.user = json["user"].text();
  settings.password = json["password"].text();
  settings.media = json["media"].text("iso_a4_210x297mm");
  settings.sides = json["sides"].text("one-sided");
  settings.version = json["version"].text("2.0") == "1.1" ? 0x0101 : 0x0200;
  settings.has_two_phases = json["two_phases"].flag(true);
  settings.pages_max = number_of<std::uint32_t>(json, "pages_max", {200, 1, 10'000}, issues);
  settings.bytes_max = number_of<std::size_t>(json, "bytes_max", {20'000'000, 1000, 32'000'000}, issues);
  settings.timeout_ms =
      number_of<std::uint32_t>(json, "timeout_s", {60, 1, 600}, issues) * std::uint32_t{kSecondMs};
  settings.max_in_flight = number_of<std::uint32_t>(json, "max_in_flight", {1, 1, 100}, issues);
  settings.receipts_within_ms = number_of(json, "receipts_within_min", {60, 1, 100'000}, issues) * kMinuteMs;
  settings.busy_pause_ms = number_of(json, "busy_pause_s", {15, 1, 3600}, issues) * kSecondMs;
  if (settings.password.empty() != settings.user.empty())
    issues.fatal("/password", "user and password go together");
  if (settings.url.starts_with("http://") && !settings.password.empty())
    issues.warning("/password", "without TLS anyone on the way reads it");
  return settings;
}

}  // namespace relance::postal::ipp
