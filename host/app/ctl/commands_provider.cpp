// The providers: how they stand and what to do, one by one; pausing one, and sending a message through one.
#include "host/app/ctl/command.hpp"
#include "host/app/ctl/output.hpp"
#include "host/app/ctl/stream_run.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace relance::ctl {
namespace json = boost::json;
namespace {

/// "12 of 900", or what is there of it.
std::string of(const json::object &limits, std::string_view used, std::string_view most) {
  const auto limit = member(limits, most);
  return limit.empty() ? member(limits, used) : member(limits, used) + " of " + limit;
}

const json::object &limits_of(const json::object &row) {
  return row.at("limits").as_object();
}

int list_providers(const Run &run) {
  return run.get(run.target("/v1/providers"), [](const json::object &answer) {
    Table table{{{"PROVIDER"},
                 {"CHANNEL"},
                 {"STATE"},
                 {"IN FLIGHT", true},
                 {"IN DOUBT", true},
                 {"TODAY"},
                 {"SPENT TODAY"},
                 {"SPENT THIS MONTH"},
                 {"LAST ERROR", false, 60}}};
    const auto &providers = answer.at("providers").as_array();
    for (const auto &item : providers) {
      const auto &row = item.as_object();
      const auto &limits = limits_of(row);
      table.add({member(row, "id"), member(row, "channel"), member(row, "state"),
                 member(row, "in_flight") + " of " + member(limits, "parallel"),
                 member(limits, "in_doubt") + " of " + member(limits, "in_doubt_max"),
                 of(limits, "used_today", "per_day"), of(limits, "day_spent", "day_budget"),
                 of(limits, "month_spent", "month_budget"), member(row, "last_error")});
    }
    table.print("No provider is configured.");
    for (const auto &item : providers) {
      const auto &row = item.as_object();
      if (member(row, "what_to_do").empty()) continue;
      fmt::print("\n{} is {}: {}\n  what to do: {}\n", member(row, "id"), member(row, "state"),
                 printable(member(row, "because")), printable(member(row, "what_to_do")));
    }
    return int{kExitOk};
  });
}

void print_line(std::string_view name, const std::string &value) {
  if (!value.empty()) fmt::print("{:<16}{}\n", name, printable(value));
}

int show_provider(const Run &run) {
  return run.get(run.target("/v1/providers/" + run.text("ID")), [](const json::object &row) {
    const auto &limits = limits_of(row);
    print_line("provider", member(row, "id") + " (" + member(row, "channel") + ", " + member(row, "plugin") +
                               ", " + member(row, "placement") + ")");
    print_line("state", member(row, "state"));
    print_line("because", member(row, "because"));
    print_line("goes on at", member(row, "goes_on_at"));
    print_line("what to do", member(row, "what_to_do"));
    print_line("breaker", member(row, "breaker"));
    print_line("last error", member(row, "last_error"));
    print_line("  at", member(row, "last_error_at"));
    print_line("handed over", member(row, "handed_over") + ": " + member(row, "accepted") + " accepted, " +
                                  member(row, "rejected") + " rejected, " + member(row, "not_sent") +
                                  " not sent, " + member(row, "unknown") + " unknown");
    print_line("receipts", member(row, "receipts"));
    print_line("in flight", member(row, "in_flight") + " of " + member(limits, "parallel"));
    print_line("in doubt", member(limits, "in_doubt") + " of " + member(limits, "in_doubt_max"));
    if (const auto rate = member(limits, "per_second"); !rate.empty())
      print_line("rate", rate + " a second, " + member(limits, "left_now") + " of " +
                             member(limits, "burst") + " may go now");
    print_line("today", of(limits, "used_today", "per_day"));
    print_line("price", member(limits, "price_per_message").empty()
                            ? std::string{}
                            : "at most " + member(limits, "price_per_message") + " a message");
    print_line("spent today", of(limits, "day_spent", "day_budget"));
    print_line("spent in month", of(limits, "month_spent", "month_budget"));
    if (number(limits, "maintenance_windows") > 0)
      print_line("maintenance", member(limits, "maintenance_windows") + " windows");
    for (const auto &item : row.at("regions").as_array()) {
      const auto &region = item.as_object();
      auto words = member(region, "region") + ", place " + member(region, "place");
      if (number(region, "weight") != 1) words += ", weight " + member(region, "weight");
      for (const auto *list : {"prefixes", "domains"})
        if (!member(region, list).empty()) words += ", only " + member(region, list);
      print_line("region", words);
    }
    return int{kExitOk};
  });
}

/// What a test came to, as an exit code.
int exit_of(const std::string &verdict, bool waits_for_receipt) {
  if (verdict == "arrived") return kExitOk;
  if (verdict == "taken" || verdict == "open")
    return verdict == "taken" && !waits_for_receipt ? kExitOk : kExitNoReceipt;
  return verdict == "in_doubt" ? kExitInDoubt : kExitRefused;
}

std::string words_of(const std::string &verdict, bool waits_for_receipt) {
  if (verdict == "arrived") return "it arrived";
  if (verdict == "taken")
    return waits_for_receipt ? "the provider took it, and no receipt came in time" : "the provider took it";
  if (verdict == "open") return "the provider has not answered in time";
  if (verdict == "in_doubt") return "nobody knows whether it was sent";
  if (verdict == "not_sent") return "it was not sent";
  return "it did not arrive";
}

int test_provider(const Run &run) {
  json::object body{{"to", run.text("--to")}};
  std::int64_t wait{60};
  if (run.has("--wait")) {
    wait = run.text("--wait") == "0s" ? 0 : seconds_of(run.text("--wait"));
    if (wait == 0 && run.text("--wait") != "0s")
      return run.usage("--wait: a duration is written 60s or 5m; 0s: only until it is taken");
  }
  body["wait_seconds"] = wait;
  int code{kExitOk};
  Progress bar{!run.is_json};
  StreamRun stream{run};
  stream.on_progress = [&](const json::object &progress) {
    bar.show(number(progress, "waited_ms"),
             static_cast<std::uint64_t>(std::max<std::int64_t>(wait, 1)) * 1000,
             member(progress, "state") + ", " + member(progress, "delivery"));
  };
  stream.on_result = [&](const json::object &result) {
    bar.clear();
    const auto verdict = member(result, "verdict");
    code = exit_of(verdict, wait > 0);
    if (run.is_json) return;
    fmt::print("{} (attempt {}, key {})\n", words_of(verdict, wait > 0), member(result, "attempt"),
               member(result, "key"));
    print_line("state", member(result, "state") + ", " + member(result, "delivery"));
    print_line("said",
               member(result, "code") + (member(result, "text").empty() ? "" : " ") + member(result, "text"));
    print_line("price", member(result, "price"));
    if (number(result, "segments") > 0) print_line("segments", member(result, "segments"));
    if (number(result, "pages") > 0) print_line("pages", member(result, "pages"));
  };
  const auto ended =
      stream.go(run.target("/v1/providers/" + run.text("ID") + "/test"), {json::serialize(body)});
  return ended == kExitOk ? code : ended;
}

int pause_provider(const Run &run) {
  json::object body;
  if (run.has("--because")) body["because"] = run.text("--because");
  const auto id = run.text("ID");
  return run.post(
      run.target("/v1/providers/" + id + "/pause"), body,
      "paused: nothing new is handed to " + id + " until `relancectl providers resume " + id + "`");
}

}  // namespace

