// Business time: read, and in a daemon started with --test-clock, advanced.
#include "host/api/body.hpp"
#include "host/api/handlers.hpp"
#include "host/api/json_text.hpp"

#include <boost/json.hpp>

#include <atomic>
#include <chrono>
#include <future>

namespace relance::api {
namespace json = boost::json;
namespace {

constexpr std::int64_t kDaysMax{3660};  ///< ten years: past that the step is a typing mistake
constexpr auto kClockProgressEvery = std::chrono::milliseconds{100};

}  // namespace

Result<Response> show_clock(Context &context, const Request &) {
  const auto report = context.engine.report();
  return json_answer({{"business_time", format_instant(report.business_now)},
                      {"wall_time", format_instant(report.wall_now)},
                      {"test_clock", report.has_test_clock}});
}

Result<void> advance_clock(Context &context, const Request &, Exchange &exchange) {
  auto body = read_body(exchange);
  if (!body) return body.error();
  const auto from = context.engine.business_now();
  Instant target{from};
  if (body->has("to")) {
    const auto to = parse_instant(body->text("to"));
    if (!to) body->fault("to", to.error().message);
    if (to) target = *to;
  } else {
    target += std::chrono::seconds{body->number("seconds", 1, kDaysMax * 86400)};
  }
  const bool settle{body->flag("settle", false)};
  const auto timeout = body->has("timeout_seconds") ? body->number("timeout_seconds", 1, 86400) : 60;
  if (auto end = body->end(); !end) return end;

  // The engine's thread must not wait for a slow reader: it only leaves word, and this thread passes it on.
  std::atomic<std::int64_t> reached{to_ms(from)};
  auto advancing = std::async(std::launch::async, [&] {
    return context.engine.advance_clock(target, settle, std::chrono::seconds{timeout},
                                        [&](Instant at) { reached = to_ms(at); });
  });
  for (auto told = to_ms(from); advancing.wait_for(kClockProgressEvery) != std::future_status::ready;) {
    const auto at = reached.load();
    if (at == told) continue;
    told = at;
    exchange.write_line(json::serialize(json::value{{"progress",
                                                     {{"from", format_instant(from)},
                                                      {"at", format_instant(from_ms(at))},
                                                      {"to", format_instant(target)}}}}));
  }
  if (const auto advanced = advancing.get(); !advanced) return advanced;
  exchange.write_line(
      json::serialize(json::value{{"result",
                                   {{"from", format_instant(from)},
                                    {"business_time", format_instant(context.engine.business_now())},
                                    {"settled", settle}}}}));
  return {};
}

}  // namespace relance::api
