// The journal: what happened to each case, chained by hashes. An entry's hash covers the entry before it of
// the same case, its own header and the hash of its payload; salt and payload live in a row that erasure may
// remove.
//
// The head of each case's chain is kept in memory and written to case_head in bulk (kDirtyHeadsMax at a
// time), because it changes with every entry; after a crash the tail of the journal itself gives the missing
// ones back.
#pragma once

#include "host/store/records.hpp"
#include "host/store/sqlite/connection.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace relance::store::sqlite {

/// The journal's chain of a debtor that has no case: its own, so that it can be erased; 0, the creditor's, of a
/// stranger.
constexpr CaseId chain_without_case(DebtorId debtor) {
  return -debtor;
}

/// A flat JSON object, written field by field. Names are literals; text is escaped.
class Payload {
 public:
  Payload &text(std::string_view name, std::string_view value);
  Payload &number(std::string_view name, std::int64_t value);
  Payload &date(std::string_view name, CivilDate value) { return text(name, format_date(value)); }
  Payload &ids(std::string_view name, const std::vector<std::int64_t> &values);
  [[nodiscard]] std::string take();

 private:
  void name(std::string_view name);
  void put(std::int64_t value);
  std::string json_{"{"};
};

class Journal {
 public:
  explicit Journal(Connection &connection) : connection_{connection} {}

  /// Reads where the journal ends, and the heads that were not written yet.
  void load();
  /// Inside a transaction. Case 0: an entry of the creditor itself.
  std::int64_t append(CreditorId creditor, CaseId case_id, Instant at, std::string_view kind,
                      std::string_view payload);
  /// Just before the transaction commits: may write heads.
  void before_commit();
  /// Like every effect of a commit, it cannot fail.
  void committed() noexcept;
  void rolled_back();
  /// Inside a transaction: writes every head now.
  void flush_heads();

  struct Head {
    std::int64_t entry{0};
    Sha256 hash{};
  };
  /// As of now, also inside a transaction.
  Head head(CreditorId creditor, CaseId case_id);
  [[nodiscard]] std::int64_t last_id() const { return next_id_ - 1; }

 private:
  struct Key {
    CreditorId creditor;
    CaseId case_id;
    bool operator==(const Key &) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key &key) const {
      return static_cast<std::size_t>(key.case_id) * 0x9E3779B97F4A7C15ULL ^
             static_cast<std::size_t>(key.creditor);
    }
  };
  using Heads = std::unordered_map<Key, Head, KeyHash>;

 public:
  /// A moment inside a transaction to which it may roll back.
  struct Mark {
    Heads staged;
    std::int64_t next_id;
  };
  [[nodiscard]] Mark mark() const { return {staged_, next_id_}; }
  void roll_back_to(const Mark &mark) {
    staged_ = mark.staged;
    next_id_ = mark.next_id;
  }

 private:
  Connection &connection_;
  Heads dirty_;   ///< newer than case_head
  Heads staged_;  ///< of the open transaction
  std::int64_t next_id_{1}, committed_next_id_{1};
  bool flushed_{false};
};

/// Walks every chain and every seal of a creditor; reports each fault.
JournalVerdict verify(Connection &connection, CreditorId creditor);

}  // namespace relance::store::sqlite
