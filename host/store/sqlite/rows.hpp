// What the embedded store reads into memory and hands from one of its files to the next: rows as its concerns
// see them, keys, and what a transaction carries along. Values only.
#pragma once

#include "host/store/records.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace relance::store::sqlite {

struct DebtorKey {
  CreditorId creditor{0};
  DebtorId debtor{0};
  auto operator<=>(const DebtorKey &) const = default;
};
struct DebtorKeyHash {
  std::size_t operator()(const DebtorKey &key) const {
    return static_cast<std::size_t>(key.debtor) * 0x9E3779B97F4A7C15ULL ^
           static_cast<std::size_t>(key.creditor);
  }
};
/// A row of the schedule, in its order.
struct Due {
  std::int64_t next_at_ms{0};
  DebtorKey key{};
  auto operator<=>(const Due &) const = default;
};

/// What settling needs of a claim.
struct Lease {
  Instant next_at{};
  std::int64_t extras{0};
  std::optional<CivilDate> contacted_on{};
  std::vector<Position> positions{};  ///< of the items that were decided on
};
/// An attempt without outcome.
struct Unfinished {
  DebtorKey key{};
  CaseId case_id{0};
  ReminderId reminder{0};
  std::string provider;
  AttemptState state{AttemptState::open};
  std::int64_t epoch{0};
  bool is_withdrawn{false}, is_handed_over{false};
};
/// A receivable as imports and people address it.
struct ReceivableRow {
  DebtorId debtor{0};
  ReceivableId id{0};
  CaseId case_id{0};
  std::string currency, reference;
  CivilDate issued{}, due{};
  std::int64_t amount{0}, balance{0};
  std::optional<std::int64_t> stated_open{};
  domain::ItemState state{domain::ItemState::open};
  std::int32_t round{1}, step{-1};
  bool was_reminded{false}, is_disputed{false};
};
struct AttemptRow {
  DebtorKey key{};
  AttemptId id{0};
  CaseId case_id{0};
  ReminderId reminder{0};
  std::string channel, provider, address, key_text;
  AttemptState state{AttemptState::open};
  bool is_withdrawn{false};
  std::uint32_t part_count{0};  ///< that its provider spoke of; 0: it did not
  domain::DeliveryState delivery{};
};
/// A receipt with what correlation adds.
struct Arrived {
  InboundId inbound{0};
  Sha256 raw{};  ///< of the inbound bytes
  std::string provider;
  ReceiptRecord receipt;
  Instant at{};
};
/// A seal that is being made.
struct Sealing {
  CreditorId creditor{0};
  CivilDate day{};
  std::int64_t read{0}, up_to{0};
  Sha256 root_before{};
  std::map<CaseId, Sha256> heads{};
};
enum class Heard : std::uint8_t { news, again, again_in_the_same_bytes };
/// Of whom raw bytes speak.
struct Parties {
  std::set<DebtorKey> known, erased;
  std::set<std::pair<std::string, std::string>>
      unknown;              ///< reference and key, or the sender, of what has no debtor yet
  bool has_repeats{false};  ///< of what other bytes said before: no receipt names these
};
/// Thrown inside a settlement to refuse it; caught in settle().
struct Refused {
  std::string reason;
};

struct ExpectedRow {
  std::int64_t due_ms{0};
  AttemptId attempt{0};
  domain::ReceiptKind kind{};
  CreditorId creditor{0};
  std::string provider;
};
struct OpenTask {
  DebtorKey key{};
  TaskId id{0};
  CaseId case_id{0};
  ReminderId reminder{0};
  std::string way;
  std::int32_t tries{0};
  bool holds{false};
};
/// Nothing of it: all that is open.
struct Promised {
  std::optional<std::int64_t> amount_minor{};
  std::optional<domain::Currency> currency{};
};
/// Whom a reply is from, as far as can be told.
struct Speaker {
  DebtorKey key{};
  CaseId case_id{0};
  ReminderId reminder{0};
  std::string channel, address;
};

}  // namespace relance::store::sqlite
