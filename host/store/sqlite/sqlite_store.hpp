// The embedded store: one writer, one file. What memory holds beside the file (leases, unfinished attempts,
// the next ids) is either worth nothing after a crash or read again at the start; it is touched only after
// the transaction that it belongs to.
#pragma once

#include "host/store/sqlite/checkpointer.hpp"
#include "host/store/sqlite/connection.hpp"
#include "host/store/sqlite/facts.hpp"
#include "host/store/sqlite/journal.hpp"
#include "host/store/sqlite/rows.hpp"
#include "host/store/sqlite/unit.hpp"
#include "host/store/sqlite/views.hpp"
#include "host/store/store.hpp"

#include <compare>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace relance::store::sqlite {

class SqliteStore final : public Store {
 public:
  /// Throws SQLite::Exception. The schema is up to date.
  SqliteStore(const SqliteOptions &options, StoreLock lock, std::unique_ptr<Connection> connection);
  ~SqliteStore() override;

  // Reader: through the writer's own connection.
  Result<Counters> counters(Instant now) override { return views_.counters(now); }
  Result<Claim> facts_of_debtor(CreditorId c, std::string_view code) override {
    return views_.facts_of_debtor(c, code);
  }
  Result<Claim> facts_of_invoice(CreditorId c, std::string_view number) override {
    return views_.facts_of_invoice(c, number);
  }
  Result<std::vector<Claim>> facts_page(CreditorId c, DebtorId after, std::size_t limit) override {
    return views_.facts_page(c, after, limit);
  }
  Result<std::vector<ReminderRow>> reminders(CreditorId c, std::string_view code,
                                             std::size_t limit) override {
    return views_.reminders(c, code, limit);
  }
  Result<std::vector<ReminderRow>> in_doubt(CreditorId c, std::size_t limit) override {
    return views_.in_doubt(c, limit);
  }
  using Store::tasks;
  Result<std::vector<TaskRow>> tasks(CreditorId c, const TaskQuery &query, std::size_t limit) override {
    return views_.tasks(c, query, limit);
  }
  Result<TaskRow> task(CreditorId c, TaskId id) override { return views_.task(c, id); }
  Result<std::vector<ApprovalRow>> approvals(CreditorId c, bool asked_only, std::size_t limit) override {
    return views_.approvals(c, asked_only, limit);
  }
  Result<std::vector<SuppressionRow>> suppressions(CreditorId c, std::size_t limit) override {
    return views_.suppressions(c, limit);
  }
  Result<std::vector<JournalRow>> journal(CreditorId c, std::string_view number, std::string_view code,
                                          std::size_t limit) override {
    return views_.journal(c, number, code, limit);
  }
  Result<std::vector<InboundRow>> inbound(std::string_view provider, std::string_view state, InboundId before,
                                          std::size_t limit) override {
    return views_.inbound(provider, state, before, limit);
  }
  Result<InboundItem> inbound_item(InboundId id) override { return views_.inbound_item(id); }
  Result<JournalVerdict> verify_journal(CreditorId c) override { return views_.verify_journal(c); }
  Result<std::string> content(CreditorId c, const Sha256 &hash) override { return views_.content(c, hash); }
  Result<InvoiceEvidence> evidence_of(CreditorId c, std::string_view number) override {
    return views_.evidence_of(c, number);
  }
  Result<std::string> evidence_bytes(CreditorId c, const EvidenceFile &file) override {
    return views_.evidence_bytes(c, file);
  }
  Result<EvidenceFile> evidence_file(CreditorId c, const Sha256 &hash) override {
    return views_.evidence_file(c, hash);
  }

  Result<std::unique_ptr<Reader>> open_reader() override;
  Result<CreditorId> creditor(std::string_view code) override;
  [[nodiscard]] std::int64_t epoch() const override { return epoch_; }
  Result<std::string> setting(std::string_view name) override;
  Result<void> set_setting(std::string_view name, std::string_view value) override;

