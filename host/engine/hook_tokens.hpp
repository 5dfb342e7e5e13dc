// The unguessable part of each provider's webhook path: derived from one secret of the store, so that every
// node of a store knows the same ones and a backup restores them. A rotation counts a generation on; the one
// before it stays good for a while, as the provider's own settings are changed by hand.
#pragma once

#include "host/base/result.hpp"
#include "host/base/time.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace relance::store {
class Store;
}

namespace relance::engine {

/// What stands in a path: 32 characters of [0-9A-Za-z_-], 192 bits.
inline constexpr std::size_t kHookTokenBytes{32};
/// Long enough for a ticket at a provider to be answered.
inline constexpr Milliseconds kHookOverlapDefault{std::chrono::hours{24 * 7}};
inline constexpr Milliseconds kHookOverlapMax{std::chrono::hours{24 * 90}};

struct HookToken {
  std::string current;
  std::string former;                    ///< empty: none is good any more
  Instant former_until{Instant::min()};  ///< wall time
  std::uint32_t generation{0};
};

/// [engine's thread] but for what is said to be any thread's.
class HookTokens {
 public:
  /// Reads the secret, or makes it at the first start.
  Result<void> open(store::Store &store);
  /// Of a provider that is configured: known from now on.
  Result<void> add(store::Store &store, const std::string &provider);
  /// The next generation, on disk when this returns; the former one is good until `former_until` (wall).
  Result<void> rotate(store::Store &store, const std::string &provider, Instant former_until);

  /// Any thread.
  [[nodiscard]] HookToken of(const std::string &provider) const;
  /// Any thread. Takes as long for a wrong token and for a provider that nobody knows as for a right one.
  [[nodiscard]] bool is_right(std::string_view provider, std::string_view token, Instant wall) const;

 private:
  [[nodiscard]] std::string token_of(std::string_view provider, std::uint32_t generation) const;

  std::string secret_;
  mutable std::mutex mutex_;
  std::map<std::string, HookToken, std::less<>> tokens_;
};

}  // namespace relance::engine
