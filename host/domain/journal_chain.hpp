// How the journal proves that nothing in it was changed: entries of a case chained by hashes, the heads of
// all cases of a day gathered into one Merkle root. Here and nowhere else, because the store that writes a
// chain and the program that verifies an exported one years later must agree on every byte.
#pragma once

#include "host/base/sha256.hpp"
#include "host/domain/facts.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace relance::domain {

/// Of what an entry says. The salt keeps an erased payload from being guessed from its hash.
Sha256 journal_payload_hash(std::string_view salt, std::string_view payload);

/// Of an entry: over the entry before it of the same case, its own header, and its payload's hash.
Sha256 journal_entry_hash(const Sha256 &previous, std::int64_t id, CreditorId creditor, CaseId case_id,
                          std::int64_t at_ms, std::string_view kind, const Sha256 &payload_hash);

/// A case and the hash of its last entry.
using JournalHeads = std::vector<std::pair<CaseId, Sha256>>;

/// Merkle root over the heads of one day and the root of the sealed day before. Leaves in order of case id.
Sha256 merkle_root(const Sha256 &root_before, const JournalHeads &heads);

/// One node beside the way from a leaf to the root.
struct MerkleStep {
  Sha256 sibling{};
  bool is_left{false};  ///< the sibling stands left of the node
};
/// The way from the leaf of `heads[leaf]` to merkle_root(root_before, heads).
std::vector<MerkleStep> merkle_path(const Sha256 &root_before, const JournalHeads &heads, std::size_t leaf);
/// Where a head's way ends: the root, when head and way are those that were sealed.
Sha256 merkle_climb(CaseId case_id, const Sha256 &head, std::span<const MerkleStep> path);

}  // namespace relance::domain
