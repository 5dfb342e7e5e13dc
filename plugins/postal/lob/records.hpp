// Lob's words: an address in its parts, a letter as a form, what its events and tracking become.
#pragma once

#include "plugins/postal/letter.hpp"
#include "plugins/postal/lob/settings.hpp"
#include "plugins/postal/rest/multipart.hpp"
#include "plugins/postal/states.hpp"

#include <relance/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relance::postal::lob {

/// Lob: 40 characters a line; a letter of 60 pages.
inline constexpr LetterLimits kLimits{.bytes_max = 5'000'000, .lines_max = 4, .line_characters_max = 40};

/// Lob wants city, state and code apart, which the last line of an address has together.
struct Address {
  std::vector<std::pair<std::string, std::string>> fields{};  ///< "name", "address_line1", …
  std::string fault{};                                        ///< empty: it can be told
};
/// United States: "CITY ST 12345[-6789]"; elsewhere the last line is the city's.
[[nodiscard]] Address read_address(const std::vector<std::string_view> &lines, std::string_view country);

/// Lob prints on 8.5 × 11 inches only; it would refuse the letter after it had been promised.
[[nodiscard]] std::vector<std::string> foreign_pages(const Letter &letter);

/// extra_service; nothing: Lob has no such service to that country. Empty: none is needed.
[[nodiscard]] std::optional<std::string> extra_service_for(std::string_view service,
                                                           std::string_view country);

[[nodiscard]] Meaning meaning_of_event(std::string_view event_type);
[[nodiscard]] Meaning meaning_of_tracking(std::string_view name);
/// A webhook's body. Nothing: not about a letter.
[[nodiscard]] std::optional<sdk::Receipt> read_event(std::string_view body);
/// What a letter's own record says (GET /v1/letters/ID).
[[nodiscard]] std::vector<sdk::Receipt> receipts_of(const sdk::Json &letter);

}  // namespace relance::postal::lob
