// What people know and the ledger does not: promises, disputes, holds, write-offs, suppressed addresses.
#include "host/app/ctl/command.hpp"
#include "host/app/ctl/output.hpp"
#include "host/base/time.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace relance::ctl {
namespace json = boost::json;
namespace {

int list_suppressions(const Run &run) {
  return run.get(run.target("/v1/suppressions"), [](const json::object &answer) {
    Table table{{{"DEBTOR"}, {"CHANNEL"}, {"ADDRESS"}, {"SINCE"}, {"BECAUSE", false, 100}}};
    for (const auto &item : answer.at("suppressions").as_array()) {
      const auto &row = item.as_object();
      table.add({member(row, "debtor"), member(row, "channel"), member(row, "address"), member(row, "since"),
                 member(row, "because")});
    }
    table.print("No address is suppressed.");
    return int{kExitOk};
  });
}

int suppress(const Run &run) {
  return run.post(run.target("/v1/suppressions"),
                  {{"channel", run.text("CHANNEL")},
                   {"address", run.text("ADDRESS")},
                   {"because", run.text("--because")}},
                  run.text("ADDRESS") + " is not written to any more");
}

int lift(const Run &run) {
  return run.post(run.target("/v1/suppressions/lift"),
                  {{"channel", run.text("CHANNEL")}, {"address", run.text("ADDRESS")}},
                  run.text("ADDRESS") + " may be written to again");
}

int promise(const Run &run) {
  if (run.has("--invoice") == run.has("--debtor")) return run.usage("say --invoice NUMBER or --debtor CODE");
  if (!parse_date(run.text("--date"))) return run.usage("--date: a date is written 2026-12-31");
  json::object body{{"date", run.text("--date")}};
  if (run.has("--invoice")) body["invoice"] = run.text("--invoice");
  if (run.has("--debtor")) body["debtor"] = run.text("--debtor");
  if (run.has("--amount")) body["amount"] = run.text("--amount");
  return run.post(run.target("/v1/promises"), body,
                  "promised for " + run.text("--date") + ": reminders rest until then");
}

int dispute(const Run &run) {
  const bool is_resolved{run.has("--resolve")};
  return run.post(run.target(is_resolved ? "/v1/disputes/resolve" : "/v1/disputes"),
                  {{"invoice", run.text("INVOICE")}, {"because", run.text("--because")}},
                  "invoice " + run.text("INVOICE") +
                      (is_resolved ? " is no longer disputed" : " is disputed: it is not reminded of"));
}

int write_off(const Run &run) {
  return run.post(run.target("/v1/write-offs"),
                  {{"invoice", run.text("INVOICE")}, {"because", run.text("--because")}},
                  "invoice " + run.text("INVOICE") + " is written off");
}

int erase(const Run &run) {
  const bool is_dry{run.has("--dry-run")};
  const json::object body{{"debtor", run.text("DEBTOR")}, {"dry_run", is_dry}};
  return run.ask("POST", run.target("/v1/erasures"), json::serialize(body), [&](const json::object &answer) {
    fmt::print("debtor {}: {}\n", printable(run.text("DEBTOR")),
               is_dry ? "this would be erased; nothing was" : "erased");
    fmt::print(
        "  {} addresses, {} messages with {} documents, {} raw messages, {} tasks, the words of {} journal "
        "entries\n",
        grouped(number(answer, "contacts")), grouped(number(answer, "messages")),
        grouped(number(answer, "documents")), grouped(number(answer, "raws")),
        grouped(number(answer, "tasks")), grouped(number(answer, "journal_entries")));
    if (number(answer, "raws_kept_for_others") > 0)
      fmt::print("  {} raw messages speak of others too: kept for these, shown to nobody\n",
                 grouped(number(answer, "raws_kept_for_others")));
    return int{kExitOk};
  });
}

int show_retention(const Run &run) {
  if (run.has("--on") && !parse_date(run.text("--on")))
    return run.usage("'" + run.text("--on") + "' is no day; write 2037-01-02");
  return run.get(run.target("/v1/retention", {{"on", run.text("--on")}}), [](const json::object &answer) {
    const auto &past = answer.at("past").as_object();
    Table table{{{"KIND"}, {"KEPT"}, {"PAST", true}}};
    for (const char *const kind : {"messages", "proofs", "inbound", "unknown"})
      table.add({kind, member(answer, kind), grouped(number(past, kind))});
    table.print("");
    fmt::print("on {}: {}{} bytes past their retention\n", member(answer, "on"), flag(past, "all") ? "" : "at least ",
               grouped(number(past, "bytes")));
    return int{kExitOk};
  });
}

/// Fills scope and subject; false when none or several are named.
bool read_scope(const Run &run, json::object &body) {
  int named{0};
  for (const auto &[option, scope] :
       {std::pair{"--invoice", "receivable"}, {"--debtor", "debtor"}, {"--segment", "segment"}}) {
    if (!run.has(option)) continue;
    ++named;
    body["scope"] = scope;
    body["subject"] = run.text(option);
  }
  if (run.has("--everything")) {
    ++named;
    body["scope"] = "creditor";
  }
  return named == 1;
}

constexpr const char *kScopeUsage{"say one of --invoice NUMBER, --debtor CODE, --segment NAME, --everything"};

int hold(const Run &run) {
  json::object body{{"because", run.text("--because")}};
  if (!read_scope(run, body)) return run.usage(kScopeUsage);
  if (run.has("--until")) {
    if (!parse_date(run.text("--until"))) return run.usage("--until: a date is written 2026-12-31");
    body["until"] = run.text("--until");
  }
  return run.post(run.target("/v1/holds"), body,
                  run.has("--until") ? "held until " + run.text("--until") : "held until released");
}

int release(const Run &run) {
  json::object body;
  if (!read_scope(run, body)) return run.usage(kScopeUsage);
  return run.post(run.target("/v1/holds/release"), body, "released");
}

}  // namespace

