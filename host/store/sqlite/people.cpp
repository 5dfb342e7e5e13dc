// What people do: promises, disputes, holds, suppressions, approvals, tasks, words on what is in doubt. Each
// withdraws the intents that it makes wrong, in its own transaction, and wakes the debtor.
#include "host/store/sqlite/sqlite_store.hpp"

#include <array>

namespace relance::store::sqlite {
namespace {

using domain::ItemState;

/// A later day is a typing error, or nothing that reminders should rest for.
constexpr Days kPromiseWithin{2 * 366};

Error no_invoice(std::string_view number) {
  return not_found("there is no invoice " + std::string{number});
}
Error no_debtor(std::string_view code) {
  return not_found("there is no debtor " + std::string{code});
}

}  // namespace

Result<domain::PromiseId> SqliteStore::promise(CreditorId creditor, std::string_view debtor_code,
                                               std::string_view invoice_number, CivilDate date,
                                               std::optional<std::int64_t> amount_minor, std::string_view by,
                                               Instant now) {
  return guarded("noting a promise", [&]() -> Result<domain::PromiseId> {
    Unit unit{*connection_, journal_};
    auto noted =
        note_promise(unit, creditor, debtor_code, invoice_number, date, {amount_minor, {}}, by, now);
    if (noted) unit.commit();
    return noted;
  });
}

Result<domain::PromiseId> SqliteStore::note_promise(Unit &unit, CreditorId creditor,
                                                    std::string_view debtor_code,
                                                    std::string_view invoice_number, CivilDate date,
                                                    const Promised &promised, std::string_view by,
                                                    Instant now) {
  // The creditor's day may still be the one before that of UTC.
  const CivilDate today{std::chrono::floor<Days>(now).time_since_epoch()};
  if (date < today - Days{1})
    return invalid("the " + format_date(date) + " is past: say for which day it is promised", "/date");
  if (date > today + kPromiseWithin)
    return invalid("the " + format_date(date) +
                       " is more than two years away: put it on hold until then (relancectl hold)",
                   "/date");
  DebtorId debtor{0};
  CaseId case_id{0};
  ReceivableId receivable{0};
  std::int64_t open{0};
  if (!invoice_number.empty()) {
    const auto row = receivable_by_number(creditor, invoice_number);
    if (!row) return no_invoice(invoice_number);
    debtor = row->debtor;
    case_id = row->case_id;
    receivable = row->id;
    open = row->state == ItemState::written_off ? 0 : row->balance;
  } else {
    const auto found = debtor_by_code(creditor, debtor_code);
    if (!found) return no_debtor(debtor_code);
    debtor = *found;
    Query query{*connection_,
                "SELECT case_id, sum(balance) FROM receivable WHERE creditor = ? AND debtor = ? AND state "
                "= 0 AND balance > 0"
                " GROUP BY case_id",
                creditor, debtor};
    if (query.next()) {
      case_id = query.i64(0);
      open = query.i64(1);
      if (query.next())
        return conflict("debtor " + std::string{debtor_code} +
                        " has several cases open: name the invoice that is promised");
    }
  }
  if (open <= 0) return conflict("nothing is open there: there is nothing to promise");
  const std::int64_t amount{promised.amount_minor.value_or(open)};
  if (amount <= 0) return invalid("a promised amount is positive", "/amount");
  if (auto fits = fits_what_is_open({creditor, debtor}, case_id, amount, open, promised.currency); !fits)
    return fits.error();
  const domain::PromiseId id{++last_.promise};
  run(*connection_, "INSERT INTO promise VALUES (?,?,?,?,?,?,?,?,0,?,?)", creditor, debtor, id, case_id,
      receivable, date, amount, amount, by, now);
  const DebtorKey key{creditor, debtor};
  add_extras(key, kHasPromises);
  std::vector<ReceivableId> items;
  if (receivable != 0) items.push_back(receivable);
  withdraw(unit, key, items, "a promise was given", now);
  Payload payload;
  payload.number("promise", id)
      .number("receivable", receivable)
      .date("date", date)
      .number("amount_minor", amount);
  payload.text("by", by);
  journal_entry(unit, creditor, case_id, now, "promise", payload);
  touch(unit, key, now);
  save_last_ids();
  return id;
}

Result<void> SqliteStore::fits_what_is_open(DebtorKey key, CaseId case_id, std::int64_t amount,
                                            std::int64_t open,
                                            const std::optional<domain::Currency> &currency) {
  Query query{*connection_, "SELECT currency FROM case_ WHERE creditor = ? AND debtor = ? AND id = ?", key.creditor,
              key.debtor, case_id};
  const auto owed = domain::Currency::parse(query.next() ? query.text(0) : std::string{});
  if (!owed) return {};
  if (currency && *currency != *owed)
    return invalid("what is promised is owed in " + std::string{owed->code()} + ", not in " +
                       std::string{currency->code()},
                   "/amount");
  // It could not be kept: reminders would go on though everything was paid.
  if (amount > open)
    return invalid("only " + domain::format_money({open, *owed}) + " is open there", "/amount");
  return {};
}

Result<void> SqliteStore::set_item_state(CreditorId creditor, std::string_view invoice_number, ItemState from,
                                         ItemState to, const char *kind, std::string_view because,
                                         std::string_view by, Instant now) {
  return guarded(kind, [&]() -> Result<void> {
    Unit unit{*connection_, journal_};
    auto moved = move_item(unit, creditor, invoice_number, from, to, kind, because, by, now);
    if (moved) unit.commit();
    return moved;
  });
}

Result<void> SqliteStore::move_item(Unit &unit, CreditorId creditor, std::string_view invoice_number,
                                    ItemState from, ItemState to, const char *kind, std::string_view because,
                                    std::string_view by, Instant now) {
  const auto row = receivable_by_number(creditor, invoice_number);
  if (!row) return no_invoice(invoice_number);
  const bool fits{row->state == from || (to == ItemState::written_off && row->state == ItemState::disputed)};
  if (!fits) {
    static constexpr std::array<const char *, 4> kStates{"open", "paid", "disputed", "written off"};
    return conflict("invoice " + std::string{invoice_number} + " is " +
                    kStates.at(static_cast<std::size_t>(row->state)));
  }
  const bool is_given_up{to == ItemState::written_off};
  const CivilDate today{std::chrono::floor<Days>(now).time_since_epoch()};
  run(*connection_,
      "UPDATE receivable SET state = ?, is_disputed = ?, settled_on = iif(?, ?, NULL)"
      " WHERE creditor = ? AND debtor = ? AND id = ?",
      to, to == ItemState::disputed, is_given_up, today, creditor, row->debtor, row->id);
  const DebtorKey key{creditor, row->debtor};
  if (is_given_up) note_settled(key, now);
  if (to != ItemState::open) withdraw(unit, key, {row->id}, kind, now);
  if (to == ItemState::written_off) want_recalls(unit, key, row->id, now);
  Payload payload;
  payload.text("invoice", invoice_number).text("because", because).text("by", by);
  journal_entry(unit, creditor, row->case_id, now, kind, payload);
  touch(unit, key, now);
  return {};
}

Result<void> SqliteStore::dispute(CreditorId creditor, std::string_view invoice_number,
                                  std::string_view reason, std::string_view by, Instant now) {
  return set_item_state(creditor, invoice_number, ItemState::open, ItemState::disputed, "dispute", reason, by,
                        now);
}

Result<void> SqliteStore::resolve_dispute(CreditorId creditor, std::string_view invoice_number,
                                          std::string_view because, std::string_view by, Instant now) {
  return set_item_state(creditor, invoice_number, ItemState::disputed, ItemState::open, "dispute_resolved",
                        because, by, now);
}

Result<void> SqliteStore::write_off(CreditorId creditor, std::string_view invoice_number,
                                    std::string_view because, std::string_view by, Instant now) {
  return set_item_state(creditor, invoice_number, ItemState::open, ItemState::written_off, "write_off",
                        because, by, now);
}

// ---------------------------------------------------------------------------------------------------------------------
// Holds

Result<void> SqliteStore::hold(CreditorId creditor, HoldScope scope, std::string_view subject,
                               std::optional<CivilDate> until, std::string_view because, std::string_view by,
                               Instant now) {
  return set_hold(creditor, scope, subject, until.value_or(kFarDay), because, by, now);
}

Result<void> SqliteStore::release_hold(CreditorId creditor, HoldScope scope, std::string_view subject,
                                       std::string_view by, Instant now) {
  return set_hold(creditor, scope, subject, std::nullopt, "released", by, now);
}

Result<void> SqliteStore::set_hold(CreditorId creditor, HoldScope scope, std::string_view subject,
                                   std::optional<CivilDate> until, std::string_view because,
                                   std::string_view by, Instant now) {
  return guarded("holding", [&]() -> Result<void> {
    const char *const kind{until ? "hold" : "release"};
    Payload payload;
    payload.text("subject", subject)
        .text("until", until ? format_date(*until) : "")
        .text("because", because)
        .text("by", by);
    if (scope == HoldScope::receivable) {
      const auto row = receivable_by_number(creditor, subject);
      if (!row) return no_invoice(subject);
      Unit unit{*connection_, journal_};
      run(*connection_, "UPDATE receivable SET held_until = ? WHERE creditor = ? AND debtor = ? AND id = ?",
          until, creditor, row->debtor, row->id);
      if (until) withdraw(unit, {creditor, row->debtor}, {row->id}, "held", now);
      journal_entry(unit, creditor, row->case_id, now, kind, payload);
      touch(unit, {creditor, row->debtor}, now);
      unit.commit();
      return {};
    }
    if (scope == HoldScope::debtor) {
      const auto debtor = debtor_by_code(creditor, subject);
      if (!debtor) return no_debtor(subject);
      const DebtorKey key{creditor, *debtor};
      Unit unit{*connection_, journal_};
      run(*connection_, "UPDATE debtor_state SET held_until = ? WHERE creditor = ? AND id = ?", until,
          creditor, *debtor);
      if (until) withdraw(unit, key, {}, "held", now);
      journal_entry(unit, creditor, first_case(key), now, kind, payload);
      touch(unit, key, now);
      unit.commit();
      return {};
    }
    Unit unit{*connection_, journal_};
    if (until) {
      run(*connection_, "INSERT OR REPLACE INTO hold VALUES (?, ?, ?, ?, ?)", creditor, scope, subject,
          *until, because);
      hold_many(unit, creditor, scope, subject, now);
    } else {
      if (run(*connection_, "DELETE FROM hold WHERE creditor = ? AND scope = ? AND subject = ?", creditor,
              scope, subject) == 0)
        return not_found("there is no hold on " + std::string{subject});
      wake_many(unit, creditor, scope, subject, now);
    }
    journal_entry(unit, creditor, 0, now, kind, payload);
    unit.commit();
    return {};
  });
}

bool SqliteStore::is_in_scope(DebtorKey key, CreditorId creditor, HoldScope scope, std::string_view subject) {
  if (key.creditor != creditor) return false;
  if (scope == HoldScope::creditor) return true;
  Query query{*connection_, "SELECT segment = ? FROM debtor WHERE creditor = ? AND id = ?", subject,
              key.creditor, key.debtor};
  return query.next() && query.flag(0);
}

void SqliteStore::hold_many(Unit &unit, CreditorId creditor, HoldScope scope, std::string_view subject,
                            Instant now) {
  // Everybody else meets the hold when their facts are read next; these were read before it.
  std::set<DebtorKey> concerned;
  for (const auto &[key, lease] : leases_)
    if (is_in_scope(key, creditor, scope, subject)) concerned.insert(key);
  for (const auto &[id, attempt] : unfinished_)
    if (is_in_scope(attempt.key, creditor, scope, subject)) concerned.insert(attempt.key);
  for (const auto &key : concerned) {
    withdraw(unit, key, {}, "held", now);
    touch(unit, key, now);
  }
}

void SqliteStore::wake_many(Unit &unit, CreditorId creditor, HoldScope scope, std::string_view subject,
                            Instant now) {
  std::vector<DebtorId> debtors;
  {
    Query query{*connection_, "SELECT id FROM debtor WHERE creditor = ? AND (? OR segment = ?)", creditor,
                scope == HoldScope::creditor, subject};
    while (query.next()) debtors.push_back(query.i64(0));
  }
  for (const auto debtor : debtors) touch(unit, {creditor, debtor}, now);
}

// ---------------------------------------------------------------------------------------------------------------------
// Suppressions, approvals, tasks

Result<void> SqliteStore::suppress(CreditorId creditor, std::string_view channel, std::string_view address,
                                   std::string_view because, Instant now) {
  return guarded("suppressing an address", [&]() -> Result<void> {
    if (channel.empty() || address.empty()) return invalid("a suppression needs a channel and an address");
    Unit unit{*connection_, journal_};
    mark_suppressed(unit, creditor, channel, address, because, now);
    unit.commit();
    return {};
  });
}

Result<void> SqliteStore::lift_suppression(CreditorId creditor, std::string_view channel,
                                           std::string_view address, std::string_view by, Instant now) {
  return guarded("lifting a suppression", [&]() -> Result<void> {
    Unit unit{*connection_, journal_};
    if (run(*connection_, "DELETE FROM suppression WHERE creditor = ? AND channel = ? AND address = ?",
            creditor, channel, address) == 0)
      return not_found("the " + std::string{channel} + " address " + std::string{address} +
                       " is not suppressed");
    run(*connection_,
        "UPDATE contact_point SET suppressed_because = NULL WHERE creditor = ? AND channel = ? AND address = "
        "?",
        creditor, channel, address);
    std::vector<DebtorId> debtors;
    {
      Query query{
          *connection_,
          "SELECT DISTINCT debtor FROM contact_point WHERE creditor = ? AND channel = ? AND address = ?",
          creditor, channel, address};
      while (query.next()) debtors.push_back(query.i64(0));
    }
    for (const auto debtor : debtors) {
      Payload payload;
      payload.text("channel", channel).text("address", address).text("by", by);
      journal_entry(unit, creditor, first_case({creditor, debtor}), now, "suppression_lifted", payload);
      touch(unit, {creditor, debtor}, now);
    }
    unit.commit();
    return {};
  });
}

Result<void> SqliteStore::decide_approvals(CreditorId creditor, std::span<const domain::ApprovalId> ids,
                                           bool approve, std::string_view by, Instant now) {
  return guarded("deciding approvals", [&]() -> Result<void> {
    Unit unit{*connection_, journal_};
    for (const auto id : ids) {
      DebtorKey key{creditor, 0};
      CaseId case_id{0};
      {
        Query query{*connection_,
                    "SELECT debtor, case_id, state, is_spent FROM approval WHERE creditor = ? AND id = ?",
                    creditor, id};
        if (!query.next())
          return not_found("there is no approval " + std::to_string(id) + "; nothing was decided");
        if (query.i64(2) != 0 || query.flag(3))
          return conflict("approval " + std::to_string(id) +
                          " is decided or out of date already; nothing was decided");
        key.debtor = query.i64(0);
        case_id = query.i64(1);
      }
      run(*connection_, "UPDATE approval SET state = ?, decided_by = ? WHERE creditor = ? AND id = ?",
          approve ? domain::ApprovalState::approved : domain::ApprovalState::rejected, by, creditor, id);
      Payload payload;
      payload.number("approval", id).text("by", by);
      journal_entry(unit, creditor, case_id, now, approve ? "approved" : "rejected", payload);
      touch(unit, key, now);
    }
    unit.commit();
    return {};
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// Words on reminders

Result<void> SqliteStore::resolve_in_doubt(CreditorId creditor, AttemptId id, bool was_sent,
                                           std::string_view because, std::string_view by, Instant now) {
  return guarded("resolving a doubt", [&]() -> Result<void> {
    const auto attempt = attempt_by_id(creditor, id);
    if (!attempt) return not_found("there is no attempt " + std::to_string(id));
    if (attempt->state != AttemptState::in_doubt)
      return conflict("attempt " + std::to_string(id) + " is not in doubt");
    Unit unit{*connection_, journal_};
    run(*connection_, "UPDATE attempt SET state = ? WHERE creditor = ? AND id = ?",
        was_sent ? AttemptState::accepted : AttemptState::not_sent, creditor, id);
    if (was_sent) want_recall(unit, creditor, id, now);
    refresh_reminder(unit, attempt->key, attempt->reminder);
    tally_change(unit, attempt->state, was_sent ? AttemptState::accepted : AttemptState::not_sent);
    Payload payload;
    payload.number("attempt", id)
        .number("reminder", attempt->reminder)
        .text("was", was_sent ? "sent" : "not_sent");
    payload.text("because", because).text("by", by);
    journal_entry(unit, creditor, attempt->case_id, now, "in_doubt_resolved", payload);
    touch(unit, attempt->key, now);
    unit.commit();
    return {};
  });
}

Result<void> SqliteStore::resend_reminder(CreditorId creditor, ReminderId id, std::string_view because,
                                          std::string_view by, Instant now) {
  return guarded("restarting a reminder", [&]() -> Result<void> {
    const auto debtor = debtor_of_reminder(creditor, id);
    if (!debtor) return not_found("there is no reminder " + std::to_string(id));
    const DebtorKey key{creditor, *debtor};
    Unit unit{*connection_, journal_};
    refresh_reminder(unit, key, id);
    CaseId case_id{0};
    std::int64_t step{0};
    {
      Query query{*connection_,
                  "SELECT case_id, step, state FROM reminder WHERE creditor = ? AND debtor = ? AND id = ?",
                  creditor, *debtor, id};
      if (!query.next()) return not_found("there is no reminder " + std::to_string(id));
      const auto state = query.i64(2);
      if (state == 0) return conflict("reminder " + std::to_string(id) + " is on its way");
      if (state == 1) return conflict("reminder " + std::to_string(id) + " is in doubt: resolve that first");
      if (state == 2)
        return conflict("reminder " + std::to_string(id) + " was not sent and will be tried again by itself");
      case_id = query.i64(0);
      step = query.i64(1);
      if (step >= kRetiredStep)
        return conflict("reminder " + std::to_string(id) + " was of a step that its scenario no longer has");
    }
    std::vector<std::int64_t> items;
    {
      Query query{*connection_,
                  "SELECT receivable FROM reminder_item WHERE creditor = ? AND debtor = ? AND reminder = ? AND is_moved",
                  creditor, *debtor, id};
      while (query.next()) items.push_back(query.i64(0));
    }
    withdraw(unit, key, items, "an earlier reminder is sent again", now);
    for (const auto item : items)
      run(*connection_,
          "UPDATE receivable SET round = round + 1, step = ?, sent_on = NULL, sent_step = -1, was_reminded = "
          "0, reminder = 0"
          " WHERE creditor = ? AND debtor = ? AND id = ?",
          step - 1, creditor, *debtor, item);
    run(*connection_,
        "UPDATE reminder SET is_live = 0, pending_reactions = 0 WHERE creditor = ? AND debtor = ? AND id = ?",
        creditor, *debtor, id);
    Payload payload;
    payload.number("reminder", id)
        .ids("items", items)
        .number("step", step - 1)
        .text("because", because)
        .text("by", by);
    journal_entry(unit, creditor, case_id, now, "round", payload);
    touch(unit, key, now);
    unit.commit();
    return {};
  });
}

Result<void> SqliteStore::cancel_reminder(CreditorId creditor, ReminderId id, std::string_view because,
                                          std::string_view by, Instant now) {
  return guarded("cancelling a reminder", [&]() -> Result<void> {
    const auto debtor = debtor_of_reminder(creditor, id);
    if (!debtor) return not_found("there is no reminder " + std::to_string(id));
    const DebtorKey key{creditor, *debtor};
    Unit unit{*connection_, journal_};
    CaseId case_id{0};
    AttemptId attempt{0};
    {
      Query query{*connection_,
                  "SELECT case_id, attempt FROM reminder WHERE creditor = ? AND debtor = ? AND id = ?",
                  creditor, *debtor, id};
      if (!query.next()) return not_found("there is no reminder " + std::to_string(id));
      case_id = query.i64(0);
      attempt = query.i64(1);
    }
    if (const auto open = unfinished_.find(attempt);
        open != unfinished_.end() && open->second.epoch == epoch_ && !open->second.is_handed_over) {
      run(*connection_, "UPDATE attempt SET state = 6, is_withdrawn = 1 WHERE creditor = ? AND id = ?",
          creditor, attempt);
      forget_unfinished(unit, attempt);
    }
    refresh_reminder(unit, key, id);
    {
      Query query{*connection_, "SELECT state FROM reminder WHERE creditor = ? AND debtor = ? AND id = ?",
                  creditor, *debtor, id};
      query.next();
      if (query.i64(0) != static_cast<std::int64_t>(domain::ReminderState::not_sent))
        return conflict("reminder " + std::to_string(id) +
                        " has gone out, or may have: it cannot be cancelled");
    }
    void_reminder(unit, key, id);
    // The items stay past the step: a cancelled reminder is not due again the next moment.
    run(*connection_,
        "UPDATE receivable SET step = max(step, (SELECT iif(step >= ?4, -1, step) FROM reminder"
        " WHERE creditor = ?1 AND debtor = ?2 AND id = ?3))"
        " WHERE creditor = ?1 AND debtor = ?2 AND id IN (SELECT receivable FROM reminder_item WHERE creditor "
        "= ?1"
        " AND debtor = ?2 AND reminder = ?3 AND is_moved)",
        creditor, *debtor, id, kRetiredStep);
    Payload payload;
    payload.number("reminder", id).text("because", because).text("by", by);
    journal_entry(unit, creditor, case_id, now, "cancelled", payload);
    touch(unit, key, now);
    unit.commit();
    return {};
  });
}

}  // namespace relance::store::sqlite
