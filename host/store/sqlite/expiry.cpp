// The walk, and what goes. Documents that several debtors share are nobody's own and stay; bytes that speak
// of several go with the last of them. A message goes when all invoices that it lists were settled long
// enough ago, never while one is owed.
#include "host/store/sqlite/expiry.hpp"

#include "host/store/sqlite/facts.hpp"
#include "host/store/sqlite/journal.hpp"
#include "host/store/sqlite/sqlite_store.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace relance::store::sqlite {
namespace {

constexpr std::array<const char *, 3> kPlaces{"retention:messages", "retention:proofs", "retention:inbound"};
constexpr const char *kSettledBefore{"settled_before"};

/// "year creditor debtor": the last one of the walk.
struct Place {
  std::int64_t year{0}, creditor{0}, debtor{0};
};

Place place_in(const std::string &text) {
  Place place;
  const auto *at = text.data();
  const auto *const end = text.data() + text.size();
  for (auto *const field : {&place.year, &place.creditor, &place.debtor}) {
    at = std::from_chars(at, end, *field).ptr;
    if (at != end) ++at;
  }
  return place;
}

Instant end_of(std::int32_t year) {
  return Instant{(domain::last_day_of(year) + Days{1}).time_since_epoch()};
}

}  // namespace

Expiry::Expiry(Unit &unit, Instant now) : unit_{unit}, connection_{unit.connection()}, now_{now} {
  Query query{connection_, "SELECT value FROM setting WHERE name = ?", kSettledBefore};
  if (query.next()) settled_before_ = from_day_number(std::stoi(query.text(0)));
}

Expired Expiry::turn(const domain::RetentionPeriods &periods, std::size_t limit) {
  const CivilDate today{std::chrono::floor<Days>(now_).time_since_epoch()};
  walk(Kind::messages, domain::last_year_past(periods.messages, today), limit);
  walk(Kind::proofs, domain::last_year_past(periods.proofs, today), limit);
  walk(Kind::inbound, domain::last_year_past(periods.inbound, today), limit);
  if (const auto year = domain::last_year_past(periods.unknown, today)) expire_unknown(*year, limit);
  return out_;
}

void Expiry::walk(Kind kind, std::optional<std::int32_t> up_to, std::size_t limit) {
  if (!up_to) return;
  const char *const name{kPlaces.at(static_cast<std::size_t>(kind))};
  Place place;
  {
    Query query{connection_, "SELECT value FROM setting WHERE name = ?", name};
    if (query.next()) place = place_in(query.text(0));
  }
  std::vector<Place> found;
  {
    Query query{connection_,
                "SELECT year, creditor, debtor FROM settled_year WHERE (year, creditor, debtor) > (?, ?, ?)"
                " AND year <= ? ORDER BY year, creditor, debtor LIMIT ?",
                place.year,
                place.creditor,
                place.debtor,
                *up_to,
                limit};
    while (query.next()) found.push_back({query.i64(0), query.i64(1), query.i64(2)});
  }
  if (found.empty()) return;
  for (const auto &one : found) {
    const auto before = out_;
    const Key key{static_cast<CreditorId>(one.creditor), one.debtor};
    expire(kind, key, *up_to);
    ++out_.debtors;
    note(key, before, *up_to);
  }
  const auto &last = found.back();
  run(connection_, "INSERT OR REPLACE INTO setting VALUES (?, ?)", name,
      std::to_string(last.year) + ' ' + std::to_string(last.creditor) + ' ' + std::to_string(last.debtor));
  out_.is_done = out_.is_done && found.size() < limit;
}

void Expiry::expire(Kind kind, const Key &key, std::int32_t up_to) {
  const auto all = sent_to(key, up_to);
  if (kind == Kind::messages) return expire_messages(key, all);
  if (kind == Kind::proofs) return expire_proofs(key, all);
  // An answer may be to any message before it: it goes with the oldest that is kept.
  auto until = end_of(up_to);
  for (const auto &sent : all)
    if (!sent.is_past) until = std::min(until, Instant{sent.decided_on.time_since_epoch()});
  expire_inbound(key, all, until);
  expire_answers(key, until);
}

