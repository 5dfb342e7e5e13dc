#include "plugins/smtp/receipts.hpp"

#include "plugins/protocol/report/mail.hpp"
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

/// The address a report came to cannot be forged by its content; but some hosts fold the case of local parts,
/// so the spelling is taken from the other two where they say the same.
std::string key_of(const report::Report &read, const Settings &settings) {
  const auto by_id = key_of_message_id(read.original_message_id, settings);
  const std::array<std::string_view, 2> spelled{read.envelope_id, by_id};
  if (is_key(read.verp_key)) {
    for (const auto other : spelled) {
      if (equals_ignoring_case(other, read.verp_key)) return std::string{other};
    }
    return read.verp_key;
  }
  for (const auto other : spelled) {
    if (is_key(other)) return std::string{other};
  }
  return {};
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

/// The letter itself is read again for its words: a report has no use for them.
sdk::Reply reply_of(std::string_view bytes, bool is_automatic, std::string key) {
  const auto mail = report::read_mail(bytes);
  sdk::Reply reply;
  reply.from = report::value_of(mail.header, "from");
  reply.to = report::value_of(mail.header, "to");
  reply.subject = report::value_of(mail.header, "subject");
  for (const auto &part : mail.parts) {
    if (part.type != "text/plain") continue;
    auto text = std::string_view{part.text}.substr(0, kReplyTextBytes);
    while (text.size() == kReplyTextBytes && (static_cast<unsigned char>(text.back()) & 0x80) != 0)
      text.remove_suffix(1);
    reply.text = text;
    break;
  }
  reply.idempotency_key = std::move(key);
  const auto first_line = trimmed(std::string_view{reply.text}.substr(0, reply.text.find('\n')));
  if (is_automatic) {
    reply.kind = sdk::ReplyKind::automatic;
  } else if (equals_ignoring_case(first_line, "stop") ||
             equals_ignoring_case(trimmed(reply.subject), "stop")) {
    reply.kind = sdk::ReplyKind::stop;
  }
  return reply;
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
  if (key.empty()) {
    meaning.unreadable_because = "a report that names no message of ours";
    return meaning;
  }
  if (read.kind == report::Kind::disposition) {
    const bool is_displayed{read.disposition == "displayed"};
    meaning.receipts.push_back(
        plain_receipt(is_displayed ? sdk::ReceiptKind::read : sdk::ReceiptKind::interim, key,
                      "disposition: " + read.disposition, is_displayed));
  } else if (read.kind == report::Kind::feedback) {
    meaning.receipts.push_back(
        plain_receipt(sdk::ReceiptKind::complaint, key, "feedback: " + read.feedback_type, true));
  }
  if (read.kind == report::Kind::delivery) {
    for (const auto &recipient : read.recipients) meaning.receipts.push_back(receipt_of(recipient, key));
    if (meaning.receipts.empty()) meaning.unreadable_because = "a delivery report without a recipient";
  }
  return meaning;
}

}  // namespace relance::smtp_channel
