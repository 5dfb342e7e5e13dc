#include "plugins/lre/pec/settings.hpp"

#include "plugins/protocol/mime/mime.hpp"
#include "plugins/protocol/pec/signature.hpp"

#include <relance/json.hpp>

namespace relance::lre::pec {
namespace {

using sdk::Json;

constexpr std::int64_t kMinuteMs{60'000}, kHourMs{3'600'000};
/// Of a full receipt beside the documents: words, daticert.xml, signature with its certificates.
constexpr std::size_t kReceiptWordsBytes{256U << 10};

smtp::TlsMode tls_mode(std::string_view name) {
  if (name == "none") return smtp::TlsMode::none;
  return name == "required" ? smtp::TlsMode::required : smtp::TlsMode::implicit;
}

void read_server(const Json &server, const Json &auth, Settings &settings) {
  auto &options = settings.server;
  options.host = server["host"].text();
  options.port = static_cast<std::uint16_t>(server["port"].integer(465));
  options.tls = tls_mode(server["tls"].text());
  options.ca_file = server["ca_file"].text();
  options.verify_certificate = server["verify_certificate"].flag(true);
  options.server_name = server["server_name"].text();
  options.connections = static_cast<std::size_t>(server["connections"].integer(2));
  options.ehlo_name = server["ehlo_name"].text();
  options.dsn = false;  // receipts are certified mails
  options.timeouts.end_of_data = std::chrono::seconds{server["end_of_data_timeout_s"].integer(600)};
  options.window = settings.max_in_flight;
  options.auth = auth.is_absent() ? smtp::AuthMechanism::none : smtp::AuthMechanism::automatic;
  options.user = auth["user"].text();
  options.secret = auth["secret"].text();
  options.allow_plaintext_auth = auth["allow_plaintext"].flag(false);
}

void read_mailbox(const Json &mailbox, Settings &settings) {
  auto &options = settings.mailbox;
  options.url = mailbox["url"].text();
  options.user = mailbox["user"].text();
  options.secret = mailbox["secret"].text();
  options.folder = mailbox["folder"].text("INBOX");
  options.require_tls = mailbox["require_tls"].flag(true);
  options.verify_certificate = mailbox["verify_certificate"].flag(true);
  options.ca_file = mailbox["ca_file"].text();
  options.mail_bytes_max = static_cast<std::size_t>(mailbox["mail_bytes_max"].integer(8'388'608));
  settings.poll_interval_ms = mailbox["poll_interval_s"].integer(60) * 1000;
}

void check(const Settings &settings, sdk::Issues &issues) {
  if (mime::wire_address(settings.address, "address").has_error())
    issues.fatal("/address", "is no e-mail address");
  const auto &server = settings.server;
  if (server.host.empty()) issues.fatal("/server/host", "is missing");
  if (server.auth == smtp::AuthMechanism::none) {
    issues.warning("/auth", "without a login no provider takes a mail; only a gateway of your own does");
  } else if (server.user.empty() || server.secret.empty()) {
    issues.fatal("/auth", "needs a user and a secret");
  } else if (server.tls == smtp::TlsMode::none && !server.allow_plaintext_auth) {
    issues.fatal("/auth", "would need TLS (server.tls), or allow_plaintext for a server on this machine");
  }
  for (const auto &[is_checked, place] :
       {std::pair{server.verify_certificate, "/server/verify_certificate"},
        std::pair{settings.mailbox.verify_certificate, "/mailbox/verify_certificate"}})
    if (!is_checked) issues.warning(place, "anyone can pose as the server");
  if (const auto fault = imap::options_fault(settings.mailbox); !fault.empty())
    issues.fatal("/mailbox", fault);
  // Base64 in lines of 76 characters, and the words around the documents.
  const auto full_receipt_bytes = settings.attachments_bytes_max / 100 * 137 + kReceiptWordsBytes;
  if (settings.receipt == "completa" && full_receipt_bytes > settings.mailbox.mail_bytes_max)
    issues.fatal(
        "/attachments_bytes_max",
        "a full receipt brings these documents back and would be more than mailbox.mail_bytes_max, so that "
        "no delivery could be verified: lower this one, raise that one, or ask for receipt = \"breve\"");
  for (std::size_t i{0}; i < settings.signers.size(); ++i)
    if (settings.signers[i].find('@') == std::string::npos)
      issues.warning(
          "/trust/signers/" + std::to_string(i),
          "a whole domain: whoever there has a certificate of these authorities is believed, its customers "
          "too; name the provider's own address, as posta-certificata@" +
              settings.signers[i]);
  if (settings.signers.empty()) issues.fatal("/trust/signers", "names nobody: no receipt could be believed");
  if (settings.authorities.empty() == settings.authorities_file.empty()) {
    issues.fatal("/trust", "needs either authorities or authorities_file");
  } else if (!settings.authorities.empty()) {
    std::string fault;
    if (!relance::pec::Trust::from(settings.authorities, settings.signers, fault))
      issues.fatal("/trust/authorities", fault);
  }
}

}  // namespace

Settings read_settings(std::string_view text, sdk::Issues &issues) {
  Settings settings;
  const auto json = Json::parse(text);
  if (json.kind() != Json::Kind::object) {
    issues.fatal("", "the settings are no JSON object");
    return settings;
  }
  const auto number = [&](const Json &value, const char *path, std::int64_t otherwise, std::int64_t max) {
    const auto given = value.integer(otherwise);
    if (given < 1 || given > max) issues.fatal(path, "is out of range");
    return given;
  };
  settings.address = json["address"].text();
  settings.message_id_domain = json["message_id_domain"].text(
      settings.address.substr(std::min(settings.address.rfind('@') + 1, settings.address.size())));
  settings.max_in_flight =
      static_cast<std::uint32_t>(number(json["max_in_flight"], "/max_in_flight", 16, 1000));
  read_server(json["server"], json["auth"], settings);
  read_mailbox(json["mailbox"], settings);
  const auto &trust = json["trust"];
  settings.authorities = trust["authorities"].text();
  settings.authorities_file = trust["authorities_file"].text();
  for (const auto &signer : trust["signers"].items()) settings.signers.push_back(signer.text());
  settings.receipt = json["receipt"].text("completa");
  settings.attachments_bytes_max = static_cast<std::size_t>(
      number(json["attachments_bytes_max"], "/attachments_bytes_max", 5'000'000, 30'000'000));
  settings.accepted_within_ms =
      number(json["accepted_within_min"], "/accepted_within_min", 60, 10'080) * kMinuteMs;
  settings.delivered_within_ms = number(json["delivered_within_h"], "/delivered_within_h", 26, 720) * kHourMs;
  check(settings, issues);
  return settings;
}

}  // namespace relance::lre::pec
