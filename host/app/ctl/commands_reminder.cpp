// What was sent and what came back: reminders, receipts, the journal.
#include "host/app/ctl/command.hpp"
#include "host/app/ctl/output.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace relance::ctl {
namespace json = boost::json;
namespace {

bool is_row_id(const std::string &text) {
  return !text.empty() && text.size() < 19 && text.find_first_not_of("0123456789") == std::string::npos;
}

/// What is known to have become of it; "silent" where its provider has not said in time what it promised to say.
std::string delivery_of(const json::object &row) {
  const auto known = member(row, "delivery");
  const auto awaited = member(row, "silent_about");
  if (awaited.empty()) return known;
  return (known == "interim" ? std::string{} : known + ", ") + "silent (" + awaited + ")";
}

void print_reminders(const json::object &answer, std::string_view none) {
  Table table{{{"ID", true},
               {"DAY"},
               {"DEBTOR"},
               {"STEP"},
               {"CHANNEL"},
               {"PROVIDER"},
               {"ADDRESS", false, 40},
               {"STATE"},
               {"DELIVERY"},
               {"PRICE", true},
               {"TOTAL", true},
               {"INVOICES", false, 40},
               {"SAID", false, 80}}};
  for (const auto &item : answer.at("reminders").as_array()) {
    const auto &row = item.as_object();
    table.add({member(row, "id"), member(row, "decided_on"), member(row, "debtor"), member(row, "step"),
               member(row, "channel"), member(row, "provider"), member(row, "address"), member(row, "state"),
               delivery_of(row), member(row, "price"), member(row, "total"), member(row, "invoices"),
               member(row, "code") + (member(row, "code").empty() ? "" : " ") + member(row, "text")});
  }
  table.print(none);
}

int list_reminders(const Run &run) {
  return run.get(
      run.target("/v1/reminders", {{"debtor", run.text("--debtor")}, {"limit", run.text("--limit")}}),
      [](const json::object &answer) {
        print_reminders(answer, "There is no reminder.");
        return int{kExitOk};
      });
}

int change_reminder(const Run &run, const std::string &verb, const std::string &words) {
  const auto id = run.text("ID");
  if (!is_row_id(id))
    return run.usage("'" + id + "' is not the number of a reminder (see `relancectl reminders`)");
  return run.post(run.target("/v1/reminders/" + id + "/" + verb), {{"because", run.text("--because")}},
                  "reminder " + id + words);
}

int list_receipts(const Run &run) {
  return run.get(
      run.target("/v1/receipts", {{"debtor", run.text("--debtor")}, {"limit", run.text("--limit")}}),
      [](const json::object &answer) {
        fmt::print("{} receipts; {} wait for their reminder, {} wait to be read, {} could not be read; {} did not come in time\n",
                   grouped(number(answer, "receipts")), grouped(number(answer, "unmatched")),
                   grouped(number(answer, "waiting")), grouped(number(answer, "failed")),
                   grouped(number(answer, "silent")));
        print_reminders(answer, "None of the newest reminders has a receipt.");
        return int{kExitOk};
      });
}

int reparse(const Run &run) {
  json::object body;
  if (run.has("--provider")) body["provider"] = run.text("--provider");
  if (run.has("--inbound")) {
    if (!is_row_id(run.text("--inbound"))) return run.usage("--inbound: a number is expected");
    body["inbound"] = std::stoll(run.text("--inbound"));
  }
  if (body.empty()) return run.usage("say --provider ID or --inbound NUMBER");
  return run.ask("POST", run.target("/v1/receipts/reparse"), json::serialize(body),
                 [](const json::object &answer) {
                   fmt::print("{} stored receipts are read again\n", grouped(number(answer, "count")));
                   return int{kExitOk};
                 });
}

int show_journal(const Run &run) {
  const Pairs query{
      {"invoice", run.text("--invoice")}, {"debtor", run.text("--debtor")}, {"limit", run.text("--limit")}};
  return run.get(run.target("/v1/journal", query), [](const json::object &answer) {
    Table table{{{"ENTRY", true}, {"AT"}, {"CASE", true}, {"KIND"}, {"WHAT", false, 160}}};
    for (const auto &item : answer.at("entries").as_array()) {
      const auto &row = item.as_object();
      const auto &payload = row.at("payload");
      table.add({member(row, "id"), member(row, "at"), member(row, "case"), member(row, "kind"),
                 flag(row, "erased") ? "(erased)" : json::serialize(payload)});
    }
    table.print("The journal has no such entry.");
    return int{kExitOk};
  });
}

int verify_journal(const Run &run) {
  return run.get(run.target("/v1/journal/verify"), [](const json::object &answer) {
    fmt::print("{} entries of {} cases, {} erased, {} days sealed\n", grouped(number(answer, "entries")),
               grouped(number(answer, "cases")), grouped(number(answer, "erased")),
               grouped(number(answer, "days_sealed")));
    for (const auto &fault : answer.at("faults").as_array())
      fmt::print("FAULT: {}\n", printable(fault.as_string().c_str()));
    fmt::print("{}\n", flag(answer, "intact") ? "intact" : "NOT intact");
    return int{flag(answer, "intact") ? kExitOk : kExitRefused};
  });
}

}  // namespace

std::vector<Command> reminder_commands() {
  const Option because{"--because", "TEXT", "why; it is kept in the journal", true};
  const Option id{"ID", "ID", "the reminder's number", true};
  const Option debtor{"--debtor", "CODE", "of one debtor only"};
  const Option limit{"--limit", "N", "at most so many"};
  return {
      {"reminders",
       "List the newest reminders",
       "relancectl reminders --debtor D-17",
       {debtor, limit},
       list_reminders},
      {"reminders resend",
       "Start a new round at a reminder's step: it is decided and sent again",
       "relancectl reminders resend 42 --because 'asked for another copy'",
       {id, because},
       [](const Run &run) { return change_reminder(run, "resend", " is sent again in a new round"); }},
      {"reminders cancel",
       "Void a reminder that has not gone out",
       "relancectl reminders cancel 42 --because 'wrong amount'",
       {id, because},
       [](const Run &run) { return change_reminder(run, "cancel", " is void"); }},
      {"receipts",
       "Show how receipts stand, and the newest reminders that have one",
       "relancectl receipts",
       {debtor, limit},
       list_receipts},
      {"receipts reparse",
       "Read stored receipts again, after a parser improved",
       "relancectl receipts reparse --provider smtp",
       {{"--provider", "ID", "all of one provider"}, {"--inbound", "NUMBER", "one of them"}},
       reparse},
      {"journal",
       "Show what happened, oldest first",
       "relancectl journal --invoice F-1001",
       {{"--invoice", "NUMBER", "of one invoice"}, debtor, limit},
       show_journal},
      {"journal verify",
       "Check every chain and every sealed day of the journal",
       "relancectl journal verify",
       {},
       verify_journal},
  };
}

}  // namespace relance::ctl
