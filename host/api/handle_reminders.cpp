// What was sent and what came back: reminders, receipts, attempts in doubt, the journal.
#include "host/api/body.hpp"
#include "host/api/handlers.hpp"
#include "host/api/json_text.hpp"

#include <boost/json.hpp>

namespace relance::api {
namespace json = boost::json;
namespace {

constexpr std::size_t kReminderRowsMax{10'000};

/// The rows of one question to the store, as an array.
template <class Ask>
Result<Response> list_rows(Context &context, const Request &request, const char *name, std::size_t fallback,
                      Ask &&ask) {
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  const auto limit = limit_of(request, fallback, kReminderRowsMax);
  if (!limit) return limit.error();
  auto reader = context.engine.open_reader();
  if (!reader) return reader.error();
  const auto rows = ask(**reader, *creditor, *limit);
  if (!rows) return rows.error();
  json::array out;
  for (const auto &row : *rows) out.push_back(to_json(row));
  return json_answer({{name, std::move(out)}});
}

using ReminderChange = Result<void> (store::Store::*)(store::CreditorId, store::ReminderId, std::string_view,
                                                      std::string_view, Instant);

Result<Response> change_reminder(Context &context, const Request &request, ReminderChange change) {
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  const auto id = id_of(request);
  if (!id) return id.error();
  auto body = Body::parse(request.body);
  if (!body) return body.error();
  const auto because = body->text("because");
  if (auto end = body->end(); !end) return end.error();
  const auto changed = context.change([&](store::Store &store, Instant now) {
    return (store.*change)(*creditor, *id, because, request.by, now);
  });
  if (!changed) return changed.error();
  return done();
}

}  // namespace

Result<Response> list_reminders(Context &context, const Request &request) {
  return list_rows(context, request, "reminders", 100,
              [&](store::Reader &reader, store::CreditorId creditor, std::size_t limit) {
                return reader.reminders(creditor, request.asked("debtor"), limit);
              });
}

Result<Response> resend_reminder(Context &context, const Request &request) {
  return change_reminder(context, request, &store::Store::resend_reminder);
}

Result<Response> cancel_reminder(Context &context, const Request &request) {
  return change_reminder(context, request, &store::Store::cancel_reminder);
}

/// How receipts stand: the counts, and the newest reminders that one has come for, or should have.
Result<Response> list_receipts(Context &context, const Request &request) {
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  const auto limit = limit_of(request, 100, kReminderRowsMax);
  if (!limit) return limit.error();
  auto reader = context.engine.open_reader();
  if (!reader) return reader.error();
  const auto counters = (*reader)->counters(context.engine.business_now());
  if (!counters) return counters.error();
  const auto rows = (*reader)->reminders(*creditor, request.asked("debtor"), *limit);
  if (!rows) return rows.error();
  json::array out;
  for (const auto &row : *rows)
    if ((!row.delivery.empty() && row.delivery != "interim") || !row.silent_about.empty()) out.push_back(to_json(row));
  return json_answer({{"receipts", counters->receipts},
                      {"unmatched", counters->receipts_unmatched},
                      {"waiting", counters->inbound_waiting},
                      {"failed", counters->inbound_failed},
                      {"silent", counters->silent},
                      {"reminders", std::move(out)}});
}

Result<Response> reparse_receipts(Context &context, const Request &request) {
  auto body = Body::parse(request.body);
  if (!body) return body.error();
  const auto provider = body->text_or("provider", "");
  const auto inbound = body->has("inbound") ? body->number("inbound", 1, INT64_MAX) : 0;
  if (provider.empty() && inbound == 0)
    body->fault("provider", "say which provider's receipts, or which inbound item");
  if (auto end = body->end(); !end) return end.error();
  if (!provider.empty() && context.engine.configuration()->provider(provider) == nullptr)
    return not_found("there is no provider " + provider + " in the configuration");
  const auto count =
      context.change([&](store::Store &store, Instant) { return store.reparse(provider, inbound); });
  if (!count) return count.error();
  return json_answer({{"count", *count}});
}

Result<Response> list_in_doubt(Context &context, const Request &request) {
  return list_rows(context, request, "attempts", 1000,
              [](store::Reader &reader, store::CreditorId creditor, std::size_t limit) {
                return reader.in_doubt(creditor, limit);
              });
}

Result<Response> resolve_in_doubt(Context &context, const Request &request) {
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  const auto attempt = id_of(request);
  if (!attempt) return attempt.error();
  auto body = Body::parse(request.body);
  if (!body) return body.error();
  const bool was_sent{body->required_flag("was_sent")};
  const auto because = body->text("because");
  if (auto end = body->end(); !end) return end.error();
  const auto resolved = context.change([&](store::Store &store, Instant now) -> Result<void> {
    if (context.engine.is_going_again(*attempt))
      return conflict("attempt " + std::to_string(*attempt) +
                      " is with its provider once more, under the same key: its answer comes within minutes");
    return store.resolve_in_doubt(*creditor, *attempt, was_sent, because, request.by, now);
  });
  if (!resolved) return resolved.error();
  return done();
}

Result<Response> show_journal(Context &context, const Request &request) {
  return list_rows(context, request, "entries", 200,
              [&](store::Reader &reader, store::CreditorId creditor, std::size_t limit) {
                return reader.journal(creditor, request.asked("invoice"), request.asked("debtor"), limit);
              });
}

Result<Response> verify_journal(Context &context, const Request &request) {
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  auto reader = context.engine.open_reader();
  if (!reader) return reader.error();
  const auto verdict = (*reader)->verify_journal(*creditor);
  if (!verdict) return verdict.error();
  return json_answer({{"intact", verdict->faults.empty()},
                      {"entries", verdict->entries},
                      {"cases", verdict->cases},
                      {"erased", verdict->erased},
                      {"days_sealed", verdict->days_sealed},
                      {"faults", to_json(verdict->faults)}});
}

}  // namespace relance::api
