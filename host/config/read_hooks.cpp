// [hooks]: the webhook listener. What would leave it open to the world without meaning to is refused with the
// words to write.
#include "host/config/draft.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

namespace relance::config {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kBodyBytesLargest{16ll << 20};  ///< what still goes to a plugin's process in one piece

/// "127.0.0.1:8080", "[::1]:8080".
std::optional<Hooks::Address> parse_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  Hooks::Address address;
  auto host = text.substr(0, colon);
  const bool is_bracketed{host.starts_with('[') && host.ends_with(']')};
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  address.host = host;
  const auto port = text.substr(colon + 1);
  const auto read = std::from_chars(port.data(), port.data() + port.size(), address.port);
  unsigned char bytes[16];
  const bool is_right{read.ec == std::errc{} && read.ptr == port.data() + port.size() && !port.empty() &&
                      inet_pton(is_bracketed ? AF_INET6 : AF_INET, address.host.c_str(), bytes) == 1};
  return is_right ? std::optional{address} : std::nullopt;
}

/// An address, or a network: "10.0.0.0/8".
bool is_network(const std::string &text) {
  const auto slash = text.find('/');
  const auto host = text.substr(0, slash);
  unsigned char bytes[16];
  const bool is_v6{host.find(':') != std::string::npos};
  if (inet_pton(is_v6 ? AF_INET6 : AF_INET, host.c_str(), bytes) != 1) return false;
  if (slash == std::string::npos) return true;
  int bits{-1};
  const auto *const end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + slash + 1, end, bits);
  return read.ec == std::errc{} && read.ptr == end && bits >= 0 && bits <= (is_v6 ? 128 : 32);
}

bool is_public_url(std::string_view text) {
  const bool is_secure{text.starts_with("https://")};
  if (!is_secure && !text.starts_with("http://")) return false;
  const auto rest = text.substr(is_secure ? 8 : 7);
  return !rest.empty() && !rest.ends_with('/') &&
         rest.find_first_of(" \t\r\n?#@\"<>\\") == std::string_view::npos;
}

fs::path file_of(Section &table, std::string_view key, const fs::path &base) {
  const auto text = table.text(key);
  if (text.empty()) return {};
  const fs::path path{text};
  auto file = (path.is_absolute() ? path : base / path).lexically_normal();
  std::error_code error;
  if (!fs::is_regular_file(file, error))
    table.issues().error(table.at(key), "there is no file " + file.string() + "; it holds PEM");
  return file;
}

std::uint32_t number(Section &table, std::string_view key, std::uint32_t fallback, Range range) {
  return static_cast<std::uint32_t>(table.integer(key, fallback, range));
}

}  // namespace

void read_hooks(Section &table, Hooks &hooks, const fs::path &base) {
  for (const auto &[text, at] : table.texts("listen")) {
    if (const auto address = parse_address(text)) {
      hooks.listen.push_back(*address);
    } else {
      table.issues().error(at, "\"" + text +
                                   "\" is no address to listen at; write \"127.0.0.1:8080\" or "
                                   "\"[::1]:8080\"");
    }
  }
  hooks.public_url = table.text("public_url");
  if (hooks.public_url.empty() ? !hooks.listen.empty() : !is_public_url(hooks.public_url))
    table.issues().error(table.at("public_url"),
                         "\"public_url\" must say how providers reach this listener, such as "
                         "\"https://hooks.example.com\", without a slash at its end");
  hooks.certificate = file_of(table, "certificate", base);
  hooks.key = file_of(table, "key", base);
  if (hooks.certificate.empty() != hooks.key.empty())
    table.issues().error(table.at(),
                         "[hooks] needs both \"certificate\" and \"key\", or neither (then a proxy in "
                         "front of it speaks TLS)");
  for (const auto &[text, at] : table.texts("trusted_proxies")) {
    if (!is_network(text))
      table.issues().error(at, "\"" + text + "\" is neither an address nor a network such as \"10.0.0.0/8\"");
    hooks.trusted_proxies.push_back(text);
  }
  hooks.body_bytes_max = number(table, "body_bytes_max", hooks.body_bytes_max, {1024, kBodyBytesLargest});
  hooks.header_bytes_max = number(table, "header_bytes_max", hooks.header_bytes_max, {1024, 64 * 1024});
  hooks.headers_max = number(table, "headers_max", hooks.headers_max, {4, 1000});
  hooks.connections_max = number(table, "connections_max", hooks.connections_max, {1, 4000});
  hooks.connections_of_address_max =
      number(table, "connections_of_address_max", hooks.connections_of_address_max, {1, 4000});
  hooks.rate_max = number(table, "rate_max", hooks.rate_max, {0, 1'000'000});
  hooks.header_timeout =
      table.duration("header_timeout", hooks.header_timeout, Milliseconds{500}, Milliseconds{300'000});
  hooks.request_timeout =
      table.duration("request_timeout", hooks.request_timeout, Milliseconds{500}, Milliseconds{600'000});
  table.finish();
}

}  // namespace relance::config
