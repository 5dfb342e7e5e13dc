// What waits for a person: approvals to give, tasks to do.
#include "host/api/body.hpp"
#include "host/api/handlers.hpp"
#include "host/api/json_text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>

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
  const std::string way{request.asked("way")};
  if (!way.empty() && way != "call" && way != "visit") return invalid("write call or visit", "way");
  const auto is_due = flag_of(request, "due");
  if (!is_due) return is_due.error();
  std::optional<Instant> by;
  if (*is_due) by = context.engine.business_now();
  return list(context, request, "tasks",
              [&](store::Reader &reader, store::CreditorId creditor, bool open_only, std::size_t limit) {
                return reader.tasks(creditor, store::TaskQuery{open_only, way, by}, limit);
              });
}

/// With its script, what is owed, every address, and what was promised: all that is needed on the telephone.
Result<Response> show_task(Context &context, const Request &request) {
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  const auto id = id_of(request);
  if (!id) return id.error();
  auto reader = context.engine.open_reader();
  if (!reader) return reader.error();
  const auto task = (*reader)->task(*creditor, *id);
  if (!task) return task.error();
  auto out = to_json(*task);
  out["script"] = task->script;
  json::array contacts, invoices, promises;
  if (!task->debtor_code.empty())
    if (const auto claim = (*reader)->facts_of_debtor(*creditor, task->debtor_code)) {
      for (const auto &contact : claim->contacts)
        contacts.push_back(json::object{{"channel", contact.channel},
                                        {"address", contact.address},
                                        {"name", contact.name},
                                        {"suppressed", contact.is_suppressed},
                                        {"because", contact.suppressed_because}});
      for (const auto &view : claim->cases) {
        for (std::size_t i{0}; i < view.items.size(); ++i)
          if (view.items[i].balance.minor > 0 && view.facts.items[i].state == domain::ItemState::open)
            invoices.push_back(json::object{{"invoice", view.items[i].number},
                                            {"due", format_date(view.items[i].due)},
                                            {"balance", domain::format_money(view.items[i].balance)}});
        for (const auto &promise : view.facts.promises)
          promises.push_back(
              json::object{{"date", format_date(promise.date)},
                           {"missing", domain::format_money({promise.missing_minor, view.facts.currency})}});
      }
    }
  out["contacts"] = std::move(contacts);
  out["invoices"] = std::move(invoices);
  out["promises"] = std::move(promises);
  return json_answer(std::move(out));
}

namespace {

/// "2026-03-05T14:30:00+01:00", or by the creditor's clocks "2026-03-05T14:30" or "2026-03-05 14:30".
std::optional<Instant> time_in(std::string_view text, const domain::Zone &zone) {
  if (const auto at = parse_instant(text)) return *at;
  constexpr std::size_t kLength{16};
  if (text.size() != kLength || (text[10] != 'T' && text[10] != ' ') || text[13] != ':') return std::nullopt;
  const auto date = parse_date(text.substr(0, 10));
  int hour{-1}, minute{-1};
  const auto *const digits = text.data() + 11;
  if (!date || std::from_chars(digits, digits + 2, hour).ptr != digits + 2 ||
      std::from_chars(digits + 3, digits + 5, minute).ptr != digits + 5 || hour > 23 || minute > 59 ||
      hour < 0 || minute < 0)
    return std::nullopt;
  return zone.first_instant_of(*date, hour * 60 + minute);
}

std::optional<domain::Zone> zone_of(Context &context, const Request &request) {
  const auto code = context.creditor_code(request);
  if (!code) return std::nullopt;
  const auto configuration = context.engine.configuration();
  for (const auto &creditor : configuration->creditors)
    if (creditor.code == *code)
      if (const auto *region = configuration->region(creditor.region)) return region->zone;
  return std::nullopt;
}

/// Members that belong to another outcome than the one that is told are refused: they would be lost.
void read_end(Body &body, store::TaskEnd &end) {
  end.outcome = body.one_of("outcome", kOutcomes);
  end.note = body.text_or("note", "");
  const auto only_of = [&](const char *name, std::initializer_list<std::string_view> outcomes) {
    if (!body.has(name)) return false;
    if (std::ranges::find(outcomes, end.outcome) == outcomes.end())
      body.fault(name, "does not belong to the outcome " + end.outcome);
    return true;
  };
  if (only_of("invoice", {"promise", "dispute"})) end.invoice = body.text("invoice");
  if (only_of("reason", {"dispute"})) end.reason = body.text("reason");
  if (only_of("date", {"promise"})) end.date = body.date("date");
  if (only_of("amount", {"promise"})) {
    const auto money = domain::parse_money(body.text("amount"));
    if (money && money->minor > 0) {
      end.amount_minor = money->minor;
      end.currency = money->currency;
    } else {
      body.fault("amount", "an amount above zero is written 1234.50 EUR");
    }
  }
  if (end.outcome == "promise" && !end.date) body.fault("date", "say for which day it is promised");
  if (end.outcome == "dispute" && end.reason.empty()) body.fault("reason", "say why it is disputed");
}

}  // namespace

Result<Response> finish_task(Context &context, const Request &request) {
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  const auto task = id_of(request);
  if (!task) return task.error();
  auto body = Body::parse(request.body);
  if (!body) return body.error();
  store::TaskEnd end;
  read_end(*body, end);
  const bool is_call_back{end.outcome == "call_back"};
  if (is_call_back || body->has("at")) {
    const auto zone = zone_of(context, request);
    const auto text = body->text("at");
    if (zone) end.call_at = time_in(text, *zone);
    if (!end.call_at) body->fault("at", "a time is written 2026-03-05T14:30, by the creditor's clocks");
    if (!is_call_back) body->fault("at", "does not belong to the outcome " + end.outcome);
  }
  if (auto ended = body->end(); !ended) return ended.error();
  const auto finished = context.change([&](store::Store &store, Instant now) -> Result<void> {
    return store.finish_task(*creditor, *task, end, request.by, now);
  });
  if (!finished) return finished.error();
  return done();
}

}  // namespace relance::api
