// How what was decided enters a settlement: the change, and its reasons in the journal's words.
#pragma once

#include "host/domain/decide.hpp"
#include "host/store/records.hpp"

#include <string>

namespace relance::engine {

/// The reasons as one line for the journal: machine names, since sentences may be reworded.
std::string why_text(const domain::Decision &decision);
void add_change(store::Settlement &settlement, store::CaseChange change, std::string why);
/// The store's word for never.
Instant from_decision(Instant at);

}  // namespace relance::engine
