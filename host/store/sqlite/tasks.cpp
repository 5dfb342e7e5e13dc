// What people say of their tasks. The task ends, what was learnt is noted, and the reminder hears what became
// of the call, in one transaction: a promise that was taken is not lost with the line that a task is done,
// and not taken twice.
#include "host/store/sqlite/sqlite_store.hpp"

namespace relance::store::sqlite {
namespace {

using domain::FailureClass;
using domain::ReceiptKind;

/// Put off more often, it is not a call any more.
constexpr std::int32_t kTriesMax{50};
/// A later time is a hold on the debtor, which is another command.
constexpr Days kCallBackWithin{90};
constexpr const char *kTaskChannel{"task"};

}  // namespace

Result<void> SqliteStore::finish_task(CreditorId creditor, TaskId id, const TaskEnd &end, std::string_view by,
                                      Instant now) {
  return guarded("finishing a task", [&]() -> Result<void> {
    OpenTask task;
    {
      Query query{*connection_,
                  "SELECT debtor, case_id, reminder, way, tries, holds, state FROM task WHERE creditor = ? "
                  "AND id = ?",
                  creditor, id};
      if (!query.next()) return not_found("there is no task " + std::to_string(id));
      if (query.text(6) != "open")
        return conflict("task " + std::to_string(id) + " is " + query.text(6) + " already");
      task = {{creditor, query.i64(0)},
              id,
              query.i64(1),
              query.i64(2),
              query.text(3),
              query.i32(4),
              query.flag(5)};
    }
    Unit unit{*connection_, journal_};
    if (end.outcome == "call_back") {
      if (auto later = put_off(unit, task, end, by, now); !later) return later;
      unit.commit();
      return {};
    }
    run(*connection_,
        "UPDATE task SET state = 'done', outcome = ?, note = note || ? WHERE creditor = ? AND id = ?",
        end.outcome, end.note, creditor, id);
    if (task.holds)
      run(*connection_,
          "UPDATE debtor_state SET reply_tasks = max(0, reply_tasks - 1) WHERE creditor = ? AND id = ?",
          creditor, task.key.debtor);
    Payload payload;
    payload.number("task", id).text("outcome", end.outcome).text("note", end.note).text("by", by);
    journal_entry(unit, creditor, task.case_id, now, "task_done", payload);
    if (auto learnt = note_learnt(unit, task, end, by, now); !learnt) return learnt;
    hear_person(unit, task, end, now);
    if (task.key.debtor != 0) touch(unit, task.key, now);
    unit.commit();
    return {};
  });
}

Result<void> SqliteStore::put_off(Unit &unit, const OpenTask &task, const TaskEnd &end, std::string_view by,
                                  Instant now) {
  if (!end.call_at || *end.call_at <= now) return invalid("say when to call back: a time to come", "/at");
  if (*end.call_at > now + kCallBackWithin)
    return invalid("that is more than " + std::to_string(kCallBackWithin.count()) +
                       " days away: put the debtor on hold until then (relancectl hold), and end the task",
                   "/at");
  if (task.tries >= kTriesMax)
    return conflict("this task was put off " + std::to_string(kTriesMax) + " times: end it");
  std::string line;
  if (!end.note.empty()) line = format_instant(now) + ": " + end.note + '\n';
  run(*connection_,
      "UPDATE task SET due_at = ?, tries = tries + 1, note = note || ? WHERE creditor = ? AND id = ?",
      *end.call_at, line, task.key.creditor, task.id);
  Payload payload;
  payload.number("task", task.id)
      .text("until", format_instant(*end.call_at))
      .text("note", end.note)
      .text("by", by);
  journal_entry(unit, task.key.creditor, task.case_id, now, "task_put_off", payload);
  return {};
}

std::vector<std::string> SqliteStore::invoices_of(const OpenTask &task) {
  std::vector<std::string> numbers;
  Query query{
      *connection_,
      "SELECT r.number FROM reminder_item i JOIN receivable r ON r.creditor = i.creditor AND r.debtor = "
      "i.debtor"
      " AND r.id = i.receivable WHERE i.creditor = ? AND i.debtor = ? AND i.reminder = ? AND r.state = 0"
      " AND r.balance > 0 ORDER BY r.due, r.id",
      task.key.creditor, task.key.debtor, task.reminder};
  while (query.next()) numbers.push_back(query.text(0));
  return numbers;
}

Result<void> SqliteStore::note_learnt(Unit &unit, const OpenTask &task, const TaskEnd &end,
                                      std::string_view by, Instant now) {
  if (end.outcome == "wrong_number") {
    // Of an answer by e-mail it would stop a telephone number that nobody has called.
    if (task.way.empty())
      return invalid("task " + std::to_string(task.id) + " is neither a call nor a visit: end it with another outcome",
                     "/outcome");
    forget_number(unit, task, by, now);
  }
  if (end.outcome != "promise" && end.outcome != "dispute") return {};
  if (task.key.debtor == 0)
    return invalid("nobody knows whose task " + std::to_string(task.id) +
                       " is: note it of the debtor (relancectl promise, relancectl dispute), and end the task",
                   "/outcome");
  auto about = end.invoice.empty() ? invoices_of(task) : std::vector{end.invoice};
  if (!end.invoice.empty()) {
    const auto row = receivable_by_number(task.key.creditor, end.invoice);
    if (!row || row->debtor != task.key.debtor)
      return invalid("invoice " + end.invoice + " is not one of this debtor", "/invoice");
  }
  if (end.outcome == "promise") {
    if (!end.date) return invalid("say for which day it is promised", "/date");
    std::string code;
    if (about.size() != 1) {
      Query query{*connection_, "SELECT code FROM debtor WHERE creditor = ? AND id = ?", task.key.creditor,
                  task.key.debtor};
      if (query.next()) code = query.text(0);
    }
    // Of one invoice it is that one's; of several, or of a call about none, all that is owed.
    const auto noted =
        note_promise(unit, task.key.creditor, code, about.size() == 1 ? about.front() : std::string{},
                     *end.date, {end.amount_minor, end.currency}, by, now);
    if (!noted) return noted.error();
    return {};
  }
  if (end.reason.empty()) return invalid("say why it is disputed", "/reason");
  if (about.empty()) return invalid("say which invoice is disputed", "/invoice");
  for (const auto &number : about)
    if (auto disputed = move_item(unit, task.key.creditor, number, domain::ItemState::open,
                                  domain::ItemState::disputed, "dispute", end.reason, by, now);
        !disputed)
      return disputed;
  return {};
}

void SqliteStore::forget_number(Unit &unit, const OpenTask &task, std::string_view by, Instant now) {
  const auto row = views_.task(task.key.creditor, task.id);
  if (!row) return;
  std::string because{"who answered was somebody else"};
  because.append(" (").append(by).append(")");
  if (task.way == "visit") {
    if (!row->address.empty()) mark_suppressed(unit, task.key.creditor, "postal", row->address, because, now);
    return;
  }
  // A stranger's telephone gets no short message and no fax either.
  std::vector<std::string> channels;
  {
    Query query{
        *connection_,
        "SELECT DISTINCT channel FROM contact_point WHERE creditor = ? AND debtor = ? AND address = ?",
        task.key.creditor, task.key.debtor, row->phone};
    while (query.next()) channels.push_back(query.text(0));
  }
  for (const auto &channel : channels)
    mark_suppressed(unit, task.key.creditor, channel, row->phone, because, now);
}

void SqliteStore::hear_person(Unit &unit, const OpenTask &task, const TaskEnd &end, Instant now) {
  if (task.reminder == 0 || task.way.empty()) return;
  AttemptId id{0};
  {
    Query query{*connection_, "SELECT attempt FROM reminder WHERE creditor = ? AND debtor = ? AND id = ?",
                task.key.creditor, task.key.debtor, task.reminder};
    if (query.next()) id = query.i64(0);
  }
  const auto attempt = attempt_by_id(task.key.creditor, id);
  if (!attempt || attempt->channel != kTaskChannel || attempt->state != AttemptState::accepted) return;
  Arrived arrived;
  arrived.provider = kTaskChannel;
  arrived.at = now;
  auto &said = arrived.receipt;
  const bool is_nobody{end.outcome == "wrong_number"};
  said.kind = is_nobody ? ReceiptKind::failed : ReceiptKind::delivered;
  said.failure = is_nobody ? FailureClass::address_dead : FailureClass::none;
  said.is_final = true;
  said.code = end.outcome;
  said.text = end.note;
  apply_receipt(unit, *attempt, arrived, false, now);
}

}  // namespace relance::store::sqlite
