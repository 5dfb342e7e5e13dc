// What a callback says: receipts and replies, by the description of its provider.
#pragma once

#include "plugins/protocol/gateway/description.hpp"

#include <relance/parsed.hpp>

namespace relance::gateway {

/// One event of a provider, normalised. A receipt says less: it has no recipient and knows no click.
struct Happening {
  Meaning meaning;
  std::string ref, key, recipient, code, text;
  std::int64_t at_ms{0};
  std::optional<sdk::Price> price{};
};

struct Reading {
  std::vector<Happening> happenings;
  std::vector<sdk::Reply> replies;
  std::string unreadable_because;
};

Reading read_callback(const Callback &description, const sdk::WebhookRequest &request);
sdk::Parsed to_parsed(const Reading &reading);

}  // namespace relance::gateway