  Result<ImportResult> import_debtors(CreditorId, std::span<const DebtorRecord>, Instant now,
                                      bool dry_run) override;
  Result<ImportResult> import_invoices(CreditorId, std::span<const InvoiceRecord>, Instant now,
                                       bool dry_run) override;
  Result<ImportResult> import_payments(CreditorId, std::span<const PaymentRecord>, Instant now,
                                       bool dry_run) override;
  Result<void> begin_snapshot(CreditorId) override;
  void abandon_snapshot(CreditorId creditor) override { in_snapshot_.erase(creditor); }
  Result<ImportResult> end_snapshot(CreditorId, Instant now, std::int32_t vanish_max_percent,
                                    bool dry_run) override;
  Result<OnboardPreview> onboard(CreditorId, const OnboardChoice &, Instant now, bool preview_only) override;

  Result<Instant> next_due() override;
  Result<std::vector<Claim>> claim_due(Instant now, std::size_t limit) override;
  using Store::settle;
  Result<std::vector<SettleResult>> settle(std::span<const Settlement>, Instant now, Instant wall,
                                           std::span<const OutcomeRecord>) override;
  Result<void> release(std::span<const Claim>, Instant next_at) override;
  Result<std::vector<AttemptId>> may_hand_over(std::span<const AttemptId>) override;
  Result<void> record_outcomes(std::span<const OutcomeRecord>, Instant now) override;
  Result<std::vector<OpenAttempt>> open_attempts() override;
  Result<std::uint64_t> attempts_since(Instant since) override;
  Result<std::vector<ProviderUse>> provider_use(std::string_view provider, CivilDate from) override;
  Result<AttemptId> intend_test(CreditorId creditor, const NewAttempt &attempt, std::string_view by, Instant now,
                                Instant wall) override;
  Result<AttemptView> attempt_view(AttemptId id) override { return views_.attempt_view(id); }
  Result<OpenAttempt> attempt(AttemptId id) override;
  Result<void> note_released(std::span<const AttemptId> attempts) override;
  Result<std::vector<OpenAttempt>> doubts(std::size_t limit) override;
  Result<StoredMessage> stored_message(CreditorId creditor, AttemptId id) override;
  Result<void> wake(CreditorId, std::span<const DebtorId>, Instant now) override;
  Result<DebtorId> sweep(CreditorId, DebtorId after, std::size_t limit, Instant now) override;
  void rest() override;
  Result<std::vector<KnownStep>> known_steps() override;
  Result<std::vector<ScenarioUse>> scenarios_in_use() override;
  Result<std::vector<std::uint64_t>> move_steps(std::span<const StepMoves>, Instant now) override;

  Result<std::vector<InboundId>> store_inbound(std::span<const InboundRecord>, std::span<const CursorRecord>,
                                               Instant now) override;
  Result<std::string> cursor(std::string_view provider) override;
  Result<std::vector<StoredInbound>> inbound_to_parse(std::span<const std::string> providers, Instant now,
                                                      std::size_t limit) override;
  Result<void> apply_parsed(std::span<const ParsedRecord>, Instant now) override;
  Result<std::vector<UnverifiedShare>> unverified() override;
  Result<std::vector<InboundId>> settle_unverified(std::span<const VerifiedRecord>, Instant now) override;
  Result<void> hurry_unverified(std::string_view provider, Instant now) override;
  Result<std::uint64_t> reparse(std::string_view provider, InboundId only) override;

  void recall_through(std::vector<std::string> providers) override;
  void await_through(std::vector<std::string> providers) override;
  void expect_through(std::map<std::string, std::vector<ExpectedReceipt>> promises) override;
  [[nodiscard]] Instant next_silence() const override { return next_silence_; }
  Result<std::vector<Silence>> note_silences(const Hearing &hearing, Instant now, std::size_t limit) override;
  Result<AwaitedPage> awaited(std::string_view provider, AttemptId after, Instant now) override;
  Result<std::vector<WantedRecall>> recalls_wanted(Instant now, std::size_t limit) override;
  Result<EvidenceTurn> evidence_wanted(std::span<const std::string> providers, Instant wall,
                                       std::size_t limit) override;
  Result<void> record_fetches(std::span<const FetchRecord>, Instant now) override;
  Result<void> record_recalls(std::span<const RecallRecord>, Instant now) override;

