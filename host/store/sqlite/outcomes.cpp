// How hand-overs ended. A first acceptance, the common case, writes the attempt's row and the journal and
// nothing else; everything that changes what may happen next goes through refresh_reminder() and wakes the
// debtor.
#include "host/store/sqlite/sqlite_store.hpp"

#include <algorithm>

namespace relance::store::sqlite {
namespace {

using domain::DeliveryState;
using domain::FailureClass;
using domain::OutcomeKind;
using domain::ReceiptKind;
using domain::ReminderState;

constexpr const char *kAttemptColumns =
    "SELECT creditor, debtor, id, case_id, reminder, channel, provider, address, idempotency_key, state, "
    "is_withdrawn,"
    " delivery, failure, part_count FROM attempt";

}  // namespace

std::optional<AttemptRow> SqliteStore::attempt_by_id(CreditorId creditor, AttemptId id) {
  static const std::string kSql{std::string{kAttemptColumns} + " WHERE creditor = ? AND id = ?"};
  Query query{*connection_, kSql.c_str(), creditor, id};
  return read_attempt(query);
}

std::optional<AttemptRow> SqliteStore::attempt_by_key(const std::string &key) {
  static const std::string kSql{std::string{kAttemptColumns} + " WHERE idempotency_key = ?"};
  Query query{*connection_, kSql.c_str(), key};
  return read_attempt(query);
}

std::optional<AttemptRow> SqliteStore::read_attempt(Query &query) {
  if (!query.next()) return std::nullopt;
  AttemptRow row;
  row.key = {query.i32(0), query.i64(1)};
  row.id = query.i64(2);
  row.case_id = query.i64(3);
  row.reminder = query.i64(4);
  row.channel = query.text(5);
  row.provider = query.text(6);
  row.address = query.text(7);
  row.key_text = query.text(8);
  row.state = query.as<AttemptState>(9);
  row.is_withdrawn = query.flag(10);
  row.delivery = {query.as<ReceiptKind>(11), query.as<FailureClass>(12)};
  row.part_count = query.as<std::uint32_t>(13);
  return row;
}

std::optional<AttemptRow> SqliteStore::attempt_by_id(AttemptId id) {
  if (const auto open = unfinished_.find(id); open != unfinished_.end())
    return attempt_by_id(open->second.key.creditor, id);
  // Ids are unique in the store, keys start with the creditor: a late word on an old attempt asks each of
  // them.
  std::vector<CreditorId> creditors;
  {
    Query query{*connection_, "SELECT id FROM creditor"};
    while (query.next()) creditors.push_back(query.i32(0));
  }
  for (const auto creditor : creditors)
    if (auto row = attempt_by_id(creditor, id)) return row;
  return std::nullopt;
}

std::optional<AttemptRow> SqliteStore::attempt_by_ref(std::string_view provider,
                                                                   const std::string &ref) {
  CreditorId creditor{0};
  AttemptId id{0};
  {
    Query query{*connection_, "SELECT creditor, attempt FROM attempt_ref WHERE provider = ? AND ref = ?",
                provider, Blob{ref}};
    if (!query.next()) return std::nullopt;
    creditor = query.i32(0);
    id = query.i64(1);
  }
  return attempt_by_id(creditor, id);
}

Result<void> SqliteStore::record_outcomes(std::span<const OutcomeRecord> outcomes, Instant now) {
  return guarded("recording outcomes", [&]() -> Result<void> {
    Unit unit{*connection_, journal_};
    for (const auto &outcome : outcomes) record_outcome(unit, outcome, now);
    unit.commit();
    return {};
  });
}

namespace {

AttemptState state_after(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::accepted:
    case OutcomeKind::delivered:
      return AttemptState::accepted;
    case OutcomeKind::rejected:
      return AttemptState::rejected;
    case OutcomeKind::not_sent:
    case OutcomeKind::not_found:
      return AttemptState::not_sent;
    case OutcomeKind::prepared:
      return AttemptState::prepared;
    case OutcomeKind::unknown:
      return AttemptState::in_doubt;
  }
  return AttemptState::in_doubt;
}

DeliveryState delivery_after(const OutcomeRecord &outcome) {
  if (outcome.kind == OutcomeKind::delivered) return {ReceiptKind::delivered, FailureClass::none};
  if (outcome.kind == OutcomeKind::rejected) return {ReceiptKind::failed, outcome.failure};
  return {};
}

/// The counter of the attempts in this state; null where they are counted from the rows, or not at all.
const char *tally_of(AttemptState state) {
  switch (state) {
    case AttemptState::accepted:
      return "sent";
    case AttemptState::rejected:
      return "rejected";
    case AttemptState::not_sent:
      return "not_sent";
    case AttemptState::open:
    case AttemptState::prepared:
    case AttemptState::in_doubt:
    case AttemptState::withdrawn:
      return nullptr;
  }
  return nullptr;
}

}  // namespace

