// Answers and callbacks of every provider that is shipped as data, from any bytes: read within bounds, never
// believed without a signature, and no receipt that names no message.
#include "plugins/esp/mail.hpp"
#include "plugins/protocol/gateway/callback.hpp"
#include "plugins/protocol/gateway/profile.hpp"
#include "plugins/protocol/gateway/reply.hpp"

#include <relance_esp_profiles.hpp>
#include <relance_sms_http_profiles.hpp>

#include <cstdint>
#include <cstdlib>

using namespace relance;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

std::vector<gateway::Description> all_descriptions() {
  auto known = esp::known_of_mail();
  for (const auto *name : {"encoding", "segments", "valid_until", "valid_for_s", "valid_for_min", "valid_for_ms"})
    known.variables.emplace_back(name);
  std::vector<gateway::Description> all;
  const auto add = [&](const gateway::Profile &profile) {
    std::string values;
    const auto needed = sdk::Json::parse(profile.json);
    for (const auto &name : needed["requires"].items())
      values +=
          (values.empty() ? "" : ", ") + sdk::json_string(name.text()) + R"(: "a secret of some length")";
    sdk::Issues issues{nullptr};
    const auto settings =
        gateway::with_profile(sdk::Json::parse(R"({"profile": ")" + std::string{profile.name} +
                                               R"(", "values": {)" + values + "}}"),
                              std::span{&profile, 1}, issues);
    all.push_back(gateway::read_description(settings, known, issues));
    must(all.back().callback.has_value());
  };
  for (const auto &profile : sms::http::kProfiles) add(profile);
  for (const auto &profile : esp::kProfiles) add(profile);
  return all;
}

constexpr std::int64_t kNowMs{1'700'000'000'000};
constexpr std::string_view kTypes[]{"application/json", "application/x-www-form-urlencoded", "text/xml", ""};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  static const auto all = all_descriptions();
  if (size < 3) return 0;
  const auto &description = all[data[0] % all.size()];
  const std::string_view bytes{reinterpret_cast<const char *>(data) + 3, size - 3};
  const auto cut = std::min<std::size_t>(data[2], bytes.size());

  sdk::HttpReply reply;
  reply.result = sdk::HttpReply::Result::replied;
  reply.status = 100 + data[1] * 2u;
  reply.headers = {{"retry-after", std::string{bytes.substr(0, cut)}}};
  reply.body = bytes;
  const auto outcome = gateway::to_outcome(description.reply, reply);
  must(outcome.kind != sdk::OutcomeKind::accepted || reply.is_success());
  must(outcome.kind != sdk::OutcomeKind::accepted || !outcome.refs.empty());
  must(!outcome.price || outcome.price->micro_units >= 0);

  const auto url = "https://relance.example/hooks/p/T?" + std::string{bytes.substr(0, cut)};
  const sdk::WebhookRequest request{
      data[1] % 2 == 0 ? "POST" : "GET",
      url,
      {},
      {{"content-type", kTypes[data[1] % 4]}, {"authorization", bytes.substr(0, cut)}},
      bytes.substr(cut)};
  const auto &callback = *description.callback;
  const auto trust = gateway::check_signature(callback.signature, request, kNowMs);
  must(trust != gateway::Trust::genuine || callback.signature.scheme == gateway::Scheme::path);
  const auto parsed = gateway::to_parsed(gateway::read_callback(callback, request));
  for (const auto &receipt : parsed.receipts) must(!receipt.ref.empty() || !receipt.idempotency_key.empty());
  return 0;
}