  Result<domain::PromiseId> promise(CreditorId, std::string_view debtor_code, std::string_view invoice_number,
                                    CivilDate date, std::optional<std::int64_t> amount_minor,
                                    std::string_view by, Instant now) override;
  Result<void> dispute(CreditorId, std::string_view invoice_number, std::string_view reason,
                       std::string_view by, Instant now) override;
  Result<void> resolve_dispute(CreditorId, std::string_view invoice_number, std::string_view because,
                               std::string_view by, Instant now) override;
  Result<void> hold(CreditorId, HoldScope, std::string_view subject, std::optional<CivilDate> until,
                    std::string_view because, std::string_view by, Instant now) override;
  Result<void> release_hold(CreditorId, HoldScope, std::string_view subject, std::string_view by,
                            Instant now) override;
  Result<void> write_off(CreditorId, std::string_view invoice_number, std::string_view because,
                         std::string_view by, Instant now) override;
  Result<void> suppress(CreditorId, std::string_view channel, std::string_view address,
                        std::string_view because, Instant now) override;
  Result<void> lift_suppression(CreditorId, std::string_view channel, std::string_view address,
                                std::string_view by, Instant now) override;
  Result<void> decide_approvals(CreditorId, std::span<const domain::ApprovalId>, bool approve,
                                std::string_view by, Instant now) override;
  using Store::finish_task;
  Result<void> finish_task(CreditorId, TaskId, const TaskEnd &end, std::string_view by, Instant now) override;
  Result<void> resolve_in_doubt(CreditorId, AttemptId, bool was_sent, std::string_view because,
                                std::string_view by, Instant now) override;
  Result<void> resend_reminder(CreditorId, ReminderId, std::string_view because, std::string_view by,
                               Instant now) override;
  Result<void> cancel_reminder(CreditorId, ReminderId, std::string_view because, std::string_view by,
                               Instant now) override;
  using Store::erase_debtor;
  Result<Erasure> erase_debtor(CreditorId, std::string_view debtor_code, std::string_view by, Instant now,
                               bool dry_run) override;
  Result<Expired> expire(const domain::RetentionPeriods &periods, Instant now, std::size_t debtors,
                         bool dry_run) override;
  Result<std::optional<Sha256>> seal_some(CreditorId, CivilDate day, std::size_t entries) override;
  Result<void> stamp_seal(CreditorId, CivilDate day, std::string_view token) override;
  Result<std::vector<UnstampedSeal>> unstamped_seals(std::size_t limit) override;

 private:
  // sqlite_store.cpp: what several concerns share
  void load();
  std::optional<DebtorId> debtor_by_code(CreditorId creditor, std::string_view code);
  std::optional<ReceivableRow> receivable_by_number(CreditorId creditor, std::string_view number);
  std::optional<DebtorId> debtor_of_reminder(CreditorId creditor, ReminderId reminder);
  /// Facts changed: raises facts_version and makes the debtor due now, unless all its cases wait in
  /// onboarding or it was erased.
  void touch(Unit &unit, DebtorKey key, Instant now);
  void reschedule(DebtorKey key, Instant before, Instant next_at);
  void note_schedule(const Due &due);
  void add_extras(DebtorKey key, std::int64_t bits);
  void journal_entry(Unit &unit, CreditorId creditor, CaseId case_id, Instant now, std::string_view kind,
                     Payload &payload);
  /// The debtor's open intents that list one of `items` (empty: all): voided when no provider has seen them,
  /// else marked.
  void withdraw(Unit &unit, DebtorKey key, const std::vector<ReceivableId> &items, std::string_view because,
                Instant now);
  /// Puts a reminder's items back where they stood.
  void void_reminder(Unit &unit, DebtorKey key, ReminderId reminder);
  /// The debtor was not contacted on `day` after all, unless another reminder did that.
  void forget_contact(DebtorKey key, ReminderId reminder, std::optional<CivilDate> day,
                      std::optional<CivilDate> before);
  /// Where what concerns the whole debtor is journaled: its first case, or the chain of those without one.
  CaseId first_case(DebtorKey key);
  /// Inside a transaction that made debtors, cases, receivables or promises.
  void save_last_ids();
  /// Inside a transaction, now and then: from which id on a starting daemon looks for open attempts.
  void mark_oldest_open(AttemptId first_new);
  void forget_unfinished(Unit &unit, AttemptId attempt);
  /// Notes an accepted attempt for the polls of its provider, and forgets one whose last receipt has come.
  void await(const AttemptRow &attempt, Instant now);
  void end_awaiting(const AttemptRow &attempt);