void SqliteStore::tally_change(Unit &unit, AttemptState before, AttemptState after) {
  if (before == after) return;
  if (const char *name = tally_of(before)) unit.tally(name, -1);
  if (const char *name = tally_of(after)) unit.tally(name);
}

void SqliteStore::reopen(Unit &unit, const AttemptRow &attempt) {
  // The next start looks for open ones from this id on.
  run(*connection_, "UPDATE tally SET value = min(value, ?) WHERE name = 'open_from'", attempt.id);
  run(*connection_, "UPDATE attempt SET is_released = 0 WHERE creditor = ? AND id = ?", attempt.key.creditor,
      attempt.id);
  unit.then([this, id = attempt.id,
             unfinished = Unfinished{attempt.key, attempt.case_id, attempt.reminder, attempt.provider,
                                     AttemptState::prepared, epoch_, attempt.is_withdrawn, true}]() mutable {
    unfinished_of_.emplace(unfinished.key, id);
    unfinished_.emplace(id, std::move(unfinished));
  });
}

bool SqliteStore::was_heard_of(const AttemptRow &attempt) {
  if (attempt.delivery.kind != ReceiptKind::interim) return true;
  Query query{*connection_, "SELECT 1 FROM receipt WHERE creditor = ? AND attempt = ? AND kind <> ?",
              attempt.key.creditor, attempt.id, ReceiptKind::complaint};
  return query.next();
}

