// The values that cross the Store's interface: what goes in, what comes out. No SQL, no behaviour.
#pragma once

#include "host/base/sha256.hpp"
#include "host/base/time.hpp"
#include "host/domain/facts.hpp"
#include "host/domain/money.hpp"
#include "host/domain/receipt.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace relance::store {

using domain::AttemptId;
using domain::CaseId;
using domain::CreditorId;
using domain::DebtorId;
using domain::ReceivableId;
using domain::ReminderId;
using InboundId = std::int64_t;
using TaskId = std::int64_t;
using ContactId = std::int64_t;

// ---------------------------------------------------------------------------------------------------------------------
// Intake: the ledger as others export it. Codes and numbers are the creditor's own; ids are ours.

struct ContactRecord {
  std::string channel;  ///< "email", "sms", "fax", "postal", "lre", "task"
  std::string address;  ///< canonical for the channel; postal: its lines joined by '\n'
  std::string name;
  bool has_consent{false};
};

struct DebtorRecord {
  std::string code, name, country, region, language, segment, time_zone;
  bool is_consumer{false};
  std::vector<ContactRecord> contacts;
};

struct InvoiceRecord {
  std::string debtor_code, number;
  CivilDate issued{}, due{};
  domain::Money amount{};
  std::optional<std::int64_t> open_minor{};  ///< the balance the ledger states; else amount less payments known here
  std::string reference;
};

enum class PaymentKind : std::uint8_t { payment, credit_note, reversal };
struct PaymentRecord {
  std::string id, invoice_number;
  CivilDate date{};
  domain::Money amount{};  ///< positive; a reversal gives the balance back
  PaymentKind kind{PaymentKind::payment};
  std::string reference;
};

struct RowRefused {
  std::size_t index{0};  ///< in the span given
  std::string reason;    ///< and what to do
};

struct ImportResult {
  std::uint64_t added{0}, changed{0}, unchanged{0}, settled{0};
  std::vector<RowRefused> refused;
  std::vector<std::string> warnings;     ///< such as an over-payment: kept, and said
  std::vector<std::string> differences;  ///< dry run: one line a change, at most 1,000
};

// ---------------------------------------------------------------------------------------------------------------------
// The loop: claims out, settlements in

struct Contact {
  ContactId id{0};
  std::string channel, address, name;
  bool has_consent{false};
  bool is_suppressed{false};
  std::string suppressed_because;
};

/// What rendering needs to know of a receivable beside its facts.
struct ItemView {
  ReceivableId id{0};
  std::string number, reference;
  CivilDate issued{}, due{};
  domain::Money amount{}, balance{};
};

struct CaseView {
  domain::CaseFacts facts;
  std::string scenario;         ///< the one the case has taken; empty until its first decision
  std::vector<ItemView> items;  ///< in the order of facts.items
};

/// One debtor, leased to this node: its cases are decided together and by nobody else.
struct Claim {
  CreditorId creditor{0};
  DebtorId debtor{0};
  std::int64_t facts_version{0};
  std::int64_t epoch{0};
  Instant next_at{Instant::max()};  ///< when it is, or was, due
  std::string code, name, country, region, language, segment, time_zone;
  bool is_consumer{false};
  std::vector<Contact> contacts;
  std::vector<CaseView> cases;
};

/// A message as it goes out, byte for byte; kept under (creditor, hash).
struct Content {
  std::string media_type, role, file_name;
  std::shared_ptr<const std::string> bytes;
  Sha256 hash{};
};

struct NewAttempt {
  std::string channel, provider;
  ContactId contact{0};
  std::string address;
  std::string idempotency_key;
  Sha256 content_hash{};  ///< of everything that goes out, in its order
  std::string subject;
  std::vector<Content> content;
  Instant not_after{};  ///< wall time
  Instant dated{};      ///< business time
  /// What promised at the time of the intent: handing it over releases nothing, only a commit does.
  bool is_draft_at_most{false};
  // As its provider reckoned before it was handed over; an empty currency: it named no price.
  std::uint32_t segments{0}, pages{0};
  std::int64_t price_micro{0};
  std::string price_currency;
  /// A day of its provider, of which an operator allows only so much.
  std::optional<CivilDate> counted_on{};
};

/// What went to a provider on one day that counts, and what it costs as far as that is known. Of one currency, or of what
/// has no price yet.
struct ProviderUse {
  CivilDate day{};
  std::string currency;
  std::int64_t messages{0}, price_micro{0};
};

