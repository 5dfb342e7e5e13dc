// Maileva's notification centre: it calls us for what we subscribe to, and keeps for 30 days which calls did
// not come through.
#pragma once

#include "plugins/postal/maileva/api.hpp"

#include <string>
#include <string_view>

namespace relance::postal::maileva {

class Notifications {
 public:
  Notifications(sdk::Host host, const Settings &settings, Api &api, std::string hook)
      : host_{host}, settings_{settings}, api_{api}, hook_{std::move(hook)} {}

  /// Sees to it that Maileva calls us, with the password that is set now. False: it could not be learned.
  bool subscribe(std::string &fault);
  /// Calls that were given up.
  sdk::Polled catch_up(std::string_view cursor);

 private:
  [[nodiscard]] std::string authentication() const;
  [[nodiscard]] std::string wanted() const;

  sdk::Host host_;
  const Settings &settings_;
  Api &api_;
  std::string hook_;
  std::int64_t subscribed_ms_{0}, caught_up_ms_{0};  ///< when it was last looked at
};

}  // namespace relance::postal::maileva
