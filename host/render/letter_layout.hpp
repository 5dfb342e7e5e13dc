// Where on an A4 sheet an address must stand so that it shows through an envelope's window, and where what
// stands around it goes. Millimetres from the sheet's top left corner.
#pragma once

#include "host/config/letter_settings.hpp"

#include <string_view>

namespace relance::render {

inline constexpr double kSheetWidthMm{210}, kSheetHeightMm{297};

struct Area {
  double x{0}, y{0}, width{0}, height{0};
};

struct LetterLayout {
  Area window;   ///< what shows, or may show: nothing but the address and the sender's line stands here
  Area address;  ///< of the recipient's lines, inside the window
  double sender_line{0};  ///< y of the sender's small line; 0: the window has no room for one
  Area franking;          ///< of the provider: stays empty; no width: none
  Area head;              ///< logo or name, and the sender's address
  Area reference;         ///< date, customer number, reference
  double body{0};         ///< y where the first page's text begins
};

/// @see DIN 5008 forms A and B; NF Z 11-001; SN 010130; the page specification of Pingen
const LetterLayout &letter_layout(config::LetterWindow window);

/// The window that envelopes of a country mostly have; of `cover_sheet` too.
config::LetterWindow usual_window(std::string_view country);

}  // namespace relance::render
