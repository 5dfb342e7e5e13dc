// The table of windows.
#include "host/render/letter_layout.hpp"

#include <array>

namespace relance::render {

const LetterLayout &letter_layout(config::LetterWindow window) {
  using config::LetterWindow;
  // DIN 5008: the field of 85 × 45 parts into 17.7 for remarks, with the sender's line at its end, and 27.3
  // for the address; text begins 5 inside it. France: 85 × 33 at 110, 55. Pingen franks above its window.
  static constexpr LetterLayout kFrench{{110, 55, 85, 33}, {112, 57, 81, 30}, 0,  {},
                                        {20, 12, 85, 36},  {20, 56, 80, 32},  100};
  static constexpr LetterLayout kDinA{{20, 27, 85, 45}, {25, 44.7, 78, 27.3}, 40.2, {},
                                      {25, 9, 165, 16}, {125, 32, 65, 40},    81};
  static constexpr LetterLayout kDinB{{20, 45, 85, 45},  {25, 62.7, 78, 27.3}, 58.2, {},
                                      {25, 12, 165, 31}, {125, 50, 65, 40},    99};
  // A sheet of 105 × 210 slides by 9 and by 19 in an envelope of 114 × 229, whose window of 90 × 40 is 30
  // from its bottom and 17 from its side: the address stands in what shows wherever the sheet lies, and
  // nothing else in what can.
  static constexpr LetterLayout kSwissRight{{103, 35, 94, 49}, {124, 45.5, 70, 28}, 0, {},
                                            {20, 10, 80, 24},  {20, 40, 78, 34},    99};
  static constexpr LetterLayout kSwissLeft{{12, 35, 95, 49},  {20, 45.5, 67, 28}, 0, {},
                                           {20, 10, 165, 24}, {125, 40, 65, 40},  99};
  static constexpr LetterLayout kPingen{{22, 60, 85.5, 25.5}, {24, 60.2, 82, 25.2}, 0, {20, 40, 89.5, 20},
                                        {20, 12, 165, 26},    {125, 50, 65, 40},    99};
  switch (window) {
    case LetterWindow::din5008_a:
      return kDinA;
    case LetterWindow::din5008_b:
      return kDinB;
    case LetterWindow::swiss_left:
      return kSwissLeft;
    case LetterWindow::swiss_right:
      return kSwissRight;
    case LetterWindow::pingen:
      return kPingen;
    case LetterWindow::fr:
    case LetterWindow::maileva:
    case LetterWindow::cover_sheet:
      break;
  }
  return kFrench;
}

config::LetterWindow usual_window(std::string_view country) {
  if (country == "DE" || country == "AT") return config::LetterWindow::din5008_b;
  if (country == "CH" || country == "LI") return config::LetterWindow::swiss_right;
  return config::LetterWindow::fr;
}

}  // namespace relance::render
