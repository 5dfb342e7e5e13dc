// The page or pages that a message brings along, as its part "letter": what it is, and how many pages a TIFF
// has.
#pragma once

#include <relance/message.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace relance::fax {

struct Document {
  std::string_view form{};  ///< "TIFF", "PDF" or "PS"; empty: there is none that can be sent
  std::string_view bytes{};
  unsigned pages{0};    ///< 0: not known
  std::string fault{};  ///< why there is none
};
[[nodiscard]] Document document_of(const sdk::Message &message);

/// The directories of a TIFF; nothing when it is none, when one points nowhere or in a circle, or when there
/// are more than any fax has. @see TIFF 6.0, section 2
[[nodiscard]] std::optional<unsigned> count_tiff_pages(std::string_view bytes);

}  // namespace relance::fax
