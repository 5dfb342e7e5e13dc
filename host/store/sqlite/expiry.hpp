// What is past its retention: its bytes go, their hashes, dates and receipts stay. One use is one slice of
// the walk over the debtors that have settled something, inside one transaction; a place per kind in the
// store's settings says how far the walk has come.
#pragma once

#include "host/domain/retention.hpp"
#include "host/store/records.hpp"
#include "host/store/sqlite/connection.hpp"
#include "host/store/sqlite/unit.hpp"

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace relance::store::sqlite {

class Expiry {
 public:
  Expiry(Unit &unit, Instant now);

  /// At most so many debtors of each kind, and so many things of nobody known.
  Expired turn(const domain::RetentionPeriods &periods, std::size_t limit);

 private:
  enum class Kind : std::uint8_t { messages, proofs, inbound };
  struct Key {
    CreditorId creditor{0};
    DebtorId debtor{0};
  };
  struct Sent {
    ReminderId id{0};
    CivilDate decided_on{};
    std::vector<AttemptId> attempts;
    bool is_past{false};
  };
  using Documents = std::set<std::pair<std::int64_t, Sha256>>;  ///< bucket and hash

  void walk(Kind kind, std::optional<std::int32_t> up_to, std::size_t limit);
  void expire(Kind kind, const Key &key, std::int32_t up_to);
  std::vector<Sent> sent_to(const Key &key, std::int32_t up_to);
  bool is_open(AttemptId attempt);
  Documents parts_of(const Sent &sent, CreditorId creditor);
  Documents proofs_of(const Sent &sent, CreditorId creditor);
  std::uint64_t drop(const Key &key, const Documents &past, const Documents &kept);
  void expire_messages(const Key &key, const std::vector<Sent> &all);
  void expire_proofs(const Key &key, const std::vector<Sent> &all);
  void expire_inbound(const Key &key, const std::vector<Sent> &all, Instant answers_until);
  void expire_answers(const Key &key, Instant until);
  /// The words of answers that were journaled up to then.
  void expire_words(CreditorId creditor, CaseId chain, Instant until);
  /// The bytes go, unless they speak of another debtor too.
  bool blank(InboundId inbound, const Key &key);
  void expire_unknown(std::int32_t up_to, std::size_t limit);
  void note(const Key &key, const Expired &before, std::int32_t up_to);

  Unit &unit_;
  Connection &connection_;
  const Instant now_;
  CivilDate settled_before_{};  ///< for what was settled before that was noted
  Expired out_;
};

}  // namespace relance::store::sqlite