std::vector<Command> provider_commands() {
  return {
      {"providers",
       "Show how each provider stands: its health, what is left of its limits, what is in doubt, its last "
       "error and what "
       "to do",
       "relancectl providers",
       {},
       list_providers},
      {"providers show",
       "Show all of one provider",
       "relancectl providers show sms-fr",
       {{"ID", "ID", "the provider", true}},
       show_provider},
      {"providers test",
       "Send one message of no debtor through a provider and wait for its receipt. Exit codes of its own: 0 "
       "it arrived "
       "(with --wait 0s: the provider took it), 1 it was refused, not sent or lost, 4 taken and no receipt "
       "in time, 5 in "
       "doubt",
       "relancectl providers test sms-fr --to +33612345678 --wait 2m",
       {{"ID", "ID", "the provider", true},
        {"--to", "ADDRESS", "where to: an address or a number of your own", true},
        {"--wait", "DURATION", "how long to wait for its receipt; else 60s"}},
       test_provider},
      {"providers pause",
       "Hand nothing more to one provider, until it is resumed; its receipts are still taken",
       "relancectl providers pause sms-fr --because 'price talks'",
       {{"ID", "ID", "the provider", true}, {"--because", "TEXT", "why"}},
       pause_provider},
      {"providers resume",
       "Use a provider again; also closes its breaker",
       "relancectl providers resume sms-fr",
       {{"ID", "ID", "the provider", true}},
       [](const Run &run) {
         const auto id = run.text("ID");
         return run.post(run.target("/v1/providers/" + id + "/resume"), {}, id + " is used again");
       }},
  };
}

}  // namespace relance::ctl
