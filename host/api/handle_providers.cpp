// The providers one by one: how each stands, what is left of its limits, what to do; pausing one, and trying
// one out.
#include "host/api/body.hpp"
#include "host/api/handlers.hpp"
#include "host/api/json_text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <thread>

namespace relance::api {
namespace json = boost::json;
namespace {

constexpr std::int64_t kWaitSecondsMax{86'400};
/// The outcome of a test is waited for at least so long, whatever is said of its receipt.
constexpr std::chrono::seconds kOutcomeWait{30};
constexpr std::chrono::milliseconds kOutcomeLookEvery{100};

json::value instant_or_null(const std::optional<Instant> &at) {
  return at ? json::value_from(format_instant(*at)) : json::value(nullptr);
}

/// Null where nothing is limited.
json::value money_or_null(const std::string &text) {
  return text.empty() ? json::value(nullptr) : json::value_from(text);
}

json::object limits_json(const engine::LimitsReport &limits) {
  const auto count = [](bool is_limited, std::int64_t number) {
    return is_limited ? json::value(number) : json::value(nullptr);
  };
  return {
      {"per_second", limits.per_second > 0 ? json::value(limits.per_second) : json::value(nullptr)},
      {"burst", count(limits.per_second > 0, limits.burst)},
      {"left_now", count(limits.per_second > 0, limits.tokens)},
      {"parallel", limits.parallel},
      {"in_doubt", limits.in_doubt},
      {"in_doubt_max", limits.in_doubt_max},
      {"per_day", count(limits.per_day != 0, limits.per_day)},
      {"used_today", count(limits.per_day != 0 || !limits.day_budget.empty() || !limits.month_budget.empty(),
                           limits.used_today)},
      {"price_per_message", money_or_null(limits.price_max)},
      {"day_budget", money_or_null(limits.day_budget)},
      {"day_spent", money_or_null(limits.day_spent)},
      {"month_budget", money_or_null(limits.month_budget)},
      {"month_spent", money_or_null(limits.month_spent)},
      {"maintenance_windows", limits.maintenance_windows}};
}

Result<engine::ProviderReport> provider_of(Context &context, const Request &request) {
  const std::string id{request.parameter("id")};
  for (auto &report : context.engine.report().providers)
    if (report.id == id) return std::move(report);
  return not_found("there is no provider " + id + "; `relancectl providers` lists them");
}

/// What a test has come to so far.
std::string verdict_of(const store::AttemptView &view) {
  if (view.delivery == "delivered" || view.delivery == "read" || view.delivery == "accepted_by_addressee")
    return "arrived";
  if (view.state == "in_doubt") return "in_doubt";
  if (view.state == "not_sent" || view.state == "withdrawn") return "not_sent";
  if (view.state == "rejected" || view.is_final) return "failed";
  return view.state == "sent" ? "taken" : "open";
}

json::object attempt_json(const store::AttemptView &view) {
  return {{"attempt", view.id},
          {"verdict", verdict_of(view)},
          {"provider", view.provider},
          {"channel", view.channel},
          {"address", view.address},
          {"key", view.idempotency_key},
          {"state", view.state},
          {"delivery", view.delivery},
          {"code", view.code},
          {"text", view.text},
          {"segments", view.segments},
          {"pages", view.pages},
          {"price", view.price_currency.empty() ? json::value(nullptr)
                                                : json::value_from(config::format_micro_price(
                                                      view.price_micro, view.price_currency))},
          {"receipts", view.receipts}};
}

}  // namespace

json::object to_json(const engine::ProviderReport &provider) {
  return {{"id", provider.id},
          {"channel", provider.channel},
          {"plugin", provider.plugin},
          {"placement", provider.placement},
          {"sandbox", provider.sandbox},
          {"state", provider.state},
          {"because", provider.because},
          {"what_to_do", provider.what_to_do},
          {"goes_on_at", instant_or_null(provider.goes_on_at)},
          {"breaker", provider.breaker},
          {"last_error", provider.last_error},
          {"last_error_at", instant_or_null(provider.last_error_at)},
          {"quotes", provider.can_quote},
          {"limits", limits_json(provider.limits)},
          {"handed_over", provider.handed_over},
          {"accepted", provider.accepted},
          {"rejected", provider.rejected},
          {"not_sent", provider.not_sent},
          {"unknown", provider.unknown},
          {"receipts", provider.receipts},
          {"inbound", provider.inbound},
          {"in_flight", provider.in_flight},
          {"credit", provider.credit}};
}

Result<Response> list_providers(Context &context, const Request &) {
  json::array providers;
  for (const auto &report : context.engine.report().providers) providers.push_back(to_json(report));
  return json_answer({{"providers", std::move(providers)}});
}

Result<Response> show_provider(Context &context, const Request &request) {
  const auto report = provider_of(context, request);
  if (!report) return report.error();
  auto shown = to_json(*report);
  json::array regions;
  const auto configuration = context.engine.configuration();
  for (const auto &region : configuration->regions)
    for (const auto &entry : region.providers_of(report->channel)) {
      if (entry.id != report->id) continue;
      regions.push_back(json::object{{"region", region.id},
                                     {"place", entry.rank + 1},
                                     {"weight", entry.weight},
                                     {"prefixes", to_json(entry.prefixes)},
                                     {"domains", to_json(entry.domains)}});
    }
  shown["regions"] = std::move(regions);
  return json_answer(std::move(shown));
}

Result<Response> pause_provider(Context &context, const Request &request) {
  auto body = Body::parse(request.body);
  if (!body) return body.error();
  const auto because = body->text_or("because", "");
  if (auto end = body->end(); !end) return end.error();
  const auto paused =
      context.engine.pause_provider(std::string{request.parameter("id")},
                                    because.empty() ? "by " + request.by : because + " (" + request.by + ")");
  if (!paused) return paused.error();
  return done();
}

Result<Response> resume_provider(Context &context, const Request &request) {
  if (auto resumed = context.engine.resume_provider(std::string{request.parameter("id")}); !resumed)
    return resumed.error();
  return done();
}

Result<void> test_provider(Context &context, const Request &request, Exchange &exchange) {
  auto body = read_body(exchange);
  if (!body) return body.error();
  const auto to = body->text("to");
  const auto wait =
      std::chrono::seconds{body->has("wait_seconds") ? body->number("wait_seconds", 0, kWaitSecondsMax) : 60};
  if (auto end = body->end(); !end) return end;
  const auto creditor = context.creditor_code(request);
  if (!creditor) return creditor.error();
  const auto attempt =
      context.engine.test_provider(std::string{request.parameter("id")}, *creditor, to, request.by);
  if (!attempt) return attempt.error();
  auto reader = context.engine.open_reader();
  if (!reader) return reader.error();
  const auto begun = std::chrono::steady_clock::now();
  std::string told;
  for (;;) {
    const auto view = (*reader)->attempt_view(*attempt);
    if (!view) return view.error();
    const auto verdict = verdict_of(*view);
    const auto waited = std::chrono::steady_clock::now() - begun;
    const bool has_outcome{verdict != "open"};
    // In doubt it may become more: its provider is asked, or a receipt comes.
    const bool is_over{view->is_final || verdict == "arrived" ||
                       waited >= (has_outcome ? wait : std::max(wait, kOutcomeWait))};
    const auto seen = view->state + ' ' + view->delivery;
    if (seen != told || is_over) {
      told = seen;
      auto line = attempt_json(*view);
      line["waited_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(waited).count();
      if (is_over) {
        exchange.write_line(json::serialize(json::value{{"result", std::move(line)}}));
        return {};
      }
      if (!exchange.write_line(json::serialize(json::value{{"progress", std::move(line)}}))) return {};
    }
    std::this_thread::sleep_for(kOutcomeLookEvery);
  }
}

}  // namespace relance::api
