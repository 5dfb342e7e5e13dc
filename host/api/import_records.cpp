// Contacts are made of a debtor's columns here: one a channel that can use them.
#include "host/api/import_records.hpp"

namespace relance::api {
std::vector<store::DebtorRecord> to_records(std::span<const intake::DebtorRow> rows) {
  std::vector<store::DebtorRecord> out;
  out.reserve(rows.size());
  for (const auto &row : rows) {
    store::DebtorRecord record{row.debtor_id, row.name,      row.country,     row.region, row.language,
                               row.segment,   row.time_zone, row.is_consumer, {}};
    const auto add = [&](const char *channel, std::string address, bool has_consent = false) {
      if (!address.empty())
        record.contacts.push_back({channel, std::move(address), row.contact_name, has_consent});
    };
    add("email", row.email);
    add("sms", row.mobile);
    add("fax", row.fax);
    add("lre", row.registered_email, row.consents_to_registered_email);
    add("postal", row.postal);
    add("task", row.phone);  // whom a person calls
    out.push_back(std::move(record));
  }
  return out;
}

std::vector<store::InvoiceRecord> to_records(std::span<const intake::InvoiceRow> rows) {
  std::vector<store::InvoiceRecord> out;
  out.reserve(rows.size());
  for (const auto &row : rows) {
    std::optional<std::int64_t> open;
    if (row.open_amount) open = row.open_amount->minor;
    out.push_back(
        {row.debtor_id, row.invoice_number, row.issue_date, row.due_date, row.amount, open, row.reference});
  }
  return out;
}

std::vector<store::PaymentRecord> to_records(std::span<const intake::PaymentRow> rows) {
  std::vector<store::PaymentRecord> out;
  out.reserve(rows.size());
  for (const auto &row : rows) {
    auto kind = store::PaymentKind::payment;
    if (row.kind == intake::PaymentRowKind::credit_note) kind = store::PaymentKind::credit_note;
    if (row.kind == intake::PaymentRowKind::reversal) kind = store::PaymentKind::reversal;
    out.push_back({row.payment_id, row.invoice_number, row.date, row.amount, kind, row.reference});
  }
  return out;
}

}  // namespace relance::api
