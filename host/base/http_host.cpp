#include "host/base/http_host.hpp"

#include <algorithm>
#include <charconv>

namespace relance {
namespace {

constexpr std::uint16_t kHttpsPort{443}, kHttpPort{80};
constexpr std::size_t kNameBytesMax{253};  ///< @see RFC 1035 §2.3.4
constexpr std::string_view kNameCharacters{"abcdefghijklmnopqrstuvwxyz0123456789-._"};
constexpr std::string_view kAddressCharacters{"0123456789abcdef:."};

std::string to_lower(std::string_view text) {
  std::string lower{text};
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

std::string_view without_brackets(std::string_view host) {
  return host.size() > 2 && host.front() == '[' && host.back() == ']' ? host.substr(1, host.size() - 2)
                                                                      : host;
}

Error unreadable(std::string_view text) {
  return invalid("\"" + std::string(text) +
                 "\" names no host; write \"api.example.com\" (https), \"*.example.org:8443\" (every name "
                 "below) or \"http://127.0.0.1:8080\" (in the clear)");
}

}  // namespace

bool HttpHost::allows(bool is_plain_call, std::string_view host, std::uint16_t to_port) const {
  if (is_plain != is_plain_call || port != to_port) return false;
  const auto called = to_lower(without_brackets(host));
  if (!is_any_subdomain) return called == name;
  return called.size() > name.size() + 1 && called.ends_with(name) &&
         called[called.size() - name.size() - 1] == '.';
}

Result<HttpHost> parse_http_host(std::string_view text) {
  HttpHost host;
  auto rest = text;
  const auto take = [&rest](std::string_view prefix) {
    const bool is_there{rest.starts_with(prefix)};
    if (is_there) rest.remove_prefix(prefix.size());
    return is_there;
  };
  host.is_plain = take("http://");
  if (!host.is_plain) take("https://");
  host.is_any_subdomain = take("*.");
  host.port = host.is_plain ? kHttpPort : kHttpsPort;
  const bool is_bracketed{rest.starts_with('[')};
  const auto name_end = is_bracketed ? rest.find(']') : rest.find(':');
  if (is_bracketed && name_end == rest.npos) return unreadable(text);
  const auto name = rest.substr(0, is_bracketed ? name_end + 1 : name_end);
  rest.remove_prefix(name.size());
  if (!rest.empty()) {
    const auto digits = rest.substr(1);
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), host.port);
    if (rest.front() != ':' || ec != std::errc{} || end != digits.data() + digits.size() || host.port == 0)
      return unreadable(text);
  }
  host.name = to_lower(without_brackets(name));
  const auto characters = is_bracketed ? kAddressCharacters : kNameCharacters;
  if (host.name.empty() || host.name.size() > kNameBytesMax || host.name.front() == '.' ||
      host.name.back() == '.' || host.name.find_first_not_of(characters) != std::string::npos)
    return unreadable(text);
  // "*.com" or "*.fr" would allow half of the world.
  if (host.is_any_subdomain && (is_bracketed || host.name.find('.') == std::string::npos))
    return unreadable(text);
  return host;
}

std::string write_http_host(bool is_plain, std::string_view host, std::uint16_t port) {
  auto text = (is_plain ? "http://" : "") + to_lower(host);
  if (port != (is_plain ? kHttpPort : kHttpsPort)) text += ":" + std::to_string(port);
  return text;
}

}  // namespace relance