void SqliteStore::record_outcome(Unit &unit, const OutcomeRecord &outcome, Instant now) {
  const auto open = unfinished_.find(outcome.attempt);
  const bool is_plain{open != unfinished_.end() && !unit.has_ended(outcome.attempt) && receipts_waiting_ == 0 &&
                      !read_while_open_.contains(open->second.key) && outcome.kind == OutcomeKind::accepted};
  AttemptRow attempt;
  if (is_plain) {
    attempt.key = open->second.key;
    attempt.id = outcome.attempt;
    attempt.case_id = open->second.case_id;
    attempt.reminder = open->second.reminder;
    attempt.provider = open->second.provider;
  } else {
    const auto found = attempt_by_id(outcome.attempt);
    if (!found) return;  // erased meanwhile, or not ours
    attempt = *found;
    const bool is_unfinished{attempt.state == AttemptState::open || attempt.state == AttemptState::prepared ||
                             attempt.state == AttemptState::in_doubt};
    const bool is_late_delivery{attempt.state == AttemptState::accepted &&
                                outcome.kind == OutcomeKind::delivered &&
                                attempt.delivery.kind < ReceiptKind::delivered};
    if (!is_unfinished && !is_late_delivery) {  // a repeat, or a withdrawal that came first
      if (attempt.state == AttemptState::accepted || attempt.state == AttemptState::rejected)
        take_late_refs(unit, attempt, outcome.refs, now);
      return;
    }
  }
  const AttemptState before{attempt.state};
  AttemptState state{state_after(outcome.kind)};
  // A receipt that came first knows better than "unknown" or "not sent", whatever it says.
  if ((state == AttemptState::in_doubt || state == AttemptState::not_sent) && was_heard_of(attempt))
    state = AttemptState::accepted;
  if (is_plain) {
    run(*connection_,
        "UPDATE attempt SET state = 2, code = ?, text = ?, price_micro = ?, price_currency = ?, part_count = ?, room = NULL"
        " WHERE creditor = ? AND id = ?",
        outcome.code, outcome.text, outcome.price_micro, outcome.price_currency, outcome.part_count, attempt.key.creditor,
        attempt.id);
  } else {
    const auto base = delivery_after(outcome);
    const auto delivery = domain::join(attempt.delivery, base);
    run(*connection_,
        "UPDATE attempt SET state = ?, outcome_delivery = ?, outcome_failure = ?, delivery = ?, failure = ?, "
        "code = ?, text = ?,"
        " price_micro = ?, price_currency = ?, part_count = max(part_count, ?), room = NULL WHERE creditor = ? AND id = ?",
        state, base.kind, base.failure, delivery.kind, delivery.failure, outcome.code, outcome.text,
        outcome.price_micro, outcome.price_currency, outcome.part_count, attempt.key.creditor, attempt.id);
    if (is_negative(delivery.kind) || is_positive(delivery.kind)) answer_silence(unit, attempt, delivery, now);
  }
  keep_refs(attempt, outcome.refs, is_plain && open->second.state == AttemptState::open);
  if (outcome.price_micro != 0) settle_price(attempt.id, outcome.price_micro, outcome.price_currency);
  if (state == AttemptState::not_sent) give_back(attempt.id);
  if (outcome.kind == OutcomeKind::delivered)
    end_awaiting(attempt);
  else if (state == AttemptState::accepted)
    await(attempt, now);
  if (outcome.kind != OutcomeKind::delivered && state == AttemptState::accepted) expect_receipts(unit, attempt, now);
  Payload payload;
  payload.number("reminder", attempt.reminder)
      .number("attempt", attempt.id)
      .text("outcome", domain::name_of(outcome.kind));
  if (outcome.failure != FailureClass::none) payload.text("failure", domain::name_of(outcome.failure));
  if (!outcome.code.empty()) payload.text("code", outcome.code);
  if (!outcome.text.empty()) payload.text("text", outcome.text);
  journal_entry(unit, attempt.key.creditor, attempt.case_id, now, "outcome", payload);
  tally_change(unit, before, state);
  if (outcome.kind == OutcomeKind::delivered && !is_negative(attempt.delivery.kind) &&
      !is_positive(attempt.delivery.kind))
    unit.tally("delivered");
  if (state == AttemptState::prepared) {
    unit.then([this, id = attempt.id] {
      if (const auto found = unfinished_.find(id); found != unfinished_.end())
        found->second.state = AttemptState::prepared;
    });
    if (before == AttemptState::in_doubt) reopen(unit, attempt);
  } else {
    forget_unfinished(unit, attempt.id);
  }
  // What made it useless may have come while it was on its way, or in doubt.
  if (state == AttemptState::accepted && (!is_plain || open->second.is_withdrawn))
    want_recall(unit, attempt.key.creditor, attempt.id, now);
  if (is_plain) return;

  attempt.state = state;
  if (state == AttemptState::rejected) {
    after_failure(unit, attempt, outcome.failure, outcome.code, outcome.text, now);
    note_reaction(attempt, ReceiptKind::failed, now);
  }
  if (outcome.kind == OutcomeKind::delivered) note_reaction(attempt, ReceiptKind::delivered, now);
  const bool is_quiet{
      before == AttemptState::open && (state == AttemptState::accepted || state == AttemptState::prepared) &&
      !read_while_open_.contains(attempt.key) && attempt.delivery.kind == ReceiptKind::interim};
  if (!is_quiet) {
    refresh_reminder(unit, attempt.key, attempt.reminder);
    if (state == AttemptState::not_sent)
      run(*connection_, "UPDATE reminder SET retry_at = ? WHERE creditor = ? AND debtor = ? AND id = ?",
          outcome.retry_at, attempt.key.creditor, attempt.key.debtor, attempt.reminder);
    if (state == AttemptState::not_sent) renew_silence_reaction(attempt.key, attempt.reminder, attempt.id);
    touch(unit, attempt.key, now);
  }
  if (receipts_waiting_ > 0)
    for (const auto &ref : outcome.refs) apply_waiting(unit, attempt.provider, ref, now);
}

void SqliteStore::keep_refs(const AttemptRow &attempt, std::span<const std::string> refs, bool are_first) {
  std::int64_t part{0};
  if (!are_first && !refs.empty()) {
    Query known{*connection_, "SELECT count(*) FROM attempt_ref WHERE creditor = ? AND attempt = ?",
                attempt.key.creditor, attempt.id};
    if (known.next()) part = known.i64(0);
  }
  for (const auto &ref : refs)
    part += run(*connection_, "INSERT OR IGNORE INTO attempt_ref VALUES (?, ?, ?, ?, ?)", attempt.provider, Blob{ref},
                attempt.key.creditor, attempt.id, part);
}

void SqliteStore::take_late_refs(Unit &unit, const AttemptRow &attempt, std::span<const std::string> refs,
                                 Instant now) {
  keep_refs(attempt, refs, false);
  if (receipts_waiting_ > 0)
    for (const auto &ref : refs) apply_waiting(unit, attempt.provider, ref, now);
}

