// Claiming what is due and ending claims. Leases live in memory: there is one owner, and what it had claimed
// when it died is simply due again. A claim that an unfinished attempt stands behind cannot lead to a second
// one, because its facts say so.
#include "host/store/sqlite/sqlite_store.hpp"

#include <algorithm>
#include <sqlite3.h>

namespace relance::store::sqlite {
namespace {

/// A settlement that a unique key refused is a decision made on facts that do not hold: it would be made
/// again at once, for ever. The debtor rests for this long instead, and the refusal is journaled.
constexpr Milliseconds kRefusedRest{std::chrono::hours{1}};

/// What is due is gathered in waves and claimed in the order of keys, so that a batch finds its rows on
/// neighbouring pages however its moments are strewn. One wave is a few seconds of work and 2 MB; what
/// becomes due meanwhile comes after it.
constexpr std::int64_t kWaveMax{65'536};

bool is_constraint(const SQLite::Exception &exception) {
  return (exception.getErrorCode() & 0xff) == SQLITE_CONSTRAINT;
}

}  // namespace

Result<Instant> SqliteStore::next_due() {
  return guarded("reading the schedule", [&]() -> Result<Instant> {
    auto earliest = Instant::max();
    for (auto at = wave_next_; at < wave_.size() && earliest == Instant::max(); ++at)
      if (!leases_.contains(wave_[at].key)) earliest = from_ms(wave_[at].next_at_ms);
    Query query{*connection_,
                "SELECT next_at, creditor, debtor FROM schedule WHERE (next_at, creditor, debtor) > (?, ?, ?)"
                " ORDER BY next_at, creditor, debtor",
                claimed_up_to_.next_at_ms, claimed_up_to_.key.creditor, claimed_up_to_.key.debtor};
    while (query.next())
      if (!leases_.contains({query.i32(1), query.i64(2)})) return std::min(earliest, query.instant(0));
    return earliest;
  });
}

void SqliteStore::gather_wave(Instant now) {
  wave_.clear();
  wave_next_ = 0;
  Due reached{claimed_up_to_};
  Query query{*connection_,
              "SELECT next_at, creditor, debtor FROM schedule WHERE (next_at, creditor, debtor) > (?, ?, ?)"
              " AND next_at <= ? ORDER BY next_at, creditor, debtor LIMIT ?",
              claimed_up_to_.next_at_ms,
              claimed_up_to_.key.creditor,
              claimed_up_to_.key.debtor,
              now,
              kWaveMax};
  while (query.next()) {
    reached = {query.i64(0), {query.i32(1), query.i64(2)}};
    if (!leases_.contains(reached.key)) wave_.push_back(reached);
  }
  std::sort(wave_.begin(), wave_.end(), [](const Due &a, const Due &b) { return a.key < b.key; });
  claimed_up_to_ = reached;
}

Result<std::vector<Claim>> SqliteStore::claim_due(Instant now, std::size_t limit) {
  return guarded("claiming", [&]() -> Result<std::vector<Claim>> {
    SQLite::Transaction moment{connection_->database()};  // all facts of one batch are of one moment
    FactsReader facts{*connection_};
    std::vector<Claim> claims;
    std::vector<std::pair<DebtorKey, Lease>> leases;
    std::vector<DebtorKey> waiting;
    auto next = wave_next_;
    while (claims.size() < limit) {
      if (next >= wave_.size()) {
        if (!claims.empty()) break;
        gather_wave(now);
        next = 0;
        if (wave_.empty()) break;
      }
      const auto key = wave_[next++].key;
      if (leases_.contains(key)) continue;
      DebtorRow row;
      auto &claim = claims.emplace_back();
      claim.epoch = epoch_;
      // The row of the schedule may have moved since the wave was gathered: the debtor's own row knows.
      if (!facts.read(key.creditor, key.debtor, now, claim, row) || row.next_at > now) {
        claims.pop_back();
        continue;
      }
      if (row.has_open_attempt) waiting.push_back(key);
      leases.emplace_back(key, Lease{row.next_at, row.extras, row.contacted_on, std::move(row.positions)});
    }
    moment.commit();
    wave_next_ = next;  // only now: what could not be read stays in the wave
    for (auto &[key, lease] : leases) leases_.emplace(key, std::move(lease));
    read_while_open_.insert(waiting.begin(), waiting.end());
    return claims;
  });
}

Result<std::vector<SettleResult>> SqliteStore::settle(std::span<const Settlement> settlements, Instant now,
                                                      Instant wall, std::span<const OutcomeRecord> outcomes) {
  return guarded("settling", [&]() -> Result<std::vector<SettleResult>> {
    std::vector<SettleResult> results(settlements.size());
    const AttemptId first_new{last_.attempt + 1};
    const auto end_leases = [&](Unit &unit) {
      for (std::size_t i{0}; i < settlements.size(); ++i)
        if (settlements[i].epoch == epoch_)
          end_lease(unit, {settlements[i].creditor, settlements[i].debtor}, results[i].is_stale);
    };
    const auto end_batch = [&](Unit &unit) {
      end_leases(unit);
      mark_oldest_open(first_new);
      if (last_.attempt >= first_new)
        run(*connection_, "INSERT OR REPLACE INTO tally VALUES ('last_reminder', ?)", last_.reminder);
      unit.commit();
    };
    try {
      Unit unit{*connection_, journal_};
      for (const auto &outcome : outcomes) record_outcome(unit, outcome, now);
      for (std::size_t i{0}; i < settlements.size(); ++i)
        results[i] = settle_one(unit, settlements[i], now, wall);
      end_batch(unit);
      return results;
    } catch (const Refused &) {
    } catch (const SQLite::Exception &exception) {
      if (!is_constraint(exception)) throw;
    }
    // One of them is refused. It happens only when a decision was wrong, so the batch without savepoints is
    // the usual one.
    Unit unit{*connection_, journal_};
    for (const auto &outcome : outcomes) record_outcome(unit, outcome, now);
    for (std::size_t i{0}; i < settlements.size(); ++i) {
      std::string refused;
      const auto attempt = [&] {
        try {
          results[i] = settle_one(unit, settlements[i], now, wall);
        } catch (const SQLite::Exception &exception) {
          if (!is_constraint(exception)) throw;
          throw Refused{exception.what()};
        }
      };
      if (unit.apart<Refused>(attempt, [&](const Refused &refusal) { refused = refusal.reason; })) continue;
      results[i] = {};
      results[i].refused = refused;
      const DebtorKey key{settlements[i].creditor, settlements[i].debtor};
      const auto &lease = leases_.at(key);
      const Instant next_at{now + kRefusedRest};
      run(*connection_, "UPDATE debtor_state SET next_at = ? WHERE creditor = ? AND id = ?", next_at,
          key.creditor, key.debtor);
      reschedule(key, lease.next_at, next_at);
      Payload payload;
      payload.text("because", refused);
      journal_entry(unit, key.creditor, first_case(key), now, "refused", payload);
    }
    end_batch(unit);
    return results;
  });
}

void SqliteStore::end_lease(Unit &unit, DebtorKey key, bool may_be_passed) {
  if (!leases_.contains(key)) return;
  std::optional<Due> due;
  if (may_be_passed) {
    Query row{*connection_, "SELECT next_at FROM debtor_state WHERE creditor = ? AND id = ?", key.creditor,
              key.debtor};
    if (row.next()) due = Due{row.i64(0), key};
  }
  unit.then([this, key, due] {
    leases_.erase(key);
    if (due) note_schedule(*due);
  });
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

Result<void> SqliteStore::release(std::span<const Claim> claims, Instant next_at) {
  auto released = guarded("releasing claims", [&]() -> Result<void> {
    Unit unit{*connection_, journal_};
    for (const auto &claim : claims) {
      const DebtorKey key{claim.creditor, claim.debtor};
      const auto lease = leases_.find(key);
      if (lease == leases_.end()) continue;
      if (run(*connection_,
              "UPDATE debtor_state SET next_at = ? WHERE creditor = ? AND id = ? AND facts_version = ?",
              next_at, key.creditor, key.debtor, claim.facts_version) == 1)
        reschedule(key, lease->second.next_at, next_at);
      end_lease(unit, key, true);
    }
    unit.commit();
    return {};
  });
  if (released) return released;
  // Nothing could be written, as on a full disk: due as before, instead of leased until the next start.
  for (const auto &claim : claims) {
    const auto lease = leases_.find({claim.creditor, claim.debtor});
    if (lease == leases_.end()) continue;
    note_schedule({to_ms(lease->second.next_at), lease->first});
    leases_.erase(lease);
  }
  return released;
}

Result<std::vector<AttemptId>> SqliteStore::may_hand_over(std::span<const AttemptId> attempts) {
  std::vector<AttemptId> may;
  for (const auto id : attempts) {
    const auto found = unfinished_.find(id);
    if (found == unfinished_.end()) continue;
    auto &attempt = found->second;
    if (attempt.epoch != epoch_ || attempt.is_withdrawn) continue;
    attempt.is_handed_over = true;  // from here on a withdrawal comes too late, and says so
    may.push_back(id);
  }
  return may;
}

Result<void> SqliteStore::wake(CreditorId creditor, std::span<const DebtorId> debtors, Instant now) {
  return guarded("waking debtors", [&]() -> Result<void> {
    Unit unit{*connection_, journal_};
    for (const auto debtor : debtors) touch(unit, {creditor, debtor}, now);
    unit.commit();
    return {};
  });
}

Result<DebtorId> SqliteStore::sweep(CreditorId creditor, DebtorId after, std::size_t limit, Instant now) {
  return guarded("sweeping", [&]() -> Result<DebtorId> {
    std::vector<DebtorId> debtors;
    {
      Query query{*connection_,
                  "SELECT DISTINCT debtor FROM case_ WHERE creditor = ? AND debtor > ? AND state = 1 ORDER "
                  "BY debtor LIMIT ?",
                  creditor, after, limit};
      while (query.next()) debtors.push_back(query.i64(0));
    }
    Unit unit{*connection_, journal_};
    for (const auto debtor : debtors) touch(unit, {creditor, debtor}, now);
    unit.commit();
    return debtors.empty() ? DebtorId{0} : debtors.back();
  });
}

}  // namespace relance::store::sqlite
