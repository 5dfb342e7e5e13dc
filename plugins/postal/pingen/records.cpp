#include "plugins/postal/pingen/records.hpp"

#include "plugins/protocol/gateway/timestamp.hpp"

namespace relance::postal::pingen {
namespace {

constexpr Row kStates[]{
    {"submitted", "accepted"},   {"accepted", "accepted"},       {"printing", "interim"},
    {"processing", "interim"},   {"action_required", "interim"}, {"awaiting_credits", "interim"},
    {"inspection", "interim"},   {"cancelling", "interim"},      {"sent", "dispatched"},
    {"delivered", "delivered"},  {"undeliverable", "returned"},  {"invalid", "rejected"},
    {"unprintable", "rejected"}, {"rejected", "rejected"},       {"expired", "failed"},
    {"cancelled", "cancelled"}};
/// Of webhooks: the category is the type. "issues" may be mended by a person at Pingen.
constexpr Row kNews[]{{"webhook_sent", "dispatched"},
                      {"webhook_delivered", "delivered"},
                      {"webhook_undeliverable", "returned"},
                      {"webhook_issues", "interim"}};
constexpr std::string_view kDrafts[]{"validating", "valid", "action_required", "fixing", "awaiting_credits"};

std::string member(std::string_view name, std::string_view text) {
  return sdk::json_string(name) + ':' + sdk::json_string(text);
}

/// The post knows where somebody moved: for the person who corrects the address.
std::string moved_to(const sdk::Json &address) {
  std::string words;
  for (const char *name : {"name", "street", "number", "zip", "city"})
    if (const auto part = address[std::string_view{name}].text(); !part.empty())
      words += (words.empty() ? " (now: " : " ") + part;
  return words.empty() ? words : words + ')';
}

}  // namespace

std::string product_for(const Settings &s, std::string_view service) {
  if (service == "plain") return s.plain_product;
  return service == "registered" || service == "tracked" ? s.registered_product : std::string{};
}

std::string file_name(std::string_view key) {
  return "relance-" + std::string{key} + ".pdf";
}
std::string key_in(std::string_view name) {
  constexpr std::string_view kHead{"relance-"}, kTail{".pdf"};
  if (!name.starts_with(kHead) || !name.ends_with(kTail) || name.size() <= kHead.size() + kTail.size())
    return {};
  const auto key = name.substr(kHead.size(), name.size() - kHead.size() - kTail.size());
  return is_key(key) ? std::string{key} : std::string{};
}

std::string letter_json(const Settings &s, const sdk::Message &m, const std::string &file_url,
                        const std::string &signature) {
  return R"({"data":{"type":"letters","attributes":{)" +
         member("file_original_name", file_name(m.idempotency_key)) + ',' + member("file_url", file_url) +
         ',' + member("file_url_signature", signature) + ',' +
         member("address_position", s.address_position) + ',' +
         member("delivery_product", product_for(s, m.service)) + ',' + member("print_mode", s.print_mode) +
         ',' + member("print_spectrum", s.print_spectrum) + R"(,"auto_send":false}}})";
}

std::string send_json(const Settings &s, const std::string &id, const std::string &product) {
  return R"({"data":{)" + member("id", id) + R"(,"type":"letters","attributes":{)" +
         member("delivery_product", product) + ',' + member("print_mode", s.print_mode) + ',' +
         member("print_spectrum", s.print_spectrum) + "}}}";
}

Meaning meaning_of_state(std::string_view state) {
  return meaning_in(kStates, state);
}

Standing standing_of(const sdk::Json &attributes) {
  const auto state = attributes["status"].text();
  if (state.empty()) return Standing::untold;
  if (meaning_of_state(state).kind == sdk::ReceiptKind::failed) return Standing::refused;
  if (!attributes["submitted_at"].text().empty()) return Standing::released;
  for (const auto draft : kDrafts)
    if (state == draft) return Standing::draft;
  for (const auto &row : kStates)
    if (state == row.state) return Standing::released;
  return Standing::unclear;
}

std::optional<sdk::Receipt> read_news(std::string_view body) {
  const auto json = sdk::Json::parse(body);
  const auto &data = json["data"];
  const auto type = data["type"].text();
  const auto &links = data["relationships"];
  auto id = links["letter"]["data"]["id"].text();
  if (id.empty()) id = links["deliverable"]["data"]["id"].text();
  if (!type.starts_with("webhook_") || !rest::is_id(id)) return std::nullopt;
  auto receipt = to_receipt(meaning_in(kNews, type));
  receipt.ref = id;
  receipt.code = words_of(type);
  receipt.text =
      words_of(data["attributes"]["reason"].text() + moved_to(data["attributes"]["corrected_address"]));
  receipt.provider_time_ms = gateway::read_time_ms(data["attributes"]["created_at"].text());
  return receipt;
}

std::optional<sdk::Receipt> read_letter_record(const sdk::Json &item) {
  const auto id = item["id"].text(), state = item["attributes"]["status"].text();
  if (item["type"].text() != "letters" || !rest::is_id(id) || state.empty() || state == "validating" ||
      state == "valid")
    return std::nullopt;
  auto receipt = to_receipt(meaning_of_state(state));
  receipt.ref = id;
  receipt.idempotency_key = key_in(item["attributes"]["file_original_name"].text());
  receipt.code = words_of(state);
  receipt.provider_time_ms = gateway::read_time_ms(item["attributes"]["updated_at"].text());
  const auto currency = item["attributes"]["price_currency"].text(),
             value = item["attributes"]["price_value"].text();
  if (const auto point = value.find('.'); currency.size() == 3 && !value.empty()) {
    auto digits = value.substr(0, point) + (point == value.npos ? "" : value.substr(point + 1));
    const auto decimals = point == value.npos ? 0 : value.size() - point - 1;
    if (decimals <= 6 && digits.size() <= 12 && digits.find_first_not_of("0123456789") == digits.npos) {
      digits.append(6 - decimals, '0');
      receipt.price = sdk::Price{std::stoll(digits), currency};
    }
  }
  return receipt;
}

}  // namespace relance::postal::pingen
