// The one place that remembers. A narrow interface of batch operations: each call is one transaction, durable when it
// returns. Two implementations will stand behind it (SQLite now); tests/store holds both to one suite.
//
// Threads: a Store is called by one thread at a time (the engine's). Readers for people open their own connection through
// open_reader(). `now` arguments are business time unless said otherwise; times written by `wall` guard leases and inbound.
#pragma once

#include "host/base/result.hpp"
#include "host/domain/retention.hpp"
#include "host/store/evidence_records.hpp"
#include "host/store/records.hpp"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace relance::store {

/// Questions that change nothing. Any number of readers beside the one writer.
class Reader {
 public:
  virtual ~Reader() = default;

  virtual Result<Counters> counters(Instant now) = 0;
  /// The facts that decide() would see, without a lease. By debtor code, or by invoice number (then only its case).
  virtual Result<Claim> facts_of_debtor(CreditorId creditor, std::string_view debtor_code) = 0;
  virtual Result<Claim> facts_of_invoice(CreditorId creditor, std::string_view invoice_number) = 0;
  /// All debtors in id order, `limit` at a time after `after` (0 first): for simulate and sweeps.
  virtual Result<std::vector<Claim>> facts_page(CreditorId creditor, DebtorId after, std::size_t limit) = 0;

  virtual Result<std::vector<ReminderRow>> reminders(CreditorId creditor, std::string_view debtor_code, std::size_t limit) = 0;
  virtual Result<std::vector<ReminderRow>> in_doubt(CreditorId creditor, std::size_t limit) = 0;
  /// In the order in which they are to be done.
  virtual Result<std::vector<TaskRow>> tasks(CreditorId creditor, const TaskQuery &query, std::size_t limit) = 0;
  Result<std::vector<TaskRow>> tasks(CreditorId creditor, bool open_only, std::size_t limit) {
    return tasks(creditor, TaskQuery{open_only}, limit);
  }
  virtual Result<TaskRow> task(CreditorId creditor, TaskId id) = 0;
  virtual Result<std::vector<ApprovalRow>> approvals(CreditorId creditor, bool asked_only, std::size_t limit) = 0;
  virtual Result<std::vector<SuppressionRow>> suppressions(CreditorId creditor, std::size_t limit) = 0;
  /// Oldest first. By invoice number or debtor code; both empty: the newest `limit` of the store.
  virtual Result<std::vector<JournalRow>> journal(CreditorId creditor, std::string_view invoice_number,
                                                  std::string_view debtor_code, std::size_t limit) = 0;
  /// Raw bytes of this provider (empty: of any) in this state (empty: in any), the newest first, with ids below `before` (0:
  /// from the newest).
  virtual Result<std::vector<InboundRow>> inbound(std::string_view provider, std::string_view state, InboundId before,
                                                  std::size_t limit) = 0;
  virtual Result<InboundItem> inbound_item(InboundId) = 0;
  /// Walks every chain and every sealed day. Reports each fault; never stops at the first.
  virtual Result<JournalVerdict> verify_journal(CreditorId creditor) = 0;
  virtual Result<std::string> content(CreditorId creditor, const Sha256 &hash) = 0;
  /// Everything that shows what was asked of whom, what became of it, and that it was not changed; without the bytes.
  virtual Result<InvoiceEvidence> evidence_of(CreditorId creditor, std::string_view invoice_number) = 0;
  /// The bytes of one of its files; not_found when they were erased since.
  virtual Result<std::string> evidence_bytes(CreditorId creditor, const EvidenceFile &file) = 0;
  /// A part of a message, a proof, or what a provider sent that has this hash.
  virtual Result<EvidenceFile> evidence_file(CreditorId creditor, const Sha256 &hash) = 0;
  /// not_found when there is none, or it was erased.
  virtual Result<AttemptView> attempt_view(AttemptId) = 0;
};

class Store : public Reader {
 public:
  virtual Result<std::unique_ptr<Reader>> open_reader() = 0;

  // --- identity -------------------------------------------------------------------------------------------------
  /// The id of this creditor code, made at first sight.
  virtual Result<CreditorId> creditor(std::string_view code) = 0;
  /// This start of the daemon: rises with every open for writing; fences settlements of an earlier one.
  [[nodiscard]] virtual std::int64_t epoch() const = 0;
  /// Small named values: business clock offset, version of scenarios last swept, …
  virtual Result<std::string> setting(std::string_view name) = 0;
  virtual Result<void> set_setting(std::string_view name, std::string_view value) = 0;

