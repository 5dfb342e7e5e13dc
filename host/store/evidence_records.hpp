// What the store knows that shows how an invoice was chased: the answer to Reader::evidence_of(). Values only; the bytes
// of its files are read one at a time, because all of them may be hundreds of megabytes.
#pragma once

#include "host/store/records.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::store {

enum class FileOrigin : std::uint8_t {
  message,  ///< a part of a message, as it was handed over
  inbound,  ///< what a provider or a debtor sent, as it came
  proof,    ///< a document that a receipt brought
  event,    ///< what a provider said of one message, out of bytes that speak of others' too
};
constexpr std::string_view name_of(FileOrigin origin) {
  return std::array<std::string_view, 4>{"message", "inbound", "proof",
                                         "event"}[static_cast<std::size_t>(origin)];
}

struct EvidenceFile {
  Sha256 hash{};
  FileOrigin origin{FileOrigin::message};
  std::int64_t place{0};  ///< where the store finds it
  std::uint64_t bytes{0};
  std::string media_type, file_name;
};

struct EvidencePart {
  std::string role, media_type, file_name;
  Sha256 hash{};
  bool is_expired{false};  ///< past its retention: only its hash is here
};
struct EvidenceReceipt {
  domain::ReceiptKind kind{};
  bool is_final{false};
  domain::FailureClass failure{};
  std::uint32_t part_index{0}, part_count{1};
  std::string code, text;
  std::optional<Instant> provider_time{};  ///< as it states it
  Instant at{};                            ///< business time of its arrival
  std::int64_t repeats{0}, price_micro{0};
  std::string price_currency;
  std::optional<Sha256> raw{};  ///< the bytes it was read from; none once they were erased
  std::optional<Sha256>
      event{};  ///< where those are no file here (they speak of others too, or are past their retention): what they say of it
  bool is_expired{false};
};
struct EvidenceProof {
  std::string media_type, file_name, reference;
  std::optional<Sha256> document{};  ///< none while it is only named
  bool is_expired{false};            ///< it was here
  Instant at{};
};
struct EvidenceAttempt {
  AttemptId id{0};
  std::string channel, provider, address, idempotency_key, subject, state, delivery, code, text;
  Sha256 content_hash{};
  Instant intended_at{}, not_after{};  ///< wall time
  Instant dated{};                     ///< business time
  std::vector<std::string> refs;       ///< the provider's names of it
  std::vector<EvidencePart> parts;
  std::vector<EvidenceReceipt> receipts;
  std::vector<EvidenceProof> proofs;
};
struct EvidenceTask { std::string kind, text, state, outcome; Instant at{}; };
struct EvidenceReminder {
  ReminderId id{0};
  std::string step_id;
  std::int32_t level{0}, round{1};
  CivilDate decided_on{};
  std::int64_t balance_minor{0};      ///< of this invoice, as the message said
  bool is_task{false}, is_thank_you{false}, is_void{false};
  bool was_its_step{false};           ///< else the message only listed this invoice
  std::vector<std::string> invoices;  ///< all that it lists
  std::vector<EvidenceAttempt> attempts;  ///< oldest first
  std::vector<EvidenceTask> tasks;
};
struct EvidenceApproval {
  domain::ApprovalId id{0};
  std::string step_id, channel_class, state, decided_by;
  std::int64_t amount_minor{0};
  Instant at{};
};
/// What the debtor wrote, in whatever matter.
struct EvidenceReply {
  std::optional<Sha256> raw{};
  Instant at{};
  bool is_raw_here{false}, is_expired{false};
};

struct EvidenceEntry {
  std::int64_t id{0}, previous{0};
  CaseId case_id{0};
  Instant at{};
  std::string kind;
  Sha256 payload_hash{}, hash{};
  std::optional<std::string> salt{}, payload{};  ///< none once erased
};
/// The newest sealed day that vouches for the case's journal.
struct EvidenceSeal {
  CivilDate day{};
  std::int64_t head_entry{0};
  Sha256 root{};
  std::vector<std::pair<Sha256, bool>> path;  ///< siblings up to the root; true: it stands left
  std::string token;                          ///< RFC 3161, over the root; empty without one
};

struct UnstampedSeal {
  CreditorId creditor{0};
  CivilDate day{};
  Sha256 root{};
};

struct InvoiceEvidence {
  CreditorId creditor{0};
  CaseId case_id{0};
  std::string number, reference, debtor_code, debtor_name, state;
  CivilDate issued{}, due{};
  domain::Money amount{}, balance{};
  bool is_erased{false};
  std::string erased_by;
  std::optional<Instant> erased_at{};
  std::vector<EvidenceReminder> reminders;
  std::vector<EvidenceApproval> approvals;
  std::vector<EvidenceReply> replies;
  std::vector<EvidenceEntry> entries;  ///< of its case, oldest first
  std::optional<EvidenceSeal> seal{};
  std::vector<EvidenceFile> files;  ///< each hash once
};

}  // namespace relance::store
