// What a person sees: tables whose columns stand under each other whatever the script, and a progress bar.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relance::ctl {

/// Columns of a terminal that the text takes: 2 for wide characters, 0 for marks.
std::size_t display_width(std::string_view text);
/// The same text with everything that could move a terminal's cursor made visible; line feeds stay with
/// `keeps_lines`.
std::string printable(std::string_view text, bool keeps_lines = false);

struct Column {
  std::string title;
  bool is_number{false};      ///< right-aligned
  std::size_t width_max{60};  ///< longer cells are cut with …
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_{std::move(columns)} {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// On standard output; `none` when there is no row.
  void print(std::string_view none) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// On standard error, when that is a terminal; else silent.
class Progress {
 public:
  explicit Progress(bool is_wanted);
  ~Progress() { clear(); }
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  /// `total` 0: unknown.
  void show(std::uint64_t done, std::uint64_t total, std::string_view words);
  void clear();

 private:
  const bool is_shown_;
  bool is_dirty_{false};
};

/// 1234567 → "1,234,567"
std::string grouped(std::uint64_t number);

}  // namespace relance::ctl
