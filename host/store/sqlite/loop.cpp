// Claiming what is due and giving claims back. Leases live in memory: there is one owner, and what it had claimed
// when it died is simply due again. A claim that an unfinished attempt stands behind cannot lead to a second
// one, because its facts say so.
#include "host/store/sqlite/sqlite_store.hpp"

#include <algorithm>

namespace relance::store::sqlite {
namespace {

/// What is due is gathered in waves and claimed in the order of keys, so that a batch finds its rows on
/// neighbouring pages however its moments are strewn. One wave is a few seconds of work and 2 MB; what
/// becomes due meanwhile comes after it.
constexpr std::int64_t kWaveMax{65'536};

}  // namespace

Result<Instant> SqliteStore::next_due() {
  return guarded("reading the schedule", [&]() -> Result<Instant> {
    look_back();
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

void SqliteStore::gather_wave(Connection &connection, Instant now) {
  wave_.clear();
  wave_next_ = 0;
  Due reached{claimed_up_to_};
  Query query{connection,
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

/// Everything of one batch is read in one transaction, which ends with it: a reader that stays keeps the log growing.
std::vector<Claim> SqliteStore::claim(Connection &connection, Instant now, std::size_t limit, Claimed &claimed) {
  SQLite::Transaction moment{connection.database()};  // all facts of one batch are of one moment
  FactsReader facts{connection};
  std::vector<Claim> claims;
  auto next = wave_next_;
  while (claims.size() < limit) {
    if (next >= wave_.size()) {
      if (!claims.empty()) break;
      gather_wave(connection, now);
      next = 0;
      if (wave_.empty()) break;
    }
    const auto key = wave_[next++].key;
    if (leases_.contains(key) || ahead_.leases.contains(key)) continue;
    DebtorRow row;
    auto &claim = claims.emplace_back();
    claim.epoch = epoch_;
    // The row of the schedule may have moved since the wave was gathered: the debtor's own row knows.
    if (!facts.read(key.creditor, key.debtor, now, claim, row) || row.next_at > now) {
      claims.pop_back();
      continue;
    }
    if (row.has_open_attempt) claimed.waiting.push_back(key);
    claimed.leases.emplace(key, Lease{row.next_at, row.extras, row.contacted_on, std::move(row.positions)});
  }
  moment.commit();
  wave_next_ = next;  // only now: what could not be read stays in the wave
  return claims;
}

void SqliteStore::keep(Claimed &&claimed) {
  leases_.merge(claimed.leases);
  for (const auto key : claimed.waiting)
    if (!leases_.at(key).is_stale) read_while_open_.insert(key);
  claimed = {};
}

Result<std::vector<Claim>> SqliteStore::claim_due(Instant now, std::size_t limit) {
  return guarded("claiming", [&]() -> Result<std::vector<Claim>> {
    look_back();
    Claimed claimed;
    auto claims = claim(*connection_, now, limit, claimed);
    keep(std::move(claimed));
    return claims;
  });
}

Result<std::vector<Claim>> SqliteStore::claim_ahead(Instant now, std::size_t limit) {
  return guarded("claiming ahead", [&]() -> Result<std::vector<Claim>> {
    if (!ahead_connection_)
      ahead_connection_ = std::make_unique<Connection>(options_, Connection::Use::reading);
    Claimed claimed;
    auto claims = claim(*ahead_connection_, now, limit, claimed);
    ahead_.leases.merge(claimed.leases);
    ahead_.waiting.insert(ahead_.waiting.end(), claimed.waiting.begin(), claimed.waiting.end());
    return claims;
  });
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
      else
        note_schedule_of(key);
      unit.then([this, key] { leases_.erase(key); });
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
