// Forgetting a person. Erasure removes rows and documents; the journal keeps its hashes, so that its chains still
// verify.
#include "host/store/sqlite/sqlite_store.hpp"

#include <set>

namespace relance::store::sqlite {

Result<void> SqliteStore::may_erase(DebtorKey key, std::string_view debtor_code) {
  if (unfinished_of_.contains(key))
    return conflict("debtor " + std::string{debtor_code} +
                    " has a message on its way: try again when it has ended");
  Query query{*connection_,
              "SELECT a.id FROM attempt a WHERE a.creditor = ? AND a.state = 5 AND a.debtor = ? LIMIT 1",
              key.creditor, key.debtor};
  // Resolved first: it may still be repeated or committed, and nobody could be asked about it afterwards.
  if (query.next())
    return conflict("debtor " + std::string{debtor_code} + " has a message in doubt (attempt " +
                    std::to_string(query.i64(0)) + "): relancectl in-doubt resolve, then erase");
  return {};
}

Result<Erasure> SqliteStore::erase_debtor(CreditorId creditor, std::string_view debtor_code,
                                          std::string_view by, Instant now, bool dry_run) {
  return guarded("erasing a debtor", [&]() -> Result<Erasure> {
    const auto debtor = debtor_by_code(creditor, debtor_code);
    const DebtorKey key{creditor, debtor.value_or(0)};
    if (!debtor || is_erased(key)) return not_found("there is no debtor " + std::string{debtor_code});
    if (auto may = may_erase(key, debtor_code); !may) return may.error();
    Erasure erased;
    Unit unit{*connection_, journal_};
    std::vector<CaseId> cases;
    {
      Query query{*connection_, "SELECT id FROM case_ WHERE creditor = ? AND debtor = ?", creditor, *debtor};
      while (query.next()) cases.push_back(query.i64(0));
    }
    cases.push_back(chain_without_case(*debtor));
    for (const auto case_id : cases) erase_chain(creditor, case_id, erased);
    erase_stranger(key, debtor_code, erased);
    erase_messages(key, erased);
    forget_stops(key);
    const std::string blank{"erased-" + std::to_string(*debtor)};
    run(*connection_,
        "UPDATE debtor SET code = ?, name = '', country = '', language = '', time_zone = '', is_erased = 1"
        " WHERE creditor = ? AND id = ?",
        blank, creditor, *debtor);
    erased.contacts = static_cast<std::uint64_t>(
        run(*connection_, "DELETE FROM contact_point WHERE creditor = ? AND debtor = ?", creditor, *debtor));
    run(*connection_, "UPDATE receivable SET reference = '' WHERE creditor = ? AND debtor = ?", creditor,
        *debtor);
    // What somebody wrote on a bank transfer.
    run(*connection_, "UPDATE payment SET reference = '' WHERE creditor = ? AND debtor = ?", creditor, *debtor);
    run(*connection_, "UPDATE approval SET is_spent = 1 WHERE creditor = ? AND debtor = ? AND NOT is_spent",
        creditor, *debtor);
    run(*connection_, "UPDATE promise SET promised_by = '' WHERE creditor = ? AND debtor = ?", creditor,
        *debtor);
    erased.tasks = static_cast<std::uint64_t>(run(*connection_,
                                                  "UPDATE task SET text = '', script = '', note = '', state "
                                                  "= CASE state WHEN 'open' THEN 'cancelled' ELSE state END"
                                                  " WHERE creditor = ? AND debtor = ?",
                                                  creditor, *debtor));
    run(*connection_, "UPDATE case_ SET state = 2 WHERE creditor = ? AND debtor = ?", creditor, *debtor);
    add_extras(key, kIsErased);
    end_silences(unit, key);
    put_to_rest(key);
    if (dry_run) return erased;
    Payload payload;
    payload.number("debtor", *debtor).text("by", by);
    journal_entry(unit, creditor, 0, now, "erased", payload);
    unit.commit();
    empties_log_ = !checkpointer_.empty_log();
    return erased;
  });
}

void SqliteStore::erase_chain(CreditorId creditor, CaseId case_id, Erasure &erased) {
  for (auto entry = journal_.head(creditor, case_id).entry; entry != 0;) {
    erased.journal_entries += static_cast<std::uint64_t>(
        run(*connection_, "UPDATE journal SET salt = NULL, payload = NULL WHERE id = ?", entry));
    Query query{*connection_, "SELECT previous FROM journal WHERE id = ?", entry};
    entry = query.next() ? query.i64(0) : 0;
  }
}

void SqliteStore::erase_stranger(DebtorKey key, std::string_view debtor_code, Erasure &erased) {
  std::set<std::string, std::less<>> names{std::string{debtor_code}};
  {
    Query query{*connection_, "SELECT address FROM contact_point WHERE creditor = ? AND debtor = ?", key.creditor,
                key.debtor};
    while (query.next()) names.insert(query.text(0));
  }
  std::vector<CreditorId> creditors;  // what a stranger writes is noted with the first of them
  {
    Query query{*connection_, "SELECT id FROM creditor"};
    while (query.next()) creditors.push_back(query.i32(0));
  }
  std::set<std::string, std::less<>> raws;  // hashes of what they wrote
  for (const auto creditor : creditors) {
    erase_own_entries(creditor, creditor == key.creditor, names, raws, erased);
    for (const auto &from : names)
      erased.tasks += static_cast<std::uint64_t>(run(
          *connection_,
          "UPDATE task SET text = '', note = '', state = CASE state WHEN 'open' THEN 'cancelled' ELSE state END"
          " WHERE creditor = ? AND debtor = 0 AND kind IN ('reply', 'stop') AND substr(text, 1, length(?2)) = ?2",
          creditor, "from " + from + '\n'));
    std::vector<InboundId> found;
    Query query{*connection_,
                "SELECT i.id, i.hash FROM reply r JOIN inbound i ON i.id = r.inbound WHERE r.creditor = ? AND r.debtor = 0"
                " AND i.hash IS NOT NULL",
                creditor};
    while (!raws.empty() && query.next())
      if (raws.contains(to_hex(query.hash(1)))) found.push_back(query.i64(0));
    for (const auto inbound : found) ++(forget_raw(inbound, {creditor, 0}) ? erased.raws : erased.raws_kept_for_others);
  }
}

void SqliteStore::erase_own_entries(CreditorId creditor, bool is_their_creditor,
                                    const std::set<std::string, std::less<>> &names,
                                    std::set<std::string, std::less<>> &raws, Erasure &erased) {
  // The creditor's own chain is short: what people did, and what strangers wrote.
  for (auto entry = journal_.head(creditor, 0).entry; entry != 0;) {
    const auto id = entry;
    bool is_meant{false};
    {
      Query query{*connection_,
                  "SELECT previous, kind = 'reply', kind IN ('suppression', 'suppression_lifted', 'hold', 'release'),"
                  " coalesce(payload ->> 'from', payload ->> 'address', payload ->> 'subject', ''), payload ->> 'raw'"
                  " FROM journal WHERE id = ?",
                  id};
      if (!query.next()) return;
      entry = query.i64(0);
      is_meant = (query.flag(1) || (is_their_creditor && query.flag(2))) && names.contains(query.text(3));
      if (is_meant && query.flag(1)) raws.insert(query.text(4));
    }
    if (is_meant)
      erased.journal_entries += static_cast<std::uint64_t>(
          run(*connection_, "UPDATE journal SET salt = NULL, payload = NULL WHERE id = ?", id));
  }
}

void SqliteStore::forget_stops(DebtorKey key) {
  // The word of an address that others have too is theirs as well, and stands.
  run(*connection_,
      "DELETE FROM suppression WHERE creditor = ?1 AND EXISTS (SELECT 1 FROM contact_point p WHERE p.creditor = ?1"
      " AND p.debtor = ?2 AND p.channel = suppression.channel AND p.address = suppression.address)"
      " AND NOT EXISTS (SELECT 1 FROM contact_point p WHERE p.creditor = ?1 AND p.channel = suppression.channel"
      " AND p.address = suppression.address AND p.debtor <> ?2)",
      key.creditor, key.debtor);
}

void SqliteStore::end_silences(Unit &unit, DebtorKey key) {
  const auto ended =
      run(*connection_,
          "DELETE FROM silence WHERE creditor = ?1 AND answered_at IS NULL AND reminder IN"
          " (SELECT id FROM reminder WHERE creditor = ?1 AND debtor = ?2)",
          key.creditor, key.debtor);
  if (ended != 0) unit.tally("silent", -ended);
}

void SqliteStore::put_to_rest(DebtorKey key) {
  Instant before{};
  {
    Query query{*connection_, "SELECT next_at FROM debtor_state WHERE creditor = ? AND id = ?", key.creditor,
                key.debtor};
    if (!query.next()) return;
    before = query.instant(0);
  }
  run(*connection_,
      "UPDATE debtor_state SET facts_version = facts_version + 1, next_at = ?, reply_tasks = 0"
      " WHERE creditor = ? AND id = ?",
      Instant::max(), key.creditor, key.debtor);
  reschedule(key, before, Instant::max());
}

void SqliteStore::erase_messages(DebtorKey key, Erasure &erased) {
  std::vector<std::pair<AttemptId, std::string>> attempts;
  {
    Query query{*connection_, "SELECT attempt FROM reminder WHERE creditor = ? AND debtor = ?", key.creditor,
                key.debtor};
    while (query.next()) {
      for (auto id = query.i64(0); id != 0;) {
        Query attempt{*connection_, "SELECT previous, address FROM attempt WHERE creditor = ? AND id = ?",
                      key.creditor, id};
        if (!attempt.next()) break;
        attempts.emplace_back(id, attempt.text(1));
        id = attempt.i64(0);
      }
    }
  }
  std::set<InboundId> raws;
  const auto note_raws = [&](const char *which, std::int64_t subject) {
    Query query{*connection_, which, key.creditor, subject};
    while (query.next()) raws.insert(query.i64(0));
  };
  for (const auto &[id, address] : attempts) {
    // inbound bytes are the provider's words about this person; the receipts' codes stay, their free text
    // goes
    note_raws("SELECT inbound FROM receipt WHERE creditor = ? AND attempt = ?", id);
    run(*connection_, "UPDATE receipt SET text = '' WHERE creditor = ? AND attempt = ?", key.creditor, id);
    run(*connection_, "DELETE FROM evidence WHERE creditor = ? AND attempt = ?", key.creditor, id);
    run(*connection_, "DELETE FROM evidence_fetch WHERE creditor = ? AND attempt = ?", key.creditor, id);
    run(*connection_,
        "UPDATE attempt SET address = '', subject = '', parts = '[]', text = '' WHERE creditor = ? AND id = "
        "?",
        key.creditor, id);
    // The word of an address that others have too is theirs as well, and stands.
    run(*connection_,
        "DELETE FROM suppression WHERE creditor = ?1 AND address = ?2 AND NOT EXISTS (SELECT 1 FROM contact_point p"
        " WHERE p.creditor = ?1 AND p.channel = suppression.channel AND p.address = ?2 AND p.debtor <> ?3)",
        key.creditor, address, key.debtor);
  }
  note_raws("SELECT inbound FROM reply WHERE creditor = ? AND debtor = ?", key.debtor);
  note_raws("SELECT inbound FROM inbound_party WHERE creditor = ? AND debtor = ?", key.debtor);
  for (const auto inbound : raws) ++(forget_raw(inbound, key) ? erased.raws : erased.raws_kept_for_others);
  erased.messages = attempts.size();
  std::set<std::int64_t> buckets;
  for (const auto &[id, address] : attempts) buckets.insert(content_bucket(id));
  for (const auto bucket : buckets)
    erased.documents += static_cast<std::uint64_t>(
        run(*connection_, "DELETE FROM content WHERE creditor = ? AND bucket = ? AND debtor = ?",
            key.creditor, bucket, key.debtor));
}

}  // namespace relance::store::sqlite
