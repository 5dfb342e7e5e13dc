// Filling pages.
#include "host/render/letter_sheet.hpp"

#include <algorithm>

namespace relance::render {

namespace {

constexpr double kRightMm{20};      // of every page
constexpr double kNextPageMm{26};   // where the text of the later pages begins
constexpr double kNextHeadMm{13};   // and their head
constexpr int kKeptTogetherMax{3};  // a paragraph of so few lines is not parted

}  // namespace

LetterSheet::LetterSheet(Typesetter &typesetter, double left, double bottom, bool is_right_to_left,
                         std::string running_head)
    : setter{typesetter},
      left_{left},
      width_{mm(kSheetWidthMm - kRightMm) - left},
      bottom_{bottom},
      is_right_to_left_{is_right_to_left},
      running_head_{std::move(running_head)} {}

void LetterSheet::next_page() {
  pages_.emplace_back();
  const auto head = setter.set(running_head_, {.size = 8}, width_);
  put_from_start(head, 0, mm(kNextHeadMm), true);
  rule(mm(kNextHeadMm) + Typesetter::extent(head).height + 2, 0.5, true);
  y = mm(kNextPageMm);
}

void LetterSheet::put_from_start(const Text &text, double from, double at_y, bool is_coloured) {
  const auto x = is_right_to_left_ ? left_ + width_ - from - Typesetter::extent(text).end : left_ + from;
  page().texts.push_back({text, x, at_y, 0, -1, is_coloured});
}

void LetterSheet::put_until(const Text &text, double to, double at_y, bool is_coloured) {
  const auto x = is_right_to_left_ ? left_ + width_ - to : left_ + to - Typesetter::extent(text).width;
  page().texts.push_back({text, x, at_y, 0, -1, is_coloured});
}

void LetterSheet::rule(double at_y, double thickness, bool is_coloured) {
  page().rules.push_back({left_, at_y, width_, thickness, is_coloured});
}

void LetterSheet::paragraph(const std::string &words, const TextStyle &style, double space_after,
                            bool is_coloured) {
  if (pages_.size() > kPagesMax) return;  // too long for everyone already: it will be refused
  const auto text = setter.set(words, style, width_);
  const auto height = Typesetter::extent(text).height;
  const int lines{Typesetter::line_count(text)};
  if (has_room(height)) {
    page().texts.push_back({text, left_, y, 0, -1, is_coloured});
    y += height + space_after;
    return;
  }
  const auto bottom_of = [&](int line) {
    return line + 1 < lines ? Typesetter::line_top(text, line + 1) : height;
  };
  for (int first{0}; first < lines;) {
    const auto top = Typesetter::line_top(text, first);
    int end{first};
    while (end < lines && has_room(bottom_of(end) - top)) ++end;
    if (end < lines && (lines <= kKeptTogetherMax || end - first < 2)) end = first;
    if (end < lines && lines - end == 1 && end - first > 2) --end;  // no line alone on the next page
    const bool is_new_page{y <= mm(kNextPageMm)};
    if (end == first && is_new_page) end = first + 1;  // higher than a page: it must go on
    if (end > first) page().texts.push_back({text, left_, y, first, end - first, is_coloured});
    y += end > first ? bottom_of(end - 1) - top : 0;
    first = end;
    if (first < lines) next_page();
  }
  y += space_after;
}

}  // namespace relance::render
