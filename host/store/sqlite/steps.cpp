// Scenarios that change while debtors are on their way through them: every row that names a step by its place
// follows the step to its new place, in one transaction.
#include "host/store/sqlite/sqlite_store.hpp"

#include <vector>

namespace relance::store::sqlite {
namespace {

/// Rows leave for numbers below this and come back from there: two steps that change places never meet in the unique key.
constexpr std::int64_t kAside{-1'000'000};

constexpr const char *kTables[]{
    "CREATE TEMP TABLE IF NOT EXISTS step_move (before INTEGER PRIMARY KEY, position INTEGER, number INTEGER)",
    "CREATE TEMP TABLE IF NOT EXISTS level_move (before INTEGER PRIMARY KEY, now INTEGER)",
    "CREATE TEMP TABLE IF NOT EXISTS moved_case (creditor INTEGER, id INTEGER, PRIMARY KEY (creditor, id)) WITHOUT ROWID",
    "DELETE FROM step_move", "DELETE FROM level_move", "DELETE FROM moved_case"};

constexpr const char *kReceivables{
    "UPDATE receivable SET"
    " step = coalesce((SELECT position FROM step_move WHERE before = receivable.step), step),"
    " sent_step = coalesce((SELECT position FROM step_move WHERE before = receivable.sent_step), sent_step),"
    " level = coalesce((SELECT now FROM level_move WHERE before = receivable.level), level)"
    " WHERE (creditor, case_id) IN (SELECT creditor, id FROM moved_case)"};

constexpr const char *kItems{
    "UPDATE reminder_item SET"
    " step = coalesce(?1 - (SELECT number FROM step_move WHERE before = reminder_item.step), step),"
    " before_step = coalesce((SELECT position FROM step_move WHERE before = reminder_item.before_step), before_step),"
    " before_sent_step ="
    " coalesce((SELECT position FROM step_move WHERE before = reminder_item.before_sent_step), before_sent_step),"
    " before_level = coalesce((SELECT now FROM level_move WHERE before = reminder_item.before_level), before_level)"
    " WHERE (creditor, reminder) IN"
    " (SELECT creditor, id FROM reminder WHERE (creditor, case_id) IN (SELECT creditor, id FROM moved_case))"};

constexpr const char *kReminders{
    "UPDATE reminder SET step = coalesce((SELECT number FROM step_move WHERE before = reminder.step), step),"
    " level = coalesce((SELECT now FROM level_move WHERE before = reminder.level), level)"
    " WHERE (creditor, case_id) IN (SELECT creditor, id FROM moved_case)"};

/// An approval of a step that is no more approves nothing.
constexpr const char *kApprovals{
    "UPDATE approval SET step = coalesce((SELECT number FROM step_move WHERE before = approval.step), step),"
    " is_spent = is_spent OR coalesce((SELECT number FROM step_move WHERE before = approval.step), 0) >= ?"
    " WHERE (creditor, case_id) IN (SELECT creditor, id FROM moved_case)"};

}  // namespace

Result<std::vector<KnownStep>> SqliteStore::known_steps() {
  return guarded("listing steps", [&]() -> Result<std::vector<KnownStep>> {
    std::vector<KnownStep> steps;
    Query query{*connection_, "SELECT scenario, number, level, step_id FROM scenario_step ORDER BY scenario, number"};
    while (query.next()) steps.push_back({query.text(0), query.i32(1), query.i32(2), query.text(3)});
    return steps;
  });
}

Result<std::vector<ScenarioUse>> SqliteStore::scenarios_in_use() {
  return guarded("listing scenarios", [&]() -> Result<std::vector<ScenarioUse>> {
    std::vector<ScenarioUse> uses;
    Query query{*connection_,
                "SELECT scenario, sum(state <> ?) FROM case_ WHERE scenario <> '' GROUP BY scenario ORDER BY scenario",
                domain::CaseState::closed};
    while (query.next()) uses.push_back({query.text(0), static_cast<std::uint64_t>(query.i64(1))});
    return uses;
  });
}

Result<std::vector<std::uint64_t>> SqliteStore::move_steps(std::span<const StepMoves> all, Instant now) {
  return guarded("moving steps", [&]() -> Result<std::vector<std::uint64_t>> {
    if (!leases_.empty()) return conflict("steps cannot move while debtors are being decided");
    std::vector<std::uint64_t> concerned;
    Unit unit{*connection_, journal_};
    for (const auto &moves : all) concerned.push_back(move_steps_of(unit, moves, now));
    unit.commit();
    return concerned;
  });
}

std::uint64_t SqliteStore::move_steps_of(Unit &unit, const StepMoves &moves, Instant now) {
  for (const char *sql : kTables) run(*connection_, sql);
  for (const auto &step : moves.steps)
    run(*connection_, "INSERT INTO step_move VALUES (?, ?, ?)", step.before, step.position, step.number);
  for (const auto &[before, level] : moves.levels)
    run(*connection_, "INSERT INTO level_move VALUES (?, ?)", before, level);
  run(*connection_, "INSERT INTO moved_case SELECT creditor, id FROM case_ WHERE scenario = ?", moves.from);
  const auto concerned = static_cast<std::uint64_t>(run(*connection_, kReceivables));
  run(*connection_, kItems, kAside);
  run(*connection_, "UPDATE reminder_item SET step = ?1 - step WHERE step <= ?1", kAside);
  run(*connection_, kReminders);
  run(*connection_, kApprovals, kRetiredStep);
  if (moves.from != moves.to)
    run(*connection_, "UPDATE case_ SET scenario = ? WHERE scenario = ?", moves.to, moves.from);
  for (const auto &scenario : {moves.from, moves.to})
    run(*connection_, "DELETE FROM scenario_step WHERE scenario = ?", scenario);
  for (const auto &step : moves.known)
    run(*connection_, "INSERT INTO scenario_step VALUES (?, ?, ?, ?)", step.scenario, step.number, step.level, step.id);
  std::vector<CreditorId> creditors;
  {
    Query query{*connection_, "SELECT DISTINCT creditor FROM moved_case"};
    while (query.next()) creditors.push_back(query.i32(0));
  }
  for (const auto creditor : creditors) {
    std::string steps;
    for (const auto &step : moves.steps) {
      if (!steps.empty()) steps += ", ";
      steps += std::to_string(step.before) + " to " + std::to_string(step.number);
    }
    Payload payload;
    payload.text("from", moves.from).text("to", moves.to).text("steps", steps);
    journal_entry(unit, creditor, 0, now, "steps_moved", payload);
  }
  run(*connection_, "DELETE FROM moved_case");
  return concerned;
}

}  // namespace relance::store::sqlite
