// One function a row; the names are those of the records.
#include "host/api/json_text.hpp"

#include "host/config/send_limits.hpp"
#include "host/domain/money.hpp"

#include <boost/json.hpp>

namespace relance::api {
namespace json = boost::json;
namespace {

std::string money(std::int64_t minor, domain::Currency currency) {
  return domain::format_money({minor, currency});
}

/// An end that is not there (Instant::max) is null.
json::value instant(Instant at) {
  if (at == Instant::max() || at == Instant::min()) return nullptr;
  return json::value_from(format_instant(at));
}

}  // namespace

Response json_answer(const json::value &value) {
  return {200, "application/json", json::serialize(value), {}};
}
Response done() {
  return {200, "application/json", R"({"done":true})", {}};
}

json::array to_json(const std::vector<std::string> &texts) {
  json::array out;
  for (const auto &text : texts) out.emplace_back(text);
  return out;
}

json::object to_json(const store::ReminderRow &row) {
  return {{"id", row.id},
          {"attempt", row.attempt},
          {"debtor", row.debtor_code},
          {"step", row.step_id},
          {"channel", row.channel},
          {"provider", row.provider},
          {"address", row.address},
          {"state", row.state},
          {"delivery", row.delivery},
          {"silent_about", row.silent_about},
          {"code", row.code},
          {"text", row.text},
          {"invoices", to_json(row.invoices)},
          {"decided_on", format_date(row.decided_on)},
          {"total", money(row.total_minor, row.currency)},
          {"segments", row.segments},
          {"pages", row.pages},
          {"price", row.price_currency.empty()
                        ? json::value(nullptr)
                        : json::value_from(config::format_micro_price(row.price_micro, row.price_currency))}};
}

json::object to_json(const store::TaskRow &row) {
  return {{"id", row.id},
          {"debtor", row.debtor_code},
          {"debtor_name", row.debtor_name},
          {"kind", row.kind},
          {"text", row.text},
          {"state", row.state},
          {"outcome", row.outcome},
          {"reminder", row.reminder == 0 ? json::value(nullptr) : json::value(row.reminder)},
          {"created_at", instant(row.created_at)},
          {"way", row.way},
          {"due_at", instant(row.due_at)},
          {"put_off", row.tries},
          {"phone", row.phone},
          {"address", row.address},
          {"note", row.note}};
}

json::object to_json(const store::ApprovalRow &row) {
  return {{"id", row.id},
          {"debtor", row.debtor_code},
          {"debtor_name", row.debtor_name},
          {"step", row.step_id},
          {"state", row.state},
          {"decided_by", row.decided_by},
          {"amount", money(row.amount_minor, row.currency)},
          {"invoices", to_json(row.invoices)},
          {"valid_until", instant(row.valid_until)}};
}

json::object to_json(const store::SuppressionRow &row) {
  return {{"debtor", row.debtor_code},
          {"channel", row.channel},
          {"address", row.address},
          {"because", row.because},
          {"since", instant(row.since)}};
}

json::object to_json(const store::JournalRow &row) {
  json::error_code failed;
  auto payload = row.payload.empty() ? json::value(nullptr) : json::parse(row.payload, failed);
  if (failed) payload = row.payload;
  return {{"id", row.id},       {"case", row.case_id},     {"at", instant(row.at)},   {"kind", row.kind},
          {"payload", payload}, {"erased", row.is_erased}, {"hash", to_hex(row.hash)}};
}

json::object to_json(const store::Counters &counters) {
  return {{"debtors", counters.debtors},
          {"cases_open", counters.cases_open},
          {"cases_onboarding", counters.cases_onboarding},
          {"receivables_open", counters.receivables_open},
          {"receivables_paid", counters.receivables_paid},
          {"due_now", counters.due_now},
          {"reminders", counters.reminders},
          {"attempts_open", counters.attempts_open},
          {"in_doubt", counters.in_doubt},
          {"sent", counters.sent},
          {"delivered", counters.delivered},
          {"bounced", counters.bounced},
          {"rejected", counters.rejected},
          {"not_sent", counters.not_sent},
          {"receipts", counters.receipts},
          {"receipts_unmatched", counters.receipts_unmatched},
          {"inbound_waiting", counters.inbound_waiting},
          {"inbound_failed", counters.inbound_failed},
          {"recalled", counters.recalled},
          {"silent", counters.silent},
          {"recalls_wanted", counters.recalls_wanted},
          {"suppressed", counters.suppressed},
          {"tasks_open", counters.tasks_open},
          {"approvals_asked", counters.approvals_asked},
          {"promises_open", counters.promises_open},
          {"disputes_open", counters.disputes_open},
          {"journal_entries", counters.journal_entries},
          {"oldest_due", counters.oldest_due ? instant(*counters.oldest_due) : json::value(nullptr)}};
}

}  // namespace relance::api
