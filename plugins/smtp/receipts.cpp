#include "plugins/smtp/receipts.hpp"

#include "plugins/protocol/report/address.hpp"
#include "plugins/protocol/report/mail.hpp"
#include "plugins/protocol/report/own_words.hpp"
#include "plugins/protocol/report/report.hpp"

#include <algorithm>
#include <array>

namespace relance::smtp_channel {
namespace {

using report::Reason;
using sdk::FailureClass;

constexpr std::size_t kKeyLengthMin{26};
constexpr std::size_t kKeyLengthMax{36};
/// Of a debtor's words; the whole mail is stored raw.
constexpr std::size_t kReplyTextBytes{16'384};
/// Of the names of its attachments.
constexpr std::size_t kFileNamesBytes{1'000};

bool is_key(std::string_view text) {
  return text.size() >= kKeyLengthMin && text.size() <= kKeyLengthMax &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
         });
}

char lower(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character;
}
bool equals_ignoring_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view key_of_message_id(std::string_view id, const Settings &settings) {
  const auto at = id.rfind('@');
  if (at == std::string_view::npos || !equals_ignoring_case(id.substr(at + 1), settings.message_id_domain))
    return {};
  return id.substr(0, at);
}

/// What stands for KEY in an address made from this pattern; empty when it was not.
std::string_view key_in(std::string_view address, std::string_view pattern) {
  const auto at = pattern.find("KEY");
  if (at == std::string_view::npos || address.size() < pattern.size() - 3) return {};
  const auto before = pattern.substr(0, at);
  const auto behind = pattern.substr(at + 3);
  const auto key = address.substr(at, address.size() - before.size() - behind.size());
  const bool fits{equals_ignoring_case(address.substr(0, at), before) &&
                  equals_ignoring_case(address.substr(address.size() - behind.size()), behind)};
  return fits && is_key(key) ? key : std::string_view{};
}

/// The address a report came to cannot be forged by its content; but some hosts fold the case of local parts,
/// so the spelling is taken from another place where that says the same.
std::string key_of(const report::Report &read, const Settings &settings) {
  std::vector<std::string_view> spelled{read.envelope_id,
                                        key_of_message_id(read.original_message_id, settings)};
  for (const auto &id : read.answered_ids) spelled.push_back(key_of_message_id(id, settings));
  spelled.push_back(key_in(read.original_sender, settings.envelope_sender));
  spelled.push_back(read.original_key);
  std::string_view arrived;
  for (const auto &address : read.arrival_addresses) {
    for (const std::string_view pattern : {settings.envelope_sender, settings.reply_to})
      if (arrived.empty()) arrived = key_in(address, pattern);
  }
  if (arrived.empty() && is_key(read.verp_key)) arrived = read.verp_key;
  for (const auto other : spelled) {
    if (is_key(other) && (arrived.empty() || equals_ignoring_case(other, arrived))) return std::string{other};
  }
  return std::string{arrived};
}

FailureClass failure_of(const report::Recipient &recipient) {
  if (recipient.is_address_dead()) return FailureClass::address_dead;
  switch (recipient.reason) {
    case Reason::blocked:
    case Reason::policy:
    case Reason::spam:
    case Reason::content:
    case Reason::message_too_large:
      return FailureClass::policy;
    case Reason::authentication:
    case Reason::relaying_denied:
    case Reason::sender_rejected:
      return FailureClass::configuration;
    default:
      return FailureClass::temporary;
  }
}

std::string code_of(const report::Recipient &recipient) {
  std::string code;
  if (recipient.reply_code != 0) code = std::to_string(recipient.reply_code) + ' ';
  return code + recipient.status;
}

sdk::Receipt receipt_of(const report::Recipient &recipient, const std::string &key) {
  sdk::Receipt receipt;
  receipt.idempotency_key = key;
  receipt.code = code_of(recipient);
  receipt.text = recipient.diagnostic;
  switch (recipient.action) {
    case report::Action::delivered:
      receipt.kind = sdk::ReceiptKind::delivered;
      receipt.is_final = true;
      break;
    case report::Action::relayed:
    case report::Action::expanded:
      receipt.kind = sdk::ReceiptKind::relayed;
      break;
    case report::Action::failed:
      receipt.kind = sdk::ReceiptKind::failed;
      receipt.is_final = true;
      receipt.failure = failure_of(recipient);
      break;
    case report::Action::delayed:
    case report::Action::unknown:
      receipt.kind = sdk::ReceiptKind::interim;
      receipt.failure = FailureClass::temporary;
      break;
  }
  return receipt;
}

sdk::Receipt plain_receipt(sdk::ReceiptKind kind, const std::string &key, std::string text, bool is_final) {
  sdk::Receipt receipt;
  receipt.idempotency_key = key;
  receipt.kind = kind;
  receipt.is_final = is_final;
  receipt.text = std::move(text);
  return receipt;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank{" \t\r\n"};
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

void cut_to(std::string &text, std::size_t most) {
  if (text.size() <= most) return;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  text.resize(most);
}

/// The words of the letter, those it quotes taken away; the raw mail keeps everything.
std::string words_of(const report::Mail &mail) {
  const report::Part *words{nullptr};
  for (const auto &part : mail.parts) {
    const bool is_plain{part.type == "text/plain"};
    const bool is_html{part.type == "text/html"};
    const bool is_better{words == nullptr || (is_plain && words->type != "text/plain")};
    if ((is_plain || is_html) && is_better && !trimmed(part.text).empty()) words = &part;
  }
  auto text = words == nullptr ? std::string{} : report::own_words(words->text);
  cut_to(text, kReplyTextBytes);
  if (mail.file_names.empty()) return text;
  std::string names;
  for (const auto &name : mail.file_names) {
    if (!names.empty()) names += ", ";
    names += name;
  }
  cut_to(names, kFileNamesBytes);
  return text + (text.empty() ? "[" : "\n\n[") + names + ']';
}

/// The letter itself is read again for its words: a report has no use for them.
sdk::Reply reply_of(std::string_view bytes, bool is_automatic, std::string key) {
  const auto mail = report::read_mail(bytes);
  sdk::Reply reply;
  // The bare address: the host knows debtors by it.
  reply.from = report::value_of(mail.header, "from");
  if (auto address = report::address_of(reply.from); !address.empty()) reply.from = std::move(address);
  reply.to = report::value_of(mail.header, "to");
  reply.subject = report::value_of(mail.header, "subject");
  reply.text = words_of(mail);
  reply.idempotency_key = std::move(key);
  if (is_automatic) {
    reply.kind = sdk::ReplyKind::automatic;
  } else if (report::says_stop(reply.text) || report::says_stop(reply.subject)) {
    reply.kind = sdk::ReplyKind::stop;
  }
  return reply;
}

/// RFC 5965 and its registry: the recipient's own report, not a provider's notice about our signatures nor
/// "this is no spam".
bool is_complaint(std::string_view feedback_type) {
  return feedback_type != "not-spam" && feedback_type != "auth-failure" && feedback_type != "dmarc";
}

void read_feedback(const report::Report &read, std::string key, Meaning &meaning) {
  if (!is_complaint(read.feedback_type)) return;  // understood, and nothing follows for a message
  const auto words = "feedback: " + (read.feedback_type.empty() ? std::string{"abuse"} : read.feedback_type);
  if (!key.empty()) {
    meaning.receipts.push_back(plain_receipt(sdk::ReceiptKind::complaint, key, words, true));
    return;
  }
  // Nothing but the address: who complains wants no more, whichever message it was. Ours have one recipient
  // each; a report that names many would silence as many debtors, and anybody can write one.
  if (read.recipients.size() != 1) {
    meaning.unreadable_because = "a complaint that names no message of ours";
    return;
  }
  sdk::Reply stop;
  stop.kind = sdk::ReplyKind::stop;
  stop.from = read.recipients.front().address;
  stop.text = words;
  meaning.replies.push_back(std::move(stop));
}

}  // namespace

Meaning read_mail(std::string_view bytes, const Settings &settings) {
  const auto read = report::parse_report(bytes);
  auto key = key_of(read, settings);
  Meaning meaning;
  switch (read.kind) {
    case report::Kind::unreadable:
      meaning.unreadable_because = read.unreadable_because;
      return meaning;
    case report::Kind::auto_reply:
      meaning.replies.push_back(reply_of(bytes, true, std::move(key)));
      return meaning;
    case report::Kind::other:
      meaning.replies.push_back(reply_of(bytes, false, std::move(key)));
      return meaning;
    default:
      break;
  }
  if (read.kind == report::Kind::feedback) {
    read_feedback(read, std::move(key), meaning);
    return meaning;
  }
  if (key.empty()) {
    meaning.unreadable_because = "a report that names no message of ours";
    return meaning;
  }
  if (read.kind == report::Kind::disposition) {
    const bool is_displayed{read.disposition == "displayed"};
    meaning.receipts.push_back(
        plain_receipt(is_displayed ? sdk::ReceiptKind::read : sdk::ReceiptKind::interim, key,
                      "disposition: " + read.disposition, is_displayed));
  }
  if (read.kind == report::Kind::delivery) {
    for (const auto &recipient : read.recipients) meaning.receipts.push_back(receipt_of(recipient, key));
    if (meaning.receipts.empty()) meaning.unreadable_because = "a delivery report without a recipient";
  }
  return meaning;
}

}  // namespace relance::smtp_channel
