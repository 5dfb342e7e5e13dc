// Who calls, and how much is borne of him: addresses and networks, connections of an address, requests a
// second. Everything here is bounded, also against callers with a thousand addresses. One thread.
#pragma once

#include "host/base/time.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace relance::api {

/// IPv4 as IPv6 (::ffff:a.b.c.d), so that one caller has one address.
using CallerAddress = std::array<std::uint8_t, 16>;
std::optional<CallerAddress> parse_caller(std::string_view text);
std::string to_text(const CallerAddress &address);

class Networks {
 public:
  Networks() = default;
  /// "10.0.0.0/8", "::1"; what is none is left out (the configuration has been checked).
  explicit Networks(const std::vector<std::string> &texts);
  [[nodiscard]] bool hold(const CallerAddress &address) const;

 private:
  struct Network {
    CallerAddress address{};
    int bits{128};
  };
  std::vector<Network> networks_;
};

/// Behind trusted proxies, whom the last untrusted one of them names; else who is connected.
/// @param forwarded_for the values of X-Forwarded-For, in order
CallerAddress caller_behind(const CallerAddress &peer, const std::vector<std::string_view> &forwarded_for,
                            const Networks &trusted);

/// Requests a second, of each of many callers; a second's worth may come at once.
class Rates {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;
  /// 0: any number.
  explicit Rates(std::uint32_t per_second) : per_second_{per_second} {}
  bool take(const std::string &who, SteadyTime now);

 private:
  struct Bucket {
    double left{0};
    SteadyTime at{};
  };
  /// Callers remembered; beyond, those that have been quiet are forgotten, and if none has, all.
  static constexpr std::size_t kBucketsMax{20'000};
  void make_room(SteadyTime now);

  std::uint32_t per_second_;
  std::unordered_map<std::string, Bucket> buckets_;
};

/// The part of an address that one caller cannot change at will: of IPv6 the first 64 bits.
std::string rate_key(const CallerAddress &address);

/// How many connections each caller holds.
class Seats {
 public:
  [[nodiscard]] std::size_t of(const CallerAddress &caller) const {
    const auto found = held_.find(rate_key(caller));
    return found == held_.end() ? 0 : found->second;
  }
  void take(const CallerAddress &caller) { ++held_[rate_key(caller)]; }
  void leave(const CallerAddress &caller) {
    if (const auto found = held_.find(rate_key(caller)); found != held_.end() && --found->second == 0)
      held_.erase(found);
  }

 private:
  std::unordered_map<std::string, std::size_t> held_;
};

}  // namespace relance::api
