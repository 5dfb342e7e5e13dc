// Texts of providers are kept as they are where they are UTF-8, else as base64 under another name: a summary
// that no program can read would prove nothing.
#include "host/evidence/dossier.hpp"

#include "host/evidence/base64.hpp"
#include "host/evidence/entry_names.hpp"

#include <boost/json.hpp>

#include <array>

namespace relance::evidence {
namespace json = boost::json;
namespace {

bool is_json_text(const std::string &text) {
  json::error_code failed;
  json::parse(json::serialize(json::string{text}), failed);
  return !failed;
}

void put(json::object &to, const std::string &name, const std::string &text) {
  if (is_json_text(text))
    to[name] = text;
  else
    to[name + "_base64"] = base64(text);
}

json::value hash_or_null(const std::optional<Sha256> &hash) {
  return hash ? json::value(to_hex(*hash)) : json::value(nullptr);
}

json::object to_json(const store::EvidenceReceipt &receipt) {
  json::object out{{"kind", domain::name_of(receipt.kind)},
                   {"final", receipt.is_final},
                   {"arrived_at", format_instant(receipt.at)},
                   {"raw", hash_or_null(receipt.raw)}};
  if (receipt.event) out["event"] = to_hex(*receipt.event);
  if (receipt.is_expired) out["past_retention"] = true;
  if (receipt.failure != domain::FailureClass::none) out["failure"] = domain::name_of(receipt.failure);
  if (receipt.part_count > 1)
    out["part"] = std::to_string(receipt.part_index + 1) + "/" + std::to_string(receipt.part_count);
  if (receipt.provider_time) out["provider_time"] = format_instant(*receipt.provider_time);
  if (receipt.repeats > 0) out["repeats"] = receipt.repeats;
  if (receipt.price_micro != 0) {
    out["price_micro"] = receipt.price_micro;
    put(out, "price_currency", receipt.price_currency);
  }
  put(out, "code", receipt.code);
  put(out, "text", receipt.text);
  return out;
}

json::object to_json(const store::EvidenceAttempt &attempt) {
  json::object out{{"attempt", attempt.id},
                   {"channel", attempt.channel},
                   {"provider", attempt.provider},
                   {"key", attempt.idempotency_key},
                   {"content_hash", to_hex(attempt.content_hash)},
                   {"state", attempt.state},
                   {"delivery", attempt.delivery},
                   {"dated", format_instant(attempt.dated)},
                   {"intended_at", format_instant(attempt.intended_at)},
                   {"not_after", format_instant(attempt.not_after)}};
  put(out, "address", attempt.address);
  put(out, "subject", attempt.subject);
  put(out, "code", attempt.code);
  put(out, "text", attempt.text);
  json::array references, parts, receipts, proofs;
  for (const auto &ref : attempt.refs) {
    json::object one;
    put(one, "reference", ref);
    references.push_back(std::move(one));
  }
  for (const auto &part : attempt.parts) {
    json::object one{{"role", part.role}, {"media_type", part.media_type}, {"sha256", to_hex(part.hash)}};
    put(one, "file_name", part.file_name);
    if (part.is_expired) one["past_retention"] = true;
    parts.push_back(std::move(one));
  }
  for (const auto &receipt : attempt.receipts) receipts.push_back(to_json(receipt));
  for (const auto &proof : attempt.proofs) {
    json::object one{{"media_type", proof.media_type},
                     {"document", hash_or_null(proof.document)},
                     {"arrived_at", format_instant(proof.at)}};
    put(one, "file_name", proof.file_name);
    put(one, "reference", proof.reference);
    if (proof.is_expired) one["past_retention"] = true;
    proofs.push_back(std::move(one));
  }
  out["provider_references"] = std::move(references);
  out["parts"] = std::move(parts);
  out["receipts"] = std::move(receipts);
  out["proofs"] = std::move(proofs);
  return out;
}

json::object to_json(const store::EvidenceReminder &reminder, domain::Currency currency) {
  json::object out{{"reminder", reminder.id},
                   {"step", reminder.step_id},
                   {"level", reminder.level},
                   {"round", reminder.round},
                   {"decided_on", format_date(reminder.decided_on)},
                   {"balance", domain::format_money({reminder.balance_minor, currency})},
                   {"kind", reminder.is_thank_you ? "thank-you"
                            : reminder.is_task    ? "task"
                                                  : "reminder"},
                   {"void", reminder.is_void},
                   {"step_of_this_invoice", reminder.was_its_step}};
  json::array invoices, attempts, tasks;
  for (const auto &number : reminder.invoices) invoices.emplace_back(number);
  for (const auto &attempt : reminder.attempts) attempts.push_back(to_json(attempt));
  for (const auto &task : reminder.tasks) {
    json::object one{{"kind", task.kind}, {"state", task.state}, {"at", format_instant(task.at)}};
    put(one, "text", task.text);
    put(one, "outcome", task.outcome);
    tasks.push_back(std::move(one));
  }
  out["invoices"] = std::move(invoices);
  out["attempts"] = std::move(attempts);
  out["tasks"] = std::move(tasks);
  return out;
}

json::array files_of(const store::InvoiceEvidence &evidence) {
  json::array files;
  for (const auto &file : evidence.files) {
    json::object one{{"entry", entry_name(file)},
                     {"sha256", to_hex(file.hash)},
                     {"origin", name_of(file.origin)},
                     {"media_type", file.media_type},
                     {"bytes", file.bytes}};
    put(one, "file_name", file.file_name);
    files.push_back(std::move(one));
  }
  return files;
}

json::value seal_of(const store::InvoiceEvidence &evidence) {
  if (!evidence.seal) return nullptr;
  const auto &seal = *evidence.seal;
  json::array path;
  for (const auto &[sibling, is_left] : seal.path)
    path.push_back(json::object{{"sibling", to_hex(sibling)}, {"side", is_left ? "left" : "right"}});
  return json::object{{"day", format_date(seal.day)},
                      {"head_entry", seal.head_entry},
                      {"root", to_hex(seal.root)},
                      {"path", std::move(path)},
                      {"token", seal.token.empty() ? json::value(nullptr) : json::value(kSealTokenName)}};
}

}  // namespace

std::string entry_name(const store::EvidenceFile &file) {
  struct Known {
    std::string_view media_type, ending;
  };
  static constexpr std::array<Known, 10> kKnown{{{"text/plain", ".txt"},
                                                 {"text/html", ".html"},
                                                 {"application/pdf", ".pdf"},
                                                 {"message/rfc822", ".eml"},
                                                 {"application/json", ".json"},
                                                 {"application/xml", ".xml"},
                                                 {"text/xml", ".xml"},
                                                 {"image/tiff", ".tiff"},
                                                 {"application/pkcs7-mime", ".p7m"},
                                                 {"application/zip", ".zip"}}};
  std::string name{std::string{kFilesFolder} + to_hex(file.hash)};
  for (const auto &[media_type, ending] : kKnown)
    if (file.media_type.starts_with(media_type)) return name.append(ending);
  return name.append(".bin");
}

std::string summary_json(const store::InvoiceEvidence &evidence, const Sender &creditor) {
  json::object debtor, invoice{{"number", evidence.number},
                               {"issued", format_date(evidence.issued)},
                               {"due", format_date(evidence.due)},
                               {"amount", domain::format_money(evidence.amount)},
                               {"balance", domain::format_money(evidence.balance)},
                               {"state", evidence.state}};
  put(invoice, "reference", evidence.reference);
  put(debtor, "code", evidence.debtor_code);
  put(debtor, "name", evidence.debtor_name);
  json::object out{{"format", kFormat},
                   {"creditor", json::object{{"code", creditor.code}, {"name", creditor.name}}},
                   {"debtor", std::move(debtor)},
                   {"invoice", std::move(invoice)},
                   {"erased", nullptr}};
  if (evidence.is_erased) {
    json::object erased{
        {"at", evidence.erased_at ? json::value(format_instant(*evidence.erased_at)) : json::value(nullptr)}};
    put(erased, "by", evidence.erased_by);
    out["erased"] = std::move(erased);
  }
  json::array reminders, approvals, replies;
  for (const auto &reminder : evidence.reminders)
    reminders.push_back(to_json(reminder, evidence.amount.currency));
  for (const auto &approval : evidence.approvals) {
    json::object one{{"approval", approval.id},
                     {"step", approval.step_id},
                     {"channel_class", approval.channel_class},
                     {"state", approval.state},
                     {"amount", domain::format_money({approval.amount_minor, evidence.amount.currency})},
                     {"asked_at", format_instant(approval.at)}};
    put(one, "decided_by", approval.decided_by);
    approvals.push_back(std::move(one));
  }
  for (const auto &reply : evidence.replies) {
    json::object one{{"arrived_at", format_instant(reply.at)},
                     {"raw", hash_or_null(reply.raw)},
                     {"raw_is_here", reply.is_raw_here}};
    if (reply.is_expired) one["past_retention"] = true;
    replies.push_back(std::move(one));
  }
  out["reminders"] = std::move(reminders);
  out["approvals"] = std::move(approvals);
  out["replies"] = std::move(replies);
  out["files"] = files_of(evidence);
  return json::serialize(out);
}

std::string journal_json(const store::InvoiceEvidence &evidence) {
  json::array entries;
  for (const auto &entry : evidence.entries) {
    json::object one{{"id", entry.id},
                     {"previous", entry.previous},
                     {"at_ms", to_ms(entry.at)},
                     {"at", format_instant(entry.at)},
                     {"kind", entry.kind},
                     {"payload_hash", to_hex(entry.payload_hash)},
                     {"hash", to_hex(entry.hash)}};
    if (entry.salt) {
      one["salt"] = *entry.salt;
      put(one, "payload", *entry.payload);
    }
    entries.push_back(std::move(one));
  }
  return json::serialize(json::object{{"format", kFormat},
                                      {"creditor", evidence.creditor},
                                      {"case", evidence.case_id},
                                      {"entries", std::move(entries)},
                                      {"seal", seal_of(evidence)}});
}

}  // namespace relance::evidence
