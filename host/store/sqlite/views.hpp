// The questions that people ask, over one connection. Shared by the store and by its readers.
#pragma once

#include "host/store/sqlite/connection.hpp"
#include "host/store/store.hpp"

namespace relance::store::sqlite {

/// A read-only connection of its own; each answer is one consistent moment.
class SqliteReader final : public Reader {
 public:
  /// Throws SQLite::Exception.
  explicit SqliteReader(const SqliteOptions &options)
      : own_{std::make_unique<Connection>(options, Connection::Use::reading)}, connection_{*own_} {}
  /// Answers through another's connection, which lives longer.
  explicit SqliteReader(Connection &connection) : connection_{connection} {}

  Result<Counters> counters(Instant now) override;
  Result<Claim> facts_of_debtor(CreditorId creditor, std::string_view debtor_code) override;
  Result<Claim> facts_of_invoice(CreditorId creditor, std::string_view invoice_number) override;
  Result<std::vector<Claim>> facts_page(CreditorId creditor, DebtorId after, std::size_t limit) override;
  Result<std::vector<ReminderRow>> reminders(CreditorId creditor, std::string_view debtor_code,
                                             std::size_t limit) override;
  Result<std::vector<ReminderRow>> in_doubt(CreditorId creditor, std::size_t limit) override;
  using Reader::tasks;
  Result<std::vector<TaskRow>> tasks(CreditorId creditor, const TaskQuery &query, std::size_t limit) override;
  Result<TaskRow> task(CreditorId creditor, TaskId id) override;
  Result<std::vector<ApprovalRow>> approvals(CreditorId creditor, bool asked_only,
                                             std::size_t limit) override;
  Result<std::vector<SuppressionRow>> suppressions(CreditorId creditor, std::size_t limit) override;
  Result<std::vector<JournalRow>> journal(CreditorId creditor, std::string_view invoice_number,
                                          std::string_view debtor_code, std::size_t limit) override;
  Result<std::vector<InboundRow>> inbound(std::string_view provider, std::string_view state, InboundId before,
                                          std::size_t limit) override;
  Result<InboundItem> inbound_item(InboundId id) override;
  Result<JournalVerdict> verify_journal(CreditorId creditor) override;
  Result<std::string> content(CreditorId creditor, const Sha256 &hash) override;
  Result<InvoiceEvidence> evidence_of(CreditorId creditor, std::string_view invoice_number) override;
  Result<std::string> evidence_bytes(CreditorId creditor, const EvidenceFile &file) override;
  Result<EvidenceFile> evidence_file(CreditorId creditor, const Sha256 &hash) override;
  Result<AttemptView> attempt_view(AttemptId id) override;

 private:
  /// The id of a case's last entry; 0 when it has none.
  std::int64_t last_entry(CreditorId creditor, CaseId case_id);
  std::vector<JournalRow> chain(CreditorId creditor, CaseId case_id, std::size_t limit);

  std::unique_ptr<Connection> own_;
  Connection &connection_;
};

}  // namespace relance::store::sqlite
