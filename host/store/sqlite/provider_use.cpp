// What an operator's limits count: messages and money by provider and day, written in the transaction that
// makes or ends the attempt, so that a restart knows as much as before. And tests of a provider, which count
// like any message.
#include "host/store/sqlite/sqlite_store.hpp"

namespace relance::store::sqlite {
namespace {

struct Kept {
  std::string provider;
  std::optional<CivilDate> used_on;
  std::int64_t price_micro{0};
  std::string currency;
};

std::optional<Kept> kept_of(Connection &connection, AttemptId id) {
  Query query{connection,
              "SELECT provider, used_on, price_micro, price_currency FROM quote WHERE attempt = ?", id};
  if (!query.next()) return std::nullopt;
  return Kept{query.text(0), query.day_if(1), query.i64(2), query.text(3)};
}

void count_use(Connection &connection, std::string_view provider, CivilDate day, std::string_view currency,
               std::int64_t messages, std::int64_t price_micro) {
  run(connection,
      "INSERT INTO provider_use VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (provider, day, currency)"
      " DO UPDATE SET messages = messages + ?4, price_micro = price_micro + ?5",
      provider, day, currency, messages, price_micro);
}

}  // namespace

void SqliteStore::keep_quote(AttemptId id, const NewAttempt &attempt) {
  run(*connection_, "INSERT INTO quote VALUES (?, ?, ?, ?, ?, ?, ?)", id, attempt.provider,
      attempt.counted_on, static_cast<std::int64_t>(attempt.segments),
      static_cast<std::int64_t>(attempt.pages), attempt.price_micro, attempt.price_currency);
  if (attempt.counted_on)
    count_use(*connection_, attempt.provider, *attempt.counted_on, attempt.price_currency, 1,
              attempt.price_micro);
}

void SqliteStore::settle_price(AttemptId id, std::int64_t micro, const std::string &currency) {
  const auto kept = kept_of(*connection_, id);
  if (!kept) return;
  run(*connection_, "UPDATE quote SET price_micro = ?, price_currency = ? WHERE attempt = ?", micro, currency,
      id);
  if (!kept->used_on) return;
  count_use(*connection_, kept->provider, *kept->used_on, kept->currency, -1, -kept->price_micro);
  count_use(*connection_, kept->provider, *kept->used_on, currency, 1, micro);
}

void SqliteStore::give_back(AttemptId id) {
  const auto kept = kept_of(*connection_, id);
  if (!kept || !kept->used_on) return;
  run(*connection_, "UPDATE quote SET used_on = NULL WHERE attempt = ?", id);
  count_use(*connection_, kept->provider, *kept->used_on, kept->currency, -1, -kept->price_micro);
}

Result<std::vector<ProviderUse>> SqliteStore::provider_use(std::string_view provider, CivilDate from) {
  return guarded("reading what a provider was used for", [&]() -> Result<std::vector<ProviderUse>> {
    std::vector<ProviderUse> use;
    Query query{
        *connection_,
        "SELECT day, currency, messages, price_micro FROM provider_use WHERE provider = ? AND day >= ?"
        " ORDER BY day, currency",
        provider, from};
    while (query.next()) use.push_back({query.day(0), query.text(1), query.i64(2), query.i64(3)});
    return use;
  });
}

Result<AttemptId> SqliteStore::intend_test(CreditorId creditor, const NewAttempt &attempt,
                                           std::string_view by, Instant now, Instant wall) {
  return guarded("writing a test", [&]() -> Result<AttemptId> {
    Unit unit{*connection_, journal_};
    const auto id = add_attempt(unit, {creditor, 0}, 0, 0, 0, 0, attempt, wall);
    Payload payload;
    payload.number("attempt", id).text("channel", attempt.channel).text("provider", attempt.provider);
    payload.text("address", attempt.address).text("key", attempt.idempotency_key);
    payload.text("content", to_hex(attempt.content_hash)).text("by", by);
    journal_entry(unit, creditor, 0, now, "test", payload);
    unit.commit();
    return id;
  });
}

}  // namespace relance::store::sqlite
