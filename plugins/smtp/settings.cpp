#include "plugins/smtp/settings.hpp"

#include "plugins/protocol/mime/mime.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace relance::smtp_channel {
namespace {

namespace json = boost::json;

/// Longest key the host gives (26 to 36 characters): an address must fit with it.
constexpr std::string_view kLongestKey{"123456789012345678901234567890123456"};

/// RFC 5321 §4.5.3.2.1 gives a server five minutes to greet. With another one at hand nobody waits so long.
constexpr std::chrono::milliseconds kGreetingWithOthers{30'000};

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
  [[nodiscard]] std::vector<Section> sections(std::string_view name) const {
    std::vector<Section> items;
    const auto *value = find(name);
    if (value == nullptr || !value->is_array()) return items;
    for (const auto &item : value->get_array())
      items.push_back(Section{item.is_object() ? &item.get_object() : nullptr});
    return items;
  }
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const {
    std::vector<std::string> items;
    const auto *value = find(name);
    if (value == nullptr || !value->is_array()) return items;
    for (const auto &item : value->get_array())
      if (item.is_string()) items.emplace_back(item.get_string());
    return items;
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

void read_auth(const Section &auth, smtp::Options &options) {
  if (!auth.is_present()) return;
  options.auth = mechanism(auth.text("mechanism"));
  options.user = auth.text("user");
  options.secret = auth.text("secret");
  options.allow_plaintext_auth = auth.flag("allow_plaintext", false);
}

smtp::RelayOptions read_relay(const Section &server, const Section &auth_of_all,
                              std::uint32_t max_in_flight) {
  smtp::RelayOptions relay;
  auto &options = relay.server;
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
  const auto own = server.section("auth");
  read_auth(own.is_present() ? own : auth_of_all, options);
  relay.name = options.host + ':' + std::to_string(options.port);
  relay.weight = static_cast<unsigned>(server.number("weight", 0));
  return relay;
}

void read_relays(const Section &root, Settings &settings) {
  auto servers = root.sections("servers");
  if (servers.empty()) servers.push_back(root.section("server"));
  for (const auto &server : servers) {
    settings.relays.push_back(read_relay(server, root.section("auth"), settings.max_in_flight));
    if (servers.size() > 1) settings.relays.back().server.timeouts.greeting = kGreetingWithOthers;
  }
}

void read_domains(const Section &root, Settings &settings) {
  for (const auto &section : root.sections("domains"))
    settings.domains.push_back({section.texts("match"),
                                static_cast<std::size_t>(section.number("connections", 0)),
                                static_cast<std::size_t>(section.number("per_minute", 0))});
}

void read_dkim(const Section &root, Settings &settings, sdk::Issues &issues) {
  for (const auto &section : root.sections("dkim")) {
    const auto place = "/dkim/" + std::to_string(settings.dkim.size());
    std::string fault;
    auto &signature =
        settings.dkim.emplace_back(dkim::Signature{section.text("domain"), section.text("selector"),
                                                   dkim::Key::from_pem(section.text("private_key"), fault)});
    if (!signature.key) {
      issues.fatal(place + "/private_key", fault);
    } else if (auto wrong = dkim::signature_fault(signature); !wrong.empty()) {
      issues.fatal(place, wrong);
    } else if (signature.key->algorithm() == dkim::Algorithm::rsa_sha256 &&
               signature.key->bits() < dkim::kRsaBitsAdvised) {
      issues.warning(place + "/private_key", "is an RSA key of less than 2048 bits");
    }
  }
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

/// An address of ours with a key in it.
bool is_address(std::string_view address) {
  return !mime::wire_address(address, "address").has_error();
}

void check_relays(const Settings &settings, sdk::Issues &issues) {
  const bool is_single{settings.relays.size() == 1};
  for (std::size_t index{0}; index < settings.relays.size(); ++index) {
    const auto &server = settings.relays[index].server;
    const auto place = is_single ? std::string{"/server"} : "/servers/" + std::to_string(index);
    if (server.host.empty()) issues.fatal(place + "/host", "is missing");
    if (server.auth != smtp::AuthMechanism::none && server.tls == smtp::TlsMode::none &&
        !server.allow_plaintext_auth) {
      issues.fatal("/auth", "would need TLS (server.tls), or allow_plaintext for a server on this machine");
    }
    if (!server.verify_certificate)
      issues.warning(place + "/verify_certificate", "anyone can pose as the server");
  }
  const auto weighted = std::count_if(settings.relays.begin(), settings.relays.end(),
                                      [](const auto &relay) { return relay.weight > 0; });
  if (weighted != 0 && static_cast<std::size_t>(weighted) != settings.relays.size())
    issues.fatal("/servers", "some have a weight and some have none: shares need all of them");
}

void check(const Settings &settings, sdk::Issues &issues) {
  check_relays(settings, issues);
  if (settings.envelope_sender.find("KEY") == std::string::npos) {
    issues.fatal("/envelope_sender", "has no KEY: bounces could not be told apart");
  } else if (!is_address(settings.return_path(kLongestKey))) {
    issues.fatal("/envelope_sender", "is no address once a key of 36 characters stands for KEY");
  }
  if (!settings.reply_to.empty() && !is_address(settings.reply_address(kLongestKey)))
    issues.fatal("/reply_to", "is no address once a key of 36 characters stands for KEY");
  if (!settings.reply_to.empty() && !settings.bounces)
    issues.warning("/reply_to", "without `bounces` nobody reads the answers");
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

std::string Settings::reply_address(std::string_view key) const {
  auto address = reply_to;
  const auto at = address.find("KEY");
  return at == std::string::npos ? address : address.replace(at, 3, key);
}

std::vector<const dkim::Signature *> Settings::signatures_for(std::string_view from_address) const {
  const auto domain = smtp::domain_of(from_address);
  std::vector<const dkim::Signature *> fitting;
  for (const auto &signature : dkim) {
    const auto own = smtp::domain_of('@' + signature.domain);  // in the same case
    const bool is_below{domain.size() > own.size() && domain.ends_with(own) &&
                        domain[domain.size() - own.size() - 1] == '.'};
    if ((domain == own || is_below) && fitting.size() < dkim::kSignaturesMax) fitting.push_back(&signature);
  }
  return fitting;
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
  read_relays(root, settings);
  read_domains(root, settings);
  read_dkim(root, settings, issues);
  settings.envelope_sender = root.text("envelope_sender");
  settings.reply_to = root.text("reply_to");
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
