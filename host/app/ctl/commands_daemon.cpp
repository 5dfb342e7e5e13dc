// The daemon as a whole: status, pause and resume, the clock, its configuration.
#include "host/app/ctl/command.hpp"
#include "host/app/ctl/output.hpp"
#include "host/app/ctl/stream_run.hpp"
#include "host/base/time.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace relance::ctl {
namespace json = boost::json;
namespace {

void print_heading(const json::object &answer) {
  const auto &configuration = answer.at("configuration").as_object();
  fmt::print("relanced {} (process {}), up {} s, configuration {}\n", member(answer, "version"),
             member(answer, "process"), grouped(number(answer, "up_seconds")),
             printable(member(configuration, "file")));
  fmt::print("business time {}{}\n", member(answer, "business_time"),
             flag(answer, "test_clock") ? " (test clock)" : "");
  if (flag(answer, "paused"))
    fmt::print("PAUSED: {}; go on with `relancectl resume`\n", printable(member(answer, "paused_because")));
  if (flag(answer, "held_by_volume"))
    fmt::print(
        "HELD: far more is due than on a usual day; see `relancectl preview`, then `relancectl resume`\n");
  if (const auto hold = member(answer, "held_by_payment_data"); !hold.empty())
    fmt::print("HELD: {}\n", printable(hold));
  if (const auto fault = member(answer, "fault"); !fault.empty()) fmt::print("FAULT: {}\n", printable(fault));
  for (const auto &item : answer.at("letterheads").as_array())
    fmt::print("LETTERS WAIT: those of {}: {}\n", printable(member(item.as_object(), "creditor")),
               printable(member(item.as_object(), "why")));
  fmt::print("lag {} ms\n\n", grouped(number(answer, "lag_ms")));
}

void print_webhooks(const json::object &hooks) {
  if (!flag(hooks, "listening")) {
    fmt::print("\nwebhooks: not listening\n");
    return;
  }
  fmt::print("\nwebhooks: {}; {} requests, {} accepted, {} refused at the door\n",
             printable(member(hooks, "addresses")), grouped(number(hooks, "requests")),
             grouped(number(hooks, "accepted")), grouped(number(hooks, "unauthorized")));
  for (const auto &item : hooks.at("providers").as_array()) {
    const auto &row = item.as_object();
    if (number(row, "forged") + number(row, "unverified_waiting") + number(row, "not_stored") == 0) continue;
    fmt::print("  {}: {} forged, {} wait to be judged, {} could not be stored\n",
               printable(member(row, "provider")), grouped(number(row, "forged")),
               grouped(number(row, "unverified_waiting")), grouped(number(row, "not_stored")));
  }
}

int show_status(const Run &run) {
  return run.get(run.target("/v1/status"), [](const json::object &answer) {
    print_heading(answer);
    const auto &store = answer.at("store").as_object();
    Table counts{{{"LEDGER"},
                  {"", true},
                  {"REMINDERS"},
                  {"", true},
                  {"RECEIPTS"},
                  {"", true},
                  {"PEOPLE"},
                  {"", true}}};
    constexpr const char *kNames[][4]{{"debtors", "reminders", "receipts", "tasks_open"},
                                      {"cases_open", "sent", "receipts_unmatched", "approvals_asked"},
                                      {"cases_onboarding", "delivered", "inbound_waiting", "promises_open"},
                                      {"receivables_open", "bounced", "inbound_failed", "disputes_open"},
                                      {"receivables_paid", "rejected", "silent", "in_doubt"},
                                      {"due_now", "not_sent", "suppressed", "attempts_open"},
                                      {"", "recalled", "journal_entries", ""}};
    for (const auto &names : kNames) {
      std::vector<std::string> cells;
      for (const auto *name : names) {
        std::string words{name};
        for (auto &c : words)
          if (c == '_') c = ' ';
        cells.push_back(words);
        cells.push_back(words.empty() ? words : grouped(number(store, name)));
      }
      counts.add(std::move(cells));
    }
    counts.print("");
    fmt::print("\n");
    Table providers{{{"PROVIDER"},
                     {"CHANNEL"},
                     {"PLACED"},
                     {"STATE"},
                     {"HANDED OVER", true},
                     {"ACCEPTED", true},
                     {"REJECTED", true},
                     {"NOT SENT", true},
                     {"UNKNOWN", true},
                     {"RECEIPTS", true},
                     {"IN FLIGHT", true},
                     {"BECAUSE", false, 80}}};
    for (const auto &item : answer.at("providers").as_array()) {
      const auto &row = item.as_object();
      // A child that is held in full needs no word.
      const auto sandbox = member(row, "sandbox");
      const auto placed = member(row, "placement") +
                          (sandbox.empty() || sandbox == "full" ? std::string{} : ", sandbox " + sandbox);
      providers.add({member(row, "id"), member(row, "channel"), placed, member(row, "state"),
                     grouped(number(row, "handed_over")), grouped(number(row, "accepted")),
                     grouped(number(row, "rejected")), grouped(number(row, "not_sent")),
                     grouped(number(row, "unknown")), grouped(number(row, "receipts")),
                     grouped(number(row, "in_flight")), member(row, "because")});
    }
    providers.print("No provider is configured.");
    print_webhooks(answer.at("hooks").as_object());
    for (const auto &item : answer.at("inbound_waiting").as_array()) {
      const auto &row = item.as_object();
      if (flag(row, "away"))
        fmt::print("\n{} raw messages from {} wait until it is {}\n", grouped(number(row, "count")),
                   printable(member(row, "provider")), flag(row, "configured") ? "back" : "configured again");
    }
    return int{kExitOk};
  });
}

int pause(const Run &run) {
  json::object body;
  if (run.has("--because")) body["because"] = run.text("--because");
  return run.post(run.target("/v1/pause"), body,
                  "paused: nothing is handed to a provider until `relancectl resume`");
}

int show_clock(const Run &run) {
  return run.get(run.target("/v1/clock"), [](const json::object &answer) {
    fmt::print("business time {}{}\n", member(answer, "business_time"),
               flag(answer, "test_clock") ? " (test clock)" : ", the machine's own");
    return int{kExitOk};
  });
}

int advance(const Run &run) {
  json::object body{{"settle", run.has("--settle")}};
  const auto by = run.text("BY");
  if (const auto seconds = seconds_of(by); seconds > 0) {
    body["seconds"] = seconds;
  } else if (parse_instant(by)) {
    body["to"] = by;
  } else {
    return run.usage("'" + by +
                     "': write how far (1d, 12h, 30m, 10s, 2w) or where to (2026-03-02T08:00:00Z)");
  }
  if (run.has("--timeout")) {
    const auto timeout = seconds_of(run.text("--timeout"));
    if (timeout == 0) return run.usage("--timeout: a duration is written 60s or 5m");
    body["timeout_seconds"] = timeout;
  }
  Progress bar{!run.is_json};
  StreamRun stream{run};
  stream.on_progress = [&](const json::object &progress) {
    const auto from = parse_instant(member(progress, "from"));
    const auto at = parse_instant(member(progress, "at"));
    const auto to = parse_instant(member(progress, "to"));
    if (!from || !at || !to) return;
    bar.show(static_cast<std::uint64_t>((*at - *from).count()),
             static_cast<std::uint64_t>((*to - *from).count()), member(progress, "at"));
  };
  stream.on_result = [&](const json::object &result) {
    bar.clear();
    if (!run.is_json) fmt::print("business time {}\n", member(result, "business_time"));
  };
  return stream.go(run.target("/v1/clock/advance"), {json::serialize(body)});
}

int check(const Run &run) {
  return run.ask("POST", run.target("/v1/config/check"), "", [](const json::object &answer) {
    for (const auto &item : answer.at("issues").as_array()) {
      const auto &issue = item.as_object();
      fmt::print("{}:{}:{}: {}: {}\n", member(issue, "file"), member(issue, "line"), member(issue, "column"),
                 member(issue, "severity"), printable(member(issue, "message")));
    }
    if (!flag(answer, "ok")) return int{kExitRefused};
    fmt::print("{}: the configuration is right{}\n", member(answer, "file"),
               flag(answer, "differs") ? "; it is not the one in force: `relancectl reload` takes it" : "");
    return int{kExitOk};
  });
}

}  // namespace

