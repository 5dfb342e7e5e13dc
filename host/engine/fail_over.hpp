// Fail-over: what earlier attempts of a reminder mean for its next one. A provider that did not take it is
// left out until its own time has come, one that refused it on principle for good; what may have been sent
// goes nowhere else, since it never gets here. Pure.
#pragma once

#include "host/channel/routing.hpp"
#include "host/config/configuration.hpp"
#include "host/domain/facts.hpp"
#include "host/domain/scenario.hpp"

#include <functional>
#include <string>
#include <vector>

namespace relance::engine {

/// Notes in the reminders of `facts` where another provider of the same channel may take them now; true when
/// one is. `is_free`: whether a provider could be asked at this moment.
bool note_fail_over(domain::CaseFacts &facts, const domain::Scenario &scenario, const config::Region &region,
                    std::span<const store::Contact> contacts, Instant now,
                    const std::function<bool(const std::string &provider)> &is_free);

/// Which providers this reminder may not go to, and why.
std::vector<channel::ProviderRefusal> refused_by(const domain::ReminderFacts &reminder, Instant now);

}  // namespace relance::engine
