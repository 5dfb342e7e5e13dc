// Opening the store, and what several of its concerns share: looking things up, waking debtors, withdrawing
// intents.
#include "host/store/sqlite/sqlite_store.hpp"

#include "host/store/sqlite/schema.hpp"

#include <algorithm>
#include <array>

namespace relance::store {

Result<std::unique_ptr<Store>> open_sqlite(const SqliteOptions &options) {
  auto lock = sqlite::StoreLock::take(options.path);
  if (!lock) return lock.error();
  return sqlite::guarded(
      "opening the store " + options.path.string(), [&]() -> Result<std::unique_ptr<Store>> {
        auto connection = std::make_unique<sqlite::Connection>(options, sqlite::Connection::Use::writing);
        if (auto migrated = sqlite::migrate(*connection); !migrated) return migrated.error();
        return std::unique_ptr<Store>{
            std::make_unique<sqlite::SqliteStore>(options, std::move(*lock), std::move(connection))};
      });
}

namespace sqlite {
namespace {

/// How many attempts lie between two writings of the oldest open one's id: so many rows are read again at a
/// start.
constexpr std::int64_t kOpenMarkEvery{4'096};

}  // namespace

SqliteStore::SqliteStore(const SqliteOptions &options, StoreLock lock, std::unique_ptr<Connection> connection)
    : options_{options},
      lock_{std::move(lock)},
      connection_{std::move(connection)},
      checkpointer_{options_, *connection_},
      journal_{*connection_},
      views_{*connection_} {
  load();
}

SqliteStore::~SqliteStore() = default;

void SqliteStore::load() {
  journal_.load();
  const auto highest = [&](const char *sql, CreditorId creditor, std::int64_t &into) {
    Query query{*connection_, sql, creditor};
    if (query.next()) into = std::max(into, query.i64(0));
  };
  std::vector<CreditorId> creditors;
  {
    Query query{*connection_, "SELECT id FROM creditor"};
    while (query.next()) creditors.push_back(query.i32(0));
  }
  for (const auto id : creditors) {
    highest("SELECT max(id) FROM debtor WHERE creditor = ?", id, last_.debtor);
    highest("SELECT max(id) FROM approval WHERE creditor = ?", id, last_.approval);
    highest("SELECT max(id) FROM task WHERE creditor = ?", id, last_.task);
  }
  {
    Query query{*connection_, "SELECT max(id) FROM attempt"};
    if (query.next()) last_.attempt = query.i64(0);
  }
  next_silence_ = earliest_silence();
  // Keyed by debtor, so their highest ids are kept beside them.
  Query ids{*connection_, "SELECT name, value FROM tally WHERE name LIKE 'last_%'"};
  while (ids.next()) {
    const auto name = ids.text(0);
    if (name == "last_contact") last_.contact = ids.i64(1);
    if (name == "last_case") last_.case_id = ids.i64(1);
    if (name == "last_receivable") last_.receivable = ids.i64(1);
    if (name == "last_promise") last_.promise = ids.i64(1);
    if (name == "last_reminder") last_.reminder = ids.i64(1);
  }
  {
    Query waiting{*connection_, "SELECT count(*) FROM receipt_waiting"};
    waiting.next();
    receipts_waiting_ = waiting.i64(0);
  }
  Query open{*connection_,
             "SELECT a.creditor, a.id, a.debtor, a.case_id, a.reminder, a.provider, a.state, a.epoch,"
             " a.is_withdrawn FROM creditor c JOIN attempt a ON a.creditor = c.id AND a.id >= coalesce("
             "(SELECT value FROM tally WHERE name = 'open_from'), 0) WHERE a.state IN (0, 1)"};
  while (open.next()) {
    const DebtorKey key{open.i32(0), open.i64(2)};
    unfinished_[open.i64(1)] = {
        key,         open.i64(3),  open.i64(4), open.text(5), open.as<AttemptState>(6),
        open.i64(7), open.flag(8), true};
    unfinished_of_.emplace(key, open.i64(1));
    read_while_open_.insert(key);
  }
  open_mark_at_ = last_.attempt + kOpenMarkEvery;
  Unit unit{*connection_, journal_};
  run(*connection_,
      "INSERT INTO tally VALUES ('epoch', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1");
  {
    Query epoch{*connection_, "SELECT value FROM tally WHERE name = 'epoch'"};
    epoch.next();
    epoch_ = epoch.i64(0);
  }
  unit.commit();
}

Result<std::unique_ptr<Reader>> SqliteStore::open_reader() {
  return guarded("opening the store for reading", [&]() -> Result<std::unique_ptr<Reader>> {
    return std::unique_ptr<Reader>{std::make_unique<SqliteReader>(options_)};
  });
}

Result<CreditorId> SqliteStore::creditor(std::string_view code) {
  return guarded("naming a creditor", [&]() -> Result<CreditorId> {
    if (code.empty()) return invalid("a creditor needs a code");
    {
      Query query{*connection_, "SELECT id FROM creditor WHERE code = ?", code};
      if (query.next()) return query.i32(0);
    }
    Unit unit{*connection_, journal_};
    run(*connection_, "INSERT INTO creditor (code) VALUES (?)", code);
    const auto id = static_cast<CreditorId>(connection_->database().getLastInsertRowid());
    unit.commit();
    return id;
  });
}

Result<std::string> SqliteStore::setting(std::string_view name) {
  return guarded("reading a setting", [&]() -> Result<std::string> {
    Query query{*connection_, "SELECT value FROM setting WHERE name = ?", name};
    return query.next() ? query.text(0) : std::string{};
  });
}

Result<void> SqliteStore::set_setting(std::string_view name, std::string_view value) {
  return guarded("writing a setting", [&]() -> Result<void> {
    Unit unit{*connection_, journal_};
    run(*connection_, "INSERT OR REPLACE INTO setting VALUES (?, ?)", name, value);
    unit.commit();
    return {};
  });
}

void SqliteStore::rest() {
  if (empties_log_) empties_log_ = !checkpointer_.empty_log();
  connection_->give_back_memory();
}

std::optional<DebtorId> SqliteStore::debtor_by_code(CreditorId creditor, std::string_view code) {
  Query query{*connection_, "SELECT id FROM debtor WHERE creditor = ? AND code = ?", creditor, code};
  return query.next() ? std::optional{query.i64(0)} : std::nullopt;
}

std::optional<ReceivableRow> SqliteStore::receivable_by_number(CreditorId creditor,
                                                                            std::string_view number) {
  Query query{
      *connection_,
      "SELECT r.debtor, r.id, r.case_id, c.currency, r.reference, r.issued, r.due, r.amount, r.balance,"
      " r.stated_open, r.state, r.round, r.step, r.was_reminded, r.is_disputed FROM receivable r"
      " JOIN case_ c ON c.creditor = r.creditor AND c.debtor = r.debtor AND c.id = r.case_id"
      " WHERE r.creditor = ? AND r.number = ?",
      creditor, number};
  if (!query.next()) return std::nullopt;
  ReceivableRow row;
  row.debtor = query.i64(0);
  row.id = query.i64(1);
  row.case_id = query.i64(2);
  row.currency = query.text(3);
  row.reference = query.text(4);
  row.issued = query.day(5);
  row.due = query.day(6);
  row.amount = query.i64(7);
  row.balance = query.i64(8);
  if (!query.is_null(9)) row.stated_open = query.i64(9);
  row.state = query.as<domain::ItemState>(10);
  row.round = query.i32(11);
  row.step = query.i32(12);
  row.was_reminded = query.flag(13);
  row.is_disputed = query.flag(14);
  return row;
}

std::optional<DebtorId> SqliteStore::debtor_of_reminder(CreditorId creditor, ReminderId reminder) {
  // No index: only people ask, one reminder at a time, and a scan of all takes less than they would notice.
  Query row{*connection_, "SELECT debtor FROM reminder WHERE creditor = ? AND id = ?", creditor, reminder};
  return row.next() ? std::optional{row.i64(0)} : std::nullopt;
}

void SqliteStore::note_schedule(const Due &due) {
  if (due <= claimed_up_to_) {
    claimed_up_to_ = due;
    --claimed_up_to_.key.debtor;
  }
}

void SqliteStore::reschedule(DebtorKey key, Instant before, Instant next_at) {
  if (before == next_at) {
    // Due again at the very moment it was claimed at: the scan has passed that row and must be told to come back.
    if (next_at != Instant::max()) note_schedule({to_ms(next_at), key});
    return;
  }
  if (before != Instant::max())
    run(*connection_, "DELETE FROM schedule WHERE next_at = ? AND creditor = ? AND debtor = ?", before,
        key.creditor, key.debtor);
  if (next_at == Instant::max()) return;
  run(*connection_, "INSERT INTO schedule VALUES (?, ?, ?)", next_at, key.creditor, key.debtor);
  note_schedule({to_ms(next_at), key});
}

void SqliteStore::touch(Unit &, DebtorKey key, Instant now) {
  Instant before{};
  bool has_started{false};
  {
    Query query{*connection_,
                "SELECT next_at, extras & ? = 0 AND EXISTS (SELECT 1 FROM case_ c WHERE c.creditor = s.creditor"
                " AND c.debtor = s.id AND c.state <> 0)"
                " FROM debtor_state s WHERE creditor = ? AND id = ?",
                static_cast<std::int64_t>(kIsErased), key.creditor, key.debtor};
    if (!query.next()) return;
    before = query.instant(0);
    has_started = query.flag(1);
  }
  const Instant next_at{has_started ? std::min(before, now) : before};
  run(*connection_,
      "UPDATE debtor_state SET facts_version = facts_version + 1, next_at = ? WHERE creditor = ? AND id = ?",
      next_at, key.creditor, key.debtor);
  reschedule(key, before, next_at);
}

void SqliteStore::add_extras(DebtorKey key, std::int64_t bits) {
  run(*connection_,
      "UPDATE debtor_state SET extras = extras | ? WHERE creditor = ? AND id = ? AND extras & ?1 <> ?1", bits,
      key.creditor, key.debtor);
}

void SqliteStore::journal_entry(Unit &unit, CreditorId creditor, CaseId case_id, Instant now,
                                std::string_view kind, Payload &payload) {
  unit.journal().append(creditor, case_id, now, kind, payload.take());
  unit.tally("journal_entries");
}

void SqliteStore::mark_oldest_open(AttemptId first_new) {
  if (last_.attempt < open_mark_at_) return;
  open_mark_at_ = last_.attempt + kOpenMarkEvery;
  auto oldest = first_new;
  for (const auto &[id, attempt] : unfinished_) oldest = std::min(oldest, id);
  run(*connection_, "INSERT OR REPLACE INTO tally VALUES ('open_from', ?)", oldest);
}

void SqliteStore::forget_unfinished(Unit &unit, AttemptId attempt) {
  unit.note_ended(attempt);
  unit.then([this, attempt] {
    const auto found = unfinished_.find(attempt);
    if (found == unfinished_.end()) return;
    const auto key = found->second.key;
    const auto [first, last] = unfinished_of_.equal_range(key);
    for (auto it = first; it != last; ++it)
      if (it->second == attempt) {
        unfinished_of_.erase(it);
        break;
      }
    unfinished_.erase(found);
    if (!unfinished_of_.contains(key)) read_while_open_.erase(key);
  });
}

void SqliteStore::withdraw(Unit &unit, DebtorKey key, const std::vector<ReceivableId> &items,
                           std::string_view because, Instant now) {
  const auto [first, last] = unfinished_of_.equal_range(key);
  for (auto it = first; it != last; ++it) {
    const AttemptId id{it->second};
    const auto &attempt = unfinished_.at(id);
    bool lists_one{items.empty()};
    for (const auto item : items) {
      Query query{*connection_,
                  "SELECT 1 FROM reminder_item WHERE creditor = ? AND debtor = ? AND receivable = ? AND reminder = ?",
                  key.creditor, key.debtor, item, attempt.reminder};
      lists_one = lists_one || query.next();
    }
    if (!lists_one) continue;
    const bool is_in_time{attempt.state == AttemptState::open && !attempt.is_handed_over &&
                          attempt.epoch == epoch_};
    if (is_in_time) {
      if (run(*connection_,
              "UPDATE attempt SET state = 6, is_withdrawn = 1 WHERE creditor = ? AND id = ? AND state = 0",
              key.creditor, id) == 0)
        continue;  // by an earlier change of this transaction
      std::int64_t attempts{0};
      {
        Query query{*connection_,
                    "SELECT attempts FROM reminder WHERE creditor = ? AND debtor = ? AND id = ?",
                    key.creditor, key.debtor, attempt.reminder};
        if (query.next()) attempts = query.i64(0);
      }
      if (attempts <= 1) {
        void_reminder(unit, key, attempt.reminder);
      } else {
        refresh_reminder(unit, key, attempt.reminder);
        renew_silence_reaction(key, attempt.reminder, id);
      }
      forget_unfinished(unit, id);
    } else {
      if (run(*connection_,
              "UPDATE attempt SET is_withdrawn = 1 WHERE creditor = ? AND id = ? AND NOT is_withdrawn",
              key.creditor, id) == 0)
        continue;
      unit.then([this, id] {
        if (const auto found = unfinished_.find(id); found != unfinished_.end())
          found->second.is_withdrawn = true;
      });
    }
    Payload payload;
    payload.number("reminder", attempt.reminder).number("attempt", id).text("because", because);
    payload.text("in_time", is_in_time ? "yes" : "no, it had been handed over");
    journal_entry(unit, key.creditor, attempt.case_id, now, "withdrawal", payload);
  }
}

void SqliteStore::void_reminder(Unit &unit, DebtorKey key, ReminderId reminder) {
  std::optional<CivilDate> contacted_before, decided_on;
  bool was_contact{false};
  {
    Query query{*connection_,
                "SELECT contacted_before, decided_on, NOT is_task FROM reminder WHERE creditor = ? AND "
                "debtor = ? AND id = ?",
                key.creditor, key.debtor, reminder};
    if (!query.next()) return;
    contacted_before = query.day_if(0);
    decided_on = query.day_if(1);
    was_contact = query.flag(2);
  }
  run(*connection_,
      "UPDATE reminder SET state = ?, is_live = 0, pending_reactions = 0 WHERE creditor = ? AND debtor = ? "
      "AND id = ?",
      kReminderVoid, key.creditor, key.debtor, reminder);
  struct Item {
    ReceivableId id;
    std::int64_t step, level, sent_step, was_reminded;
    ReminderId reminder;
    std::optional<CivilDate> sent_on;
  };
  std::vector<Item> items;
  {
    Query query{
        *connection_,
        "SELECT receivable, before_step, before_level, before_sent_step, before_was_reminded, "
        "before_reminder,"
        " before_sent_on FROM reminder_item WHERE creditor = ? AND debtor = ? AND reminder = ? AND is_moved AND NOT is_void",
        key.creditor, key.debtor, reminder};
    while (query.next())
      items.push_back({query.i64(0), query.i64(1), query.i64(2), query.i64(3), query.i64(4), query.i64(5),
                       query.day_if(6)});
  }
  for (const auto &item : items) {
    // Only where it still stands as this reminder left it: a new round or an operator's move is not undone.
    run(*connection_,
        "UPDATE receivable SET step = ?, level = ?, sent_on = ?, sent_step = ?, was_reminded = ?, reminder = "
        "?"
        " WHERE creditor = ? AND debtor = ? AND id = ? AND reminder = ?",
        item.step, item.level, item.sent_on, item.sent_step, item.was_reminded, item.reminder, key.creditor,
        key.debtor, item.id, reminder);
    if (item.reminder != 0)
      run(*connection_,
          "UPDATE reminder SET is_superseded = 0, is_live = 1 WHERE creditor = ? AND debtor = ? AND id = ? "
          "AND state <> ?",
          key.creditor, key.debtor, item.reminder, kReminderVoid);
  }
  run(*connection_,
      "UPDATE reminder_item SET is_void = 1, listed = reminder WHERE creditor = ? AND debtor = ? AND reminder = ?",
      key.creditor, key.debtor, reminder);
  // What the debtor wrote still waits for its reader.
  run(*connection_,
      "UPDATE task SET state = 'cancelled' WHERE creditor = ? AND debtor = ? AND reminder = ? AND state = "
      "'open' AND kind NOT IN ('reply', 'stop')",
      key.creditor, key.debtor, reminder);
  if (was_contact) forget_contact(key, reminder, decided_on, contacted_before);
  unit.tally("voided");
}

void SqliteStore::forget_contact(DebtorKey key, ReminderId reminder, std::optional<CivilDate> day,
                                 std::optional<CivilDate> before) {
  // What another reminder of that day would go back to is this one's contact: it goes back further.
  run(*connection_,
      "UPDATE reminder SET contacted_before = ?1 WHERE creditor = ?2 AND debtor = ?3 AND id <> ?4 AND NOT is_task"
      " AND state <> ?5 AND decided_on = ?6 AND contacted_before = ?6",
      before, key.creditor, key.debtor, reminder, kReminderVoid, day);
  // A further attempt moves its items' day, not that of its reminder.
  run(*connection_,
      "UPDATE debtor_state SET contacted_on = ?1 WHERE creditor = ?2 AND id = ?3 AND contacted_on = ?6 AND NOT EXISTS"
      " (SELECT 1 FROM reminder o WHERE o.creditor = ?2 AND o.debtor = ?3 AND o.id <> ?4 AND NOT o.is_task"
      " AND o.state <> ?5 AND (o.decided_on = ?6 OR EXISTS (SELECT 1 FROM receivable r WHERE r.creditor = ?2"
      " AND r.debtor = ?3 AND r.reminder = o.id AND r.sent_on = ?6)))",
      before, key.creditor, key.debtor, reminder, kReminderVoid, day);
}

void SqliteStore::add_task(Unit &unit, DebtorKey key, CaseId case_id, ReminderId reminder, TaskId id,
                           std::string_view kind, std::string_view text, bool holds, Instant now,
                           std::string_view way, std::string_view script) {
  run(*connection_,
      "INSERT INTO task (creditor, id, debtor, case_id, reminder, kind, text, holds, at, way, script) VALUES "
      "(?,?,?,?,?,?,?,?,?,?,?)",
      key.creditor, id, key.debtor, case_id, reminder, kind, text, holds, now, way, script);
  if (holds)
    run(*connection_, "UPDATE debtor_state SET reply_tasks = reply_tasks + 1 WHERE creditor = ? AND id = ?",
        key.creditor, key.debtor);
  unit.tally("tasks");
}

void SqliteStore::mark_suppressed(Unit &unit, CreditorId creditor, std::string_view channel,
                                  std::string_view address, std::string_view because, Instant now) {
  if (run(*connection_, "INSERT OR IGNORE INTO suppression VALUES (?, ?, ?, ?, ?)", creditor, channel,
          address, because, now) == 0)
    return;
  run(*connection_,
      "UPDATE contact_point SET suppressed_because = ? WHERE creditor = ? AND channel = ? AND address = ?",
      because, creditor, channel, address);
  std::vector<DebtorId> debtors;
  {
    Query query{
        *connection_,
        "SELECT DISTINCT debtor FROM contact_point WHERE creditor = ? AND channel = ? AND address = ?",
        creditor, channel, address};
    while (query.next()) debtors.push_back(query.i64(0));
  }
  for (const auto debtor : debtors) {
    touch(unit, {creditor, debtor}, now);
    Payload payload;
    payload.text("channel", channel).text("address", address).text("because", because);
    journal_entry(unit, creditor, first_case({creditor, debtor}), now, "suppression", payload);
  }
}

CaseId SqliteStore::first_case(DebtorKey key) {
  Query query{*connection_, "SELECT min(id) FROM case_ WHERE creditor = ? AND debtor = ?", key.creditor,
              key.debtor};
  return query.next() && !query.is_null(0) ? query.i64(0) : chain_without_case(key.debtor);
}

void SqliteStore::save_last_ids() {
  const std::array<std::pair<const char *, std::int64_t>, 4> ids{{{"last_contact", last_.contact},
                                                                  {"last_case", last_.case_id},
                                                                  {"last_receivable", last_.receivable},
                                                                  {"last_promise", last_.promise}}};
  for (const auto &[name, value] : ids)
    run(*connection_, "INSERT OR REPLACE INTO tally VALUES (?, ?)", name, value);
}

}  // namespace sqlite
}  // namespace relance::store