std::vector<Expiry::Sent> Expiry::sent_to(const Key &key, std::int32_t up_to) {
  const auto last_day = domain::last_day_of(up_to);
  std::vector<Sent> all;
  std::vector<AttemptId> newest;
  {
    Query query{connection_,
                "SELECT r.id, r.attempt, r.decided_on, r.decided_on <= ?4 AND coalesce((SELECT "
                "max(iif(v.state IN (1, 3),"
                " coalesce(v.settled_on, ?3), ?4 + 1)) FROM reminder_item i JOIN receivable v ON v.creditor "
                "= i.creditor"
                " AND v.debtor = i.debtor AND v.id = i.receivable WHERE i.creditor = r.creditor AND i.debtor "
                "= r.debtor"
                " AND i.reminder = r.id), 0) <= ?4 FROM reminder r WHERE r.creditor = ?1 AND r.debtor = ?2",
                key.creditor,
                key.debtor,
                settled_before_,
                last_day};
    while (query.next()) {
      all.push_back({query.i64(0), query.day(2), {}, query.flag(3)});
      newest.push_back(query.i64(1));
    }
  }
  for (std::size_t i{0}; i < all.size(); ++i)
    for (auto id = newest[i]; id != 0;) {
      all[i].attempts.push_back(id);
      if (is_open(id)) all[i].is_past = false;
      Query query{connection_, "SELECT previous FROM attempt WHERE id = ?", id};
      id = query.next() ? query.i64(0) : 0;
    }
  return all;
}

bool Expiry::is_open(AttemptId attempt) {
  Query query{connection_, "SELECT state FROM attempt WHERE id = ?", attempt};
  if (!query.next()) return false;
  const auto state = query.as<AttemptState>(0);
  return state == AttemptState::open || state == AttemptState::prepared || state == AttemptState::in_doubt;
}

Expiry::Documents Expiry::parts_of(const Sent &sent, CreditorId creditor) {
  Documents found;
  for (const auto id : sent.attempts) {
    Query query{connection_,
                "SELECT part.value ->> 'sha256' FROM attempt a, json_each(a.parts) part WHERE a.creditor = ? "
                "AND a.id = ?",
                creditor, id};
    while (query.next())
      if (const auto hash = sha256_from_hex(query.text(0))) found.emplace(content_bucket(id), *hash);
  }
  return found;
}

Expiry::Documents Expiry::proofs_of(const Sent &sent, CreditorId creditor) {
  Documents found;
  for (const auto id : sent.attempts) {
    Query query{connection_, "SELECT name FROM evidence WHERE creditor = ? AND attempt = ?", creditor, id};
    while (query.next()) found.emplace(content_bucket(id), query.hash(0));
  }
  return found;
}

std::uint64_t Expiry::drop(const Key &key, const Documents &past, const Documents &kept) {
  std::uint64_t count{0};
  for (const auto &document : past) {
    if (kept.contains(document)) continue;
    const auto &[bucket, hash] = document;
    {
      Query query{
          connection_,
          "SELECT length(bytes) FROM content WHERE creditor = ? AND bucket = ? AND hash = ? AND debtor = ?",
          key.creditor,
          bucket,
          hash,
          key.debtor};
      if (!query.next()) continue;
      out_.bytes += query.as<std::uint64_t>(0);
    }
    run(connection_, "DELETE FROM content WHERE creditor = ? AND bucket = ? AND hash = ? AND debtor = ?",
        key.creditor, bucket, hash, key.debtor);
    ++count;
  }
  return count;
}

void Expiry::expire_messages(const Key &key, const std::vector<Sent> &all) {
  Documents kept;
  for (const auto &sent : all)
    if (!sent.is_past) kept.merge(parts_of(sent, key.creditor));
  for (const auto &sent : all) {
    if (!sent.is_past) continue;
    out_.messages += drop(key, parts_of(sent, key.creditor), kept);
    for (const auto id : sent.attempts)
      run(connection_, "UPDATE attempt SET subject = '' WHERE id = ? AND subject <> ''", id);
  }
}

