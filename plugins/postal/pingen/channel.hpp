// Driver "pingen": letters through Pingen. A letter made without auto_send is the draft, PATCH …/send the
// release; both carry an Idempotency-Key. For operators: docs/for-operators/postal.md.
#pragma once

#include "plugins/postal/news.hpp"
#include "plugins/postal/orphans.hpp"
#include "plugins/postal/pingen/records.hpp"

#include <relance/driver.hpp>

#include <string>

namespace relance::postal::pingen {

class PingenChannel {
 public:
  static const sdk::Description kDescription;

  PingenChannel(sdk::Host host, std::string_view instance, std::string_view settings_json,
                sdk::Issues &issues);

  [[nodiscard]] sdk::Traits traits() const;
  [[nodiscard]] sdk::Quote quote(const sdk::Message &message) const;
  sdk::Outcome send(const sdk::Message &message);
  sdk::Outcome commit(const sdk::Commit &commit);
  sdk::Discarded discard(const sdk::Discard &discard);
  sdk::Outcome query(const sdk::Query &query);
  sdk::Recalled recall(const sdk::Recall &recall);
  sdk::Polled poll(const sdk::Poll &poll);
  [[nodiscard]] sdk::Authenticated authenticate(const sdk::WebhookRequest &request) const;
  [[nodiscard]] sdk::Parsed parse(const sdk::Raw &raw) const;

 private:
  struct Upload {
    std::string url{}, signature{};
  };
  sdk::Outcome upload(const sdk::Message &message, const Letter &letter, Upload &upload);
  sdk::Outcome validated(const std::string &id, const sdk::Message &message);
  sdk::HttpReply call(std::string_view method, const std::string &path, std::string body,
                      std::int64_t not_after_ms, std::string_view key);
  [[nodiscard]] std::string letters(std::string_view more = {}) const;
  [[nodiscard]] Letter read(const sdk::Message &message) const;
  sdk::Outcome release(const std::string &id, std::int64_t not_after_ms);
  void remove_drafts();
  /// Drafts that nobody knows of any more. False: the provider is away.
  bool sweep();
  /// Nothing: the provider is away.
  std::optional<sdk::Discarded> remove_draft(const std::string &id);

  sdk::Host host_;
  sdk::Http http_;
  Settings settings_;
  rest::Account account_;
  Orphans orphans_;
  News news_;
  std::int64_t swept_ms_{0};
};

}  // namespace relance::postal::pingen
