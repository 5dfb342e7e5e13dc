// What a message would be as SMS, before it is one: sender, encoding, parts, price, and everything that keeps
// it from being sent. Every driver quotes and prepares through here, so that a quote is what is then sent.
#pragma once

#include "plugins/sms/price_table.hpp"
#include "plugins/sms/sender_id.hpp"
#include "plugins/sms/text_rules.hpp"

#include <relance/message.hpp>

#include <optional>
#include <string>

namespace relance::sms {

struct Prepared {
  SenderId sender{};
  gsm::Segmented text{};
  std::optional<sdk::Price> price{};
};

struct Preparation {
  Prepared prepared{};
  /// With the paths of a quote; a fatal one refuses the message.
  std::vector<sdk::Quote::Issue> issues{};
  [[nodiscard]] const sdk::Quote::Issue *fatal() const;
};

/// `default_sender`: of the settings, for creditors who have none of their own.
[[nodiscard]] Preparation prepare(const sdk::Message &message, std::string_view default_sender,
                                  const TextRules &rules, const PriceTable &prices);

[[nodiscard]] sdk::Quote to_quote(Preparation preparation);
/// How a message ends that has a fatal issue: REJECTED, as the host's next channel may fit. The sender's is
/// of class configuration, the number's of class address dead, the text's of class policy.
[[nodiscard]] sdk::Outcome to_refusal(const sdk::Quote::Issue &issue);

}  // namespace relance::sms
