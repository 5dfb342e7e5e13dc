// A scenario's list of steps changes while debtors are on their way through it: where does each of them stand in
// the new list? Steps are the same when their ids are. Pure; the store carries out what is planned here.
#pragma once

#include "host/domain/scenario.hpp"
#include "host/store/records.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace relance::engine {

/// What must move when debtors on `from` (as `known` tells its steps) go on with the steps of `to`. Nothing when all
/// stays where it is. Positions never go back behind a step that was passed: an inserted step that lies before is passed
/// over, a step that changed places with one before it is not sent again. A step whose id is gone is stood in for by the
/// new one of its level (it was renamed), or by the one before it (it was removed).
std::optional<store::StepMoves> plan_step_moves(std::string_view from, const domain::Scenario &to,
                                                std::span<const store::KnownStep> known);

/// What is known once these moves are made.
std::vector<store::KnownStep> known_after(std::vector<store::KnownStep> known, const store::StepMoves &moves);

/// What must move when a scenario is gone and nothing replaces it: its steps retire, its cases take another.
std::optional<store::StepMoves> plan_retirement(std::string_view scenario, std::span<const store::KnownStep> known);

}  // namespace relance::engine
