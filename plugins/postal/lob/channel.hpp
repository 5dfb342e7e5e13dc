// Driver "lob": letters in and to the United States through Lob. One phase; Lob drops a repeat of the same
// Idempotency-Key for a day. For operators: docs/for-operators/postal.md.
#pragma once

#include "plugins/postal/lob/records.hpp"
#include "plugins/postal/news.hpp"

#include <relance/driver.hpp>
#include <relance/http.hpp>

#include <string>

namespace relance::postal::lob {

class LobChannel {
 public:
  static const sdk::Description kDescription;

  LobChannel(sdk::Host host, std::string_view instance, std::string_view settings_json, sdk::Issues &issues);

  [[nodiscard]] sdk::Traits traits() const;
  [[nodiscard]] sdk::Quote quote(const sdk::Message &message) const;
  sdk::Outcome send(const sdk::Message &message);
  sdk::Outcome query(const sdk::Query &query);
  sdk::Recalled recall(const sdk::Recall &recall);
  sdk::Polled poll(const sdk::Poll &poll);
  [[nodiscard]] sdk::Authenticated authenticate(const sdk::WebhookRequest &request) const;
  [[nodiscard]] sdk::Parsed parse(const sdk::Raw &raw) const;

 private:
  struct Prepared {
    Letter letter{};
    Address to{}, from{};
  };
  [[nodiscard]] Prepared prepare(const sdk::Message &message) const;
  sdk::HttpReply call(std::string_view method, const std::string &path, rest::FormBody body,
                      std::int64_t not_after_ms, std::string_view key);

  sdk::Host host_;
  sdk::Http http_;
  Settings settings_;
  News news_;
};

}  // namespace relance::postal::lob
