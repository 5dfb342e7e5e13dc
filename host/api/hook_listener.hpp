// Where providers reach us: a listener of its own, apart from the control socket, off unless configured. One
// thread reads and answers; what a request means is judged by its plugin and stored by the engine meanwhile.
// A connection has one request under way, so that their number bounds everything behind them.
#pragma once

#include "host/base/result.hpp"
#include "host/base/time.hpp"
#include "host/config/configuration.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace relance::engine {
class Webhooks;
}

namespace relance::api {

/// Since the start; any thread.
struct HookTraffic {
  std::atomic<std::uint64_t> connections{0};  ///< now
  std::atomic<std::uint64_t> connections_refused{0}, connections_displaced{0}, requests{0}, not_found{0},
      malformed{0}, too_large{0}, throttled{0}, timed_out{0}, overloaded{0}, accepted{0}, unauthorized{0},
      unavailable{0};
};

class HookListener {
 public:
  /// Reads certificate and key, binds every address. `webhooks` outlives it.
  static Result<std::unique_ptr<HookListener>> listen(const config::Hooks &settings,
                                                      engine::Webhooks &webhooks);
  ~HookListener();
  HookListener(const HookListener &) = delete;
  HookListener &operator=(const HookListener &) = delete;

  /// Other limits, another certificate, from the next connection on; nothing changes when the files are not
  /// good. Addresses do not change.
  Result<void> reload(const config::Hooks &settings);
  /// Takes no new connection and no further request; what is under way goes on. Any thread.
  void close_doors();
  /// Ends. Any thread but its own.
  void stop();

  [[nodiscard]] const HookTraffic &traffic() const;
  /// Any thread. Nothing: it speaks plain HTTP.
  [[nodiscard]] std::optional<Instant> certificate_until() const;
  /// "127.0.0.1:8443", as bound.
  [[nodiscard]] const std::vector<std::string> &addresses() const;

 private:
  class Impl;
  explicit HookListener(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace relance::api