void SqliteStore::refresh_reminder(Unit &, DebtorKey key, ReminderId reminder) {
  AttemptId id{0};
  {
    Query query{*connection_,
                "SELECT attempt, state FROM reminder WHERE creditor = ? AND debtor = ? AND id = ?",
                key.creditor, key.debtor, reminder};
    if (!query.next() || query.i64(1) == kReminderVoid) return;
    id = query.i64(0);
  }
  // A doubt before the last attempt is one that the policy `resend` has settled: what came after it counts more.
  bool has_open{false}, is_last_in_doubt{false}, was_in_doubt{false}, has_sent{false}, has_negative{false}, is_last_unsent{false};
  DeliveryState last{}, positive{};
  std::int64_t channels_tried{0};
  for (bool is_last{true}; id != 0; is_last = false) {
    Query query{
        *connection_,
        "SELECT state, delivery, failure, previous, channel_index FROM attempt WHERE creditor = ? AND id = ?",
        key.creditor, id};
    if (!query.next()) break;
    const auto state = query.as<AttemptState>(0);
    const DeliveryState delivery{query.as<ReceiptKind>(1), query.as<FailureClass>(2)};
    id = query.i64(3);
    if (is_last) last = delivery;
    const bool is_unsent{state == AttemptState::not_sent || state == AttemptState::withdrawn};
    if (is_positive(delivery.kind) || (state == AttemptState::accepted && !is_negative(delivery.kind))) {
      has_sent = true;
      positive = domain::join(positive, delivery);
    } else if (state == AttemptState::open || state == AttemptState::prepared) {
      has_open = true;
    } else if (state == AttemptState::in_doubt) {
      (is_last ? is_last_in_doubt : was_in_doubt) = true;
    } else if (is_unsent) {
      is_last_unsent = is_last_unsent || is_last;
    } else {
      has_negative = true;
      channels_tried = std::max(channels_tried, query.i64(4) + 1);
    }
  }
  ReminderState state{ReminderState::not_sent};
  if (has_open)
    state = ReminderState::open;
  else if (is_last_in_doubt)
    state = ReminderState::in_doubt;
  else if (has_sent)
    state = ReminderState::sent;
  else if (is_last_unsent)
    state = ReminderState::not_sent;
  else if (was_in_doubt)
    state = ReminderState::in_doubt;
  else if (has_negative)
    state = ReminderState::negative;
  const auto delivery = has_sent ? positive : last;
  const bool must_live{state != ReminderState::sent && state != ReminderState::negative};
  run(*connection_,
      "UPDATE reminder SET state = ?, delivery = ?, failure = ?, channels_tried = ?, is_live = is_live OR ? "
      "WHERE creditor = ? "
      "AND debtor = ? AND id = ?",
      state, delivery.kind, delivery.failure, channels_tried, must_live, key.creditor, key.debtor, reminder);
}

void SqliteStore::note_reaction(const AttemptRow &attempt, ReceiptKind kind, Instant now) {
  if (kind <= ReceiptKind::dispatched) return;  // on its way: nothing to react to
  if (attempt.reminder == 0) return;            // a test: nobody's
  if (run(*connection_,
          "INSERT INTO reaction VALUES (?1, ?2, ?3, ?4, ?5, NULL) ON CONFLICT (creditor, reminder, kind)"
          " DO UPDATE SET attempt = ?4, at = ?5, settled_at = NULL WHERE attempt < ?4",
          attempt.key.creditor, attempt.reminder, kind, attempt.id, now) != 0)
    await_reaction(attempt, kind, now);
}

void SqliteStore::await_reaction(const AttemptRow &attempt, ReceiptKind kind, Instant now) {
  const auto day = static_cast<std::int32_t>(std::chrono::floor<Days>(now).time_since_epoch().count());
  run(*connection_,
      "UPDATE reminder SET pending_reactions = pending_reactions | ?, receipt_on = ?, is_live = 1"
      " WHERE creditor = ? AND debtor = ? AND id = ? AND state <> ?",
      std::int64_t{1} << static_cast<int>(kind), day, attempt.key.creditor, attempt.key.debtor,
      attempt.reminder, kReminderVoid);
}

void SqliteStore::after_failure(Unit &unit, const AttemptRow &attempt, FailureClass failure,
                                std::string_view code, std::string_view text, Instant now) {
  if (failure != FailureClass::address_dead || attempt.reminder == 0 || attempt.address.empty()) return;
  std::string because{"dead: "};
  // Some texts begin with their code.
  if (!text.starts_with(code)) because.append(code).append(text.empty() ? "" : " ");
  because += text;
  mark_suppressed(unit, attempt.key.creditor, attempt.channel, attempt.address, because, now);
}

}  // namespace relance::store::sqlite