  // --- intake ---------------------------------------------------------------------------------------------------
  virtual Result<ImportResult> import_debtors(CreditorId, std::span<const DebtorRecord>, Instant now, bool dry_run) = 0;
  /// New receivables of a debtor whose cases are all new wait in onboarding (see onboard). A case is per debtor and currency;
  /// a scenario that groups by receivable splits it when it is decided.
  virtual Result<ImportResult> import_invoices(CreditorId, std::span<const InvoiceRecord>, Instant now, bool dry_run) = 0;
  /// Payments, credit notes, reversals. In the same transaction: balances, promises that are kept by it, withdrawal of
  /// every open intent that lists a settled item, the wake-up of the case, the journal.
  virtual Result<ImportResult> import_payments(CreditorId, std::span<const PaymentRecord>, Instant now, bool dry_run) = 0;
  /// An open-items list as one set: begin, any number of import_invoices, then this settles what was absent. Refused (conflict)
  /// when more than `vanish_max_percent` of the open items would vanish, unless confirmed.
  virtual Result<void> begin_snapshot(CreditorId) = 0;
  /// Of a list that broke off or was refused: imports are plain ones again. Harmless when none was begun.
  virtual void abandon_snapshot(CreditorId) = 0;
  virtual Result<ImportResult> end_snapshot(CreditorId, Instant now, std::int32_t vanish_max_percent, bool dry_run) = 0;
  virtual Result<OnboardPreview> onboard(CreditorId, const OnboardChoice &, Instant now, bool preview_only) = 0;

  // --- the loop -------------------------------------------------------------------------------------------------
  /// The earliest next_at of the store that is not leased; Instant::max() when there is none.
  virtual Result<Instant> next_due() = 0;
  /// Leases up to `limit` debtors due at `now`, with their facts of this moment.
  virtual Result<std::vector<Claim>> claim_due(Instant now, std::size_t limit) = 0;
  /// Writes what deciding led to and ends the leases. One transaction for all; each result is its own. `outcomes` (of
  /// earlier batches) are recorded first, in the same transaction: one wait for the disk instead of two.
  virtual Result<std::vector<SettleResult>> settle(std::span<const Settlement>, Instant now, Instant wall,
                                                   std::span<const OutcomeRecord> outcomes) = 0;
  Result<std::vector<SettleResult>> settle(std::span<const Settlement> settlements, Instant now, Instant wall) {
    return settle(settlements, now, wall, {});
  }
  /// Gives leases back untouched (the engine could not go on with them now); they are due again at `next_at`.
  virtual Result<void> release(std::span<const Claim>, Instant next_at) = 0;
  /// Of these attempts, the ones that may be handed over now: intended, of this epoch, not withdrawn.
  virtual Result<std::vector<AttemptId>> may_hand_over(std::span<const AttemptId>) = 0;
  virtual Result<void> record_outcomes(std::span<const OutcomeRecord>, Instant now) = 0;
  /// Attempts without outcome, oldest first: what a starting daemon must resolve.
  virtual Result<std::vector<OpenAttempt>> open_attempts() = 0;
  /// How many attempts were intended from this business time on.
  virtual Result<std::uint64_t> attempts_since(Instant) = 0;
  /// What counted against this provider's days from this one on, by day and currency.
  virtual Result<std::vector<ProviderUse>> provider_use(std::string_view provider, CivilDate from) = 0;
  /// An operator's test of a provider: durable like every intent, of no debtor, case or reminder.
  virtual Result<AttemptId> intend_test(CreditorId, const NewAttempt &, std::string_view by, Instant now,
                                        Instant wall) = 0;
  /// One attempt as it stands now; not_found when it was erased.
  virtual Result<OpenAttempt> attempt(AttemptId) = 0;
  /// Their drafts are about to be released: the intent of the second phase, durable before a provider hears of it.
  virtual Result<void> note_released(std::span<const AttemptId>) = 0;
  /// Attempts in doubt, oldest first.
  virtual Result<std::vector<OpenAttempt>> doubts(std::size_t limit) = 0;
  /// not_found when it, or a document of it, was erased.
  virtual Result<StoredMessage> stored_message(CreditorId, AttemptId) = 0;
  virtual Result<void> wake(CreditorId, std::span<const DebtorId>, Instant now) = 0;
  /// A changed scenario, zone table or holiday: every open debtor after `after` up to `limit` becomes due; returns the last id.
  virtual Result<DebtorId> sweep(CreditorId, DebtorId after, std::size_t limit, Instant now) = 0;

  /// Nothing will be asked for a while: memory that only makes work faster is given back. Costs the next work a little.
  virtual void rest() = 0;

