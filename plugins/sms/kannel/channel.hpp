// Driver "kannel": messages out through Kannel's sendsms, receipts in through its delivery callbacks. Kannel
// gives no message id, so a receipt is known by our own key in the callback's address; one that never comes
// is silence.
#pragma once

#include "plugins/sms/kannel/settings.hpp"

#include <relance/driver.hpp>
#include <relance/http.hpp>

#include <optional>
#include <string>
#include <vector>

namespace relance::sms::kannel {

class KannelChannel {
 public:
  static const sdk::Description kDescription;

  KannelChannel(sdk::Host host, std::string_view instance, std::string_view settings_json,
                sdk::Issues &issues);

  [[nodiscard]] sdk::Traits traits() const;
  void start();
  void submit(std::vector<sdk::Pending> batch);
  [[nodiscard]] sdk::Quote quote(const sdk::Message &message) const;
  [[nodiscard]] sdk::Authenticated authenticate(const sdk::WebhookRequest &request) const;
  void parse(sdk::PendingParse pending);

 private:
  void submit_one(sdk::Pending pending);
  /// What an answer says of Kannel itself.
  void note_health(const sdk::Outcome &outcome);

  sdk::Host host_;
  sdk::Http http_;
  Settings settings_;
  std::string hook_;  ///< where callbacks arrive; empty: none are asked for
  std::optional<sdk::HealthLevel> health_;
};

}  // namespace relance::sms::kannel
