// Stored raw bytes as people look at them: what came, how it was read, and what it turned out to say.
#include "host/domain/receipt.hpp"
#include "host/store/sqlite/moment.hpp"
#include "host/store/sqlite/views.hpp"

namespace relance::store::sqlite {
namespace {

constexpr std::string_view kStates[]{"waiting", "parsed", "failed"};  ///< by their number in the table

InboundRow row_of(const Query &query) {
  InboundRow row;
  row.id = query.i64(0);
  row.provider = query.text(1);
  row.kind = query.text(2);
  const auto state = query.as<std::size_t>(3);
  row.state = state < std::size(kStates) ? kStates[state] : std::string_view{"?"};
  row.error = query.text(4);
  row.received_at = query.instant(5);
  row.next_try = query.instant(6);
  row.tries = query.i32(7);
  row.bytes = query.as<std::uint64_t>(8);
  return row;
}

}  // namespace

Result<std::vector<InboundRow>> SqliteReader::inbound(std::string_view provider, std::string_view state,
                                                      InboundId before, std::size_t limit) {
  return guarded("reading inbound bytes", [&]() -> Result<std::vector<InboundRow>> {
    std::int64_t wanted{-1};
    for (std::size_t i{0}; i < std::size(kStates); ++i)
      if (state == kStates[i]) wanted = static_cast<std::int64_t>(i);
    if (wanted < 0 && !state.empty())
      return invalid("there is no such state as '" + std::string{state} + "'; write waiting, parsed or failed");
    std::vector<InboundRow> rows;
    Query query{connection_,
                "SELECT id, provider, kind, state, error, received_at, next_try, tries, length(bytes) FROM inbound"
                " WHERE id < ?1 AND (?2 = '' OR provider = ?2) AND (?3 < 0 OR state = ?3) ORDER BY id DESC LIMIT ?4",
                before == 0 ? INT64_MAX : before, provider, wanted, static_cast<std::int64_t>(limit)};
    while (query.next()) rows.push_back(row_of(query));
    return rows;
  });
}

Result<InboundItem> SqliteReader::inbound_item(InboundId id) {
  return guarded("reading inbound bytes", [&]() -> Result<InboundItem> {
    Moment moment{connection_};
    InboundItem item;
    {
      Query query{connection_,
                  "SELECT id, provider, kind, state, error, received_at, next_try, tries, length(bytes),"
                  " iif(shared < 2, bytes, x'') FROM inbound WHERE id = ?",
                  id};
      if (!query.next()) return not_found("there is no inbound record " + std::to_string(id));
      item.row = row_of(query);
      item.bytes = query.blob(9);
    }
    // Asked by people, now and then: no index of every receipt is kept for it.
    Query known{connection_, "SELECT attempt, kind, code, text, is_final, repeats FROM receipt WHERE inbound = ?", id};
    while (known.next()) {
      InboundReceipt receipt;
      receipt.attempt = known.i64(0);
      receipt.kind = domain::name_of(known.as<domain::ReceiptKind>(1));
      receipt.code = known.text(2);
      receipt.text = known.text(3);
      receipt.is_final = known.flag(4);
      receipt.repeats = known.as<std::uint64_t>(5);
      item.receipts.push_back(std::move(receipt));
    }
    Query waiting{connection_,
                  "SELECT kind, code, text, is_final, idempotency_key, ref FROM receipt_waiting WHERE inbound = ?", id};
    while (waiting.next()) {
      InboundReceipt receipt;
      receipt.kind = domain::name_of(waiting.as<domain::ReceiptKind>(0));
      receipt.code = waiting.text(1);
      receipt.text = waiting.text(2);
      receipt.is_final = waiting.flag(3);
      receipt.key = waiting.text(4);
      receipt.ref = waiting.blob(5);
      item.receipts.push_back(std::move(receipt));
    }
    return item;
  });
}

}  // namespace relance::store::sqlite
