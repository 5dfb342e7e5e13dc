// A request that the provider makes to us. authenticate() says whether to believe it, before anything of it
// is stored; the same request comes back to parse() as raw bytes, and from_raw() reads those.
#ifndef RELANCE_WEBHOOK_HPP
#define RELANCE_WEBHOOK_HPP

#include <relance/message.hpp>

namespace relance::sdk {

struct WebhookRequest {
  std::string_view method{};
  std::string_view url{};             ///< public, as the provider called (and signed) it
  std::string_view remote_address{};  ///< empty when read from raw bytes
  std::vector<Field> headers{};       ///< names in lower case, order and repeats kept
  std::string_view body{};
  std::int64_t received_at_ms{0};  ///< wall time of its arrival; 0 when read from raw bytes

  static WebhookRequest from(const relance_http_request &r) {
    return {to_view(r.method),         to_view(r.url),
            to_view(r.remote_address), to_fields(r.headers, r.header_count),
            to_view(r.body),           r.received_at_ms};
  }
  /// METHOD SP URL CRLF, the header fields one a line, an empty line, the body. What does not look so is all
  /// body.
  static WebhookRequest from_raw(std::string_view bytes) {
    WebhookRequest request{};
    auto rest = bytes;
    const auto next_line = [&rest]() -> std::optional<std::string_view> {
      const auto end = rest.find("\r\n");
      if (end == rest.npos) return std::nullopt;
      const auto line = rest.substr(0, end);
      rest.remove_prefix(end + 2);
      return line;
    };
    const auto first = next_line();
    const auto space = first ? first->find(' ') : bytes.npos;
    if (space == bytes.npos) return {{}, {}, {}, {}, bytes, 0};
    request.method = first->substr(0, space);
    request.url = first->substr(space + 1);
    for (auto line = next_line(); line && !line->empty(); line = next_line()) {
      const auto colon = line->find(':');
      if (colon == line->npos) continue;
      auto value = line->substr(colon + 1);
      value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
      request.headers.emplace_back(line->substr(0, colon), value);
    }
    request.body = rest;
    return request;
  }

  /// The first field of that name (in lower case), or empty.
  [[nodiscard]] std::string_view header(std::string_view name) const {
    for (const auto &[key, value] : headers)
      if (key == name) return value;
    return {};
  }
};

enum class Verdict : std::uint32_t {
  forged = RELANCE_AUTH_FORGED,    ///< 401
  genuine = RELANCE_AUTH_GENUINE,  ///< stored, then answered, then parsed
  poke = RELANCE_AUTH_POKE,  ///< unsigned: nothing of it is believed, but the plugin may look at its source
  challenge = RELANCE_AUTH_CHALLENGE,  ///< answered with `answer`; nothing is stored
};

/// What the provider wants to hear; without one the host answers by itself.
struct WebhookAnswer {
  std::uint32_t status{200};
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
};

struct Authenticated {
  Authenticated(Verdict v)
      : verdict(v) {}  // NOLINT(google-explicit-constructor): a verdict is most often all
  Authenticated(Verdict v, WebhookAnswer a) : verdict(v), answer(std::move(a)) {}
  Verdict verdict;
  std::optional<WebhookAnswer> answer{};
};

}  // namespace relance::sdk
#endif
