// Driver "esp": mails through the HTTP interface of a sending provider, and its webhooks, normalised. The
// provider keeps our key beside the message where it has a place for it, so that its events name the attempt.
#pragma once

#include "plugins/protocol/gateway/gateway.hpp"

#include <relance/driver.hpp>

#include <string>
#include <vector>

namespace relance::esp {

class EspChannel {
 public:
  static const sdk::Description kDescription;

  EspChannel(sdk::Host host, std::string_view instance, std::string_view settings_json, sdk::Issues &issues);

  [[nodiscard]] sdk::Traits traits() const;
  void start();
  void submit(std::vector<sdk::Pending> batch);
  [[nodiscard]] sdk::Authenticated authenticate(const sdk::WebhookRequest &request);
  void parse(sdk::PendingParse pending);
  void wake();

 private:
  EspChannel(sdk::Host host, const sdk::Json &settings, sdk::Issues &issues);

  sdk::Host host_;
  std::string from_, message_id_domain_;
  bool with_mime_;
  gateway::Gateway gateway_;
};

}  // namespace relance::esp
