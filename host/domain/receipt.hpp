// The receipt algebra: what is known of a hand-over is the join of its receipts over a fixed rank, so that any
// permutation of them, with repeats, ends in one state. Reactions to a state fire on its first appearance, elsewhere.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace relance::domain {

/// In rank order; `interim` is also every kind that a newer plugin knows and we do not.
enum class ReceiptKind : std::uint8_t {
  interim,
  accepted,
  relayed,
  dispatched,
  available,
  delivered,
  failed,
  expired,
  cancelled,
  returned,
  unclaimed,
  refused,
  accepted_by_addressee,
  read,
  complaint,  ///< outside the rank: it says something of the address, not of the delivery
  silence,    ///< never a receipt, and outside the rank: the expected one has not come in time
};

enum class FailureClass : std::uint8_t { none, address_dead, temporary, policy, configuration };

/// How one hand-over ended, as far as the provider's own answer goes.
enum class OutcomeKind : std::uint8_t {
  accepted,   ///< the provider has it; receipts follow
  delivered,  ///< final
  rejected,   ///< final: this message cannot go to this address or by this provider
  not_sent,   ///< certainly not sent: the host may try again
  prepared,   ///< first of two phases; the references say what to commit
  not_found,  ///< answer to a query only: the provider is certain that it never had it
  unknown,    ///< may have been sent
};

std::string_view name_of(OutcomeKind kind);
std::string_view name_of(ReceiptKind kind);
std::string_view name_of(FailureClass failure);

/// The state of one message, or of one part of it: the highest-ranked receipt seen.
struct DeliveryState {
  ReceiptKind kind{ReceiptKind::interim};
  FailureClass failure{FailureClass::none};

  friend bool operator==(const DeliveryState &, const DeliveryState &) = default;
};

/// Commutative, associative, idempotent: higher rank wins; among failures of one rank the graver class wins (an address that
/// is dead outweighs a full mailbox). A complaint leaves the state as it is.
DeliveryState join(DeliveryState a, DeliveryState b);

/// The state of a message of several parts: a failed part fails the message, else the least advanced part speaks for it.
/// Parts not heard of are interim. An empty span is interim.
DeliveryState aggregate(std::span<const DeliveryState> parts);

/// Whether this state is what was expected, or says that it will never be.
bool answers(DeliveryState state, ReceiptKind expected);

/// The message cannot arrive any more (by this hand-over).
constexpr bool is_negative(ReceiptKind kind) {
  return kind >= ReceiptKind::failed && kind <= ReceiptKind::refused;
}
constexpr bool is_positive(ReceiptKind kind) {
  return kind == ReceiptKind::delivered || kind == ReceiptKind::accepted_by_addressee || kind == ReceiptKind::read;
}

}  // namespace relance::domain