std::vector<Command> fact_commands() {
  const Option because{"--because", "TEXT", "why; it is kept in the journal", true};
  const Option invoice{"INVOICE", "INVOICE", "the invoice's number", true};
  const Option channel{"CHANNEL", "CHANNEL", "email, sms, fax, postal or lre", true};
  const Option address{"ADDRESS", "ADDRESS", "as `suppressions list` or `explain` prints it", true};
  const std::vector<Option> scope{{"--invoice", "NUMBER", "one invoice"},
                                  {"--debtor", "CODE", "one debtor"},
                                  {"--segment", "NAME", "all debtors of a segment"},
                                  {"--everything", "", "all debtors of the creditor"}};
  auto held = scope;
  held.push_back({"--until", "DATE", "the first day on which reminders may go again; else until released"});
  held.push_back(because);
  return {
      {"promise",
       "Note a promise to pay: reminders rest until its date, and go on when it is broken",
       "relancectl promise --invoice F-1001 --date 2026-03-31 --amount '120.00 EUR'",
       {{"--invoice", "NUMBER", "what is promised: one invoice"},
        {"--debtor", "CODE", "or all that the debtor owes"},
        {"--date", "DATE", "the promised day", true},
        {"--amount", "MONEY", "a part of it, such as '120.00 EUR'; else all"}},
       promise},
      {"dispute",
       "Note that an invoice is contested (--resolve: no longer)",
       "relancectl dispute F-1001 --because 'goods came damaged'",
       {invoice, because, {"--resolve", "", "the dispute has ended"}},
       dispute},
      {"hold", "Stop reminders of an invoice, a debtor, a segment or everything",
       "relancectl hold --debtor D-17 --until 2026-04-15 --because 'in talks'", held, hold},
      {"release", "End a hold", "relancectl release --debtor D-17", scope, release},
      {"write-off",
       "Give an invoice up: it is not reminded of again",
       "relancectl write-off F-1001 --because 'insolvent'",
       {invoice, because},
       write_off},
      {"erase",
       "Forget the person behind a debtor; what happened stays, as hashes and codes",
       "relancectl erase D-17 --dry-run",
       {{"DEBTOR", "DEBTOR", "the debtor's code", true}, {"--dry-run", "", "only say what would go"}},
       erase},
      {"retention",
       "Show how long things are kept, and what is past that and not gone yet",
       "relancectl retention --on 2037-01-02",
       {{"--on", "DATE", "what would be past by that day; else today"}},
       show_retention},
      group_of("suppressions", "Addresses that must not be used: bounced, complained, or entered by a person",
               "relancectl suppressions lift email info@example.com"),
      {"suppressions list",
       "List the addresses that must not be used, and why",
       "relancectl suppressions list",
       {},
       list_suppressions},
      {"suppressions add",
       "Never use an address",
       "relancectl suppressions add email old@example.com --because 'left the company'",
       {channel, address, because},
       suppress},
      {"suppressions lift",
       "Use an address again",
       "relancectl suppressions lift email info@example.com",
       {channel, address},
       lift},
  };
}

}  // namespace relance::ctl
