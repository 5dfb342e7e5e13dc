// Whom a message says that it comes from: a name, a number or a short code. Networks refuse, cut or rewrite
// what is none of these, so it is checked before anything leaves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace relance::sms {

enum class SenderKind : std::uint8_t {
  name,        ///< SMPP: type of number 5, plan 0
  number,      ///< 1, 1; `text` has no plus
  short_code,  ///< 3, 0
};

struct SenderId {
  SenderKind kind{SenderKind::name};
  std::string text{};
};

inline constexpr std::size_t kSenderNameMax{11}, kShortCodeMax{8}, kNumberMax{15}, kNumberMin{7};

struct SenderReading {
  std::optional<SenderId> id{};
  std::string fault{};  ///< what is wrong with it and how to write it, when there is no id
};
/// A plus and 7 to 15 digits; 3 to 8 digits; or a name of at most 11 characters with a letter among them, of
/// ASCII characters that the GSM alphabet has in one septet.
[[nodiscard]] SenderReading read_sender(std::string_view text);

/// A number to send to: a plus and 7 to 15 digits, the first of them not 0.
[[nodiscard]] bool is_e164(std::string_view text);

}  // namespace relance::sms
