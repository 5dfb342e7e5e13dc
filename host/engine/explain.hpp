// What the engine would decide, and why, without doing it: explain, preview, simulate.
#pragma once

#include "host/base/result.hpp"
#include "host/base/time.hpp"
#include "host/domain/decide.hpp"
#include "host/engine/engine.hpp"
#include "host/store/records.hpp"

#include <functional>
#include <string>
#include <vector>

namespace relance::config {
struct Configuration;
}
namespace relance::store {
class Reader;
}

namespace relance::engine {

struct RouteExplanation {
  std::string channel, provider, because;
};  ///< because empty: this one would be used

struct CaseExplanation {
  store::CaseId case_id{0};
  std::string scenario, decision, step;
  std::string at;  ///< when the case is looked at next, or the message leaves at the latest; empty: never
  std::vector<std::string> reasons;  ///< sentences
  std::vector<std::string> kept_by;  ///< sentences: what keeps the decision from being carried out
  std::vector<RouteExplanation> routes;
  store::CaseView view;
};

/// The decision of this moment for each case of the claim, and what the engine's standing makes of it. Pure
/// but for reading configuration.
std::vector<CaseExplanation> explain(const config::Configuration &configuration,
                                     const std::string &creditor_code, const store::Claim &claim,
                                     const Standing &standing, Instant now);

struct Preview {
  std::string debtor_code, step, channel, address, subject, text, html, note;
};
/// The messages that would leave at `now`, rendered.
std::vector<Preview> preview(const config::Configuration &configuration, const std::string &creditor_code,
                             const store::Claim &claim, Instant now);

/// The pages of the first of them, for the provider that would print them; a PDF, or with `as_fax` a TIFF.
Result<std::string> preview_letter(const config::Configuration &configuration, const std::string &creditor_code,
                                   const store::Claim &claim, Instant now, bool as_fax);

struct SimulatedDay {
  CivilDate day{};
  std::string step, channel;
  std::uint64_t messages{0};
  std::int64_t total_minor{0};
};
struct Simulation {
  std::uint64_t cases{0}, decisions{0};
  std::vector<SimulatedDay> days;
};
/// Walks every case of the creditor through `days` of business time, as if everything were delivered, nobody
/// paid and every approval were given. Changes nothing. `progress` gets debtors done.
Result<Simulation> simulate(const config::Configuration &configuration, store::Reader &reader,
                            store::CreditorId creditor, const std::string &creditor_code, Instant from,
                            int days, const std::function<void(std::uint64_t)> &progress);

}  // namespace relance::engine
