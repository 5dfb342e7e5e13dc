// A provider as data: how to ask it to send, what its answers mean, how its callbacks look. Read from the
// settings (a profile with the operator's own words on top), and checked whole before anything is sent: each
// fault has its place.
#pragma once

#include "plugins/protocol/gateway/meaning.hpp"
#include "plugins/protocol/gateway/place.hpp"
#include "plugins/protocol/gateway/signature.hpp"
#include "plugins/protocol/gateway/template.hpp"

#include <relance/host.hpp>
#include <relance/outcome.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace relance::gateway {

enum class Authentication : std::uint8_t { none, basic, bearer, header, query, hmac, ovh, sigv4 };

struct FilePart {  ///< of a multipart request, once for each item of `each`
  std::string field, each, file_name, media_type, content;
};

struct Request {
  std::string method{"POST"}, url;
  std::vector<std::pair<std::string, std::string>> query, headers;  ///< templates, as all texts here
  enum class Body : std::uint8_t { none, json, form, multipart, text } body{Body::none};
  sdk::Json json;
  std::vector<std::pair<std::string, std::string>> form;
  std::vector<FilePart> files;
  std::string text, content_type;
  Template::Escape escape{Template::Escape::none};
  Authentication authentication{Authentication::none};
  sdk::Json credentials;  ///< of the authentication; templates
  std::uint32_t timeout_ms{0};
};

/// Something in an answer or a callback that decides.
struct Condition {
  Place place;
  std::vector<std::string> values;  ///< "*": anything; "21*": what begins so
};
bool holds(const std::vector<Condition> &conditions, const Said &said);

struct ReplyRule {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> statuses;  ///< none: any
  std::vector<Condition> where;
  sdk::OutcomeKind outcome{sdk::OutcomeKind::unknown};
  sdk::FailureClass failure{sdk::FailureClass::none};
  bool whole_provider{false};
  std::int64_t retry_after_ms{0};
};

struct Reply {
  Format format{Format::json};
  std::vector<Place> refs, code, text, price, currency;
  std::vector<Place>
      parts;  ///< one of each part of the message, taken or refused: each has receipts of its own
  std::string currency_fixed;
  std::vector<ReplyRule> rules;
  [[nodiscard]] bool states_what_is_accepted() const;
};

struct InboundRule {  ///< messages of the debtor among the callbacks
  std::vector<Condition> when;
  std::vector<Place> from, to, text, subject;
};

struct Callback {
  std::vector<std::string> methods{"POST"};
  Format format{Format::json};
  std::string embedded;  ///< pointer to a text that is JSON itself, and is the message
  std::string events;    ///< pointer to the events; empty: the message is one
  SignatureSettings signature;
  std::vector<Place> ref, key, code, text, time, price, currency, recipient;
  std::string currency_fixed;
  std::vector<std::vector<Place>> state;  ///< joined with ":"; each the first that holds something
  std::map<std::string, Meaning, std::less<>> states;
  std::map<std::string, sdk::FailureClass, std::less<>> codes;  ///< what a failure's code says more exactly
  std::vector<InboundRule> inbound;
  std::vector<std::string> stop_words;
  sdk::WebhookAnswer answer;
  /// "failed:permanent:bounce", then "failed:permanent", then "failed", then "*".
  [[nodiscard]] Meaning meaning_of(std::string_view state_text) const;
};

struct Description {
  Variables values;  ///< [settings.values]
  Request request;
  Reply reply;
  std::optional<Callback> callback;
  std::int64_t idempotency_window_ms{0};
  std::int64_t delivered_within_ms{0};
  std::uint32_t max_in_flight{0};
};

/// `settings`: the whole of them, with the profile beneath. Faults go to `issues`, the description is then
/// not to be used.
Description read_description(const sdk::Json &settings, const Known &of_channel, sdk::Issues &issues);

}  // namespace relance::gateway
