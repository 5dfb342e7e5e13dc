#include "host/api/hook_limits.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>

namespace relance::api {
namespace {

constexpr int kMappedBits{96};  ///< ::ffff:0:0/96 in front of an IPv4 address
constexpr std::size_t kMappedBytes{12};

bool is_v4(const CallerAddress &address) {
  constexpr std::array<std::uint8_t, kMappedBytes> kPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::equal(kPrefix.begin(), kPrefix.end(), address.begin());
}

}  // namespace

std::optional<CallerAddress> parse_caller(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  const std::string host{text};
  CallerAddress address{};
  if (inet_pton(AF_INET6, host.c_str(), address.data()) == 1) return address;
  address[10] = address[11] = 0xff;
  if (inet_pton(AF_INET, host.c_str(), address.data() + kMappedBytes) == 1) return address;
  return std::nullopt;
}

std::string to_text(const CallerAddress &address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4(address)) {
    inet_ntop(AF_INET, address.data() + kMappedBytes, text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, address.data(), text.data(), text.size());
  }
  return text.data();
}

Networks::Networks(const std::vector<std::string> &texts) {
  for (const auto &text : texts) {
    const auto slash = text.find('/');
    const auto address = parse_caller(std::string_view{text}.substr(0, slash));
    if (!address) continue;
    Network network{*address, 128};
    if (slash != std::string::npos) {
      int bits{0};
      std::from_chars(text.data() + slash + 1, text.data() + text.size(), bits);
      network.bits = bits + (is_v4(*address) ? kMappedBits : 0);
    }
    networks_.push_back(network);
  }
}

bool Networks::hold(const CallerAddress &address) const {
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network &network) {
    const auto whole = static_cast<std::size_t>(network.bits / 8);
    if (!std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(whole),
                    network.address.begin()))
      return false;
    const int rest{network.bits % 8};
    return rest == 0 || (address[whole] >> (8 - rest)) == (network.address[whole] >> (8 - rest));
  });
}

CallerAddress caller_behind(const CallerAddress &peer, const std::vector<std::string_view> &forwarded_for,
                            const Networks &trusted) {
  if (!trusted.hold(peer)) return peer;
  auto caller = peer;
  // From the right: each proxy adds whom it heard, and only what a trusted one added is true.
  for (auto field = forwarded_for.rbegin(); field != forwarded_for.rend(); ++field) {
    auto rest = *field;
    for (;;) {
      const auto comma = rest.rfind(',');
      auto one = comma == std::string_view::npos ? rest : rest.substr(comma + 1);
      while (one.starts_with(' ') || one.starts_with('\t')) one.remove_prefix(1);
      while (one.ends_with(' ') || one.ends_with('\t')) one.remove_suffix(1);
      const auto address = parse_caller(one);
      if (!address) return caller;
      caller = *address;
      if (!trusted.hold(caller)) return caller;
      if (comma == std::string_view::npos) break;
      rest = rest.substr(0, comma);
    }
  }
  return caller;
}

bool Rates::take(const std::string &who, SteadyTime now) {
  if (per_second_ == 0) return true;
  if (buckets_.size() >= kBucketsMax && !buckets_.contains(who)) make_room(now);
  const auto full = static_cast<double>(per_second_);
  const auto [found, is_new] = buckets_.try_emplace(who, Bucket{full, now});
  auto &bucket = found->second;
  const std::chrono::duration<double> since{now - bucket.at};
  bucket.left = std::min(full, bucket.left + since.count() * full);
  bucket.at = now;
  if (bucket.left < 1) return false;
  bucket.left -= 1;
  return true;
}

void Rates::make_room(SteadyTime now) {
  std::erase_if(buckets_, [&](const auto &one) { return now - one.second.at > std::chrono::seconds{1}; });
  if (buckets_.size() >= kBucketsMax) buckets_.clear();
}

std::string rate_key(const CallerAddress &address) {
  const std::size_t bytes{is_v4(address) ? address.size() : address.size() / 2};
  return {reinterpret_cast<const char *>(address.data()), bytes};
}

}  // namespace relance::api
