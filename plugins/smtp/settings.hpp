// What an operator set for one instance of the e-mail channel, typed and checked beyond what the schema can
// say.
#pragma once

#include "plugins/protocol/dkim/dkim.hpp"
#include "plugins/protocol/imap/mailbox.hpp"
#include "plugins/protocol/smtp/outbox.hpp"

#include <relance/host.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::smtp_channel {

struct BounceSettings {
  imap::Options mailbox;
  std::int64_t poll_interval_ms{60'000};
  imap::Disposal after_store{imap::Disposal::remove};
  std::string move_to;
};

struct Settings {
  std::vector<smtp::RelayOptions> relays;
  std::vector<smtp::DomainRule> domains;
  std::vector<dkim::Signature> dkim;
  std::string envelope_sender;  ///< with KEY in it
  std::string reply_to;         ///< perhaps with KEY in it; empty: the sender's own
  std::string message_id_domain;
  bool request_read_receipt{false};
  std::uint32_t max_in_flight{64};
  std::optional<BounceSettings> bounces;

  /// The envelope sender of the message with this key.
  [[nodiscard]] std::string return_path(std::string_view key) const;
  /// Where answers to it go; empty: where the sender says.
  [[nodiscard]] std::string reply_address(std::string_view key) const;
  /// Those whose domain is the address's or above it.
  [[nodiscard]] std::vector<const dkim::Signature *> signatures_for(std::string_view from_address) const;
};

/// Reports every fault with its JSON pointer; what it returns then is not to be used.
Settings read_settings(std::string_view json, sdk::Issues &issues);

}  // namespace relance::smtp_channel
