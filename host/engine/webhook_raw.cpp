// @see RFC 9112 §2.1: this is the form of a request itself, less its version.
#include "host/engine/webhook_raw.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace relance::engine {
namespace {

constexpr std::string_view kHidden{"***"};

bool is_credential(std::string_view name) {
  constexpr std::array<std::string_view, 3> kNames{"authorization", "cookie", "proxy-authorization"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool holds_one(std::string_view value, std::span<const config::Secret> secrets) {
  return std::ranges::any_of(secrets, [value](const config::Secret &secret) {
    return value.find(secret.reveal()) != std::string_view::npos;
  });
}

/// @see WHATWG URL, application/x-www-form-urlencoded parsing. What is no escape stands for itself.
std::string decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i{0}; i < text.size(); ++i) {
    unsigned char byte{};
    const auto *const digits = text.data() + i + 1;
    if (text[i] == '%' && text.size() - i > 2 &&
        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string without_secrets(std::string_view query, std::span<const config::Secret> secrets) {
  std::string out;
  while (!query.empty()) {
    const auto one = query.substr(0, query.find('&'));
    const auto equals = one.find('=');
    if (holds_one(one, secrets) || holds_one(decoded(one), secrets))
      out.append(equals == one.npos ? std::string_view{} : one.substr(0, equals + 1)).append(kHidden);
    else
      out.append(one);
    query.remove_prefix(one.size());
    if (query.empty()) break;
    out += '&';
    query.remove_prefix(1);
  }
  return out;
}

/// The path alone lets a caller in where a provider signs nothing.
std::string without_token(std::string_view url, std::span<const config::Secret> secrets) {
  const auto path = url.substr(0, url.find('?'));
  const auto slash = path.rfind('/');
  std::string out{slash == std::string_view::npos ? path : path.substr(0, slash + 1)};
  if (slash != std::string_view::npos) out.append(kHidden);
  if (path.size() < url.size()) out.append("?").append(without_secrets(url.substr(path.size() + 1), secrets));
  return out;
}

}  // namespace

std::string raw_of(const channel::WebhookRequest &request, Credentials credentials,
                   std::span<const config::Secret> secrets) {
  std::size_t size{request.method.size() + request.url.size() + request.body.size() + 8};
  for (const auto &[name, value] : request.headers) size += name.size() + value.size() + 4;
  std::string raw;
  raw.reserve(size);
  raw.append(request.method).append(" ");
  raw.append(credentials == Credentials::hidden ? without_token(request.url, secrets) : request.url)
      .append("\r\n");
  for (const auto &[name, value] : request.headers) {
    const bool is_hidden{credentials == Credentials::hidden &&
                         (is_credential(name) || holds_one(value, secrets))};
    raw.append(name).append(": ").append(is_hidden ? kHidden : std::string_view{value}).append("\r\n");
  }
  return raw.append("\r\n").append(request.body);
}

std::optional<channel::WebhookRequest> webhook_of(std::string_view raw) {
  channel::WebhookRequest request;
  const auto take_line = [&raw]() -> std::optional<std::string_view> {
    const auto end = raw.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    const auto line = raw.substr(0, end);
    raw.remove_prefix(end + 2);
    return line;
  };
  const auto first = take_line();
  const auto space = first ? first->find(' ') : std::string_view::npos;
  if (space == std::string_view::npos) return std::nullopt;
  request.method = first->substr(0, space);
  request.url = first->substr(space + 1);
  for (;;) {
    const auto line = take_line();
    if (!line) return std::nullopt;
    if (line->empty()) break;
    const auto colon = line->find(": ");
    if (colon == std::string_view::npos) return std::nullopt;
    request.headers.emplace_back(line->substr(0, colon), line->substr(colon + 2));
  }
  request.body = raw;
  return request;
}

}  // namespace relance::engine
