// Integers go into hashes as eight bytes, little end first, on every machine.
#include "host/domain/journal_chain.hpp"

#include <array>

namespace relance::domain {
namespace {

void put_le64(char *out, std::int64_t value) {
  for (int i{0}; i < 8; ++i) out[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
}

/// 0 marks a leaf, 1 an inner node: neither can pass for the other.
Sha256 leaf_of(std::int64_t id, const Sha256 &hash) {
  std::array<char, 9> prefix{};
  put_le64(prefix.data() + 1, id);
  const std::array<std::string_view, 2> parts{std::string_view{prefix.data(), prefix.size()}, as_bytes(hash)};
  return sha256(parts);
}

Sha256 node_of(const Sha256 &left, const Sha256 &right) {
  const std::array<std::string_view, 3> parts{std::string_view{"\x01", 1}, as_bytes(left), as_bytes(right)};
  return sha256(parts);
}

std::vector<Sha256> leaves_of(const Sha256 &root_before, const JournalHeads &heads) {
  std::vector<Sha256> level;
  level.reserve(heads.size() + 1);
  level.push_back(leaf_of(-1, root_before));
  for (const auto &[case_id, hash] : heads) level.push_back(leaf_of(case_id, hash));
  return level;
}

/// A node without a neighbour rises as it is.
std::vector<Sha256> level_above(const std::vector<Sha256> &level) {
  std::vector<Sha256> above;
  above.reserve((level.size() + 1) / 2);
  for (std::size_t i{0}; i + 1 < level.size(); i += 2) above.push_back(node_of(level[i], level[i + 1]));
  if (level.size() % 2 == 1) above.push_back(level.back());
  return above;
}

}  // namespace

Sha256 journal_payload_hash(std::string_view salt, std::string_view payload) {
  const std::array<std::string_view, 2> parts{salt, payload};
  return sha256(parts);
}

Sha256 journal_entry_hash(const Sha256 &previous, std::int64_t id, CreditorId creditor, CaseId case_id,
                          std::int64_t at_ms, std::string_view kind, const Sha256 &payload_hash) {
  std::array<char, 32> header{};
  put_le64(header.data(), id);
  put_le64(header.data() + 8, creditor);
  put_le64(header.data() + 16, case_id);
  put_le64(header.data() + 24, at_ms);
  const std::array<std::string_view, 4> parts{
      as_bytes(previous), std::string_view{header.data(), header.size()}, as_bytes(payload_hash), kind};
  return sha256(parts);
}

Sha256 merkle_root(const Sha256 &root_before, const JournalHeads &heads) {
  auto level = leaves_of(root_before, heads);
  while (level.size() > 1) level = level_above(level);
  return level.front();
}

std::vector<MerkleStep> merkle_path(const Sha256 &root_before, const JournalHeads &heads, std::size_t leaf) {
  std::vector<MerkleStep> path;
  auto level = leaves_of(root_before, heads);
  for (auto at = leaf + 1; level.size() > 1; at /= 2) {  // + 1: the first leaf is the day before
    const auto beside = at ^ 1;
    if (beside < level.size()) path.push_back({level[beside], beside < at});
    level = level_above(level);
  }
  return path;
}

Sha256 merkle_climb(CaseId case_id, const Sha256 &head, std::span<const MerkleStep> path) {
  auto node = leaf_of(case_id, head);
  for (const auto &step : path)
    node = step.is_left ? node_of(step.sibling, node) : node_of(node, step.sibling);
  return node;
}

}  // namespace relance::domain
