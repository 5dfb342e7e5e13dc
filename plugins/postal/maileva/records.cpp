#include "plugins/postal/maileva/records.hpp"

#include "plugins/protocol/gateway/timestamp.hpp"

#include <algorithm>

namespace relance::postal::maileva {
namespace {

/// Maileva's custom_id and La Poste's registered letters: what the product is called for each service.
struct Service {
  std::string_view service, product;
};
constexpr Service kServices[]{{"plain", kPlain}, {"registered", kRegistered}, {"registered_ar", kRegistered}};

constexpr Row kEvents[]{{"ON_STATUS_ACCEPTED", "accepted"},
                        {"ON_STATUS_REJECTED", "rejected"},
                        {"ON_STATUS_PROCESSED", "dispatched"},
                        {"ON_STATUS_PROCESSED_WITH_ERRORS", "interim"},
                        {"ON_GLOBAL_DEPOSIT_PROOF_RECEIVED", "dispatched"},
                        {"ON_DEPOSIT_PROOF_RECEIVED", "dispatched"},
                        {"ON_ACKNOWLEDGEMENT_OF_RECEIPT_RECEIVED", "accepted_by_addressee"},
                        {"ON_MAIN_DELIVERY_STATUS_FIRST_PRESENTATION", "interim"},
                        {"ON_MAIN_DELIVERY_STATUS_DELIVERED", "delivered"}};
/// What these say stands in the recipient's record: a reason, or a proof.
constexpr std::string_view kNeedRecord[]{
    "ON_STATUS_PROCESSED_WITH_ERRORS",        "ON_DEPOSIT_PROOF_RECEIVED",
    "ON_ACKNOWLEDGEMENT_OF_RECEIPT_RECEIVED", "ON_CONTENT_PROOF_RECEIVED",
    "ON_UNDELIVERED_MAIL_RECEIVED",           "ON_MAIN_DELIVERY_STATUS_UNDELIVERED",
    "ON_MAIN_DELIVERY_STATUS_DELIVERED"};
/// Of a recipient; a sending's ACCEPTED is the provider's, not the addressee's.
constexpr Row kStatuses[]{{"PENDING", "interim"},           {"PREPARING", "interim"},
                          {"BLOCKED", "interim"},           {"ACCEPTED", "accepted"},
                          {"PROCESSED", "dispatched"},      {"REJECTED", "rejected"},
                          {"SENDING_REJECTED", "rejected"}, {"CANCELED", "cancelled"}};
constexpr Row kCodes[]{{"A01", "dispatched"},
                       {"A02", "interim"},
                       {"A05", "interim"},
                       {"P01", "interim"},
                       {"D01", "delivered"},
                       {"N01", "accepted_by_addressee"},
                       {"N05", "refused"},
                       {"A16", "refused"},
                       {"A18", "refused"},
                       {"P04", "refused"},
                       {"P05", "refused"},
                       {"P06", "refused"},
                       {"N03", "unclaimed"},
                       {"P03", "unclaimed"},
                       {"A14", "unclaimed"},
                       {"A17", "unclaimed"},
                       {"N02", "returned"},
                       {"N07", "returned"},
                       {"A21", "returned"},
                       {"A22", "returned"},
                       {"A23", "returned"},
                       {"A24", "returned"},
                       {"A25", "returned"},
                       {"A26", "returned"},
                       {"N10", "returned"},  // of a plain letter: no more is told
                       // registered_mail/v4: LP17, LP24 and LP27 are on the way back, after their reason
                       {"LP01", "accepted"},
                       {"LP02", "accepted"},
                       {"LP03", "dispatched"},
                       {"LP04", "dispatched"},
                       {"LP05", "dispatched"},
                       {"LP08", "available"},
                       {"LP09", "available"},
                       {"LP14", "dispatched"},
                       {"LP15", "delivered"},
                       {"LP16", "delivered"},
                       {"LP17", "sent_back"},
                       {"LP19", "unclaimed"},
                       {"LP20", "returned"},
                       {"LP21", "returned"},
                       {"LP22", "refused"},
                       {"LP24", "sent_back"},
                       {"LP25", "unclaimed"},
                       {"LP26", "dispatched"},
                       {"LP27", "sent_back"},
                       {"LP28", "delivered"},
                       {"LP29", "delivered"}};
/// Where registered_mail/v4 goes to and comes from: France with Monaco and overseas.
constexpr std::string_view kRegisteredCountries[]{"FR", "MC", "RE", "YT", "MQ", "GP", "MF", "BL", "GF"};

struct Proof {
  std::string_view member, path, file_name;
};
constexpr Proof kProofs[]{{"deposit_proof_url", "download_deposit_proof", "deposit-proof.pdf"},
                          {"acknowledgement_of_receipt_url", "download_acknowledgement_of_receipt",
                           "acknowledgement-of-receipt.pdf"},
                          {"undelivered_mail_url", "download_undelivered_mail", "undelivered-mail.pdf"},
                          {"content_proof_url", "download_content_proof", "content-proof.pdf"}};

std::string flag(bool is_set) {
  return is_set ? "true" : "false";
}
std::string member(std::string_view name, std::string_view json) {
  return sdk::json_string(name) + ':' + std::string{json};
}

/// 1 to 6 of an address, its last line always the sixth. Maileva wants a name in the first or second.
std::string lines_json(std::string_view prefix, const std::vector<std::string_view> &lines) {
  std::string json;
  const auto count = std::min(lines.size(), kLimits.lines_max);
  for (std::size_t i{0}; i < count; ++i) {
    const auto number = i + 1 == count ? kLimits.lines_max : i + (count < kLimits.lines_max ? 2 : 1);
    json += ',' + member(std::string{prefix} + "address_line_" + std::to_string(number),
                         sdk::json_string(lines[i]));
  }
  return json;
}

sdk::Receipt receipt_with(const Meaning &meaning, const SendingRef &ref, const std::string &key,
                          std::string_view code, std::string_view at) {
  auto receipt = to_receipt(meaning);
  receipt.ref = ref.text();
  receipt.idempotency_key = key;
  receipt.code = words_of(code);
  receipt.provider_time_ms = gateway::read_time_ms(at);
  return receipt;
}

/// Five digits, a space, a town.
bool is_french_town(std::string_view line) {
  return line.size() > 6 && line.substr(0, 5).find_first_not_of("0123456789") == line.npos && line[5] == ' ';
}

void hold_address(const std::vector<std::string_view> &lines, std::string_view country, bool is_registered,
                  const std::string &path, Letter &letter) {
  if (country.size() != 2)
    letter.issues.push_back({path + "/country", "is missing"});
  else if (is_registered &&
           std::ranges::find(kRegisteredCountries, country) == std::end(kRegisteredCountries))
    letter.issues.push_back(
        {path + "/country", "\"" + std::string{country} +
                                "\" is none that Maileva's registered letters go to or come "
                                "from: France, its overseas parts, Monaco"});
  if (country == "FR" && !lines.empty() && !is_french_town(lines.back()))
    letter.issues.push_back({path + "/postal_lines/" + std::to_string(lines.size() - 1),
                             "is no postal code of five digits and a town"});
}

std::optional<sdk::Evidence> proof_of(const SendingRef &ref, const sdk::Json &recipient, const Proof &proof) {
  const auto id = recipient["id"].text();
  if (recipient[proof.member].text().empty() || !rest::is_id(id)) return std::nullopt;
  return sdk::Evidence{.media_type = "application/pdf",
                       .file_name = std::string{proof.file_name},
                       .reference = ref.text() + "/recipients/" + id + '/' + std::string{proof.path}};
}

}  // namespace

std::optional<SendingRef> SendingRef::parse(std::string_view text) {
  for (const std::string_view product : {kRegistered, kPlain, "registered_mail/v2"}) {
    const auto prefix = std::string{product} + "/sendings/";
    if (!text.starts_with(prefix)) continue;
    text.remove_prefix(prefix.size());
    return rest::is_id(text) ? std::optional{SendingRef{std::string{product}, std::string{text}}}
                             : std::nullopt;
  }
  return std::nullopt;
}

void hold_addresses(const sdk::Message &m, Letter &letter) {
  const bool is_registered{product_for(m.service) == kRegistered};
  hold_address(lines_of(m.addressee.postal_lines, m.addressee.country), m.addressee.country, is_registered,
               "/addressee", letter);
  const auto sender = lines_of(m.sender.postal_lines, m.sender.country);
  if (sender.empty()) return;
  hold_address(sender, m.sender.country.empty() ? "FR" : m.sender.country, is_registered, "/sender", letter);
  hold_lines(sender, kLimits, "/sender/postal_lines", letter);
}

std::string product_for(std::string_view service) {
  for (const auto &row : kServices)
    if (row.service == service) return std::string{row.product};
  return {};
}

std::string sending_json(const Settings &s, const sdk::Message &m) {
  const bool is_registered{product_for(m.service) == kRegistered};
  std::string json{"{" + member("name", sdk::json_string(m.idempotency_key)) + ',' +
                   member("custom_id", sdk::json_string(m.idempotency_key)) + ',' +
                   member("color_printing", flag(s.is_colour)) + ',' +
                   member("duplex_printing", flag(s.is_duplex)) + ',' +
                   member("optional_address_sheet", flag(s.has_address_sheet)) + ',' +
                   member("archiving_duration", std::to_string(s.archiving_years))};
  if (!s.notification_email.empty())
    json += ',' + member("notification_email", sdk::json_string(s.notification_email));
  if (is_registered) {
    json += ',' + member("acknowledgement_of_receipt", flag(m.service == "registered_ar")) + ',' +
            member("returned_mail_scanning", flag(s.scans_returned_mail));
    if (!s.registered_postage.empty())
      json += ',' + member("postage_type", sdk::json_string(s.registered_postage));
  } else {
    json += ',' + member("postage_type", sdk::json_string(s.plain_postage));
  }
  if (!m.sender.postal_lines.empty()) {
    json += lines_json("sender_", lines_of(m.sender.postal_lines, m.sender.country));
    json += ',' + member("sender_country_code",
                         sdk::json_string(m.sender.country.empty() ? "FR" : m.sender.country));
  }
  return json + '}';
}

std::string recipient_json(const sdk::Message &m) {
  return '{' + member("custom_id", sdk::json_string(m.idempotency_key)) + ',' +
         member("country_code", sdk::json_string(m.addressee.country)) +
         lines_json("", lines_of(m.addressee.postal_lines, m.addressee.country)) + '}';
}

bool is_proof(std::string_view reference) {
  for (const auto &proof : kProofs) {
    if (!reference.ends_with(proof.path)) continue;
    const auto recipients = reference.find("/recipients/");
    if (recipients == reference.npos || !SendingRef::parse(reference.substr(0, recipients))) return false;
    auto id = reference.substr(recipients + 12);
    id.remove_suffix(proof.path.size());
    return id.ends_with('/') && rest::is_id(id.substr(0, id.size() - 1));
  }
  return false;
}

bool Event::needs_record() const {
  return std::ranges::find(kNeedRecord, type) != std::end(kNeedRecord);
}

std::optional<Event> read_event(std::string_view text) {
  const auto json = sdk::Json::parse(text);
  Event event{.type = json["event_type"].text(),
              .key = json["resource_custom_id"].text(),
              .at_ms = gateway::read_time_ms(json["event_date"].text())};
  const auto resource = json["resource_type"].text(), id = json["resource_id"].text();
  if (event.type.empty() || !is_key(event.key)) return std::nullopt;
  if (const auto ref = SendingRef::parse(resource + '/' + id)) event.sending = ref->text();
  // A recipient's event says where the sending is.
  const auto location = json["resource_location"].text();
  if (const auto recipients = location.find("/recipients/");
      event.sending.empty() && recipients != location.npos)
    for (const std::string_view product : {kRegistered, kPlain, "registered_mail/v2"})
      if (const auto at = location.find(product); at != location.npos && at < recipients)
        if (const auto ref = SendingRef::parse(std::string_view{location}.substr(at, recipients - at)))
          event.sending = ref->text();
  return event;
}

std::optional<sdk::Receipt> receipt_of(const Event &event) {
  auto receipt = to_receipt(meaning_in(kEvents, event.type));
  receipt.ref = event.sending;
  receipt.idempotency_key = event.key;
  receipt.code = words_of(event.type);
  receipt.provider_time_ms = event.at_ms;
  return receipt;
}

std::vector<sdk::Receipt> receipts_of(const SendingRef &ref, const std::string &key,
                                      const sdk::Json &recipient) {
  std::vector<sdk::Receipt> receipts;
  const auto status = recipient["status"].text();
  if (!status.empty() && status != "DRAFT") {
    receipts.push_back(receipt_with(meaning_in(kStatuses, status), ref, key, status, {}));
    receipts.back().text = words_of(recipient["status_detail"].text());
  }
  for (const auto &row : recipient["delivery_statuses"].items()) {
    const auto code = row["code"].text(row["status"].text());
    if (code.empty()) continue;
    receipts.push_back(receipt_with(meaning_of_code(code), ref, key, code, row["date"].text()));
    receipts.back().text = words_of(row["label"].text());
  }
  if (const auto last = recipient["last_delivery_status"].text(); !last.empty())
    receipts.push_back(
        receipt_with(meaning_of_code(last), ref, key, last, recipient["last_delivery_status_date"].text()));
  const auto with_proof = [&](std::string_view word, const Proof &proof, std::string_view code,
                              std::string_view at) {
    receipts.push_back(
        receipt_with(meaning_of(word).value_or(Meaning{}), ref, key, code, recipient[at].text()));
    if (auto evidence = proof_of(ref, recipient, proof))
      receipts.back().evidence.push_back(std::move(*evidence));
  };
  if (!recipient["deposit_proof_url"].text().empty())
    with_proof("dispatched", kProofs[0], "deposit proof", "deposit_proof_date");
  if (!recipient["acknowledgement_of_receipt_url"].text().empty())
    with_proof("accepted_by_addressee", kProofs[1], "acknowledgement of receipt",
               "acknowledgement_of_receipt_date");
  if (!recipient["content_proof_url"].text().empty())
    with_proof("interim", kProofs[3], "content proof", "content_proof_date");
  auto reason = recipient["undelivered_mail_reason"].text();
  if (reason.empty() && !recipient["undelivered_mail_date"].text().empty()) reason = "N10";
  if (!reason.empty()) {
    receipts.push_back(
        receipt_with(meaning_of_code(reason), ref, key, reason, recipient["undelivered_mail_date"].text()));
    if (auto evidence = proof_of(ref, recipient, kProofs[2]))
      receipts.back().evidence.push_back(std::move(*evidence));
  }
  return receipts;
}

Meaning meaning_of_code(std::string_view code) {
  return meaning_in(kCodes, code);
}

std::span<const Subscription> subscriptions() {
  static constexpr std::string_view kMail{"mail/v2/sendings"}, kSendings{"registered_mail/v4/sendings"},
      kRecipients{"registered_mail/v4/recipients"};
  static constexpr Subscription kAll[]{{kMail, "ON_STATUS_ACCEPTED"},
                                       {kMail, "ON_STATUS_REJECTED"},
                                       {kMail, "ON_STATUS_PROCESSED"},
                                       {kSendings, "ON_STATUS_ACCEPTED"},
                                       {kSendings, "ON_STATUS_REJECTED"},
                                       {kSendings, "ON_STATUS_PROCESSED"},
                                       {kSendings, "ON_STATUS_PROCESSED_WITH_ERRORS"},
                                       {kSendings, "ON_GLOBAL_DEPOSIT_PROOF_RECEIVED"},
                                       {kRecipients, "ON_DEPOSIT_PROOF_RECEIVED"},
                                       {kRecipients, "ON_CONTENT_PROOF_RECEIVED"},
                                       {kRecipients, "ON_ACKNOWLEDGEMENT_OF_RECEIPT_RECEIVED"},
                                       {kRecipients, "ON_UNDELIVERED_MAIL_RECEIVED"},
                                       {kRecipients, "ON_MAIN_DELIVERY_STATUS_FIRST_PRESENTATION"},
                                       {kRecipients, "ON_MAIN_DELIVERY_STATUS_DELIVERED"},
                                       {kRecipients, "ON_MAIN_DELIVERY_STATUS_UNDELIVERED"}};
  return kAll;
}

}  // namespace relance::postal::maileva
