// What would happen, and why: explain, preview, simulate.
#include "host/app/ctl/command.hpp"
#include "host/app/ctl/output.hpp"
#include "host/app/ctl/stream_run.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <charconv>
#include <fstream>

namespace relance::ctl {
namespace json = boost::json;
namespace {

void print_contacts(const json::object &debtor) {
  Table table{{{"CHANNEL"}, {"ADDRESS"}, {"CONTACT"}, {"STATE", false, 100}}};
  for (const auto &item : debtor.at("contacts").as_array()) {
    const auto &row = item.as_object();
    table.add({member(row, "channel"), member(row, "address"), member(row, "name"),
               flag(row, "suppressed") ? "suppressed: " + member(row, "because") : "usable"});
  }
  table.print("No contact is known.");
}

void print_case(const json::object &one) {
  fmt::print("\ncase {} ({}, {}), scenario {}\n", member(one, "case"), member(one, "currency"),
             member(one, "state"), member(one, "scenario"));
  const auto step = member(one, "step"), at = member(one, "at");
  fmt::print("decision: {}{}{}\n", member(one, "decision"), step.empty() ? "" : " " + step,
             at.empty() ? "" : ", " + at);
  for (const auto &reason : one.at("reasons").as_array())
    fmt::print("  because {}\n", printable(reason.as_string().c_str()));
  for (const auto &what : one.at("kept_by").as_array())
    fmt::print("  kept: {}\n", printable(what.as_string().c_str()));
  for (const auto &item : one.at("routes").as_array()) {
    const auto &route = item.as_object();
    fmt::print("  route {} by {}: {}\n", member(route, "channel"), member(route, "provider"),
               flag(route, "used") ? "would be used" : printable(member(route, "because")));
  }
  for (const auto &item : one.at("promises").as_array())
    fmt::print("  promised for {}, {} missing\n", member(item.as_object(), "date"),
               member(item.as_object(), "missing"));
  Table table{{{"INVOICE"},
               {"DUE"},
               {"AMOUNT", true},
               {"BALANCE", true},
               {"STATE"},
               {"STEP"},
               {"SENT ON"},
               {"ROUND", true},
               {"HELD UNTIL"}}};
  for (const auto &item : one.at("items").as_array()) {
    const auto &row = item.as_object();
    table.add({member(row, "invoice"), member(row, "due"), member(row, "amount"), member(row, "balance"),
               member(row, "state"), member(row, "step"), member(row, "sent_on"), member(row, "round"),
               member(row, "held_until")});
  }
  table.print("It has no invoice.");
}

int explain(const Run &run) {
  return run.get(
      run.target("/v1/explain", {{"subject", run.text("SUBJECT")}}), [](const json::object &answer) {
        const auto &debtor = answer.at("debtor").as_object();
        fmt::print("{} {} ({}{}{})\n", printable(member(debtor, "code")), printable(member(debtor, "name")),
                   member(debtor, "country"), member(debtor, "segment").empty() ? "" : ", ",
                   printable(member(debtor, "segment")));
        fmt::print("at {} of business time\n", member(answer, "business_time"));
        if (const auto note = member(answer, "note"); !note.empty()) fmt::print("{}\n", printable(note));
        print_contacts(debtor);
        for (const auto &item : answer.at("cases").as_array()) print_case(item.as_object());
        return int{kExitOk};
      });
}

/// The bytes of a letter into a file that is not there yet, or is replaced whole.
int save_letter(const Run &run, const std::string &path, const char *as) {
  if (run.text("--debtor").empty()) return run.usage("a letter is one debtor's: --debtor CODE");
  const auto reply =
      run.client.send("GET", run.target("/v1/previews/letter", {{"debtor", run.text("--debtor")}, {"as", as}}), "");
  if (!reply) return run.unreachable(reply.error());
  if (reply->status != 200) return run.refused(reply->body);
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  file << reply->body;
  file.close();
  if (!file) return run.usage(path + " cannot be written");
  if (run.is_json)
    fmt::print("{}\n", json::serialize(json::object{{"file", path}, {"bytes", reply->body.size()}}));
  else
    fmt::print("{}: {} bytes\n", printable(path), grouped(reply->body.size()));
  return kExitOk;
}

int preview(const Run &run) {
  if (run.has("--letter")) return save_letter(run, run.text("--letter"), "pdf");
  if (run.has("--fax")) return save_letter(run, run.text("--fax"), "tiff");
  const bool is_full{run.has("--full")};
  return run.get(
      run.target("/v1/previews", {{"debtor", run.text("--debtor")}, {"limit", run.text("--limit")}}),
      [&](const json::object &answer) {
        Table table{{{"DEBTOR"}, {"STEP"}, {"CHANNEL"}, {"ADDRESS"}, {"SUBJECT"}, {"NOTE", false, 80}}};
        for (const auto &item : answer.at("messages").as_array()) {
          const auto &row = item.as_object();
          if (!is_full) {
            table.add({member(row, "debtor"), member(row, "step"), member(row, "channel"),
                       member(row, "address"), member(row, "subject"), member(row, "note")});
            continue;
          }
          fmt::print("--- {} {} by {} to {}\n{}\n\n{}\n", printable(member(row, "debtor")),
                     member(row, "step"), member(row, "channel"), printable(member(row, "address")),
                     printable(member(row, "subject")), printable(member(row, "text"), true));
        }
        if (!is_full || answer.at("messages").as_array().empty()) table.print("Nothing would leave now; `relancectl simulate --days 7` shows the days to come.");
        if (flag(answer, "is_cut")) fmt::print("… and more (--limit)\n");
        return int{kExitOk};
      });
}

int simulate(const Run &run) {
  const auto text = run.text("--days");
  int days{0};
  if (std::from_chars(text.data(), text.data() + text.size(), days).ptr != text.data() + text.size() ||
      days < 1 || days > 3660)
    return run.usage("--days: a number from 1 to 3660");
  Progress bar{!run.is_json};
  StreamRun stream{run};
  stream.on_progress = [&](const json::object &progress) {
    bar.show(number(progress, "debtors"), number(progress, "of"),
             grouped(number(progress, "debtors")) + " debtors");
  };
  stream.on_result = [&](const json::object &result) {
    bar.clear();
    if (run.is_json) return;
    Table table{{{"DAY"}, {"STEP"}, {"CHANNEL"}, {"MESSAGES", true}}};
    std::uint64_t messages{0};
    for (const auto &item : result.at("rows").as_array()) {
      const auto &row = item.as_object();
      messages += number(row, "messages");
      table.add({member(row, "day"), member(row, "step"), member(row, "channel"),
                 grouped(number(row, "messages"))});
    }
    table.print("Nothing would be sent.");
    fmt::print("{} messages in {} days, {} cases, {} decisions; nothing was changed\n", grouped(messages),
               member(result, "days"), grouped(number(result, "cases")),
               grouped(number(result, "decisions")));
  };
  return stream.go(run.target("/v1/simulations"), {json::serialize(json::object{{"days", days}})});
}

}  // namespace

std::vector<Command> question_commands() {
  return {
      {"explain",
       "Say what is decided for a debtor at this moment, and why",
       "relancectl explain F-1001",
       {{"SUBJECT", "SUBJECT", "an invoice's number or a debtor's code", true}},
       explain},
      {"preview",
       "Show the messages that would leave now",
       "relancectl preview --debtor D-17 --full",
       {{"--debtor", "CODE", "of one debtor only"},
        {"--limit", "N", "at most so many; else 100"},
        {"--full", "", "with their whole text"},
        {"--letter", "FILE", "the debtor's letter instead, as the provider would print it: a PDF"},
        {"--fax", "FILE", "the same as fax pages: a TIFF"}},
       preview},
      {"simulate",
       "Walk every case through days to come, as if everything arrived and nobody paid; changes nothing",
       "relancectl simulate --days 60",
       {{"--days", "N", "how far", true}},
       simulate},
  };
}

}  // namespace relance::ctl
