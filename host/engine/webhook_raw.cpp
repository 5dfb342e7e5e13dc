// @see RFC 9112 §2.1: this is the form of a request itself, less its version.
#include "host/engine/webhook_raw.hpp"

#include <algorithm>
#include <array>

namespace relance::engine {
namespace {

constexpr std::string_view kHidden{"***"};

bool is_credential(std::string_view name) {
  constexpr std::array<std::string_view, 3> kNames{"authorization", "cookie", "proxy-authorization"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

/// The path alone lets a caller in where a provider signs nothing.
std::string without_token(std::string_view url) {
  const auto path = url.substr(0, url.find('?'));
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return std::string{url};
  return std::string{url.substr(0, slash + 1)}.append(kHidden).append(url.substr(path.size()));
}

}  // namespace

std::string raw_of(const channel::WebhookRequest &request, Credentials credentials) {
  std::size_t size{request.method.size() + request.url.size() + request.body.size() + 8};
  for (const auto &[name, value] : request.headers) size += name.size() + value.size() + 4;
  std::string raw;
  raw.reserve(size);
  raw.append(request.method).append(" ");
  raw.append(credentials == Credentials::hidden ? without_token(request.url) : request.url).append("\r\n");
  for (const auto &[name, value] : request.headers) {
    const bool is_hidden{credentials == Credentials::hidden && is_credential(name)};
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