/// One attempt as it stands: of a test message above all, which has no debtor.
struct AttemptView {
  AttemptId id{0};
  std::string channel, provider, address, idempotency_key, state, delivery, code, text;
  std::uint32_t segments{0}, pages{0};
  std::int64_t price_micro{0};
  std::string price_currency;
  std::uint64_t receipts{0};
  bool is_final{false};  ///< nothing more is to come: delivered, or it never will be
};

struct ReminderItem {
  ReceivableId receivable{0};
  std::int32_t round{1};
  std::int64_t balance_minor{0};
  bool is_moved{false};
};

/// A new reminder and its first attempt. Refused as a whole when one moved item already has (round, step).
struct Intend {
  CaseId case_id{0};
  std::int32_t step{0};
  std::string step_id;
  std::int32_t level{0};
  bool is_task{false}, is_thank_you{false};
  bool is_dunning{false};          ///< a message about a debt that is overdue: its items count as reminded in this round
  std::int32_t channel_index{0};   ///< of the step's channels; when the attempt ends finally negative, channels_tried is this + 1
  std::int32_t round{1};
  CivilDate decided_on{};  ///< creditor's region zone
  std::int64_t total_minor{0};
  std::vector<ReminderItem> items;
  NewAttempt attempt;
};
/// Refused unless every attempt before it is finally negative or certainly not sent. Two exceptions, each chosen by the
/// operator: despite_doubt, the in-doubt policy `resend`; despite_silence, another channel for what was accepted and whose
/// expected receipt has not come.
struct IntendAgain {
  CaseId case_id{0};
  ReminderId reminder{0};
  std::int32_t channel_index{0};
  NewAttempt attempt;
  bool despite_doubt{false}, despite_silence{false};
  bool is_task{false};
  CivilDate decided_on{};  ///< creditor's region zone
};
struct VoidReminder { CaseId case_id{0}; ReminderId reminder{0}; };
/// `reminder` -1: the one that the Intend before it in the same settlement makes.
struct GiveTask {
  CaseId case_id{0};
  ReminderId reminder{0};
  std::string kind, text;
  bool settles_reminder{false};
  std::string way{}, script{};  ///< "call" or "visit", and what to say there
};
struct AskApproval {
  CaseId case_id{0};
  std::int32_t step{0};
  std::string step_id, channel_class;
  std::int64_t amount_minor{0};
  std::uint64_t content_id{0};
  Instant valid_until{};
  std::vector<ReceivableId> items;
};
/// Sets where items stand, with nothing sent: `step` becomes the highest one done or passed over (to skip step 2: 2; to make
/// step 4 the next one due: 3). A new round forgets what was sent in this one, but for the level.
struct MoveItems { CaseId case_id{0}; std::int32_t step{0}; std::vector<ReceivableId> items; bool starts_new_round{false}; };
struct ResolvePromise { CaseId case_id{0}; domain::PromiseId promise{0}; bool is_kept{false}; };
struct SettleReaction { CaseId case_id{0}; ReminderId reminder{0}; domain::ReceiptKind kind{}; };
struct MarkInDoubt { CaseId case_id{0}; ReminderId reminder{0}; bool assume_sent{false}; };
struct SetCaseState { CaseId case_id{0}; domain::CaseState state{}; };

using CaseChange = std::variant<Intend, IntendAgain, VoidReminder, GiveTask, AskApproval, MoveItems, ResolvePromise,
                                SettleReaction, MarkInDoubt, SetCaseState>;

/// What deciding one claim led to. `why` is journaled with it: the decision's reasons as text, one line each change.
struct Settlement {
  CreditorId creditor{0};
  DebtorId debtor{0};
  std::int64_t facts_version{0}, epoch{0};
  Instant next_at{Instant::max()};
  std::vector<std::pair<CaseId, std::string>> scenarios;  ///< cases that took a scenario, or another
  std::vector<CaseChange> changes;
  std::vector<std::string> why;  ///< beside each change
};

struct SettledChange { ReminderId reminder{0}; AttemptId attempt{0}; TaskId task{0}; };
struct SettleResult {
  bool is_stale{false};  ///< facts or lease are no longer those of the claim: nothing was written; decide again
  std::string refused;   ///< a unique key or a guard spoke up: nothing of it was written, and the debtor rests for an hour
  std::vector<SettledChange> changes;
};