void Expiry::expire_proofs(const Key &key, const std::vector<Sent> &all) {
  Documents kept;
  for (const auto &sent : all)
    if (!sent.is_past) kept.merge(proofs_of(sent, key.creditor));
  for (const auto &sent : all) {
    if (!sent.is_past) continue;
    out_.proofs += drop(key, proofs_of(sent, key.creditor), kept);
    // What its provider has not given in all these years is asked for no more.
    for (const auto id : sent.attempts)
      run(connection_, "DELETE FROM evidence_fetch WHERE creditor = ? AND attempt = ?", key.creditor, id);
  }
}

void Expiry::expire_inbound(const Key &key, const std::vector<Sent> &all, Instant answers_until) {
  std::set<InboundId> past, kept;
  for (const auto &sent : all)
    for (const auto id : sent.attempts) {
      Query query{connection_, "SELECT inbound FROM receipt WHERE creditor = ? AND attempt = ?", key.creditor,
                  id};
      while (query.next()) (sent.is_past ? past : kept).insert(query.i64(0));
    }
  {
    Query query{connection_, "SELECT inbound, at < ? FROM reply WHERE creditor = ? AND debtor = ?",
                answers_until, key.creditor, key.debtor};
    while (query.next()) (query.flag(1) ? past : kept).insert(query.i64(0));
  }
  if (kept.empty()) {  // an event that came once more in other bytes is named by no receipt
    Query query{
        connection_,
        "SELECT p.inbound FROM inbound_party p JOIN inbound i ON i.id = p.inbound WHERE p.creditor = ?"
        " AND p.debtor = ? AND i.at < ?",
        key.creditor, key.debtor, answers_until};
    while (query.next()) past.insert(query.i64(0));
  }
  for (const auto id : past)
    if (id != 0 && !kept.contains(id) && blank(id, key)) ++out_.raws;
}

bool Expiry::blank(InboundId inbound, const Key &key) {
  run(connection_, "DELETE FROM inbound_party WHERE inbound = ? AND creditor = ? AND debtor = ?", inbound,
      key.creditor, key.debtor);
  {
    Query others{connection_, "SELECT 1 FROM inbound_party WHERE inbound = ? AND debtor <> 0", inbound};
    if (others.next()) return false;
  }
  {
    Query query{
        connection_,
        "SELECT length(bytes) FROM inbound WHERE id = ? AND kind NOT IN ('erased', 'repeat', 'expired')",
        inbound};
    if (!query.next()) return false;
    out_.bytes += query.as<std::uint64_t>(0);
  }
  // Shared: what they said of each message stands in its receipt, and is exported from there under the hash
  // of the whole.
  run(connection_,
      "UPDATE inbound SET bytes = x'', kind = 'expired', shared = max(shared, 1), state = 1, error = '' "
      "WHERE id = ?",
      inbound);
  return true;
}

void Expiry::expire_answers(const Key &key, Instant until) {
  {
    Query query{connection_, "SELECT 1 FROM reply WHERE creditor = ? AND debtor = ? AND at < ? LIMIT 1",
                key.creditor, key.debtor, until};
    if (!query.next()) return;
  }
  run(connection_,
      "UPDATE task SET text = '', note = '' WHERE creditor = ? AND debtor = ? AND kind IN ('reply', 'stop') "
      "AND state <>"
      " 'open' AND at < ? AND text || note <> ''",
      key.creditor, key.debtor, until);
  std::vector<CaseId> chains{chain_without_case(key.debtor)};
  {
    Query query{connection_, "SELECT id FROM case_ WHERE creditor = ? AND debtor = ?", key.creditor,
                key.debtor};
    while (query.next()) chains.push_back(query.i64(0));
  }
  for (const auto chain : chains) expire_words(key.creditor, chain, until);
}

void Expiry::expire_words(CreditorId creditor, CaseId chain, Instant until) {
  for (auto entry = unit_.journal().head(creditor, chain).entry; entry != 0;) {
    const auto id = entry;
    bool is_past{false};
    {
      Query query{
          connection_,
          "SELECT previous, kind = 'reply' AND at < ? AND payload IS NOT NULL FROM journal WHERE id = ?",
          until, id};
      if (!query.next()) return;
      entry = query.i64(0);
      is_past = query.flag(1);
    }
    if (is_past) run(connection_, "UPDATE journal SET salt = NULL, payload = NULL WHERE id = ?", id);
  }
}

