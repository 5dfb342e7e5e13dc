// What an operator set for one instance of the driver `smpp`, typed and checked beyond what the schema can
// say.
#pragma once

#include "plugins/protocol/smpp/client.hpp"
#include "plugins/protocol/smpp/message_id.hpp"
#include "plugins/sms/price_table.hpp"
#include "plugins/sms/text_rules.hpp"

#include <relance/outcome.hpp>

#include <map>
#include <optional>
#include <string>

namespace relance::sms::smpp {

namespace protocol = ::relance::smpp;

enum class Alphabet : std::uint8_t { gsm, latin1, latin1_marked };
enum class Multipart : std::uint8_t { udh, udh16, sar, payload };

struct Settings {
  protocol::Options server{};
  std::string sender{};
  TextRules text{};
  PriceTable prices{};
  Alphabet alphabet{Alphabet::gsm};
  Multipart multipart{Multipart::udh};
  protocol::ReceiptIds receipt_ids{protocol::ReceiptIds::automatic};
  bool awaits_receipts{true};
  std::uint8_t registered_delivery{1};
  bool validity{true}, query{false}, recall{false};
  std::string service_type{};
  std::uint8_t protocol_id{0}, priority{0};
  std::optional<std::uint8_t> source_ton{}, source_npi{};
  std::uint8_t destination_ton{1}, destination_npi{1};
  std::map<std::string, sdk::FailureClass, std::less<>> error_classes{};

  /// Messages handed over and not ended.
  [[nodiscard]] std::uint32_t max_in_flight() const;
};

/// Reports every fault with its JSON pointer; what it returns then is not to be used.
Settings read_settings(std::string_view json, sdk::Issues &issues);

}  // namespace relance::sms::smpp
