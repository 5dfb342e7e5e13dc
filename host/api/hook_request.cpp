// @see RFC 9112 §6.1 and §6.3 for what may frame a body, §3.2 for the target and Host.
#include "host/api/hook_request.hpp"

#include <algorithm>
#include <array>

namespace relance::api {
namespace {

constexpr std::string_view kPrefix{"/hooks/"};
constexpr std::size_t kTargetBytesMax{8 * 1024};  ///< gateways that call with GET put a whole message in it
constexpr std::size_t kPathPartMax{128};

bool is_same_word(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

bool is_path_part(std::string_view text) {
  return !text.empty() && text.size() <= kPathPartMax && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

}  // namespace

std::optional<HookPath> hook_path(std::string_view target) {
  const auto path = target.substr(0, target.find('?'));
  if (!path.starts_with(kPrefix)) return std::nullopt;
  const auto rest = path.substr(kPrefix.size());
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto provider = rest.substr(0, slash), token = rest.substr(slash + 1);
  if (!is_path_part(provider) || !is_path_part(token)) return std::nullopt;
  return HookPath{std::string{provider}, std::string{token}};
}

std::optional<HookRefusal> check_header(const channel::WebhookRequest &request, unsigned version,
                                        std::string_view target, const config::Hooks &limits) {
  std::size_t lengths{0}, encodings{0}, hosts{0};
  bool is_chunked{false};
  for (const auto &[name, value] : request.headers) {
    if (name == "content-length") {
      ++lengths;
      if (value.empty() || value.find_first_not_of("0123456789") != std::string::npos)
        return HookRefusal{400, "the length of the body is not a number"};
    }
    if (name == "host") ++hosts;
    if (name != "transfer-encoding") continue;
    ++encodings;
    is_chunked = is_same_word(value, "chunked");
  }
  if (request.headers.size() > limits.headers_max)
    return HookRefusal{431, "the request has too many header fields"};
  if (version != 10 && version != 11) return HookRefusal{505, "speak HTTP/1.1"};
  if (lengths + encodings > 1) return HookRefusal{400, "the length of the body is stated twice"};
  if (encodings == 1 && (version == 10 || !is_chunked))
    return HookRefusal{400, "the only transfer encoding taken is chunked"};
  if (version == 11 && hosts != 1) return HookRefusal{400, "one Host field is needed"};
  if (target.size() > kTargetBytesMax) return HookRefusal{414, "the target is longer than is taken"};
  if (!target.starts_with('/')) return HookRefusal{400, "the target cannot be read"};
  constexpr std::array<std::string_view, 4> kMethods{"POST", "PUT", "GET", "HEAD"};
  if (std::find(kMethods.begin(), kMethods.end(), request.method) == kMethods.end())
    return HookRefusal{405, "a webhook is POST, PUT, GET or HEAD"};
  return std::nullopt;
}

}  // namespace relance::api
