#include "plugins/sms/price_table.hpp"

#include "plugins/sms/sender_id.hpp"

#include <algorithm>

namespace relance::sms {
namespace {

/// A million of any currency, in millionths: a dearer part is a mistake, and 255 of them still fit.
constexpr std::int64_t kPerPartMax{1'000'000'000'000};

bool is_prefix(std::string_view text) {
  return text.size() >= 2 && text.size() <= kNumberMax + 1 && text.front() == '+' &&
         text.find_first_not_of("0123456789", 1) == std::string_view::npos;
}
bool is_price(const sdk::Json &value) {
  return value.kind() == sdk::Json::Kind::number && value.integer(-1) >= 0 &&
         value.integer(-1) <= kPerPartMax;
}

}  // namespace

PriceTable::PriceTable(const sdk::Json &prices, sdk::Issues &issues) {
  if (prices.is_absent()) return;
  currency_ = prices["currency"].text();
  const bool is_currency{currency_.size() == 3 && std::all_of(currency_.begin(), currency_.end(),
                                                              [](char c) { return c >= 'A' && c <= 'Z'; })};
  if (!is_currency) issues.fatal("/prices/currency", "is no ISO 4217 code, such as EUR");
  const auto &table = prices["per_part"];
  for (std::size_t at{0}; at < table.names().size(); ++at) {
    const auto &prefix = table.names()[at];
    const auto &price = table.items()[at];
    if (!is_prefix(prefix))
      issues.fatal("/prices/per_part/" + prefix, "a prefix is + and digits, such as \"+33\"");
    else if (!is_price(price))
      issues.fatal("/prices/per_part/" + prefix, "is no price in millionths of the currency");
    else
      per_part_[prefix] = price.integer();
  }
  if (prices["otherwise"].is_absent()) return;
  if (is_price(prices["otherwise"]))
    otherwise_ = prices["otherwise"].integer();
  else
    issues.fatal("/prices/otherwise", "is no price in millionths of the currency");
}

std::optional<sdk::Price> PriceTable::price_of(std::string_view number, std::size_t parts) const {
  auto per_part = otherwise_;
  for (auto size = std::min<std::size_t>(number.size(), kNumberMax + 1); size >= 2; --size) {
    const auto found = per_part_.find(number.substr(0, size));
    if (found == per_part_.end()) continue;
    per_part = found->second;
    break;
  }
  if (!per_part) return std::nullopt;
  return sdk::Price{*per_part * static_cast<std::int64_t>(parts), currency_};
}

}  // namespace relance::sms
