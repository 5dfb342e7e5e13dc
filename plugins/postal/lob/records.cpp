// @see Lob's API reference: letters, events, tracking events
#include "plugins/postal/lob/records.hpp"

#include "plugins/postal/rest/account.hpp"
#include "plugins/protocol/gateway/timestamp.hpp"

#include <cmath>

namespace relance::postal::lob {
namespace {

/// What is said of a certified letter ("letter.certified.…") means the same; of a return envelope, nothing of
/// ours.
constexpr Row kEvents[]{
    {"created", "accepted"},      {"rendered_pdf", "accepted"},      {"mailed", "dispatched"},
    {"in_transit", "dispatched"}, {"in_local_area", "dispatched"},   {"processed_for_delivery", "dispatched"},
    {"re-routed", "interim"},     {"international_exit", "interim"}, {"pickup_available", "interim"},
    {"issue", "interim"},         {"delivered", "delivered"},        {"returned_to_sender", "returned"},
    {"deleted", "cancelled"},     {"rejected", "rejected"},          {"failed", "failed"}};
constexpr Row kTracking[]{{"Mailed", "dispatched"},        {"In Transit", "dispatched"},
                          {"In Local Area", "dispatched"}, {"Processed for Delivery", "dispatched"},
                          {"Re-Routed", "interim"},        {"Pickup Available", "interim"},
                          {"Delivered", "delivered"},      {"Returned to Sender", "returned"}};
/// What the post says in the details of a step.
constexpr Row kDetails[]{{"package_unclaimed", "unclaimed"}, {"package_refused", "refused"}};

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}
bool is_zip(std::string_view text) {
  return (text.size() == 5 && is_digits(text)) ||
         (text.size() == 10 && text[5] == '-' && is_digits(text.substr(0, 5)) && is_digits(text.substr(6)));
}

bool add_american_city(std::string_view line, Address &address) {
  const auto code = line.rfind(' ');
  if (code == line.npos || !is_zip(line.substr(code + 1))) return false;
  auto rest = line.substr(0, code);
  const auto state = rest.rfind(' ');
  if (state == rest.npos || state == 0 || rest.size() - state != 3) return false;
  auto city = rest.substr(0, state);
  while (city.ends_with(',') || city.ends_with(' ')) city.remove_suffix(1);
  if (city.empty()) return false;
  address.fields.emplace_back("address_city", city);
  address.fields.emplace_back("address_state", rest.substr(state + 1));
  address.fields.emplace_back("address_zip", line.substr(code + 1));
  return true;
}

}  // namespace

Address read_address(const std::vector<std::string_view> &lines, std::string_view country) {
  Address address;
  if (lines.size() < 3 || lines.size() > kLimits.lines_max) {
    address.fault =
        "has " + std::to_string(lines.size()) + " lines; Lob takes a name, one or two lines and the city";
    return address;
  }
  address.fields = {{"name", std::string{lines[0]}}, {"address_line1", std::string{lines[1]}}};
  if (lines.size() == 4) address.fields.emplace_back("address_line2", lines[2]);
  if (country.empty() || country == "US") {
    if (!add_american_city(lines.back(), address))
      address.fault = "has no last line of city, state and ZIP code";
  } else {
    address.fields.emplace_back("address_city", lines.back());
  }
  address.fields.emplace_back("address_country", country.empty() ? "US" : country);
  return address;
}

std::vector<std::string> foreign_pages(const Letter &letter) {
  constexpr double kWidth{612}, kHeight{792}, kTolerance{2}, kPointsPerMm{72 / 25.4};
  if (letter.document == nullptr) return {};
  for (const auto &page : page_sizes(letter.document->bytes)) {
    if (std::abs(page.width - kWidth) <= kTolerance && std::abs(page.height - kHeight) <= kTolerance)
      continue;
    return {"has pages of " + std::to_string(std::lround(page.width / kPointsPerMm)) + " × " +
            std::to_string(std::lround(page.height / kPointsPerMm)) +
            " mm; Lob prints on 216 × 279 mm (8.5 × 11 in) only"};
  }
  return {};
}

std::optional<std::string> extra_service_for(std::string_view service, std::string_view country) {
  const bool is_domestic{country.empty() || country == "US"};
  if (service == "plain") return "";
  if (service == "registered" || service == "tracked") return is_domestic ? "certified" : "registered";
  if (service == "registered_ar" && is_domestic) return "certified_return_receipt";
  return std::nullopt;
}

Meaning meaning_of_event(std::string_view type) {
  if (!type.starts_with("letter.")) return {};
  type.remove_prefix(7);
  if (type.starts_with("certified.")) type.remove_prefix(10);
  return meaning_in(kEvents, type);  // "return_envelope.…" is in no row
}

Meaning meaning_of_tracking(std::string_view name) {
  return meaning_in(kTracking, name);
}

std::optional<sdk::Receipt> read_event(std::string_view text) {
  const auto json = sdk::Json::parse(text);
  const auto type = json["event_type"]["id"].text(json["event_type"].text());
  const auto &letter = json["body"];
  const auto id = json["reference_id"].text(letter["id"].text());
  if (!type.starts_with("letter.") || !id.starts_with("ltr_") || !rest::is_id(id)) return std::nullopt;
  auto receipt = to_receipt(meaning_of_event(type));
  receipt.ref = id;
  if (const auto key = letter["metadata"]["key"].text(); is_key(key)) receipt.idempotency_key = key;
  receipt.code = words_of(type);
  receipt.text = words_of(letter["failure_reason"]["message"].text());
  receipt.provider_time_ms = gateway::read_time_ms(json["date_created"].text());
  return receipt;
}

std::vector<sdk::Receipt> receipts_of(const sdk::Json &letter) {
  std::vector<sdk::Receipt> receipts;
  const auto id = letter["id"].text(), key = letter["metadata"]["key"].text();
  if (!id.starts_with("ltr_") || !rest::is_id(id)) return receipts;
  const auto add = [&](const Meaning &meaning, const std::string &code, const std::string &at) {
    auto &receipt = receipts.emplace_back(to_receipt(meaning));
    receipt.ref = id;
    if (is_key(key)) receipt.idempotency_key = key;
    receipt.code = words_of(code);
    receipt.provider_time_ms = gateway::read_time_ms(at);
  };
  if (letter["deleted"].flag()) add(meaning_of_event("letter.deleted"), "deleted", {});
  const auto status = letter["status"].text();
  if (status == "rejected" || status == "failed") add(meaning_of_event("letter." + status), status, {});
  for (const auto &step : letter["tracking_events"].items()) {
    const auto name = step["name"].text(), detail = step["details"]["event"].text();
    const auto special = meaning_in(kDetails, detail);
    add(special.is_final ? special : meaning_of_tracking(name), special.is_final ? detail : name,
        step["time"].text());
    receipts.back().text = words_of(step["details"]["description"].text());
  }
  return receipts;
}

}  // namespace relance::postal::lob
