// The ledger: debtors, invoices, payments, open-items lists. One transaction a call; a dry run is the same
// work, rolled back.
#include "host/store/sqlite/sqlite_store.hpp"

#include <algorithm>

namespace relance::store::sqlite {
namespace {

using domain::ItemState;

/// Lines of a dry run; more than a person reads.
constexpr std::size_t kDifferencesMax{1'000};

void difference(ImportResult &result, std::string line) {
  if (result.differences.size() < kDifferencesMax) result.differences.push_back(std::move(line));
}

void refuse(ImportResult &result, std::size_t index, std::string reason) {
  result.refused.push_back({index, std::move(reason)});
}

std::string money(std::int64_t minor, domain::Currency currency) {
  return domain::format_money({minor, currency});
}

domain::Currency known_currency(const std::string &code) {
  const auto currency = domain::Currency::parse(code);
  return currency ? *currency : domain::Currency{};
}

}  // namespace

// ---------------------------------------------------------------------------------------------------------------------
// Debtors

Result<ImportResult> SqliteStore::import_debtors(CreditorId creditor, std::span<const DebtorRecord> records,
                                                 Instant now, bool dry_run) {
  return guarded("importing debtors", [&]() -> Result<ImportResult> {
    ImportResult result;
    Unit unit{*connection_, journal_};
    for (std::size_t i{0}; i < records.size(); ++i) import_debtor(unit, creditor, records[i], i, now, result);
    if (dry_run) return result;
    save_last_ids();
    unit.commit();
    return result;
  });
}

void SqliteStore::import_debtor(Unit &unit, CreditorId creditor, const DebtorRecord &record,
                                std::size_t index, Instant now, ImportResult &result) {
  if (record.code.empty()) return refuse(result, index, "the debtor has no code");
  const auto known = debtor_by_code(creditor, record.code);
  if (!known) {
    const DebtorId id{++last_.debtor};
    run(*connection_, "INSERT INTO debtor VALUES (?,?,?,?,?,?,?,?,?,?,0)", creditor, id, record.code,
        record.name, record.country, record.region, record.language, record.segment, record.time_zone,
        record.is_consumer);
    run(*connection_,
        "INSERT INTO debtor_state (creditor, id, facts_version, next_at, extras) VALUES (?, ?, 1, ?, 0)",
        creditor, id, Instant::max());
    bool is_changed{false};
    import_contacts(creditor, id, record, is_changed);
    ++result.added;
    difference(result, "new debtor " + record.code + " (" + record.name + ")");
    return;
  }
  bool is_changed{false};
  {
    Query query{
        *connection_,
        "SELECT name, country, region, language, segment, time_zone, is_consumer, is_erased FROM debtor"
        " WHERE creditor = ? AND id = ?",
        creditor, *known};
    query.next();
    if (query.flag(7))
      return refuse(result, index, "debtor " + record.code + " was erased; use another code");
    is_changed = query.text(0) != record.name || query.text(1) != record.country ||
                 query.text(2) != record.region || query.text(3) != record.language ||
                 query.text(4) != record.segment || query.text(5) != record.time_zone ||
                 query.flag(6) != record.is_consumer;
  }
  if (is_changed)
    run(*connection_,
        "UPDATE debtor SET name = ?, country = ?, region = ?, language = ?, segment = ?, time_zone = ?, "
        "is_consumer = ?"
        " WHERE creditor = ? AND id = ?",
        record.name, record.country, record.region, record.language, record.segment, record.time_zone,
        record.is_consumer, creditor, *known);
  import_contacts(creditor, *known, record, is_changed);
  if (!is_changed) {
    ++result.unchanged;
    return;
  }
  ++result.changed;
  difference(result, "debtor " + record.code + " (" + record.name + ") or a contact of it changes");
  touch(unit, {creditor, *known}, now);
}

void SqliteStore::import_contacts(CreditorId creditor, DebtorId debtor, const DebtorRecord &record,
                                  bool &is_changed) {
  struct Known {
    ContactId id;
    std::string channel, address, name;
    bool has_consent, is_kept;
  };
  std::vector<Known> known;
  {
    Query query{
        *connection_,
        "SELECT id, channel, address, name, has_consent FROM contact_point WHERE creditor = ? AND debtor = ?",
        creditor, debtor};
    while (query.next())
      known.push_back({query.i64(0), query.text(1), query.text(2), query.text(3), query.flag(4), false});
  }
  for (const auto &contact : record.contacts) {
    const auto same = std::find_if(known.begin(), known.end(), [&](const Known &one) {
      return !one.is_kept && one.channel == contact.channel && one.address == contact.address;
    });
    if (same != known.end()) {
      same->is_kept = true;
      if (same->name == contact.name && same->has_consent == contact.has_consent) continue;
      run(*connection_,
          "UPDATE contact_point SET name = ?, has_consent = ? WHERE creditor = ? AND debtor = ? AND id = ?",
          contact.name, contact.has_consent, creditor, debtor, same->id);
    } else {
      run(*connection_,
          "INSERT INTO contact_point VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,"
          " (SELECT because FROM suppression WHERE creditor = ?1 AND channel = ?4 AND address = ?5))",
          creditor, debtor, ++last_.contact, contact.channel, contact.address, contact.name,
          contact.has_consent);
    }
    is_changed = true;
  }
  for (const auto &one : known) {
    if (one.is_kept) continue;
    run(*connection_, "DELETE FROM contact_point WHERE creditor = ? AND debtor = ? AND id = ?", creditor,
        debtor, one.id);
    is_changed = true;
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Invoices

Result<ImportResult> SqliteStore::import_invoices(CreditorId creditor, std::span<const InvoiceRecord> records,
                                                  Instant now, bool dry_run) {
  return guarded("importing invoices", [&]() -> Result<ImportResult> {
    ImportResult result;
    std::set<DebtorId> touched;
    {
      Unit unit{*connection_, journal_};
      for (std::size_t i{0}; i < records.size(); ++i)
        import_invoice(unit, creditor, records[i], i, now, touched, result);
      for (const auto debtor : touched) touch(unit, {creditor, debtor}, now);
      if (!dry_run) {
        save_last_ids();
        unit.commit();
      }
    }
    if (in_snapshot_.contains(creditor)) {  // also of a dry run: end_snapshot() then tells what would vanish
      Unit unit{*connection_, journal_};
      for (const auto &record : records)
        if (const auto row = receivable_by_number(creditor, record.number))
          run(*connection_, "INSERT OR IGNORE INTO snapshot_seen VALUES (?, ?)", creditor, row->id);
      unit.commit();
    }
    return result;
  });
}

void SqliteStore::import_invoice(Unit &unit, CreditorId creditor, const InvoiceRecord &record,
                                 std::size_t index, Instant now, std::set<DebtorId> &touched,
                                 ImportResult &result) {
  if (record.number.empty()) return refuse(result, index, "the invoice has no number");
  if (record.amount.minor <= 0)
    return refuse(
        result, index,
        "the amount of invoice " + record.number + " is not positive; a credit note goes with the payments");
  if (record.due < record.issued)
    return refuse(result, index,
                  "invoice " + record.number + " is due on " + format_date(record.due) +
                      ", before it was issued on " + format_date(record.issued));
  const auto debtor = debtor_by_code(creditor, record.debtor_code);
  if (!debtor)
    return refuse(result, index,
                  "debtor " + record.debtor_code + " of invoice " + record.number +
                      " is unknown; import the debtors first");
  const auto row = receivable_by_number(creditor, record.number);
  if (!row) {
    add_invoice(unit, creditor, *debtor, record, now);
    touched.insert(*debtor);
    ++result.added;
    difference(result, "new invoice " + record.number + " of " + record.debtor_code + ": " +
                           domain::format_money(record.amount) + ", due on " + format_date(record.due));
    return;
  }
  if (row->debtor != *debtor)
    return refuse(result, index,
                  "invoice " + record.number + " belongs to another debtor already; numbers are unique");
  if (row->currency != record.amount.currency.code())
    return refuse(result, index,
                  "invoice " + record.number + " is in " + row->currency + ", not in " +
                      std::string{record.amount.currency.code()});
  const auto before = result.changed;
  change_invoice(unit, creditor, *row, record, now, result);
  if (result.changed == before)
    ++result.unchanged;
  else
    touched.insert(*debtor);
}

CaseId SqliteStore::case_for(Unit &unit, CreditorId creditor, DebtorId debtor, const InvoiceRecord &record,
                             Instant now) {
  const std::string currency{record.amount.currency.code()};
  bool has_started{false};
  {
    Query query{*connection_,
                "SELECT id, currency, state FROM case_ WHERE creditor = ? AND debtor = ?",
                creditor, debtor};
    CaseId found{0};
    while (query.next()) {
      if (query.as<domain::CaseState>(2) != domain::CaseState::onboarding) has_started = true;
      if (query.text(1) == currency) found = query.i64(0);
    }
    if (found != 0) {
      run(*connection_,
          "UPDATE case_ SET state = 1 WHERE creditor = ? AND debtor = ? AND id = ? AND state = 2", creditor,
          debtor, found);
      return found;
    }
  }
  if (!has_started) {
    // A creditor that is live adds customers every day: what is not due yet starts by itself, old debts wait
    // to be looked at.
    Query query{*connection_, "SELECT is_live FROM creditor WHERE id = ?", creditor};
    const auto today = std::chrono::floor<Days>(now).time_since_epoch();
    has_started = query.next() && query.flag(0) && record.due.time_since_epoch() >= today;
  }
  const auto state = has_started ? domain::CaseState::open : domain::CaseState::onboarding;
  const CaseId id{++last_.case_id};
  run(*connection_, "INSERT INTO case_ VALUES (?, ?, ?, ?, ?, '')", creditor, debtor, id, currency, state);
  Payload payload;
  payload.text("debtor", record.debtor_code).text("currency", currency);
  payload.text("state", has_started ? "open" : "onboarding");
  journal_entry(unit, creditor, id, now, "case", payload);
  return id;
}

void SqliteStore::add_invoice(Unit &unit, CreditorId creditor, DebtorId debtor, const InvoiceRecord &record,
                              Instant now) {
  const ReceivableId id{++last_.receivable};
  const CaseId case_id{case_for(unit, creditor, debtor, record, now)};
  auto stated = record.open_minor;
  if (!stated && in_snapshot_.contains(creditor)) stated = record.amount.minor;
  const std::int64_t balance{stated.value_or(record.amount.minor)};
  run(*connection_,
      "INSERT INTO receivable (creditor, debtor, id, case_id, number, reference, issued, due, amount, "
      "balance, stated_open, state)"
      " VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
      creditor, debtor, id, case_id, record.number, record.reference, record.issued, record.due,
      record.amount.minor, balance, stated, balance > 0 ? ItemState::open : ItemState::paid);
  if (balance <= 0) note_settled({creditor, debtor}, now);
  Payload payload;
  payload.text("invoice", record.number).date("issued", record.issued).date("due", record.due);
  payload.text("amount", domain::format_money(record.amount)).number("balance_minor", balance);
  journal_entry(unit, creditor, case_id, now, "invoice", payload);
}

void SqliteStore::change_invoice(Unit &unit, CreditorId creditor, const ReceivableRow &found,
                                 const InvoiceRecord &record, Instant now, ImportResult &result) {
  ReceivableRow row{found};
  auto stated = record.open_minor;
  if (!stated && in_snapshot_.contains(creditor))
    stated = row.stated_open == 0 ? record.amount.minor : row.stated_open;
  const bool is_restated{stated && stated != row.stated_open};
  const bool is_same{row.issued == record.issued && row.due == record.due &&
                     row.amount == record.amount.minor && row.reference == record.reference};
  if (is_same && !is_restated) return;
  ++result.changed;
  std::string line{"invoice " + record.number + ":"};
  if (row.due != record.due) line += " due " + format_date(row.due) + " -> " + format_date(record.due) + ";";
  if (row.issued != record.issued)
    line += " issued " + format_date(row.issued) + " -> " + format_date(record.issued) + ";";
  if (row.reference != record.reference) line += " reference changes;";
  if (row.amount != record.amount.minor)
    line += " amount " + money(row.amount, record.amount.currency) + " -> " +
            domain::format_money(record.amount) + ";";
  const std::int64_t balance{is_restated ? *stated : row.balance + record.amount.minor - row.amount};
  if (balance != row.balance)
    line += " open " + money(row.balance, record.amount.currency) + " -> " +
            money(balance, record.amount.currency) + ";";
  run(*connection_,
      "UPDATE receivable SET issued = ?, due = ?, amount = ?, reference = ?, stated_open = coalesce(?, "
      "stated_open)"
      " WHERE creditor = ? AND debtor = ? AND id = ?",
      record.issued, record.due, record.amount.minor, record.reference, stated, creditor, row.debtor, row.id);
  Payload payload;
  payload.text("change", line);
  journal_entry(unit, creditor, row.case_id, now, "invoice", payload);
  difference(result, std::move(line));
  if (row.due != record.due && balance == row.balance)
    withdraw(unit, {creditor, row.debtor}, {row.id}, "the invoice changed", now);
  if (balance != row.balance) {
    if (balance < row.balance) keep_promises(unit, creditor, row, row.balance - balance, now);
    set_balance(unit, creditor, row, balance, now);
  }
  if (row.state == ItemState::paid) ++result.settled;
}

// ---------------------------------------------------------------------------------------------------------------------
// Payments

Result<ImportResult> SqliteStore::import_payments(CreditorId creditor, std::span<const PaymentRecord> records,
                                                  Instant now, bool dry_run) {
  return guarded("importing payments", [&]() -> Result<ImportResult> {
    ImportResult result;
    std::set<DebtorId> touched;
    Unit unit{*connection_, journal_};
    for (std::size_t i{0}; i < records.size(); ++i)
      import_payment(unit, creditor, records[i], i, now, touched, result);
    for (const auto debtor : touched) touch(unit, {creditor, debtor}, now);
    if (dry_run) return result;
    unit.commit();
    return result;
  });
}

void SqliteStore::import_payment(Unit &unit, CreditorId creditor, const PaymentRecord &record,
                                 std::size_t index, Instant now, std::set<DebtorId> &touched,
                                 ImportResult &result) {
  if (record.id.empty())
    return refuse(result, index, "the payment has no id; without one it could be counted twice");
  if (record.amount.minor <= 0)
    return refuse(result, index,
                  "the amount of payment " + record.id + " is not positive; use the kind to tell a reversal");
  const auto found = receivable_by_number(creditor, record.invoice_number);
  if (!found)
    return refuse(
        result, index,
        "invoice " + record.invoice_number + " of payment " + record.id + " is unknown; import it first");
  ReceivableRow row{*found};
  const std::string currency{record.amount.currency.code()};
  {
    Query query{*connection_,
                "SELECT receivable, kind, day, amount, currency FROM payment WHERE creditor = ? AND code = ?",
                creditor, record.id};
    if (query.next()) {
      const bool is_same{query.i64(0) == row.id && query.as<PaymentKind>(1) == record.kind &&
                         query.day(2) == record.date && query.i64(3) == record.amount.minor &&
                         query.text(4) == currency};
      if (is_same)
        ++result.unchanged;
      else
        refuse(
            result, index,
            "payment " + record.id + " is known with another invoice, date, kind or amount; ids are unique");
      return;
    }
  }
  if (row.currency != currency)
    return refuse(result, index,
                  "payment " + record.id + " is in " + currency + ", invoice " + record.invoice_number +
                      " in " + row.currency);
  // The words of a transfer may name a person: of one who was erased they are not kept.
  run(*connection_, "INSERT INTO payment VALUES (?,?,?,?,?,?,?,?,?)", creditor, record.id, row.debtor, row.id,
      record.kind, record.date, record.amount.minor, currency,
      is_erased({creditor, row.debtor}) ? std::string{} : record.reference);
  const std::int64_t paid{record.kind == PaymentKind::reversal ? -record.amount.minor : record.amount.minor};
  const std::int64_t balance{row.balance - paid};
  static constexpr const char *kKinds[]{"payment", "credit_note", "reversal"};
  Payload payload;
  payload.text("payment", record.id).text("invoice", record.invoice_number).date("date", record.date);
  payload.text("amount", domain::format_money(record.amount)).number("balance_minor", balance);
  journal_entry(unit, creditor, row.case_id, now, kKinds[static_cast<std::size_t>(record.kind)], payload);
  keep_promises(unit, creditor, row, paid, now);
  const bool was_open{row.balance > 0};
  set_balance(unit, creditor, row, balance, now);
  if (was_open && balance <= 0) ++result.settled;
  if (balance < 0 && paid > 0)
    result.warnings.push_back("payment " + record.id + " pays " + money(-balance, record.amount.currency) +
                              " too much for invoice " + record.invoice_number +
                              "; it is kept as a credit on the invoice");
  ++result.added;
  difference(result, "payment " + record.id + ": invoice " + record.invoice_number + " open " +
                         money(found->balance, record.amount.currency) + " -> " +
                         money(balance, record.amount.currency));
  touched.insert(row.debtor);
}

void SqliteStore::set_balance(Unit &unit, CreditorId creditor, ReceivableRow &row, std::int64_t balance,
                              Instant now) {
  const bool was_settled{row.state == ItemState::paid};
  row.balance = balance;
  if (balance <= 0 && (row.state == ItemState::open || row.state == ItemState::disputed))
    row.state = ItemState::paid;
  const bool is_back{balance > 0 && was_settled};
  if (is_back) row.state = row.is_disputed ? ItemState::disputed : ItemState::open;
  const bool is_settled{row.state == ItemState::paid || row.state == ItemState::written_off};
  const CivilDate today{std::chrono::floor<Days>(now).time_since_epoch()};
  run(*connection_,
      "UPDATE receivable SET balance = ?, state = ?, settled_on = iif(?, coalesce(settled_on, ?), NULL)"
      " WHERE creditor = ? AND debtor = ? AND id = ?",
      balance, row.state, is_settled, today, creditor, row.debtor, row.id);
  if (is_settled && !was_settled) note_settled({creditor, row.debtor}, now);
  withdraw(unit, {creditor, row.debtor}, {row.id}, "the balance changed", now);
  if (row.state == ItemState::paid) want_recalls(unit, {creditor, row.debtor}, row.id, now);
  if (!is_back) return;
  // Money that came and went again: what was sent before belongs to a debt that was settled.
  run(*connection_,
      "UPDATE receivable SET round = round + 1, step = -1, level = 0, sent_on = NULL, sent_step = -1, "
      "was_reminded = 0,"
      " is_thanked = 0, reminder = 0 WHERE creditor = ? AND debtor = ? AND id = ?",
      creditor, row.debtor, row.id);
  run(*connection_, "UPDATE case_ SET state = 1 WHERE creditor = ? AND debtor = ? AND id = ? AND state = 2",
      creditor, row.debtor, row.case_id);
  Payload payload;
  payload.number("receivable", row.id)
      .number("round", row.round + 1)
      .text("because", "open again after it was settled");
  journal_entry(unit, creditor, row.case_id, now, "round", payload);
}

void SqliteStore::note_settled(DebtorKey key, Instant now) {
  const CivilDate today{std::chrono::floor<Days>(now).time_since_epoch()};
  run(*connection_, "INSERT OR IGNORE INTO settled_year VALUES (?, ?, ?)", domain::year_of(today), key.creditor,
      key.debtor);
}

void SqliteStore::keep_promises(Unit &unit, CreditorId creditor, const ReceivableRow &row, std::int64_t paid,
                                Instant now) {
  struct Kept {
    domain::PromiseId id;
    std::int64_t missing;
  };
  std::vector<Kept> promises;
  {
    Query query{
        *connection_,
        "SELECT id, missing FROM promise WHERE creditor = ? AND debtor = ? AND state = 0 AND case_id = ?"
        " AND receivable IN (0, ?)",
        creditor,
        row.debtor,
        row.case_id,
        row.id};
    while (query.next()) promises.push_back({query.i64(0), query.i64(1) - paid});
  }
  for (const auto &promise : promises) {
    const bool is_kept{promise.missing <= 0};
    run(*connection_,
        "UPDATE promise SET missing = ?, state = ? WHERE creditor = ? AND debtor = ? AND id = ?",
        promise.missing, is_kept ? 1 : 0, creditor, row.debtor, promise.id);
    if (!is_kept) continue;
    Payload payload;
    payload.number("promise", promise.id);
    journal_entry(unit, creditor, row.case_id, now, "promise_kept", payload);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Open-items lists

Result<void> SqliteStore::begin_snapshot(CreditorId creditor) {
  return guarded("beginning an open-items list", [&]() -> Result<void> {
    Unit unit{*connection_, journal_};
    run(*connection_, "DELETE FROM snapshot_seen WHERE creditor = ?", creditor);
    unit.then([this, creditor] { in_snapshot_.insert(creditor); });
    unit.commit();
    return {};
  });
}

Result<ImportResult> SqliteStore::end_snapshot(CreditorId creditor, Instant now,
                                               std::int32_t vanish_max_percent, bool dry_run) {
  return guarded("ending an open-items list", [&]() -> Result<ImportResult> {
    if (!in_snapshot_.contains(creditor))
      return conflict("no open-items list was begun since the daemon started; import the whole list again");
    struct Vanished {
      std::string number;
    };
    std::vector<Vanished> vanished;
    std::int64_t open{0};
    {
      Query query{*connection_,
                  "SELECT number, EXISTS (SELECT 1 FROM snapshot_seen s WHERE s.creditor = r.creditor AND "
                  "s.receivable = r.id)"
                  " FROM receivable r WHERE creditor = ? AND state IN (0, 2)",
                  creditor};
      while (query.next()) {
        ++open;
        if (!query.flag(1)) vanished.push_back({query.text(0)});
      }
    }
    const auto count = static_cast<std::int64_t>(vanished.size());
    if (count * 100 > open * vanish_max_percent) {
      in_snapshot_.erase(creditor);
      return conflict(std::to_string(count) + " of " + std::to_string(open) +
                      " open items are absent from the list, more than " +
                      std::to_string(vanish_max_percent) +
                      " %: check that the list is complete, then confirm");
    }
    ImportResult result;
    std::set<DebtorId> touched;
    Unit unit{*connection_, journal_};
    for (const auto &one : vanished) {
      auto row = receivable_by_number(creditor, one.number);
      if (!row) continue;
      Payload payload;
      payload.text("invoice", one.number).number("balance_minor", row->balance);
      journal_entry(unit, creditor, row->case_id, now, "settled_by_list", payload);
      difference(result, "invoice " + one.number + " is absent: settled, " +
                             money(row->balance, known_currency(row->currency)) + " -> 0");
      run(*connection_, "UPDATE receivable SET stated_open = 0 WHERE creditor = ? AND debtor = ? AND id = ?",
          creditor, row->debtor, row->id);
      keep_promises(unit, creditor, *row, row->balance, now);
      set_balance(unit, creditor, *row, 0, now);
      touched.insert(row->debtor);
      ++result.settled;
    }
    for (const auto debtor : touched) touch(unit, {creditor, debtor}, now);
    run(*connection_, "DELETE FROM snapshot_seen WHERE creditor = ?", creditor);
    if (!dry_run) unit.commit();
    in_snapshot_.erase(creditor);
    return result;
  });
}

}  // namespace relance::store::sqlite
