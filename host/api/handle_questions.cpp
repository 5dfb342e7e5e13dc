// What would happen, and why: explain, preview, simulate. All of them read beside the engine and change
// nothing.
#include "host/api/body.hpp"
#include "host/api/handlers.hpp"
#include "host/api/json_text.hpp"
#include "host/domain/money.hpp"
#include "host/engine/explain.hpp"

#include <boost/json.hpp>

#include <chrono>

namespace relance::api {
namespace json = boost::json;
namespace {

constexpr std::size_t kPageDebtors{500};
constexpr std::size_t kPreviewsMax{1000};
constexpr std::int64_t kSimulatedDaysMax{3660};
constexpr auto kProgressEvery = std::chrono::milliseconds{200};

std::string_view name_of(domain::ItemState state) {
  switch (state) {
    case domain::ItemState::open:
      return "open";
    case domain::ItemState::paid:
      return "paid";
    case domain::ItemState::disputed:
      return "disputed";
    case domain::ItemState::written_off:
      return "written_off";
  }
  return "open";
}

std::string_view name_of(domain::CaseState state) {
  switch (state) {
    case domain::CaseState::onboarding:
      return "onboarding";
    case domain::CaseState::open:
      return "open";
    case domain::CaseState::closed:
      return "closed";
    case domain::CaseState::handed_over:
      return "handed_over";
  }
  return "open";
}

json::value date_or_null(const std::optional<CivilDate> &date) {
  if (!date) return nullptr;
  return json::value_from(format_date(*date));
}

json::value step_or_null(const domain::Scenario *scenario, std::int32_t step) {
  if (scenario == nullptr || step < 0 || static_cast<std::size_t>(step) >= scenario->steps.size())
    return nullptr;
  return json::value_from(scenario->steps[static_cast<std::size_t>(step)].id);
}

json::array items_of(const engine::CaseExplanation &explanation, const domain::Scenario *scenario) {
  json::array items;
  const auto &view = explanation.view;
  for (std::size_t i{0}; i < view.facts.items.size() && i < view.items.size(); ++i) {
    const auto &facts = view.facts.items[i];
    const auto &item = view.items[i];
    items.push_back(json::object{{"invoice", item.number},
                                 {"issued", format_date(item.issued)},
                                 {"due", format_date(item.due)},
                                 {"amount", domain::format_money(item.amount)},
                                 {"balance", domain::format_money(item.balance)},
                                 {"state", name_of(facts.state)},
                                 {"round", facts.round},
                                 {"step", step_or_null(scenario, facts.step)},
                                 {"sent_on", date_or_null(facts.sent_on)},
                                 {"held_until", date_or_null(facts.held_until)}});
  }
  return items;
}

json::object case_json(const engine::CaseExplanation &explanation,
                       const config::Configuration &configuration) {
  const auto &facts = explanation.view.facts;
  json::array routes;
  for (const auto &route : explanation.routes)
    routes.push_back(json::object{{"channel", route.channel},
                                  {"provider", route.provider},
                                  {"because", route.because},
                                  {"used", route.because.empty()}});
  json::array promises;
  for (const auto &promise : facts.promises)
    promises.push_back(
        json::object{{"date", format_date(promise.date)},
                     {"missing", domain::format_money({promise.missing_minor, facts.currency})}});
  return {{"case", explanation.case_id},
          {"state", name_of(facts.state)},
          {"currency", facts.currency.code()},
          {"scenario", explanation.scenario},
          {"decision", explanation.decision},
          {"step", explanation.step},
          {"at", explanation.at},
          {"reasons", to_json(explanation.reasons)},
          {"kept_by", to_json(explanation.kept_by)},
          {"routes", std::move(routes)},
          {"held_until", date_or_null(facts.held_until)},
          {"contacted_on", date_or_null(facts.contacted_on)},
          {"promises", std::move(promises)},
          {"items", items_of(explanation, configuration.scenario(explanation.scenario))}};
}

json::object debtor_json(const store::Claim &claim) {
  json::array contacts;
  for (const auto &contact : claim.contacts)
    contacts.push_back(json::object{{"channel", contact.channel},
                                    {"address", contact.address},
                                    {"name", contact.name},
                                    {"consent", contact.has_consent},
                                    {"suppressed", contact.is_suppressed},
                                    {"because", contact.suppressed_because}});
  return {{"code", claim.code},
          {"name", claim.name},
          {"country", claim.country},
          {"region", claim.region},
          {"language", claim.language},
          {"segment", claim.segment},
          {"time_zone", claim.time_zone},
          {"consumer", claim.is_consumer},
          {"contacts", std::move(contacts)}};
}

/// ?invoice=, ?debtor=, or ?subject= which may be either: invoices first.
Result<store::Claim> facts_asked(store::Reader &reader, store::CreditorId creditor, const Request &request) {
  if (const auto invoice = request.asked("invoice"); !invoice.empty())
    return reader.facts_of_invoice(creditor, invoice);
  if (const auto debtor = request.asked("debtor"); !debtor.empty())
    return reader.facts_of_debtor(creditor, debtor);
  const auto subject = request.asked("subject");
  if (subject.empty()) return invalid("say whom: an invoice's number or a debtor's code", "subject");
  auto found = reader.facts_of_invoice(creditor, subject);
  if (found || found.error().kind != ErrorKind::not_found) return found;
  found = reader.facts_of_debtor(creditor, subject);
  if (!found && found.error().kind == ErrorKind::not_found)
    return not_found("there is no invoice and no debtor " + std::string{subject});
  return found;
}

json::object preview_json(const engine::Preview &message) {
  return {{"debtor", message.debtor_code}, {"step", message.step},       {"channel", message.channel},
          {"address", message.address},    {"subject", message.subject}, {"text", message.text},
          {"html", message.html},          {"note", message.note}};
}

}  // namespace

Result<Response> explain(Context &context, const Request &request) {
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  const auto code = context.creditor_code(request);
  if (!code) return code.error();
  auto reader = context.engine.open_reader();
  if (!reader) return reader.error();
  const auto claim = facts_asked(**reader, *creditor, request);
  if (!claim) return claim.error();
  const auto configuration = context.engine.configuration();
  const auto now = context.engine.business_now();
  // What is paid or written off is not among the facts any more: an answer about its debtor's other invoices
  // must say so.
  const auto asked = !request.asked("invoice").empty() ? request.asked("invoice") : request.asked("subject");
  bool is_among_them{asked == claim->code ||
                     (request.asked("invoice").empty() && request.asked("subject").empty())};
  for (const auto &view : claim->cases)
    for (const auto &item : view.items) is_among_them = is_among_them || item.number == asked;
  const auto note = is_among_them
                        ? context.payment_data_hold()
                        : "invoice " + std::string{asked} +
                              " is settled or written off: nothing is decided about it (see its journal)";
  json::array cases;
  for (const auto &explanation : engine::explain(*configuration, *code, *claim, context.engine.standing_of(*claim), now))
    cases.push_back(case_json(explanation, *configuration));
  return json_answer({{"business_time", format_instant(now)},
                      {"note", note},
                      {"debtor", debtor_json(*claim)},
                      {"cases", std::move(cases)}});
}

Result<Response> preview(Context &context, const Request &request) {
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  const auto code = context.creditor_code(request);
  if (!code) return code.error();
  const auto limit = limit_of(request, 100, kPreviewsMax);
  if (!limit) return limit.error();
  auto reader = context.engine.open_reader();
  if (!reader) return reader.error();
  const auto configuration = context.engine.configuration();
  const auto now = context.engine.business_now();
  json::array messages;
  std::uint64_t count{0};
  const auto take = [&](const store::Claim &claim) {
    for (const auto &message : engine::preview(*configuration, *code, claim, now))
      if (++count <= *limit) messages.push_back(preview_json(message));
  };
  if (const auto debtor = request.asked("debtor"); !debtor.empty()) {
    const auto claim = (*reader)->facts_of_debtor(*creditor, debtor);
    if (!claim) return claim.error();
    take(*claim);
  } else {
    for (store::DebtorId after{0}; count <= *limit;) {
      const auto page = (*reader)->facts_page(*creditor, after, kPageDebtors);
      if (!page) return page.error();
      if (page->empty()) break;
      for (const auto &claim : *page) take(claim);
      after = page->back().debtor;
    }
  }
  const bool is_cut{count > *limit};
  return json_answer(
      {{"business_time", format_instant(now)}, {"is_cut", is_cut}, {"messages", std::move(messages)}});
}

Result<Response> preview_letter(Context &context, const Request &request) {
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  const auto code = context.creditor_code(request);
  if (!code) return code.error();
  const auto as = request.asked("as");
  if (!as.empty() && as != "pdf" && as != "tiff") return invalid("as is \"pdf\" or \"tiff\"");
  const auto debtor = request.asked("debtor");
  if (debtor.empty()) return invalid("say whose letter: debtor=CODE");
  auto reader = context.engine.open_reader();
  if (!reader) return reader.error();
  const auto claim = (*reader)->facts_of_debtor(*creditor, debtor);
  if (!claim) return claim.error();
  const bool as_fax{as == "tiff"};
  auto letter = engine::preview_letter(*context.engine.configuration(), *code, *claim, context.engine.business_now(), as_fax);
  if (!letter) return letter.error();
  return Response{200, as_fax ? "image/tiff" : "application/pdf", std::move(*letter)};
}

Result<void> simulate(Context &context, const Request &request, Exchange &exchange) {
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  const auto code = context.creditor_code(request);
  if (!code) return code.error();
  auto body = read_body(exchange);
  if (!body) return body.error();
  const auto days = static_cast<int>(body->number("days", 1, kSimulatedDaysMax));
  if (auto end = body->end(); !end) return end;
  auto reader = context.engine.open_reader();
  if (!reader) return reader.error();
  const auto configuration = context.engine.configuration();
  const auto from = context.engine.business_now();
  const auto counters = (*reader)->counters(from);
  if (!counters) return counters.error();
  auto told_at = std::chrono::steady_clock::now();
  const auto progress = [&](std::uint64_t debtors) {
    const auto now = std::chrono::steady_clock::now();
    if (now - told_at < kProgressEvery) return;
    told_at = now;
    exchange.write_line(
        json::serialize(json::value{{"progress", {{"debtors", debtors}, {"of", counters->debtors}}}}));
  };
  const auto simulation = engine::simulate(*configuration, **reader, *creditor, *code, from, days, progress);
  if (!simulation) return simulation.error();
  json::array rows;
  for (const auto &day : simulation->days)
    rows.push_back(json::object{{"day", format_date(day.day)},
                                {"step", day.step},
                                {"channel", day.channel},
                                {"messages", day.messages},
                                {"total_minor", day.total_minor}});
  exchange.write_line(json::serialize(json::value{{"result",
                                                   {{"from", format_instant(from)},
                                                    {"days", days},
                                                    {"cases", simulation->cases},
                                                    {"decisions", simulation->decisions},
                                                    {"rows", std::move(rows)}}}}));
  return {};
}

}  // namespace relance::api
