// What a command_status says: its name in the standard, a sentence for an operator, and what to do about the
// message. @see SMPP v3.4 §5.1.3
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace relance::smpp {

enum class Verdict : std::uint8_t {
  ok,
  throttled,      ///< too fast, or its queue is full: not taken, the whole link pauses
  temporary,      ///< not taken, nothing wrong with the message
  address_dead,   ///< not taken: this number cannot be reached
  policy,         ///< not taken, and will not be
  configuration,  ///< not taken: what we send, or who we are, does not suit it
  link,           ///< not taken: the two ends disagree about the state of the link
  unknown,        ///< says nothing of whether it was taken
};

struct StatusMeaning {
  std::uint32_t status{0};
  std::string_view name{};
  Verdict verdict{Verdict::policy};
  std::string_view words{};
};

/// Of numbers that the standard does not have: refused, by the message centre's own reasons.
StatusMeaning meaning_of(std::uint32_t status);
/// "ESME_RTHROTTLED", or "0x00000401" for one that the standard does not have.
std::string name_of_status(std::uint32_t status);

}  // namespace relance::smpp
