// Names and joins of receipts.
#include "host/domain/receipt.hpp"

#include <algorithm>
#include <array>

namespace relance::domain {

std::string_view name_of(OutcomeKind kind) {
  static constexpr std::array<std::string_view, 7> kNames{"accepted", "delivered", "rejected", "not_sent",
                                                          "prepared", "not_found", "unknown"};
  const auto index = static_cast<std::size_t>(kind);
  return index < kNames.size() ? kNames[index] : "unknown";
}

std::string_view name_of(ReceiptKind kind) {
  static constexpr std::array<std::string_view, 16> kNames{
      "interim",   "accepted", "relayed",   "dispatched", "available",             "delivered", "failed", "expired",
      "cancelled", "returned", "unclaimed", "refused",    "accepted_by_addressee", "read",      "complaint",
      "silence"};
  const auto index = static_cast<std::size_t>(kind);
  return index < kNames.size() ? kNames[index] : "interim";
}

std::string_view name_of(FailureClass failure) {
  static constexpr std::array<std::string_view, 5> kNames{"none", "address_dead", "temporary", "policy", "configuration"};
  const auto index = static_cast<std::size_t>(failure);
  return index < kNames.size() ? kNames[index] : "none";
}

namespace {

/// Graver is higher. address_dead first of all: it is the only class that closes an address.
int gravity(FailureClass failure) {
  switch (failure) {
    case FailureClass::none: return 0;
    case FailureClass::temporary: return 1;
    case FailureClass::configuration: return 2;
    case FailureClass::policy: return 3;
    case FailureClass::address_dead: return 4;
  }
  return 0;
}

}  // namespace

DeliveryState join(DeliveryState a, DeliveryState b) {
  if (a.kind == ReceiptKind::complaint) a = {};
  if (b.kind == ReceiptKind::complaint) b = {};
  if (a.kind != b.kind) return a.kind < b.kind ? b : a;
  return gravity(a.failure) < gravity(b.failure) ? b : a;
}

bool answers(DeliveryState state, ReceiptKind expected) {
  return state.kind >= expected || is_negative(state.kind);
}

DeliveryState aggregate(std::span<const DeliveryState> parts) {
  if (parts.empty()) return {};
  DeliveryState least{parts.front()};
  DeliveryState negative{};
  for (const auto &part : parts) {
    if (is_negative(part.kind)) negative = join(negative, part);
    if (part.kind < least.kind) least = part;
  }
  return is_negative(negative.kind) ? negative : least;
}

}  // namespace relance::domain
