// Appending, sealing and verifying the journal.
#include "host/store/sqlite/journal.hpp"

#include "host/base/id.hpp"
#include "host/domain/journal_chain.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

namespace relance::store::sqlite {
namespace {

/// Heads kept in memory before they are written together: some 2 MB, and a start reads at most so many
/// entries again.
constexpr std::size_t kDirtyHeadsMax{20'000};
constexpr std::size_t kFaultsMax{1'000};

/// A cleared map keeps its buckets, and overwrites them all at each clearing: after one transaction over a whole portfolio
/// that would be megabytes in every commit.
void empty(auto &heads) noexcept {
  if (heads.bucket_count() > 4 * kDirtyHeadsMax) {
    heads = {};
  } else {
    heads.clear();
  }
}

}  // namespace

void Payload::name(std::string_view name) {
  if (json_.size() > 1) json_ += ',';
  json_ += '"';
  json_ += name;
  json_ += "\":";
}

void Payload::put(std::int64_t value) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  json_.append(digits.data(), end);
}

Payload &Payload::text(std::string_view field, std::string_view value) {
  static constexpr char kHex[] = "0123456789abcdef";
  name(field);
  json_ += '"';
  std::size_t plain{0};  // where the run of characters begins that need no escape
  for (std::size_t i{0}; i < value.size(); ++i) {
    const auto byte = static_cast<unsigned char>(value[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    json_.append(value, plain, i - plain);
    plain = i + 1;
    if (byte < 0x20) {
      json_ += "\\u00";
      json_ += kHex[byte >> 4];
      json_ += kHex[byte & 15];
    } else {
      json_ += '\\';
      json_ += value[i];
    }
  }
  json_.append(value, plain);
  json_ += '"';
  return *this;
}

Payload &Payload::number(std::string_view field, std::int64_t value) {
  name(field);
  put(value);
  return *this;
}

Payload &Payload::ids(std::string_view field, const std::vector<std::int64_t> &values) {
  name(field);
  json_ += '[';
  for (std::size_t i{0}; i < values.size(); ++i) {
    if (i > 0) json_ += ',';
    put(values[i]);
  }
  json_ += ']';
  return *this;
}

std::string Payload::take() {
  json_ += '}';
  return std::move(json_);
}

void Journal::load() {
  dirty_.clear();
  staged_.clear();
  std::int64_t up_to{0};
  {
    Query query{connection_, "SELECT value FROM setting WHERE name = 'heads_upto'"};
    if (query.next()) up_to = std::stoll(query.text(0));
  }
  next_id_ = up_to + 1;
  Query tail{connection_, "SELECT id, creditor, case_id, hash FROM journal WHERE id > ? ORDER BY id", up_to};
  while (tail.next()) {
    dirty_[{tail.i32(1), tail.i64(2)}] = {tail.i64(0), tail.hash(3)};
    next_id_ = tail.i64(0) + 1;
  }
  committed_next_id_ = next_id_;
}

Journal::Head Journal::head(CreditorId creditor, CaseId case_id) {
  const Key key{creditor, case_id};
  if (const auto found = staged_.find(key); found != staged_.end()) return found->second;
  if (!flushed_)
    if (const auto found = dirty_.find(key); found != dirty_.end()) return found->second;
  Query query{connection_, "SELECT entry, hash FROM case_head WHERE creditor = ? AND case_id = ?", creditor,
              case_id};
  return query.next() ? Head{query.i64(0), query.hash(1)} : Head{};
}

std::int64_t Journal::append(CreditorId creditor, CaseId case_id, Instant at, std::string_view kind,
                             std::string_view payload) {
  const Head before{head(creditor, case_id)};
  const std::int64_t id{next_id_++};
  const std::string salt{random_hex(16)};
  const Sha256 payload_hash{domain::journal_payload_hash(salt, payload)};
  const Sha256 hash{domain::journal_entry_hash(before.hash, id, creditor, case_id, to_ms(at), kind, payload_hash)};
  run(connection_, "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", id, creditor, case_id, at,
      kind, before.entry, payload_hash, hash, salt, payload);
  staged_[{creditor, case_id}] = {id, hash};
  return id;
}

void Journal::flush_heads() {
  std::vector<std::pair<Key, Head>> heads(staged_.begin(), staged_.end());
  if (!flushed_)
    for (const auto &[key, head] : dirty_)
      if (!staged_.contains(key)) heads.emplace_back(key, head);
  std::sort(heads.begin(), heads.end(), [](const auto &a, const auto &b) {
    return std::pair{a.first.creditor, a.first.case_id} < std::pair{b.first.creditor, b.first.case_id};
  });
  for (const auto &[key, head] : heads)
    run(connection_, "INSERT OR REPLACE INTO case_head VALUES (?, ?, ?, ?)", key.creditor, key.case_id,
        head.entry, head.hash);
  run(connection_, "INSERT OR REPLACE INTO setting VALUES ('heads_upto', ?)", std::to_string(next_id_ - 1));
  empty(staged_);
  flushed_ = true;
}

void Journal::before_commit() {
  if (dirty_.size() + staged_.size() >= kDirtyHeadsMax) flush_heads();
}

void Journal::committed() noexcept {
  if (flushed_) empty(dirty_);
  for (const auto &[key, head] : staged_) dirty_[key] = head;
  empty(staged_);
  flushed_ = false;
  committed_next_id_ = next_id_;
}

void Journal::rolled_back() {
  empty(staged_);
  flushed_ = false;
  next_id_ = committed_next_id_;
}

namespace {

struct Seal {
  CivilDate day{};
  std::int64_t up_to{0}, heads{0};
  Sha256 root{};
};

/// What verify() remembers while it walks the journal once, in order of ids.
struct Walk {
  struct Chain {
    std::int64_t entry{0};
    Sha256 hash{};
    std::int64_t since_seal{0};  ///< entries after the last seal
  };
  JournalVerdict verdict;
  std::map<CaseId, Chain> chains;
  Sha256 root_before{};

  void fault(std::string text) {
    if (verdict.faults.size() < kFaultsMax) verdict.faults.push_back(std::move(text));
  }

  void check_seal(const Seal &seal) {
    std::vector<std::pair<CaseId, Sha256>> heads;
    for (auto &[case_id, chain] : chains) {
      if (chain.since_seal > 0) heads.emplace_back(case_id, chain.hash);
      chain.since_seal = 0;
    }
    if (static_cast<std::int64_t>(heads.size()) != seal.heads)
      fault("the seal of " + format_date(seal.day) + " covers " + std::to_string(seal.heads) +
            " cases, the journal has " + std::to_string(heads.size()));
    if (domain::merkle_root(root_before, heads) != seal.root)
      fault("the seal of " + format_date(seal.day) + " does not match the entries it covers");
    root_before = seal.root;
    ++verdict.days_sealed;
  }

  void check_entry(const Query &row, CreditorId creditor) {
    const std::int64_t id{row.i64(0)};
    const CaseId case_id{row.i64(1)};
    const std::string label{"entry " + std::to_string(id)};
    const Sha256 payload_hash{row.hash(5)}, hash{row.hash(6)};
    auto &chain = chains[case_id];
    if (row.i64(4) != chain.entry)
      fault(label + " follows entry " + std::to_string(row.i64(4)) + ", expected " +
            std::to_string(chain.entry));
    if (domain::journal_entry_hash(chain.hash, id, creditor, case_id, row.i64(2), row.text(3), payload_hash) != hash)
      fault(label + ": its hash is not that of the entry before it, its header and its payload's hash");
    if (row.is_null(7)) {
      ++verdict.erased;
    } else {
      const std::string salt{row.text(7)}, payload{row.text(8)};
      if (domain::journal_payload_hash(salt, payload) != payload_hash) fault(label + ": its payload is not the one that was journaled");
    }
    chain = {id, hash, chain.since_seal + 1};
    ++verdict.entries;
  }
};

}  // namespace

JournalVerdict verify(Connection &connection, CreditorId creditor) {
  Walk walk;
  std::vector<Seal> seals;
  {
    Query query{connection,
                "SELECT day, up_to, heads, root FROM journal_seal WHERE creditor = ? ORDER BY up_to, day",
                creditor};
    while (query.next()) seals.push_back({query.day(0), query.i64(1), query.i64(2), query.hash(3)});
  }
  auto seal = seals.begin();
  Query row{connection,
            "SELECT id, case_id, at, kind, previous, payload_hash, hash, salt, payload FROM journal"
            " WHERE creditor = ? ORDER BY id",
            creditor};
  while (row.next()) {
    for (; seal != seals.end() && seal->up_to < row.i64(0); ++seal) walk.check_seal(*seal);
    walk.check_entry(row, creditor);
  }
  for (; seal != seals.end(); ++seal) walk.check_seal(*seal);
  Query heads{connection, "SELECT case_id, entry, hash FROM case_head WHERE creditor = ?", creditor};
  while (heads.next()) {
    const auto chain = walk.chains.find(heads.i64(0));
    const bool is_known{chain != walk.chains.end() && chain->second.entry >= heads.i64(1)};
    if (!is_known)
      walk.fault("case " + std::to_string(heads.i64(0)) + " had reached entry " +
                 std::to_string(heads.i64(1)) + ", which the journal no longer has");
    else if (chain->second.entry == heads.i64(1) && chain->second.hash != heads.hash(2))
      walk.fault("case " + std::to_string(heads.i64(0)) + ": its head's hash is not that of its last entry");
  }
  walk.verdict.cases = walk.chains.size();
  return std::move(walk.verdict);
}

}  // namespace relance::store::sqlite
