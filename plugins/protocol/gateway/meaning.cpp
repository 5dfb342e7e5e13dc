#include "plugins/protocol/gateway/meaning.hpp"

#include <array>

namespace relance::gateway {
namespace {

constexpr std::array<std::string_view, 20> kEvents{
    "queued", "accepted", "sent",      "deferred",   "delivered",    "bounced",    "rejected",
    "failed", "expired",  "cancelled", "complained", "unsubscribed", "subscribed", "autoresponded",
    "opened", "clicked",  "read",      "inbound",    "ignored",      "unknown"};
constexpr std::array<std::string_view, 8> kReasons{"none",    "invalid", "bounced",      "timed_out",
                                                   "blocked", "spam",    "unsubscribed", "other"};

template <class E, std::size_t N>
std::optional<E> named(const std::array<std::string_view, N> &names, std::string_view name) {
  for (std::size_t i{0}; i < N; ++i)
    if (names[i] == name) return static_cast<E>(i);
  return std::nullopt;
}

sdk::FailureClass failure_of(const Meaning &meaning) {
  if (meaning.failure) return *meaning.failure;
  switch (meaning.reason) {
    case Reason::invalid:
    case Reason::bounced:
      return sdk::FailureClass::address_dead;
    case Reason::blocked:
    case Reason::spam:
    case Reason::unsubscribed:
      return sdk::FailureClass::policy;
    case Reason::none:
    case Reason::timed_out:
    case Reason::other:
      break;
  }
  return sdk::FailureClass::temporary;  // no word that the address is dead, so it is not marked so
}

}  // namespace

std::string_view name_of(Event event) {
  return kEvents[static_cast<std::size_t>(event)];
}
std::string_view name_of(Reason reason) {
  return kReasons[static_cast<std::size_t>(reason)];
}
std::optional<Event> event_named(std::string_view name) {
  return named<Event>(kEvents, name);
}
std::optional<Reason> reason_named(std::string_view name) {
  return named<Reason>(kReasons, name);
}

std::optional<sdk::FailureClass> failure_named(std::string_view name) {
  static constexpr std::array<std::string_view, 5> kNames{"none", "address_dead", "temporary", "policy",
                                                          "configuration"};
  return named<sdk::FailureClass>(kNames, name);
}

sdk::Receipt to_receipt(const Meaning &meaning) {
  using Kind = sdk::ReceiptKind;
  const auto final = [&](Kind kind, sdk::FailureClass failure = sdk::FailureClass::none) {
    return sdk::Receipt{.kind = kind, .is_final = true, .failure = failure};
  };
  switch (meaning.event) {
    case Event::accepted:
      return {.kind = Kind::accepted};
    case Event::sent:
      return {.kind = Kind::relayed};
    case Event::delivered:
      return final(Kind::delivered);
    case Event::read:
      return final(Kind::read);
    case Event::bounced:
    case Event::rejected:
    case Event::failed:
      return final(Kind::failed, failure_of(meaning));
    case Event::expired:
      return final(Kind::expired, meaning.failure.value_or(sdk::FailureClass::temporary));
    case Event::cancelled:
      return final(Kind::cancelled);
    case Event::complained:
      return {.kind = Kind::complaint, .failure = sdk::FailureClass::policy};
    default:
      return {.kind = Kind::interim};
  }
}

}  // namespace relance::gateway
