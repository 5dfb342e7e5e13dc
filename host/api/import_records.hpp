// From the rows of a file to the records of the store: the one place where the words of intake and store
// meet.
#pragma once

#include "host/intake/rows.hpp"
#include "host/store/store.hpp"

#include <span>
#include <vector>

namespace relance::api {

std::vector<store::DebtorRecord> to_records(std::span<const intake::DebtorRow> rows);
std::vector<store::InvoiceRecord> to_records(std::span<const intake::InvoiceRow> rows);
std::vector<store::PaymentRecord> to_records(std::span<const intake::PaymentRow> rows);

using ImportWritten = Result<store::ImportResult>;
inline ImportWritten write(store::Store &store, store::CreditorId creditor,
                           std::span<const store::DebtorRecord> records, Instant now, bool dry_run) {
  return store.import_debtors(creditor, records, now, dry_run);
}
inline ImportWritten write(store::Store &store, store::CreditorId creditor,
                           std::span<const store::InvoiceRecord> records, Instant now, bool dry_run) {
  return store.import_invoices(creditor, records, now, dry_run);
}
inline ImportWritten write(store::Store &store, store::CreditorId creditor,
                           std::span<const store::PaymentRecord> records, Instant now, bool dry_run) {
  return store.import_payments(creditor, records, now, dry_run);
}

}  // namespace relance::api
