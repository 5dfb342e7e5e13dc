#include "plugins/fax/http/channel.hpp"

#include "plugins/protocol/gateway/profile.hpp"

#include <relance_fax_http_schema.hpp>

#include <algorithm>

namespace relance::fax::http {
namespace {

/// What a fax has; docs/for-operators/fax.md explains each.
const gateway::Known &known() {
  static const gateway::Known names{
      {"key", "to", "to_name", "from", "from_name", "subject", "text", "language", "country", "invoice",
       "attempt", "document", "document_name", "document_type", "pages", "webhook_url", "valid_until",
       "valid_for_s", "valid_for_min"},
      {}};
  return names;
}

constexpr std::int64_t kMinuteMs{60'000};
/// @see ITU-T E.164 §6.2.1
constexpr std::size_t kDigitsMax{15}, kDigitsMin{7};

bool is_number(std::string_view address) {
  return address.starts_with('+') && address.size() - 1 >= kDigitsMin && address.size() - 1 <= kDigitsMax &&
         std::all_of(address.begin() + 1, address.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Why it cannot be sent, with the place in the message; nothing is wrong with an empty one.
struct Refusal {
  std::string path{}, why{};
};
Refusal refusal_of(const sdk::Message &message, const Document &document, std::int64_t pages_max) {
  if (document.form.empty()) return {"/parts", document.fault};
  if (document.pages > pages_max)
    return {"/parts", std::to_string(document.pages) + " pages, and at most " + std::to_string(pages_max) +
                          " are sent here"};
  if (!is_number(message.addressee.address)) return {"/addressee/address", "is no number like +33140000000"};
  return {};
}

}  // namespace

const sdk::Description HttpChannel::kDescription{.id = "org.relance.fax",
                                                 .driver = "http",
                                                 .name = "Fax through a service's HTTP interface",
                                                 .version = "0.1.0",
                                                 .vendor = "Relance",
                                                 .channel = "fax",
                                                 .settings_schema = kSettingsSchema};

HttpChannel::HttpChannel(sdk::Host host, std::string_view, std::string_view settings_json,
                         sdk::Issues &issues)
    : HttpChannel{host, gateway::with_profile(sdk::Json::parse(settings_json), {}, issues), issues} {}

HttpChannel::HttpChannel(sdk::Host host, const sdk::Json &settings, sdk::Issues &issues)
    : host_{host},
      pages_max_{settings["pages_max"].integer(50)},
      gateway_{host, gateway::read_description(settings, known(), issues)} {}

sdk::Traits HttpChannel::traits() const {
  return gateway_.traits();
}

void HttpChannel::start() {
  gateway_.start();
}

void HttpChannel::submit(std::vector<sdk::Pending> batch) {
  for (auto &pending : batch) {
    const sdk::Message message{*pending};
    const auto document = document_of(message);
    const auto refusal = refusal_of(message, document, pages_max_);
    if (!refusal.why.empty()) {
      pending.end(sdk::Outcome::rejected(sdk::FailureClass::policy, refusal.path, refusal.why));
      continue;
    }
    auto variables = variables_of(message, document);
    gateway_.send(std::move(pending), std::move(variables), {});
  }
}

gateway::Variables HttpChannel::variables_of(const sdk::Message &message, const Document &document) const {
  const bool is_tiff{document.form == "TIFF"};
  gateway::Variables v{
      {"key", std::string{message.idempotency_key}},
      {"to", std::string{message.addressee.address}},
      {"to_name", std::string{message.addressee.name}},
      {"from", std::string{message.sender.address}},
      {"from_name", std::string{message.sender.name}},
      {"subject", std::string{message.subject}},
      {"text", std::string{message.text()}},
      {"language", std::string{message.addressee.language}},
      {"country", std::string{message.addressee.country}},
      {"invoice", std::string{message.reference("invoice")}},
      {"attempt", std::to_string(message.attempt_number)},
      {"document", std::string{document.bytes}},
      {"document_name", is_tiff                  ? "fax.tif"
                        : document.form == "PDF" ? "fax.pdf"
                                                 : "fax.ps"},
      {"document_type", is_tiff                  ? "image/tiff"
                        : document.form == "PDF" ? "application/pdf"
                                                 : "application/postscript"},
      {"pages", document.pages == 0 ? "" : std::to_string(document.pages)},
      {"webhook_url", host_.webhook_url()},
  };
  // Counted from the last moment at which it may be handed over: the same attempt has the same bytes.
  const auto left_ms = message.valid_until_ms - message.not_after_ms;
  if (message.valid_until_ms > 0 && left_ms >= kMinuteMs) {
    v["valid_until"] = std::to_string(message.valid_until_ms / 1000);
    v["valid_for_s"] = std::to_string(left_ms / 1000);
    v["valid_for_min"] = std::to_string(left_ms / kMinuteMs);
  }
  return v;
}

sdk::Quote HttpChannel::quote(const sdk::Message &message) const {
  const auto document = document_of(message);
  sdk::Quote quote;
  quote.pages = document.pages;
  if (auto refusal = refusal_of(message, document, pages_max_); !refusal.why.empty())
    quote.issues.push_back({.path = std::move(refusal.path), .message = std::move(refusal.why)});
  return quote;
}

sdk::Authenticated HttpChannel::authenticate(const sdk::WebhookRequest &request) {
  return gateway_.authenticate(request);
}

void HttpChannel::parse(sdk::PendingParse pending) {
  gateway_.parse(std::move(pending));
}

void HttpChannel::wake() {
  gateway_.wake();
}

}  // namespace relance::fax::http
