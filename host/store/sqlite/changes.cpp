// What a decision changes, one function a kind. Each runs inside the settlement's transaction, after the
// facts version was checked; each is journaled with its reasons.
#include "host/store/sqlite/sqlite_store.hpp"

#include <algorithm>
#include <array>

namespace relance::store::sqlite {
namespace {

std::string parts_of(const NewAttempt &attempt) {
  std::string json{"["};
  for (const auto &content : attempt.content) {
    if (json.size() > 1) json += ',';
    Payload part;
    part.text("sha256", to_hex(content.hash)).text("role", content.role);
    part.text("media_type", content.media_type).text("file_name", content.file_name);
    json += part.take();
  }
  return json + ']';
}

/// The bytes of each part by their hash, so that the chain vouches for them without a look into any other table.
std::string part_hashes(const NewAttempt &attempt) {
  std::string hashes;
  for (const auto &content : attempt.content) hashes += (hashes.empty() ? "" : " ") + to_hex(content.hash);
  return hashes;
}

/// What the provider reckoned, for whoever reads the journal.
void add_quote(Payload &payload, const NewAttempt &attempt) {
  if (attempt.segments != 0) payload.number("segments", attempt.segments);
  if (attempt.pages != 0) payload.number("pages", attempt.pages);
  if (!attempt.price_currency.empty())
    payload.number("price_micro", attempt.price_micro).text("price_currency", attempt.price_currency);
}

}  // namespace

AttemptId SqliteStore::add_attempt(Unit &unit, DebtorKey key, CaseId case_id, ReminderId reminder,
                                   AttemptId previous, std::int32_t channel_index, const NewAttempt &attempt,
                                   Instant wall) {
  const AttemptId id{++last_.attempt};
  run(*connection_,
      "INSERT INTO attempt (creditor, id, debtor, case_id, reminder, previous, channel_index, channel, "
      "provider, contact, "
      "address,"
      " idempotency_key, content_hash, subject, parts, not_after, dated, intended_at, epoch, is_draft_at_most)"
      " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
      key.creditor, id, key.debtor, case_id, reminder, previous, channel_index, attempt.channel,
      attempt.provider, attempt.contact, attempt.address, attempt.idempotency_key, attempt.content_hash,
      attempt.subject, parts_of(attempt), attempt.not_after, attempt.dated, wall, epoch_, attempt.is_draft_at_most);
  for (const auto &content : attempt.content)
    // debtor 0: the same bytes went to several, so they are nobody's own
    run(*connection_,
        "INSERT INTO content (creditor, bucket, hash, debtor, media_type, bytes) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (creditor, bucket, hash)"
        " DO UPDATE SET debtor = 0 WHERE debtor <> excluded.debtor",
        key.creditor, content_bucket(id), content.hash, key.debtor, content.media_type,
        Blob{content.bytes ? std::string_view{*content.bytes} : std::string_view{}});
  if (attempt.counted_on || attempt.segments != 0 || attempt.pages != 0 || !attempt.price_currency.empty())
    keep_quote(id, attempt);
  unit.then([this, id,
             unfinished = Unfinished{key, case_id, reminder, attempt.provider, AttemptState::open, epoch_,
                                     false, false}]() mutable {
    unfinished_of_.emplace(unfinished.key, id);
    unfinished_.emplace(id, std::move(unfinished));
  });
  return id;
}

std::optional<Position> SqliteStore::position_of(DebtorKey key, ReceivableId receivable) {
  Query query{*connection_,
              "SELECT step, level, sent_step, sent_on, was_reminded, reminder FROM receivable"
              " WHERE creditor = ? AND debtor = ? AND id = ?",
              key.creditor, key.debtor, receivable};
  if (!query.next()) return std::nullopt;
  return Position{receivable,      query.i32(0),  query.i32(1), query.i32(2),
                  query.day_if(3), query.flag(4), query.i64(5)};
}

void SqliteStore::move_item(DebtorKey key, const Intend &change, ReminderId reminder,
                            const ReminderItem &item, const Position &before) {
  run(*connection_, "INSERT INTO reminder_item VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?)",
      key.creditor, key.debtor, item.receivable, item.round, change.step,
      item.is_moved ? ReminderId{0} : reminder, reminder, item.balance_minor, item.is_moved, before.step,
      before.level, before.sent_on, before.sent_step, before.was_reminded, before.reminder);
  if (!item.is_moved) return;
  run(*connection_,
      "UPDATE receivable SET step = ?1, level = max(level, ?2), sent_on = ?3, sent_step = ?1, was_reminded = "
      "was_reminded | ?4,"
      " reminder = ?5, room = NULL WHERE creditor = ?6 AND debtor = ?7 AND id = ?8",
      change.step, change.level, change.decided_on, change.is_dunning, reminder, key.creditor, key.debtor,
      item.receivable);
}

void SqliteStore::spend_approvals(DebtorKey key, CaseId case_id, std::int32_t step, std::int64_t extras) {
  if ((extras & kHasApprovals) == 0) return;
  run(*connection_,
      "UPDATE approval SET is_spent = 1 WHERE creditor = ? AND debtor = ? AND case_id = ? AND step <= ? AND "
      "NOT is_spent",
      key.creditor, key.debtor, case_id, step);
}

SettledChange SqliteStore::apply(Unit &unit, const Settlement &to, const Lease &lease, const Intend &change,
                                 std::string_view why, Instant now, Instant wall) {
  const DebtorKey key{to.creditor, to.debtor};
  const ReminderId reminder{++last_.reminder};
  std::vector<std::int64_t> items;
  // The facts version still being that of the claim, items stand where it read them, unless a change of this very
  // settlement has moved them.
  const bool is_as_claimed{&change == std::get_if<Intend>(to.changes.data())};
  for (const auto &item : change.items) {
    const auto known = std::find_if(lease.positions.begin(), lease.positions.end(),
                                    [&](const Position &one) { return one.id == item.receivable; });
    const auto before = is_as_claimed && known != lease.positions.end() ? std::optional{*known}
                                                                        : position_of(key, item.receivable);
    if (!before)
      throw Refused{"receivable " + std::to_string(item.receivable) + " is not one of this debtor"};
    move_item(key, change, reminder, item, *before);
    items.push_back(item.receivable);
  }
  if ((lease.extras & kHasReminders) != 0)
    // What was sent before about the moved items matters no more, unless it still waits for something.
    run(*connection_,
        "UPDATE reminder SET is_superseded = 1, is_live = (pending_reactions <> 0 OR state IN (0, 1)"
        " AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.creditor = reminder.creditor AND a.id = "
        "reminder.attempt AND a.state = 2))"
        " WHERE creditor = ?1 AND debtor = ?2 AND is_live AND id IN (SELECT before_reminder FROM "
        "reminder_item"
        " WHERE creditor = ?1 AND debtor = ?2 AND reminder = ?3 AND is_moved)",
        key.creditor, key.debtor, reminder);
  const AttemptId attempt{
      add_attempt(unit, key, change.case_id, reminder, 0, change.channel_index, change.attempt, wall)};
  run(*connection_,
      "INSERT INTO reminder (creditor, debtor, id, case_id, step, step_id, level, round, decided_on, total, "
      "is_task,"
      " is_thank_you, attempt, contacted_before) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
      key.creditor, key.debtor, reminder, change.case_id, change.step, change.step_id, change.level,
      change.round, change.decided_on, change.total_minor, change.is_task, change.is_thank_you, attempt,
      lease.contacted_on);
  if (change.is_thank_you)
    run(*connection_,
        "UPDATE receivable SET is_thanked = 1 WHERE creditor = ? AND debtor = ? AND case_id = ? AND state = "
        "1",
        key.creditor, key.debtor, change.case_id);
  else
    spend_approvals(key, change.case_id, change.step, lease.extras);
  Payload payload;
  payload.number("reminder", reminder)
      .number("attempt", attempt)
      .text("step", change.step_id)
      .number("level", change.level);
  payload.number("round", change.round)
      .date("on", change.decided_on)
      .number("total_minor", change.total_minor);
  payload.ids("items", items)
      .text("channel", change.attempt.channel)
      .text("provider", change.attempt.provider);
  payload.text("address", change.attempt.address).text("key", change.attempt.idempotency_key);
  payload.text("content", to_hex(change.attempt.content_hash)).text("parts", part_hashes(change.attempt));
  payload.text("why", why);
  add_quote(payload, change.attempt);
  journal_entry(unit, key.creditor, change.case_id, now, "intent", payload);
  unit.tally("reminders");
  return {reminder, attempt, 0};
}

SettledChange SqliteStore::apply(Unit &unit, const Settlement &to, const Lease &, const IntendAgain &change,
                                 std::string_view why, Instant now, Instant wall) {
  const DebtorKey key{to.creditor, to.debtor};
  refresh_reminder(unit, key, change.reminder);
  AttemptId previous{0};
  bool is_doubt_accepted{false}, is_silence_accepted{false};
  {
    Query query{*connection_,
                "SELECT attempt, state FROM reminder WHERE creditor = ? AND debtor = ? AND id = ?",
                key.creditor, key.debtor, change.reminder};
    if (!query.next())
      throw Refused{"reminder " + std::to_string(change.reminder) + " is not one of this debtor"};
    previous = query.i64(0);
    const auto state = query.i64(1);
    is_doubt_accepted = change.despite_doubt && state == static_cast<std::int64_t>(domain::ReminderState::in_doubt);
    is_silence_accepted = change.despite_silence && state == static_cast<std::int64_t>(domain::ReminderState::sent) &&
                          silence_allows(key, change.reminder, change.attempt.channel);
    if (state != static_cast<std::int64_t>(domain::ReminderState::not_sent) &&
        state != static_cast<std::int64_t>(domain::ReminderState::negative) && !is_doubt_accepted && !is_silence_accepted)
      throw Refused{"reminder " + std::to_string(change.reminder) +
                    " has an attempt that is neither finally negative nor certainly not sent"};
  }
  const AttemptId attempt{add_attempt(unit, key, change.case_id, change.reminder, previous,
                                      change.channel_index, change.attempt, wall)};
  run(*connection_,
      "UPDATE reminder SET attempt = ?, attempts = attempts + 1, pending_reactions = 0, state = 0, is_live = "
      "1, "
      "retry_at = NULL, asked_in_doubt = iif(?, 2, asked_in_doubt)"
      " WHERE creditor = ? AND debtor = ? AND id = ?",
      attempt, is_doubt_accepted, key.creditor, key.debtor, change.reminder);
  if (is_silence_accepted)
    run(*connection_, "UPDATE reaction SET settled_at = ? WHERE creditor = ? AND reminder = ? AND kind = ?", now,
        key.creditor, change.reminder, domain::ReceiptKind::silence);
  // Later steps keep their distance from the sending that really was.
  run(*connection_,
      "UPDATE receivable SET sent_on = ? WHERE creditor = ? AND debtor = ? AND reminder = ? AND sent_on IS NOT NULL",
      change.decided_on, key.creditor, key.debtor, change.reminder);
  Payload payload;
  payload.number("reminder", change.reminder)
      .number("attempt", attempt)
      .text("channel", change.attempt.channel);
  payload.text("provider", change.attempt.provider).text("address", change.attempt.address);
  payload.text("key", change.attempt.idempotency_key)
      .text("content", to_hex(change.attempt.content_hash))
      .text("parts", part_hashes(change.attempt))
      .text("why", why);
  add_quote(payload, change.attempt);
  journal_entry(unit, key.creditor, change.case_id, now, "intent_again", payload);
  unit.tally("attempts_again");
  return {change.reminder, attempt, 0};
}

SettledChange SqliteStore::apply(Unit &unit, const Settlement &to, const Lease &, const VoidReminder &change,
                                 std::string_view why, Instant now, Instant) {
  const DebtorKey key{to.creditor, to.debtor};
  refresh_reminder(unit, key, change.reminder);
  {
    Query query{*connection_, "SELECT state FROM reminder WHERE creditor = ? AND debtor = ? AND id = ?",
                key.creditor, key.debtor, change.reminder};
    if (!query.next())
      throw Refused{"reminder " + std::to_string(change.reminder) + " is not one of this debtor"};
    const auto state = query.i64(0);
    if (state != static_cast<std::int64_t>(domain::ReminderState::not_sent) && state != kReminderVoid)
      throw Refused{"reminder " + std::to_string(change.reminder) +
                    " may have been sent and cannot be voided"};
  }
  void_reminder(unit, key, change.reminder);
  Payload payload;
  payload.number("reminder", change.reminder).text("why", why);
  journal_entry(unit, key.creditor, change.case_id, now, "void", payload);
  return {change.reminder, 0, 0};
}

SettledChange SqliteStore::apply(Unit &unit, const Settlement &to, const Lease &, const GiveTask &change,
                                 std::string_view why, Instant now, Instant) {
  const DebtorKey key{to.creditor, to.debtor};
  const TaskId task{++last_.task};
  const ReminderId reminder{change.reminder == -1 ? last_.reminder : change.reminder};
  add_task(unit, key, change.case_id, reminder, task, change.kind, change.text, false, now, change.way,
           change.script);
  if (change.settles_reminder)
    run(*connection_,
        "UPDATE reminder SET is_live = 0, pending_reactions = 0 WHERE creditor = ? AND debtor = ? AND id = ?",
        key.creditor, key.debtor, reminder);
  Payload payload;
  payload.number("task", task)
      .number("reminder", reminder)
      .text("kind", change.kind)
      .text("text", change.text);
  payload.text("why", why);
  journal_entry(unit, key.creditor, change.case_id, now, "task", payload);
  return {reminder, 0, task};
}

namespace {

/// "[1,2]": how SQLite takes a list of ids as one parameter.
std::string json_list(const std::vector<ReceivableId> &ids) {
  std::string text{"["};
  for (const auto id : ids) text += (text.size() > 1 ? "," : "") + std::to_string(id);
  return text + "]";
}

}  // namespace

SettledChange SqliteStore::apply(Unit &unit, const Settlement &to, const Lease &, const AskApproval &change,
                                 std::string_view why, Instant now, Instant) {
  const DebtorKey key{to.creditor, to.debtor};
  run(*connection_,
      "UPDATE approval SET is_spent = 1 WHERE creditor = ? AND debtor = ? AND case_id = ? AND step = ? AND "
      "NOT is_spent AND EXISTS (SELECT 1 FROM approval_item i WHERE i.creditor = approval.creditor AND i.approval = approval.id "
      "AND i.receivable IN (SELECT value FROM json_each(?)))",
      key.creditor, key.debtor, change.case_id, change.step, json_list(change.items));
  const domain::ApprovalId id{++last_.approval};
  run(*connection_,
      "INSERT INTO approval (creditor, id, debtor, case_id, step, step_id, channel_class, amount, "
      "content_id, valid_until, at)"
      " VALUES (?,?,?,?,?,?,?,?,?,?,?)",
      key.creditor, id, key.debtor, change.case_id, change.step, change.step_id, change.channel_class,
      change.amount_minor, change.content_id, change.valid_until, now);
  std::vector<std::int64_t> items;
  for (const auto item : change.items) {
    run(*connection_, "INSERT INTO approval_item VALUES (?, ?, ?)", key.creditor, id, item);
    items.push_back(item);
  }
  Payload payload;
  payload.number("approval", id)
      .text("step", change.step_id)
      .number("amount_minor", change.amount_minor)
      .ids("items", items);
  payload.text("why", why);
  journal_entry(unit, key.creditor, change.case_id, now, "approval_asked", payload);
  return {};
}

SettledChange SqliteStore::apply(Unit &unit, const Settlement &to, const Lease &lease,
                                 const MoveItems &change, std::string_view why, Instant now, Instant) {
  const DebtorKey key{to.creditor, to.debtor};
  std::vector<std::int64_t> items;
  for (const auto item : change.items) {
    const auto written =
        change.starts_new_round
            ? run(*connection_,
                  "UPDATE receivable SET round = round + 1, step = ?, sent_on = NULL, sent_step = -1, "
                  "was_reminded = 0, reminder = 0"
                  " WHERE creditor = ? AND debtor = ? AND id = ?",
                  change.step, key.creditor, key.debtor, item)
            : run(*connection_, "UPDATE receivable SET step = ? WHERE creditor = ? AND debtor = ? AND id = ?",
                  change.step, key.creditor, key.debtor, item);
    if (written != 1) throw Refused{"receivable " + std::to_string(item) + " is not one of this debtor"};
    items.push_back(item);
  }
  spend_approvals(key, change.case_id, change.step, lease.extras);
  Payload payload;
  payload.number("step", change.step)
      .ids("items", items)
      .text("new_round", change.starts_new_round ? "yes" : "no");
  payload.text("why", why);
  journal_entry(unit, key.creditor, change.case_id, now, change.starts_new_round ? "round" : "move", payload);
  return {};
}

SettledChange SqliteStore::apply(Unit &unit, const Settlement &to, const Lease &,
                                 const ResolvePromise &change, std::string_view why, Instant now, Instant) {
  if (run(*connection_,
          "UPDATE promise SET state = ? WHERE creditor = ? AND debtor = ? AND id = ? AND state = 0",
          change.is_kept ? 1 : 2, to.creditor, to.debtor, change.promise) != 1)
    throw Refused{"promise " + std::to_string(change.promise) + " is not open"};
  Payload payload;
  payload.number("promise", change.promise).text("why", why);
  journal_entry(unit, to.creditor, change.case_id, now, change.is_kept ? "promise_kept" : "promise_broken",
                payload);
  return {};
}

SettledChange SqliteStore::apply(Unit &unit, const Settlement &to, const Lease &,
                                 const SettleReaction &change, std::string_view why, Instant now, Instant) {
  const auto bit = std::int64_t{1} << static_cast<int>(change.kind);
  run(*connection_, "UPDATE reaction SET settled_at = ? WHERE creditor = ? AND reminder = ? AND kind = ?",
      now, to.creditor, change.reminder, change.kind);
  // A negative reminder whose last reaction is settled has nothing left to decide; so has a superseded one.
  run(*connection_,
      "UPDATE reminder SET pending_reactions = pending_reactions & ~?1, is_live = CASE WHEN "
      "pending_reactions & ~?1 = 0"
      " AND (state = 3 OR is_superseded AND state = 4) THEN 0 ELSE is_live END WHERE creditor = ?2 AND "
      "debtor = ?3 AND id = ?4",
      bit, to.creditor, to.debtor, change.reminder);
  Payload payload;
  payload.number("reminder", change.reminder).text("receipt", domain::name_of(change.kind)).text("why", why);
  journal_entry(unit, to.creditor, change.case_id, now, "reaction", payload);
  return {change.reminder, 0, 0};
}

SettledChange SqliteStore::apply(Unit &unit, const Settlement &to, const Lease &, const MarkInDoubt &change,
                                 std::string_view why, Instant now, Instant) {
  const DebtorKey key{to.creditor, to.debtor};
  run(*connection_, "UPDATE reminder SET asked_in_doubt = 1 WHERE creditor = ? AND debtor = ? AND id = ?",
      key.creditor, key.debtor, change.reminder);
  if (change.assume_sent) {
    if (run(*connection_,
            "UPDATE attempt SET state = 2 WHERE creditor = ? AND state = 5 AND id = (SELECT attempt FROM reminder"
            " WHERE creditor = ?1 AND debtor = ? AND id = ?)",
            key.creditor, key.debtor, change.reminder) != 0)
      tally_change(unit, AttemptState::in_doubt, AttemptState::accepted);
    refresh_reminder(unit, key, change.reminder);
  }
  Payload payload;
  payload.number("reminder", change.reminder)
      .text("assumed", change.assume_sent ? "sent" : "nothing")
      .text("why", why);
  journal_entry(unit, key.creditor, change.case_id, now, "in_doubt_policy", payload);
  return {change.reminder, 0, 0};
}

SettledChange SqliteStore::apply(Unit &unit, const Settlement &to, const Lease &, const SetCaseState &change,
                                 std::string_view why, Instant now, Instant) {
  run(*connection_, "UPDATE case_ SET state = ? WHERE creditor = ? AND debtor = ? AND id = ?", change.state,
      to.creditor, to.debtor, change.case_id);
  const bool is_closed{change.state == domain::CaseState::closed};
  if (is_closed) {
    run(*connection_,
        "UPDATE receivable SET is_thanked = 1 WHERE creditor = ? AND debtor = ? AND case_id = ? AND state = "
        "1",
        to.creditor, to.debtor, change.case_id);
    // Reminders that were sent can change nothing in a closed case; a receipt that does makes them live
    // again.
    run(*connection_,
        "UPDATE reminder SET is_live = 0 WHERE creditor = ? AND debtor = ? AND case_id = ? AND is_live AND "
        "pending_reactions = 0"
        " AND (state = 4 OR state = 0 AND EXISTS (SELECT 1 FROM attempt a WHERE a.creditor = "
        "reminder.creditor"
        " AND a.id = reminder.attempt AND a.state = 2))",
        to.creditor, to.debtor, change.case_id);
  }
  static constexpr std::array<std::string_view, 4> kKinds{"onboarding", "opened", "closed", "handed_over"};
  Payload payload;
  payload.text("why", why);
  journal_entry(unit, to.creditor, change.case_id, now, kKinds.at(static_cast<std::size_t>(change.state)),
                payload);
  return {};
}

}  // namespace relance::store::sqlite
