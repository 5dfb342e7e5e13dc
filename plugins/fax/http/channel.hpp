// Driver "http": every fax service whose HTTP interface can be described. The description is the operator's,
// and the page is one of its variables: as a file of a multipart request, or in base64.
#pragma once

#include "plugins/fax/document.hpp"
#include "plugins/protocol/gateway/gateway.hpp"

#include <relance/driver.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace relance::fax::http {

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
  [[nodiscard]] gateway::Variables variables_of(const sdk::Message &message, const Document &document) const;

  sdk::Host host_;
  std::int64_t pages_max_;
  gateway::Gateway gateway_;
};

}  // namespace relance::fax::http
