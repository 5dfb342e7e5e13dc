// A driver on a fake host whose provider answers what the test says.
#pragma once

#include "plugins/protocol/gateway/crypto.hpp"
#include "plugins/protocol/gateway/url.hpp"

#include <relance/channel.hpp>
#include <relance/testkit.hpp>

#include <optional>
#include <string>
#include <vector>

namespace relance::gateway::test {

inline constexpr std::int64_t kNowMs{1'700'000'000'000};

template <class Driver>
struct ProfileBench {
  testkit::FakeHost host;
  std::vector<sdk::HttpRequest> requests;
  sdk::HttpReply reply{testkit::replied(500)};
  std::optional<testkit::Instance> instance;

  explicit ProfileBench(const std::string &settings) {
    host.webhook_url = "https://relance.example/hooks/p/T0kEn";
    host.set_wall_ms(kNowMs);
    host.on_http = [this](const sdk::HttpRequest &request) {
      requests.push_back(request);
      return reply;
    };
    instance.emplace(sdk::Driver<Driver>::table(), host, settings);
  }
  sdk::Outcome answered(std::uint32_t status, std::string body, sdk::HttpHeaders headers = {}) {
    reply = testkit::replied(status, std::move(body), std::move(headers));
    auto outcome = instance->send(message);
    return outcome;
  }
  std::string header(std::string_view name) const {
    for (const auto &[key, value] : requests.back().headers)
      if (key == name) return value;
    return "(none)";
  }
  /// A field of the form that was sent last.
  std::string field(std::string_view name) const {
    for (const auto &[key, value] : parse_form(requests.back().body).value_or(Parameters{}))
      if (key == name) return value;
    return "(none)";
  }
  sdk::Parsed parse(const std::string &start, const std::string &headers, const std::string &body) {
    return instance->parse("webhook", start + "\r\n" + headers + "\r\n" + body);
  }
  /// The receipt of a form posted to us.
  sdk::Parsed parse_form_post(const std::string &body, const std::string &query = "") {
    return parse("POST https://relance.example/hooks/p/T0kEn" + query,
                 "content-type: application/x-www-form-urlencoded\r\n", body);
  }
  sdk::Parsed parse_json_post(const std::string &body) {
    return parse("POST https://relance.example/hooks/p/T0kEn", "content-type: application/json\r\n", body);
  }

  testkit::TestMessage message{.address = "+33612345678",
                               .idempotency_key = "01HV5T3X2Y4Z6A8B0C2D4E6F8G",
                               .sender_name = "Acme",
                               .sender_address = "Acme",
                               .parts = {{.bytes = "Votre facture est échue."}}};
};

}  // namespace relance::gateway::test
