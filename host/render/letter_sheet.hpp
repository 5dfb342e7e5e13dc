// The pages of one letter while they fill: where the next line goes, and when a page is full. Knows both
// writing directions: "start" is left, or right in a letter that is written from there.
#pragma once

#include "host/render/letter_layout.hpp"
#include "host/render/letter_pages.hpp"
#include "host/render/typesetter.hpp"

#include <string>
#include <vector>

namespace relance::render {

inline constexpr double mm(double millimetres) {
  return millimetres * kPointsPerMm;
}

class LetterSheet {
 public:
  /// `left`, `bottom`: of the text, in points. `running_head`: of every page but the first.
  LetterSheet(Typesetter &setter, double left, double bottom, bool is_right_to_left,
              std::string running_head);

  double y{0};  ///< where the next thing goes
  [[nodiscard]] double left() const { return left_; }
  [[nodiscard]] double width() const { return width_; }
  [[nodiscard]] double bottom() const { return bottom_; }
  [[nodiscard]] bool is_right_to_left() const { return is_right_to_left_; }
  [[nodiscard]] bool has_room(double height) const { return y + height <= bottom_; }
  [[nodiscard]] Page &page() { return pages_.back(); }
  [[nodiscard]] std::vector<Page> &pages() { return pages_; }
  Typesetter &setter;

  void next_page();
  /// Beside each other on one line: `from` is the distance from where lines start.
  void put_from_start(const Text &text, double from, double at_y, bool is_coloured = false);
  /// Ends at the distance `to` from where lines start.
  void put_until(const Text &text, double to, double at_y, bool is_coloured = false);
  void rule(double at_y, double thickness = 0.4, bool is_coloured = false);
  /// Over as many pages as it takes; two lines at least stay together.
  void paragraph(const std::string &words, const TextStyle &style, double space_after,
                 bool is_coloured = false);

 private:
  double left_, width_, bottom_;
  bool is_right_to_left_;
  std::string running_head_;
  std::vector<Page> pages_{1};
};

}  // namespace relance::render
