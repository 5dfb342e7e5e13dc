// The first import sends nothing until an operator says from where: preview, a step to start at, an age to
// leave alone.
#include "host/api/body.hpp"
#include "host/api/handlers.hpp"
#include "host/api/json_text.hpp"

#include <boost/json.hpp>

namespace relance::api {
namespace json = boost::json;
namespace {

/// The step's place. All scenarios must agree on it, since one answer starts all cases: where one of them has
/// another step there, its debtors would begin with that, which may be their formal notice.
Result<std::int32_t> step_named(const config::Configuration &configuration, const std::string &id) {
  std::optional<std::int32_t> found;
  std::string known, without;
  bool is_elsewhere{false};
  for (const auto &scenario : configuration.scenarios) {
    known += (known.empty() ? "" : "; ") + scenario.id + ":";
    for (const auto &step : scenario.steps) known += ' ' + step.id;
    const auto index = domain::step_index(scenario, id);
    if (index < 0) {
      without = scenario.id;
      continue;
    }
    is_elsewhere = is_elsewhere || (found && *found != index);
    found = index;
  }
  if (!found) return invalid("no scenario has a step " + id + "; known: " + known, "/start_at");
  if (is_elsewhere || !without.empty())
    return conflict(
        (is_elsewhere ? "the step " + id + " stands at different places in the scenarios"
                      : "the scenario " + without + " has no step " + id) +
        ", and all cases start at once: name one that all of them have at the same place; the tone rises by "
        "one level at a time from there, however late a debtor is");
  return *found;
}

/// Counted from 0, which every scenario must have.
Result<std::int32_t> step_numbered(const config::Configuration &configuration, std::int32_t number) {
  for (const auto &scenario : configuration.scenarios)
    if (static_cast<std::size_t>(number) >= scenario.steps.size())
      return invalid("the scenario " + scenario.id + " has no step " + std::to_string(number) +
                         "; they are counted from 0",
                     "/start_at");
  return number;
}

Result<store::OnboardChoice> read_choice(const config::Configuration &configuration, Body &body) {
  store::OnboardChoice choice;
  if (body.has("start_at")) {
    const auto step = body.text("start_at");
    if (!step.empty() && step.size() < 4 && step.find_first_not_of("0123456789") == std::string::npos) {
      const auto index = step_numbered(configuration, std::stoi(step));
      if (!index) return index.error();
      choice.start_at = *index;
    } else if (!step.empty()) {
      const auto index = step_named(configuration, step);
      if (!index) return index.error();
      choice.start_at = *index;
    }
  }
  if (body.has("skip_older_than_days"))
    choice.skip_older_than_days = static_cast<std::int32_t>(body.number("skip_older_than_days", 1, 36500));
  return choice;
}

}  // namespace

Result<Response> onboard(Context &context, const Request &request) {
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  auto body = Body::parse(request.body);
  if (!body) return body.error();
  const bool preview_only{body->flag("preview", false)};
  const auto choice = read_choice(*context.engine.configuration(), *body);
  if (!choice) return choice.error();
  if (auto end = body->end(); !end) return end.error();
  const auto shown = context.change(
      [&](store::Store &store, Instant now) { return store.onboard(*creditor, *choice, now, preview_only); });
  if (!shown) return shown.error();
  json::array ages;
  for (const auto &[age, items] : shown->by_age) ages.push_back(json::object{{"age", age}, {"items", items}});
  return json_answer({{"preview", preview_only},
                      {"cases", shown->cases},
                      {"items", shown->items},
                      {"skipped", shown->skipped},
                      {"by_age", std::move(ages)}});
}

}  // namespace relance::api