  // --- changed scenarios ----------------------------------------------------------------------------------------
  /// Of all scenarios, in the order of scenario and number.
  virtual Result<std::vector<KnownStep>> known_steps() = 0;
  /// Scenarios that cases have taken, with how many of them are not closed.
  virtual Result<std::vector<ScenarioUse>> scenarios_in_use() = 0;
  /// Carries positions, reminders and approvals over to changed lists of steps, one after the other and all or nothing.
  /// Nothing may be leased. Returns how many receivables each concerned.
  virtual Result<std::vector<std::uint64_t>> move_steps(std::span<const StepMoves>, Instant now) = 0;

  // --- inbound --------------------------------------------------------------------------------------------------
  /// Raw bytes and the cursors of polls that ended behind them, durable together when this returns. Ids beside the records.
  virtual Result<std::vector<InboundId>> store_inbound(std::span<const InboundRecord>, std::span<const CursorRecord>,
                                                       Instant now) = 0;
  /// As last stored; empty at first.
  virtual Result<std::string> cursor(std::string_view provider) = 0;
  /// Bytes whose turn it is, of these providers only: those of one that is away wait untouched. Each provider has an equal
  /// share of `limit`. What was given out is not given again until apply_parsed() or the next start.
  virtual Result<std::vector<StoredInbound>> inbound_to_parse(std::span<const std::string> providers, Instant now,
                                                              std::size_t limit) = 0;
  /// What the bytes meant: receipts joined into their attempts (or kept waiting for their reference), addresses marked, replies
  /// made tasks, reactions noted once per (reminder, kind), cases woken; or the error, with the time of the next try. The same
  /// meaning once more, from the same bytes or from others, changes nothing.
  virtual Result<void> apply_parsed(std::span<const ParsedRecord>, Instant now) = 0;
  virtual Result<std::vector<UnverifiedShare>> unverified() = 0;
  /// Returns those that were asked about too often and are gone: nobody could judge them.
  virtual Result<std::vector<InboundId>> settle_unverified(std::span<const VerifiedRecord>, Instant now) = 0;
  /// The provider's plugin is back: its unverified bytes have their turn now, but for those that it was asked about several
  /// times already. They may be what it falls over.
  virtual Result<void> hurry_unverified(std::string_view provider, Instant now) = 0;
  /// Makes stored bytes parse again (a parser improved): all of a provider, or one. Returns how many.
  virtual Result<std::uint64_t> reparse(std::string_view provider, InboundId only) = 0;

  // --- recalls ---------------------------------------------------------------------------------------------------
  /// Whose messages can be recalled, from now on: only for these is it noted that all that a message asks for is settled.
  virtual void recall_through(std::vector<std::string> providers) = 0;
  /// The providers that are to be told of their open attempts when they are polled: from now on these are noted.
  virtual void await_through(std::vector<std::string> providers) = 0;
  /// A page of the provider's attempts whose last receipt has not come, in order of their ids, after this one. What was
  /// accepted longer than kAwaitMax ago is forgotten.
  virtual Result<AwaitedPage> awaited(std::string_view provider, AttemptId after, Instant now) = 0;
  /// Which receipts these providers promise, from now on: accepted attempts of theirs are watched for them.
  virtual void expect_through(std::map<std::string, std::vector<ExpectedReceipt>> promises) = 0;
  /// When the next expected receipt becomes silence (business time); Instant::max(): none is waited for. Costs nothing.
  [[nodiscard]] virtual Instant next_silence() const = 0;
  /// Of the receipts whose time has come: those that came are forgotten, the others noted as silence, once, with their
  /// reaction, their cases woken. Put off are those of providers that are away, or promise nothing any more, or have bytes here
  /// that nobody has read yet, and those that `hearing` gives a grace: what could not reach a daemon that was down is sent again.
  virtual Result<std::vector<Silence>> note_silences(const Hearing &hearing, Instant now, std::size_t limit) = 0;
  /// Noted, not ended yet, and still true: handed over, not known to have arrived, everything settled.
  virtual Result<std::vector<WantedRecall>> recalls_wanted(Instant now, std::size_t limit) = 0;
  /// Cancelled: the attempt counts as not sent and its reminder is voided. Anything else is journaled and changes nothing.
  virtual Result<void> record_recalls(std::span<const RecallRecord>, Instant now) = 0;

  // --- evidence --------------------------------------------------------------------------------------------------
  /// Documents that receipts of these providers only named, whose turn has come, and when the next one's will.
  virtual Result<EvidenceTurn> evidence_wanted(std::span<const std::string> providers, Instant wall, std::size_t limit) = 0;
  /// Fetched: the document takes the reference's place. Gone: a person is told. Else it is asked for again later. Of somebody
  /// who was erased meanwhile nothing is kept.
  virtual Result<void> record_fetches(std::span<const FetchRecord>, Instant now) = 0;

