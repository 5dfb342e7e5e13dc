// How the daemon is, and what an operator does to it as a whole: pause, resume, check, reload.
#include "host/api/body.hpp"
#include "host/api/handlers.hpp"
#include "host/api/json_text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <unistd.h>

namespace relance::api {
namespace json = boost::json;
Result<Response> show_status(Context &context, const Request &) {
  const auto report = context.engine.report();
  auto reader = context.engine.open_reader();
  if (!reader) return reader.error();
  const auto counters = (*reader)->counters(report.business_now);
  if (!counters) return counters.error();
  const auto configuration = context.engine.configuration();
  json::array providers;
  for (const auto &provider : report.providers) providers.push_back(to_json(provider));
  json::array waiting;
  for (const auto &one : counters->inbound_of) {
    const auto provider = std::find_if(report.providers.begin(), report.providers.end(),
                                       [&one](const auto &known) { return known.id == one.first; });
    const bool is_configured{provider != report.providers.end()};
    waiting.push_back(json::object{{"provider", one.first},
                                   {"count", one.second},
                                   {"configured", is_configured},
                                   {"away", !is_configured || provider->state == "absent"}});
  }
  json::array letterheads;
  for (const auto &[creditor, why] : report.letterheads)
    letterheads.push_back(json::object{{"creditor", creditor}, {"why", why}});
  const auto up_ms = (WallClock{}.now() - context.program.started_at).count();
  return json_answer(
      {{"version", context.program.version},
       {"process", getpid()},
       {"up_seconds", up_ms / 1000},
       {"configuration", {{"file", configuration->file.string()}, {"version", configuration->version}}},
       {"business_time", format_instant(report.business_now)},
       {"wall_time", format_instant(report.wall_now)},
       {"test_clock", report.has_test_clock},
       {"paused", report.is_paused},
       {"paused_because", report.paused_because},
       {"held_by_volume", report.is_held_by_volume},
       {"held_by_payment_data", context.payment_data_hold()},
       {"fault", context.engine.fault()},
       {"letterheads", std::move(letterheads)},
       {"lag_ms", report.lag.count()},
       {"engine",
        {{"claims", report.claims},
         {"decisions", report.decisions},
         {"intents", report.intents},
         {"stale", report.stale},
         {"refused", report.refused},
         {"batches", report.batches},
         {"inbox_outcomes", report.inbox_outcomes},
         {"inbox_inbound", report.inbox_inbound}}},
       {"store", api::to_json(*counters)},
       {"inbound_waiting", std::move(waiting)},
       {"hooks", hooks_status(context)},
       {"providers", std::move(providers)}});
}

Result<Response> pause(Context &context, const Request &request) {
  auto body = Body::parse(request.body);
  if (!body) return body.error();
  const auto because = body->text_or("because", "");
  if (auto end = body->end(); !end) return end.error();
  const auto paused =
      context.engine.pause(because.empty() ? "by " + request.by : because + " (" + request.by + ")");
  if (!paused) return paused.error();
  return done();
}

Result<Response> resume(Context &context, const Request &) {
  if (auto resumed = context.engine.resume(); !resumed) return resumed.error();
  return done();
}

Result<Response> check_configuration(Context &context, const Request &) {
  const auto loaded = context.program.check();
  json::array issues;
  for (const auto &issue : loaded.issues)
    issues.push_back(
        json::object{{"severity", issue.severity == config::Severity::error ? "error" : "warning"},
                     {"file", issue.at.file},
                     {"line", issue.at.line},
                     {"column", issue.at.column},
                     {"message", issue.message}});
  const auto in_force = context.engine.configuration();
  return json_answer(
      {{"ok", loaded.configuration != nullptr},
       {"file", in_force->file.string()},
       {"differs", loaded.configuration != nullptr && loaded.configuration->version != in_force->version},
       {"issues", std::move(issues)}});
}

Result<Response> reload(Context &context, const Request &) {
  if (auto reloaded = context.program.reload(); !reloaded) return reloaded.error();
  return json_answer({{"done", true}, {"version", context.engine.configuration()->version}});
}

}  // namespace relance::api
