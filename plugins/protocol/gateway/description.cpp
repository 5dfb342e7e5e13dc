#include "plugins/protocol/gateway/description.hpp"

#include <algorithm>
#include <charconv>

namespace relance::gateway {
namespace {

using Kind = sdk::Json::Kind;

/// Headers come to us in lower case.
std::string lower(std::string text) {
  for (auto &c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

class Reader {
 public:
  Reader(const sdk::Json &settings, const Known &of_channel, sdk::Issues &issues)
      : settings_{settings}, known_{of_channel}, issues_{issues} {}

  Description read() {
    read_values();
    d_.idempotency_window_ms = settings_["idempotency_window_s"].integer() * 1000;
    d_.delivered_within_ms = settings_["delivered_within_s"].integer() * 1000;
    d_.max_in_flight = static_cast<std::uint32_t>(settings_["max_in_flight"].integer(200));
    read_request(settings_["request"]);
    read_reply(settings_["reply"]);
    if (!settings_["callback"].is_absent()) read_callback(settings_["callback"]);
    return std::move(d_);
  }

 private:
  void read_values() {
    const auto &values = settings_["values"];
    for (std::size_t i{0}; i < values.names().size(); ++i) {
      const auto &name = values.names()[i];
      if (std::ranges::find(known_.variables, name) != known_.variables.end())
        issues_.fatal("/values/" + name, "is the name of something that each message has; take another");
      d_.values[name] = values.items()[i].text();
      known_.variables.push_back(name);
    }
    for (const auto &need : settings_["requires"].items())
      if (d_.values[need.text()].empty())
        issues_.fatal("/values/" + need.text(), "is missing: this profile needs it");
  }

  // Pieces.

  std::string pattern(const sdk::Json &value, const std::string &path) {
    auto text = value.text();
    if (const auto why = Template::fault(text, known_); !why.empty()) issues_.fatal(path, why);
    return text;
  }
  /// "{name}" stands for a value; anything else for itself, as a secret may have braces.
  std::string setting(const sdk::Json &value, const std::string &path) {
    auto text = value.text();
    const bool is_name{text.size() > 2 && text.starts_with('{') && text.ends_with('}') &&
                       text.find_first_of("{}", 1) == text.size() - 1};
    if (!is_name) return text;
    const bool may_be_empty{text[text.size() - 2] == '?'};
    const auto name = text.substr(1, text.size() - (may_be_empty ? 3 : 2));
    const auto found = d_.values.find(name);
    if (found == d_.values.end())
      issues_.fatal(path, "there is no values." + name);
    else if (found->second.empty() && !may_be_empty)
      issues_.fatal(path, "values." + name + " is empty");
    return found == d_.values.end() ? std::string{} : found->second;
  }
  void add_place(std::vector<Place> &places, const sdk::Json &value, const std::string &path) {
    const auto text = value.text();
    if (const auto why = Place::fault(text); !why.empty()) return issues_.fatal(path, why);
    places.emplace_back(text);
  }
  std::vector<Place> places(const sdk::Json &value, const std::string &path) {
    std::vector<Place> list;
    if (value.kind() == Kind::string) add_place(list, value, path);
    for (std::size_t i{0}; value.kind() == Kind::array && i < value.items().size(); ++i)
      add_place(list, value[i], path + '/' + std::to_string(i));
    return list;
  }
  std::vector<std::string> texts(const sdk::Json &value) {
    std::vector<std::string> list;
    if (value.kind() == Kind::array)
      for (const auto &item : value.items()) list.push_back(item.text());
    else if (!value.text().empty())
      list.push_back(value.text());
    return list;
  }
  std::vector<Condition> conditions(const sdk::Json &value, const std::string &path) {
    std::vector<Condition> list;
    for (std::size_t i{0}; i < value.names().size(); ++i) {
      const auto &name = value.names()[i];
      if (const auto why = Place::fault(name); !why.empty()) {
        issues_.fatal(path, '"' + name + "\": " + why);
        continue;
      }
      list.push_back({Place{name}, texts(value.items()[i])});
    }
    return list;
  }
  Format format(const sdk::Json &value, const std::string &path, Format otherwise) {
    if (value.is_absent()) return otherwise;
    const auto found = format_named(value.text());
    if (!found) issues_.fatal(path, "is none of json, form, query, xml, text, none");
    return found.value_or(otherwise);
  }

  // The request.

  void read_request(const sdk::Json &request) {
    auto &r = d_.request;
    if (request.is_absent()) return issues_.fatal("/request", "is missing: how is a message handed over?");
    r.method = request["method"].text("POST");
    r.url = pattern(request["url"], "/request/url");
    if (!r.url.starts_with("https://") && !r.url.starts_with("http://") && !r.url.starts_with('{'))
      issues_.fatal("/request/url", "is no http:// or https:// URL");
    r.timeout_ms = static_cast<std::uint32_t>(request["timeout_s"].integer(60) * 1000);
    pairs(request["query"], "/request/query", r.query);
    pairs(request["headers"], "/request/headers", r.headers);
    check_headers();
    read_body(request);
    read_authentication(request["authentication"]);
  }
  void pairs(const sdk::Json &value, const std::string &path,
             std::vector<std::pair<std::string, std::string>> &out) {
    for (std::size_t i{0}; i < value.names().size(); ++i)
      out.emplace_back(value.names()[i], pattern(value.items()[i], path + '/' + value.names()[i]));
  }
  void check_headers() {
    for (const auto &[name, value] : d_.request.headers) {
      const bool is_name{!name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_';
      })};
      if (!is_name) issues_.fatal("/request/headers/" + name, "is no name of a header");
      if (value.find_first_of("\r\n") != value.npos)
        issues_.fatal("/request/headers/" + name, "has a line break");
    }
  }
  void read_body(const sdk::Json &request) {
    auto &r = d_.request;
    using Body = Request::Body;
    int count{0};
    const auto is = [&](std::string_view name, Body body) {
      if (request[name].is_absent()) return false;
      r.body = body;
      return ++count > 0;
    };
    if (is("json", Body::json)) {
      r.json = request["json"];
      check_document(r.json, "/request/json", known_,
                     [&](const std::string &path, const std::string &why) { issues_.fatal(path, why); });
    }
    if (is("form", Body::form)) pairs(request["form"], "/request/form", r.form);
    if (is("multipart", Body::multipart)) {
      pairs(request["multipart"], "/request/multipart", r.form);
      read_files(request["files"]);
    }
    if (is("text", Body::text)) {
      r.text = pattern(request["text"], "/request/text");
      r.content_type = request["content_type"].text("text/plain; charset=utf-8");
      const auto escape = escape_named(request["escape"].text("xml"));
      if (!escape) issues_.fatal("/request/escape", "is none of xml, json, url, none");
      r.escape = escape.value_or(Template::Escape::xml);
    }
    if (count > 1) issues_.fatal("/request", "has several bodies; one of json, form, multipart, text");
    if (count == 0 && r.query.empty())
      issues_.fatal("/request", "has neither a body nor a query: nothing would say what to send");
  }
  void read_files(const sdk::Json &files) {
    for (std::size_t i{0}; i < files.items().size(); ++i) {
      const auto path = "/request/files/" + std::to_string(i);
      const auto &file = files.items()[i];
      FilePart part{file["field"].text("file"), file["each"].text(), file["file_name"].text(),
                    file["media_type"].text("application/octet-stream"), file["content"].text()};
      auto inner = known_;
      if (!part.each.empty()) {
        const auto list = known_.lists.find(part.each);
        if (list == known_.lists.end()) {
          issues_.fatal(path + "/each", "there is no list \"" + part.each + '"');
          continue;
        }
        for (const auto &field : list->second) inner.variables.push_back(part.each + '.' + field);
      }
      for (const auto &[name, text] :
           {std::pair{"file_name", part.file_name}, std::pair{"media_type", part.media_type},
            std::pair{"content", part.content}})
        if (const auto why = Template::fault(text, inner); !why.empty())
          issues_.fatal(path + '/' + name, why);
      d_.request.files.push_back(std::move(part));
    }
  }
  void read_authentication(const sdk::Json &value) {
    if (value.is_absent()) return;
    static constexpr std::pair<std::string_view, Authentication> kTypes[]{
        {"none", Authentication::none},     {"basic", Authentication::basic},
        {"bearer", Authentication::bearer}, {"header", Authentication::header},
        {"query", Authentication::query},   {"hmac", Authentication::hmac},
        {"ovh", Authentication::ovh},       {"sigv4", Authentication::sigv4}};
    static constexpr std::string_view kNeeds[][5]{{},
                                                  {"user", "password"},
                                                  {"token"},
                                                  {"name", "value"},
                                                  {"name", "value"},
                                                  {"header", "secret", "over"},
                                                  {"application_key", "application_secret", "consumer_key"},
                                                  {"access_key", "secret_key", "region", "service"}};
    const auto type = value["type"].text();
    const auto found = std::ranges::find(kTypes, std::string_view{type},
                                         &std::pair<std::string_view, Authentication>::first);
    if (found == std::end(kTypes))
      return issues_.fatal("/request/authentication/type",
                           "is none of none, basic, bearer, header, query, hmac, ovh, sigv4");
    d_.request.authentication = found->second;
    std::string filled{"{"};
    for (std::size_t i{0}; i < value.names().size(); ++i) {
      const auto &name = value.names()[i];
      const bool is_later{name == "over"};  // names parts of the request, not values
      if (is_later) check_over(value.items()[i].text(), "/request/authentication/over");
      filled += (i > 0 ? "," : "") + sdk::json_string(name) + ':' +
                sdk::json_string(is_later ? value.items()[i].text()
                                          : setting(value.items()[i], "/request/authentication/" + name));
    }
    d_.request.credentials = sdk::Json::parse(filled + '}');
    for (const auto need : kNeeds[static_cast<std::size_t>(found->second)])
      if (!need.empty() && d_.request.credentials[need].text().empty())
        issues_.fatal("/request/authentication/" + std::string{need}, "is missing");
  }
  void check_over(const std::string &text, const std::string &path) {
    if (const auto why = Template::fault(text, signed_parts()); !why.empty()) issues_.fatal(path, why);
  }

  // The answer.

  void read_reply(const sdk::Json &reply) {
    auto &r = d_.reply;
    r.format = format(reply["format"], "/reply/format", Format::json);
    r.refs = places(reply["refs"], "/reply/refs");
    r.code = places(reply["code"], "/reply/code");
    r.text = places(reply["text"], "/reply/text");
    r.price = places(reply["price"], "/reply/price");
    r.currency_fixed = currency(reply["currency"], "/reply/currency", r.currency);
    for (const auto list : {"first_rules", "rules"}) {
      const auto &rules = reply[std::string_view{list}];
      for (std::size_t i{0}; i < rules.items().size(); ++i)
        read_rule(rules.items()[i], std::string{"/reply/"} + list + '/' + std::to_string(i));
    }
  }
  /// "EUR", or where it stands.
  std::string currency(const sdk::Json &value, const std::string &path, std::vector<Place> &where) {
    const auto text = value.text();
    const bool is_code{text.size() == 3 && text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == text.npos};
    if (!is_code) where = places(value, path);
    return is_code ? text : std::string{};
  }
  void read_rule(const sdk::Json &value, const std::string &path) {
    ReplyRule rule;
    for (const auto &status : texts(value["status"])) {
      std::uint32_t from{0}, to{0};
      if (!statuses(status, from, to))
        issues_.fatal(path + "/status", '"' + status + "\" is none of 429, \"4xx\", \"500-599\"");
      rule.statuses.emplace_back(from, to);
    }
    rule.where = conditions(value["where"], path + "/where");
    static constexpr std::pair<std::string_view, sdk::OutcomeKind> kOutcomes[]{
        {"accepted", sdk::OutcomeKind::accepted},
        {"delivered", sdk::OutcomeKind::delivered},
        {"rejected", sdk::OutcomeKind::rejected},
        {"not_sent", sdk::OutcomeKind::not_sent},
        {"unknown", sdk::OutcomeKind::unknown}};
    const auto name = value["outcome"].text();
    const auto found = std::ranges::find(kOutcomes, std::string_view{name},
                                         &std::pair<std::string_view, sdk::OutcomeKind>::first);
    if (found == std::end(kOutcomes))
      return issues_.fatal(path + "/outcome", "is none of accepted, delivered, rejected, not_sent, unknown");
    rule.outcome = found->second;
    rule.failure = failure(value["failure"], path + "/failure", sdk::FailureClass::none);
    if (rule.outcome == sdk::OutcomeKind::rejected && rule.failure == sdk::FailureClass::none)
      issues_.fatal(path + "/failure",
                    "is missing: address_dead, temporary, policy or configuration decides what comes next");
    rule.whole_provider = value["whole_provider"].flag();
    rule.retry_after_ms = value["retry_after_s"].integer() * 1000;
    d_.reply.rules.push_back(std::move(rule));
  }
  sdk::FailureClass failure(const sdk::Json &value, const std::string &path, sdk::FailureClass otherwise) {
    if (value.is_absent()) return otherwise;
    const auto found = failure_named(value.text());
    if (!found) issues_.fatal(path, "is none of address_dead, temporary, policy, configuration, none");
    return found.value_or(otherwise);
  }
  static bool statuses(std::string_view text, std::uint32_t &from, std::uint32_t &to) {
    if (text.size() == 3 && text.ends_with("xx")) {
      from = static_cast<std::uint32_t>(text[0] - '0') * 100;
      to = from + 99;
      return from >= 100 && from < 600;
    }
    const auto number = [](std::string_view digits, std::uint32_t &out) {
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
      return error == std::errc{} && end == digits.data() + digits.size() && out >= 100 && out < 600;
    };
    const auto dash = text.find('-');
    if (dash == text.npos) return number(text, from) && number(text, to);
    return number(text.substr(0, dash), from) && number(text.substr(dash + 1), to) && from <= to;
  }

  // The callbacks.

  void read_callback(const sdk::Json &value) {
    auto &c = d_.callback.emplace();
    if (!value["methods"].is_absent()) c.methods = texts(value["methods"]);
    c.format = format(value["format"], "/callback/format", Format::json);
    c.embedded = value["embedded"].text();
    c.events = value["events"].text();
    for (const auto &[name, text] : {std::pair{"embedded", c.embedded}, std::pair{"events", c.events}})
      if (!text.empty() && !text.starts_with('/'))
        issues_.fatal(std::string{"/callback/"} + name, "is no JSON pointer");
    const auto at = [&](const char *name) {
      return places(value[std::string_view{name}], std::string{"/callback/"} + name);
    };
    c.ref = at("ref"), c.key = at("key"), c.code = at("code"), c.text = at("text"), c.time = at("time");
    c.price = at("price"), c.recipient = at("recipient");
    read_state(value["state"], c);
    c.currency_fixed = currency(value["currency"], "/callback/currency", c.currency);
    if (c.ref.empty() && c.key.empty())
      issues_.fatal("/callback", "has neither ref nor key: which message is it about?");
    if (c.state.empty())
      issues_.fatal("/callback/state", "is missing: where does it say what became of the message?");
    read_states(value, c);
    read_inbound(value["inbound"], c);
    c.stop_words = texts(value["stop_words"]);
    const auto &answer = value["answer"];
    c.answer.status = static_cast<std::uint32_t>(answer["status"].integer(200));
    c.answer.body = answer["body"].text();
    if (!answer["content_type"].is_absent())
      c.answer.headers.emplace_back("content-type", answer["content_type"].text());
    read_signature(value["signature"], c.signature);
  }
  void read_state(const sdk::Json &value, Callback &c) {
    const std::string path{"/callback/state"};
    if (value.kind() != Kind::array) {
      if (auto list = places(value, path); !list.empty()) c.state.push_back(std::move(list));
      return;
    }
    for (std::size_t i{0}; i < value.items().size(); ++i)
      c.state.push_back(places(value.items()[i], path + '/' + std::to_string(i)));
  }
  void read_states(const sdk::Json &value, Callback &c) {
    const auto &states = value["states"];
    if (states.items().empty())
      issues_.fatal("/callback/states", "is missing: without it every state would say nothing");
    for (std::size_t i{0}; i < states.names().size(); ++i) {
      const auto path = "/callback/states/" + states.names()[i];
      const auto &item = states.items()[i];
      const auto event = event_named(item.kind() == Kind::object ? item["event"].text() : item.text());
      if (!event) {
        issues_.fatal(
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
          issues_.fatal(path + "/reason",
                        "is none of invalid, bounced, timed_out, blocked, spam, unsubscribed, other");
        meaning.reason = reason.value_or(Reason::none);
      }
      if (!item["failure"].is_absent()) meaning.failure = failure(item["failure"], path + "/failure", {});
      c.states.emplace(states.names()[i], meaning);
    }
    const auto &codes = value["codes"];
    for (std::size_t i{0}; i < codes.names().size(); ++i)
      c.codes.emplace(codes.names()[i], failure(codes.items()[i], "/callback/codes/" + codes.names()[i], {}));
  }
  void read_inbound(const sdk::Json &value, Callback &c) {
    if (value.is_absent()) return;
    auto &rule = c.inbound.emplace_back();
    rule.when = conditions(value["when"], "/callback/inbound/when");
    rule.from = places(value["from"], "/callback/inbound/from");
    rule.to = places(value["to"], "/callback/inbound/to");
    rule.text = places(value["text"], "/callback/inbound/text");
    rule.subject = places(value["subject"], "/callback/inbound/subject");
    if (rule.when.empty())
      issues_.fatal("/callback/inbound/when", "is missing: what tells a message of a debtor from a receipt?");
    if (rule.from.empty()) issues_.fatal("/callback/inbound/from", "is missing");
  }

  void read_signature(const sdk::Json &value, SignatureSettings &s) {
    const std::string path{"/callback/signature"};
    if (value.is_absent())
      return issues_.fatal(path,
                           "is missing: how is a callback known to be the provider's? Where it signs "
                           "nothing, say scheme = \"path\"");
    const auto scheme = scheme_named(value["scheme"].text());
    if (!scheme)
      return issues_.fatal(path + "/scheme",
                           "is none of hmac, public_key, basic, token, path, twilio, vonage, vonage_jwt, "
                           "messagebird, messagebird_jwt, mailgun, sns");
    s.scheme = *scheme;
    s.secret = secret(value, path);
    s.user = setting(value["user"], path + "/user");
    s.header = lower(value["header"].text());
    s.parameter = value["parameter"].text();
    s.prefix = value["prefix"].text();
    s.over = value["over"].text("{body}");
    check_over(s.over, path + "/over");
    s.timestamp_header = lower(value["timestamp_header"].text());
    s.id_header = lower(value["id_header"].text());
    s.public_key = setting(value["public_key"], path + "/public_key");
    s.is_base64 = value["encoding"].text() == "base64";
    s.tolerance_ms = value["tolerance_s"].integer(300) * 1000;
    for (const auto &topic : value["topics"].items()) s.topics.push_back(setting(topic, path + "/topics"));
    auto algorithm = value["algorithm"].text(s.scheme == Scheme::vonage ? "md5" : "sha256");
    s.is_plain_hash = algorithm == "md5" && s.scheme == Scheme::vonage;
    if (algorithm == "md5hmac") algorithm = "md5";
    const auto hash = hash_named(algorithm);
    if (!hash) issues_.fatal(path + "/algorithm", "is none of sha256, sha1, sha384, sha512, md5, md5hmac");
    s.hash = hash.value_or(Hash::sha256);
    check_signature_settings(value, s, path);
  }
  std::string secret(const sdk::Json &value, const std::string &path) {
    auto text = setting(value["secret"], path + "/secret");
    if (value["secret_encoding"].text() != "base64" || text.empty()) return text;
    std::string_view encoded{text};
    if (const auto bar = encoded.find('_'); encoded.starts_with("whsec_")) encoded.remove_prefix(bar + 1);
    const auto bytes = from_base64(encoded);
    if (!bytes) issues_.fatal(path + "/secret", "is no base64");
    return bytes.value_or("");
  }
  void check_signature_settings(const sdk::Json &value, const SignatureSettings &s, const std::string &path) {
    const auto need = [&](bool is_there, const char *name) {
      if (!is_there)
        issues_.fatal(path + '/' + name,
                      "is missing: scheme " + std::string{name_of(s.scheme)} + " needs it");
    };
    const bool has_key{s.scheme != Scheme::path && s.scheme != Scheme::public_key && s.scheme != Scheme::sns};
    if (has_key) need(!s.secret.empty(), "secret");
    if (s.scheme == Scheme::hmac || s.scheme == Scheme::public_key) need(!s.header.empty(), "header");
    if (s.scheme == Scheme::token && s.header.empty()) need(!s.parameter.empty(), "parameter");
    if (s.scheme == Scheme::sns) need(!s.topics.empty(), "topics");
    if (s.scheme == Scheme::public_key) {
      need(!s.public_key.empty(), "public_key");
      if (const auto why = public_key_fault(s.public_key); !s.public_key.empty() && !why.empty())
        issues_.fatal(path + "/public_key", why);
    }
    const bool names_time{s.over.find("{timestamp}") != std::string::npos};
    if (names_time && s.timestamp_header.empty()) need(false, "timestamp_header");
    if (s.over.find("{id}") != std::string::npos && s.id_header.empty()) need(false, "id_header");
    if (!s.timestamp_header.empty() && !names_time)
      issues_.warning(path + "/over",
                      "does not cover {timestamp}: an old callback can be sent again under a new time");
    if (s.scheme == Scheme::path)
      issues_.warning(path, "nothing but the unguessable address says that a callback is the provider's");
    if (s.tolerance_ms < 1000 || s.tolerance_ms > 86'400'000)
      issues_.fatal(path + "/tolerance_s", "must be from 1 to 86400");
    static_cast<void>(value);
  }

  const sdk::Json &settings_;
  Known known_;
  sdk::Issues &issues_;
  Description d_;
};

}  // namespace

bool holds(const std::vector<Condition> &conditions, const Said &said) {
  return std::ranges::all_of(conditions, [&](const Condition &condition) {
    const auto found = condition.place.all(said);
    return !found.empty() && std::ranges::all_of(found, [&](const std::string &text) {
      return std::ranges::any_of(condition.values, [&](const std::string &wanted) {
        return wanted.ends_with('*') ? text.starts_with(wanted.substr(0, wanted.size() - 1)) : text == wanted;
      });
    });
  });
}

bool Reply::states_what_is_accepted() const {
  return std::ranges::any_of(
      rules, [](const ReplyRule &rule) { return rule.outcome == sdk::OutcomeKind::accepted; });
}

Meaning Callback::meaning_of(std::string_view state_text) const {
  for (auto rest = state_text; !rest.empty(); rest = rest.substr(0, rest.rfind(':'))) {
    if (const auto found = states.find(rest); found != states.end()) return found->second;
    if (rest.find(':') == rest.npos) break;
  }
  const auto any = states.find("*");
  return any == states.end() ? Meaning{} : any->second;
}

Description read_description(const sdk::Json &settings, const Known &of_channel, sdk::Issues &issues) {
  return Reader{settings, of_channel, issues}.read();
}

}  // namespace relance::gateway
