// What the states of all providers are normalised to, and what that makes of a receipt. One table for
// everyone: a profile only says which of its words means which event.
#pragma once

#include <relance/parsed.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace relance::gateway {

enum class Event : std::uint8_t {
  queued,    ///< with the provider, not on its way
  accepted,  ///< the provider has taken it
  sent,      ///< handed to the network or the recipient's server
  deferred,  ///< a passing fault; the provider tries again
  delivered,
  bounced,   ///< the recipient's side refused it
  rejected,  ///< the provider would not try
  failed,
  expired,
  cancelled,
  complained,    ///< reported as spam
  unsubscribed,  ///< wants no more messages
  subscribed,
  autoresponded,
  opened,  ///< a picture was fetched, often by a machine: no proof of reading
  clicked,
  read,     ///< the network itself says so
  inbound,  ///< a message of the debtor
  ignored,  ///< not about a message of ours
  unknown,
};
enum class Reason : std::uint8_t { none, invalid, bounced, timed_out, blocked, spam, unsubscribed, other };

struct Meaning {
  Event event{Event::unknown};
  Reason reason{Reason::none};
  std::optional<sdk::FailureClass> failure{};  ///< where the reason does not say it well enough
};

std::string_view name_of(Event event);
std::string_view name_of(Reason reason);
std::optional<Event> event_named(std::string_view name);
std::optional<Reason> reason_named(std::string_view name);
std::optional<sdk::FailureClass> failure_named(std::string_view name);

/// Kind, finality and failure class; the rest of the receipt is the caller's.
sdk::Receipt to_receipt(const Meaning &meaning);

}  // namespace relance::gateway
