#include "plugins/protocol/gateway/setting_reader.hpp"

#include <algorithm>

namespace relance::gateway {
namespace {

using JsonKind = sdk::Json::Kind;

class CallbackReader {
 public:
  explicit CallbackReader(SettingReader &reader) : reader_{reader} {}

  Callback read(const sdk::Json &value) {
    Callback c;
    if (!value["methods"].is_absent()) c.methods = SettingReader::texts(value["methods"]);
    c.format = reader_.format(value["format"], "/callback/format", Format::json);
    c.embedded = value["embedded"].text();
    c.events = value["events"].text();
    for (const auto &[name, text] : {std::pair{"embedded", c.embedded}, std::pair{"events", c.events}})
      if (!text.empty() && !text.starts_with('/'))
        reader_.fatal(std::string{"/callback/"} + name, "is no JSON pointer");
    const auto at = [&](const char *name) {
      return reader_.places(value[std::string_view{name}], std::string{"/callback/"} + name);
    };
    c.ref = at("ref"), c.key = at("key"), c.code = at("code"), c.text = at("text"), c.time = at("time");
    c.price = at("price"), c.recipient = at("recipient");
    read_state(value["state"], c);
    c.currency_fixed = reader_.currency(value["currency"], "/callback/currency", c.currency);
    if (c.ref.empty() && c.key.empty())
      reader_.fatal("/callback", "has neither ref nor key: which message is it about?");
    if (c.state.empty())
      reader_.fatal("/callback/state", "is missing: where does it say what became of the message?");
    read_states(value, c);
    read_inbound(value["inbound"], c);
    c.stop_words = SettingReader::texts(value["stop_words"]);
    const auto &answer = value["answer"];
    c.answer.status = static_cast<std::uint32_t>(answer["status"].integer(200));
    c.answer.body = answer["body"].text();
    if (!answer["content_type"].is_absent())
      c.answer.headers.emplace_back("content-type", answer["content_type"].text());
    c.signature = read_signature(value["signature"], reader_);
    const bool is_by_query{c.format == Format::query ||
                           std::ranges::find(c.methods, "GET") != c.methods.end()};
    const bool covers_choice{c.signature.scheme == Scheme::hmac || c.signature.scheme == Scheme::public_key};
    if (is_by_query && covers_choice && c.signature.over.find("{url}") == std::string::npos)
      reader_.warning(
          "/callback/signature/over",
          "does not cover {url}, and a callback by GET says everything there: under the signature of "
          "one that was seen, anything can be sent");
    return c;
  }

 private:
  void read_state(const sdk::Json &value, Callback &c) {
    const std::string path{"/callback/state"};
    if (value.kind() != JsonKind::array) {
      if (auto list = reader_.places(value, path); !list.empty()) c.state.push_back(std::move(list));
      return;
    }
    for (std::size_t i{0}; i < value.items().size(); ++i)
      c.state.push_back(reader_.places(value.items()[i], path + '/' + std::to_string(i)));
  }
  void read_states(const sdk::Json &value, Callback &c) {
    const auto &states = value["states"];
    if (states.items().empty())
      reader_.fatal("/callback/states", "is missing: without it every state would say nothing");
    for (std::size_t i{0}; i < states.names().size(); ++i) {
      const auto path = "/callback/states/" + states.names()[i];
      const auto &item = states.items()[i];
      const auto event = event_named(item.kind() == JsonKind::object ? item["event"].text() : item.text());
      if (!event) {
        reader_.fatal(
            path,
            "is none of queued, accepted, sent, deferred, delivered, bounced, rejected, failed, expired, "
            "cancelled, complained, unsubscribed, subscribed, autoresponded, opened, clicked, read, ignored, "
            "unknown");
        continue;
      }
      Meaning meaning{*event, Reason::none, {}};
      if (!item["reason"].is_absent()) {
        const auto reason = reason_named(item["reason"].text());
        if (!reason)
          reader_.fatal(path + "/reason",
                        "is none of invalid, bounced, timed_out, blocked, spam, unsubscribed, other");
        meaning.reason = reason.value_or(Reason::none);
      }
      if (!item["failure"].is_absent())
        meaning.failure = reader_.failure(item["failure"], path + "/failure", {});
      c.states.emplace(states.names()[i], meaning);
    }
    const auto &codes = value["codes"];
    for (std::size_t i{0}; i < codes.names().size(); ++i)
      c.codes.emplace(codes.names()[i],
                      reader_.failure(codes.items()[i], "/callback/codes/" + codes.names()[i], {}));
  }
  void read_inbound(const sdk::Json &value, Callback &c) {
    if (value.is_absent()) return;
    auto &rule = c.inbound.emplace_back();
    rule.when = reader_.conditions(value["when"], "/callback/inbound/when");
    rule.from = reader_.places(value["from"], "/callback/inbound/from");
    rule.to = reader_.places(value["to"], "/callback/inbound/to");
    rule.text = reader_.places(value["text"], "/callback/inbound/text");
    rule.subject = reader_.places(value["subject"], "/callback/inbound/subject");
    if (rule.when.empty())
      reader_.fatal("/callback/inbound/when", "is missing: what tells a message of a debtor from a receipt?");
    if (rule.from.empty()) reader_.fatal("/callback/inbound/from", "is missing");
  }

  SettingReader &reader_;
};

}  // namespace

Callback read_callback_description(const sdk::Json &callback, SettingReader &reader) {
  return CallbackReader{reader}.read(callback);
}

}  // namespace relance::gateway
