// The small state of one instance (a mailbox cursor, a token that a provider gave): read from memory, kept in
// one file that is replaced as a whole. A file and not the store, as it must also be there for a child that
// has no store.
#pragma once

#include "host/base/result.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace relance::channel {

class InstanceState {
 public:
  static constexpr std::size_t kBytesMax{64 * 1024};  ///< all keys and values, as plugin.h promises

  /// Any thread. An empty value removes the key; false when it does not fit.
  bool put(std::string_view key, std::string_view value);
  [[nodiscard]] std::optional<std::string> get(std::string_view key) const;

  /// All of it as one text, and back; a text that is not of this form is refused as a whole.
  [[nodiscard]] std::string encode() const;
  Result<void> decode(std::string_view text);

  /// A file that does not exist is an empty state.
  Result<void> load(const std::string &path);
  /// Writes beside, syncs and renames, when something changed since the last time.
  Result<void> save_if_changed(const std::string &path);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> values_;
  std::size_t bytes_{0};
  bool is_changed_{false};
};

}  // namespace relance::channel
