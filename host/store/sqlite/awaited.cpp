// Which attempts a polled provider is asked about: a narrow table, written only for providers that want to be
// told.
#include "host/store/sqlite/sqlite_store.hpp"

namespace relance::store::sqlite {

void SqliteStore::await_through(std::vector<std::string> providers) {
  awaiting_.clear();
  awaiting_.insert(providers.begin(), providers.end());
}

void SqliteStore::await(const AttemptRow &attempt, Instant now) {
  if (!awaiting_.contains(attempt.provider)) return;
  run(*connection_, "INSERT OR IGNORE INTO awaited VALUES (?, ?, ?, ?)", attempt.provider, attempt.id,
      attempt.key.creditor, now);
}

void SqliteStore::end_awaiting(const AttemptRow &attempt) {
  if (!awaiting_.contains(attempt.provider)) return;
  run(*connection_, "DELETE FROM awaited WHERE provider = ? AND attempt = ?", attempt.provider, attempt.id);
}

Result<AwaitedPage> SqliteStore::awaited(std::string_view provider, AttemptId after, Instant now) {
  return guarded("reading what a provider is asked about", [&]() -> Result<AwaitedPage> {
    AwaitedPage page;
    std::vector<AttemptId> over;
    std::vector<std::pair<CreditorId, AttemptId>> found;
    std::size_t bytes{0};
    {
      Query query{
          *connection_,
          "SELECT w.attempt, w.creditor, w.accepted_at, a.idempotency_key FROM awaited w LEFT JOIN attempt a"
          " ON a.creditor = w.creditor AND a.id = w.attempt WHERE w.provider = ? AND w.attempt > ?"
          " ORDER BY w.attempt LIMIT ?",
          provider, after, kAwaitedMax + 1};
      while (query.next()) {
        if (page.items.size() == kAwaitedMax) {
          page.has_more = true;
          break;
        }
        Awaited one;
        one.attempt = query.i64(0);
        one.accepted_at = query.instant(2);
        one.idempotency_key = query.text(3);
        if (one.idempotency_key.empty() || one.accepted_at + kAwaitMax < now) {  // erased, or too long ago
          over.push_back(one.attempt);
          continue;
        }
        found.emplace_back(query.i32(1), one.attempt);
        page.items.push_back(std::move(one));
      }
    }
    for (std::size_t i{0}; i < page.items.size(); ++i) {
      Query refs{*connection_, "SELECT ref FROM attempt_ref WHERE creditor = ? AND attempt = ?",
                 found[i].first, found[i].second};
      while (refs.next()) bytes += page.items[i].refs.emplace_back(refs.blob(0)).size();
      if (bytes > kAwaitedBytesMax && i + 1 < page.items.size()) {
        page.items.resize(i + 1);
        page.has_more = true;
      }
    }
    if (!over.empty()) {
      Unit unit{*connection_, journal_};
      for (const auto id : over)
        run(*connection_, "DELETE FROM awaited WHERE provider = ? AND attempt = ?", provider, id);
      unit.commit();
    }
    return page;
  });
}

}  // namespace relance::store::sqlite