// ---------------------------------------------------------------------------------------------------------------------
// Outcomes, inbound, receipts

struct OutcomeRecord {
  AttemptId attempt{0};
  domain::OutcomeKind kind{domain::OutcomeKind::unknown};
  domain::FailureClass failure{domain::FailureClass::none};
  std::vector<std::string> refs;
  std::uint32_t part_count{0};  ///< of how many pieces it consists, each with a reference of its own; 0: not said
  std::string code, text;
  std::optional<Instant> retry_at{};  ///< business time; for not_sent
  std::int64_t price_micro{0};
  std::string price_currency;
};

struct InboundRecord {
  std::string provider, kind;
  std::string bytes;
  Instant received_at{};  ///< wall
};
/// Webhooks that nobody could judge when they came, and that wait for it.
struct UnverifiedShare { std::string provider; std::size_t count{0}, bytes{0}; };
/// What became of one: with a `kind` it waits to be parsed as that, as these `bytes`; with an `error` it is asked about again later; with
/// neither it was not genuine, and goes.
struct VerifiedRecord { InboundId inbound{0}; std::string kind, error, bytes; };
/// Where the next poll of a provider goes on, once everything before it is on disk.
struct CursorRecord { std::string provider, cursor; };
struct StoredInbound {
  InboundId id{0};
  std::string provider, kind;
  std::shared_ptr<const std::string> bytes;
  std::int32_t tries{0};
  Instant received_at{};  ///< wall
};

/// Stored raw bytes as people see them, without the bytes.
struct InboundRow {
  InboundId id{0};
  std::string provider, kind;
  std::string state;  ///< "waiting", "parsed", "failed"
  std::string error;
  Instant received_at{};  ///< wall
  Instant next_try{};     ///< business time; of a waiting one
  std::int32_t tries{0};
  std::uint64_t bytes{0};
};
/// What they were understood to say, one message's receipt a line.
struct InboundReceipt {
  AttemptId attempt{0};  ///< 0: its message is not known yet
  std::string kind, code, text, key, ref;
  bool is_final{false};
  std::uint64_t repeats{0};
};
struct InboundItem {
  InboundRow row;
  std::string bytes;
  std::vector<InboundReceipt> receipts;
};

struct EvidenceRecord { std::string media_type, file_name, bytes, reference; };
using FetchId = std::int64_t;
/// A document that a receipt only named, still to be fetched from the provider.
struct WantedEvidence {
  FetchId id{0};
  std::string provider, reference, media_type, file_name;
  std::string idempotency_key;    ///< of its message
  std::vector<std::string> refs;  ///< the provider's names of its message
  std::int32_t tries{0};
};
struct EvidenceTurn {
  std::vector<WantedEvidence> wanted;
  Instant next{Instant::max()};  ///< wall time of the next turn; max: there is none
};
enum class FetchEnd : std::uint8_t { fetched, again, gone };
struct FetchRecord {
  FetchId id{0};
  FetchEnd end{FetchEnd::again};
  EvidenceRecord document{};  ///< when fetched; an empty media type or name stays as the receipt gave it
  std::string error{};
  Instant next_try{};  ///< wall; of `again`
};
struct ReceiptRecord {
  std::string ref, idempotency_key;
  std::uint32_t part_index{0}, part_count{1};
  domain::ReceiptKind kind{domain::ReceiptKind::interim};
  bool is_final{false};
  domain::FailureClass failure{domain::FailureClass::none};
  std::string code, text;
  std::optional<Instant> provider_time{};
  std::int64_t price_micro{0};
  std::string price_currency;
  std::vector<EvidenceRecord> evidence;
};
struct ReplyRecord { bool is_stop{false}; std::string from, to, subject, text, ref, idempotency_key; };
struct ParsedRecord {
  InboundId inbound{0};
  std::vector<ReceiptRecord> receipts;
  std::vector<ReplyRecord> replies;
  std::string error;
  bool is_retryable{true};
};

/// A message that the provider still holds and that nobody needs any more: everything it asks for is settled.
struct WantedRecall {
  AttemptId attempt{0};
  CreditorId creditor{0};
  std::string provider, channel, idempotency_key;
  std::vector<std::string> refs;
};
enum class RecallEnd : std::uint8_t { cancelled = 1, too_late, unknown };
constexpr std::string_view name_of(RecallEnd end) {
  return end == RecallEnd::cancelled ? "cancelled" : end == RecallEnd::too_late ? "too_late" : "unknown";
}
struct RecallRecord { AttemptId attempt{0}; RecallEnd end{RecallEnd::unknown}; std::string text; };

