// The walk over channels, contact points and providers.
#include "host/channel/routing.hpp"

#include <algorithm>

namespace relance::channel {
namespace {

/// The first contact point of the channel that may be used, else nullptr with the reason noted.
const store::Contact *usable_contact(const std::string &channel, std::span<const store::Contact> contacts,
                                     bool is_consumer, std::vector<RouteRefusal> &refusals) {
  std::string because{"the debtor has no contact point of this channel"};
  for (const auto &contact : contacts) {
    if (contact.channel != channel) continue;
    if (contact.is_suppressed) {
      because = "the address is suppressed: " + contact.suppressed_because;
    } else if (channel == "lre" && is_consumer && !contact.has_consent) {
      because = "a consumer must have consented to registered e-mail";
    } else {
      return &contact;
    }
  }
  refusals.push_back({channel, {}, because});
  return nullptr;
}

}  // namespace

RouteResult find_route(std::span<const std::string> channels, std::size_t from,
                       std::span<const store::Contact> contacts, bool is_consumer,
                       std::span<ProviderStatus *const> providers) {
  RouteResult result;
  for (std::size_t i{from}; i < channels.size(); ++i) {
    const auto &channel = channels[i];
    const store::Contact *contact{nullptr};
    if (channel != kTaskChannel) {
      contact = usable_contact(channel, contacts, is_consumer, result.refusals);
      if (contact == nullptr) continue;
    }
    bool has_provider{false};
    for (auto *provider : providers) {
      if (provider->channel != channel) continue;
      has_provider = true;
      if (provider->is_paused) {
        result.refusals.push_back({channel, provider->id, provider->paused_because});
        result.retry_at = std::min(result.retry_at, provider->paused_until);
      } else if (provider->credit == 0) {
        result.refusals.push_back({channel, provider->id, provider->no_credit_because});
      } else {
        result.route = Route{i, contact, provider};
        return result;
      }
    }
    if (has_provider) {
      result.is_temporary = true;
      return result;
    }
    result.refusals.push_back({channel, {}, "the region has no provider for this channel"});
  }
  return result;
}

}  // namespace relance::channel
