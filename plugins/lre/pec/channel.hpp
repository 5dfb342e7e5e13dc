// Driver "pec": Italian certified mail. A reminder leaves by the provider's SMTP; what becomes of it comes
// back as signed mails, and only those that a named provider signed are believed. A send in doubt is looked
// up in the mailbox before anything else happens to it.
#pragma once

#include "plugins/lre/pec/settings.hpp"
#include "plugins/protocol/pec/signature.hpp"
#include "plugins/protocol/smtp/outbox.hpp"

#include <relance/driver.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace relance::lre::pec {

class PecChannel {
 public:
  static const sdk::Description kDescription;

  PecChannel(sdk::Host host, std::string_view instance, std::string_view settings_json, sdk::Issues &issues);
  ~PecChannel();
  PecChannel(const PecChannel &) = delete;
  PecChannel &operator=(const PecChannel &) = delete;

  [[nodiscard]] sdk::Traits traits() const;
  void start();
  void stop();
  void submit(std::vector<sdk::Pending> batch);
  [[nodiscard]] sdk::Quote quote(const sdk::Message &message) const;
  [[nodiscard]] sdk::Outcome query(const sdk::Query &query);
  [[nodiscard]] sdk::Polled poll(const sdk::Poll &poll);
  [[nodiscard]] sdk::Parsed parse(const sdk::Raw &raw);

 private:
  void ended(std::span<smtp::Completion> completions);
  void say_sending(const smtp::RelayHealth &relay);
  void say_receiving(const imap::Failure *failure);
  void say_health();

  sdk::Host host_;
  Settings settings_;
  std::shared_ptr<const relance::pec::Trust> trust_;
  std::atomic<bool> is_stopping_{false};
  std::mutex polling_;                      ///< one poll at a time
  std::unique_ptr<imap::Mailbox> mailbox_;  // under polling_
  struct Trouble {
    std::string code, text;
    std::int64_t retry_at_ms{0};
  };
  std::mutex mutex_;
  std::unordered_map<sdk::Token, sdk::Pending> open_;  // under mutex_
  Trouble sending_, receiving_;                        // under mutex_; no code: well
  std::unique_ptr<smtp::Outbox> outbox_;
};

}  // namespace relance::lre::pec
