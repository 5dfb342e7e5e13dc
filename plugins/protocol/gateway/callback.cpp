#include "plugins/protocol/gateway/callback.hpp"

#include "plugins/protocol/gateway/reply.hpp"
#include "plugins/protocol/gateway/timestamp.hpp"
#include "plugins/protocol/gsm/gsm.hpp"

#include <algorithm>

namespace relance::gateway {
namespace {

/// SendGrid posts up to a thousand events at once.
constexpr std::size_t kEventsMax{10'000};

/// What a provider sends may be in any charset, or cut within a character.
std::string readable(const std::string &text) {
  return gsm::to_utf8(gsm::from_utf8(text));
}
/// What names a message is exact or nothing.
std::string name_or_nothing(std::string text) {
  return readable(text) == text ? std::move(text) : std::string{};
}

std::string_view query_of(std::string_view url) {
  const auto question = url.find('?');
  return question == url.npos ? std::string_view{} : url.substr(question + 1);
}

/// "Stop.", "ARRET " and "stop svp" are the same wish; "stop by tomorrow for the cheque" is a letter: only a
/// text of up to two words counts.
bool is_stop(std::string_view text, const std::vector<std::string> &words) {
  std::vector<std::string> found{{}};
  for (const char c : text) {
    const bool is_gap{c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '.' || c == '!' || c == ','};
    if (!is_gap)
      found.back() += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    else if (!found.back().empty())
      found.emplace_back();
  }
  if (found.back().empty()) found.pop_back();
  if (found.empty() || found.size() > 2) return false;
  return std::ranges::find(words, found.front()) != words.end();
}

Format format_of(const Callback &d, const sdk::WebhookRequest &request) {
  if (d.format != Format::automatic) return d.format;
  // By what there is and not by the method: of a body that was signed, another method must not make a query
  // that was not.
  if (request.body.empty()) return Format::query;
  return request.header("content-type").starts_with("application/json") ? Format::json : Format::form;
}

struct Events {
  sdk::Json message;  ///< owns what the list points to
  std::vector<const sdk::Json *> list;
};

Events events_of(const Callback &d, sdk::Json document) {
  Events events{std::move(document), {}};
  if (!d.embedded.empty()) {
    std::vector<const sdk::Json *> inner;
    find_all(events.message, d.embedded, inner);
    if (!inner.empty() && inner[0]->kind() == sdk::Json::Kind::string) {
      auto embedded = sdk::Json::parse(inner[0]->text());
      // What is no JSON within is a word of the transport itself (a subscription).
      if (!embedded.is_absent()) events.message = std::move(embedded);
    }
  }
  const bool is_single{d.events.empty() ||
                       (d.events == "/*" && events.message.kind() != sdk::Json::Kind::array)};
  if (!is_single) find_all(events.message, d.events, events.list);
  if (events.list.empty()) events.list.push_back(&events.message);
  return events;
}

Happening happening_of(const Callback &d, const Said &said) {
  std::string state;
  for (const auto &places : d.state) {
    const auto part = first_of(places, said);
    if (part.empty()) break;
    state += (state.empty() ? "" : ":") + part;
  }
  Happening happening{.meaning = d.meaning_of(state),
                      .ref = name_or_nothing(first_of(d.ref, said)),
                      .key = name_or_nothing(first_of(d.key, said)),
                      .recipient = readable(first_of(d.recipient, said)),
                      .code = readable(first_of(d.code, said)),
                      .text = readable(first_of(d.text, said)),
                      .at_ms = read_time_ms(first_of(d.time, said))};
  if (happening.code.empty()) happening.code = readable(state);
  if (const auto known = d.codes.find(happening.code); known != d.codes.end() && !happening.meaning.failure)
    happening.meaning.failure = known->second;
  if (const auto price = micro_units(first_of(d.price, said))) {
    auto currency = d.currency_fixed.empty() ? first_of(d.currency, said) : d.currency_fixed;
    if (currency.size() == 3) happening.price = sdk::Price{*price, std::move(currency)};
  }
  return happening;
}

sdk::Reply reply_of(const Callback &d, const InboundRule &rule, const Said &said) {
  sdk::Reply reply;
  reply.from = readable(first_of(rule.from, said));
  // Numbers without a plus are international all the same: no gateway calls back with national ones.
  const bool is_number{reply.from.size() >= 8 &&
                       reply.from.find_first_not_of("0123456789") == std::string::npos};
  if (is_number && reply.from[0] != '0') reply.from.insert(0, 1, '+');
  reply.to = readable(first_of(rule.to, said));
  reply.text = readable(first_of(rule.text, said));
  reply.subject = readable(first_of(rule.subject, said));
  reply.kind = is_stop(reply.text, d.stop_words) ? sdk::ReplyKind::stop : sdk::ReplyKind::human;
  return reply;
}

}  // namespace

Reading read_callback(const Callback &d, const sdk::WebhookRequest &request) {
  Reading reading;
  const auto query = read_document(Format::query, query_of(request.url));
  const auto format = format_of(d, request);
  auto document = format == Format::query ? query : read_document(format, request.body);
  if (document.is_absent()) {
    reading.unreadable_because = "not in the format of this provider";
    return reading;
  }
  const auto events = events_of(d, std::move(document));
  if (events.list.size() > kEventsMax) {
    reading.unreadable_because = "more events than any provider sends at once";
    return reading;
  }
  for (const auto *event : events.list) {
    const Said said{*event, events.message, query,
                    [&](std::string_view name) { return std::string{request.header(name)}; }};
    const auto inbound =
        std::ranges::find_if(d.inbound, [&](const InboundRule &rule) { return holds(rule.when, said); });
    if (inbound != d.inbound.end())
      reading.replies.push_back(reply_of(d, *inbound, said));
    else
      reading.happenings.push_back(happening_of(d, said));
  }
  return reading;
}

sdk::Parsed to_parsed(const Reading &reading) {
  if (!reading.unreadable_because.empty()) return sdk::Parsed::unreadable(reading.unreadable_because);
  sdk::Parsed parsed;
  parsed.replies = reading.replies;
  bool says_something{!reading.replies.empty()};
  for (const auto &happening : reading.happenings) {
    if (happening.meaning.event == Event::ignored) {
      says_something = true;
      continue;
    }
    if (happening.ref.empty() && happening.key.empty()) continue;
    says_something = true;
    if (happening.meaning.event == Event::unsubscribed || happening.meaning.event == Event::autoresponded) {
      const bool is_stop{happening.meaning.event == Event::unsubscribed};
      parsed.replies.push_back({.kind = is_stop ? sdk::ReplyKind::stop : sdk::ReplyKind::automatic,
                                .from = happening.recipient,
                                .text = happening.text,
                                .ref = happening.ref,
                                .idempotency_key = happening.key});
      continue;
    }
    auto receipt = to_receipt(happening.meaning);
    receipt.ref = happening.ref;
    receipt.idempotency_key = happening.key;
    receipt.code = happening.code;
    receipt.text = happening.text;
    receipt.provider_time_ms = happening.at_ms;
    receipt.price = happening.price;
    parsed.receipts.push_back(std::move(receipt));
  }
  if (!says_something) return sdk::Parsed::unreadable("no message is named");
  return parsed;
}

}  // namespace relance::gateway
