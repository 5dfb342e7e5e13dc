// What people know and the ledger does not: promises, disputes, holds, write-offs, addresses that must not be
// used.
#include "host/api/body.hpp"
#include "host/api/handlers.hpp"
#include "host/api/json_text.hpp"
#include "host/domain/money.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace relance::api {
namespace json = boost::json;
namespace {

constexpr std::size_t kFactRowsMax{10'000};
constexpr std::array<std::string_view, 4> kScopes{"receivable", "debtor", "segment", "creditor"};

store::HoldScope scope_named(std::string_view name) {
  if (name == "debtor") return store::HoldScope::debtor;
  if (name == "segment") return store::HoldScope::segment;
  if (name == "creditor") return store::HoldScope::creditor;
  return store::HoldScope::receivable;
}

/// Reads the body by `read(body)`, then runs `work(store, creditor, now)` on the engine's thread.
template <class Read, class Work>
Result<Response> change(Context &context, const Request &request, Read &&read, Work &&work) {
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  auto body = Body::parse(request.body);
  if (!body) return body.error();
  read(*body);
  if (auto end = body->end(); !end) return end.error();
  const auto changed = context.change(
      [&](store::Store &store, Instant now) -> Result<void> { return work(store, *creditor, now); });
  if (!changed) return changed.error();
  return done();
}

/// A promised amount is in the currency of what it is promised for; a case that is settled is none of that.
Result<void> check_currency(store::Store &store, store::CreditorId creditor, const std::string &debtor,
                            const std::string &invoice, domain::Money amount) {
  const auto claim =
      invoice.empty() ? store.facts_of_debtor(creditor, debtor) : store.facts_of_invoice(creditor, invoice);
  if (!claim) return claim.error();
  for (const auto &view : claim->cases)
    if (view.facts.currency == amount.currency &&
        std::ranges::any_of(view.facts.items, [](const auto &item) {
          return item.balance_minor > 0 &&
                 (item.state == domain::ItemState::open || item.state == domain::ItemState::disputed);
        }))
      return {};
  return invalid("nothing is owed in " + std::string{amount.currency.code()}, "/amount");
}

}  // namespace

Result<Response> list_suppressions(Context &context, const Request &request) {
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  const auto limit = limit_of(request, 1000, kFactRowsMax);
  if (!limit) return limit.error();
  auto reader = context.engine.open_reader();
  if (!reader) return reader.error();
  const auto rows = (*reader)->suppressions(*creditor, *limit);
  if (!rows) return rows.error();
  json::array out;
  for (const auto &row : *rows) out.push_back(to_json(row));
  return json_answer({{"suppressions", std::move(out)}});
}

Result<Response> suppress(Context &context, const Request &request) {
  std::string channel, address, because;
  return change(
      context, request,
      [&](Body &body) {
        channel = body.text("channel");
        address = body.text("address");
        because = body.text("because");
      },
      [&](store::Store &store, store::CreditorId creditor, Instant now) {
        return store.suppress(creditor, channel, address, because + " (" + request.by + ")", now);
      });
}

Result<Response> lift_suppression(Context &context, const Request &request) {
  std::string channel, address;
  return change(
      context, request,
      [&](Body &body) {
        channel = body.text("channel");
        address = body.text("address");
      },
      [&](store::Store &store, store::CreditorId creditor, Instant now) {
        return store.lift_suppression(creditor, channel, address, request.by, now);
      });
}

Result<Response> promise(Context &context, const Request &request) {
  std::string debtor, invoice;
  CivilDate date{};
  std::optional<domain::Money> amount;
  const auto read = [&](Body &body) {
    debtor = body.text_or("debtor", "");
    invoice = body.text_or("invoice", "");
    if (debtor.empty() == invoice.empty()) body.fault("invoice", "name an invoice or a debtor");
    date = body.date("date");
    if (!body.has("amount")) return;
    const auto money = domain::parse_money(body.text("amount"));
    if (money && money->minor > 0) {
      amount = *money;
    } else {
      body.fault("amount", "an amount above zero is written 1234.50 EUR");
    }
  };
  return change(context, request, read,
                [&](store::Store &store, store::CreditorId creditor, Instant now) -> Result<void> {
                  std::optional<std::int64_t> minor;
                  if (amount) {
                    if (auto fits = check_currency(store, creditor, debtor, invoice, *amount); !fits)
                      return fits;
                    minor = amount->minor;
                  }
                  const auto made = store.promise(creditor, debtor, invoice, date, minor, request.by, now);
                  if (!made) return made.error();
                  return {};
                });
}

namespace {

using InvoiceChange = Result<void> (store::Store::*)(store::CreditorId, std::string_view, std::string_view,
                                                     std::string_view, Instant);

Result<Response> change_invoice(Context &context, const Request &request, InvoiceChange work) {
  std::string invoice, because;
  return change(
      context, request,
      [&](Body &body) {
        invoice = body.text("invoice");
        because = body.text("because");
      },
      [&](store::Store &store, store::CreditorId creditor, Instant now) {
        return (store.*work)(creditor, invoice, because, request.by, now);
      });
}

}  // namespace

Result<Response> dispute(Context &context, const Request &request) {
  return change_invoice(context, request, &store::Store::dispute);
}

Result<Response> resolve_dispute(Context &context, const Request &request) {
  return change_invoice(context, request, &store::Store::resolve_dispute);
}

Result<Response> write_off(Context &context, const Request &request) {
  return change_invoice(context, request, &store::Store::write_off);
}

Result<Response> hold(Context &context, const Request &request) {
  std::string scope, subject, because;
  std::optional<CivilDate> until;
  return change(
      context, request,
      [&](Body &body) {
        scope = body.one_of("scope", kScopes);
        subject = scope == "creditor" ? body.text_or("subject", "") : body.text("subject");
        until = body.optional_date("until");
        because = body.text("because");
      },
      [&](store::Store &store, store::CreditorId creditor, Instant now) {
        return store.hold(creditor, scope_named(scope), subject, until, because, request.by, now);
      });
}

Result<Response> release_hold(Context &context, const Request &request) {
  std::string scope, subject;
  return change(
      context, request,
      [&](Body &body) {
        scope = body.one_of("scope", kScopes);
        subject = scope == "creditor" ? body.text_or("subject", "") : body.text("subject");
      },
      [&](store::Store &store, store::CreditorId creditor, Instant now) {
        return store.release_hold(creditor, scope_named(scope), subject, request.by, now);
      });
}

}  // namespace relance::api
