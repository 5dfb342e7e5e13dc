// A letter's state as AR24 tells it: dates of what happened and the proofs of it. Words ("status") differ
// between its own versions, dates do not.
#pragma once

#include <relance/json.hpp>
#include <relance/parsed.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace relance::lre::ar24 {

/// Every receipt that one letter's state bears out; none for what is no letter.
[[nodiscard]] std::vector<sdk::Receipt> receipts_of(const sdk::Json &letter, std::int64_t now_ms);

/// "ar:12345": which proof of which letter. Its address is asked for when it is fetched, as addresses end.
struct ProofReference {
  std::string kind;  ///< "dp", "ev", "ar", "rf", "ng", "bc"
  std::string letter_id;
};
[[nodiscard]] std::string to_text(const ProofReference &reference);
[[nodiscard]] ProofReference read_reference(std::string_view text);

/// Digits, as AR24 numbers its letters.
[[nodiscard]] bool is_letter_id(std::string_view text);

/// What a webhook is about; empty: nothing. Neither its state nor its dates are read: anyone can send one.
[[nodiscard]] std::string letter_id_in(std::string_view webhook_body);

}  // namespace relance::lre::ar24
