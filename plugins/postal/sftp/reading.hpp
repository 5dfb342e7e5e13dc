// Which acknowledgement files a poll takes, and when they may go. A file is taken when two polls in a row saw
// it with the same size and date, so that none is read while it is being written; it is removed by the poll
// after the one that took it, as only then its bytes are certainly on the host's disk (the cursor that names
// it is).
#pragma once

#include "plugins/postal/sftp/session.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace relance::postal::sftp {

/// The cursor of a poll.
struct Reading {
  std::vector<Entry> taken;  ///< on the host's disk when the next poll sees this
  std::vector<Entry> seen;   ///< looked at once

  /// A damaged cursor reads as an empty one: files are then taken a poll later, or twice, which does no harm.
  static Reading parse(std::string_view cursor);
  [[nodiscard]] std::string text() const;
};

[[nodiscard]] bool is_same_file(const Entry &a, const Entry &b);
/// No path, nothing hidden, of that ending: what a poll may read and remove.
[[nodiscard]] bool is_acknowledgement(std::string_view name, std::string_view suffix);

}  // namespace relance::postal::sftp
