// What waits for a person: approvals, tasks, attempts in doubt.
#include "host/app/ctl/command.hpp"
#include "host/app/ctl/output.hpp"
#include "host/base/time.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace relance::ctl {
namespace json = boost::json;
namespace {

bool is_id(const std::string &text) {
  return !text.empty() && text.size() < 19 && text.find_first_not_of("0123456789") == std::string::npos;
}

std::string on_one_line(std::string text) {
  std::string out;
  for (const char c : text) c == '\n' ? out.append(", ") : out.append(1, c);
  return out;
}

int list_approvals(const Run &run) {
  return run.get(run.target("/v1/approvals", {{"all", run.has("--all") ? "true" : ""}}),
                 [](const json::object &answer) {
                   Table table{{{"ID", true},
                                {"DEBTOR"},
                                {"NAME"},
                                {"STEP"},
                                {"AMOUNT", true},
                                {"STATE"},
                                {"VALID UNTIL"},
                                {"INVOICES"}}};
                   for (const auto &item : answer.at("approvals").as_array()) {
                     const auto &row = item.as_object();
                     table.add({member(row, "id"), member(row, "debtor"), member(row, "debtor_name"),
                                member(row, "step"), member(row, "amount"), member(row, "state"),
                                member(row, "valid_until"), member(row, "invoices")});
                   }
                   table.print("Nothing waits for an approval.");
                   return int{kExitOk};
                 });
}

int decide(const Run &run, bool approve) {
  json::object body{{"approve", approve}};
  if (run.has("--all") == run.has("ID")) return run.usage("give the approvals' numbers, or --all");
  if (run.has("--all")) body["all"] = true;
  if (run.has("ID")) {
    json::array ids;
    for (const auto &id : run.texts("ID")) {
      if (!is_id(id))
        return run.usage("'" + id + "' is not the number of an approval (see `relancectl approvals list`)");
      ids.emplace_back(std::stoll(id));
    }
    body["ids"] = std::move(ids);
  }
  return run.ask("POST", run.target("/v1/approvals/decide"), json::serialize(body),
                 [&](const json::object &answer) {
                   fmt::print("{} {}\n", member(answer, "count"), approve ? "approved" : "rejected");
                   return int{kExitOk};
                 });
}

int list_tasks(const Run &run) {
  if (run.has("--calls") && run.has("--visits")) return run.usage("say --calls or --visits");
  const bool is_list{run.has("--calls") || run.has("--visits")};
  const char *way = run.has("--calls") ? "call" : run.has("--visits") ? "visit" : "";
  return run.get(
      run.target(
          "/v1/tasks",
          {{"all", run.has("--all") ? "true" : ""}, {"way", way}, {"due", run.has("--due") ? "true" : ""}}),
      [&](const json::object &answer) {
        Table table{is_list ? std::vector<Column>{{"ID", true},
                                                  {"DUE"},
                                                  {"DEBTOR"},
                                                  {"NAME"},
                                                  {run.has("--calls") ? "PHONE" : "ADDRESS", false, 60},
                                                  {"PUT OFF", true},
                                                  {"TEXT", false, 100}}
                            : std::vector<Column>{{"ID", true},
                                                  {"DEBTOR"},
                                                  {"NAME"},
                                                  {"KIND"},
                                                  {"STATE"},
                                                  {"OUTCOME"},
                                                  {"SINCE"},
                                                  {"TEXT", false, 100}}};
        for (const auto &item : answer.at("tasks").as_array()) {
          const auto &row = item.as_object();
          if (is_list)
            table.add({member(row, "id"), member(row, "due_at"), member(row, "debtor"),
                       member(row, "debtor_name"),
                       on_one_line(member(row, run.has("--calls") ? "phone" : "address")),
                       member(row, "put_off"), member(row, "text")});
          else
            table.add({member(row, "id"), member(row, "debtor"), member(row, "debtor_name"),
                       member(row, "kind"), member(row, "state"), member(row, "outcome"),
                       member(row, "created_at"), member(row, "text")});
        }
        table.print("Nobody has a task.");
        return int{kExitOk};
      });
}

int show_task(const Run &run) {
  const auto id = run.text("ID");
  if (!is_id(id)) return run.usage("'" + id + "' is not the number of a task (see `relancectl tasks list`)");
  return run.get(run.target("/v1/tasks/" + id), [](const json::object &task) {
    fmt::print("task {} ({}{}), {}{}\n{}\n", member(task, "id"), member(task, "kind"),
               member(task, "way").empty() ? "" : ", " + member(task, "way"), member(task, "state"),
               member(task, "outcome").empty() ? "" : ": " + member(task, "outcome"),
               printable(member(task, "text"), true));
    fmt::print("due {}, put off {} times\n", member(task, "due_at"), member(task, "put_off"));
    fmt::print("{} {}\n", printable(member(task, "debtor")), printable(member(task, "debtor_name")));
    for (const auto &item : task.at("contacts").as_array()) {
      const auto &row = item.as_object();
      fmt::print(
          "  {}: {}{}\n", member(row, "channel"), printable(on_one_line(member(row, "address"))),
          flag(row, "suppressed") ? " (not to be used: " + printable(member(row, "because")) + ")" : "");
    }
    for (const auto &item : task.at("invoices").as_array()) {
      const auto &row = item.as_object();
      fmt::print("  owes {} of {}, due {}\n", member(row, "balance"), printable(member(row, "invoice")),
                 member(row, "due"));
    }
    for (const auto &item : task.at("promises").as_array())
      fmt::print("  promised for {}, {} missing\n", member(item.as_object(), "date"),
                 member(item.as_object(), "missing"));
    if (const auto script = member(task, "script"); !script.empty())
      fmt::print("\n{}\n", printable(script, true));
    if (const auto note = member(task, "note"); !note.empty())
      fmt::print("\nnotes:\n{}\n", printable(note, true));
    return int{kExitOk};
  });
}

int finish_task(const Run &run) {
  const auto id = run.text("ID");
  if (!is_id(id)) return run.usage("'" + id + "' is not the number of a task (see `relancectl tasks list`)");
  auto outcome = run.text("--outcome");
  std::ranges::replace(outcome, '-', '_');
  if (run.has("--date") && !parse_date(run.text("--date")))
    return run.usage("--date: a date is written 2026-12-31");
  json::object body{{"outcome", outcome}};
  for (const char *name : {"note", "invoice", "date", "amount", "reason", "at"})
    if (const auto option = "--" + std::string{name}; run.has(option)) body[name] = run.text(option);
  return run.post(
      run.target("/v1/tasks/" + id + "/done"), body,
      outcome == "call_back" ? "task " + id + " waits until " + run.text("--at") : "task " + id + " is done");
}

int list_in_doubt(const Run &run) {
  return run.get(run.target("/v1/in-doubt"), [](const json::object &answer) {
    Table table{{{"ATTEMPT", true},
                 {"DEBTOR"},
                 {"STEP"},
                 {"PROVIDER"},
                 {"ADDRESS"},
                 {"SINCE"},
                 {"TOTAL", true},
                 {"INVOICES"}}};
    for (const auto &item : answer.at("attempts").as_array()) {
      const auto &row = item.as_object();
      table.add({member(row, "attempt"), member(row, "debtor"), member(row, "step"), member(row, "provider"),
                 member(row, "address"), member(row, "decided_on"), member(row, "total"),
                 member(row, "invoices")});
    }
    table.print("No attempt is in doubt.");
    return int{kExitOk};
  });
}

int resolve_in_doubt(const Run &run) {
  const auto id = run.text("ATTEMPT");
  if (!is_id(id))
    return run.usage("'" + id + "' is not the number of an attempt (see `relancectl in-doubt list`)");
  if (run.has("--sent") == run.has("--not-sent")) return run.usage("say --sent or --not-sent");
  return run.post(run.target("/v1/in-doubt/" + id + "/resolve"),
                  {{"was_sent", run.has("--sent")}, {"because", run.text("--because")}},
                  "attempt " + id + (run.has("--sent") ? " counts as sent" : " counts as not sent"));
}

}  // namespace