void Expiry::expire_unknown(std::int32_t up_to, std::size_t limit) {
  const auto until = end_of(up_to);
  struct Row {
    InboundId inbound{0};
    CreditorId creditor{0};
  };
  std::vector<Row> rows;
  const auto strangers = [&](CreditorId creditor) {
    Query query{connection_,
                "SELECT DISTINCT inbound FROM reply WHERE creditor = ? AND debtor = 0 AND at < ? LIMIT ?",
                creditor, until, limit};
    while (query.next()) rows.push_back({query.i64(0), creditor});
  };
  std::vector<CreditorId> creditors;
  {
    Query query{connection_, "SELECT id FROM creditor"};
    while (query.next()) creditors.push_back(query.i32(0));
  }
  for (const auto creditor : creditors) {
    const auto before = rows.size();
    strangers(creditor);
    if (rows.size() == before) continue;
    run(connection_,
        "UPDATE task SET text = '', note = '' WHERE creditor = ? AND debtor = 0 AND state <> 'open' AND at < "
        "?",
        creditor, until);
    expire_words(creditor, 0, until);
  }
  for (const auto &row : rows)
    run(connection_, "DELETE FROM reply WHERE inbound = ? AND creditor = ? AND debtor = 0", row.inbound,
        row.creditor);
  std::vector<std::int64_t> waiting;
  {
    Query query{connection_, "SELECT id, inbound FROM receipt_waiting WHERE at < ? ORDER BY id LIMIT ?",
                until, limit};
    while (query.next()) {
      waiting.push_back(query.i64(0));
      rows.push_back({query.i64(1), 0});
    }
  }
  for (const auto id : waiting) {
    run(connection_, "DELETE FROM evidence_waiting WHERE waiting = ?", id);
    run(connection_, "DELETE FROM receipt_waiting WHERE id = ?", id);
  }
  out_.receipts_waiting = waiting.size();
  {
    // With a hash they were read once, and have somebody's receipts: a later parser failed on them.
    Query query{connection_,
                "SELECT id FROM inbound WHERE state = 2 AND hash IS NULL AND at < ? ORDER BY id LIMIT ?",
                until, limit};
    while (query.next()) rows.push_back({query.i64(0), 0});
  }
  for (const auto &row : rows)
    if (blank(row.inbound, {row.creditor, 0})) ++out_.unknown;
  out_.is_done = out_.is_done && rows.size() < limit;
}

void Expiry::note(const Key &key, const Expired &before, std::int32_t up_to) {
  const auto messages = out_.messages - before.messages, proofs = out_.proofs - before.proofs,
             raws = out_.raws - before.raws;
  if (messages + proofs + raws == 0) return;
  std::vector<CaseId> chains;  // the evidence of each case must show it
  {
    Query query{connection_, "SELECT id FROM case_ WHERE creditor = ? AND debtor = ?", key.creditor,
                key.debtor};
    while (query.next()) chains.push_back(query.i64(0));
  }
  for (const auto chain : chains) {
    Payload payload;
    payload.number("up_to", up_to)
        .number("documents", static_cast<std::int64_t>(messages))
        .number("proofs", static_cast<std::int64_t>(proofs))
        .number("raws", static_cast<std::int64_t>(raws));
    unit_.journal().append(key.creditor, chain, now_, "retention", payload.take());
    unit_.tally("journal_entries");
  }
}

Result<Expired> SqliteStore::expire(const domain::RetentionPeriods &periods, Instant now, std::size_t debtors,
                                    bool dry_run) {
  return guarded("ending retention", [&]() -> Result<Expired> {
    Unit unit{*connection_, journal_};
    const auto gone = Expiry{unit, now}.turn(periods, debtors);
    if (dry_run) return gone;
    unit.commit();
    receipts_waiting_ -= static_cast<std::int64_t>(gone.receipts_waiting);
    return gone;
  });
}

}  // namespace relance::store::sqlite