// ---------------------------------------------------------------------------------------------------------------------
// Steps as rows know them: by number. A step in force has its place in its scenario; a retired one, whose reminders
// remain, a number from kRetiredStep on that no other step of the store ever gets.

inline constexpr std::int32_t kRetiredStep{1000};
struct KnownStep {
  std::string scenario;
  std::int32_t number{0}, level{0};
  std::string id;
};
struct ScenarioUse { std::string scenario; std::uint64_t open_cases{0}; };
/// What a scenario's new list of steps does to rows that were written under the old one.
struct StepMoves {
  std::string from, to;  ///< scenarios; equal when it changed itself; `to` empty: its cases take another when they are decided next
  struct Step {
    std::int32_t before{0};    ///< number in the old list
    std::int32_t position{0};  ///< where an item that stood there stands now; -1: before the first step
    std::int32_t number{0};    ///< that its reminders carry from now on
  };
  std::vector<Step> steps;
  std::vector<std::pair<std::int32_t, std::int32_t>> levels;  ///< before → now
  std::vector<KnownStep> known;                               ///< of `to`, or retired, from now on
};

/// An attempt without outcome: as a starting daemon finds it, or in doubt.
struct OpenAttempt {
  AttemptId id{0};
  CreditorId creditor{0};
  std::string provider, channel, idempotency_key;
  std::vector<std::string> refs;
  bool is_prepared{false}, is_withdrawn{false};
  bool is_draft_at_most{false};  ///< as in NewAttempt; ends with the first commit, so it counts only while not prepared
  bool is_released{false};       ///< its provider may have been told to release the draft
  Instant intended_at{};  ///< wall
  Instant not_after{};    ///< wall
};

/// An accepted attempt whose last receipt has not come.
struct Awaited {
  AttemptId attempt{0};
  std::string idempotency_key;
  std::vector<std::string> refs;
  Instant accepted_at{};  ///< business time
};
struct AwaitedPage {
  std::vector<Awaited> items;
  bool has_more{false};
};
/// A page's bounds: it crosses to the provider's process in one frame.
inline constexpr std::size_t kAwaitedMax{256}, kAwaitedBytesMax{256 * 1024};
/// No provider tells anything after so long.
inline constexpr Days kAwaitMax{90};

/// A receipt that a provider promises, and how long after acceptance it may take.
struct ExpectedReceipt { domain::ReceiptKind kind{}; Milliseconds within{}; };
/// One that did not come.
struct Silence {
  AttemptId attempt{0};
  std::string provider;
  domain::ReceiptKind kind{};
};

/// What an attempt handed over, byte for byte, and what it said of the debt.
struct StoredMessage {
  NewAttempt attempt;
  std::string debtor_code;
  CaseId case_id{0};
  ReminderId reminder{0};
  std::int32_t step{0};
  std::uint32_t attempt_number{1};
  bool is_thank_you{false};
  std::vector<ReminderItem> items;
};

// ---------------------------------------------------------------------------------------------------------------------
// What people ask for

struct Counters {
  std::uint64_t debtors{0}, cases_open{0}, cases_onboarding{0}, receivables_open{0}, due_now{0};
  std::uint64_t reminders{0}, attempts_open{0}, in_doubt{0}, sent{0}, delivered{0}, bounced{0}, rejected{0}, not_sent{0};
  std::uint64_t receipts{0}, receipts_unmatched{0}, inbound_waiting{0}, inbound_failed{0}, suppressed{0};
  std::uint64_t recalled{0}, recalls_wanted{0};
  std::uint64_t silent{0};  ///< expected receipts that did not come in time, and have not come since
  std::uint64_t tasks_open{0}, approvals_asked{0}, promises_open{0}, disputes_open{0}, receivables_paid{0}, journal_entries{0};
  std::optional<Instant> oldest_due{};
  std::vector<std::pair<std::string, std::uint64_t>> inbound_of;  ///< inbound_waiting by provider, those with none left out
};