  // silences.cpp
  /// Its provider has it: what it promises to say is waited for.
  void expect_receipts(Unit &unit, const AttemptRow &attempt, Instant now);
  /// The business time that it is put off to, or nothing.
  std::optional<Instant> put_off(const ExpectedRow &row, const Hearing &hearing, Instant now);
  bool has_unread_bytes(const std::string &provider);
  bool note_silence(Unit &unit, const ExpectedRow &row, Instant now);
  /// What was expected has come, or nothing more will.
  bool is_answered(const AttemptRow &attempt, domain::DeliveryState delivery, domain::ReceiptKind expected);
  /// Its state is `delivery` now: what that answers is silence no more.
  void answer_silence(Unit &unit, const AttemptRow &attempt, domain::DeliveryState delivery, Instant now);
  /// Once per reminder, however many of its attempts are silent, and again only while nothing came of it.
  void note_silence_reaction(const AttemptRow &attempt, Instant now);
  /// Nothing of the reminder was heard of, is open or in doubt, but silent attempts, none of them by this channel.
  bool silence_allows(DebtorKey key, ReminderId reminder, std::string_view channel);
  /// A further attempt because of a silence certainly did not go: the reaction is still to be done.
  void renew_silence_reaction(DebtorKey key, ReminderId reminder, AttemptId unsent);
  Instant earliest_silence();
  /// What was in doubt is known to be a draft: it may be committed, and withdrawn, as any other.
  void reopen(Unit &unit, const AttemptRow &attempt);
  void add_task(Unit &unit, DebtorKey key, CaseId case_id, ReminderId reminder, TaskId id,
                std::string_view kind, std::string_view text, bool holds, Instant now, std::string_view way = {},
                std::string_view script = {});
  void mark_suppressed(Unit &unit, CreditorId creditor, std::string_view channel, std::string_view address,
                       std::string_view because, Instant now);

  // tasks.cpp
  Result<void> put_off(Unit &unit, const OpenTask &task, const TaskEnd &end, std::string_view by, Instant now);
  Result<void> note_learnt(Unit &unit, const OpenTask &task, const TaskEnd &end, std::string_view by, Instant now);
  void forget_number(Unit &unit, const OpenTask &task, std::string_view by, Instant now);
  /// The invoices that a task is about and that are still owed.
  std::vector<std::string> invoices_of(const OpenTask &task);
  /// What became of a call or a visit, as the receipt of its reminder.
  void hear_person(Unit &unit, const OpenTask &task, const TaskEnd &end, Instant now);

