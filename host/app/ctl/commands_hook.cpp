// Webhooks: where a provider reaches us, and what it said, byte for byte.
#include "host/app/ctl/command.hpp"
#include "host/app/ctl/output.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <charconv>

namespace relance::ctl {
namespace json = boost::json;
namespace {

constexpr std::int64_t kDaySeconds{24 * 3600};

int print_hook(const json::object &answer) {
  fmt::print("{}\n", printable(member(answer, "url")));
  if (const auto until = member(answer, "former_until"); !until.empty())
    fmt::print("the path before it is good until {}\n", until);
  const auto &counts = answer.at("counts").as_object();
  fmt::print("{} genuine, {} pokes, {} challenges, {} forged; {} came while the plugin was down\n",
             grouped(number(counts, "genuine")), grouped(number(counts, "pokes")),
             grouped(number(counts, "challenges")), grouped(number(counts, "forged")),
             grouped(number(counts, "down")));
  const auto &forged = answer.at("forged").as_array();
  if (forged.empty()) return kExitOk;
  Table table{{{"FORGED AT"}, {"FROM"}, {"METHOD"}, {"BYTES", true}, {"SHA-256 OF ITS BODY", false, 64}}};
  for (const auto &item : forged) {
    const auto &row = item.as_object();
    table.add({member(row, "at"), member(row, "from"), member(row, "method"),
               grouped(number(row, "body_bytes")), member(row, "body_sha256")});
  }
  table.print("");
  return kExitOk;
}

/// "7d", "12h", "0d".
std::optional<std::int64_t> seconds_of(const std::string &text) {
  if (text.size() < 2) return std::nullopt;
  std::int64_t count{0};
  const auto *const end = text.data() + text.size() - 1;
  const auto read = std::from_chars(text.data(), end, count);
  if (read.ec != std::errc{} || read.ptr != end || count < 0 || count > 10'000) return std::nullopt;
  if (text.back() == 'd') return count * kDaySeconds;
  return text.back() == 'h' ? std::optional{count * 3600} : std::nullopt;
}

int show_hook(const Run &run) {
  return run.get(run.target("/v1/providers/" + run.text("ID") + "/hook"), print_hook);
}

int rotate_hook(const Run &run) {
  json::object body;
  if (run.has("--overlap")) {
    const auto seconds = seconds_of(run.text("--overlap"));
    if (!seconds) return run.usage("--overlap: write days or hours, such as 7d or 12h");
    body["overlap_seconds"] = *seconds;
  }
  return run.ask("POST", run.target("/v1/providers/" + run.text("ID") + "/hook/rotate"),
                 json::serialize(body), print_hook);
}

int list_inbound(const Run &run) {
  const Pairs query{{"provider", run.text("--provider")},
                    {"state", run.text("--state")},
                    {"before", run.text("--before")},
                    {"limit", run.text("--limit")}};
  return run.get(run.target("/v1/inbound", query), [](const json::object &answer) {
    Table table{
        {{"ID", true}, {"RECEIVED"}, {"PROVIDER"}, {"KIND"}, {"STATE"}, {"BYTES", true}, {"WHY", false, 80}}};
    for (const auto &item : answer.at("inbound").as_array()) {
      const auto &row = item.as_object();
      table.add({member(row, "id"), member(row, "received_at"), member(row, "provider"), member(row, "kind"),
                 member(row, "state"), grouped(number(row, "bytes")), member(row, "error")});
    }
    table.print("Nothing of that kind has come.");
    return int{kExitOk};
  });
}

int show_inbound(const Run &run) {
  return run.get(run.target("/v1/inbound/" + run.text("ID")), [](const json::object &answer) {
    fmt::print("{} {} of {}, {}, received {}\n", member(answer, "kind"), member(answer, "id"),
               printable(member(answer, "provider")), member(answer, "state"), member(answer, "received_at"));
    if (const auto error = member(answer, "error"); !error.empty()) fmt::print("why: {}\n", printable(error));
    Table table{{{"RECEIPT"}, {"FINAL"}, {"ATTEMPT", true}, {"KEY"}, {"REFERENCE"}, {"SAID", false, 80}}};
    for (const auto &item : answer.at("receipts").as_array()) {
      const auto &row = item.as_object();
      table.add({member(row, "kind"), flag(row, "final") ? "yes" : "no", member(row, "attempt"),
                 member(row, "idempotency_key"), member(row, "ref"),
                 member(row, "code") + (member(row, "code").empty() ? "" : " ") + member(row, "text")});
    }
    table.print("It says nothing of a message.");
    const auto text = member(answer, answer.contains("text") ? "text" : "base64");
    fmt::print("\n{}\n", printable(text, true));
    if (!flag(answer, "is_whole")) fmt::print("… (cut)\n");
    return int{kExitOk};
  });
}

}  // namespace

std::vector<Command> hook_commands() {
  const Option provider{"ID", "ID", "the provider", true};
  return {
      {"providers hook",
       "Show the URL under which a provider reaches us, and what came by it that was not genuine",
       "relancectl providers hook sms-fr",
       {provider},
       show_hook},
      {"providers rotate-hook",
       "Make a new webhook path for a provider; the one before stays good for a while",
       "relancectl providers rotate-hook sms-fr --overlap 7d",
       {provider, {"--overlap", "TIME", "how long the path before it stays good (7d)"}},
       rotate_hook},
      {"receipts list",
       "List what providers sent, byte for byte: webhooks, mails, polls",
       "relancectl receipts list --provider sms-fr --state failed",
       {{"--provider", "ID", "of one provider only"},
        {"--state", "STATE", "waiting, parsed or failed"},
        {"--before", "ID", "older than this one"},
        {"--limit", "N", "at most so many"}},
       list_inbound},
      {"receipts show",
       "Show one of them, and what it was understood to say",
       "relancectl receipts show 4711",
       {{"ID", "ID", "its number", true}},
       show_inbound},
  };
}

}  // namespace relance::ctl