struct ReminderRow {
  ReminderId id{0};
  AttemptId attempt{0};
  std::string debtor_code, step_id, channel, provider, address, state, delivery, code, text;
  std::string silent_about;  ///< the receipt that its provider promised and that has not come in time; empty: none
  std::vector<std::string> invoices;
  CivilDate decided_on{};
  std::int64_t total_minor{0};
  domain::Currency currency{};
  std::uint32_t segments{0}, pages{0};
  std::int64_t price_micro{0};  ///< what it costs: the last that was said of it
  std::string price_currency;
};
struct TaskRow {
  TaskId id{0};
  std::string debtor_code, debtor_name, kind, text, state, outcome;
  ReminderId reminder{0};
  Instant created_at{};
  std::string way, script, note;
  Instant due_at{};            ///< when it is to be done; else when it was made
  std::int32_t tries{0};       ///< how often it was put off
  std::string phone, address;  ///< usable at this moment; the postal lines joined by '\n'
};
struct TaskQuery {
  bool open_only{true};
  std::string way{};            ///< "call" or "visit" only
  std::optional<Instant> due{};  ///< only what is to be done by then
};
/// How a person ended a task, or put it off, and what was learnt.
struct TaskEnd {
  std::string outcome;  ///< "done", "reached", "promise", "dispute", "wrong_number", "call_back"
  std::string note{};
  std::string invoice{};                       ///< what is promised or disputed; else what the task is about
  std::optional<CivilDate> date{};             ///< promised
  std::optional<std::int64_t> amount_minor{};  ///< promised; else all that is open
  std::optional<domain::Currency> currency{};  ///< of the amount; else that of what is promised
  std::string reason{};                        ///< of a dispute
  std::optional<Instant> call_at{};            ///< of a call_back: business time
};
struct ApprovalRow {
  domain::ApprovalId id{0};
  std::string debtor_code, debtor_name, step_id, state, decided_by;
  std::int64_t amount_minor{0};
  domain::Currency currency{};
  std::vector<std::string> invoices;
  Instant valid_until{};
};
struct SuppressionRow { std::string debtor_code, channel, address, because; Instant since{}; };
struct JournalRow {
  std::int64_t id{0};
  CaseId case_id{0};
  Instant at{};         ///< business time
  std::string kind;     ///< "intent", "outcome", "receipt", "payment", …
  std::string payload;  ///< JSON; empty when erased
  bool is_erased{false};
  Sha256 hash{};
};
struct JournalVerdict {
  std::uint64_t entries{0}, cases{0}, erased{0}, days_sealed{0};
  std::vector<std::string> faults;  ///< which entry, what was expected
};
struct OnboardChoice {
  std::optional<std::int32_t> start_at{};           ///< step index: the first one these items may get
  std::optional<std::int32_t> skip_older_than_days{};  ///< items overdue for longer are left to people (held)
};
struct OnboardPreview { std::uint64_t cases{0}, items{0}, skipped{0}; std::vector<std::pair<std::string, std::uint64_t>> by_age; };

/// What the erasure of a debtor removes. Of raw bytes that others' evidence needs too nothing is shown to
/// anybody any more.
struct Erasure {
  std::uint64_t contacts{0}, messages{0}, documents{0}, raws{0}, raws_kept_for_others{0}, tasks{0},
      journal_entries{0};
};

/// What retention has ended, or would end: documents, raw bytes, and things of nobody known.
struct Expired {
  std::uint64_t messages{0}, proofs{0}, raws{0}, unknown{0}, bytes{0};
  std::uint64_t debtors{0};           ///< that were looked at
  std::uint64_t receipts_waiting{0};  ///< of nothing known, that wait no more
  bool is_done{true};                 ///< nothing more is past its period now
  Expired &operator+=(const Expired &other) {
    messages += other.messages, proofs += other.proofs, raws += other.raws, unknown += other.unknown;
    bytes += other.bytes, debtors += other.debtors, receipts_waiting += other.receipts_waiting;
    is_done = other.is_done;
    return *this;
  }
};

/// What a provider may still say that nothing has been heard from.
struct Hearing {
  std::span<const std::string> away{};  ///< providers that can say nothing now
  Instant since{Instant::min()};        ///< wall: without a gap since then
  Instant grace_until{Instant::min()};  ///< business: until then what was intended before the gap is waited for
};

enum class HoldScope : std::uint8_t { receivable, debtor, segment, creditor };

}  // namespace relance::store
