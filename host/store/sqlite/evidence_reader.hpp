// Gathers what shows how one invoice was chased, within one moment of the store. Each step reads one table of
// an invoice, a reminder or an attempt by its key.
#pragma once

#include "host/store/evidence_records.hpp"
#include "host/store/sqlite/connection.hpp"

#include <map>
#include <set>

namespace relance::store::sqlite {

/// Everything a receipt says: its hash tells repeats from news and stands in the journal, and the bytes are
/// the event's own evidence where those it was read from speak of others too.
std::string event_of(const ReceiptRecord &receipt, std::uint32_t part_index, std::uint32_t part_count);
/// The same out of the store; nothing once its words were erased.
std::optional<std::string> event_bytes(Connection &connection, CreditorId creditor, AttemptId attempt,
                                       const Sha256 &digest);

class EvidenceReader {
 public:
  EvidenceReader(Connection &connection, CreditorId creditor)
      : connection_{connection}, creditor_{creditor} {}

  /// False when there is no such invoice. `last_entry`: the id of a case's last journal entry.
  template <class LastEntry>
  bool read(std::string_view number, LastEntry &&last_entry) {
    if (!read_invoice(number)) return false;
    read_reminders();
    read_approvals();
    read_replies();
    read_chain(last_entry(out.case_id));
    read_seal();
    if (out.is_erased) read_erasure(last_entry(CaseId{0}));
    return true;
  }

  InvoiceEvidence out;

 private:
  bool read_invoice(std::string_view number);
  void read_reminders();
  void read_reminder(ReminderId id, EvidenceReminder &reminder);
  /// Returns the attempt before it.
  AttemptId read_attempt(AttemptId id, EvidenceAttempt &attempt);
  void read_parts(EvidenceAttempt &attempt);
  void read_receipts(EvidenceAttempt &attempt);
  void read_proofs(EvidenceAttempt &attempt);
  void read_tasks();
  void read_approvals();
  void read_replies();
  void read_chain(std::int64_t entry);
  void read_seal();
  void read_path(std::int64_t from, std::int64_t up_to, const Sha256 &root_before);
  void read_erasure(std::int64_t entry);
  void note(EvidenceFile file);
  struct Raw {
    std::optional<Sha256> hash{};
    bool is_file{false}, is_expired{false};
  };
  /// The hash of inbound bytes that are still here; they become one of the files, unless they speak of others
  /// too.
  const Raw &note_inbound(InboundId id);

  Connection &connection_;
  const CreditorId creditor_;
  DebtorId debtor_{0};
  ReceivableId receivable_{0};
  std::set<Sha256> noted_;
  std::map<InboundId, Raw> inbound_;
};

}  // namespace relance::store::sqlite
