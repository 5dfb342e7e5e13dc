// The open tokens of one instance, which is where "every token ends exactly once" is kept: what is not in
// here cannot end, what is in here ends at the latest by its deadline or with the instance.
#pragma once

#include "host/base/time.hpp"
#include "host/channel/provider.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace relance::channel {

enum class Operation : std::uint8_t {
  submit,
  commit,
  query,
  recall,
  discard,
  parse,
  poll,
  fetch,
  authenticate
};

/// Tokens are unique among the operations that end in the same call.
enum class Ending : std::uint8_t { complete, recalled, discarded, parsed, polled, fetched, judged };
inline constexpr std::size_t kEndings{7};
constexpr Ending ending_of(Operation operation) {
  if (operation == Operation::recall) return Ending::recalled;
  if (operation == Operation::discard) return Ending::discarded;
  if (operation == Operation::poll) return Ending::polled;
  if (operation == Operation::fetch) return Ending::fetched;
  if (operation == Operation::authenticate) return Ending::judged;
  return operation == Operation::parse ? Ending::parsed : Ending::complete;
}

struct OpenToken {
  Token token{0};
  Operation operation{Operation::submit};
  Instant deadline;                   ///< wall time by which it ends, or is made up
  std::shared_ptr<const void> keeps;  ///< what the plugin borrowed with it
  bool is_announced{false};           ///< a plugin may have seen it
  bool is_made_up{false};             ///< ended by us; only the borrowed memory still waits for the plugin
};

/// Any thread.
class TokenTable {
 public:
  /// False: this token is open already.
  bool open(OpenToken token);
  /// The token ends. Nothing: it is not open, or was made up already (the memory then is let go).
  std::optional<OpenToken> close(Ending ending, Token token);
  /// As close(), for many at once: calls `closed(index, token)` for each that was open and `not_open(index)`
  /// for the rest, under the table's lock.
  template <class TokenOf, class Closed, class NotOpen>
  void close_all(Ending ending, std::size_t count, TokenOf &&token_of, Closed &&closed, NotOpen &&not_open) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i{0}; i < count; ++i) {
      if (auto token = close_locked(ending, token_of(i))) {
        closed(i, std::move(*token));
      } else {
        not_open(i);
      }
    }
  }
  /// Opens each of the tokens that `make(index)` gives; `made(index, is_new)` says which were not open yet.
  template <class Make, class Made>
  void open_all(std::size_t count, Make &&make, Made &&made) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i{0}; i < count; ++i) made(i, open_locked(make(i)));
  }
  /// From now on a plugin may have seen these. A token that is not open any more has got its end and must not
  /// be handed over: it becomes 0 in `tokens`. Returns how many are open.
  std::size_t announce(Ending ending, std::span<Token> tokens);
  /// Those that no plugin has seen end here, all at once: announce() names none of them afterwards.
  std::vector<OpenToken> withdraw();
  /// Those whose deadline has passed. With `keep_memory` the plugin may still read what it borrowed: what it
  /// has seen stays, as made up.
  std::vector<OpenToken> expire(Instant now, bool keep_memory);
  /// Once for each submission that a plugin had seen when its deadline passed (of the last ones).
  bool take_late(Token token);
  /// It has its end, but the plugin holds it still: it cannot be opened again now.
  [[nodiscard]] bool is_held(Ending ending, Token token) const;
  /// All that have not ended; the table is empty then, but for what is kept as above.
  std::vector<OpenToken> drain(bool keep_memory);

  [[nodiscard]] std::size_t size() const;               ///< not ended
  [[nodiscard]] std::size_t size(Ending ending) const;  ///< not ended

 private:
  bool open_locked(OpenToken &&token);
  std::optional<OpenToken> close_locked(Ending ending, Token token);

  mutable std::mutex mutex_;
  std::array<boost::unordered_flat_map<Token, OpenToken>, kEndings> open_;  // flat: no allocation a token
  std::array<std::size_t, kEndings> live_{};
  static constexpr std::size_t kLateMax{4096};  ///< more than any provider has in flight
  boost::unordered_flat_set<Token> late_;
};

}  // namespace relance::channel
