#include "host/intake/columns.hpp"

#include "host/intake/cell_checks.hpp"

#include <algorithm>
#include <array>
#include <unicode/unistr.h>

namespace relance::intake {
namespace {

/// Names are compared without regard to case and to the number of blanks: exports are renamed by hand.
std::string folded(std::string_view name) {
  icu::UnicodeString text =
      icu::UnicodeString::fromUTF8({name.data(), static_cast<std::int32_t>(name.size())});
  text.foldCase();
  std::string utf8;
  text.toUTF8String(utf8);
  std::string result;
  for (std::size_t at = 0; at < utf8.size(); ++at) {
    const bool is_wide_blank = utf8.compare(at, 2, "\xC2\xA0") == 0;
    if (is_wide_blank) ++at;
    const bool is_blank =
        is_wide_blank || utf8[at] == ' ' || utf8[at] == '\t' || utf8[at] == '\n' || utf8[at] == '\r';
    if (!is_blank)
      result += utf8[at];
    else if (!result.empty() && result.back() != ' ')
      result += ' ';
  }
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

std::string listed(const std::vector<std::string> &names) {
  constexpr std::size_t kNamesShown = 40;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kNamesShown); ++i)
    text += (text.empty() ? "" : ", ") + shown(names[i], 40);
  return names.size() > kNamesShown ? text + ", …" : text;
}

class Planner {
 public:
  Planner(ImportKind kind, const Mapping &mapping, const CsvRow &first, std::size_t lead,
          std::string_view where)
      : kind_(kind), mapping_(mapping), first_(first), where_(where) {
    plan_.lead = lead;
    plan_.width = first.cells.size();
    plan_.column_of.assign(fields_of(kind).size(), ColumnPlan::kNone);
    if (!mapping.has_header) return;
    for (const CsvCell &cell : first.cells) plan_.names.emplace_back(trimmed(cell.text));
    while (plan_.width > 0 && plan_.names[plan_.width - 1].empty())
      --plan_.width;  // separators at the end of the line
    for (const std::string &name : plan_.names) folded_.push_back(folded(name));
  }

  Result<ColumnPlan> plan() {
    const auto fields = fields_of(kind_);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const FieldSource &source = mapping_.of(kind_).fields[i];
      if (source.constant) continue;
      const Result<std::size_t> found =
          mapping_.has_header ? by_name(fields[i], source) : by_number(fields[i], source);
      if (found.has_error()) return found.error();
      plan_.column_of[i] = *found;
      if (fields[i].is_required && *found == ColumnPlan::kNone) return missing(fields[i], source);
    }
    note_unmapped();
    return std::move(plan_);
  }

 private:
  [[nodiscard]] std::string at_first() const {
    return std::string(where_) + ":" + std::to_string(first_.line);
  }

  Result<std::size_t> by_name(const Field &field, const FieldSource &source) {
    std::vector<std::string> wanted = source.columns;
    if (wanted.empty()) wanted.emplace_back(field.name);
    for (const std::string &name : wanted) {
      const std::string key = folded(name);
      const auto found =
          std::find(folded_.begin() + static_cast<std::ptrdiff_t>(plan_.lead), folded_.end(), key);
      if (found == folded_.end()) continue;
      const auto again = std::find(found + 1, folded_.end(), key);
      const auto column = static_cast<std::size_t>(found - folded_.begin());
      if (again == folded_.end()) return column;
      return invalid("the header has the column '" + name + "' twice, as columns " +
                         std::to_string(column + 1) + " and " + std::to_string(again - folded_.begin() + 1) +
                         "; rename one of them",
                     at_first());
    }
    return ColumnPlan::kNone;
  }

  Result<std::size_t> by_number(const Field &field, const FieldSource &source) {
    if (source.number == 0) return ColumnPlan::kNone;
    const std::size_t column = plan_.lead + source.number - 1;
    if (column < plan_.width) return column;
    return invalid("the mapping takes " + std::string(field.name) + " from column " +
                       std::to_string(source.number) + " but the first row has " +
                       std::to_string(plan_.width - plan_.lead) + "; check the separator and the number",
                   at_first());
  }

  Error missing(const Field &field, const FieldSource &source) const {
    const std::string wanted = "'" + std::string(field.name) + "'";
    const std::string section = "[" + std::string(name_of(kind_)) + ".columns] of " + mapping_.name;
    if (!mapping_.has_header)
      return invalid(
          "no column is given for the required field " + wanted + "; give its number in " + section,
          at_first());
    std::vector<std::string_view> names(plan_.names.begin(), plan_.names.end());
    const std::string_view nearest =
        nearest_name(source.columns.empty() ? field.name : std::string_view(source.columns.front()), names);
    std::string message = "no column for the required field " + wanted;
    if (!source.columns.empty()) message += " (looked for " + listed(source.columns) + ")";
    message += nearest.empty() ? "." : "; is it '" + std::string(nearest) + "'?";
    message += " The file has: " + listed(plan_.names) + ". ";
    message +=
        mapping_.name == plain_mapping().name
            ? "Without a mapping the header has our own names; a mapping (relancectl: --map) tells the file's"
            : "Name its column in " + section;
    if (plan_.width == 1) message += ". It has a single column: check the separator";
    return invalid(std::move(message), at_first());
  }

  void note_unmapped() {
    std::vector<std::string> ignored;
    for (const std::string &name : mapping_.of(kind_).ignored) ignored.push_back(folded(name));
    for (std::size_t column = plan_.lead; column < plan_.names.size(); ++column) {
      const bool is_used =
          std::find(plan_.column_of.begin(), plan_.column_of.end(), column) != plan_.column_of.end();
      const bool is_ignored = std::find(ignored.begin(), ignored.end(), folded_[column]) != ignored.end();
      if (!is_used && !is_ignored && !plan_.names[column].empty())
        plan_.unmapped.push_back(plan_.names[column]);
    }
  }

  ImportKind kind_;
  const Mapping &mapping_;
  const CsvRow &first_;
  std::string_view where_;
  std::vector<std::string> folded_;
  ColumnPlan plan_;
};

}  // namespace

bool is_reject_header(const CsvRow &first) {
  return first.cells.size() >= kRejectColumns && first.cells[0].text == kRejectLine &&
         first.cells[1].text == kRejectColumn && first.cells[2].text == kRejectReason;
}

Result<ColumnPlan> plan_columns(ImportKind kind, const Mapping &mapping, const CsvRow &first,
                                std::size_t lead, std::string_view where) {
  return Planner(kind, mapping, first, lead, where).plan();
}

char guess_separator(ImportKind kind, std::string_view first_line) {
  char best = ',';
  std::ptrdiff_t best_count = 0;
  for (const char separator : {',', ';', '\t', '|'}) {
    std::ptrdiff_t count = 0;
    for (std::size_t at = 0; at <= first_line.size();) {
      const std::size_t end = std::min(first_line.find(separator, at), first_line.size());
      std::string_view cell = trimmed(first_line.substr(at, end - at));
      if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"')
        cell = cell.substr(1, cell.size() - 2);
      const auto fields = fields_of(kind);
      count += std::count_if(fields.begin(), fields.end(),
                             [&](const Field &field) { return folded(cell) == field.name; });
      at = end + 1;
    }
    if (count > best_count) {
      best = separator;
      best_count = count;
    }
  }
  return best;
}

}  // namespace relance::intake
