#include "plugins/smtp/settings.hpp"

#include "plugins/protocol/mime/mime.hpp"

#include <boost/json.hpp>

namespace relance::smtp_channel {
namespace {

namespace json = boost::json;

/// Longest key the host gives (26 to 36 characters): an address must fit with it.
constexpr std::string_view kLongestKey{"123456789012345678901234567890123456"};

/// One object of the settings; the schema has checked types and ranges, so a missing or odd value is the
/// default.
class Section {
 public:
  explicit Section(const json::object *object) : object_{object} {}
  [[nodiscard]] std::string text(std::string_view name, std::string_view otherwise = {}) const {
    const auto *value = find(name);
    return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{otherwise};
  }
  [[nodiscard]] std::int64_t number(std::string_view name, std::int64_t otherwise) const {
    const auto *value = find(name);
    return value != nullptr && value->is_int64() ? value->get_int64() : otherwise;
  }
  [[nodiscard]] bool flag(std::string_view name, bool otherwise) const {
    const auto *value = find(name);
    return value != nullptr && value->is_bool() ? value->get_bool() : otherwise;
  }
  [[nodiscard]] Section section(std::string_view name) const {
    const auto *value = find(name);
    return Section{value != nullptr && value->is_object() ? &value->get_object() : nullptr};
  }
  [[nodiscard]] bool is_present() const { return object_ != nullptr; }

 private:
  [[nodiscard]] const json::value *find(std::string_view name) const {
    return object_ == nullptr ? nullptr : object_->if_contains(json::string_view{name.data(), name.size()});
  }
  const json::object *object_;
};

smtp::TlsMode tls_mode(std::string_view name) {
  if (name == "none") return smtp::TlsMode::none;
  if (name == "starttls") return smtp::TlsMode::starttls;
  if (name == "implicit") return smtp::TlsMode::implicit;
  return smtp::TlsMode::required;
}

smtp::AuthMechanism mechanism(std::string_view name) {
  if (name == "plain") return smtp::AuthMechanism::plain;
  if (name == "login") return smtp::AuthMechanism::login;
  if (name == "xoauth2") return smtp::AuthMechanism::xoauth2;
  return smtp::AuthMechanism::automatic;
}

imap::Disposal disposal(std::string_view name) {
  if (name == "keep") return imap::Disposal::keep;
  if (name == "seen") return imap::Disposal::seen;
  if (name == "move") return imap::Disposal::move;
  return imap::Disposal::remove;
}

smtp::Options read_server(const Section &settings, std::uint32_t max_in_flight) {
  const auto server = settings.section("server");
  smtp::Options options;
  options.host = server.text("host");
  options.port = static_cast<std::uint16_t>(server.number("port", 587));
  options.tls = tls_mode(server.text("tls"));
  options.ca_file = server.text("ca_file");
  options.verify_certificate = server.flag("verify_certificate", true);
  options.server_name = server.text("server_name");
  options.connections = static_cast<std::size_t>(server.number("connections", 4));
  options.messages_per_connection = static_cast<std::size_t>(server.number("messages_per_connection", 500));
  options.ehlo_name = server.text("ehlo_name");
  options.dsn = server.flag("dsn", true);
  options.pipelining = server.flag("pipelining", true);
  options.timeouts.end_of_data = std::chrono::seconds{server.number("end_of_data_timeout_s", 600)};
  options.window = max_in_flight;
  if (const auto auth = settings.section("auth"); auth.is_present()) {
    options.auth = mechanism(auth.text("mechanism"));
    options.user = auth.text("user");
    options.secret = auth.text("secret");
    options.allow_plaintext_auth = auth.flag("allow_plaintext", false);
  }
  return options;
}

BounceSettings read_bounces(const Section &section) {
  BounceSettings bounces;
  bounces.mailbox.url = section.text("url");
  bounces.mailbox.user = section.text("user");
  bounces.mailbox.secret = section.text("secret");
  bounces.mailbox.folder = section.text("folder", "INBOX");
  bounces.mailbox.require_tls = section.flag("require_tls", true);
  bounces.mailbox.verify_certificate = section.flag("verify_certificate", true);
  bounces.mailbox.ca_file = section.text("ca_file");
  bounces.mailbox.mail_bytes_max = static_cast<std::size_t>(section.number("mail_bytes_max", 4'194'304));
  bounces.poll_interval_ms = section.number("poll_interval_s", 60) * 1000;
  bounces.after_store = disposal(section.text("after_store"));
  bounces.move_to = section.text("move_to");
  return bounces;
}

void check(const Settings &settings, sdk::Issues &issues) {
  if (settings.server.host.empty()) issues.fatal("/server/host", "is missing");
  if (settings.envelope_sender.find("KEY") == std::string::npos) {
    issues.fatal("/envelope_sender", "has no KEY: bounces could not be told apart");
  } else if (mime::wire_address(settings.return_path(kLongestKey), "envelope_sender").has_error()) {
    issues.fatal("/envelope_sender", "is no address once a key of 36 characters stands for KEY");
  }
  if (settings.server.auth != smtp::AuthMechanism::none && settings.server.tls == smtp::TlsMode::none &&
      !settings.server.allow_plaintext_auth) {
    issues.fatal("/auth", "would need TLS (server.tls), or allow_plaintext for a server on this machine");
  }
  if (!settings.server.verify_certificate)
    issues.warning("/server/verify_certificate", "anyone can pose as the server");
  if (!settings.bounces) {
    issues.warning("/bounces", "without a bounce mailbox, failures after acceptance stay unseen");
    return;
  }
  if (const auto fault = imap::options_fault(settings.bounces->mailbox); !fault.empty()) {
    issues.fatal("/bounces", fault);
  }
  const bool moves{settings.bounces->after_store == imap::Disposal::move};
  auto target = settings.bounces->mailbox;
  target.folder = settings.bounces->move_to;
  if (moves && !imap::options_fault(target).empty())
    issues.fatal("/bounces/move_to", "names no folder to move to");
}

}  // namespace

std::string Settings::return_path(std::string_view key) const {
  auto address = envelope_sender;
  return address.replace(address.find("KEY"), 3, key);
}

Settings read_settings(std::string_view text, sdk::Issues &issues) {
  Settings settings;
  boost::system::error_code error;
  const auto value = json::parse(json::string_view{text.data(), text.size()}, error);
  if (error || !value.is_object()) {
    issues.fatal("", "the settings are no JSON object");
    return settings;
  }
  const Section root{&value.get_object()};
  settings.max_in_flight = static_cast<std::uint32_t>(root.number("max_in_flight", 64));
  settings.server = read_server(root, settings.max_in_flight);
  settings.envelope_sender = root.text("envelope_sender");
  settings.message_id_domain = root.text("message_id_domain");
  if (settings.message_id_domain.empty()) {
    settings.message_id_domain = settings.envelope_sender.substr(settings.envelope_sender.rfind('@') + 1);
  }
  settings.request_read_receipt = root.flag("request_read_receipt", false);
  if (const auto bounces = root.section("bounces"); bounces.is_present())
    settings.bounces = read_bounces(bounces);
  check(settings, issues);
  return settings;
}

}  // namespace relance::smtp_channel
