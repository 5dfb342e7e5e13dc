#include "host/channel/http_call.hpp"

#include "host/channel/border.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace relance::channel {
namespace {

constexpr std::uint32_t kTimeoutMaxMs{600'000};
constexpr std::size_t kMethodBytesMax{32};

/// @see RFC 9110 §5.6.2
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_same_name(std::string_view name, std::string_view lower) {
  return std::equal(name.begin(), name.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

/// Those by which a message is cut from the stream, or which are between us and the next hop.
bool is_the_hosts(std::string_view name) {
  static constexpr std::array<std::string_view, 12> kNames{
      "host", "content-length", "connection", "transfer-encoding",   "expect",           "upgrade",
      "te",   "trailer",        "keep-alive", "proxy-authorization", "proxy-connection", "http2-settings"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [name](std::string_view one) { return is_same_name(name, one); });
}

/// No CR, LF, NUL or other control character but the tab: nothing that ends the line or a proxy may trip
/// over.
bool is_header_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

Result<void> check_headers(const Fields &headers) {
  if (headers.size() > kHttpHeadersMax)
    return invalid("it has " + std::to_string(headers.size()) + " headers; at most " +
                   std::to_string(kHttpHeadersMax) + " go");
  std::size_t bytes{0};
  for (const auto &[name, value] : headers) {
    bytes += name.size() + value.size();
    if (!is_token(name)) return invalid("a header's name is no token");
    if (is_the_hosts(name)) return invalid("the header " + name + " is the host's own to write");
    if (!is_header_value(value))
      return invalid("the value of the header " + name + " has a control character in it");
  }
  if (bytes > kHttpHeaderBytesMax)
    return invalid("its headers have more than " + std::to_string(kHttpHeaderBytesMax) + " bytes");
  return {};
}

struct UrlEnd {
  void operator()(CURLU *url) const { curl_url_cleanup(url); }
};
std::string part_of(CURLU *url, CURLUPart part) {
  char *text{nullptr};
  if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

}  // namespace

Result<HttpTarget> http_target(const std::string &url) {
  if (url.size() > kHttpUrlBytesMax)
    return invalid("its URL has more than " + std::to_string(kHttpUrlBytesMax) + " bytes");
  if (!std::all_of(url.begin(), url.end(), [](char c) { return c > 0x20 && c < 0x7f; }))
    return invalid("its URL has a space, a control character or a letter outside of ASCII; escape it as %XX");
  const std::unique_ptr<CURLU, UrlEnd> parsed(curl_url());
  if (parsed == nullptr || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
    return invalid("its URL cannot be read");
  HttpTarget target;
  const auto scheme = part_of(parsed.get(), CURLUPART_SCHEME);
  if (scheme != "https" && scheme != "http") return invalid("its URL is neither https nor http");
  target.is_plain = scheme == "http";
  const auto authority = url.find("//") + 2;
  if (url.find_first_of("/?#\\", authority) == authority) return invalid("its URL names no host and port");
  if (url.substr(0, url.find_first_of("/?#", authority)).find('@') != std::string::npos)
    return invalid("its URL has user information in it; credentials go into a header");
  target.host = part_of(parsed.get(), CURLUPART_HOST);
  const auto port = part_of(parsed.get(), CURLUPART_PORT);
  std::from_chars(port.data(), port.data() + port.size(), target.port);
  if (target.host.empty() || target.port == 0) return invalid("its URL names no host and port");
  return target;
}

Result<void> check_http_call(const HttpCall &call) {
  if (call.token == 0) return invalid("its token is 0");
  if (!is_token(call.method) || call.method.size() > kMethodBytesMax)
    return invalid("its method is no token");
  if (call.method == "CONNECT" || call.method == "TRACE")
    return invalid("the method " + call.method + " is not for plugins");
  if (call.method == "HEAD" && !call.body.empty()) return invalid("a HEAD has no body");
  return check_headers(call.headers);
}

Result<HttpCall> read_http_call(const relance_http_call &theirs) {
  HttpCall call;
  call.token = theirs.token;
  call.is_idempotent = (theirs.flags & RELANCE_HTTP_IDEMPOTENT) != 0;
  call.method = to_view(theirs.method);
  call.url = to_view(theirs.url);
  if (theirs.header_count > kHttpHeadersMax)
    return invalid("it has more than " + std::to_string(kHttpHeadersMax) + " headers");
  for (std::size_t i{0}; i < theirs.header_count; ++i)
    call.headers.emplace_back(to_view(theirs.headers[i].key), to_view(theirs.headers[i].value));
  call.body = to_view(theirs.body);
  if (theirs.not_after_ms > 0) call.not_after = from_ms(theirs.not_after_ms);
  if (theirs.timeout_ms != 0) call.timeout = Milliseconds(std::min(theirs.timeout_ms, kTimeoutMaxMs));
  if (theirs.connect_timeout_ms != 0)
    call.connect_timeout = Milliseconds(std::min(theirs.connect_timeout_ms, kTimeoutMaxMs));
  if (theirs.reply_max != 0) call.reply_max = std::min<std::uint64_t>(theirs.reply_max, kHttpReplyMax);
  if (auto good = check_http_call(call); !good) return good.error();
  return call;
}

Result<void> allow_http_target(const HttpTarget &target, const std::vector<HttpHost> &hosts) {
  const bool is_allowed{std::any_of(hosts.begin(), hosts.end(), [&](const HttpHost &host) {
    return host.allows(target.is_plain, target.host, target.port);
  })};
  if (is_allowed) return {};
  return invalid(
      "this provider may not call that host; to allow it, write into the provider's file: [http] hosts = "
      "[\"" +
      write_http_host(target.is_plain, to_line(target.host), target.port) + "\"]");
}

Result<std::string_view> HttpHosts::allow(const std::string &url) {
  if (!allowed_.empty() && url == allowed_) return std::string_view{host_of_allowed_};
  auto target = http_target(url);
  if (!target) return target.error();
  if (auto allowed = allow_http_target(*target, hosts_); !allowed) return allowed.error();
  allowed_ = url;
  host_of_allowed_ = std::move(target->host);
  return std::string_view{host_of_allowed_};
}

HttpRoom::Answer HttpRoom::take(const HttpCall &call) {
  if (open_.contains(call.token)) return Answer::repeated;
  if (open_.size() == kHttpCallsMax || call.body.size() > kHttpBodyMax - all_.body ||
      call.reply_max > kHttpRepliesMax - all_.reply)
    return Answer::full;
  const Held held{call.body.size(), call.reply_max};
  open_.emplace(call.token, held);
  all_.body += held.body;
  all_.reply += held.reply;
  return Answer::taken;
}

void HttpRoom::give_back(Token token) {
  const auto found = open_.find(token);
  if (found == open_.end()) return;
  all_.body -= found->second.body;
  all_.reply -= found->second.reply;
  open_.erase(found);
}

}  // namespace relance::channel
