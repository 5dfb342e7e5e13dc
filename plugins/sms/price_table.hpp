// What a part of a message costs, by the prefix of its number.
#pragma once

#include <relance/host.hpp>
#include <relance/json.hpp>
#include <relance/outcome.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace relance::sms {

class PriceTable {
 public:
  PriceTable() = default;
  /// The settings' "prices"; absent: no price is known.
  PriceTable(const sdk::Json &prices, sdk::Issues &issues);

  [[nodiscard]] bool is_empty() const { return per_part_.empty() && !otherwise_; }
  /// `number` in E.164 with its plus. Nothing where no prefix fits and there is no price otherwise.
  [[nodiscard]] std::optional<sdk::Price> price_of(std::string_view number, std::size_t parts) const;

 private:
  std::string currency_;
  std::map<std::string, std::int64_t, std::less<>> per_part_;  ///< by prefix, with its plus
  std::optional<std::int64_t> otherwise_;
};

}  // namespace relance::sms
