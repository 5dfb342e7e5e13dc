// What comes back: raw bytes first, then what they mean. The state of an attempt is computed from all of its
// receipts, so their order and repeats do not matter; reactions are noted once per (reminder, kind).
#include "host/store/sqlite/evidence_reader.hpp"
#include "host/store/sqlite/sqlite_store.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

namespace relance::store::sqlite {
namespace {

using domain::DeliveryState;
using domain::FailureClass;
using domain::ReceiptKind;

/// Tries at stored bytes are spaced by doubling from one minute to this, without end: a parser may need the
/// network.
constexpr Milliseconds kParseRetryMax{std::chrono::hours{6}};
/// Unverified bytes that a plugin was asked about so often are not asked about at each of its starts.
constexpr std::int64_t kHurriedTriesMax{2};
/// A day of tries: whoever sent them was told to send them again, and has.
constexpr std::int64_t kUnverifiedTriesMax{12};
/// Of `shared` in the schema.
constexpr std::int64_t kSharedByMany{1}, kSeenByNobody{2};
/// Each statement reads and writes the counter of the ids: rows that come together share that, a third of
/// their time.
constexpr std::size_t kRowsAtOnce{16};
/// Parts of one message; more is a provider's mistake.
constexpr std::uint32_t kPartsMax{255};

Milliseconds retry_after(std::int64_t tries) {
  const Milliseconds wait{std::chrono::minutes{1} *
                          (std::int64_t{1} << std::clamp<std::int64_t>(tries, 0, 9))};
  return std::min(wait, kParseRetryMax);
}

template <std::size_t... At>
void insert_inbound(Connection &connection, std::span<const InboundRecord> records, Instant now,
                    std::index_sequence<At...>) {
  static const std::string kSql{[] {
    std::string sql{"INSERT INTO inbound (provider, kind, bytes, received_at, at, next_try) VALUES "};
    for (std::size_t i{0}; i < sizeof...(At); ++i)
      sql += i == 0 ? "(?, ?, ?, ?, ?, ?)" : ", (?, ?, ?, ?, ?, ?)";
    return sql;
  }()};
  const auto row = [now](const InboundRecord &record) {
    return std::tuple{std::string_view{record.provider},
                      std::string_view{record.kind},
                      Blob{record.bytes},
                      record.received_at,
                      now,
                      now};
  };
  std::apply([&](const auto &...values) { run(connection, kSql.c_str(), values...); },
             std::tuple_cat(row(records[At])...));
}

Sha256 digest_of(const ReceiptRecord &receipt, std::uint32_t part_index, std::uint32_t part_count) {
  return sha256(event_of(receipt, part_index, part_count));
}

/// What one receipt adds to the state: a negative kind counts only once it is final.
DeliveryState contribution(ReceiptKind kind, FailureClass failure, bool is_final) {
  if (kind == ReceiptKind::complaint || (is_negative(kind) && !is_final)) return {};
  return {kind, is_negative(kind) ? failure : FailureClass::none};
}

}  // namespace

std::string event_of(const ReceiptRecord &receipt, std::uint32_t part_index, std::uint32_t part_count) {
  Payload payload;
  payload.number("part", part_index)
      .number("of", part_count)
      .number("kind", static_cast<int>(receipt.kind));
  payload.number("final", receipt.is_final)
      .number("failure", static_cast<int>(receipt.failure))
      .text("code", receipt.code);
  payload.text("text", receipt.text)
      .number("time", receipt.provider_time ? to_ms(*receipt.provider_time) : -1);
  payload.number("price", receipt.price_micro).text("currency", receipt.price_currency);
  return payload.take();
}

// ---------------------------------------------------------------------------------------------------------------------
// Raw bytes

Result<std::vector<InboundId>> SqliteStore::store_inbound(std::span<const InboundRecord> records,
                                                          std::span<const CursorRecord> cursors,
                                                          Instant now) {
  return guarded("storing inbound bytes", [&]() -> Result<std::vector<InboundId>> {
    std::vector<InboundId> ids;
    ids.reserve(records.size());
    Unit unit{*connection_, journal_};
    while (!records.empty()) {
      const auto rows = records.size() < kRowsAtOnce ? 1 : kRowsAtOnce;
      if (rows == 1)
        insert_inbound(*connection_, records, now, std::make_index_sequence<1>{});
      else
        insert_inbound(*connection_, records, now, std::make_index_sequence<kRowsAtOnce>{});
      // Ids rise by one within a statement, as nobody else writes.
      const InboundId last{connection_->database().getLastInsertRowid()};
      for (std::size_t i{0}; i < rows; ++i) ids.push_back(last - static_cast<InboundId>(rows - 1 - i));
      records = records.subspan(rows);
    }
    for (const auto &[provider, cursor] : cursors)
      run(*connection_, "INSERT OR REPLACE INTO poll_cursor VALUES (?, ?)", provider, Blob{cursor});
    if (!ids.empty()) unit.tally("inbound", static_cast<std::int64_t>(ids.size()));
    unit.commit();
    return ids;
  });
}

Result<std::string> SqliteStore::cursor(std::string_view provider) {
  return guarded("reading a cursor", [&]() -> Result<std::string> {
    Query query{*connection_, "SELECT cursor FROM poll_cursor WHERE provider = ?", provider};
    return query.next() ? query.blob(0) : std::string{};
  });
}

Result<std::vector<StoredInbound>> SqliteStore::inbound_to_parse(std::span<const std::string> providers,
                                                                 Instant now, std::size_t limit) {
  return guarded("reading inbound bytes", [&]() -> Result<std::vector<StoredInbound>> {
    std::vector<StoredInbound> found;
    // One provider's backlog is not allowed to keep the others' receipts waiting.
    const auto share = providers.empty() ? 0 : (limit + providers.size() - 1) / providers.size();
    for (const auto &provider : providers) {
      Query query{*connection_,
                  "SELECT id, kind, bytes, tries, received_at FROM inbound WHERE state = 0 AND provider = ? "
                  "AND next_try <= ?"
                  " ORDER BY next_try, id",
                  provider, now};
      const auto first = found.size();
      while (found.size() < limit && found.size() - first < share && query.next()) {
        if (in_parse_.contains(query.i64(0))) continue;
        found.push_back({query.i64(0), provider, query.text(1),
                         std::make_shared<const std::string>(query.blob(2)), query.i32(3), query.instant(4)});
      }
    }
    for (const auto &one : found) in_parse_.insert(one.id);
    return found;
  });
}

Result<std::vector<UnverifiedShare>> SqliteStore::unverified() {
  return guarded("counting unverified bytes", [&]() -> Result<std::vector<UnverifiedShare>> {
    std::vector<UnverifiedShare> shares;
    Query query{*connection_,
                "SELECT provider, count(*), total(length(bytes)) FROM inbound WHERE state = 0 AND kind = ?"
                " GROUP BY provider",
                "unverified"};
    while (query.next())
      shares.push_back({query.text(0), query.as<std::size_t>(1), query.as<std::size_t>(2)});
    return shares;
  });
}

Result<std::vector<InboundId>> SqliteStore::settle_unverified(std::span<const VerifiedRecord> records, Instant now) {
  return guarded("settling unverified bytes", [&]() -> Result<std::vector<InboundId>> {
    std::vector<InboundId> given_up;
    Unit unit{*connection_, journal_};
    for (const auto &record : records) {
      if (!record.kind.empty()) {
        run(*connection_, "UPDATE inbound SET kind = ?, bytes = ?, tries = 0, next_try = ?, error = '' WHERE id = ?",
            record.kind, Blob{record.bytes}, now, record.inbound);
      } else if (record.error.empty()) {
        run(*connection_, "DELETE FROM inbound WHERE id = ?", record.inbound);
      } else {
        std::int64_t tries{0};
        {
          Query query{*connection_, "SELECT tries FROM inbound WHERE id = ?", record.inbound};
          if (query.next()) tries = query.i64(0);
        }
        if (tries >= kUnverifiedTriesMax) {
          run(*connection_, "DELETE FROM inbound WHERE id = ?", record.inbound);
          given_up.push_back(record.inbound);
        } else {
          run(*connection_, "UPDATE inbound SET tries = tries + 1, error = ?, next_try = ? WHERE id = ?",
              record.error, now + retry_after(tries), record.inbound);
        }
      }
    }
    unit.commit();
    for (const auto &record : records) in_parse_.erase(record.inbound);
    return given_up;
  });
}

Result<void> SqliteStore::hurry_unverified(std::string_view provider, Instant now) {
  return guarded("hurrying unverified bytes", [&]() -> Result<void> {
    Unit unit{*connection_, journal_};
    run(*connection_,
        "UPDATE inbound SET next_try = ? WHERE state = 0 AND provider = ? AND kind = 'unverified' AND tries < ?",
        now, provider, kHurriedTriesMax);
    unit.commit();
    return {};
  });
}

Result<std::uint64_t> SqliteStore::reparse(std::string_view provider, InboundId only) {
  return guarded("marking inbound bytes to parse again", [&]() -> Result<std::uint64_t> {
    Unit unit{*connection_, journal_};
    const auto count =
        only != 0
            ? run(*connection_,
                  "UPDATE inbound SET state = 0, tries = 0, next_try = at WHERE id = ? AND kind NOT IN"
                  " ('erased', 'repeat', 'expired')",
                  only)
            : run(*connection_,
                  "UPDATE inbound SET state = 0, tries = 0, next_try = at WHERE provider = ? AND kind NOT IN"
                  " ('erased', 'repeat', 'expired')",
                  provider);
    unit.commit();
    if (only != 0 && count == 0) return not_found("there is no inbound record " + std::to_string(only));
    return static_cast<std::uint64_t>(count);
  });
}

Result<void> SqliteStore::apply_parsed(std::span<const ParsedRecord> batch, Instant now) {
  return guarded("applying receipts", [&]() -> Result<void> {
    const auto waiting_before = receipts_waiting_;
    try {
      Unit unit{*connection_, journal_};
      for (const auto &parsed : batch) apply_one(unit, parsed, now);
      unit.commit();
    } catch (...) {
      receipts_waiting_ = waiting_before;
      throw;
    }
    for (const auto &parsed : batch) in_parse_.erase(parsed.inbound);
    return {};
  });
}

void SqliteStore::apply_one(Unit &unit, const ParsedRecord &parsed, Instant now) {
  std::string provider;
  std::int64_t tries{0};
  Sha256 raw{};  // taken first: a receipt of somebody who was erased empties the bytes
  {
    Query query{*connection_, "SELECT provider, tries, bytes, hash, shared FROM inbound WHERE id = ?",
                parsed.inbound};
    if (!query.next()) return;
    provider = query.text(0);
    tries = query.i64(1);
    // What nobody may see keeps the name that it has in the journal, also where the bytes are not those any
    // more.
    raw = query.i64(4) == kSeenByNobody && !query.is_null(3) ? query.hash(3) : sha256(query.blob(2));
  }
  if (!parsed.error.empty()) {
    run(*connection_, "UPDATE inbound SET tries = tries + 1, error = ?, state = ?, next_try = ? WHERE id = ?",
        parsed.error, parsed.is_retryable ? 0 : 2, now + retry_after(tries), parsed.inbound);
    return;
  }
  run(*connection_, "UPDATE inbound SET state = 1, error = '', hash = ? WHERE id = ?", raw, parsed.inbound);
  bool is_repeat{!parsed.receipts.empty() && parsed.replies.empty()};
  Parties parties;
  for (const auto &receipt : parsed.receipts) {
    const Arrived arrived{parsed.inbound, raw, provider, receipt, now};
    unit.tally("receipts");
    if (const auto attempt = correlate(provider, receipt.ref, receipt.idempotency_key)) {
      const bool is_forgotten{is_erased(attempt->key)};
      (is_forgotten ? parties.erased : parties.known).insert(attempt->key);
      const auto heard = apply_receipt(unit, *attempt, arrived, is_forgotten, now);
      is_repeat = is_repeat && heard == Heard::again_in_the_same_bytes;
      parties.has_repeats = parties.has_repeats || heard == Heard::again;
    } else {
      parties.unknown.emplace(receipt.ref, receipt.idempotency_key);
      keep_waiting(unit, arrived);
      is_repeat = false;
    }
  }
  // The same bytes once more, as providers send them that missed an answer and as who is polled says them each time:
  // they are kept once, and their receipt counts them.
  if (is_repeat) {
    run(*connection_, "DELETE FROM inbound WHERE id = ?", parsed.inbound);
    return;
  }
  if (!parsed.replies.empty()) apply_replies(unit, provider, raw, parsed, parties, now);
  note_parties(parsed.inbound, parties);
}

// ---------------------------------------------------------------------------------------------------------------------
// Whose the raw bytes are

void SqliteStore::note_parties(InboundId inbound, const Parties &parties) {
  bool is_shared{parties.known.size() + parties.erased.size() + parties.unknown.size() > 1};
  if (!is_shared && parties.erased.empty() && !parties.has_repeats)
    return;  // most of all: one event of one debtor
  // Those that the same bytes were read for before, by another parser, may be others.
  is_shared =
      run(*connection_, "UPDATE inbound SET shared = max(shared, ?) WHERE id = ? AND (? OR shared > 0)",
          parties.erased.empty() ? kSharedByMany : kSeenByNobody, inbound, is_shared) > 0;
  if (is_shared || parties.has_repeats)
    for (const auto &key : parties.known) add_party(inbound, key);
  for (const auto &key : parties.erased) forget_raw(inbound, key);
}

void SqliteStore::add_party(InboundId inbound, DebtorKey key) {
  run(*connection_, "INSERT OR IGNORE INTO inbound_party VALUES (?, ?, ?)", inbound, key.creditor,
      key.debtor);
}

bool SqliteStore::forget_raw(InboundId inbound, DebtorKey key) {
  run(*connection_, "DELETE FROM inbound_party WHERE inbound = ? AND creditor = ? AND debtor = ?", inbound,
      key.creditor, key.debtor);
  {
    Query others{*connection_, "SELECT 1 FROM inbound_party WHERE inbound = ? AND debtor <> 0", inbound};
    if (others.next()) {
      run(*connection_, "UPDATE inbound SET shared = ? WHERE id = ?", kSeenByNobody, inbound);
      return false;
    }
  }
  run(*connection_,
      "UPDATE inbound SET bytes = x'', kind = 'erased', hash = NULL, state = 1, error = '' WHERE id = ?",
      inbound);
  return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Receipts

std::optional<AttemptRow> SqliteStore::correlate(std::string_view provider,
                                                              const std::string &ref,
                                                              const std::string &key) {
  if (!key.empty())
    if (auto attempt = attempt_by_key(key); attempt && attempt->provider == provider) return attempt;
  if (!ref.empty()) return attempt_by_ref(provider, ref);
  return std::nullopt;
}

std::pair<std::uint32_t, std::uint32_t> SqliteStore::part_of(const AttemptRow &attempt,
                                                            const ReceiptRecord &receipt) {
  if (receipt.part_count > 1) {
    const auto count = std::min(receipt.part_count, kPartsMax);
    return {std::min(receipt.part_index, count - 1), count};
  }
  if (receipt.ref.empty() || attempt.part_count == 1) return {0, 1};
  // Of a message with several references each names a part: it has arrived when all have. Its provider may have said how many
  // there are: those whose reference never came count as well.
  std::uint32_t known{0}, part{0};
  {
    Query refs{*connection_, "SELECT count(*), total(iif(ref = ?, part, 0)) FROM attempt_ref WHERE creditor = ? AND attempt = ?",
               Blob{receipt.ref}, attempt.key.creditor, attempt.id};
    if (refs.next()) known = refs.as<std::uint32_t>(0), part = refs.as<std::uint32_t>(1);
  }
  const auto count = std::min(std::max(known, attempt.part_count), kPartsMax);
  if (count < 2) return {0, 1};
  return {std::min(part, count - 1), count};
}

bool SqliteStore::is_erased(DebtorKey key) {
  Query query{*connection_, "SELECT extras & ? <> 0 FROM debtor_state WHERE creditor = ? AND id = ?",
              static_cast<std::int64_t>(kIsErased), key.creditor, key.debtor};
  return query.next() && query.flag(0);
}

Heard SqliteStore::apply_receipt(Unit &unit, const AttemptRow &attempt, const Arrived &came,
                                              bool is_forgotten, Instant now) {
  const auto [part_index, part_count] = part_of(attempt, came.receipt);
  const Sha256 digest{digest_of(came.receipt, part_index, part_count)};
  // Of somebody who was erased only what happened is kept, as erasure itself leaves it.
  std::optional<Arrived> remains;
  if (is_forgotten) {
    remains = came;
    remains->receipt.text.clear();
    remains->receipt.evidence.clear();
  }
  const auto &arrived = remains ? *remains : came;
  const auto &receipt = arrived.receipt;
  keep_evidence(attempt, arrived);  // also of a repeat: a better parser may have found more
  if (run(*connection_, "INSERT OR IGNORE INTO receipt VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0)",
          attempt.key.creditor, attempt.id, digest, arrived.inbound, part_index, part_count, receipt.kind,
          receipt.is_final, receipt.failure, receipt.code, receipt.text, receipt.provider_time, arrived.at,
          receipt.price_micro, receipt.price_currency) == 0) {
    run(*connection_,
        "UPDATE receipt SET repeats = repeats + 1 WHERE creditor = ? AND attempt = ? AND digest = ?",
        attempt.key.creditor, attempt.id, digest);
    Query first{*connection_,
                "SELECT 1 FROM receipt r JOIN inbound i ON i.id = r.inbound WHERE r.creditor = ? AND r.attempt = ?"
                " AND r.digest = ? AND r.inbound <> ? AND i.hash = ? AND i.kind NOT IN ('erased', 'repeat')",
                attempt.key.creditor, attempt.id, digest, arrived.inbound, arrived.raw};
    return first.next() ? Heard::again_in_the_same_bytes : Heard::again;
  }
  if (receipt.price_micro != 0) {
    run(*connection_, "UPDATE attempt SET price_micro = ?, price_currency = ? WHERE creditor = ? AND id = ?",
        receipt.price_micro, receipt.price_currency, attempt.key.creditor, attempt.id);
    settle_price(attempt.id, receipt.price_micro, receipt.price_currency);
  }

  std::vector<DeliveryState> parts;
  std::set<ReceiptKind> arrived_parts;
  DeliveryState state{};
  {
    Query query{*connection_,
                "SELECT part_index, part_count, kind, failure, is_final FROM receipt WHERE creditor = ? AND "
                "attempt = ?",
                attempt.key.creditor, attempt.id};
    while (query.next()) {
      parts.resize(std::max(parts.size(), static_cast<std::size_t>(query.i64(1))));
      auto &part = parts[static_cast<std::size_t>(query.i64(0))];
      if (query.i64(1) > 1 && is_positive(query.as<ReceiptKind>(2))) arrived_parts.insert(query.as<ReceiptKind>(2));
      part = domain::join(part,
                          contribution(query.as<ReceiptKind>(2), query.as<FailureClass>(3), query.flag(4)));
    }
    state = domain::aggregate(parts);
  }
  {
    Query query{*connection_,
                "SELECT outcome_delivery, outcome_failure FROM attempt WHERE creditor = ? AND id = ?",
                attempt.key.creditor, attempt.id};
    if (query.next()) state = domain::join(state, {query.as<ReceiptKind>(0), query.as<FailureClass>(1)});
  }
  // Any word of the provider means that it has the message: that ends a doubt, and belies "not sent". That it
  // is cancelled says the same as "not sent", in the receipt that follows a recall.
  const bool confirms_recall{receipt.kind == ReceiptKind::cancelled &&
                             attempt.state == AttemptState::not_sent};
  if (confirms_recall) state = attempt.delivery;
  const bool is_heard_of{receipt.kind != ReceiptKind::complaint && !confirms_recall};
  const bool is_resolved{
      is_heard_of && (attempt.state == AttemptState::in_doubt || attempt.state == AttemptState::not_sent)};
  const bool is_changed{!(state == attempt.delivery) || is_resolved};
  if (is_changed)
    run(*connection_, "UPDATE attempt SET delivery = ?, failure = ?, state = ? WHERE creditor = ? AND id = ?",
        state.kind, state.failure, is_resolved ? AttemptState::accepted : attempt.state, attempt.key.creditor,
        attempt.id);
  if (is_resolved) {
    tally_change(unit, attempt.state, AttemptState::accepted);
    want_recall(unit, attempt.key.creditor, attempt.id, now);
  }
  if (is_resolved) {
    await(attempt, now);
    expect_receipts(unit, attempt, now);
  }
  if (is_changed || receipt.kind == ReceiptKind::relayed) answer_silence(unit, attempt, state, now);
  // A provider that says of the whole message that it knows no more is not asked again: a printer has printed.
  const bool is_told_all{is_positive(state.kind) || is_negative(state.kind) || parts.size() == 1};
  if (receipt.is_final && is_told_all) end_awaiting(attempt);
  const auto tally_delivery = [&](const char *name, bool before, bool after) {
    if (before != after) unit.tally(name, after ? 1 : -1);
  };
  tally_delivery("delivered", is_positive(attempt.delivery.kind), is_positive(state.kind));
  tally_delivery("bounced", is_negative(attempt.delivery.kind), is_negative(state.kind));

  Payload payload;
  payload.number("reminder", attempt.reminder)
      .number("attempt", attempt.id)
      .text("receipt", domain::name_of(receipt.kind));
  if (part_count > 1) payload.number("part", part_index).number("of", part_count);
  if (receipt.failure != FailureClass::none) payload.text("failure", domain::name_of(receipt.failure));
  payload.text("code", receipt.code).text("text", receipt.text).number("inbound", arrived.inbound);
  if (!is_forgotten && arrived.inbound != 0)
    payload.text("raw", to_hex(arrived.raw)).text("event", to_hex(digest));
  journal_entry(unit, attempt.key.creditor, attempt.case_id, now, "receipt", payload);

  if (confirms_recall) return Heard::news;
  const bool counts{!is_negative(receipt.kind) || receipt.is_final};
  const bool is_of_part{part_count > 1 && is_positive(receipt.kind)};
  if (counts && !is_of_part) note_reaction(attempt, receipt.kind, now);
  // A part that has arrived says nothing of the others: what is there to react to is that all have.
  for (const auto kind : arrived_parts)
    if (state.kind >= kind) note_reaction(attempt, kind, now);
  if (is_negative(receipt.kind) && receipt.is_final && !is_forgotten)
    after_failure(unit, attempt, receipt.failure, receipt.code, receipt.text, now);
  if (receipt.kind == ReceiptKind::complaint && !is_forgotten && attempt.reminder != 0)
    mark_suppressed(unit, attempt.key.creditor, attempt.channel, attempt.address, "the addressee complained",
                    now);
  if (attempt.state == AttemptState::open || attempt.state == AttemptState::prepared)
    unit.then([this, key = attempt.key] {
      read_while_open_.insert(key);
    });  // its outcome has more than itself to look at
  if (!is_changed && receipt.kind <= ReceiptKind::dispatched) return Heard::news;
  refresh_reminder(unit, attempt.key, attempt.reminder);
  touch(unit, attempt.key, now);
  return Heard::news;
}

void SqliteStore::keep_waiting(Unit &, const Arrived &arrived) {
  const auto &receipt = arrived.receipt;
  const auto digest = digest_of(receipt, receipt.part_index, receipt.part_count);
  receipts_waiting_ += run(
      *connection_,
      "INSERT OR IGNORE INTO receipt_waiting (provider, ref, idempotency_key, digest, inbound, part_index,"
      " part_count, kind, is_final, failure, code, text, provider_time, at, price_micro, price_currency)"
      " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
      arrived.provider, Blob{receipt.ref}, receipt.idempotency_key, digest, arrived.inbound,
      receipt.part_index, receipt.part_count, receipt.kind, receipt.is_final, receipt.failure, receipt.code,
      receipt.text, receipt.provider_time, arrived.at, receipt.price_micro, receipt.price_currency);
  for (const auto &evidence : receipt.evidence)
    run(*connection_,
        "INSERT OR IGNORE INTO evidence_waiting SELECT id, ?, ?, ?, ?, ? FROM receipt_waiting"
        " WHERE provider = ? AND ref = ? AND idempotency_key = ? AND digest = ?",
        evidence_name(evidence), evidence.media_type, evidence.file_name, evidence.reference, Blob{evidence.bytes},
        arrived.provider, Blob{receipt.ref}, receipt.idempotency_key, digest);
}

void SqliteStore::apply_waiting(Unit &unit, std::string_view provider, const std::string &ref, Instant now) {
  std::vector<std::pair<std::int64_t, Arrived>> waiting;
  {
    Query query{*connection_,
                "SELECT id, inbound, part_index, part_count, kind, is_final, failure, code, text, "
                "provider_time, at, price_micro,"
                " price_currency FROM receipt_waiting WHERE provider = ? AND ref = ?",
                provider, Blob{ref}};
    while (query.next()) {
      Arrived arrived;
      arrived.inbound = query.i64(1);
      arrived.provider = provider;
      auto &receipt = arrived.receipt;
      receipt.ref = ref;
      receipt.part_index = query.as<std::uint32_t>(2);
      receipt.part_count = query.as<std::uint32_t>(3);
      receipt.kind = query.as<ReceiptKind>(4);
      receipt.is_final = query.flag(5);
      receipt.failure = query.as<FailureClass>(6);
      receipt.code = query.text(7);
      receipt.text = query.text(8);
      receipt.provider_time = query.instant_if(9);
      arrived.at = query.instant(10);
      receipt.price_micro = query.i64(11);
      receipt.price_currency = query.text(12);
      waiting.emplace_back(query.i64(0), std::move(arrived));
    }
  }
  for (auto &[id, arrived] : waiting) {
    bool is_shared{false};
    {
      Query query{*connection_,
                  "SELECT media_type, file_name, bytes, reference FROM evidence_waiting WHERE waiting = ?",
                  id};
      while (query.next())
        arrived.receipt.evidence.push_back({query.text(0), query.text(1), query.blob(2), query.text(3)});
      Query raw{*connection_, "SELECT hash, shared FROM inbound WHERE id = ?", arrived.inbound};
      if (raw.next()) {
        if (!raw.is_null(0)) arrived.raw = raw.hash(0);
        is_shared = raw.flag(1);
      }
    }
    if (const auto attempt = attempt_by_ref(provider, ref)) {
      const bool is_forgotten{is_erased(attempt->key)};
      apply_receipt(unit, *attempt, arrived, is_forgotten, now);
      if (is_forgotten)
        forget_raw(arrived.inbound, attempt->key);
      else if (is_shared)
        add_party(arrived.inbound, attempt->key);
    }
    run(*connection_, "DELETE FROM evidence_waiting WHERE waiting = ?", id);
    run(*connection_, "DELETE FROM receipt_waiting WHERE id = ?", id);
    unit.then([this] { --receipts_waiting_; });
  }
}

}  // namespace relance::store::sqlite
