// Text into lines of glyphs by Pango: scripts in both directions, fonts that stand in for a missing
// character. What none of them has is noted, since a letter with a box in a name is worse than none.
#pragma once

#include "host/base/result.hpp"
#include "host/render/letter_pages.hpp"

#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace relance::render {

struct TextStyle {
  double size{10};  ///< points
  bool is_bold{false};
  bool is_centred{false};
  bool is_of_letter{
      true};  ///< follows the letter's direction; false: letterhead and address, which follow their own
  double leading{1.25};  ///< of lines, as a part of the font's own height
};

struct Extent {
  double end{0};  ///< x of the right edge, from the text's own
  double width{0}, height{0};
};

class Typesetter {
 public:
  Typesetter();
  ~Typesetter();
  Typesetter(const Typesetter &) = delete;
  Typesetter &operator=(const Typesetter &) = delete;

  /// Of all that is set from now on; notes of missing characters begin anew. An error: no such font is
  /// installed.
  Result<void> begin(const std::string &family, bool is_right_to_left);
  /// `width` 0: one line a line of the text, as wide as it gets.
  Text set(std::string_view text, const TextStyle &style, double width = 0);
  /// A sentence about the first character that no font has; empty: all is well.
  [[nodiscard]] const std::string &missing() const { return missing_; }

  static Extent extent(const Text &text);
  static int line_count(const Text &text);
  /// y of the upper edge of a line, from the text's own.
  static double line_top(const Text &text, int line);

 private:
  struct Pango;
  void note_missing(const Text &text);

  std::unique_ptr<Pango> pango_;
  std::string family_, missing_;
  bool is_right_to_left_{false};
  std::set<std::string> known_families_;
};

}  // namespace relance::render
