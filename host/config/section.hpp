// Reads one table of a document key by key and reports what does not fit. The keys that a reader asks for are
// the keys that exist: finish() reports every other one, so no list of names can go stale.
#pragma once

#include "host/config/document.hpp"
#include "host/domain/scenario.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::config {

/// A text and where it stands, for checks that come later.
struct Located {
  std::string text;
  Position at;
};

struct Range {
  std::int64_t least{0}, most{0};
};

inline constexpr std::int32_t kDaysMax{3660};      ///< ten years: anything longer is a typing error
inline constexpr std::size_t kIdBytesMax{64};      ///< ids go into keys, file names and metrics
inline constexpr std::size_t kTextBytesMax{4096};  ///< of one setting that is not a template

class Section {
 public:
  /// `what` names the table in messages: "step", "provider".
  Section(const Document &document, const Value &table, Issues &issues)
      : document_{&document}, table_{&table}, issues_{&issues} {}

  [[nodiscard]] const Value *find(std::string_view key);
  [[nodiscard]] bool has(std::string_view key) { return find(key) != nullptr; }

  // Optional values: absent, or reported as wrong, gives the fallback.
  std::string text(std::string_view key, std::string fallback = {});
  std::int64_t integer(std::string_view key, std::int64_t fallback, Range range);
  bool flag(std::string_view key, bool fallback);
  std::vector<Located> texts(std::string_view key, std::size_t count_max = 100);
  std::optional<domain::DayCount> days(std::string_view key);
  /// "250ms", "30s", "15m", "12h", "7d".
  Milliseconds duration(std::string_view key, Milliseconds fallback, Milliseconds least, Milliseconds most);
  /// One of `names`; its index.
  std::size_t choice(std::string_view key, std::size_t fallback, std::span<const std::string_view> names);
  std::optional<Section> table(std::string_view key);
  std::vector<Section> tables(std::string_view key, std::size_t count_max = 1000);

  /// A text that must be there and not empty.
  Located required(std::string_view key, std::string_view example);
  /// As required(), and made of letters, digits, '-' and '_'.
  Located id(std::string_view key, std::string_view fallback = {});

  /// Reports every key that nobody asked for.
  void finish();

  [[nodiscard]] Position at() const { return {document_->file, table_->line, table_->column}; }
  [[nodiscard]] Position at(const Value &value) const { return {document_->file, value.line, value.column}; }
  /// Of the key's value, or of the table where the key is absent.
  [[nodiscard]] Position at(std::string_view key) const;
  [[nodiscard]] const Value &value() const { return *table_; }
  [[nodiscard]] const Document &document() const { return *document_; }
  [[nodiscard]] Issues &issues() const { return *issues_; }

 private:
  bool is_kind(const Value &value, std::string_view key, ValueKind kind, std::string_view example);

  const Document *document_;
  const Value *table_;
  Issues *issues_;
  std::vector<std::string_view> known_{};
};

/// "7d" or "5bd"; the error says how to write it. Signed numbers are refused with the words that replace the
/// sign.
Result<domain::DayCount> parse_days(std::string_view text);
Result<Milliseconds> parse_duration(std::string_view text);
bool is_id(std::string_view text);

/// The channels that a scenario may name; "task" is a person.
std::span<const std::string_view> known_channels();
bool is_known_channel(std::string_view channel);
/// Those that providers serve and senders sign: all but "task".
std::span<const std::string_view> provider_channels();

}  // namespace relance::config
