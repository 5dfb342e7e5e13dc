// The order of reading: complaints and read receipts by their own parts, then delivery reports by their
// fields, then bounces in plain words, and only then what is left: answers of machines and of people.
#include "plugins/protocol/report/report.hpp"

#include "plugins/protocol/report/address.hpp"
#include "plugins/protocol/report/ascii.hpp"
#include "plugins/protocol/report/bounce_text.hpp"
#include "plugins/protocol/report/delivery_status.hpp"
#include "plugins/protocol/report/letter_kind.hpp"
#include "plugins/protocol/report/mail.hpp"
#include "plugins/protocol/report/mention.hpp"
#include "plugins/protocol/report/status_code.hpp"
#include "plugins/protocol/report/verdict.hpp"
#include "plugins/protocol/report/wording.hpp"

#include <algorithm>
#include <exception>

namespace relance::report {
namespace {

const Part *part_of_type(const Mail &mail, std::string_view type) {
  for (const auto &part : mail.parts)
    if (part.type == type) return &part;
  return nullptr;
}

std::string message_id_of(std::string_view value) {
  const auto open = value.find('<');
  const auto close = open == std::string_view::npos ? open : value.find('>', open);
  if (close != std::string_view::npos) return std::string(trim(value.substr(open + 1, close - open - 1)));
  return std::string(trim(value.substr(0, value.find(' '))));
}

std::string first_address(std::string_view value) {
  const auto found = find_addresses(value, 1);
  return found.empty() ? std::string{} : found.front().address;
}

/// Where this mail was delivered, from what the last server noted down to what the sender wrote.
void read_delivered_to(const Mail &mail, Report &report) {
  for (const std::string_view name :
       {"delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-rcpt-to", "to", "cc"}) {
    for (const auto &field : mail.header) {
      if (field.name != name || report.arrival_addresses.size() >= kArrivalAddressesMax) continue;
      for (auto &found : find_addresses(field.value, kArrivalAddressesMax))
        report.arrival_addresses.push_back(std::move(found.address));
    }
  }
  for (const auto &address : report.arrival_addresses) {
    const auto local = local_part(address);
    const auto plus = local.find('+');
    if (report.delivered_to.empty() || plus != std::string_view::npos) report.delivered_to = address;
    if (plus == std::string_view::npos) continue;
    report.verp_key = std::string(local.substr(plus + 1));
    return;
  }
}

void read_answered_ids(const Mail &mail, Report &report) {
  for (const std::string_view name : {"in-reply-to", "references"}) {
    std::string_view value = value_of(mail.header, name);
    for (auto open = value.find('<'); open != std::string_view::npos; open = value.find('<')) {
      const auto close = value.find('>', open);
      if (close == std::string_view::npos || report.answered_ids.size() >= kAnsweredIdsMax) break;
      report.answered_ids.emplace_back(trim(value.substr(open + 1, close - open - 1)));
      value.remove_prefix(close + 1);
    }
  }
}

/// What the returned message says of itself.
void read_original(const Fields &returned, Report &report) {
  report.original_sender = first_address(value_of(returned, "return-path"));
  report.original_key = std::string(trim(value_of(returned, lower(kKeyHeader))));
}

/// Addresses of our own side and of the server that writes: named in every bounce, bounced in none.
std::vector<std::string> own_addresses(const Mail &mail, const Fields &returned) {
  std::vector<std::string> own;
  const auto take = [&own](const Fields &fields, std::initializer_list<std::string_view> names) {
    for (const auto field : names)
      for (auto &found : find_addresses(value_of(fields, field), 5)) own.push_back(std::move(found.address));
  };
  take(mail.header, {"from", "to", "sender"});
  take(returned, {"from", "return-path", "sender", "reply-to", "x-apparently-from"});
  return own;
}

/// The addresses that the returned message was sent to, when nothing else names the recipient.
std::vector<Mention> returned_recipients(const Fields &returned, const std::string &words) {
  std::vector<Mention> mentions;
  for (const std::string_view field : {"x-failed-recipients", "x-envelope-to", "x-rcpt-to", "envelope-to",
                                       "delivered-to", "x-hmxmroriginalrecipient", "to", "cc"}) {
    for (auto &found : find_addresses(value_of(returned, field), kRecipientsMax))
      mentions.push_back({std::move(found.address), words, {}});
    if (!mentions.empty()) return mentions;
  }
  // "Received: … for <anna@customer.example>; …" names the envelope's recipient.
  for (const auto &field : returned) {
    const auto at = field.name == "received" ? field.value.find(" for ") : std::string::npos;
    if (at == std::string::npos) continue;
    auto found = find_addresses(std::string_view(field.value).substr(at, 200), 1);
    if (found.empty()) continue;
    mentions.push_back({std::move(found.front().address), words, {}});
    break;
  }
  return mentions;
}

/// Exim's X-Failed-Recipients names what the sender wrote; the text names where that led, when it differs.
std::vector<Mention> failed_recipients_field(const Mail &mail, const BounceText &text) {
  std::vector<Mention> mentions;
  for (const auto &field : mail.header) {
    if (field.name != "x-failed-recipients") continue;
    for (auto &found : find_addresses(field.value, kRecipientsMax)) {
      auto words = words_about(text, found.address);
      mentions.push_back({std::move(found.address), std::move(words), {}});
    }
  }
  if (mentions.size() != 1 || !mentions.front().words.empty()) return mentions;
  auto stated = find_stated(text, own_addresses(mail, mail.returned));
  if (stated.size() != 1) return mentions;
  stated.front().original_address = std::move(mentions.front().address);
  return stated;
}

/// What plain words say happened; a failure unless they say otherwise.
Action action_in_words(const Mail &mail, const std::string &words) {
  const auto normal = normalised(words);
  const auto subject = normalised(value_of(mail.header, "subject"));
  if (announces_success(subject) || announces_success(normal))
    return holds_any(normal, "relayed to") ? Action::relayed : Action::delivered;
  const bool goes_on = (announces_delay(subject) || announces_delay(normal)) && !says_given_up(normal);
  return goes_on ? Action::delayed : Action::failed;
}

// ---- complaints and read receipts

void read_feedback(const Mail &mail, Report &report) {
  report.kind = Kind::feedback;
  Fields fields;
  if (const auto *part = part_of_type(mail, "message/feedback-report"))
    fields = parse_fields(part->text, kHeadersMax);
  report.feedback_type = lower(value_of(fields, "feedback-type"));
  report.reporting_mta = typed_value(value_of(fields, "reporting-mta")).value;
  report.envelope_id = value_of(fields, "original-envelope-id");
  if (const auto sender = address_of(value_of(fields, "original-mail-from")); !sender.empty())
    report.original_sender = sender;
  const auto add = [&report](std::string_view value) {
    const auto address = address_of(value);
    const bool is_known =
        std::any_of(report.recipients.begin(), report.recipients.end(),
                    [&](const Recipient &known) { return same_address(known.address, address); });
    if (address.empty() || is_known || report.recipients.size() >= kRecipientsMax) return;
    report.recipients.emplace_back().address = address;
  };
  for (const auto &field : fields)
    if (field.name == "original-rcpt-to" || field.name == "removal-recipient") add(field.value);
  if (report.recipients.empty()) add(value_of(mail.returned, "x-hmxmroriginalrecipient"));
  if (report.recipients.empty())
    for (const auto &mention : returned_recipients(mail.returned, {})) add(mention.address);
}

bool read_disposition(const Mail &mail, Report &report) {
  const auto *part = part_of_type(mail, "message/disposition-notification");
  if (part == nullptr) part = part_of_type(mail, "message/global-disposition-notification");
  if (part == nullptr) return false;
  const auto fields = parse_fields(part->text, kHeadersMax);
  report.kind = Kind::disposition;
  report.reporting_mta = typed_value(value_of(fields, "reporting-ua")).value;
  report.original_message_id = message_id_of(value_of(fields, "original-message-id"));
  const auto mode_and_type = without_comments(value_of(fields, "disposition"));
  const auto semicolon = mode_and_type.find(';');
  auto type = std::string_view(mode_and_type).substr(semicolon == std::string::npos ? 0 : semicolon + 1);
  report.disposition = lower(trim(type.substr(0, type.find_first_of("/,;"))));
  Recipient recipient;
  const auto typed = typed_value(value_of(fields, "final-recipient"));
  recipient.address = address_of(decode_utf8_address(typed.value));
  recipient.original_address =
      address_of(typed_value(decode_xtext(value_of(fields, "original-recipient"))).value);
  report.recipients.push_back(std::move(recipient));
  return true;
}

// ---- delivery reports

void add_stated(const Mail &mail, const BounceText &text, const DeliveryStatus &status, Report &report) {
  const bool is_alone = status.recipients.size() == 1;
  for (const auto &stated : status.recipients) {
    Recipient recipient;
    recipient.address = stated.address;
    recipient.original_address = stated.original_address;
    recipient.remote_mta = stated.remote_mta;
    recipient.action = stated.action;
    if (recipient.address.empty()) {
      auto mentions = find_mentions(text, own_addresses(mail, mail.returned), {});
      if (mentions.empty()) mentions = returned_recipients(mail.returned, {});
      if (!mentions.empty()) recipient.address = mentions.front().address;
    }
    const bool is_explained = !stated.diagnostic.empty() && !stated.status.empty();
    const auto words = is_alone       ? text.words
                       : is_explained ? std::string{}
                                      : words_about(text, recipient.address);
    if (recipient.action == Action::unknown) {
      const auto status_class = class_of(status_of(stated.status));
      recipient.action =
          status_class == StatusClass::success ? Action::delivered : action_in_words(mail, text.words);
      const bool contradicts = status_class != StatusClass::success && status_class != StatusClass::unknown &&
                               (recipient.action == Action::delivered || recipient.action == Action::relayed);
      if (contradicts) recipient.action = Action::failed;
    }
    judge(recipient, {stated.status, stated.diagnostic, words});
    report.recipients.push_back(std::move(recipient));
  }
}

bool read_delivery_status(const Mail &mail, const BounceText &text, Report &report) {
  DeliveryStatus status;
  for (const auto &part : mail.parts) {
    if (part.type != "message/delivery-status" && part.type != "message/global-delivery-status") continue;
    auto found = parse_delivery_status(part.text);
    if (status.reporting_mta.empty()) status.reporting_mta = std::move(found.reporting_mta);
    if (status.envelope_id.empty()) status.envelope_id = std::move(found.envelope_id);
    status.is_cut = status.is_cut || found.is_cut;
    for (auto &recipient : found.recipients) {
      if (status.recipients.size() < kRecipientsMax)
        status.recipients.push_back(std::move(recipient));
      else
        status.is_cut = true;
    }
  }
  if (status.recipients.empty() && holds_delivery_status(text.words))
    status = parse_delivery_status(text.words);
  report.reporting_mta = status.reporting_mta;
  report.envelope_id = status.envelope_id;
  report.is_cut = report.is_cut || status.is_cut;
  if (status.recipients.empty()) return false;
  report.kind = Kind::delivery;
  add_stated(mail, text, status, report);
  return true;
}

/// Enough signs that the words are those of a bounce? One sign of the header and one of the text, or a text
/// that both announces the failure and says why about somebody it names.
bool is_worded_bounce(const Mail &mail, const BounceText &text, bool names_recipient) {
  if (has(mail.header, "x-failed-recipients")) return true;
  // A mail system that writes of a delivery in its subject, in whatever language it goes on.
  if (is_signed_by_mail_system(mail) && subject_speaks_of_delivery(mail)) return true;
  if (mail.report_type == "delivery-status") return true;
  const auto words = normalised(text.words);
  const bool has_reason = meaning_of(words).has_value() || !find_codes(text.words, 1).empty();
  const bool announces = announces_failure(words) || announces_delay(words);
  const bool has_sign =
      comes_from_mail_system(mail) || subject_speaks_of_delivery(mail) || mail.type == "multipart/report";
  if (has_sign) return has_reason || announces;
  if (!announces || !names_recipient || has(mail.header, "in-reply-to")) return false;
  return (has_reason && is_made_by_machine(mail)) || subject_holds_delivery_words(mail);
}

bool read_worded_bounce(const Mail &mail, const BounceText &text, const Fields &returned, Report &report) {
  auto mentions = failed_recipients_field(mail, text);
  if (mentions.empty())
    mentions = find_mentions(text, own_addresses(mail, returned),
                             domain_part(first_address(value_of(mail.header, "from"))));
  if (!is_worded_bounce(mail, text, !mentions.empty())) return false;
  if (mentions.empty()) mentions = returned_recipients(returned, text.words);
  if (mentions.empty()) mentions = find_stated(text, {});
  report.kind = Kind::delivery;
  const auto action = action_in_words(mail, text.words);
  if (mentions.empty()) mentions.emplace_back();
  for (const auto &mention : mentions) {
    Recipient recipient;
    recipient.address = mention.address;
    recipient.original_address = mention.original_address;
    recipient.action = action;
    judge(recipient,
          {{}, mention.words, mentions.size() == 1 ? std::string_view(text.words) : std::string_view{}});
    report.recipients.push_back(std::move(recipient));
  }
  return true;
}

Report read(std::string_view bytes) {
  Report report;
  const auto mail = read_mail(bytes);
  report.is_cut = mail.is_cut;
  if (!mail.unreadable_because.empty()) {
    report.kind = Kind::unreadable;
    report.unreadable_because = mail.unreadable_because;
    return report;
  }
  read_delivered_to(mail, report);
  read_answered_ids(mail, report);
  const auto text = read_bounce_text(mail);
  const auto &returned = mail.returned.empty() ? text.returned : mail.returned;
  report.original_message_id = message_id_of(value_of(returned, "message-id"));
  if (report.original_message_id.empty())
    report.original_message_id = message_id_of(value_of(mail.header, "in-reply-to"));
  read_original(returned, report);
  if (is_feedback(mail)) {
    read_feedback(mail, report);
    return report;
  }
  if (read_disposition(mail, report)) return report;
  const bool answers = is_auto_reply(mail) && !is_signed_by_mail_system(mail) &&
                       !subject_speaks_of_delivery(mail) && !has(mail.header, "x-failed-recipients");
  if (read_delivery_status(mail, text, report)) {
    const bool wants_proof = std::any_of(
        report.recipients.begin(), report.recipients.end(),
        [](const Recipient &recipient) { return is_challenge(normalised(recipient.diagnostic)); });
    if (wants_proof) {
      report.kind = Kind::auto_reply;
      report.recipients.clear();
    }
    return report;
  }
  if (!answers && read_worded_bounce(mail, text, returned, report)) return report;
  report.recipients.clear();
  const bool is_automatic =
      is_auto_reply(mail) || is_sent_by_machine(mail) || is_challenge(normalised(text.words));
  report.kind = is_automatic ? Kind::auto_reply : Kind::other;
  return report;
}

}  // namespace

Report parse_report(std::string_view mail) noexcept {
  try {
    return read(mail);
  } catch (const std::exception &) {
    // Only memory can be short here; the mail is kept raw by the caller and can be read again.
    Report report;
    report.kind = Kind::unreadable;
    report.unreadable_because = "out of memory";
    return report;
  }
}

}  // namespace relance::report
