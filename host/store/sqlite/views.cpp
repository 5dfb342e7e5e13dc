// The questions. Each runs in one read transaction, so that an answer of several queries is of one moment.
#include "host/store/sqlite/views.hpp"

#include "host/store/sqlite/facts.hpp"
#include "host/store/sqlite/journal.hpp"
#include "host/store/sqlite/moment.hpp"

#include <algorithm>
#include <map>

namespace relance::store::sqlite {
namespace {

std::uint64_t count(Connection &connection, const char *sql) {
  Query query{connection, sql};
  query.next();
  return query.as<std::uint64_t>(0);
}

constexpr const char *kReminderSql =
    "SELECT r.id, r.attempt, d.code, r.step_id, a.channel, a.provider, a.address, a.state, a.delivery, "
    "a.code, a.text,"
    " r.decided_on, r.total, c.currency, r.state, r.debtor, q.segments, q.pages, ifnull(q.price_micro, a.price_micro),"
    " ifnull(q.price_currency, a.price_currency), r.silent_attempt = a.id AND a.state = 2 FROM reminder r JOIN debtor d ON d.creditor = r.creditor "
    "AND d.id = r.debtor"
    " JOIN case_ c ON c.creditor = r.creditor AND c.debtor = r.debtor AND c.id = r.case_id"
    " JOIN attempt a ON a.creditor = r.creditor AND a.id = r.attempt LEFT JOIN quote q ON q.attempt = a.id";

std::string state_name(AttemptState attempt, std::int64_t reminder) {
  if (reminder == kReminderVoid) return "void";
  switch (attempt) {
    case AttemptState::open:
      return "open";
    case AttemptState::prepared:
      return "prepared";
    case AttemptState::accepted:
      return "sent";
    case AttemptState::rejected:
      return "rejected";
    case AttemptState::not_sent:
      return "not_sent";
    case AttemptState::in_doubt:
      return "in_doubt";
    case AttemptState::withdrawn:
      return "withdrawn";
  }
  return "open";
}

domain::Currency currency_of(const std::string &code) {
  const auto currency = domain::Currency::parse(code);
  return currency ? *currency : domain::Currency{};
}

std::vector<ReminderRow> reminder_rows(Connection &connection, CreditorId creditor, Query &query,
                                       std::size_t limit) {
  std::vector<ReminderRow> rows;
  while (rows.size() < limit && query.next()) {
    auto &row = rows.emplace_back();
    row.id = query.i64(0);
    row.attempt = query.i64(1);
    row.debtor_code = query.text(2);
    row.step_id = query.text(3);
    row.channel = query.text(4);
    row.provider = query.text(5);
    row.address = query.text(6);
    row.state = state_name(query.as<AttemptState>(7), query.i64(14));
    row.delivery = domain::name_of(query.as<domain::ReceiptKind>(8));
    row.code = query.text(9);
    row.text = query.text(10);
    row.decided_on = query.day(11);
    row.total_minor = query.i64(12);
    row.currency = currency_of(query.text(13));
    row.segments = query.as<std::uint32_t>(16);
    row.pages = query.as<std::uint32_t>(17);
    row.price_micro = query.i64(18);
    row.price_currency = query.text(19);
    if (query.flag(20)) {
      Query silence{connection,
                    "SELECT kind FROM silence WHERE creditor = ? AND reminder = ? AND attempt = ? AND answered_at IS NULL"
                    " ORDER BY kind DESC",
                    creditor, row.id, row.attempt};
      if (silence.next()) row.silent_about = domain::name_of(silence.as<domain::ReceiptKind>(0));
    }
    Query items{connection,
                "SELECT r.number FROM reminder_item i JOIN receivable r ON r.creditor = i.creditor AND "
                "r.debtor = i.debtor"
                " AND r.id = i.receivable WHERE i.creditor = ? AND i.debtor = ? AND i.reminder = ?",
                creditor, query.i64(15), row.id};
    while (items.next()) row.invoices.push_back(items.text(0));
  }
  return rows;
}

}  // namespace

Result<Counters> SqliteReader::counters(Instant now) {
  return guarded("counting", [&]() -> Result<Counters> {
    Moment moment{connection_};
    Counters out;
    std::map<std::string, std::int64_t> tally;
    {
      Query query{connection_, "SELECT name, value FROM tally"};
      while (query.next()) tally[query.text(0)] = query.i64(1);
    }
    const auto of = [&](const char *name) {
      return static_cast<std::uint64_t>(std::max<std::int64_t>(0, tally[name]));
    };
    out.reminders = of("reminders");
    out.sent = of("sent");
    out.delivered = of("delivered");
    out.bounced = of("bounced");
    out.rejected = of("rejected");
    out.not_sent = of("not_sent");
    out.receipts = of("receipts");
    out.journal_entries = of("journal_entries");
    out.debtors = count(connection_, "SELECT count(*) FROM debtor_state");
    {
      Query query{connection_, "SELECT state, count(*) FROM case_ GROUP BY state"};
      while (query.next()) {
        if (query.as<domain::CaseState>(0) == domain::CaseState::open)
          out.cases_open = query.as<std::uint64_t>(1);
        if (query.as<domain::CaseState>(0) == domain::CaseState::onboarding)
          out.cases_onboarding = query.as<std::uint64_t>(1);
      }
    }
    {
      Query query{connection_, "SELECT state, count(*) FROM receivable GROUP BY state"};
      while (query.next()) {
        const auto state = query.as<domain::ItemState>(0);
        if (state == domain::ItemState::paid) out.receivables_paid = query.as<std::uint64_t>(1);
        if (state == domain::ItemState::open) out.receivables_open = query.as<std::uint64_t>(1);
        if (state == domain::ItemState::disputed) out.disputes_open = query.as<std::uint64_t>(1);
      }
    }
    {
      Query query{connection_, "SELECT count(*), min(next_at) FROM schedule WHERE next_at <= ?", now};
      query.next();
      out.due_now = query.as<std::uint64_t>(0);
      out.oldest_due = query.instant_if(1);
    }
    {
      Query query{connection_,
                  "SELECT count(*) FROM creditor c JOIN attempt a ON a.creditor = c.id AND a.id >= ?"
                  " WHERE a.state IN (0, 1)",
                  tally["open_from"]};
      query.next();
      out.attempts_open = query.as<std::uint64_t>(0);
      out.in_doubt = count(connection_, "SELECT count(*) FROM attempt WHERE state = 5 AND reminder <> 0");
    }
    out.receipts_unmatched = count(connection_, "SELECT count(*) FROM receipt_waiting");
    {
      Query query{connection_, "SELECT provider, count(*) FROM inbound WHERE state = 0 GROUP BY provider"};
      while (query.next()) {
        out.inbound_of.emplace_back(query.text(0), query.as<std::uint64_t>(1));
        out.inbound_waiting += out.inbound_of.back().second;
      }
    }
    out.recalled = of("recalled");
    out.silent = of("silent");
    out.recalls_wanted = count(connection_, "SELECT count(*) FROM recall WHERE state = 0");
    out.inbound_failed = count(connection_, "SELECT count(*) FROM inbound WHERE state = 2");
    out.suppressed = count(connection_, "SELECT count(*) FROM suppression");
    out.tasks_open = count(connection_, "SELECT count(*) FROM task WHERE state = 'open'");
    out.approvals_asked =
        count(connection_, "SELECT count(*) FROM approval WHERE NOT is_spent AND state = 0");
    out.promises_open = count(connection_, "SELECT count(*) FROM promise WHERE state = 0");
    return out;
  });
}

Result<Claim> SqliteReader::facts_of_debtor(CreditorId creditor, std::string_view debtor_code) {
  return guarded("reading facts", [&]() -> Result<Claim> {
    Moment moment{connection_};
    DebtorId debtor{0};
    {
      Query query{connection_, "SELECT id FROM debtor WHERE creditor = ? AND code = ?", creditor,
                  debtor_code};
      if (!query.next()) return not_found("there is no debtor " + std::string{debtor_code});
      debtor = query.i64(0);
    }
    Claim claim;
    DebtorRow row;
    FactsReader{connection_}.read(creditor, debtor, std::nullopt, claim, row);
    return claim;
  });
}

Result<Claim> SqliteReader::facts_of_invoice(CreditorId creditor, std::string_view invoice_number) {
  return guarded("reading facts", [&]() -> Result<Claim> {
    Moment moment{connection_};
    DebtorId debtor{0};
    CaseId case_id{0};
    {
      Query query{connection_, "SELECT debtor, case_id FROM receivable WHERE creditor = ? AND number = ?",
                  creditor, invoice_number};
      if (!query.next()) return not_found("there is no invoice " + std::string{invoice_number});
      debtor = query.i64(0);
      case_id = query.i64(1);
    }
    Claim claim;
    DebtorRow row;
    FactsReader{connection_}.read(creditor, debtor, std::nullopt, claim, row);
    std::erase_if(claim.cases, [case_id](const CaseView &view) { return view.facts.id != case_id; });
    return claim;
  });
}

Result<std::vector<Claim>> SqliteReader::facts_page(CreditorId creditor, DebtorId after, std::size_t limit) {
  return guarded("reading facts", [&]() -> Result<std::vector<Claim>> {
    Moment moment{connection_};
    std::vector<DebtorId> debtors;
    {
      Query query{connection_,
                  "SELECT id FROM debtor_state WHERE creditor = ? AND id > ? AND extras & ? = 0 ORDER BY id LIMIT ?",
                  creditor, after, static_cast<std::int64_t>(kIsErased), limit};
      while (query.next()) debtors.push_back(query.i64(0));
    }
    FactsReader facts{connection_};
    std::vector<Claim> claims(debtors.size());
    DebtorRow row;
    for (std::size_t i{0}; i < debtors.size(); ++i)
      facts.read(creditor, debtors[i], std::nullopt, claims[i], row);
    return claims;
  });
}

Result<std::vector<ReminderRow>> SqliteReader::reminders(CreditorId creditor, std::string_view debtor_code,
                                                         std::size_t limit) {
  return guarded("listing reminders", [&]() -> Result<std::vector<ReminderRow>> {
    Moment moment{connection_};
    static const std::string kAll{std::string{kReminderSql} +
                                  " WHERE r.creditor = ? ORDER BY r.attempt DESC LIMIT ?"};
    static const std::string kOne{
        std::string{kReminderSql} +
        " WHERE r.creditor = ? AND r.debtor = (SELECT id FROM debtor WHERE creditor = ?1 AND code = ?)"
        " ORDER BY r.id DESC LIMIT ?"};
    if (debtor_code.empty()) {
      Query query{connection_, kAll.c_str(), creditor, limit};
      return reminder_rows(connection_, creditor, query, limit);
    }
    Query query{connection_, kOne.c_str(), creditor, debtor_code, limit};
    return reminder_rows(connection_, creditor, query, limit);
  });
}

Result<std::vector<ReminderRow>> SqliteReader::in_doubt(CreditorId creditor, std::size_t limit) {
  return guarded("listing what is in doubt", [&]() -> Result<std::vector<ReminderRow>> {
    Moment moment{connection_};
    // From the attempts: their index of unfinished ones is small, reminders are many.
    static const std::string kSql{
        "SELECT r.id, a.id, d.code, r.step_id, a.channel, a.provider, a.address, a.state, a.delivery, "
        "a.code, a.text,"
        " r.decided_on, r.total, c.currency, r.state, r.debtor, q.segments, q.pages, ifnull(q.price_micro, "
        "a.price_micro), ifnull(q.price_currency, a.price_currency), 0 FROM attempt a LEFT JOIN quote q ON q.attempt = a.id"
        " JOIN reminder r ON r.creditor = a.creditor AND r.debtor = a.debtor AND r.id = a.reminder"
        " JOIN debtor d ON d.creditor = a.creditor AND d.id = a.debtor"
        " JOIN case_ c ON c.creditor = a.creditor AND c.debtor = a.debtor AND c.id = a.case_id"
        " WHERE a.creditor = ? AND a.state = 5 ORDER BY a.id LIMIT ?"};
    Query query{connection_, kSql.c_str(), creditor, limit};
    return reminder_rows(connection_, creditor, query, limit);
  });
}

Result<AttemptView> SqliteReader::attempt_view(AttemptId id) {
  return guarded("reading an attempt", [&]() -> Result<AttemptView> {
    Moment moment{connection_};
    Query query{connection_,
                "SELECT a.channel, a.provider, a.address, a.idempotency_key, a.state, a.delivery, a.code, a.text,"
                " q.segments, q.pages, ifnull(q.price_micro, a.price_micro), ifnull(q.price_currency, a.price_currency),"
                " (SELECT count(*) FROM receipt r WHERE r.creditor = a.creditor AND r.attempt = a.id)"
                " FROM attempt a LEFT JOIN quote q ON q.attempt = a.id WHERE a.id = ?",
                id};
    if (!query.next()) return not_found("there is no attempt " + std::to_string(id));
    AttemptView view;
    view.id = id;
    view.channel = query.text(0);
    view.provider = query.text(1);
    view.address = query.text(2);
    view.idempotency_key = query.text(3);
    const auto state = query.as<AttemptState>(4);
    const auto delivery = query.as<domain::ReceiptKind>(5);
    view.state = state_name(state, 0);
    view.delivery = domain::name_of(delivery);
    view.code = query.text(6);
    view.text = query.text(7);
    view.segments = query.as<std::uint32_t>(8);
    view.pages = query.as<std::uint32_t>(9);
    view.price_micro = query.i64(10);
    view.price_currency = query.text(11);
    view.receipts = query.as<std::uint64_t>(12);
    view.is_final = domain::is_positive(delivery) || domain::is_negative(delivery) || state == AttemptState::rejected ||
                    state == AttemptState::not_sent || state == AttemptState::withdrawn;
    return view;
  });
}

namespace {

constexpr const char *kTaskColumns{
    "SELECT t.id, d.code, d.name, t.kind, t.text, t.state, t.outcome, t.reminder, t.at, t.way, t.script, "
    "t.note,"
    " coalesce(t.due_at, t.at), t.tries,"
    " coalesce((SELECT p.address FROM contact_point p WHERE p.creditor = t.creditor AND p.debtor = t.debtor"
    "  AND p.channel IN ('task', 'sms') AND p.suppressed_because IS NULL ORDER BY p.channel = 'sms', p.id "
    "LIMIT 1), ''),"
    " coalesce((SELECT p.address FROM contact_point p WHERE p.creditor = t.creditor AND p.debtor = t.debtor"
    "  AND p.channel = 'postal' AND p.suppressed_because IS NULL ORDER BY p.id LIMIT 1), '')"
    " FROM task t LEFT JOIN debtor d ON d.creditor = t.creditor AND d.id = t.debtor"};

TaskRow task_of(const Query &query) {
  TaskRow row;
  row.id = query.i64(0);
  row.debtor_code = query.text(1);
  row.debtor_name = query.text(2);
  row.kind = query.text(3);
  row.text = query.text(4);
  row.state = query.text(5);
  row.outcome = query.text(6);
  row.reminder = query.i64(7);
  row.created_at = query.instant(8);
  row.way = query.text(9);
  row.script = query.text(10);
  row.note = query.text(11);
  row.due_at = query.instant(12);
  row.tries = query.i32(13);
  row.phone = query.text(14);
  row.address = query.text(15);
  return row;
}

}  // namespace

Result<std::vector<TaskRow>> SqliteReader::tasks(CreditorId creditor, const TaskQuery &asked,
                                                 std::size_t limit) {
  return guarded("listing tasks", [&]() -> Result<std::vector<TaskRow>> {
    static const std::string kSql{
        std::string{kTaskColumns} +
        " WHERE t.creditor = ?1 AND (NOT ?2 OR t.state = 'open') AND (?3 = '' OR t.way = ?3)"
        " AND coalesce(t.due_at, t.at) <= ?4 ORDER BY coalesce(t.due_at, t.at), t.id LIMIT ?5"};
    std::vector<TaskRow> rows;
    Query query{
        connection_, kSql.c_str(), creditor, asked.open_only, asked.way, asked.due.value_or(Instant::max()),
        limit};
    while (query.next()) rows.push_back(task_of(query));
    return rows;
  });
}

Result<TaskRow> SqliteReader::task(CreditorId creditor, TaskId id) {
  return guarded("reading a task", [&]() -> Result<TaskRow> {
    static const std::string kSql{std::string{kTaskColumns} + " WHERE t.creditor = ? AND t.id = ?"};
    Query query{connection_, kSql.c_str(), creditor, id};
    if (!query.next()) return not_found("there is no task " + std::to_string(id));
    return task_of(query);
  });
}

Result<std::vector<ApprovalRow>> SqliteReader::approvals(CreditorId creditor, bool asked_only,
                                                         std::size_t limit) {
  return guarded("listing approvals", [&]() -> Result<std::vector<ApprovalRow>> {
    Moment moment{connection_};
    static constexpr std::array<const char *, 4> kStates{"asked", "approved", "rejected", "expired"};
    std::vector<ApprovalRow> rows;
    Query query{connection_,
                "SELECT a.id, d.code, d.name, a.step_id, a.state, a.is_spent, a.decided_by, a.amount, "
                "c.currency, a.valid_until"
                " FROM approval a JOIN debtor d ON d.creditor = a.creditor AND d.id = a.debtor"
                " JOIN case_ c ON c.creditor = a.creditor AND c.debtor = a.debtor AND c.id = a.case_id"
                " WHERE a.creditor = ? AND (NOT ? OR (a.state = 0 AND NOT a.is_spent)) ORDER BY a.id LIMIT ?",
                creditor, asked_only, limit};
    while (query.next()) {
      auto &row = rows.emplace_back();
      row.id = query.i64(0);
      row.debtor_code = query.text(1);
      row.debtor_name = query.text(2);
      row.step_id = query.text(3);
      row.state = query.flag(5) && query.i64(4) == 0 ? "outgrown" : kStates.at(query.as<std::size_t>(4));
      row.decided_by = query.text(6);
      row.amount_minor = query.i64(7);
      row.currency = currency_of(query.text(8));
      row.valid_until = query.instant(9);
      Query items{
          connection_,
          "SELECT r.number FROM approval_item i JOIN approval a ON a.creditor = i.creditor AND a.id = "
          "i.approval"
          " JOIN receivable r ON r.creditor = i.creditor AND r.debtor = a.debtor AND r.id = i.receivable"
          " WHERE i.creditor = ? AND i.approval = ?",
          creditor, row.id};
      while (items.next()) row.invoices.push_back(items.text(0));
    }
    return rows;
  });
}

Result<std::vector<SuppressionRow>> SqliteReader::suppressions(CreditorId creditor, std::size_t limit) {
  return guarded("listing suppressions", [&]() -> Result<std::vector<SuppressionRow>> {
    std::vector<SuppressionRow> rows;
    Query query{connection_,
                "SELECT (SELECT d.code FROM contact_point p JOIN debtor d ON d.creditor = p.creditor AND "
                "d.id = p.debtor"
                " WHERE p.creditor = s.creditor AND p.channel = s.channel AND p.address = s.address LIMIT 1),"
                " s.channel, s.address, s.because, s.since FROM suppression s WHERE s.creditor = ? ORDER BY "
                "s.since LIMIT ?",
                creditor, limit};
    while (query.next())
      rows.push_back({query.text(0), query.text(1), query.text(2), query.text(3), query.instant(4)});
    return rows;
  });
}

std::int64_t SqliteReader::last_entry(CreditorId creditor, CaseId case_id) {
  // The head may lie ahead of case_head: the tail of the journal that was not gathered yet is searched first.
  std::int64_t up_to{0};
  {
    Query query{connection_, "SELECT value FROM setting WHERE name = 'heads_upto'"};
    if (query.next()) up_to = std::stoll(query.text(0));
  }
  {
    Query query{connection_, "SELECT max(id) FROM journal WHERE id > ? AND creditor = ? AND case_id = ?",
                up_to, creditor, case_id};
    if (query.next() && !query.is_null(0)) return query.i64(0);
  }
  Query query{connection_, "SELECT entry FROM case_head WHERE creditor = ? AND case_id = ?", creditor, case_id};
  return query.next() ? query.i64(0) : 0;
}

std::vector<JournalRow> SqliteReader::chain(CreditorId creditor, CaseId case_id, std::size_t limit) {
  auto entry = last_entry(creditor, case_id);
  std::vector<JournalRow> rows;
  while (entry != 0 && rows.size() < limit) {
    Query query{connection_, "SELECT at, kind, previous, hash, payload FROM journal WHERE id = ?", entry};
    if (!query.next()) break;
    rows.push_back(
        {entry, case_id, query.instant(0), query.text(1), query.text(4), query.is_null(4), query.hash(3)});
    entry = query.i64(2);
  }
  return rows;
}

Result<std::vector<JournalRow>> SqliteReader::journal(CreditorId creditor, std::string_view invoice_number,
                                                      std::string_view debtor_code, std::size_t limit) {
  return guarded("reading the journal", [&]() -> Result<std::vector<JournalRow>> {
    Moment moment{connection_};
    std::vector<JournalRow> rows;
    std::vector<CaseId> cases;
    if (!invoice_number.empty()) {
      Query query{connection_, "SELECT case_id FROM receivable WHERE creditor = ? AND number = ?", creditor,
                  invoice_number};
      if (!query.next()) return not_found("there is no invoice " + std::string{invoice_number});
      cases.push_back(query.i64(0));
    } else if (!debtor_code.empty()) {
      Query query{connection_, "SELECT id FROM debtor WHERE creditor = ? AND code = ?", creditor,
                  debtor_code};
      if (!query.next()) return not_found("there is no debtor " + std::string{debtor_code});
      Query ids{connection_, "SELECT id FROM case_ WHERE creditor = ? AND debtor = ?", creditor,
                query.i64(0)};
      while (ids.next()) cases.push_back(ids.i64(0));
      cases.push_back(chain_without_case(query.i64(0)));
    } else {
      Query query{connection_,
                  "SELECT id, case_id, at, kind, hash, payload FROM journal WHERE creditor = ? ORDER BY id "
                  "DESC LIMIT ?",
                  creditor, limit};
      while (query.next())
        rows.push_back({query.i64(0), query.i64(1), query.instant(2), query.text(3), query.text(5),
                        query.is_null(5), query.hash(4)});
    }
    for (const auto case_id : cases) {
      auto more = chain(creditor, case_id, limit);
      rows.insert(rows.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    }
    std::sort(rows.begin(), rows.end(), [](const JournalRow &a, const JournalRow &b) { return a.id < b.id; });
    if (rows.size() > limit) rows.erase(rows.begin(), rows.end() - static_cast<std::ptrdiff_t>(limit));
    return rows;
  });
}

Result<JournalVerdict> SqliteReader::verify_journal(CreditorId creditor) {
  return guarded("verifying the journal", [&]() -> Result<JournalVerdict> {
    Moment moment{connection_};
    return verify(connection_, creditor);
  });
}

Result<std::string> SqliteReader::content(CreditorId creditor, const Sha256 &hash) {
  return guarded("reading a document", [&]() -> Result<std::string> {
    Moment moment{connection_};
    std::int64_t bucket{0};
    {
      Query query{connection_, "SELECT max(bucket) FROM content WHERE creditor = ?", creditor};
      if (query.next()) bucket = query.i64(0);
    }
    for (; bucket >= 0; --bucket) {  // the newest are asked for most
      Query query{connection_, "SELECT bytes FROM content WHERE creditor = ? AND bucket = ? AND hash = ?",
                  creditor, bucket, hash};
      if (query.next()) return query.blob(0);
    }
    return not_found("there is no document " + to_hex(hash) + ", or it was erased");
  });
}

}  // namespace relance::store::sqlite
