#include "plugins/protocol/gateway/callback.hpp"
#include "plugins/protocol/gateway/profile.hpp"
#include "plugins/sms/kannel/callback.hpp"
#include "tests/corpus/delivery_reports.hpp"

#include <boost/json.hpp>
#include <relance_sms_http_profiles.hpp>

namespace relance::corpus {
namespace {

namespace json = boost::json;

/// Kannel's guide and this driver have words of their own for the same thing.
std::string state_of(std::string_view words) {
  const auto has = [&](std::string_view word) { return words.find(word) != words.npos; };
  if (has("buffer") || has("intermediate") || has("not final")) return "interim";
  if (has("reject") || has("fail") || has("undeliver") || has("non-deliver") || has("not deliver") ||
      has("unsuccess"))
    return "failed";
  if (has("accept") || has("submit")) return "accepted";
  return has("deliver") || has("success") ? "delivered" : std::string{words};
}

std::string state_of(const sdk::Parsed &parsed) {
  if (parsed.receipts.empty()) return "nothing";
  switch (parsed.receipts[0].kind) {
    case sdk::ReceiptKind::delivered:
      return "delivered";
    case sdk::ReceiptKind::failed:
    case sdk::ReceiptKind::expired:
      return "failed";
    case sdk::ReceiptKind::accepted:
    case sdk::ReceiptKind::relayed:
      return "accepted";
    default:
      return "interim";
  }
}

/// The samples' addresses are other programs'; ours carries the same code of Kannel's.
void score_kannel(const json::object &row, Score &score) {
  const auto &expected = row.at("expected").as_object();
  const auto *code = expected.if_contains("code");
  const auto *status = expected.if_contains("status");
  if (code == nullptr || status == nullptr || !status->is_string()) {
    ++score.not_counted["a Kannel callback without code and status"];
    return;
  }
  const auto url =
      "https://relance.example/hook?key=01HV5T3X2Y4Z6A8B0C2D4E6F8G&parts=1&mac=0&said=&at=1700000000&type=" +
      (code->is_string() ? std::string{code->get_string()} : json::serialize(*code));
  score.note(row, "kannel_state", state_of(std::string_view{status->get_string()}),
             state_of(sms::kannel::read_callback(url)), "another meaning of this code");
}

/// The gateway's name in these samples, and ours.
std::string gateway_profile_of(const std::string &provider) {
  if (provider == "nexmo" || provider == "vonage") return "vonage";
  return provider == "twilio" || provider == "twiml" ? "twilio" : std::string{};
}

/// On its way, there, or lost: all that the samples' letters (W, S, D, E, F) say for certain.
std::string stage_of(const gateway::Meaning &meaning) {
  const auto receipt = to_receipt(meaning);
  if (receipt.kind == sdk::ReceiptKind::delivered) return "delivered";
  return receipt.is_final ? "failed" : "on its way";
}
std::string stage_of(std::string_view words) {
  if (words == "D" || words == "delivered") return "delivered";
  return words == "F" || words == "E" || words == "failed" || words == "errored" ? "failed" : "on its way";
}

std::string text_at(const json::object &row, std::initializer_list<const char *> names) {
  for (const auto *name : names) {
    const auto *value = row.if_contains(name);
    if (value != nullptr && value->is_string()) return std::string{value->get_string()};
  }
  return {};
}

void score_gateway(const json::object &row, const std::string &profile, Score &score) {
  const auto &expected = row.at("expected").as_object();
  const auto id = text_at(expected, {"external_id", "id"}), status = text_at(expected, {"status"});
  if (id.empty() && status.empty()) {
    ++score.not_counted["a callback that is expected to say nothing"];
    return;
  }
  sdk::Issues unheard{nullptr};  // of the values that only an operator has
  const auto settings = gateway::with_profile(sdk::Json::parse(R"({"profile": ")" + profile + "\"}"),
                                              sms::http::kProfiles, unheard);
  const auto description = gateway::read_description(
      settings, {{"key", "to", "from", "text", "encoding", "webhook_url", "valid_for_s", "valid_for_ms"}, {}},
      unheard);
  const auto body = text_at(row, {"body", "data"}),
             url = "https://relance.example" + text_at(row, {"url", "path"});
  const auto method = body.empty() ? "GET" : "POST";
  const auto type = body.starts_with('{') ? "application/json" : "application/x-www-form-urlencoded";
  const auto reading =
      gateway::read_callback(*description.callback, {method, url, {}, {{"content-type", type}}, body});
  const gateway::Happening none;
  const auto &got = reading.happenings.empty() ? none : reading.happenings[0];
  if (!id.empty()) score.note(row, "gateway_reference", id, got.ref, "it stands elsewhere");
  if (!status.empty())
    score.note(row, "gateway_state", stage_of(status),
               reading.happenings.empty() ? "nothing" : stage_of(got.meaning), "state " + got.code);
}

}  // namespace

void score_http_reports(const std::filesystem::path &folder, Score &score) {
  each_row(folder / "dlr_http.jsonl", [&](const json::object &row) {
    ++score.rows;
    const auto *provider = row.if_contains("provider");
    const std::string name{
        provider != nullptr && provider->is_string() ? std::string_view{provider->get_string()} : "unnamed"};
    if (name == "kannel")
      score_kannel(row, score);
    else if (const auto profile = gateway_profile_of(name); !profile.empty())
      score_gateway(row, profile, score);
    else
      ++score.not_counted["callback of " + name + ", of which no profile is shipped"];
  });
}

Score score_delivery_reports(const std::filesystem::path &folder) {
  Score score;
  score_email_webhooks(folder, score);
  score_webhook_signatures(folder, score);
  score_http_reports(folder, score);
  score_postal_webhooks(folder, score);
  score_smpp_reports(folder, score);
  return score;
}

}  // namespace relance::corpus
