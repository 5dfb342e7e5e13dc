// The evidence of an invoice, and the bytes of its files.
#include "host/domain/journal_chain.hpp"
#include "host/store/sqlite/evidence_reader.hpp"
#include "host/store/sqlite/facts.hpp"
#include "host/store/sqlite/moment.hpp"
#include "host/store/sqlite/views.hpp"

#include <algorithm>

namespace relance::store::sqlite {
namespace {

/// As inbound_by_hash of the schema cuts it.
constexpr int kInboundBucketShift{12};
constexpr std::array<const char *, 7> kAttemptStates{"open",     "prepared", "accepted", "rejected",
                                                     "not_sent", "in_doubt", "withdrawn"};
constexpr std::array<const char *, 4> kInvoiceStates{"open", "paid", "disputed", "written_off"};
constexpr std::array<const char *, 4> kApprovalStates{"asked", "approved", "rejected", "expired"};

template <std::size_t n>
const char *name_in(const std::array<const char *, n> &names, std::int64_t at) {
  return at >= 0 && static_cast<std::size_t>(at) < n ? names[static_cast<std::size_t>(at)] : "unknown";
}

std::string media_type_of_inbound(const std::string &kind) {
  return kind == "mail" ? "message/rfc822" : "application/octet-stream";
}

}  // namespace

void EvidenceReader::note(EvidenceFile file) {
  if (noted_.insert(file.hash).second) out.files.push_back(std::move(file));
}

const EvidenceReader::Raw &EvidenceReader::note_inbound(InboundId id) {
  if (const auto known = inbound_.find(id); known != inbound_.end()) return known->second;
  auto &raw = inbound_[id];
  {
    Query query{connection_, "SELECT hash, kind = 'expired' FROM inbound WHERE id = ? AND shared > 0", id};
    if (query.next()) {
      if (!query.is_null(0)) raw.hash = query.hash(0);
      raw.is_expired = query.flag(1);
      return raw;
    }
  }
  Query query{connection_,
              "SELECT kind, provider, bytes FROM inbound WHERE id = ? AND kind NOT IN ('erased', 'repeat')",
              id};
  if (!query.next()) return raw;
  const auto kind = query.text(0);
  const auto bytes = query.blob(2);
  raw = {sha256(bytes), true, false};
  note({*raw.hash, FileOrigin::inbound, id, bytes.size(), media_type_of_inbound(kind),
        query.text(1) + "-" + kind});
  return raw;
}

std::optional<std::string> event_bytes(Connection &connection, CreditorId creditor, AttemptId attempt,
                                       const Sha256 &digest) {
  Query query{
      connection,
      "SELECT part_index, part_count, kind, is_final, failure, code, text, provider_time, price_micro,"
      " price_currency FROM receipt WHERE creditor = ? AND attempt = ? AND digest = ?",
      creditor, attempt, digest};
  if (!query.next()) return std::nullopt;
  ReceiptRecord said;
  said.kind = query.as<domain::ReceiptKind>(2);
  said.is_final = query.flag(3);
  said.failure = query.as<domain::FailureClass>(4);
  said.code = query.text(5);
  said.text = query.text(6);
  said.provider_time = query.instant_if(7);
  said.price_micro = query.i64(8);
  said.price_currency = query.text(9);
  auto bytes = event_of(said, query.as<std::uint32_t>(0), query.as<std::uint32_t>(1));
  if (sha256(bytes) != digest) return std::nullopt;  // its text was erased
  return bytes;
}

bool EvidenceReader::read_invoice(std::string_view number) {
  Query query{
      connection_,
      "SELECT r.debtor, r.id, r.case_id, r.reference, r.issued, r.due, r.amount, r.balance, r.state, d.code,"
      " d.name, d.is_erased, c.currency FROM receivable r"
      " JOIN debtor d ON d.creditor = r.creditor AND d.id = r.debtor"
      " JOIN case_ c ON c.creditor = r.creditor AND c.debtor = r.debtor AND c.id = r.case_id"
      " WHERE r.creditor = ? AND r.number = ?",
      creditor_, number};
  if (!query.next()) return false;
  debtor_ = query.i64(0);
  receivable_ = query.i64(1);
  const auto currency = domain::Currency::parse(query.text(12));
  out.creditor = creditor_;
  out.case_id = query.i64(2);
  out.number = number;
  out.reference = query.text(3);
  out.issued = query.day(4);
  out.due = query.day(5);
  out.amount = {query.i64(6), currency ? *currency : domain::Currency{}};
  out.balance = {query.i64(7), out.amount.currency};
  out.state = name_in(kInvoiceStates, query.i64(8));
  out.debtor_code = query.text(9);
  out.debtor_name = query.text(10);
  out.is_erased = query.flag(11);
  return true;
}

void EvidenceReader::read_reminders() {
  {
    Query query{connection_,
                "SELECT reminder, balance, is_moved, is_void FROM reminder_item"
                " WHERE creditor = ? AND debtor = ? AND receivable = ? ORDER BY reminder",
                creditor_, debtor_, receivable_};
    while (query.next()) {
      EvidenceReminder reminder;
      reminder.id = query.i64(0);
      reminder.balance_minor = query.i64(1);
      reminder.was_its_step = query.flag(2);
      reminder.is_void = query.flag(3);
      out.reminders.push_back(std::move(reminder));
    }
  }
  for (auto &reminder : out.reminders) read_reminder(reminder.id, reminder);
  read_tasks();
}

void EvidenceReader::read_reminder(ReminderId id, EvidenceReminder &reminder) {
  AttemptId attempt{0};
  {
    Query query{
        connection_,
        "SELECT step_id, level, round, decided_on, is_task, is_thank_you, attempt, state FROM reminder"
        " WHERE creditor = ? AND debtor = ? AND id = ?",
        creditor_, debtor_, id};
    if (!query.next()) return;
    reminder.step_id = query.text(0);
    reminder.level = query.i32(1);
    reminder.round = query.i32(2);
    reminder.decided_on = query.day(3);
    reminder.is_task = query.flag(4);
    reminder.is_thank_you = query.flag(5);
    attempt = query.i64(6);
    reminder.is_void = reminder.is_void || query.i64(7) == kReminderVoid;
  }
  {
    Query query{connection_,
                "SELECT r.number FROM reminder_item i JOIN receivable r ON r.creditor = i.creditor"
                " AND r.debtor = i.debtor AND r.id = i.receivable"
                " WHERE i.creditor = ? AND i.debtor = ? AND i.reminder = ? ORDER BY r.number",
                creditor_, debtor_, id};
    while (query.next()) reminder.invoices.push_back(query.text(0));
  }
  while (attempt != 0) {
    EvidenceAttempt one;
    attempt = read_attempt(attempt, one);
    if (one.id != 0) reminder.attempts.push_back(std::move(one));
  }
  std::reverse(reminder.attempts.begin(), reminder.attempts.end());
}

AttemptId EvidenceReader::read_attempt(AttemptId id, EvidenceAttempt &attempt) {
  AttemptId previous{0};
  {
    Query query{
        connection_,
        "SELECT previous, channel, provider, address, idempotency_key, subject, state, delivery, code, text,"
        " content_hash, intended_at, not_after, dated FROM attempt WHERE creditor = ? AND id = ?",
        creditor_, id};
    if (!query.next()) return 0;
    attempt.id = id;
    previous = query.i64(0);
    attempt.channel = query.text(1);
    attempt.provider = query.text(2);
    attempt.address = query.text(3);
    attempt.idempotency_key = query.text(4);
    attempt.subject = query.text(5);
    attempt.state = name_in(kAttemptStates, query.i64(6));
    attempt.delivery = domain::name_of(query.as<domain::ReceiptKind>(7));
    attempt.code = query.text(8);
    attempt.text = query.text(9);
    attempt.content_hash = query.hash(10);
    attempt.intended_at = query.instant(11);
    attempt.not_after = query.instant(12);
    attempt.dated = query.instant(13);
  }
  {
    Query query{connection_, "SELECT ref FROM attempt_ref WHERE creditor = ? AND attempt = ? ORDER BY ref",
                creditor_, id};
    while (query.next()) attempt.refs.push_back(query.blob(0));
  }
  read_parts(attempt);
  read_receipts(attempt);
  read_proofs(attempt);
  return previous;
}

void EvidenceReader::read_parts(EvidenceAttempt &attempt) {
  Query parts{connection_,
              "SELECT part.value ->> 'role', part.value ->> 'media_type', part.value ->> 'file_name',"
              " part.value ->> 'sha256' FROM attempt a, json_each(a.parts) part"
              " WHERE a.creditor = ? AND a.id = ? ORDER BY part.key",
              creditor_, attempt.id};
  while (parts.next()) {
    const auto hash = sha256_from_hex(parts.text(3));
    if (!hash) continue;
    auto &part = attempt.parts.emplace_back(parts.text(0), parts.text(1), parts.text(2), *hash);
    Query document{connection_,
                   "SELECT length(bytes) FROM content WHERE creditor = ? AND bucket = ? AND hash = ?",
                   creditor_, content_bucket(attempt.id), *hash};
    part.is_expired = !document.next();
    if (!part.is_expired)
      note({*hash, FileOrigin::message, content_bucket(attempt.id), document.as<std::uint64_t>(0),
            parts.text(1), parts.text(2)});
  }
}

void EvidenceReader::read_receipts(EvidenceAttempt &attempt) {
  std::vector<std::pair<InboundId, Sha256>> sources;
  {
    Query query{
        connection_,
        "SELECT inbound, part_index, part_count, kind, is_final, failure, code, text, provider_time, at,"
        " price_micro, price_currency, repeats, digest FROM receipt WHERE creditor = ? AND attempt = ?"
        " ORDER BY at, inbound, part_index",
        creditor_, attempt.id};
    while (query.next()) {
      sources.emplace_back(query.i64(0), query.hash(13));
      auto &one = attempt.receipts.emplace_back();
      one.part_index = query.as<std::uint32_t>(1);
      one.part_count = query.as<std::uint32_t>(2);
      one.kind = query.as<domain::ReceiptKind>(3);
      one.is_final = query.flag(4);
      one.failure = query.as<domain::FailureClass>(5);
      one.code = query.text(6);
      one.text = query.text(7);
      one.provider_time = query.instant_if(8);
      one.at = query.instant(9);
      one.price_micro = query.i64(10);
      one.price_currency = query.text(11);
      one.repeats = query.i64(12);
    }
  }
  for (std::size_t i{0}; i < sources.size(); ++i) {
    const auto &[inbound, digest] = sources[i];
    const auto &raw = note_inbound(inbound);
    attempt.receipts[i].is_expired = raw.is_expired;
    if (raw.is_file) attempt.receipts[i].raw = raw.hash;
    if (raw.is_file || !raw.hash) continue;
    const auto bytes = event_bytes(connection_, creditor_, attempt.id, digest);
    if (!bytes) continue;  // erased: bytes that others need say nothing of it any more
    attempt.receipts[i].raw = raw.hash;
    attempt.receipts[i].event = digest;
    note({digest, FileOrigin::event, attempt.id, bytes->size(), "application/json",
          attempt.provider + "-event"});
  }
}

void EvidenceReader::read_proofs(EvidenceAttempt &attempt) {
  Query query{connection_,
              "SELECT e.name, e.media_type, e.file_name, e.reference, e.at, length(c.bytes) FROM evidence e"
              " LEFT JOIN content c ON c.creditor = e.creditor AND c.bucket = ?3 AND c.hash = e.name"
              " WHERE e.creditor = ?1 AND e.attempt = ?2 ORDER BY e.at, e.name",
              creditor_, attempt.id, content_bucket(attempt.id)};
  while (query.next()) {
    auto &proof = attempt.proofs.emplace_back();
    proof.media_type = query.text(1);
    proof.file_name = query.text(2);
    proof.reference = query.text(3);
    proof.at = query.instant(4);
    // A document has its own hash, one that was only named that of its reference.
    proof.is_expired = query.is_null(5) && (proof.reference.empty() || query.hash(0) != sha256(proof.reference));
    if (query.is_null(5)) continue;
    proof.document = query.hash(0);
    note({*proof.document, FileOrigin::proof, content_bucket(attempt.id), query.as<std::uint64_t>(5),
          proof.media_type, proof.file_name});
  }
}

void EvidenceReader::read_tasks() {
  Query query{connection_,
              "SELECT reminder, kind, text, state, outcome, at FROM task WHERE creditor = ? AND debtor = ? "
              "AND case_id = ?"
              " ORDER BY id",
              creditor_, debtor_, out.case_id};
  while (query.next())
    for (auto &reminder : out.reminders)
      if (reminder.id == query.i64(0))
        reminder.tasks.push_back(
            {query.text(1), query.text(2), query.text(3), query.text(4), query.instant(5)});
}

void EvidenceReader::read_approvals() {
  Query query{connection_,
              "SELECT a.id, a.step_id, a.channel_class, a.state, a.decided_by, a.amount, a.at FROM approval a"
              " JOIN approval_item i ON i.creditor = a.creditor AND i.approval = a.id AND i.receivable = ?3"
              " WHERE a.creditor = ?1 AND a.debtor = ?2 ORDER BY a.id",
              creditor_, debtor_, receivable_};
  while (query.next())
    out.approvals.push_back({query.i64(0), query.text(1), query.text(2),
                             name_in(kApprovalStates, query.i64(3)), query.text(4), query.i64(5),
                             query.instant(6)});
}

void EvidenceReader::read_replies() {
  std::vector<std::pair<InboundId, Instant>> found;
  {
    Query query{connection_,
                "SELECT DISTINCT inbound, at FROM reply WHERE creditor = ? AND debtor = ? ORDER BY inbound",
                creditor_, debtor_};
    while (query.next()) found.emplace_back(query.i64(0), query.instant(1));
  }
  for (const auto &[inbound, at] : found) {
    const auto &raw = note_inbound(inbound);
    out.replies.push_back({raw.hash, at, raw.is_file, raw.is_expired});
  }
}

void EvidenceReader::read_chain(std::int64_t entry) {
  while (entry != 0) {
    Query query{
        connection_,
        "SELECT case_id, at, kind, previous, payload_hash, hash, salt, payload FROM journal WHERE id = ?",
        entry};
    if (!query.next()) break;
    auto &one = out.entries.emplace_back();
    one.id = entry;
    one.case_id = query.i64(0);
    one.at = query.instant(1);
    one.kind = query.text(2);
    one.previous = query.i64(3);
    one.payload_hash = query.hash(4);
    one.hash = query.hash(5);
    if (!query.is_null(6)) {
      one.salt = query.text(6);
      one.payload = query.text(7);
    }
    entry = one.previous;
  }
  std::reverse(out.entries.begin(), out.entries.end());
}

void EvidenceReader::read_seal() {
  if (out.entries.empty()) return;
  std::int64_t from{0}, up_to{0};
  Sha256 root_before{};
  {
    // The newest seal that an entry of this case falls under: the later ones do not mention the case.
    Query query{
        connection_,
        "SELECT s.day, s.up_to, s.root, s.token, b.up_to, b.root FROM journal_seal s LEFT JOIN journal_seal b"
        " ON b.creditor = s.creditor AND b.day = (SELECT max(day) FROM journal_seal WHERE creditor = "
        "s.creditor"
        " AND day < s.day) WHERE s.creditor = ? ORDER BY s.day DESC",
        creditor_};
    while (up_to == 0 && query.next()) {
      from = query.i64(4);
      const auto last = std::find_if(out.entries.rbegin(), out.entries.rend(),
                                     [&](const EvidenceEntry &one) { return one.id <= query.i64(1); });
      if (last == out.entries.rend() || last->id <= from) continue;
      up_to = query.i64(1);
      out.seal = EvidenceSeal{query.day(0), last->id, query.hash(2), {}, query.blob(3)};
      if (!query.is_null(5)) root_before = query.hash(5);
    }
  }
  if (out.seal) read_path(from, up_to, root_before);
}

void EvidenceReader::read_path(std::int64_t from, std::int64_t up_to, const Sha256 &root_before) {
  std::map<CaseId, Sha256> heads;
  Query query{connection_,
              "SELECT case_id, hash FROM journal WHERE id > ? AND id <= ? AND creditor = ? ORDER BY id", from,
              up_to, creditor_};
  while (query.next()) heads[query.i64(0)] = query.hash(1);
  const domain::JournalHeads leaves{heads.begin(), heads.end()};
  const auto leaf = std::distance(heads.begin(), heads.find(out.case_id));
  for (const auto &step : domain::merkle_path(root_before, leaves, static_cast<std::size_t>(leaf)))
    out.seal->path.emplace_back(step.sibling, step.is_left);
}

void EvidenceReader::read_erasure(std::int64_t entry) {
  while (entry != 0) {
    Query query{connection_,
                "SELECT previous, kind = 'erased' AND payload ->> 'debtor' = ?2, payload ->> 'by', at"
                " FROM journal WHERE id = ?1",
                entry, debtor_};
    if (!query.next()) return;
    if (query.flag(1)) {
      out.erased_by = query.text(2);
      out.erased_at = query.instant(3);
      return;
    }
    entry = query.i64(0);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

Result<InvoiceEvidence> SqliteReader::evidence_of(CreditorId creditor, std::string_view invoice_number) {
  return guarded("gathering evidence", [&]() -> Result<InvoiceEvidence> {
    Moment moment{connection_};
    EvidenceReader reader{connection_, creditor};
    if (!reader.read(invoice_number, [&](CaseId id) { return last_entry(creditor, id); }))
      return not_found("there is no invoice " + std::string{invoice_number});
    return std::move(reader.out);
  });
}

Result<std::string> SqliteReader::evidence_bytes(CreditorId creditor, const EvidenceFile &file) {
  return guarded("reading evidence", [&]() -> Result<std::string> {
    const auto gone = not_found("the document " + to_hex(file.hash) + " was erased");
    if (file.origin == FileOrigin::event) {
      auto bytes = event_bytes(connection_, creditor, file.place, file.hash);
      if (!bytes) return gone;
      return std::move(*bytes);
    }
    if (file.origin == FileOrigin::inbound) {
      Query query{
          connection_,
          "SELECT bytes FROM inbound WHERE id = ? AND kind NOT IN ('erased', 'repeat') AND shared < 2",
          file.place};
      if (!query.next()) return gone;
      return query.blob(0);
    }
    Query query{connection_, "SELECT bytes FROM content WHERE creditor = ? AND bucket = ? AND hash = ?",
                creditor, file.place, file.hash};
    if (!query.next()) return gone;
    return query.blob(0);
  });
}

Result<EvidenceFile> SqliteReader::evidence_file(CreditorId creditor, const Sha256 &hash) {
  return guarded("looking for evidence", [&]() -> Result<EvidenceFile> {
    Moment moment{connection_};
    std::int64_t content{-1}, inbound{-1};
    {
      Query query{connection_, "SELECT max(bucket) FROM content WHERE creditor = ?", creditor};
      if (query.next() && !query.is_null(0)) content = query.i64(0);
    }
    for (; content >= 0; --content) {
      Query query{
          connection_,
          "SELECT media_type, length(bytes) FROM content WHERE creditor = ? AND bucket = ? AND hash = ?",
          creditor, content, hash};
      if (query.next())
        return EvidenceFile{hash, FileOrigin::message, content, query.as<std::uint64_t>(1), query.text(0),
                            {}};
    }
    {
      Query query{connection_, "SELECT max(id) FROM inbound"};
      if (query.next()) inbound = query.i64(0) >> kInboundBucketShift;
    }
    for (; inbound >= 0; --inbound) {
      Query query{connection_,
                  "SELECT id, kind, length(bytes), provider FROM inbound WHERE id >> 12 = ?1 AND hash = ?2"
                  " AND kind NOT IN ('erased', 'repeat', 'expired') AND shared < 2",
                  inbound, hash};
      if (query.next())
        return EvidenceFile{hash,
                            FileOrigin::inbound,
                            query.i64(0),
                            query.as<std::uint64_t>(2),
                            media_type_of_inbound(query.text(1)),
                            query.text(3) + "-" + query.text(1)};
    }
    {
      // Asked by people, now and then: no index of every receipt is kept for it.
      Query query{connection_, "SELECT attempt FROM receipt WHERE creditor = ? AND digest = ?", creditor,
                  hash};
      if (query.next())
        if (const auto bytes = event_bytes(connection_, creditor, query.i64(0), hash))
          return EvidenceFile{hash, FileOrigin::event, query.i64(0), bytes->size(), "application/json", {}};
    }
    return not_found("there is no evidence " + to_hex(hash) + ", or it was erased, or is past its retention");
  });
}

}  // namespace relance::store::sqlite
