// The journal inside a container: its chain, the sealed day above it, and what it says of the documents
// beside it.
#pragma once

#include "host/base/result.hpp"
#include "host/base/sha256.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace relance::evidence {

/// What the journal's entries claim was there.
struct JournalClaims {
  std::size_t entries{0}, erased{0};
  std::map<std::int64_t, std::vector<Sha256>>
      sent;               ///< by attempt: the parts of its message, as they were handed over
  /// Bytes that receipts were read from, each with what was read; nothing where an earlier program did not
  /// note it.
  std::map<Sha256, std::set<Sha256>> came;
  struct Seal {
    std::string day;
    Sha256 root{};
    bool has_token{false};
  };
  std::optional<Seal> seal{};
  bool has_retention{false};  ///< something of this case is past its retention
};

/// Refused when the chain, or the way to its seal's root, does not hold.
Result<JournalClaims> check_journal(std::string_view json);

}  // namespace relance::evidence