  // people.cpp, steps.cpp, erasure.cpp
  Result<domain::PromiseId> note_promise(Unit &unit, CreditorId creditor, std::string_view debtor_code,
                                         std::string_view invoice_number, CivilDate date, const Promised &promised,
                                         std::string_view by, Instant now);
  Result<void> fits_what_is_open(DebtorKey key, CaseId case_id, std::int64_t amount, std::int64_t open,
                                 const std::optional<domain::Currency> &currency);
  Result<void> move_item(Unit &unit, CreditorId creditor, std::string_view invoice_number, domain::ItemState from,
                         domain::ItemState to, const char *kind, std::string_view because, std::string_view by,
                         Instant now);
  Result<void> set_item_state(CreditorId creditor, std::string_view invoice_number, domain::ItemState from,
                              domain::ItemState to, const char *kind, std::string_view because,
                              std::string_view by, Instant now);
  Result<void> set_hold(CreditorId creditor, HoldScope scope, std::string_view subject,
                        std::optional<CivilDate> until, std::string_view because, std::string_view by,
                        Instant now);
  bool is_in_scope(DebtorKey key, CreditorId creditor, HoldScope scope, std::string_view subject);
  void hold_many(Unit &unit, CreditorId creditor, HoldScope scope, std::string_view subject, Instant now);
  void wake_many(Unit &unit, CreditorId creditor, HoldScope scope, std::string_view subject, Instant now);
  std::uint64_t move_steps_of(Unit &unit, const StepMoves &moves, Instant now);
  /// Conflict while something of this debtor is on its way, or may be.
  Result<void> may_erase(DebtorKey key, std::string_view debtor_code);
  void erase_messages(DebtorKey key, Erasure &erased);
  void erase_chain(CreditorId creditor, CaseId case_id, Erasure &erased);
  /// What was journaled, or made a task, of the debtor's addresses before anybody knew whose they are.
  void erase_stranger(DebtorKey key, std::string_view debtor_code, Erasure &erased);
  void erase_own_entries(CreditorId creditor, bool is_their_creditor, const std::set<std::string, std::less<>> &names,
                         std::set<std::string, std::less<>> &raws, Erasure &erased);
  /// The marks on its addresses, where nobody else has them.
  void forget_stops(DebtorKey key);
  void end_silences(Unit &unit, DebtorKey key);
  /// Nothing of this debtor is due any more; a decision that was being made is stale.
  void put_to_rest(DebtorKey key);

  // intake.cpp
  void import_debtor(Unit &unit, CreditorId creditor, const DebtorRecord &record, std::size_t index,
                     Instant now, ImportResult &result);
  void import_contacts(CreditorId creditor, DebtorId debtor, const DebtorRecord &record, bool &is_changed);
  void import_invoice(Unit &unit, CreditorId creditor, const InvoiceRecord &record, std::size_t index,
                      Instant now, std::set<DebtorId> &touched, ImportResult &result);
  void add_invoice(Unit &unit, CreditorId creditor, DebtorId debtor, const InvoiceRecord &record,
                   Instant now);
  void change_invoice(Unit &unit, CreditorId creditor, const ReceivableRow &row, const InvoiceRecord &record,
                      Instant now, ImportResult &result);
  CaseId case_for(Unit &unit, CreditorId creditor, DebtorId debtor, const InvoiceRecord &record, Instant now);
  void import_payment(Unit &unit, CreditorId creditor, const PaymentRecord &record, std::size_t index,
                      Instant now, std::set<DebtorId> &touched, ImportResult &result);
  /// New balance; state, round, promises and open intents follow.
  void set_balance(Unit &unit, CreditorId creditor, ReceivableRow &row, std::int64_t balance, Instant now);
  /// Retention counts from here.
  void note_settled(DebtorKey key, Instant now);
  void keep_promises(Unit &unit, CreditorId creditor, const ReceivableRow &row, std::int64_t paid,
                     Instant now);

