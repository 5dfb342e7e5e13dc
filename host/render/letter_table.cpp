// Columns as wide as what stands in them; the invoice's number has the rest.
#include "host/render/letter_table.hpp"

#include "host/render/plain_text.hpp"

#include <algorithm>

namespace relance::render {

namespace {

using config::LetterLabel;

constexpr double kSize{9};
constexpr double kPadding{2.2};         // above and below the words of a row
constexpr double kGap{10};              // between columns
constexpr double kNumberLeast{70};      // of the invoice's number
constexpr std::size_t kNumberMax{120};  // characters of it: what is longer comes from broken data

const std::string &label(const config::LetterLabels &labels, LetterLabel which) {
  return labels[static_cast<std::size_t>(which)];
}

struct Row {
  Text number{};
  std::vector<Text> cells{};
  domain::Money balance{};
};

class Table {
 public:
  Table(LetterSheet &sheet, Formats &formats, const config::LetterLabels &labels)
      : sheet_{sheet}, formats_{formats}, labels_{labels} {}

  void put(const std::vector<const MessageItem *> &items, bool has_sum) {
    const bool has_overdue{
        std::ranges::any_of(items, [](const auto *item) { return item->days_overdue > 0; })};
    const bool has_amount{
        std::ranges::any_of(items, [](const auto *item) { return item->amount != item->balance; })};
    std::vector<LetterLabel> columns{LetterLabel::issued, LetterLabel::due};
    if (has_overdue) columns.push_back(LetterLabel::overdue);
    if (has_amount) columns.push_back(LetterLabel::amount);
    columns.push_back(LetterLabel::balance);
    sum_ = {0, items.front()->balance.currency};
    has_sum_ = has_sum;
    total_ = sum_;
    for (const auto *item : items) add(total_, item->balance);
    std::vector<Row> rows;
    rows.reserve(items.size());
    double widest{0};
    for (const auto *item : items) {
      rows.push_back(row_of(*item, columns));
      rows.back().number = set(first_characters(one_line(item->number), kNumberMax), false);
      widest = std::max(widest, Typesetter::extent(rows.back().number).width);
    }
    measure(rows, columns, widest);
    // Amounts of twenty digits leave no room for an invoice's number: what matters least goes.
    for (const auto column : {LetterLabel::amount, LetterLabel::overdue, LetterLabel::issued}) {
      const auto found = std::ranges::find(columns, column);
      if (rest_ >= kNumberLeast || found == columns.end()) continue;
      const auto gone = found - columns.begin();
      columns.erase(found);
      for (auto &row : rows) row.cells.erase(row.cells.begin() + gone);
      measure(rows, columns, widest);
    }
    for (std::size_t i{0}; i < rows.size(); ++i)
      if (Typesetter::extent(rows[i].number).width > number_width_)
        rows[i].number = set(first_characters(one_line(items[i]->number), kNumberMax), false, number_width_);
    put_head();
    for (std::size_t i{0}; i < rows.size(); ++i) put_row(rows[i], i + 1 == rows.size());
    if (has_sum) put_sum(LetterLabel::total, total_, true);
  }

 private:
  Text set(const std::string &words, bool is_bold, double width = 0) {
    return sheet_.setter.set(words, {.size = kSize, .is_bold = is_bold, .leading = 1.1}, width);
  }

  static void add(domain::Money &sum, const domain::Money &more) {
    if (sum.currency == more.currency)
      if (const auto added = domain::add(sum, more))
        sum = *added;  // the message's total is a like sum, and fits
  }

  Row row_of(const MessageItem &item, const std::vector<LetterLabel> &columns) {
    Row row;
    row.balance = item.balance;
    for (const auto column : columns) {
      if (column == LetterLabel::issued) row.cells.push_back(set(formats_.date(item.issued), false));
      if (column == LetterLabel::due) row.cells.push_back(set(formats_.date(item.due), false));
      if (column == LetterLabel::overdue)
        row.cells.push_back(
            set(item.days_overdue > 0 ? formats_.days(item.days_overdue) : std::string{}, false));
      if (column == LetterLabel::amount) row.cells.push_back(set(formats_.money(item.amount), false));
      if (column == LetterLabel::balance) row.cells.push_back(set(formats_.money(item.balance), false));
    }
    return row;
  }

  void measure(const std::vector<Row> &rows, const std::vector<LetterLabel> &columns, double widest_number) {
    heads_.clear();
    widths_.clear();
    for (std::size_t c{0}; c < columns.size(); ++c) {
      heads_.push_back(set(label(labels_, columns[c]), true));
      auto width = Typesetter::extent(heads_.back()).width;
      for (const auto &row : rows) width = std::max(width, Typesetter::extent(row.cells[c]).width);
      widths_.push_back(width);
    }
    // The sum may be wider than every single balance.
    widths_.back() = std::max(widths_.back(), Typesetter::extent(set(formats_.money(total_), true)).width);
    rest_ = sheet_.width();
    for (const auto width : widths_) rest_ -= width + kGap;
    number_width_ = std::max(kNumberLeast, rest_);
    // What no number needs is shared out between the columns.
    const auto gap = kGap + std::max(0.0, rest_ - std::max(kNumberLeast, widest_number)) /
                                static_cast<double>(columns.size() + 1);
    ends_.assign(widths_.size(), 0);
    double end{sheet_.width()};
    for (std::size_t c{widths_.size()}; c-- > 0;) {
      ends_[c] = end;
      end -= widths_[c] + gap;
    }
    number_head_ = set(label(labels_, LetterLabel::invoice), true);
  }

