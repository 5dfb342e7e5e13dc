// Driver "maileva": letters and registered letters through La Poste's Maileva. A sending is a draft until it
// is submitted; a second submit is refused by Maileva itself, which is the guard against sending twice.
// For operators: docs/for-operators/postal.md.
#pragma once

#include "plugins/postal/maileva/notifications.hpp"
#include "plugins/postal/maileva/records.hpp"
#include "plugins/postal/news.hpp"
#include "plugins/postal/orphans.hpp"

#include <relance/driver.hpp>

#include <string>
#include <vector>

namespace relance::postal::maileva {

class MailevaChannel {
 public:
  static const sdk::Description kDescription;

  MailevaChannel(sdk::Host host, std::string_view instance, std::string_view settings_json,
                 sdk::Issues &issues);

  [[nodiscard]] sdk::Traits traits() const;
  [[nodiscard]] sdk::Quote quote(const sdk::Message &message) const;
  sdk::Outcome send(const sdk::Message &message);
  sdk::Outcome commit(const sdk::Commit &commit);
  sdk::Discarded discard(const sdk::Discard &discard);
  sdk::Outcome query(const sdk::Query &query);
  sdk::Polled poll(const sdk::Poll &poll);
  [[nodiscard]] sdk::Authenticated authenticate(const sdk::WebhookRequest &request) const;
  sdk::Parsed parse(const sdk::Raw &raw);
  sdk::Fetched fetch(const sdk::Fetch &fetch);

 private:
  [[nodiscard]] Letter read(const sdk::Message &message) const;
  sdk::Outcome fill_draft(const SendingRef &ref, const sdk::Message &message, const Letter &letter);
  sdk::Outcome release(const SendingRef &ref, std::int64_t not_after_ms);
  sdk::Outcome standing(const SendingRef &ref);
  void remove_drafts();
  /// Drafts that nobody knows of any more. False: the provider is away.
  bool sweep();
  /// Nothing: the provider is away.
  std::optional<sdk::Discarded> remove_draft(const SendingRef &ref);
  sdk::Polled look_at_open(const std::vector<sdk::Poll::Open> &open);
  sdk::Parsed read_record(const SendingRef &ref, const std::string &key);

  sdk::Host host_;
  Settings settings_;
  std::string hook_;
  Api api_;
  Notifications notifications_;
  Orphans orphans_;
  News news_;
  std::int64_t swept_ms_{0};
};

}  // namespace relance::postal::maileva
