// Driver "http": every gateway whose HTTP interface can be described. The description is the settings'; a
// shipped profile may lie beneath them.
#pragma once

#include "plugins/protocol/gateway/gateway.hpp"
#include "plugins/sms/quotation.hpp"

#include <relance/driver.hpp>

#include <string>
#include <vector>

namespace relance::sms::http {

class HttpChannel {
 public:
  static const sdk::Description kDescription;

  HttpChannel(sdk::Host host, std::string_view instance, std::string_view settings_json, sdk::Issues &issues);

  [[nodiscard]] sdk::Traits traits() const;
  void start();
  void submit(std::vector<sdk::Pending> batch);
  [[nodiscard]] sdk::Quote quote(const sdk::Message &message) const;
  [[nodiscard]] sdk::Authenticated authenticate(const sdk::WebhookRequest &request);
  void parse(sdk::PendingParse pending);
  void wake();

 private:
  HttpChannel(sdk::Host host, const sdk::Json &settings, sdk::Issues &issues);
  [[nodiscard]] gateway::Variables variables_of(const sdk::Message &message, const Prepared &prepared) const;

  sdk::Host host_;
  std::string sender_;
  TextRules text_;
  PriceTable prices_;
  gateway::Gateway gateway_;
};

}  // namespace relance::sms::http
