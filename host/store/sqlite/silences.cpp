// Receipts that a provider promises and that do not come. What is expected stands in a narrow table in the
// order of its moments, written when a message is accepted and looked at once, when the moment has come: a
// receipt that is in time costs nothing here. That there was silence is a fact of the attempt like any
// receipt; a late receipt ends it and joins.
#include "host/store/sqlite/sqlite_store.hpp"

#include <algorithm>

namespace relance::store::sqlite {
namespace {

using domain::ReceiptKind;

/// A provider that is away can say nothing; nobody looks again sooner.
constexpr Milliseconds kAwayRest{std::chrono::minutes{10}};
/// One that was taken out of the configuration cannot be heard; should it come back, it may be.
constexpr Milliseconds kGoneRest{std::chrono::days{1}};
/// What lies here unread may be the very receipt.
constexpr Milliseconds kUnreadRest{std::chrono::minutes{1}};
constexpr auto kSilenceBit = std::int64_t{1} << static_cast<int>(ReceiptKind::silence);

}  // namespace

void SqliteStore::expect_through(std::map<std::string, std::vector<ExpectedReceipt>> promises) {
  promises_ = std::move(promises);
}

Instant SqliteStore::earliest_silence() {
  Query query{*connection_, "SELECT min(due_at) FROM expected_receipt"};
  return query.next() && !query.is_null(0) ? query.instant(0) : Instant::max();
}

void SqliteStore::expect_receipts(Unit &, const AttemptRow &attempt, Instant now) {
  if (promises_.empty() || attempt.reminder == 0) return;
  const auto found = promises_.find(attempt.provider);
  if (found == promises_.end()) return;
  for (const auto &[kind, within] : found->second) {
    const Instant due{now + within};
    run(*connection_, "INSERT OR IGNORE INTO expected_receipt VALUES (?, ?, ?, ?, ?)", due, attempt.id, kind,
        attempt.key.creditor, attempt.provider);
    next_silence_ = std::min(next_silence_, due);  // when this is rolled back, somebody looks in vain
  }
}

Result<std::vector<Silence>> SqliteStore::note_silences(const Hearing &hearing, Instant now,
                                                        std::size_t limit) {
  return guarded("noting what was not heard", [&]() -> Result<std::vector<Silence>> {
    std::vector<ExpectedRow> due;
    {
      Query query{*connection_,
                  "SELECT due_at, attempt, kind, creditor, provider FROM expected_receipt WHERE due_at <= ?"
                  " ORDER BY due_at, attempt, kind LIMIT ?",
                  now, limit};
      while (query.next())
        due.push_back({query.i64(0), query.i64(1), query.as<ReceiptKind>(2), query.i32(3), query.text(4)});
    }
    std::vector<Silence> noted;
    Unit unit{*connection_, journal_};
    for (const auto &row : due) {
      run(*connection_, "DELETE FROM expected_receipt WHERE due_at = ? AND attempt = ? AND kind = ?",
          row.due_ms, row.attempt, row.kind);
      if (const auto later = put_off(row, hearing, now))
        run(*connection_, "INSERT OR IGNORE INTO expected_receipt VALUES (?, ?, ?, ?, ?)", *later,
            row.attempt, row.kind, row.creditor, row.provider);
      else if (note_silence(unit, row, now))
        noted.push_back({row.attempt, row.provider, row.kind});
    }
    unit.commit();
    next_silence_ = earliest_silence();
    return noted;
  });
}

std::optional<Instant> SqliteStore::put_off(const ExpectedRow &row, const Hearing &hearing, Instant now) {
  if (!promises_.contains(row.provider)) return now + kGoneRest;
  if (std::ranges::find(hearing.away, row.provider) != hearing.away.end()) return now + kAwayRest;
  if (has_unread_bytes(row.provider)) return now + kUnreadRest;
  if (now >= hearing.grace_until) return std::nullopt;
  Query query{*connection_, "SELECT intended_at FROM attempt WHERE id = ?", row.attempt};
  return query.next() && query.instant(0) < hearing.since ? std::optional{hearing.grace_until} : std::nullopt;
}

bool SqliteStore::has_unread_bytes(const std::string &provider) {
  // Those that a plugin has failed to read stay silent for now.
  Query query{*connection_, "SELECT 1 FROM inbound WHERE state = 0 AND provider = ? AND tries = 0 LIMIT 1",
              provider};
  return query.next();
}

bool SqliteStore::note_silence(Unit &unit, const ExpectedRow &row, Instant now) {
  const auto attempt = attempt_by_id(row.creditor, row.attempt);
  if (!attempt || attempt->state != AttemptState::accepted ||
      is_answered(*attempt, attempt->delivery, row.kind) || is_erased(attempt->key))
    return false;
  if (run(*connection_, "INSERT OR IGNORE INTO silence VALUES (?, ?, ?, ?, ?, NULL)", row.creditor,
          attempt->reminder, row.attempt, row.kind, now) == 0)
    return false;
  unit.tally("silent");
  run(*connection_, "UPDATE reminder SET silent_attempt = ? WHERE creditor = ? AND debtor = ? AND id = ?",
      row.attempt, row.creditor, attempt->key.debtor, attempt->reminder);
  Payload payload;
  payload.number("reminder", attempt->reminder)
      .number("attempt", attempt->id)
      .text("expected", domain::name_of(row.kind))
      .text("provider", row.provider);
  journal_entry(unit, row.creditor, attempt->case_id, now, "silence", payload);
  note_silence_reaction(*attempt, now);
  touch(unit, attempt->key, now);
  return true;
}

bool SqliteStore::is_answered(const AttemptRow &attempt, domain::DeliveryState delivery,
                              ReceiptKind expected) {
  if (domain::answers(delivery, expected)) return true;
  if (delivery.kind != ReceiptKind::relayed) return false;
  // To a system that tells no more: nobody is silent who has said that.
  Query query{*connection_,
              "SELECT 1 FROM receipt WHERE creditor = ? AND attempt = ? AND kind = ? AND is_final LIMIT 1",
              attempt.key.creditor, attempt.id, ReceiptKind::relayed};
  return query.next();
}

void SqliteStore::note_silence_reaction(const AttemptRow &attempt, Instant now) {
  if (run(*connection_,
          "INSERT INTO reaction VALUES (?1, ?2, ?3, ?4, ?5, NULL) ON CONFLICT (creditor, reminder, kind)"
          " DO UPDATE SET attempt = ?4, at = ?5 WHERE attempt < ?4 AND settled_at IS NULL",
          attempt.key.creditor, attempt.reminder, ReceiptKind::silence, attempt.id, now) != 0)
    await_reaction(attempt, ReceiptKind::silence, now);
}

void SqliteStore::answer_silence(Unit &unit, const AttemptRow &attempt, domain::DeliveryState delivery,
                                 Instant now) {
  if (attempt.reminder == 0) return;
  std::vector<ReceiptKind> answered;
  {
    Query query{*connection_,
                "SELECT kind FROM silence WHERE creditor = ? AND reminder = ? AND attempt = ? AND "
                "answered_at IS NULL",
                attempt.key.creditor, attempt.reminder, attempt.id};
    while (query.next())
      if (const auto kind = query.as<ReceiptKind>(0); is_answered(attempt, delivery, kind))
        answered.push_back(kind);
  }
  if (answered.empty()) return;
  for (const auto kind : answered)
    run(*connection_,
        "UPDATE silence SET answered_at = ? WHERE creditor = ? AND reminder = ? AND attempt = ? AND kind = ?",
        now, attempt.key.creditor, attempt.reminder, attempt.id, kind);
  unit.tally("silent", -static_cast<std::int64_t>(answered.size()));
  // A reaction that waits for its day has no reason any more.
  run(*connection_,
      "UPDATE reminder SET silent_attempt = (SELECT coalesce(max(attempt), 0) FROM silence s WHERE "
      "s.creditor = ?1"
      " AND s.reminder = ?3 AND s.answered_at IS NULL) WHERE creditor = ?1 AND debtor = ?2 AND id = ?3",
      attempt.key.creditor, attempt.key.debtor, attempt.reminder);
  run(*connection_,
      "UPDATE reminder SET pending_reactions = pending_reactions & ~? WHERE creditor = ? AND debtor = ? AND "
      "id = ?"
      " AND silent_attempt = 0",
      kSilenceBit, attempt.key.creditor, attempt.key.debtor, attempt.reminder);
}

bool SqliteStore::silence_allows(DebtorKey key, ReminderId reminder, std::string_view channel) {
  Query query{*connection_,
              "SELECT state, delivery, channel, EXISTS (SELECT 1 FROM silence s WHERE s.creditor = ?1 AND "
              "s.reminder = ?2"
              " AND s.attempt = a.id AND s.answered_at IS NULL) FROM attempt a WHERE a.id IN"
              " (WITH RECURSIVE chain (id) AS (SELECT attempt FROM reminder WHERE creditor = ?1 AND debtor = "
              "?3 AND id = ?2"
              " UNION SELECT p.previous FROM attempt p JOIN chain c ON p.id = c.id) SELECT id FROM chain)",
              key.creditor, reminder, key.debtor};
  bool any{false};
  while (query.next()) {
    const auto state = query.as<AttemptState>(0);
    const bool is_lost{domain::is_negative(query.as<ReceiptKind>(1))};
    if (state == AttemptState::rejected || state == AttemptState::not_sent ||
        state == AttemptState::withdrawn || (state == AttemptState::accepted && is_lost))
      continue;
    if (state != AttemptState::accepted || !query.flag(3) || query.text(2) == channel) return false;
    any = true;
  }
  return any;
}

void SqliteStore::renew_silence_reaction(DebtorKey key, ReminderId reminder, AttemptId unsent) {
  run(*connection_,
      "UPDATE reminder SET pending_reactions = pending_reactions | ?, is_live = 1 WHERE creditor = ? AND "
      "debtor = ?"
      " AND id = ? AND silent_attempt NOT IN (0, ?) AND state <> ?",
      kSilenceBit, key.creditor, key.debtor, reminder, unsent, kReminderVoid);
}

}  // namespace relance::store::sqlite
