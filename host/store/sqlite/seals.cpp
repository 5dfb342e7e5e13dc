// Sealing a day: one root over the heads of all cases that changed since the seal before, and the time-stamp
// that an authority gives for it.
#include "host/domain/journal_chain.hpp"
#include "host/store/sqlite/sqlite_store.hpp"

#include <map>

namespace relance::store::sqlite {

Result<Sha256> SqliteStore::seal_day(CreditorId creditor, CivilDate day) {
  return guarded("sealing a day", [&]() -> Result<Sha256> {
    std::int64_t from{0};
    Sha256 root_before{};
    {
      Query query{*connection_,
                  "SELECT up_to, root, day FROM journal_seal WHERE creditor = ? ORDER BY day DESC LIMIT 1",
                  creditor};
      if (query.next()) {
        from = query.i64(0);
        root_before = query.hash(1);
        if (query.day(2) == day) return root_before;
        if (query.day(2) > day)
          return conflict("a later day, " + format_date(query.day(2)) + ", is sealed already");
      }
    }
    std::map<CaseId, Sha256> heads;
    {
      Query query{*connection_, "SELECT case_id, hash FROM journal WHERE id > ? AND creditor = ? ORDER BY id",
                  from, creditor};
      while (query.next()) heads[query.i64(0)] = query.hash(1);
    }
    if (heads.empty()) return root_before;  // the seal before says it all
    const Sha256 root{domain::merkle_root(root_before, {heads.begin(), heads.end()})};
    Unit unit{*connection_, journal_};
    run(*connection_, "INSERT INTO journal_seal (creditor, day, up_to, heads, root) VALUES (?, ?, ?, ?, ?)",
        creditor, day, journal_.last_id(), static_cast<std::int64_t>(heads.size()), root);
    unit.commit();
    return root;
  });
}

Result<void> SqliteStore::stamp_seal(CreditorId creditor, CivilDate day, std::string_view token) {
  return guarded("keeping a time-stamp", [&]() -> Result<void> {
    Unit unit{*connection_, journal_};
    const auto count = run(
        *connection_, "UPDATE journal_seal SET token = ? WHERE creditor = ? AND day = ? AND token IS NULL",
        Blob{token}, creditor, day);
    unit.commit();
    if (count == 0) return conflict("the day is not sealed, or is time-stamped already");
    return {};
  });
}

Result<std::vector<UnstampedSeal>> SqliteStore::unstamped_seals(std::size_t limit) {
  return guarded("listing seals", [&]() -> Result<std::vector<UnstampedSeal>> {
    std::vector<UnstampedSeal> seals;
    Query query{
        *connection_,
        "SELECT creditor, day, root FROM journal_seal WHERE token IS NULL ORDER BY day, creditor LIMIT ?",
        limit};
    while (query.next()) seals.push_back({query.i32(0), query.day(1), query.hash(2)});
    return seals;
  });
}

}  // namespace relance::store::sqlite
