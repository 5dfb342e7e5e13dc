#include "plugins/protocol/gateway/url.hpp"

#include <algorithm>

namespace relance::gateway {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_plain{(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                        c == '-' || c == '.' || c == '_' || c == '~'};
    const auto byte = static_cast<std::uint8_t>(c);
    if (is_plain)
      out += c;
    else
      out.append({'%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]});
  }
  return out;
}

std::optional<std::string> form_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i{0}; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high{hex_value(text[i + 1])}, low{hex_value(text[i + 2])};
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::optional<Parameters> parse_form(std::string_view text) {
  Parameters parameters;
  while (!text.empty()) {
    const auto pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    auto name = form_decoded(pair.substr(0, equals));
    auto value = form_decoded(equals == pair.npos ? std::string_view{} : pair.substr(equals + 1));
    if (!name || !value) return std::nullopt;
    parameters.emplace_back(std::move(*name), std::move(*value));
  }
  return parameters;
}

std::string to_form(const Parameters &parameters) {
  std::string out;
  for (const auto &[name, value] : parameters) {
    if (!out.empty()) out += '&';
    out += percent_encoded(name) + '=' + percent_encoded(value);
  }
  return out;
}

std::optional<Url> parse_url(std::string_view text) {
  Url url;
  const auto colon = text.find("://");
  if (colon == text.npos || colon == 0) return std::nullopt;
  url.scheme = text.substr(0, colon);
  text.remove_prefix(colon + 3);
  text = text.substr(0, text.find('#'));
  const auto end = std::min(text.find_first_of("/?"), text.size());
  auto authority = text.substr(0, end);
  text.remove_prefix(end);
  if (const auto at = authority.rfind('@'); at != authority.npos) {
    url.user_info = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  const auto bracket = authority.rfind(']');
  const auto port = authority.rfind(':');
  if (port != authority.npos && (bracket == authority.npos || port > bracket)) {
    url.port = authority.substr(port + 1);
    authority = authority.substr(0, port);
  }
  if (authority.empty() || url.port.find_first_not_of("0123456789") != url.port.npos) return std::nullopt;
  url.host = authority;
  const auto question = text.find('?');
  url.path = text.substr(0, question);
  if (question != text.npos) url.query = text.substr(question + 1);
  return url;
}

std::string Url::text() const {
  std::string out{scheme + "://"};
  if (!user_info.empty()) out += user_info + '@';
  out += host;
  if (!port.empty()) out += ':' + port;
  out += path;
  if (!query.empty()) out += '?' + query;
  return out;
}

std::string Url::text_with_port() const {
  auto copy = *this;
  if (copy.port.empty()) copy.port = scheme == "http" ? "80" : "443";
  return copy.text();
}

std::string Url::text_without_port() const {
  auto copy = *this;
  copy.port.clear();
  return copy.text();
}

}  // namespace relance::gateway
