// What an answer of AR24's API is: HTTP 200 always, a success encrypted as a whole, an error in clear.
#pragma once

#include <relance/http.hpp>
#include <relance/json.hpp>

#include <string>
#include <string_view>

namespace relance::lre::ar24 {

struct Answer {
  enum class Kind : std::uint8_t {
    success,      ///< `result`
    error,        ///< AR24 refused the call: `slug`, `message`
    maintenance,  ///< nothing was looked at
    not_sent,     ///< no byte left this machine
    unclear,      ///< no answer, or one that says nothing certain
  };
  Kind kind{Kind::unclear};
  sdk::Json result{};
  std::string text{};     ///< the decrypted document
  std::string slug{};     ///< one printable word
  std::string message{};  ///< one line
};

/// `date`: of the call that it answers.
[[nodiscard]] Answer read_answer(const sdk::HttpReply &reply, std::string_view private_key,
                                 std::string_view date);

/// Of a refused call: whether this account or its settings are at fault (token, key, clock), not the letter.
[[nodiscard]] bool is_about_the_account(std::string_view slug);
/// Of a question: AR24 knows no such letter of ours.
[[nodiscard]] bool is_about_no_letter(std::string_view slug);
/// Of a question that anybody may have caused: this letter is not for us to see.
[[nodiscard]] bool is_denied(std::string_view slug);
/// The one-time code, or what it was changed for, counts no longer.
[[nodiscard]] bool is_about_the_code(std::string_view slug);

/// What became of a letter whose POST was answered so. `pause_ms`: how long nothing more is worth a trial
/// where AR24 is in maintenance or this account is refused.
[[nodiscard]] sdk::Outcome outcome_of(const Answer &answer, std::int64_t pause_ms);

}  // namespace relance::lre::ar24
