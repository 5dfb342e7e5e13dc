// The first import sends nothing: its cases wait until an operator has said from where they start.
#include "host/store/sqlite/sqlite_store.hpp"

#include <vector>

namespace relance::store::sqlite {

Result<OnboardPreview> SqliteStore::onboard(CreditorId creditor, const OnboardChoice &choice, Instant now,
                                            bool preview_only) {
  return guarded("onboarding", [&]() -> Result<OnboardPreview> {
    OnboardPreview preview;
    preview.by_age = {
        {"not due", 0}, {"1-30 days", 0}, {"31-60 days", 0}, {"61-90 days", 0}, {"over 90 days", 0}};
    const auto today = std::chrono::floor<Days>(now).time_since_epoch().count();
    struct Waiting {
      DebtorId debtor;
      CaseId id;
    };
    std::vector<Waiting> cases;
    {
      Query query{*connection_, "SELECT debtor, id FROM case_ WHERE creditor = ? AND state = 0", creditor};
      while (query.next()) cases.push_back({query.i64(0), query.i64(1)});
    }
    Unit unit{*connection_, journal_};
    for (const auto &one : cases) {
      ++preview.cases;
      std::vector<ReceivableId> skipped;
      {
        Query query{*connection_,
                    "SELECT id, due FROM receivable WHERE creditor = ? AND debtor = ? AND case_id = ? AND "
                    "state IN (0, 2)",
                    creditor, one.debtor, one.id};
        while (query.next()) {
          const auto age = today - query.i64(1);
          ++preview.items;
          ++preview.by_age[age <= 0 ? 0 : age <= 30 ? 1 : age <= 60 ? 2 : age <= 90 ? 3 : 4].second;
          if (choice.skip_older_than_days && age > *choice.skip_older_than_days)
            skipped.push_back(query.i64(0));
        }
      }
      preview.skipped += skipped.size();
      if (preview_only) continue;
      for (const auto id : skipped)
        run(*connection_, "UPDATE receivable SET held_until = ? WHERE creditor = ? AND debtor = ? AND id = ?",
            kFarDay, creditor, one.debtor, id);
      if (choice.start_at)
        run(*connection_,
            "UPDATE receivable SET step = max(step, ?) WHERE creditor = ? AND debtor = ? AND case_id = ?",
            *choice.start_at - 1, creditor, one.debtor, one.id);
      run(*connection_, "UPDATE case_ SET state = 1 WHERE creditor = ? AND debtor = ? AND id = ?", creditor,
          one.debtor, one.id);
      Payload payload;
      payload.number("skipped", static_cast<std::int64_t>(skipped.size()))
          .number("start_at", choice.start_at.value_or(0));
      journal_entry(unit, creditor, one.id, now, "onboarded", payload);
      touch(unit, {creditor, one.debtor}, now);
    }
    if (preview_only) return preview;
    run(*connection_, "UPDATE creditor SET is_live = 1 WHERE id = ?", creditor);
    unit.commit();
    return preview;
  });
}

}  // namespace relance::store::sqlite
