#include "plugins/sms/smpp/settings.hpp"

#include "plugins/sms/sender_id.hpp"

#include <algorithm>
#include <charconv>

namespace relance::sms::smpp {
namespace {

using protocol::ReceiptIds;
using protocol::Verdict;

/// @see SMPP v3.4 §5.2.17
constexpr std::uint8_t kAllReceipts{0x01}, kFailuresOnly{0x02}, kIntermediate{0x10};
/// How long enquire_link may stay without an answer: as long as the silence before it, within reason.
constexpr std::chrono::seconds kEnquiredLeast{2}, kEnquiredMost{10};
/// Of the standard's field, without its NUL.
constexpr std::size_t kPasswordMax{8}, kSystemIdMax{15};

std::uint8_t octet(const sdk::Json &value, std::uint8_t otherwise) {
  return static_cast<std::uint8_t>(value.integer(otherwise));
}
std::optional<std::uint8_t> octet_if_there(const sdk::Json &value) {
  return value.is_absent() ? std::nullopt : std::optional{octet(value, 0)};
}

Verdict verdict_named(std::string_view name) {
  if (name == "throttled") return Verdict::throttled;
  if (name == "temporary") return Verdict::temporary;
  if (name == "address_dead") return Verdict::address_dead;
  if (name == "configuration") return Verdict::configuration;
  return name == "unknown" ? Verdict::unknown : Verdict::policy;
}

sdk::FailureClass class_named(std::string_view name) {
  if (name == "address_dead") return sdk::FailureClass::address_dead;
  if (name == "temporary") return sdk::FailureClass::temporary;
  return name == "configuration" ? sdk::FailureClass::configuration : sdk::FailureClass::policy;
}

protocol::Options read_server(const sdk::Json &json) {
  protocol::Options server;
  server.host = json["host"].text();
  server.port = static_cast<std::uint16_t>(json["port"].integer(server.port));
  server.system_id = json["system_id"].text();
  server.password = json["password"].text();
  server.system_type = json["system_type"].text();
  server.address_range = json["address_range"].text();
  if (json["mode"].text() == "pair") server.mode = protocol::Mode::pair;
  server.links = static_cast<std::size_t>(json["links"].integer(1));
  server.window = static_cast<std::size_t>(json["window"].integer(16));
  const auto &tls = json["tls"];
  server.has_tls = !tls.is_absent();
  server.tls = {server.host, tls["server_name"].text(), tls["ca_file"].text(),
                tls["verify_certificate"].flag(true)};
  server.timeouts.enquire = std::chrono::seconds{json["enquire_link_s"].integer(30)};
  server.timeouts.enquired =
      std::clamp<protocol::Timeouts::Milliseconds>(server.timeouts.enquire, kEnquiredLeast, kEnquiredMost);
  server.timeouts.response = std::chrono::seconds{json["response_timeout_s"].integer(30)};
  server.timeouts.backoff_most = std::chrono::seconds{json["reconnect_s_max"].integer(30)};
  server.timeouts.refused_first = std::min(server.timeouts.refused_first, server.timeouts.backoff_most);
  server.timeouts.refused_most = std::max(server.timeouts.refused_first, server.timeouts.backoff_most * 4);
  const auto &statuses = json["statuses"];
  for (std::size_t at{0}; at < statuses.names().size(); ++at) {
    const auto &name = statuses.names()[at];
    std::uint32_t status{0};
    std::from_chars(name.data() + 2, name.data() + name.size(), status, 16);
    server.verdicts[status] = verdict_named(statuses.items()[at].text());
  }
  return server;
}

void read_text(const sdk::Json &json, Settings &settings, sdk::Issues &issues) {
  settings.text = read_text_rules(json["text"], issues);
  const auto alphabet = json["default_alphabet"].text("gsm");
  if (alphabet == "latin1") settings.alphabet = Alphabet::latin1;
  if (alphabet == "latin1_marked") settings.alphabet = Alphabet::latin1_marked;
  settings.text.encoding.is_latin1 = settings.alphabet != Alphabet::gsm;
  const auto multipart = json["multipart"].text("udh");
  if (multipart == "udh16") settings.multipart = Multipart::udh16;
  if (multipart == "sar") settings.multipart = Multipart::sar;
  if (multipart == "payload") settings.multipart = Multipart::payload;
  if (settings.multipart == Multipart::udh16) settings.text.encoding.header_octets = 7;
}

void read_receipt_settings(const sdk::Json &json, Settings &settings) {
  const auto ids = json["receipt_ids"].text("auto");
  if (ids == "same") settings.receipt_ids = ReceiptIds::same;
  if (ids == "decimal") settings.receipt_ids = ReceiptIds::decimal;
  if (ids == "hex") settings.receipt_ids = ReceiptIds::hexadecimal;
  const auto receipts = json["receipts"].text("all");
  settings.awaits_receipts = receipts == "all";
  settings.registered_delivery = receipts == "all"        ? kAllReceipts
                                 : receipts == "failures" ? kFailuresOnly
                                                          : 0;
  if (json["intermediate_receipts"].flag(false)) settings.registered_delivery |= kIntermediate;
  const auto &classes = json["error_classes"];
  for (std::size_t at{0}; at < classes.names().size(); ++at)
    settings.error_classes[classes.names()[at]] = class_named(classes.items()[at].text());
}

void check(const Settings &settings, sdk::Issues &issues) {
  const auto &server = settings.server;
  if (server.host.empty()) issues.fatal("/host", "is missing");
  if (server.system_id.empty()) issues.fatal("/system_id", "is missing");
  if (server.links < 1 || server.links > 16) issues.fatal("/links", "is not between 1 and 16");
  if (server.window < 1 || server.window > 1000) issues.fatal("/window", "is not between 1 and 1000");
  if (server.system_id.size() > kSystemIdMax)
    issues.warning("/system_id", "is longer than the 15 characters of SMPP 3.4");
  if (server.password.size() > kPasswordMax)
    issues.warning("/password", "is longer than the 8 characters of SMPP 3.4; some servers cut it");
  if (server.has_tls && !server.tls.verify_certificate)
    issues.warning("/tls/verify_certificate", "anyone can pose as the message centre");
  if (!settings.sender.empty())
    if (const auto sender = read_sender(settings.sender); !sender.id) issues.fatal("/sender", sender.fault);
  if (!settings.awaits_receipts) issues.warning("/receipts", "nobody will know which texts arrived");
}

}  // namespace

std::uint32_t Settings::max_in_flight() const {
  return static_cast<std::uint32_t>(server.links * server.window);
}

Settings read_settings(std::string_view text, sdk::Issues &issues) {
  Settings settings;
  const auto json = sdk::Json::parse(text);
  settings.server = read_server(json);
  settings.sender = json["sender"].text();
  settings.prices = PriceTable{json["prices"], issues};
  read_text(json, settings, issues);
  read_receipt_settings(json, settings);
  settings.validity = json["validity"].flag(true);
  settings.query = json["query"].flag(false);
  settings.recall = json["recall"].flag(false);
  settings.service_type = json["service_type"].text();
  settings.protocol_id = octet(json["protocol_id"], 0);
  settings.priority = octet(json["priority"], 0);
  settings.source_ton = octet_if_there(json["source_ton"]);
  settings.source_npi = octet_if_there(json["source_npi"]);
  settings.destination_ton = octet(json["destination_ton"], 1);
  settings.destination_npi = octet(json["destination_npi"], 1);
  check(settings, issues);
  return settings;
}

}  // namespace relance::sms::smpp
