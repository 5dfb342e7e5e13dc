// Taking a message back while its provider still holds it, once nothing is left of what it asks for: a letter
// that is printed tomorrow, a call that nobody has made. The wish is noted in the transaction that settles
// the last item, so that a restart asks for it too; while it is open the case waits for the answer.
#include "host/store/sqlite/sqlite_store.hpp"

namespace relance::store::sqlite {
namespace {

using domain::ReceiptKind;

constexpr const char *kPersonsChannel{"task"};

}  // namespace

void SqliteStore::recall_through(std::vector<std::string> providers) {
  recallable_ = {std::make_move_iterator(providers.begin()), std::make_move_iterator(providers.end())};
}

void SqliteStore::want_recalls(Unit &unit, DebtorKey key, ReceivableId settled, Instant now) {
  std::vector<AttemptId> attempts;
  {
    Query query{
        *connection_,
        "SELECT r.attempt FROM reminder r WHERE r.creditor = ? AND r.debtor = ? AND r.is_live"
        " AND NOT r.is_thank_you AND EXISTS (SELECT 1 FROM reminder_item i WHERE i.creditor = r.creditor"
        " AND i.debtor = r.debtor AND i.receivable = ? AND i.reminder = r.id)",
        key.creditor, key.debtor, settled};
    while (query.next()) attempts.push_back(query.i64(0));
  }
  for (const auto id : attempts) want_recall(unit, key.creditor, id, now);
  take_back_tasks(unit, key, settled, now);
}

void SqliteStore::want_recall(Unit &unit, CreditorId creditor, AttemptId id, Instant now) {
  const auto attempt = attempt_by_id(creditor, id);
  if (!attempt) return;
  const bool is_ours{attempt->channel == kPersonsChannel};
  if ((!is_ours && !recallable_.contains(attempt->provider)) || !is_recallable(*attempt)) return;
  run(*connection_, "INSERT OR IGNORE INTO recall (creditor, attempt, at) VALUES (?, ?, ?)", creditor, id, now);
  if (is_ours) record_recall(unit, {id, RecallEnd::cancelled, {}}, now);
}

void SqliteStore::take_back_tasks(Unit &unit, DebtorKey key, ReceivableId settled, Instant now) {
  struct Found {
    TaskId id;
    CaseId case_id;
  };
  std::vector<Found> found;
  {
    // What the debtor wrote, a proof that is missing and a doubt are still to be looked at.
    Query query{*connection_,
                "SELECT t.id, t.case_id FROM task t WHERE t.creditor = ?1 AND t.debtor = ?2 AND t.state = 'open'"
                " AND t.kind NOT IN ('reply', 'stop', 'evidence', 'in_doubt') AND EXISTS"
                " (SELECT 1 FROM reminder_item i WHERE i.creditor = ?1 AND i.debtor = ?2 AND i.receivable = ?3"
                " AND i.reminder = t.reminder) AND NOT EXISTS (SELECT 1 FROM reminder_item i JOIN receivable r"
                " ON r.creditor = i.creditor AND r.debtor = i.debtor AND r.id = i.receivable WHERE i.creditor = ?1"
                " AND i.debtor = ?2 AND i.reminder = t.reminder AND r.state IN (0, 2) AND r.balance > 0)",
                key.creditor, key.debtor, settled};
    while (query.next()) found.push_back({query.i64(0), query.i64(1)});
    // The file that nobody has handed to a lawyer yet.
    Query files{*connection_,
                "SELECT t.id, t.case_id FROM task t JOIN receivable s ON s.creditor = t.creditor AND s.debtor = t.debtor"
                " AND s.id = ?3 AND s.case_id = t.case_id WHERE t.creditor = ?1 AND t.debtor = ?2 AND t.state = 'open'"
                " AND t.kind = 'hand_over' AND t.reminder = 0 AND NOT EXISTS (SELECT 1 FROM receivable r WHERE r.creditor = ?1"
                " AND r.debtor = ?2 AND r.case_id = t.case_id AND r.state IN (0, 2) AND r.balance > 0)",
                key.creditor, key.debtor, settled};
    while (files.next()) found.push_back({files.i64(0), files.i64(1)});
  }
  for (const auto &task : found) {
    run(*connection_, "UPDATE task SET state = 'cancelled' WHERE creditor = ? AND id = ?", key.creditor, task.id);
    Payload payload;
    payload.number("task", task.id).text("because", "all that it was about is settled");
    journal_entry(unit, key.creditor, task.case_id, now, "task_cancelled", payload);
  }
}

bool SqliteStore::is_recallable(const AttemptRow &attempt) {
  if (attempt.state != AttemptState::accepted || attempt.delivery.kind >= ReceiptKind::dispatched)
    return false;
  {
    Query query{*connection_,
                "SELECT 1 FROM reminder WHERE creditor = ? AND debtor = ? AND id = ? AND attempt = ?"
                " AND NOT is_thank_you AND state <> ?",
                attempt.key.creditor,
                attempt.key.debtor,
                attempt.reminder,
                attempt.id,
                kReminderVoid};
    if (!query.next()) return false;
  }
  {
    Query query{
        *connection_,
        "SELECT 1 FROM reminder_item i JOIN receivable r ON r.creditor = i.creditor AND r.debtor = i.debtor"
        " AND r.id = i.receivable WHERE i.creditor = ? AND i.debtor = ? AND i.reminder = ? AND r.state IN (0, 2) AND "
        "r.balance > 0",
        attempt.key.creditor, attempt.key.debtor, attempt.reminder};
    if (query.next()) return false;
  }
  if (attempt.channel != kPersonsChannel) return true;
  // A person who has done it cannot undo it.
  Query query{*connection_,
              "SELECT 1 FROM task WHERE creditor = ? AND debtor = ? AND reminder = ? AND state = 'open'",
              attempt.key.creditor, attempt.key.debtor, attempt.reminder};
  return query.next();
}

Result<std::vector<WantedRecall>> SqliteStore::recalls_wanted(Instant now, std::size_t limit) {
  return guarded("listing recalls", [&]() -> Result<std::vector<WantedRecall>> {
    std::vector<WantedRecall> wanted;
    std::vector<std::pair<CreditorId, AttemptId>> rows;
    {
      Query query{*connection_, "SELECT creditor, attempt FROM recall WHERE state = 0 LIMIT ?", limit};
      while (query.next()) rows.emplace_back(query.i32(0), query.i64(1));
    }
    std::vector<std::pair<CreditorId, AttemptId>> outdated;
    for (const auto &[creditor, id] : rows) {
      const auto attempt = attempt_by_id(creditor, id);
      if (!attempt || !recallable_.contains(attempt->provider) || !is_recallable(*attempt)) {
        outdated.emplace_back(creditor, id);
        continue;
      }
      auto &one = wanted.emplace_back();
      auto known = read_open(creditor, id);
      one.attempt = id;
      one.creditor = creditor;
      one.provider = attempt->provider;
      one.channel = std::move(known.channel);
      one.idempotency_key = std::move(known.idempotency_key);
      one.refs = std::move(known.refs);
    }
    if (outdated.empty()) return wanted;
    // Open again, arrived meanwhile, or with a provider that is gone: the case need not wait for an answer.
    Unit unit{*connection_, journal_};
    for (const auto &[creditor, id] : outdated) {
      run(*connection_, "DELETE FROM recall WHERE creditor = ? AND attempt = ?", creditor, id);
      if (const auto attempt = attempt_by_id(creditor, id)) touch(unit, attempt->key, now);
    }
    unit.commit();
    return wanted;
  });
}

Result<void> SqliteStore::record_recalls(std::span<const RecallRecord> records, Instant now) {
  return guarded("recording recalls", [&]() -> Result<void> {
    Unit unit{*connection_, journal_};
    for (const auto &record : records) record_recall(unit, record, now);
    unit.commit();
    return {};
  });
}

void SqliteStore::record_recall(Unit &unit, const RecallRecord &record, Instant now) {
  const auto attempt = attempt_by_id(record.attempt);
  if (!attempt) return;  // erased meanwhile
  const auto key = attempt->key;
  auto end = record.end;
  // What is known to have arrived, or to be done by a person, was not cancelled, whatever is said of it.
  const bool has_arrived{attempt->state != AttemptState::accepted || is_positive(attempt->delivery.kind)};
  if (end == RecallEnd::cancelled &&
      (has_arrived || (attempt->channel == kPersonsChannel && !is_recallable(*attempt))))
    end = RecallEnd::too_late;
  if (run(*connection_,
          "UPDATE recall SET state = ?, at = ? WHERE creditor = ? AND attempt = ? AND state = 0", end, now,
          key.creditor, record.attempt) == 0)
    return;  // a repeat
  Payload payload;
  payload.number("reminder", attempt->reminder).number("attempt", attempt->id).text("recall", name_of(end));
  if (!record.text.empty()) payload.text("text", record.text);
  journal_entry(unit, key.creditor, attempt->case_id, now, "recall", payload);
  if (end == RecallEnd::cancelled) {
    answer_silence(unit, *attempt, {ReceiptKind::cancelled, {}}, now);
    // As if it had never been handed over; a later word of the provider belies that as it would any other.
    run(*connection_, "UPDATE attempt SET state = ?, delivery = 0, failure = 0 WHERE creditor = ? AND id = ?",
        AttemptState::not_sent, key.creditor, attempt->id);
    run(*connection_,
        "UPDATE reminder SET pending_reactions = 0 WHERE creditor = ? AND debtor = ? AND id = ?",
        key.creditor, key.debtor, attempt->reminder);
    if (is_negative(attempt->delivery.kind)) unit.tally("bounced", -1);
    tally_change(unit, attempt->state, AttemptState::not_sent);
    unit.tally("recalled");
    std::int64_t attempts{0};
    {
      Query query{*connection_, "SELECT attempts FROM reminder WHERE creditor = ? AND debtor = ? AND id = ?",
                  key.creditor, key.debtor, attempt->reminder};
      if (query.next()) attempts = query.i64(0);
    }
    if (attempts <= 1)
      void_reminder(unit, key, attempt->reminder);
    else
      refresh_reminder(unit, key, attempt->reminder);
  }
  touch(unit, key, now);
}

}  // namespace relance::store::sqlite
