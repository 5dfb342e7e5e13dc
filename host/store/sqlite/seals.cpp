// Sealing a day: one root over the heads of all cases that changed since the seal before, and the time-stamp
// that an authority gives for it.
#include "host/domain/journal_chain.hpp"
#include "host/store/sqlite/sqlite_store.hpp"

#include <algorithm>

namespace relance::store::sqlite {

Result<std::optional<Sha256>> SqliteStore::seal_some(CreditorId creditor, CivilDate day,
                                                     std::size_t entries) {
  return guarded("sealing a day", [&]() -> Result<std::optional<Sha256>> {
    if (!sealing_ || sealing_->creditor != creditor || sealing_->day != day) {
      Sealing begun{creditor, day, 0, journal_.last_id(), {}, {}};
      Query query{*connection_,
                  "SELECT up_to, root, day FROM journal_seal WHERE creditor = ? ORDER BY day DESC LIMIT 1",
                  creditor};
      if (query.next()) {
        begun.read = query.i64(0);
        begun.root_before = query.hash(1);
        if (query.day(2) == day) return std::optional{begun.root_before};
        if (query.day(2) > day)
          return conflict("a later day, " + format_date(query.day(2)) + ", is sealed already");
      }
      sealing_ = std::move(begun);
    }
    auto &seal = *sealing_;
    const auto piece_end = std::min(seal.up_to, seal.read + static_cast<std::int64_t>(entries));
    {
      Query query{*connection_,
                  "SELECT case_id, hash FROM journal WHERE id > ? AND id <= ? AND creditor = ? ORDER BY id",
                  seal.read, piece_end, creditor};
      while (query.next()) seal.heads[query.i64(0)] = query.hash(1);
    }
    seal.read = piece_end;
    if (seal.read < seal.up_to) return std::optional<Sha256>{};
    const auto whole = std::move(seal);
    sealing_.reset();
    if (whole.heads.empty()) return std::optional{whole.root_before};  // the seal before says it all
    const Sha256 root{domain::merkle_root(whole.root_before, {whole.heads.begin(), whole.heads.end()})};
    Unit unit{*connection_, journal_};
    run(*connection_, "INSERT INTO journal_seal (creditor, day, up_to, heads, root) VALUES (?, ?, ?, ?, ?)",
        creditor, day, whole.up_to, static_cast<std::int64_t>(whole.heads.size()), root);
    unit.commit();
    return std::optional{root};
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
