// A described provider at work, for the drivers of both channels: sends through the host's HTTP client,
// authenticates and reads callbacks, keeps the certificates that SNS names.
#pragma once

#include "plugins/protocol/gateway/description.hpp"

#include <relance/driver.hpp>
#include <relance/http.hpp>
#include <relance/parsed.hpp>

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <set>

namespace relance::gateway {

class Gateway final : public CertificateSource {
 public:
  Gateway(sdk::Host host, Description description);

  /// What the description promises.
  [[nodiscard]] sdk::Traits traits() const;
  /// Warns where receipts are described and nothing listens for them.
  void start();
  /// `price`: what it will cost where the answer does not say so.
  void send(sdk::Pending pending, Variables variables, const Lists &lists,
            std::optional<sdk::Price> price = {});
  [[nodiscard]] sdk::Authenticated authenticate(const sdk::WebhookRequest &request);
  void parse(sdk::PendingParse pending);
  /// Fetches the certificates that callbacks have named.
  void wake();

  [[nodiscard]] const Description &description() const { return description_; }
  std::optional<std::string> certificate(std::string_view url) override;

 private:
  void ended(sdk::Pending pending, const sdk::HttpReply &reply, std::optional<sdk::Price> price);
  void say_health(const sdk::Outcome &outcome);
  [[nodiscard]] std::string without_settings(std::string text) const;
  /// False: another body came under the same signature, which does not cover it.
  [[nodiscard]] bool is_own_body(const sdk::WebhookRequest &request);
  void confirm_subscription(sdk::PendingParse pending, const std::string &url);

  sdk::Host host_;
  sdk::Http http_;
  Description description_;
  std::atomic<bool> is_down_{false};
  std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> certificates_;  // under mutex_, as what follows
  std::set<std::string, std::less<>> wanted_;
  std::map<std::string, std::string> bodies_;  ///< by what was signed: the hash of what came with it
  std::deque<std::string> bodies_in_order_;
};

}  // namespace relance::gateway
