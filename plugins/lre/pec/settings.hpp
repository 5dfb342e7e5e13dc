// What an operator set for one instance of the driver "pec", typed and checked beyond what the schema can
// say.
#pragma once

#include "plugins/protocol/imap/mailbox.hpp"
#include "plugins/protocol/smtp/options.hpp"

#include <relance/host.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relance::lre::pec {

struct Settings {
  std::string address;
  std::string message_id_domain;
  smtp::Options server;
  imap::Options mailbox;
  std::int64_t poll_interval_ms{60'000};
  std::string authorities;       ///< PEM, or
  std::string authorities_file;  ///< where it lies
  std::vector<std::string> signers;
  std::string receipt{"completa"};
  std::size_t attachments_bytes_max{5'000'000};
  std::int64_t accepted_within_ms{0}, delivered_within_ms{0};
  std::uint32_t max_in_flight{16};

  [[nodiscard]] std::string message_id(std::string_view key) const {
    return std::string{key} + '@' + message_id_domain;
  }
};

/// Reports every fault with its JSON pointer; what it returns then is not to be used.
[[nodiscard]] Settings read_settings(std::string_view json, sdk::Issues &issues);

}  // namespace relance::lre::pec
