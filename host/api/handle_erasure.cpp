// Forgetting: a person on their own demand, and what is past its retention. A rehearsal does the whole of it and
// takes it back, so that what it counts is what would go.
#include "host/api/body.hpp"
#include "host/api/handlers.hpp"
#include "host/api/json_text.hpp"

#include <boost/json.hpp>

namespace relance::api {
namespace {

/// A rehearsal holds up the daemon; of more it says "at least".
constexpr std::size_t kRehearsedMax{5'000};

boost::json::value years(std::optional<std::int32_t> period) {
  return period ? boost::json::value(std::to_string(*period) + "y") : boost::json::value("forever");
}

}  // namespace

Result<Response> erase_debtor(Context &context, const Request &request) {
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  auto body = Body::parse(request.body);
  if (!body) return body.error();
  const auto debtor = body->text("debtor");
  const bool dry_run{body->flag("dry_run", false)};
  if (auto end = body->end(); !end) return end.error();
  const auto erased = context.change([&](store::Store &store, Instant now) {
    return store.erase_debtor(*creditor, debtor, request.by, now, dry_run);
  });
  if (!erased) return erased.error();
  return json_answer({{"dry_run", dry_run},
                      {"contacts", erased->contacts},
                      {"messages", erased->messages},
                      {"documents", erased->documents},
                      {"raws", erased->raws},
                      {"raws_kept_for_others", erased->raws_kept_for_others},
                      {"tasks", erased->tasks},
                      {"journal_entries", erased->journal_entries}});
}

/// The periods, and what is past them on a day and not gone yet.
Result<Response> show_retention(Context &context, const Request &request) {
  const std::string text{request.asked("on")};
  const auto day = parse_date(text);
  if (!text.empty() && !day) return invalid("a day is written 2037-01-02", "on");
  const auto periods = context.engine.configuration()->retention;
  auto at = context.engine.business_now();
  if (day) at = Instant{day->time_since_epoch()};
  const auto gone = context.change(
      [&](store::Store &store, Instant) { return store.expire(periods, at, kRehearsedMax, true); });
  if (!gone) return gone.error();
  return json_answer({{"messages", years(periods.messages)},
                      {"proofs", years(periods.proofs)},
                      {"inbound", years(periods.inbound)},
                      {"unknown", years(periods.unknown)},
                      {"on", format_instant(at).substr(0, 10)},
                      {"past", boost::json::object{{"messages", gone->messages},
                                                   {"proofs", gone->proofs},
                                                   {"inbound", gone->raws},
                                                   {"unknown", gone->unknown},
                                                   {"bytes", gone->bytes},
                                                   {"all", gone->is_done}}}});
}

}  // namespace relance::api
