#include "plugins/lre/pec/receipts.hpp"

#include "plugins/protocol/report/address.hpp"
#include "plugins/protocol/report/ascii.hpp"
#include "plugins/protocol/report/charset.hpp"
#include "plugins/protocol/report/mail.hpp"
#include "plugins/protocol/report/own_words.hpp"
#include "plugins/protocol/report/report.hpp"

#include <algorithm>

namespace relance::lre::pec {
namespace {

using relance::pec::Daticert;
using relance::pec::Event;
using relance::pec::Kind;
using relance::pec::Mail;
using sdk::FailureClass;
using sdk::ReceiptKind;

constexpr std::size_t kKeyLengthMin{26}, kKeyLengthMax{36};
constexpr std::size_t kTextBytes{500};
/// Of a debtor's words; the whole mail is stored raw.
constexpr std::size_t kReplyTextBytes{16'384};
constexpr std::size_t kNameBytes{80};

bool is_key(std::string_view text) {
  return text.size() >= kKeyLengthMin && text.size() <= kKeyLengthMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return report::is_alnum(c) || c == '-'; });
}

/// The key in a Message-ID of ours; empty: somebody else's.
std::string key_of(std::string_view message_id, const Settings &settings) {
  message_id = report::trim(message_id);
  if (message_id.starts_with('<')) message_id.remove_prefix(1);
  if (message_id.ends_with('>')) message_id.remove_suffix(1);
  const auto at = message_id.rfind('@');
  if (at == message_id.npos ||
      !report::equals_ignoring_case(message_id.substr(at + 1), settings.message_id_domain))
    return {};
  const auto key = message_id.substr(0, at);
  return is_key(key) ? std::string{key} : std::string{};
}

/// Of which message: what the provider signed. Only where that is silent, as it is in receipts of some
/// providers, the mail's header is asked, which anybody may have changed on the way.
std::string key_of(const Mail &mail, const Daticert &certified, const Settings &settings) {
  if (!certified.message_id.empty()) return key_of(certified.message_id, settings);
  if (const auto *original = mail.find("postacert.eml")) {
    const auto header = report::parse_header(
        report::to_utf8(std::string_view{original->bytes}.substr(0, relance::pec::kHeaderBytesMax), nullptr),
        relance::pec::kFieldsMax);
    if (const auto id = report::value_of(header, "message-id"); !id.empty()) return key_of(id, settings);
  }
  return key_of(report::value_of(mail.header, "x-riferimento-message-id"), settings);
}

FailureClass failure_of(const Daticert &certified) {
  switch (relance::pec::fault_of(certified)) {
    case relance::pec::Fault::address:
      return FailureClass::address_dead;
    case relance::pec::Fault::virus:
      return FailureClass::policy;
    case relance::pec::Fault::passing:
      return FailureClass::temporary;
    default:
      return FailureClass::none;
  }
}

ReceiptKind kind_of(const Daticert &certified) {
  const bool is_outside{!certified.recipients.empty() &&
                        std::all_of(certified.recipients.begin(), certified.recipients.end(),
                                    [](const auto &one) { return one.type == "esterno"; })};
  switch (relance::pec::event_of(certified)) {
    case Event::accepted:
      return is_outside ? ReceiptKind::relayed : ReceiptKind::accepted;
    case Event::relayed:
      return ReceiptKind::dispatched;
    case Event::delivered:
      return ReceiptKind::delivered;
    case Event::refused:
    case Event::failed:
    case Event::virus:
      return ReceiptKind::failed;
    case Event::delayed:
      return relance::pec::is_final(certified) ? ReceiptKind::failed : ReceiptKind::interim;
    default:
      return ReceiptKind::interim;
  }
}

/// A file name made of what a provider wrote.
std::string file_name(std::string_view type, std::string_view identifier, std::string_view tail) {
  std::string name;
  for (const char c : std::string{type} + '-' + std::string{identifier}.substr(0, kNameBytes))
    name += report::is_alnum(c) || c == '-' || c == '.' || c == '@' ? c : '_';
  return name.append(tail);
}

/// "avvenuta-consegna", "errore-consegna/no-dest".
std::string code_of(const Daticert &certified) {
  const bool has_error{!certified.error.empty() && certified.error != "nessuno"};
  return report::cut_utf8(certified.type + (has_error ? "/" + certified.error : ""), kNameBytes);
}

/// The event's name in EN 319 522, then the provider's words.
std::string text_of(const Daticert &certified, ReceiptKind kind) {
  std::string text{relance::pec::etsi_name(certified)};
  const auto add = [&](std::string_view words) {
    if (!text.empty() && !words.empty()) text += ": ";
    text += words;
  };
  if (kind == ReceiptKind::relayed) add("to an ordinary mailbox, which gives no receipt");
  add(report::squeeze(certified.extended_error));
  return report::cut_utf8(text, kTextBytes);
}

sdk::Receipt receipt_of(std::string_view bytes, const Mail &mail, const Daticert &certified,
                        std::string key) {
  sdk::Receipt receipt;
  receipt.idempotency_key = std::move(key);
  receipt.kind = kind_of(certified);
  receipt.is_final = relance::pec::is_final(certified);
  receipt.failure = failure_of(certified);
  receipt.code = code_of(certified);
  receipt.text = text_of(certified, receipt.kind);
  receipt.provider_time_ms = certified.time_ms.value_or(0);
  // The receipt with its signature, and the message as the provider had it.
  receipt.evidence.push_back(
      {"message/rfc822", file_name(certified.type, certified.identifier, ".eml"), std::string{bytes}, {}});
  if (const auto *original = mail.find("postacert.eml"); original != nullptr && !original->bytes.empty())
    receipt.evidence.push_back({"message/rfc822", "postacert.eml", original->bytes, {}});
  return receipt;
}

/// What a debtor answered by certified mail, or by an ordinary one that our provider wrapped.
Understood understand_answer(const Mail &mail, const Settings &settings) {
  const auto *inner = mail.find("postacert.eml");
  if (inner == nullptr) return {{}, "pec_other_mails", {}};
  const auto read = report::parse_report(inner->bytes);
  std::string key;
  for (const auto &id : read.answered_ids)
    if (key.empty()) key = key_of(id, settings);
  if (key.empty()) return {{}, "pec_other_mails", {}};  // the office's own post
  const auto letter = report::read_mail(inner->bytes);
  sdk::Reply reply;
  reply.kind = read.kind == report::Kind::auto_reply ? sdk::ReplyKind::automatic : sdk::ReplyKind::human;
  reply.from = report::value_of(letter.header, "from");
  if (auto address = report::address_of(reply.from); !address.empty()) reply.from = std::move(address);
  reply.to = report::value_of(letter.header, "to");
  reply.subject = report::value_of(letter.header, "subject");
  for (const auto &part : letter.parts)
    if (reply.text.empty() && (part.type == "text/plain" || part.type == "text/html"))
      reply.text = report::cut_utf8(report::own_words(part.text), kReplyTextBytes);
  reply.idempotency_key = std::move(key);
  return {sdk::Parsed::reply(std::move(reply)), {}, {}};
}

Understood refused(std::string_view why) {
  const std::string text{why};
  return {sdk::Parsed::unreadable("a certified mail that is not believed: " + text), "pec_forged_mails",
          text};
}

}  // namespace

