// Text into lines of glyphs by Pango: scripts in both directions, fonts that stand in for a missing
// character. What none of them has is noted, since a letter with a box in a name is worse than none; so is a
// text that is too long to be set.
#pragma once

#include "host/base/result.hpp"
#include "host/render/letter_pages.hpp"

#include <chrono>
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

/// Between two looks for fonts that were missing: to find them takes tens of milliseconds.
inline constexpr std::chrono::seconds kFontsEvery{10};
/// Beyond, Pango's numbers overflow and words vanish beside the page.
inline constexpr std::size_t kTextBytesMax{32 * 1024};
/// Without a blank in them. A word of so many letters comes from broken data, and to break it at each line's
/// end takes seconds.
inline constexpr std::size_t kWordBytesMax{8 * 1024};

class Typesetter {
 public:
  Typesetter();
  ~Typesetter();
  Typesetter(const Typesetter &) = delete;
  Typesetter &operator=(const Typesetter &) = delete;

  /// Of all that is set from now on; notes of faults begin anew. An error: no such font is installed, or its
  /// files cannot be read. What is installed is then looked at again, at most once in kFontsEvery.
  Result<void> begin(const std::string &family, bool is_right_to_left);
  /// `width` 0: one line a line of the text, as wide as it gets.
  Text set(std::string_view text, const TextStyle &style, double width = 0);
  /// A sentence about the first text that cannot be set: no font has a character of it, or it is too long;
  /// empty: all is well.
  [[nodiscard]] const std::string &fault() const { return fault_; }

  static Extent extent(const Text &text);
  static int line_count(const Text &text);
  /// y of the upper edge of a line, from the text's own.
  static double line_top(const Text &text, int line);

 private:
  struct Pango;
  /// Why nothing can be set in this family; empty: it can.
  std::string fault_of(const std::string &family);
  void look_again();
  void note_missing(const Text &text);
  void note_length(std::string_view text);

  std::unique_ptr<Pango> pango_;
  std::string family_, fault_;
  bool is_right_to_left_{false};
  std::set<std::string> known_families_;
  std::chrono::steady_clock::time_point looked_{};
};

}  // namespace relance::render
