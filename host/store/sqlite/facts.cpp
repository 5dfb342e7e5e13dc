// Each reading is one range of a key that starts with (creditor, debtor); side tables are skipped unless the
// debtor's extras say that they ever held a row.
#include "host/store/sqlite/facts.hpp"

#include <algorithm>

namespace relance::store::sqlite {
namespace {

using domain::ItemState;
using domain::ReminderState;

CaseView *case_of(Claim &claim, CaseId id) {
  for (auto &view : claim.cases)
    if (view.facts.id == id) return &view;
  return nullptr;
}

bool is_listed(const domain::CaseFacts &facts, ReceivableId id) {
  return std::any_of(facts.reminders.begin(), facts.reminders.end(), [id](const auto &reminder) {
    return std::find(reminder.items.begin(), reminder.items.end(), id) != reminder.items.end();
  });
}

}  // namespace

FactsReader::FactsReader(Connection &connection) : connection_{connection} {
  Query query{connection_, "SELECT creditor, scope, subject, until FROM hold WHERE scope IN (2, 3)"};
  static_assert(static_cast<int>(HoldScope::segment) == 2 && static_cast<int>(HoldScope::creditor) == 3);
  while (query.next())
    holds_.push_back(
        {query.i32(0), query.as<HoldScope>(1) == HoldScope::segment, query.text(2), query.day(3)});
  Query recalls{connection_, "SELECT attempt FROM recall WHERE state = 0"};
  while (recalls.next()) recalls_.insert(recalls.i64(0));
}

bool FactsReader::read(CreditorId creditor, DebtorId debtor, std::optional<Instant> now, Claim &claim,
                       DebtorRow &row) {
  std::optional<CivilDate> held;
  {
    Query query{connection_,
                "SELECT s.facts_version, s.next_at, s.extras, s.contacted_on, s.held_until, s.reply_tasks, "
                "d.code, d.name,"
                " d.country, d.region, d.language, d.segment, d.time_zone, d.is_consumer FROM debtor_state s"
                " JOIN debtor d ON d.creditor = s.creditor AND d.id = s.id WHERE s.creditor = ? AND s.id = ?",
                creditor, debtor};
    if (!query.next()) return false;
    claim.creditor = creditor;
    claim.debtor = debtor;
    claim.facts_version = query.i64(0);
    row.next_at = claim.next_at = query.instant(1);
    row.extras = query.i64(2);
    row.contacted_on = query.day_if(3);
    held = query.i64(5) > 0 || (row.extras & kIsErased) != 0 ? kFarDay : query.day_if(4);
    claim.code = query.text(6);
    claim.name = query.text(7);
    claim.country = query.text(8);
    claim.region = query.text(9);
    claim.language = query.text(10);
    claim.segment = query.text(11);
    claim.time_zone = query.text(12);
    claim.is_consumer = query.flag(13);
  }
  for (const auto &hold : holds_)
    if (hold.creditor == creditor && (!hold.is_segment || hold.segment == claim.segment))
      held = held ? std::max(*held, hold.until) : hold.until;
  read_contacts(claim);
  read_cases(claim);
  for (auto &view : claim.cases) {
    view.facts.facts_version = claim.facts_version;
    view.facts.held_until = held;
    view.facts.contacted_on = row.contacted_on;
  }
  if ((row.extras & kHasReminders) != 0) read_reminders(claim, row);
  read_items(claim, row);
  if ((row.extras & kHasPromises) != 0) read_promises(claim);
  if ((row.extras & kHasApprovals) != 0) read_approvals(claim, now);
  return true;
}

void FactsReader::read_contacts(Claim &claim) {
  Query query{connection_,
              "SELECT id, channel, address, name, has_consent, suppressed_because FROM contact_point"
              " WHERE creditor = ? AND debtor = ?",
              claim.creditor, claim.debtor};
  while (query.next()) {
    auto &contact = claim.contacts.emplace_back();
    contact.id = query.i64(0);
    contact.channel = query.text(1);
    contact.address = query.text(2);
    contact.name = query.text(3);
    contact.has_consent = query.flag(4);
    contact.is_suppressed = !query.is_null(5);
    if (contact.is_suppressed) contact.suppressed_because = query.text(5);
  }
}

void FactsReader::read_cases(Claim &claim) {
  Query query{connection_,
              "SELECT id, currency, state, scenario FROM case_ WHERE creditor = ? AND debtor = ?",
              claim.creditor, claim.debtor};
  while (query.next()) {
    auto &view = claim.cases.emplace_back();
    view.facts.creditor = claim.creditor;
    view.facts.debtor = claim.debtor;
    view.facts.id = query.i64(0);
    if (const auto currency = domain::Currency::parse(query.text(1))) view.facts.currency = *currency;
    view.facts.state = query.as<domain::CaseState>(2);
    view.scenario = query.text(3);
  }
}

void FactsReader::read_reminders(Claim &claim, DebtorRow &row) {
  Query query{
      connection_,
      "SELECT id, case_id, step, round, state, delivery, failure, decided_on, retry_at, attempts, "
      "channels_tried,"
      " is_superseded, asked_in_doubt, is_thank_you, pending_reactions, attempt, receipt_on, silent_attempt FROM reminder"
      " WHERE creditor = ? AND debtor = ? AND is_live",
      claim.creditor, claim.debtor};
  while (query.next()) {
    CaseView *const view{case_of(claim, query.i64(1))};
    if (view == nullptr) continue;
    auto &reminder = view->facts.reminders.emplace_back();
    reminder.id = query.i64(0);
    reminder.step = query.i32(2);
    reminder.round = query.i32(3);
    reminder.state = query.as<ReminderState>(4);
    reminder.delivery = {query.as<domain::ReceiptKind>(5), query.as<domain::FailureClass>(6)};
    reminder.decided_on = query.day(7);
    reminder.retry_at = query.instant_if(8);
    reminder.attempts = query.i32(9);
    reminder.channels_tried = query.i32(10);
    reminder.is_superseded = query.flag(11);
    reminder.asked_in_doubt = query.i64(12) == 1;
    reminder.was_resent = query.i64(12) == 2;
    reminder.is_thank_you = query.flag(13);
    reminder.pending_reactions = query.as<std::uint32_t>(14);
    reminder.receipt_on = query.day_if(16);
    const AttemptId silent{query.i64(17)};
    reminder.is_silent = silent != 0;
    reminder.is_silence_followed = reminder.is_silent && silent != query.i64(15);
    if (reminder.state == ReminderState::open) {
      // An accepted outcome is written to the attempt alone: the reminder's row says "open" until something
      // else happens.
      Query attempt{connection_, "SELECT state, delivery, failure FROM attempt WHERE creditor = ? AND id = ?",
                    claim.creditor, query.i64(15)};
      if (attempt.next() && attempt.as<AttemptState>(0) == AttemptState::accepted) {
        reminder.state = ReminderState::sent;
        reminder.delivery = {attempt.as<domain::ReceiptKind>(1), attempt.as<domain::FailureClass>(2)};
      } else {
        row.has_open_attempt = true;
      }
    }
    const bool is_about_silence{reminder.is_silent && reminder.state == ReminderState::sent && reminder.pending_reactions != 0};
    if (reminder.state == ReminderState::in_doubt || reminder.state == ReminderState::not_sent || is_about_silence) {
      Query attempt{connection_, "SELECT channel, channel_index FROM attempt WHERE id = ?",
                    is_about_silence ? silent : query.i64(15)};
      if (attempt.next()) {
        reminder.channel = attempt.text(0);
        reminder.channel_index = attempt.i32(1);
      }
    }
    if (reminder.state == ReminderState::not_sent ||
        (reminder.state == ReminderState::negative && reminder.pending_reactions != 0))
      read_tried(query.i64(15), reminder);
    if (!recalls_.empty() && recalls_.contains(query.i64(15))) {
      reminder.state = ReminderState::open;  // whether it went out is being asked
      row.has_open_attempt = true;
    }
    Query items{connection_,
                "SELECT receivable FROM reminder_item WHERE creditor = ? AND debtor = ? AND reminder = ?",
                claim.creditor, claim.debtor, reminder.id};
    while (items.next()) reminder.items.push_back(items.i64(0));
  }
}

/// By which providers the reminder could not go, the newest attempt first: another may take it.
void FactsReader::read_tried(AttemptId attempt, domain::ReminderFacts &reminder) {
  for (bool is_last{true}; attempt != 0; is_last = false) {
    Query query{connection_,
                "SELECT previous, provider, channel, channel_index, state, delivery, failure, code, text FROM attempt"
                " WHERE id = ?",
                attempt};
    if (!query.next()) return;
    attempt = query.i64(0);
    const auto state = query.as<AttemptState>(4);
    const bool is_final{state == AttemptState::rejected || domain::is_negative(query.as<domain::ReceiptKind>(5))};
    if (is_last) {
      reminder.channel = query.text(2);
      reminder.channel_index = query.i32(3);
    }
    if ((!is_final && state != AttemptState::not_sent) || query.text(7) == "withdrawn") continue;
    const auto provider = query.text(1);
    const auto known = std::find_if(reminder.tried.begin(), reminder.tried.end(),
                                    [&](const auto &one) { return one.provider == provider; });
    auto &tried = known != reminder.tried.end() ? *known : reminder.tried.emplace_back();
    ++tried.times;
    if (tried.times > 1) continue;  // its newest word counts
    tried.provider = provider;
    tried.channel = query.text(2);
    tried.is_final = is_final;
    tried.failure = query.as<domain::FailureClass>(6);
    tried.because = query.text(7) + (query.text(8).empty() ? "" : " ") + query.text(8);
  }
}

void FactsReader::read_items(Claim &claim, DebtorRow &row) {
  Query query{
      connection_,
      "SELECT id, case_id, state, balance, due, round, step, level, sent_on, sent_step, was_reminded, "
      "held_until,"
      " is_thanked, number, reference, issued, amount, reminder FROM receivable WHERE creditor = ? AND debtor = ?",
      claim.creditor, claim.debtor};
  while (query.next()) {
    CaseView *const view{case_of(claim, query.i64(1))};
    if (view == nullptr) continue;
    const ReceivableId id{query.i64(0)};
    const auto state = query.as<ItemState>(2);
    const bool was_reminded{query.flag(10)};
    const bool is_owed_thanks{state == ItemState::paid && was_reminded && !query.flag(12)};
    if (state != ItemState::open && state != ItemState::disputed && !is_owed_thanks &&
        !is_listed(view->facts, id))
      continue;
    if (is_owed_thanks) view->facts.owes_thanks = true;
    auto &item = view->facts.items.emplace_back();
    item.id = id;
    item.state = state;
    item.balance_minor = query.i64(3);
    item.due = query.day(4);
    item.round = query.i32(5);
    item.step = query.i32(6);
    item.level = query.i32(7);
    item.sent_on = query.day_if(8);
    item.sent_step = query.i32(9);
    item.was_reminded = was_reminded;
    item.held_until = query.day_if(11);
    row.positions.push_back(
        {id, item.step, item.level, item.sent_step, item.sent_on, was_reminded, query.i64(17)});
    auto &shown = view->items.emplace_back();
    shown.id = id;
    shown.number = query.text(13);
    shown.reference = query.text(14);
    shown.issued = query.day(15);
    shown.due = item.due;
    shown.amount = {query.i64(16), view->facts.currency};
    shown.balance = {item.balance_minor, view->facts.currency};
  }
  for (auto &view : claim.cases)  // thanks are for all that was asked for, not for a part of it
    if (std::any_of(view.facts.items.begin(), view.facts.items.end(), [](const auto &item) {
          return item.was_reminded && item.state != ItemState::paid && item.balance_minor > 0;
        }))
      view.facts.owes_thanks = false;
}

void FactsReader::read_promises(Claim &claim) {
  Query query{connection_,
              "SELECT id, case_id, receivable, day, missing FROM promise WHERE creditor = ? AND debtor = ? "
              "AND state = 0",
              claim.creditor, claim.debtor};
  while (query.next())
    if (CaseView *const view{case_of(claim, query.i64(1))}; view != nullptr)
      view->facts.promises.push_back({query.i64(0), query.i64(2), query.day(3), query.i64(4)});
}

void FactsReader::read_approvals(Claim &claim, std::optional<Instant> now) {
  Query query{connection_,
              "SELECT id, case_id, step, state, valid_until, amount, content_id FROM approval"
              " WHERE creditor = ? AND debtor = ? AND NOT is_spent",
              claim.creditor, claim.debtor};
  while (query.next()) {
    CaseView *const view{case_of(claim, query.i64(1))};
    if (view == nullptr || (now && query.instant(4) <= *now)) continue;
    auto &approval = view->facts.approvals.emplace_back();
    approval.id = query.i64(0);
    approval.step = query.i32(2);
    approval.state = query.as<domain::ApprovalState>(3);
    approval.valid_until = query.instant(4);
    approval.amount_minor = query.i64(5);
    approval.content_id = query.as<std::uint64_t>(6);
    Query items{connection_, "SELECT receivable FROM approval_item WHERE creditor = ? AND approval = ?",
                claim.creditor, approval.id};
    while (items.next()) approval.items.push_back(items.i64(0));
  }
}

}  // namespace relance::store::sqlite
