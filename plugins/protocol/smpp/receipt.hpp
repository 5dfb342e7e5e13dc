// What a deliver_sm says of a message sent before: by its options, by its words, or by both. The words are a
// custom, not a grammar: fields come in any order, some are missing, some have other widths than the
// standard's. @see SMPP v3.4 §5.2.28, §5.3.2.35, appendix B
#pragma once

#include "plugins/protocol/smpp/body.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace relance::smpp {

/// The standard's numbers; 0 and 9 are of version 5.0.
enum class MessageState : std::uint8_t {
  scheduled = 0,
  enroute = 1,
  delivered = 2,
  expired = 3,
  deleted = 4,
  undeliverable = 5,
  accepted = 6,
  unknown = 7,
  rejected = 8,
  skipped = 9,
};

/// "DELIVRD", and the longer spellings that are met: "DELIVERED".
std::optional<MessageState> state_of(std::string_view stat);
/// As the words of a receipt write it: "DELIVRD".
std::string_view name_of(MessageState state);

/// The fields of the words, as they stand there; empty: not there.
struct ReceiptWords {
  std::string_view id{}, sub{}, dlvrd{}, submit_date{}, done_date{}, stat{}, err{}, text{};
};
ReceiptWords read_words(std::string_view words);

/// YYMMDDhhmm[ss] or YYYYMMDDhhmm[ss], read as UTC since no zone is ever told; 0: it is neither.
std::int64_t read_date_ms(std::string_view digits);

struct NetworkError {
  std::uint8_t network{0};  ///< 3: GSM
  std::uint16_t code{0};
};

struct Report {
  std::string option_id{};  ///< receipted_message_id: the id of the response, exactly
  std::string words_id{};   ///< the id in the words: perhaps in another base
  std::optional<MessageState> state{};
  std::string stat{}, err{};
  std::optional<NetworkError> network_error{};
  std::int64_t done_at_ms{0};
  bool is_intermediate{false};
};

/// Nothing: it is no receipt but the words of somebody. Only what the message centre itself marks is one: a
/// person who writes the words of a receipt has written a text.
std::optional<Report> read_report(const ShortMessage &message);

}  // namespace relance::smpp
