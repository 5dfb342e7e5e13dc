// What waits for a person: approvals to give, tasks to do.
#include "host/api/body.hpp"
#include "host/api/handlers.hpp"
#include "host/api/json_text.hpp"

#include <boost/json.hpp>

#include <array>

namespace relance::api {
namespace json = boost::json;
namespace {

constexpr std::size_t kRowsMax{10'000};
constexpr std::array<std::string_view, 6> kOutcomes{"done",    "reached",      "promise",
                                                    "dispute", "wrong_number", "call_back"};

template <class Ask>
Result<Response> list(Context &context, const Request &request, const char *name, Ask &&ask) {
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  const auto limit = limit_of(request, 1000, kRowsMax);
  if (!limit) return limit.error();
  const auto all = flag_of(request, "all");
  if (!all) return all.error();
  auto reader = context.engine.open_reader();
  if (!reader) return reader.error();
  const auto rows = ask(**reader, *creditor, !*all, *limit);
  if (!rows) return rows.error();
  json::array out;
  for (const auto &row : *rows) out.push_back(to_json(row));
  return json_answer({{name, std::move(out)}});
}

}  // namespace

Result<Response> list_approvals(Context &context, const Request &request) {
  return list(context, request, "approvals",
              [](store::Reader &reader, store::CreditorId creditor, bool asked_only, std::size_t limit) {
                return reader.approvals(creditor, asked_only, limit);
              });
}

/// By their ids, or all that are asked at this moment.
Result<Response> decide_approvals(Context &context, const Request &request) {
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  auto body = Body::parse(request.body);
  if (!body) return body.error();
  const bool approve{body->required_flag("approve")};
  const bool all{body->flag("all", false)};
  std::vector<domain::ApprovalId> ids;
  if (body->has("ids")) ids = body->numbers("ids");
  if (all == !ids.empty()) body->fault("ids", "give ids, or all = true");
  if (auto end = body->end(); !end) return end.error();
  const auto decided = context.change([&](store::Store &store, Instant now) -> Result<void> {
    if (all) {
      const auto asked = store.approvals(*creditor, true, kRowsMax);
      if (!asked) return asked.error();
      for (const auto &row : *asked) ids.push_back(row.id);
    }
    if (ids.empty()) return {};
    return store.decide_approvals(*creditor, ids, approve, request.by, now);
  });
  if (!decided) return decided.error();
  return json_answer({{"approved", approve}, {"count", ids.size()}});
}

Result<Response> list_tasks(Context &context, const Request &request) {
  return list(context, request, "tasks",
              [](store::Reader &reader, store::CreditorId creditor, bool open_only, std::size_t limit) {
                return reader.tasks(creditor, open_only, limit);
              });
}

Result<Response> finish_task(Context &context, const Request &request) {
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  const auto task = id_of(request);
  if (!task) return task.error();
  auto body = Body::parse(request.body);
  if (!body) return body.error();
  const auto outcome = body->one_of("outcome", kOutcomes);
  const auto note = body->text_or("note", "");
  if (auto end = body->end(); !end) return end.error();
  const auto finished = context.change([&](store::Store &store, Instant now) {
    return store.finish_task(*creditor, *task, outcome, note, request.by, now);
  });
  if (!finished) return finished.error();
  return done();
}

}  // namespace relance::api