  // --- what people do ---------------------------------------------------------------------------------------------
  virtual Result<domain::PromiseId> promise(CreditorId, std::string_view debtor_code, std::string_view invoice_number,
                                            CivilDate date, std::optional<std::int64_t> amount_minor, std::string_view by,
                                            Instant now) = 0;
  virtual Result<void> dispute(CreditorId, std::string_view invoice_number, std::string_view reason, std::string_view by,
                               Instant now) = 0;
  virtual Result<void> resolve_dispute(CreditorId, std::string_view invoice_number, std::string_view because,
                                       std::string_view by, Instant now) = 0;
  virtual Result<void> hold(CreditorId, HoldScope, std::string_view subject, std::optional<CivilDate> until,
                            std::string_view because, std::string_view by, Instant now) = 0;
  virtual Result<void> release_hold(CreditorId, HoldScope, std::string_view subject, std::string_view by, Instant now) = 0;
  virtual Result<void> write_off(CreditorId, std::string_view invoice_number, std::string_view because, std::string_view by,
                                 Instant now) = 0;
  virtual Result<void> suppress(CreditorId, std::string_view channel, std::string_view address, std::string_view because,
                                Instant now) = 0;
  virtual Result<void> lift_suppression(CreditorId, std::string_view channel, std::string_view address, std::string_view by,
                                        Instant now) = 0;
  virtual Result<void> decide_approvals(CreditorId, std::span<const domain::ApprovalId>, bool approve, std::string_view by,
                                        Instant now) = 0;
  /// One transaction for the task and what was learnt: a promise and a dispute are noted as by promise() and dispute(), a wrong number is not
  /// used any more, a call_back leaves the task open until then. What became of a call or a visit reaches its reminder as a receipt.
  virtual Result<void> finish_task(CreditorId, TaskId, const TaskEnd &end, std::string_view by, Instant now) = 0;
  Result<void> finish_task(CreditorId creditor, TaskId id, std::string_view outcome, std::string_view note, std::string_view by,
                           Instant now) {
    return finish_task(creditor, id, TaskEnd{std::string{outcome}, std::string{note}}, by, now);
  }
  virtual Result<void> resolve_in_doubt(CreditorId, AttemptId, bool was_sent, std::string_view because, std::string_view by,
                                        Instant now) = 0;
  /// resend: starts a new round at the reminder's step for its items. cancel: voids a reminder that has not gone out.
  virtual Result<void> resend_reminder(CreditorId, ReminderId, std::string_view because, std::string_view by, Instant now) = 0;
  virtual Result<void> cancel_reminder(CreditorId, ReminderId, std::string_view because, std::string_view by, Instant now) = 0;
  /// Removes the person behind a debtor: names, addresses, documents, journal payloads. Chains still verify.
  virtual Result<Erasure> erase_debtor(CreditorId, std::string_view debtor_code, std::string_view by,
                                       Instant now, bool dry_run) = 0;
  Result<Erasure> erase_debtor(CreditorId creditor, std::string_view debtor_code, std::string_view by,
                               Instant now) {
    return erase_debtor(creditor, debtor_code, by, now, false);
  }
  /// A slice of what is past its period: the bytes of at most so many debtors of each kind go, their hashes stay. Ask until it
  /// is done. A rehearsal takes everything back.
  virtual Result<Expired> expire(const domain::RetentionPeriods &periods, Instant now, std::size_t debtors,
                                 bool dry_run) = 0;
  /// Gathers the heads of all cases changed since the last seal into one Merkle root for `day`; with none it is the one before.
  Result<Sha256> seal_day(CreditorId creditor, CivilDate day) {
    for (;;) {
      auto root = seal_some(creditor, day, kSealEntriesMax);
      if (!root) return root.error();
      if (*root) return **root;
    }
  }
  /// The same in pieces, each of which reads at most so many entries; nothing while more are to be read. What
  /// is journaled meanwhile is of the next seal.
  virtual Result<std::optional<Sha256>> seal_some(CreditorId, CivilDate day, std::size_t entries) = 0;
  static constexpr std::size_t kSealEntriesMax{5000};  ///< some milliseconds
  /// Keeps the RFC 3161 token over the root of that day's seal; the first one stays.
  virtual Result<void> stamp_seal(CreditorId, CivilDate day, std::string_view token) = 0;
  /// Seals without a token, oldest first.
  virtual Result<std::vector<UnstampedSeal>> unstamped_seals(std::size_t limit) = 0;
};

}  // namespace relance::store