  double height_of(const Text &text) const { return Typesetter::extent(text).height + 2 * kPadding; }

  void put_head() {
    const auto height = height_of(number_head_);
    // A head alone at a page's end heads nothing.
    if (!sheet_.has_room(4 * height)) sheet_.next_page();
    sheet_.put_from_start(number_head_, 0, sheet_.y + kPadding, true);
    for (std::size_t c{0}; c < heads_.size(); ++c)
      sheet_.put_until(heads_[c], ends_[c], sheet_.y + kPadding, true);
    sheet_.y += height;
    sheet_.rule(sheet_.y - 0.8, 0.8, true);
  }

  void put_row(const Row &row, bool is_last) {
    const auto height = height_of(row.number);
    const auto sum_height =
        has_sum_ ? height_of(number_head_) : 0;  // of the total, or of what is carried forward
    if (!sheet_.has_room(height + sum_height)) {
      if (has_sum_) put_sum(LetterLabel::carried, sum_, false);
      sheet_.next_page();
      put_head();
      if (has_sum_) put_sum(LetterLabel::brought, sum_, false);
    }
    sheet_.put_from_start(row.number, 0, sheet_.y + kPadding);
    for (std::size_t c{0}; c < row.cells.size(); ++c)
      sheet_.put_until(row.cells[c], ends_[c], sheet_.y + kPadding);
    sheet_.y += height;
    if (!is_last) sheet_.rule(sheet_.y - 0.25, 0.25);
    add(sum_, row.balance);
  }

  void put_sum(LetterLabel which, const domain::Money &sum, bool is_bold) {
    const auto words = set(label(labels_, which), is_bold);
    if (is_bold) sheet_.rule(sheet_.y - 0.25, 0.8, true);
    sheet_.put_from_start(words, 0, sheet_.y + kPadding);
    sheet_.put_until(set(formats_.money(sum), is_bold), ends_.back(), sheet_.y + kPadding);
    sheet_.y += height_of(words);
    if (!is_bold) sheet_.rule(sheet_.y - 0.25, 0.25);
  }

  LetterSheet &sheet_;
  Formats &formats_;
  const config::LetterLabels &labels_;
  std::vector<Text> heads_{};
  Text number_head_{};
  std::vector<double> widths_{}, ends_{};
  double rest_{0}, number_width_{0};  ///< what other columns leave to the number; its width
  domain::Money sum_{}, total_{};
  bool has_sum_{true};
};

bool is_late(const MessageItem &item) {
  return item.days_overdue > 0;
}

std::vector<const MessageItem *> listed(const MessageModel &model, bool wants_overdue) {
  std::vector<const MessageItem *> items;
  for (const auto &item : model.items)
    if (is_late(item) == wants_overdue) items.push_back(&item);
  return items;
}

bool lists_all(const MessageModel &model, config::LetterItems items) {
  return items == config::LetterItems::all || std::ranges::none_of(model.items, is_late);
}

}  // namespace

domain::Money sum_to_pay(const MessageModel &model, config::LetterItems items) {
  if (lists_all(model, items)) return model.total;
  domain::Money sum{0, model.total.currency};
  for (const auto &item : model.items)
    if (is_late(item) && item.balance.currency == sum.currency)
      if (const auto added = domain::add(sum, item.balance)) sum = *added;
  return sum;
}

void put_table(LetterSheet &sheet, Formats &formats, const MessageModel &model,
               const config::LetterLabels &labels, config::LetterItems items) {
  if (model.items.empty()) return;
  if (lists_all(model, items)) {
    std::vector<const MessageItem *> all;
    for (const auto &item : model.items) all.push_back(&item);
    return Table{sheet, formats, labels}.put(all, true);
  }
  Table{sheet, formats, labels}.put(listed(model, true), true);
  const auto upcoming = listed(model, false);
  if (items != config::LetterItems::both || upcoming.empty()) return;
  const auto heading =
      sheet.setter.set(label(labels, LetterLabel::upcoming), {.size = kSize, .is_bold = true});
  sheet.y += 12;
  if (!sheet.has_room(80)) sheet.next_page();
  sheet.put_from_start(heading, 0, sheet.y, true);
  sheet.y += Typesetter::extent(heading).height + 2;
  Table{sheet, formats, labels}.put(upcoming, false);
}

}  // namespace relance::render
