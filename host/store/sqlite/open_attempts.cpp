// Attempts without outcome: what a starting daemon must resolve, what is in doubt, and the very message that
// was handed over, for a provider that drops repeats.
#include "host/store/sqlite/sqlite_store.hpp"

#include <algorithm>

namespace relance::store::sqlite {

OpenAttempt SqliteStore::read_open(CreditorId creditor, AttemptId id) {
  OpenAttempt one;
  one.id = id;
  one.creditor = creditor;
  {
    Query query{*connection_,
                "SELECT provider, idempotency_key, state, is_withdrawn, intended_at, not_after, is_draft_at_most, is_released, channel"
                " FROM attempt"
                " WHERE creditor = ? AND id = ?",
                creditor, id};
    if (!query.next()) return one;
    one.provider = query.text(0);
    one.idempotency_key = query.text(1);
    one.is_prepared = query.as<AttemptState>(2) == AttemptState::prepared;
    one.is_withdrawn = query.flag(3);
    one.intended_at = query.instant(4);
    one.not_after = query.instant(5);
    one.is_draft_at_most = query.flag(6);
    one.is_released = query.flag(7);
    one.channel = query.text(8);
  }
  Query refs{*connection_, "SELECT ref FROM attempt_ref WHERE creditor = ? AND attempt = ?", creditor, id};
  while (refs.next()) one.refs.push_back(refs.blob(0));
  return one;
}

Result<std::vector<OpenAttempt>> SqliteStore::open_attempts() {
  return guarded("listing open attempts", [&]() -> Result<std::vector<OpenAttempt>> {
    std::vector<OpenAttempt> open;
    for (const auto &[id, attempt] : unfinished_)
      if (auto one = read_open(attempt.key.creditor, id); !one.provider.empty())
        open.push_back(std::move(one));
    std::sort(open.begin(), open.end(),
              [](const OpenAttempt &a, const OpenAttempt &b) { return a.id < b.id; });
    return open;
  });
}

Result<std::uint64_t> SqliteStore::attempts_since(Instant since) {
  return guarded("counting attempts", [&]() -> Result<std::uint64_t> {
    // Business time never goes back, so the newest ids are the newest attempts.
    Query query{*connection_, "SELECT dated FROM attempt ORDER BY id DESC"};
    std::uint64_t count{0};
    while (query.next() && query.instant(0) >= since) ++count;
    return count;
  });
}

Result<OpenAttempt> SqliteStore::attempt(AttemptId id) {
  return guarded("reading an attempt", [&]() -> Result<OpenAttempt> {
    const auto row = attempt_by_id(id);
    if (!row) return not_found("there is no attempt " + std::to_string(id));
    return read_open(row->key.creditor, id);
  });
}

Result<void> SqliteStore::note_released(std::span<const AttemptId> attempts) {
  return guarded("noting what is released", [&]() -> Result<void> {
    Unit unit{*connection_, journal_};
    for (const auto id : attempts)
      if (const auto found = unfinished_.find(id); found != unfinished_.end())
        run(*connection_, "UPDATE attempt SET is_released = 1 WHERE creditor = ? AND id = ?",
            found->second.key.creditor, id);
    unit.commit();
    return {};
  });
}

Result<std::vector<OpenAttempt>> SqliteStore::doubts(std::size_t limit) {
  return guarded("listing what is in doubt", [&]() -> Result<std::vector<OpenAttempt>> {
    std::vector<std::pair<CreditorId, AttemptId>> found;
    {
      Query query{*connection_,
                  // a test that ended in doubt harms nobody
                  "SELECT creditor, id FROM attempt WHERE state = 5 AND reminder <> 0 ORDER BY creditor, id LIMIT ?", limit};
      while (query.next()) found.emplace_back(query.i32(0), query.i64(1));
    }
    std::vector<OpenAttempt> doubts;
    for (const auto &[creditor, id] : found) doubts.push_back(read_open(creditor, id));
    return doubts;
  });
}

Result<StoredMessage> SqliteStore::stored_message(CreditorId creditor, AttemptId id) {
  return guarded("reading a message", [&]() -> Result<StoredMessage> {
    StoredMessage message;
    auto &attempt = message.attempt;
    DebtorId debtor{0};
    {
      Query query{*connection_,
                  "SELECT debtor, case_id, reminder, channel, provider, contact, address, idempotency_key, "
                  "content_hash,"
                  " subject, not_after, dated FROM attempt WHERE creditor = ? AND id = ?",
                  creditor, id};
      if (!query.next()) return not_found("there is no attempt " + std::to_string(id));
      debtor = query.i64(0);
      message.case_id = query.i64(1);
      message.reminder = query.i64(2);
      attempt.channel = query.text(3);
      attempt.provider = query.text(4);
      attempt.contact = query.i64(5);
      attempt.address = query.text(6);
      attempt.idempotency_key = query.text(7);
      attempt.content_hash = query.hash(8);
      attempt.subject = query.text(9);
      attempt.not_after = query.instant(10);
      attempt.dated = query.instant(11);
    }
    {
      Query query{*connection_,
                  "SELECT d.code, r.step, r.attempts, r.is_thank_you, r.attempt FROM reminder r JOIN debtor d"
                  " ON d.creditor = r.creditor AND d.id = r.debtor WHERE r.creditor = ? AND r.debtor = ? AND "
                  "r.id = ?",
                  creditor, debtor, message.reminder};
      if (!query.next() || query.i64(4) != id)
        return not_found("attempt " + std::to_string(id) + " is not the last one of its reminder");
      message.debtor_code = query.text(0);
      message.step = query.i32(1);
      message.attempt_number = query.as<std::uint32_t>(2);
      message.is_thank_you = query.flag(3);
    }
    {
      Query query{*connection_,
                  "SELECT receivable, round, balance, is_moved FROM reminder_item"
                  " WHERE creditor = ? AND debtor = ? AND reminder = ?",
                  creditor, debtor, message.reminder};
      while (query.next()) message.items.push_back({query.i64(0), query.i32(1), query.i64(2), query.flag(3)});
    }
    Query parts{
        *connection_,
        "SELECT part.value ->> 'role', part.value ->> 'media_type', part.value ->> 'file_name', part.value "
        "->> 'sha256'"
        " FROM attempt a, json_each(a.parts) part WHERE a.creditor = ? AND a.id = ? ORDER BY part.key",
        creditor, id};
    while (parts.next()) {
      Content part;
      part.role = parts.text(0);
      part.media_type = parts.text(1);
      part.file_name = parts.text(2);
      part.hash = sha256_from_hex(parts.text(3)).value_or(Sha256{});
      Query document{*connection_, "SELECT bytes FROM content WHERE creditor = ? AND bucket = ? AND hash = ?",
                     creditor, content_bucket(id), part.hash};
      if (!document.next()) return not_found("a document of attempt " + std::to_string(id) + " was erased");
      part.bytes = std::make_shared<const std::string>(document.blob(0));
      attempt.content.push_back(std::move(part));
    }
    if (attempt.content.empty())
      return not_found("the words of attempt " + std::to_string(id) + " were erased");
    return message;
  });
}

}  // namespace relance::store::sqlite
