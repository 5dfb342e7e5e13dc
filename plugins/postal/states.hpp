// What the words of providers become: one small language for settings and for the tables of the drivers, so
// that "returned" is the same thing whoever says it.
#pragma once

#include <relance/parsed.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace relance::postal {

struct Meaning {
  sdk::ReceiptKind kind{sdk::ReceiptKind::interim};
  bool is_final{false};
  sdk::FailureClass failure{sdk::FailureClass::none};
};

/// "accepted", "dispatched", "available", "delivered", "accepted_by_addressee", "refused", "unclaimed",
/// "returned", "sent_back", "failed", "cancelled", "interim"; nothing for another word.
[[nodiscard]] std::optional<Meaning> meaning_of(std::string_view word);

/// One row of a driver's table.
struct Row {
  std::string_view state, means;
};
/// By a table that ends nowhere: a state that is not in it is interim, never final.
template <std::size_t N>
[[nodiscard]] Meaning meaning_in(const Row (&table)[N], std::string_view state) {
  for (const auto &row : table)
    if (row.state == state) return meaning_of(row.means).value_or(Meaning{});
  return {};
}

/// A receipt of that meaning; the reference, the words and the time are the caller's.
[[nodiscard]] sdk::Receipt to_receipt(const Meaning &meaning);
/// A provider's words, one line of at most 200 printable characters: they go into the journal.
[[nodiscard]] std::string words_of(std::string_view text);

}  // namespace relance::postal