Understood understand(std::string_view bytes, const Settings &settings, const relance::pec::Trust &trust,
                      std::int64_t at_ms) {
  if (bytes.size() >= settings.mailbox.mail_bytes_max)
    return {
        sdk::Parsed::unreadable("larger than mail_bytes_max, so its signature cannot be verified; it lies in "
                                "the mailbox"),
        "pec_large_mails",
        {}};
  const auto mail = relance::pec::read_mail(bytes);
  const auto reading = relance::pec::read(mail);
  if (reading.kind == Kind::ordinary) return {{}, "pec_ordinary_mails", {}};
  if (!mail.is_signed) return refused("it is not signed");
  const auto judgement = trust.judge(mail.signed_bytes, mail.signature, at_ms);
  if (judgement.trouble != relance::pec::Trouble::none) {
    auto why = std::string{name(judgement.trouble)};
    if (!judgement.signer.empty()) why += ", signed by " + judgement.signer;
    return refused(why);
  }
  if (reading.kind == Kind::malformed)
    return {sdk::Parsed::unreadable("a provider's mail without a daticert.xml that can be read"),
            "pec_malformed_mails",
            {}};
  if (reading.kind != Kind::receipt) return understand_answer(mail, settings);
  const auto &certified = *reading.certified;
  auto key = key_of(mail, certified, settings);
  const bool is_ours{report::equals_ignoring_case(certified.sender, settings.address)};
  if (key.empty() || !is_ours) return {{}, "pec_other_receipts", {}};  // of a mail that a person wrote
  return {sdk::Parsed::receipt(receipt_of(bytes, mail, certified, std::move(key))), {}, {}};
}

sdk::Outcome settle(const std::vector<sdk::Receipt> &receipts, std::string_view key) {
  auto outcome = sdk::Outcome::not_found();
  for (const auto &receipt : receipts) {
    if (receipt.idempotency_key != key) continue;
    const bool is_refused{receipt.code.starts_with("non-accettazione")};
    const bool is_weaker{outcome.kind == sdk::OutcomeKind::delivered ||
                         (is_refused && outcome.kind != sdk::OutcomeKind::not_found)};
    if (is_weaker) continue;
    outcome.failure = FailureClass::none;
    if (receipt.kind == ReceiptKind::delivered) {
      outcome.kind = sdk::OutcomeKind::delivered;
    } else if (is_refused) {
      outcome.kind = sdk::OutcomeKind::rejected;
      outcome.failure = receipt.failure;
    } else {
      // Whatever became of it further on, the provider had it; the receipt tells the rest.
      outcome.kind = sdk::OutcomeKind::accepted;
    }
    outcome.code = receipt.code;
    outcome.text = receipt.text;
  }
  return outcome;
}

}  // namespace relance::lre::pec
