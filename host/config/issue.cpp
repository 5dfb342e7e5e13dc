// Issues in words, and the word that was meant.
#include "host/config/issue.hpp"

#include <algorithm>
#include <numeric>

namespace relance::config {

std::string Position::text() const {
  if (line == 0) return file;
  return file + ':' + std::to_string(line) + ':' + std::to_string(column);
}

std::string Issue::text() const {
  return at.text() + (severity == Severity::error ? ": error: " : ": warning: ") + message;
}

void Issues::add(Issue issue) {
  error_count_ += issue.severity == Severity::error ? 1 : 0;
  if (issues_.size() < kIssuesMax) issues_.push_back(std::move(issue));
}

void Issues::sort() {
  std::ranges::sort(issues_, [](const Issue &a, const Issue &b) {
    return std::tie(a.at.file, a.at.line, a.at.column, a.message) <
           std::tie(b.at.file, b.at.line, b.at.column, b.message);
  });
}

Error as_error(std::span<const Issue> issues) {
  constexpr std::size_t kShownMax{20};  // a screenful
  std::string text;
  std::size_t shown{0}, errors{0};
  for (const auto &issue : issues) {
    if (issue.severity != Severity::error || ++errors > kShownMax) continue;
    if (shown++ > 0) text += '\n';
    text += issue.text();
  }
  if (errors > shown) text += "\nand " + std::to_string(errors - shown) + " more";
  return invalid(std::move(text));
}

namespace {

/// Edits (insert, delete, replace, swap of neighbours) from one word to the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i{1}; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j{1}; j <= b.size(); ++j) {
      const bool same{a[i - 1] == b[j - 1]};
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  constexpr std::size_t kWordMax{64};  // longer words are not typing errors
  if (word.size() > kWordMax) return {};
  std::string_view best;
  std::size_t best_distance{std::max<std::size_t>(1, word.size() / 3) + 1};
  for (const auto candidate : candidates) {
    if (candidate.size() > kWordMax) continue;
    const auto edits = distance(word, candidate);
    if (edits < best_distance) best_distance = edits, best = candidate;
  }
  return best;
}

std::string suggestion(std::string_view word, std::span<const std::string_view> candidates) {
  constexpr std::size_t kListedMax{16};
  if (const auto meant = nearest(word, candidates); !meant.empty())
    return "; did you mean \"" + std::string{meant} + "\"?";
  if (candidates.empty() || candidates.size() > kListedMax) return {};
  std::string text{"; known: "};
  for (std::size_t i{0}; i < candidates.size(); ++i) {
    if (i > 0) text += ", ";
    text += candidates[i];
  }
  return text;
}

}  // namespace relance::config
