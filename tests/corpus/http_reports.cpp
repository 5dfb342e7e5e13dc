#include "plugins/sms/kannel/callback.hpp"
#include "tests/corpus/delivery_reports.hpp"

#include <boost/json.hpp>

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

}  // namespace

void score_http_reports(const std::filesystem::path &folder, Score &score) {
  each_row(folder / "dlr_http.jsonl", [&](const json::object &row) {
    ++score.rows;
    const auto *provider = row.if_contains("provider");
    const std::string name{
        provider != nullptr && provider->is_string() ? std::string_view{provider->get_string()} : "unnamed"};
    if (name == "kannel")
      score_kannel(row, score);
    else
      ++score.not_counted["callback of " + name + ", of which no profile is shipped"];
  });
}

Score score_delivery_reports(const std::filesystem::path &folder) {
  Score score;
  score_email_webhooks(folder, score);
  score_webhook_signatures(folder, score);
  score_http_reports(folder, score);
  score_smpp_reports(folder, score);
  return score;
}

}  // namespace relance::corpus
