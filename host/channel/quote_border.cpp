#include "host/channel/quote_border.hpp"

#include "host/channel/wire_field.hpp"

namespace relance::channel {
namespace {

std::string short_line(std::string_view text) {
  return to_line(text.substr(0, kQuoteTextMax));
}

}  // namespace

bool is_price(const Price &price) {
  return price.micro_units >= 0 && price.micro_units <= kPriceMicroMax && price.currency.size() == 3 &&
         std::all_of(price.currency.begin(), price.currency.end(),
                     [](char c) { return c >= 'A' && c <= 'Z'; });
}

Quote to_quote(const relance_quote &theirs) {
  Quote quote;
  quote.segments = theirs.segments;
  quote.pages = theirs.pages;
  if (theirs.price != nullptr) {
    Price price{theirs.price->micro_units, short_line(to_view(theirs.price->currency))};
    if (is_price(price)) quote.price = std::move(price);
  }
  for (std::size_t i{0}; i < std::min(theirs.issue_count, kQuoteIssuesMax); ++i) {
    const auto issue = read_sized(theirs.issues[i]);
    quote.issues.push_back(
        {short_line(to_view(issue.path)), short_line(to_view(issue.message)), issue.fatal != 0});
  }
  return quote;
}

void encode(FrameWriter &w, std::span<const Quoted> quotes) {
  w.begin(FrameType::quoted);
  w.u32(static_cast<std::uint32_t>(quotes.size()));
  for (const auto &[token, quote] : quotes) {
    w.u64(token);
    w.u8(quote ? 1 : 0);
    if (!quote) continue;
    w.u32(quote->segments);
    w.u32(quote->pages);
    w.i64(quote->price ? quote->price->micro_units : -1);
    w.text(quote->price ? std::string_view{quote->price->currency} : std::string_view{});
    w.u32(static_cast<std::uint32_t>(quote->issues.size()));
    for (const auto &issue : quote->issues) {
      w.u8(issue.is_fatal ? 1 : 0);
      w.text(issue.path);
      w.text(issue.message);
    }
  }
  w.end();
}

std::optional<std::vector<Quoted>> decode_quotes(std::string_view payload) {
  FrameReader r(payload);
  const auto count = r.count(9);
  std::vector<Quoted> quotes;
  quotes.reserve(count);
  for (std::uint32_t i{0}; i < count && r.is_good(); ++i) {
    auto &one = quotes.emplace_back();
    one.token = r.u64();
    if (r.u8() == 0) continue;
    auto &quote = one.quote.emplace();
    quote.segments = r.u32();
    quote.pages = r.u32();
    const auto micro_units = r.i64();
    Price price{micro_units, short_line(r.text())};
    if (micro_units >= 0) {
      if (!is_price(price)) r.fail();
      quote.price = std::move(price);
    }
    const auto issues = r.count(1 + 2 * kTextBytesMin);
    if (issues > kQuoteIssuesMax) r.fail();
    for (std::uint32_t at{0}; at < issues && r.is_good(); ++at) {
      const bool is_fatal{r.u8() != 0};
      auto path = short_line(r.text());
      quote.issues.push_back({std::move(path), short_line(r.text()), is_fatal});
    }
  }
  return if_done(r, std::move(quotes));
}

}  // namespace relance::channel