std::vector<Command> people_commands() {
  const Option because{"--because", "TEXT", "why; it is kept in the journal", true};
  const Option all_rows{"--all", "", "also those already decided"};
  const Option ids{"ID", "ID", "numbers of approvals", false, true};
  const Option all_asked{"--all", "", "all that are asked at this moment"};
  return {
      group_of("approvals", "Agree to, or refuse, the steps that wait for a person's consent",
               "relancectl approvals approve 12"),
      {"approvals list",
       "List what waits for an approval",
       "relancectl approvals list",
       {all_rows},
       list_approvals},
      {"approvals approve",
       "Approve one, several or all",
       "relancectl approvals approve 12 13 14",
       {ids, all_asked},
       [](const Run &run) { return decide(run, true); }},
      {"approvals reject",
       "Reject one, several or all: their steps are passed over",
       "relancectl approvals reject 12",
       {ids, all_asked},
       [](const Run &run) { return decide(run, false); }},
      group_of("tasks", "What a person has to do: calls, files to hand over, debtors that no channel reaches",
               "relancectl tasks list --calls"),
      {"tasks list",
       "List what people have to do, in the order in which it is due",
       "relancectl tasks list --calls --due",
       {all_rows,
        {"--calls", "", "only telephone calls, with the number"},
        {"--visits", "", "only visits, with the address"},
        {"--due", "", "only what is to be done by now"}},
       list_tasks},
      {"tasks show",
       "Show a task with its script, and what its debtor owes and promised",
       "relancectl tasks show 7",
       {{"ID", "ID", "the task's number", true}},
       show_task},
      {"tasks done",
       "Say how a task ended, and what was learnt; a call back leaves it open until then",
       "relancectl tasks done 7 --outcome promise --date 2026-03-31 --amount '120.00 EUR' --note 'pays on "
       "Friday'",
       {{"ID", "ID", "the task's number", true},
        {"--outcome", "WORD", "done, reached, promise, dispute, wrong-number or call-back", true},
        {"--note", "TEXT", "what was said"},
        {"--date", "DATE", "promise: the promised day"},
        {"--amount", "MONEY", "promise: a part of it, such as '120.00 EUR'; else all"},
        {"--invoice", "NUMBER", "promise, dispute: of this invoice; else of those the task is about"},
        {"--reason", "TEXT", "dispute: why; it is kept in the journal"},
        {"--at", "TIME", "call-back: when, such as 2026-03-05T14:30, by the creditor's clocks"}},
       finish_task},
      group_of("in-doubt", "Messages of which nobody knows whether the provider has them",
               "relancectl in-doubt resolve 31 --sent --because 'the provider has it'"),
      {"in-doubt list",
       "List the attempts that a provider may have seen",
       "relancectl in-doubt list",
       {},
       list_in_doubt},
      {"in-doubt resolve",
       "Say what became of an attempt in doubt",
       "relancectl in-doubt resolve 31 --not-sent --because 'the provider has no such message'",
       {{"ATTEMPT", "ATTEMPT", "the attempt's number", true},
        {"--sent", "", "it was sent: it will not go again"},
        {"--not-sent", "", "it was certainly not sent: it may go again"},
        because},
       resolve_in_doubt},
  };
}

}  // namespace relance::ctl
