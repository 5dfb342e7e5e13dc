// The driver `smpp`: text messages over links of our own to a message centre, their receipts and the answers
// of debtors back on the same links.
#pragma once

#include "plugins/protocol/smpp/client.hpp"
#include "plugins/protocol/smpp/message_id.hpp"
#include "plugins/sms/smpp/reassembly.hpp"
#include "plugins/sms/smpp/settings.hpp"

#include <relance/channel.hpp>
#include <relance_sms_smpp_schema.hpp>

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace relance::sms::smpp {

class SmppChannel {
 public:
  static constexpr sdk::Description kDescription{.id = "org.relance.sms",
                                                 .driver = "smpp",
                                                 .name = "SMS over SMPP 3.4",
                                                 .version = "0.1.0",
                                                 .vendor = "Relance",
                                                 .channel = "sms",
                                                 .settings_schema = kSettingsSchema,
                                                 .query_by = RELANCE_CAP_QUERY_BY_REF};

  SmppChannel(sdk::Host host, std::string_view instance, std::string_view settings_json, sdk::Issues &issues);
  ~SmppChannel();

  [[nodiscard]] sdk::Traits traits() const;
  void start();
  void stop();
  void submit(std::vector<sdk::Pending> batch);
  void query(sdk::PendingQuery pending);
  void recall(sdk::PendingRecall pending);
  void stored(std::span<const sdk::Token> tokens);
  void room();
  void parse(sdk::PendingParse pending);
  void wake();
  [[nodiscard]] sdk::Quote quote(const sdk::Message &message) const;

 private:
  struct Open {
    sdk::Pending pending;
    std::optional<sdk::Price> price;
    std::uint32_t part_count;
  };
  void ended(std::span<protocol::Completion> completions);
  std::size_t arrived(std::span<const protocol::Arrival> arrivals);
  void say_health(const protocol::Health &health);
  void keep_learned();

  const sdk::Host host_;
  const Settings settings_;
  protocol::MessageIds ids_;
  Reassembly reassembly_;
  std::mutex mutex_;
  std::string learned_;                        // as it is kept; under mutex_
  std::unordered_map<sdk::Token, Open> open_;  // under mutex_
  std::optional<protocol::Client> client_;
};

}  // namespace relance::sms::smpp