  // loop.cpp, changes.cpp
  void gather_wave(Instant now);
  /// With the commit of `unit`. `may_be_passed`: the scan of the schedule may have gone by while it was
  /// leased.
  void end_lease(Unit &unit, DebtorKey key, bool may_be_passed);
  SettleResult settle_one(Unit &unit, const Settlement &settlement, Instant now, Instant wall);
  SettledChange apply(Unit &unit, const Settlement &to, const Lease &lease, const Intend &change,
                      std::string_view why, Instant now, Instant wall);
  SettledChange apply(Unit &unit, const Settlement &to, const Lease &lease, const IntendAgain &change,
                      std::string_view why, Instant now, Instant wall);
  SettledChange apply(Unit &unit, const Settlement &to, const Lease &lease, const VoidReminder &change,
                      std::string_view why, Instant now, Instant wall);
  SettledChange apply(Unit &unit, const Settlement &to, const Lease &lease, const GiveTask &change,
                      std::string_view why, Instant now, Instant wall);
  SettledChange apply(Unit &unit, const Settlement &to, const Lease &lease, const AskApproval &change,
                      std::string_view why, Instant now, Instant wall);
  SettledChange apply(Unit &unit, const Settlement &to, const Lease &lease, const MoveItems &change,
                      std::string_view why, Instant now, Instant wall);
  SettledChange apply(Unit &unit, const Settlement &to, const Lease &lease, const ResolvePromise &change,
                      std::string_view why, Instant now, Instant wall);
  SettledChange apply(Unit &unit, const Settlement &to, const Lease &lease, const SettleReaction &change,
                      std::string_view why, Instant now, Instant wall);
  SettledChange apply(Unit &unit, const Settlement &to, const Lease &lease, const MarkInDoubt &change,
                      std::string_view why, Instant now, Instant wall);
  SettledChange apply(Unit &unit, const Settlement &to, const Lease &lease, const SetCaseState &change,
                      std::string_view why, Instant now, Instant wall);
  AttemptId add_attempt(Unit &unit, DebtorKey key, CaseId case_id, ReminderId reminder, AttemptId previous,
                        std::int32_t channel_index, const NewAttempt &attempt, Instant wall);
  void move_item(DebtorKey key, const Intend &change, ReminderId reminder, const ReminderItem &item,
                 const Position &before);
  std::optional<Position> position_of(DebtorKey key, ReceivableId receivable);
  void spend_approvals(DebtorKey key, CaseId case_id, std::int32_t step, std::int64_t extras);

  // outcomes.cpp
  std::optional<AttemptRow> attempt_by_id(AttemptId id);
  std::optional<AttemptRow> attempt_by_id(CreditorId creditor, AttemptId id);
  std::optional<AttemptRow> attempt_by_key(const std::string &key);
  static std::optional<AttemptRow> read_attempt(Query &query);
  std::optional<AttemptRow> attempt_by_ref(std::string_view provider, const std::string &ref);
  OpenAttempt read_open(CreditorId creditor, AttemptId id);
  void record_outcome(Unit &unit, const OutcomeRecord &outcome, Instant now);
  /// `are_first`: it has none yet.
  void keep_refs(const AttemptRow &attempt, std::span<const std::string> refs, bool are_first);
  /// References of an attempt that a receipt has ended before they came.
  void take_late_refs(Unit &unit, const AttemptRow &attempt, std::span<const std::string> refs, Instant now);
  /// Every change of an attempt's state passes here, so that the counters are what the rows say.
  // provider_use.cpp
  /// Keeps what is said of the attempt before it is handed over, and counts it.
  void keep_quote(AttemptId id, const NewAttempt &attempt);
  /// A price that the provider has named.
  void settle_price(AttemptId id, std::int64_t micro, const std::string &currency);
  /// It was certainly not sent: the day has it back.
  void give_back(AttemptId id);
  static void tally_change(Unit &unit, AttemptState before, AttemptState after);
  /// A receipt says that the provider has it.
  bool was_heard_of(const AttemptRow &attempt);
  /// The reminder's state from all its attempts; the slow path, for anything but a first acceptance.
  void refresh_reminder(Unit &unit, DebtorKey key, ReminderId reminder);
  void note_reaction(const AttemptRow &attempt, domain::ReceiptKind kind, Instant now);
  void await_reaction(const AttemptRow &attempt, domain::ReceiptKind kind, Instant now);
  void after_failure(Unit &unit, const AttemptRow &attempt, domain::FailureClass failure,
                     std::string_view code, std::string_view text, Instant now);

  // receipts.cpp
  void apply_one(Unit &unit, const ParsedRecord &parsed, Instant now);
  Heard apply_receipt(Unit &unit, const AttemptRow &attempt, const Arrived &came, bool is_forgotten,
                      Instant now);
  /// Keeps whose the bytes are, where they are not simply those of the one debtor whose receipt or reply
  /// names them.
  void note_parties(InboundId inbound, const Parties &parties);
  void add_party(InboundId inbound, DebtorKey key);
  /// The bytes go, unless they speak of others too: then (false) they are kept for these, and shown to
  /// nobody.
  bool forget_raw(InboundId inbound, DebtorKey key);
  /// Which part of its message it is about, and of how many.
  std::pair<std::uint32_t, std::uint32_t> part_of(const AttemptRow &attempt, const ReceiptRecord &receipt);
  bool is_erased(DebtorKey key);
  void keep_waiting(Unit &unit, const Arrived &arrived);
  void apply_waiting(Unit &unit, std::string_view provider, const std::string &ref, Instant now);
  std::optional<AttemptRow> correlate(std::string_view provider, const std::string &ref,
                                      const std::string &key);

