// One batch to the disk: its transaction on the writer's thread, and what memory does about it on the
// caller's. Meanwhile the caller may claim ahead. What was claimed so is fenced twice: by the facts version,
// and, for ends of attempts that raise none because nobody had read them as open, by Lease::is_stale.
#include "host/store/sqlite/sqlite_store.hpp"

#include <sqlite3.h>

namespace relance::store::sqlite {
namespace {

/// A settlement that a unique key refused is a decision made on facts that do not hold: it would be made
/// again at once, for ever. The debtor rests for this long instead, and the refusal is journaled.
constexpr Milliseconds kRefusedRest{std::chrono::hours{1}};

bool is_constraint(const SQLite::Exception &exception) {
  return (exception.getErrorCode() & 0xff) == SQLITE_CONSTRAINT;
}

}  // namespace

void SqliteStore::begin_settle(std::span<const Settlement> settlements, Instant now, Instant wall,
                               std::span<const OutcomeRecord> outcomes) {
  look_back();
  flight_ = std::make_unique<Flight>();
  auto &flight = *flight_;
  flight.settlements = settlements;
  flight.outcomes = outcomes;
  flight.now = now;
  flight.wall = wall;
  writer_.begin([this, &flight] { write(flight); });
}

Result<std::vector<SettleResult>> SqliteStore::finish_settle() {
  writer_.wait();
  const auto flight = std::move(flight_);
  if (flight->written) {
    for (const auto ended : flight->unit->ended()) {
      const auto attempt = unfinished_.find(ended);
      if (attempt == unfinished_.end()) continue;
      // Read as open or not, by a claim that nobody knew of when its end was written.
      if (const auto lease = ahead_.leases.find(attempt->second.key); lease != ahead_.leases.end())
        lease->second.is_stale = true;
    }
    flight->unit->take_effect();
    for (const auto &settlement : flight->settlements)
      if (settlement.epoch == epoch_) leases_.erase({settlement.creditor, settlement.debtor});
  }
  keep(std::move(ahead_));
  look_back();
  if (!flight->written) return flight->written.error();
  return std::move(flight->results);
}

void SqliteStore::write(Flight &flight) {
  flight.written = guarded("settling", [&]() -> Result<void> {
    if (!write_all(flight)) write_each(flight);
    return {};
  });
  if (!flight.written) flight.unit.reset();  // rolls back
}

void SqliteStore::end_batch(Flight &flight, AttemptId first_new) {
  mark_oldest_open(first_new);
  if (last_.attempt >= first_new)
    run(*connection_, "INSERT OR REPLACE INTO tally VALUES ('last_reminder', ?)", last_.reminder);
  flight.unit->make_durable();
}

/// False: one of them is refused. It happens only when a decision was wrong, so the batch without savepoints
/// is the usual one.
bool SqliteStore::write_all(Flight &flight) {
  const AttemptId first_new{last_.attempt + 1};
  flight.results.assign(flight.settlements.size(), {});
  try {
    flight.unit = std::make_unique<Unit>(*connection_, journal_);
    for (const auto &outcome : flight.outcomes) record_outcome(*flight.unit, outcome, flight.now);
    for (std::size_t i{0}; i < flight.settlements.size(); ++i)
      flight.results[i] = settle_one(*flight.unit, flight.settlements[i], flight.now, flight.wall);
    end_batch(flight, first_new);
    return true;
  } catch (const Refused &) {
  } catch (const SQLite::Exception &exception) {
    if (!is_constraint(exception)) throw;
  }
  flight.unit.reset();
  return false;
}

void SqliteStore::write_each(Flight &flight) {
  const AttemptId first_new{last_.attempt + 1};
  flight.results.assign(flight.settlements.size(), {});
  flight.unit = std::make_unique<Unit>(*connection_, journal_);
  auto &unit = *flight.unit;
  for (const auto &outcome : flight.outcomes) record_outcome(unit, outcome, flight.now);
  for (std::size_t i{0}; i < flight.settlements.size(); ++i) {
    const auto &settlement = flight.settlements[i];
    std::string refused;
    const auto attempt = [&] {
      try {
        flight.results[i] = settle_one(unit, settlement, flight.now, flight.wall);
      } catch (const SQLite::Exception &exception) {
        if (!is_constraint(exception)) throw;
        throw Refused{exception.what()};
      }
    };
    if (unit.apart<Refused>(attempt, [&](const Refused &refusal) { refused = refusal.reason; })) continue;
    flight.results[i] = {};
    flight.results[i].refused = refused;
    const DebtorKey key{settlement.creditor, settlement.debtor};
    const auto &lease = leases_.at(key);
    const Instant next_at{flight.now + kRefusedRest};
    run(*connection_, "UPDATE debtor_state SET next_at = ? WHERE creditor = ? AND id = ?", next_at,
        key.creditor, key.debtor);
    reschedule(key, lease.next_at, next_at);
    Payload payload;
    payload.text("because", refused);
    journal_entry(unit, key.creditor, first_case(key), flight.now, "refused", payload);
  }
  end_batch(flight, first_new);
}

SettleResult SqliteStore::settle_one(Unit &unit, const Settlement &settlement, Instant now, Instant wall) {
  SettleResult result;
  const DebtorKey key{settlement.creditor, settlement.debtor};
  const auto found = leases_.find(key);
  if (settlement.epoch != epoch_ || found == leases_.end()) {
    result.is_stale = true;
    return result;
  }
  const Lease &lease{found->second};
  if (lease.is_stale) {
    note_schedule_of(key);
    result.is_stale = true;
    return result;
  }
  std::optional<CivilDate> contacted_on;
  std::int64_t extras{0};
  for (const auto &change : settlement.changes) {
    if (const auto *intend = std::get_if<Intend>(&change)) {
      extras |= kHasReminders;
      if (!intend->is_task) contacted_on = intend->decided_on;
    }
    if (const auto *again = std::get_if<IntendAgain>(&change); again != nullptr && !again->is_task)
      contacted_on = again->decided_on;
    if (std::holds_alternative<AskApproval>(change)) extras |= kHasApprovals;
  }
  const auto written =
      run(*connection_,
          "UPDATE debtor_state SET next_at = ?, contacted_on = coalesce(?, contacted_on), extras = extras | ?"
          " WHERE creditor = ? AND id = ? AND facts_version = ?",
          settlement.next_at, contacted_on, extras, key.creditor, key.debtor, settlement.facts_version);
  if (written == 0) {
    note_schedule_of(key);  // the scan may have passed it while it was leased
    result.is_stale = true;
    return result;
  }
  reschedule(key, lease.next_at, settlement.next_at);
  for (const auto &[case_id, scenario] : settlement.scenarios)
    run(*connection_, "UPDATE case_ SET scenario = ? WHERE creditor = ? AND debtor = ? AND id = ?", scenario,
        key.creditor, key.debtor, case_id);
  result.changes.reserve(settlement.changes.size());
  for (std::size_t i{0}; i < settlement.changes.size(); ++i) {
    const std::string_view why{i < settlement.why.size() ? std::string_view{settlement.why[i]}
                                                         : std::string_view{}};
    result.changes.push_back(
        std::visit([&](const auto &change) { return apply(unit, settlement, lease, change, why, now, wall); },
                   settlement.changes[i]));
  }
  return result;
}

}  // namespace relance::store::sqlite