std::vector<Command> daemon_commands() {
  return {
      {"status", "Show how the daemon is: counters, providers, lag", "relancectl status", {}, show_status},
      {"pause",
       "Stop before the next message is handed over, until resume; receipts are still taken",
       "relancectl pause --because 'bank data is late'",
       {{"--because", "TEXT", "why"}},
       pause},
      {"resume",
       "Go on sending after a pause or a hold by volume",
       "relancectl resume",
       {},
       [](const Run &run) { return run.post(run.target("/v1/resume"), {}, "sending goes on"); }},
      {"clock", "Show business time", "relancectl clock", {}, show_clock},
      {"clock advance",
       "Let business time pass, in a daemon started with --test-clock",
       "relancectl clock advance 1d --settle",
       {{"BY", "BY", "how far (1d, 12h, 30m) or where to (2026-03-02T08:00:00Z)", true},
        {"--settle", "", "return when no message is under way and nothing inbound waits"},
        {"--timeout", "DURATION", "give up when nothing moves for so long; else 60s"}},
       advance},
      group_of("config", "The daemon's configuration files", "relancectl config check"),
      {"config check",
       "Check the daemon's configuration files as they are now",
       "relancectl config check",
       {},
       check},
      {"reload",
       "Take the configuration as it is now, or keep the old one and say why",
       "relancectl reload",
       {},
       [](const Run &run) {
         return run.post(run.target("/v1/reload"), {}, "the configuration was reloaded");
       }},
  };
}

}  // namespace relance::ctl