  // evidence.cpp
  /// A document's name is its content's hash; a reference to be fetched later has its own.
  static Sha256 evidence_name(const EvidenceRecord &evidence);
  void keep_evidence(const AttemptRow &attempt, const Arrived &arrived);
  void keep_document(const AttemptRow &attempt, const Sha256 &name, const EvidenceRecord &document);
  void record_fetch(Unit &unit, const FetchRecord &record, Instant now);

  // replies.cpp
  /// `bytes`: the hash of what they were found in.
  void apply_replies(Unit &unit, std::string_view provider, const Sha256 &bytes, const ParsedRecord &parsed,
                     Parties &parties, Instant now);
  /// Who may have written it, at least one: whom the message was for that it answers, else every debtor of
  /// every creditor that has the address, else nobody known.
  std::vector<Speaker> speakers_of(std::string_view provider, const ReplyRecord &reply);
  TaskId apply_reply(Unit &unit, const Speaker &speaker, const Sha256 &bytes, const ReplyRecord &reply,
                     Instant now);

  // recalls.cpp
  /// A receivable was settled: notes those of its debtor's messages that nothing is left of to ask for, and takes
  /// calls and visits back that are not made yet.
  void want_recalls(Unit &unit, DebtorKey key, ReceivableId settled, Instant now);
  /// Notes it if it is with a provider that can recall, and nothing is left of what it asks for. A person's task is
  /// our own: it is taken back at once.
  void want_recall(Unit &unit, CreditorId creditor, AttemptId id, Instant now);
  /// Tasks that followed from a reminder (a call because no channel was left): nothing is left to call about.
  void take_back_tasks(Unit &unit, DebtorKey key, ReceivableId settled, Instant now);
  bool is_recallable(const AttemptRow &attempt);
  void record_recall(Unit &unit, const RecallRecord &record, Instant now);

  const SqliteOptions options_;
  StoreLock lock_;
  std::unique_ptr<Connection> connection_;
  Checkpointer checkpointer_;
  Journal journal_;
  SqliteReader views_;
  std::int64_t epoch_{0};

  struct {
    std::int64_t debtor{0}, contact{0}, case_id{0}, receivable{0}, reminder{0}, attempt{0}, promise{0},
        approval{0}, task{0};
  } last_;
  std::int64_t open_mark_at_{0};
  bool empties_log_{false};  ///< somebody was erased, and a reader kept the log
  std::unordered_map<DebtorKey, Lease, DebtorKeyHash> leases_;
  std::unordered_map<AttemptId, Unfinished> unfinished_;
  std::unordered_multimap<DebtorKey, AttemptId, DebtorKeyHash> unfinished_of_;
  /// Debtors whose facts were read while an attempt of theirs was open: its end wakes them, because they may
  /// have gone to sleep waiting for it.
  std::unordered_set<DebtorKey, DebtorKeyHash> read_while_open_;
  std::unordered_set<InboundId> in_parse_;
  std::int64_t receipts_waiting_{0};
  std::set<std::string, std::less<>> recallable_;  ///< providers that can recall
  std::set<std::string, std::less<>> awaiting_;  ///< providers whose polls are told of open attempts
  std::map<std::string, std::vector<ExpectedReceipt>> promises_;
  Instant next_silence_{Instant::max()};
  std::set<CreditorId> in_snapshot_;
  std::vector<Due> wave_;     ///< due when it was gathered, in the order of keys
  std::size_t wave_next_{0};  ///< the first of it that was not claimed yet
  Due claimed_up_to_{};       ///< schedule rows up to here are leased, in the wave, or gone
  std::optional<Sealing> sealing_{};
};

}  // namespace relance::store::sqlite
