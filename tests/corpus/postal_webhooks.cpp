// What print services' events become, by the drivers of plugins/postal.
#include "plugins/postal/lob/records.hpp"
#include "plugins/postal/maileva/records.hpp"
#include "plugins/protocol/gateway/timestamp.hpp"
#include "tests/corpus/delivery_reports.hpp"

#include <boost/json.hpp>

namespace relance::corpus {
namespace {

namespace json = boost::json;
using sdk::ReceiptKind;

std::string letter_text(const json::object &row, const char *name) {
  const auto *value = row.if_contains(name);
  return value == nullptr || !value->is_string() ? std::string{} : std::string{value->get_string()};
}

/// In the words of who collected the samples.
std::string status_of(ReceiptKind kind) {
  switch (kind) {
    case ReceiptKind::accepted:
      return "accepted";
    case ReceiptKind::dispatched:
      return "processed";
    case ReceiptKind::delivered:
      return "delivered";
    case ReceiptKind::failed:
    case ReceiptKind::returned:
      return "failed";
    default:
      return {};
  }
}

void score_maileva(const json::object &row, Score &score) {
  const auto &expected = row.at("expected").as_object();
  auto body = letter_text(row, "body");
  // The sample's own identifier is no key of ours: a key in its place shows whether it is taken from there.
  constexpr std::string_view kKey{"01JD3POSTAL000000000000001"};
  const auto custom = letter_text(expected, "custom_id");
  if (const auto at = body.find('"' + custom + '"'); !custom.empty() && at != body.npos)
    body.replace(at + 1, custom.size(), kKey);
  if (body.empty())
    body = R"({"event_type": ")" + letter_text(row, "event_type") + R"(", "resource_type": ")" +
           letter_text(row, "resource_type") + R"(", "resource_id": "id", "resource_custom_id": ")" +
           std::string{kKey} + "\"}";
  const auto event = postal::maileva::read_event(body);
  const auto receipt = event ? postal::maileva::receipt_of(*event) : std::nullopt;
  const auto note = [&](const char *measure, const std::string &wanted, const std::string &got) {
    score.note(row, measure, wanted, receipt ? got : "nothing",
               "event " + letter_text(row, "event_type") + " is read otherwise");
  };
  for (const auto &[name, value] : expected) {
    const auto wanted = value.is_string() ? std::string{value.get_string()} : json::serialize(value);
    if (name == "status")
      note("postal_status", wanted, receipt ? status_of(receipt->kind) : "");
    else if (name == "resource_id")
      note("postal_reference", wanted, receipt ? receipt->ref.substr(receipt->ref.rfind('/') + 1) : "");
    else if (name == "custom_id")
      note("postal_key", wanted, receipt && receipt->idempotency_key == kKey ? wanted : "");
    else if (name == "date")
      note("postal_time", wanted,
           receipt && receipt->provider_time_ms == gateway::read_time_ms(wanted) ? wanted : "");
    else
      ++score.not_counted[std::string{name}];
  }
}

void score_lob(const json::object &row, Score &score) {
  const auto &outcome = row.at("expected").as_object().at("outcome");
  const auto wanted = outcome.is_string() ? std::string{outcome.get_string()} : std::string{"not final"};
  const auto meaning = postal::lob::meaning_of_event(letter_text(row, "event_type"));
  score.note(row, "postal_outcome", wanted, meaning.is_final ? status_of(meaning.kind) : "not final",
             "event " + letter_text(row, "event_type") + " means something else here");
}

}  // namespace

void score_postal_webhooks(const std::filesystem::path &folder, Score &score) {
  each_row(folder / "postal_webhooks.jsonl", [&](const json::object &row) {
    ++score.rows;
    const auto provider = letter_text(row, "provider");
    if (provider == "maileva")
      score_maileva(row, score);
    else if (provider == "lob")
      score_lob(row, score);
    else
      ++score.not_counted["provider " + provider];
  });
}

}  // namespace relance::corpus
