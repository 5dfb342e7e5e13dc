// The proofs that receipts bring. One that came as bytes is filed at once under its content's hash; one that
// was only named keeps a place under its reference and a turn at being fetched, until the document takes that
// place or the provider has it no more.
#include "host/store/sqlite/sqlite_store.hpp"

namespace relance::store::sqlite {

Sha256 SqliteStore::evidence_name(const EvidenceRecord &evidence) {
  return sha256(evidence.bytes.empty() ? evidence.reference : evidence.bytes);
}

void SqliteStore::keep_document(const AttemptRow &attempt, const Sha256 &name,
                                const EvidenceRecord &document) {
  // One proof of several messages is nobody's own, as a document is.
  run(*connection_,
      "INSERT INTO content (creditor, bucket, hash, debtor, media_type, bytes) VALUES (?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (creditor, bucket, hash) DO UPDATE SET debtor = 0 WHERE debtor <> excluded.debtor",
      attempt.key.creditor, content_bucket(attempt.id), name, attempt.key.debtor, document.media_type,
      Blob{document.bytes});
}

void SqliteStore::keep_evidence(const AttemptRow &attempt, const Arrived &arrived) {
  for (const auto &evidence : arrived.receipt.evidence) {
    const Sha256 name{evidence_name(evidence)};
    const bool is_named{evidence.bytes.empty()};
    if (is_named) {
      // Its document may be here under its own hash by now: the receipt said the same once more.
      Query query{*connection_, "SELECT 1 FROM evidence WHERE creditor = ? AND attempt = ? AND reference = ?",
                  attempt.key.creditor, attempt.id, evidence.reference};
      if (evidence.reference.empty() || query.next()) continue;
    } else {
      keep_document(attempt, name, evidence);
    }
    run(*connection_, "INSERT OR IGNORE INTO evidence VALUES (?, ?, ?, ?, ?, ?, ?)", attempt.key.creditor,
        attempt.id, name, evidence.media_type, evidence.file_name, evidence.reference, arrived.at);
    if (is_named)
      run(*connection_,
          "INSERT OR IGNORE INTO evidence_fetch (creditor, attempt, name, provider) VALUES (?, ?, ?, ?)",
          attempt.key.creditor, attempt.id, name, attempt.provider);
  }
}

Result<EvidenceTurn> SqliteStore::evidence_wanted(std::span<const std::string> providers, Instant wall,
                                                  std::size_t limit) {
  return guarded("listing evidence to fetch", [&]() -> Result<EvidenceTurn> {
    EvidenceTurn turn;
    const auto share = providers.empty() ? 0 : (limit + providers.size() - 1) / providers.size();
    for (const auto &provider : providers) {
      Query query{
          *connection_,
          "SELECT f.id, e.reference, e.media_type, e.file_name, f.tries, f.creditor, f.attempt"
          " FROM evidence_fetch f JOIN evidence e ON e.creditor = f.creditor AND e.attempt = f.attempt"
          " AND e.name = f.name WHERE f.provider = ? AND f.next_try <= ? ORDER BY f.next_try, f.id LIMIT ?",
          provider, wall, share};
      while (query.next()) {
        auto &one = turn.wanted.emplace_back(WantedEvidence{
            query.i64(0), provider, query.text(1), query.text(2), query.text(3), {}, {}, query.i32(4)});
        const auto attempt = attempt_by_id(query.i32(5), query.i64(6));
        if (attempt) one.idempotency_key = attempt->key_text;
        Query refs{*connection_, "SELECT ref FROM attempt_ref WHERE creditor = ? AND attempt = ?",
                   query.i32(5), query.i64(6)};
        while (refs.next()) one.refs.push_back(refs.blob(0));
      }
      Query next{*connection_,
                 "SELECT next_try FROM evidence_fetch WHERE provider = ? AND next_try > ?"
                 " ORDER BY next_try LIMIT 1",
                 provider, wall};
      if (next.next()) turn.next = std::min(turn.next, from_ms(next.i64(0)));
    }
    return turn;
  });
}

Result<void> SqliteStore::record_fetches(std::span<const FetchRecord> records, Instant now) {
  return guarded("recording fetched evidence", [&]() -> Result<void> {
    Unit unit{*connection_, journal_};
    for (const auto &record : records) record_fetch(unit, record, now);
    save_last_ids();
    unit.commit();
    return {};
  });
}

void SqliteStore::record_fetch(Unit &unit, const FetchRecord &record, Instant now) {
  if (record.end == FetchEnd::again) {
    run(*connection_, "UPDATE evidence_fetch SET tries = tries + 1, next_try = ? WHERE id = ?",
        record.next_try, record.id);
    return;
  }
  Query query{*connection_,
              "SELECT f.attempt, f.name, e.media_type, e.file_name, e.reference, e.at FROM evidence_fetch f"
              " JOIN evidence e ON e.creditor = f.creditor AND e.attempt = f.attempt AND e.name = f.name"
              " WHERE f.id = ?",
              record.id};
  if (!query.next()) return;  // erased meanwhile
  const auto attempt = attempt_by_id(query.i64(0));
  if (!attempt) return;
  const auto reference_name = query.blob(1);
  const auto came_at = query.i64(5);
  EvidenceRecord document{query.text(2), query.text(3), record.document.bytes, query.text(4)};
  if (!record.document.media_type.empty()) document.media_type = record.document.media_type;
  if (!record.document.file_name.empty()) document.file_name = record.document.file_name;
  run(*connection_, "DELETE FROM evidence_fetch WHERE id = ?", record.id);
  Payload payload;
  payload.number("reminder", attempt->reminder).number("attempt", attempt->id);
  if (record.end == FetchEnd::fetched) {
    const Sha256 name{sha256(document.bytes)};
    keep_document(*attempt, name, document);
    run(*connection_, "DELETE FROM evidence WHERE creditor = ? AND attempt = ? AND name = ?",
        attempt->key.creditor, attempt->id, Blob{reference_name});
    run(*connection_, "INSERT OR IGNORE INTO evidence VALUES (?, ?, ?, ?, ?, ?, ?)", attempt->key.creditor,
        attempt->id, name, document.media_type, document.file_name, document.reference, came_at);
    payload.text("evidence", "fetched").text("document", to_hex(name)).text("file", document.file_name);
  } else {
    payload.text("evidence", "gone").text("file", document.file_name).text("error", record.error);
    std::string text{"The provider has a proof of this message no more"};
    if (!document.file_name.empty()) text += " (" + document.file_name + ")";
    if (!record.error.empty()) text += ": " + record.error;
    add_task(unit, attempt->key, attempt->case_id, attempt->reminder, ++last_.task, "evidence", text, false,
             now);
  }
  journal_entry(unit, attempt->key.creditor, attempt->case_id, now, "evidence", payload);
}

}  // namespace relance::store::sqlite
