// Scores plugins/protocol/report on a folder of bounce mails with an expected.tsv (columns: file, corpus, n,
// kind, class, recipient, status, status_explicit, reply_code, reason, hard, action, orig_message_id,
// label_source). An empty cell asserts nothing; rows that their own maintainers marked TODO are not counted.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace relance::corpus {

struct Tally {
  std::size_t hits{0};
  std::size_t total{0};
  [[nodiscard]] double percent() const {
    return total == 0 ? 100.0 : 100.0 * static_cast<double>(hits) / static_cast<double>(total);
  }
};

struct Miss {
  std::string file;
  std::string n;
  std::string measure;
  std::string expected;
  std::string got;
  std::string why;  ///< why it is so, as far as a program can tell
};

/// The aims, then what else the table asserts, in the order in which they are printed.
inline constexpr const char *kAims[] = {"recipient", "class", "status_class", "status", "kind"};
inline constexpr const char *kFurther[] = {"reason", "hard", "action", "reply_code", "orig_message_id"};

struct BounceScore {
  std::size_t mails{0};
  std::size_t rows{0};
  std::size_t rows_not_counted{0};
  std::size_t unreadable{0};
  /// measure → corpus → tally; the corpus "all" is the sum.
  std::map<std::string, std::map<std::string, Tally>> tallies;
  std::vector<Miss> misses;

  [[nodiscard]] Tally all(const std::string &measure) const;
};

/// Throws std::runtime_error when the folder has no table or a mail of the table is missing.
BounceScore score_bounces(const std::filesystem::path &folder);

}  // namespace relance::corpus
