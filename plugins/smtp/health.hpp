// One health out of two halves, sending and the bounce mailbox: the worse one counts, and only changes are
// told.
#pragma once

#include <relance/host.hpp>

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

namespace relance::smtp_channel {

class Health {
 public:
  enum class Half : std::uint8_t { sending, receiving };
  struct State {
    sdk::HealthLevel level{sdk::HealthLevel::up};
    std::string code{}, text{};
    std::int64_t retry_at_ms{0};
  };
  explicit Health(sdk::Host host) : host_{host} {}

  /// [any thread]
  void set(Half half, State state) {
    const std::lock_guard lock{mutex_};
    auto &own = halves_[static_cast<std::size_t>(half)];
    if (own.level == state.level && own.code == state.code) return;
    own = std::move(state);
    const auto &worse = halves_[1].level > halves_[0].level ? halves_[1] : halves_[0];
    host_.health(worse.level, worse.code, worse.text, worse.retry_at_ms);
  }

 private:
  sdk::Host host_;
  std::mutex mutex_;
  std::array<State, 2> halves_{};
};

}  // namespace relance::smtp_channel
