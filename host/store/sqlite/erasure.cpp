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
    for (const auto case_id : cases)
      for (auto entry = journal_.head(creditor, case_id).entry; entry != 0;) {
        erased.journal_entries += static_cast<std::uint64_t>(
            run(*connection_, "UPDATE journal SET salt = NULL, payload = NULL WHERE id = ?", entry));
        Query query{*connection_, "SELECT previous FROM journal WHERE id = ?", entry};
        entry = query.next() ? query.i64(0) : 0;
      }
    erase_messages(key, erased);
    const std::string blank{"erased-" + std::to_string(*debtor)};
    run(*connection_,
        "UPDATE debtor SET code = ?, name = '', country = '', language = '', time_zone = '', is_erased = 1"
        " WHERE creditor = ? AND id = ?",
        blank, creditor, *debtor);
    erased.contacts = static_cast<std::uint64_t>(
        run(*connection_, "DELETE FROM contact_point WHERE creditor = ? AND debtor = ?", creditor, *debtor));
    run(*connection_, "UPDATE receivable SET reference = '' WHERE creditor = ? AND debtor = ?", creditor,
        *debtor);
    run(*connection_, "UPDATE promise SET promised_by = '' WHERE creditor = ? AND debtor = ?", creditor,
        *debtor);
    erased.tasks = static_cast<std::uint64_t>(run(*connection_,
                                                  "UPDATE task SET text = '', script = '', note = '', state "
                                                  "= CASE state WHEN 'open' THEN 'cancelled' ELSE state END"
                                                  " WHERE creditor = ? AND debtor = ?",
                                                  creditor, *debtor));
    run(*connection_, "UPDATE case_ SET state = 2 WHERE creditor = ? AND debtor = ?", creditor, *debtor);
    add_extras(key, kIsErased);
    put_to_rest(key);
    if (dry_run) return erased;
    Payload payload;
    payload.number("debtor", *debtor).text("by", by);
    journal_entry(unit, creditor, 0, now, "erased", payload);
    unit.commit();
    return erased;
  });
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
