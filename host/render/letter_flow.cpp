// One letter, from its head to its page numbers.
#include "host/render/letter_flow.hpp"

#include "host/render/letter_table.hpp"
#include "host/render/payment_code.hpp"
#include "host/render/plain_text.hpp"

#include <algorithm>
#include <cairo.h>
#include <cstring>

namespace relance::render {

namespace {

using config::LetterLabel;

constexpr TextStyle kBody{.size = 10, .leading = 1.2};
constexpr TextStyle kSmall{.size = 9, .leading = 1.2};
constexpr double kAddressSizes[]{10.5, 10, 9.5, 9, 8.5, 8};  // less than 9 only where 38 characters need it
constexpr double kSenderLineSizes[]{7, 6.5, 6};
constexpr std::size_t kUsualAddressLines{6};  // for more they stand closer
constexpr double kAddressHeightMaxMm{120};    // without a window
constexpr double kParagraphGap{7};
constexpr double kCodeMm{32};        // of the QR code, with its quiet zone
constexpr double kFooterEndMm{287};  // the lowest that every printer prints
constexpr std::size_t kHeadLinesMax{7};
constexpr std::size_t kNameMax{160};  // characters of a creditor's name in its letterhead

void replace(std::string &text, std::string_view what, const std::string &by) {
  if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), by);
}

std::string in_groups_of_four(std::string_view iban) {
  std::string text;
  for (std::size_t i{0}; i < iban.size(); ++i) {
    if (i > 0 && i % 4 == 0) text += ' ';
    text += iban[i];
  }
  return text;
}

/// A dot a module and four of quiet around them.
Picture picture_of(const QrCode &code) {
  constexpr std::uint32_t kQuiet{4};
  const auto side = static_cast<int>(code.size + 2 * kQuiet);
  Picture picture{cairo_image_surface_create(CAIRO_FORMAT_A1, side, side), cairo_surface_destroy};
  auto *dots = cairo_image_surface_get_data(picture.get());
  const auto stride = static_cast<std::size_t>(cairo_image_surface_get_stride(picture.get()));
  for (std::uint32_t row{0}; row < code.size; ++row)
    for (std::uint32_t column{0}; column < code.size; ++column) {
      if (!code.modules[std::size_t{row} * code.size + column]) continue;
      const auto x = column + kQuiet;
      auto *word = dots + (row + kQuiet) * stride + x / 32 * 4;
      std::uint32_t bits{0};
      std::memcpy(&bits, word, sizeof bits);
      bits |= std::uint32_t{1} << (x % 32);  // Cairo's order on little-endian machines
      std::memcpy(word, &bits, sizeof bits);
    }
  cairo_surface_mark_dirty(picture.get());
  return picture;
}

class Flow {
 public:
  explicit Flow(const LetterParts &parts)
      : parts_{parts},
        order_{parts.order},
        labels_{labels_of(parts.order.made)},
        footer_top_{mm(kFooterEndMm) - footer_height()},
        sheet_{parts.setter, mm(parts.layout.head.x), footer_top_ - mm(8),
               is_right_to_left(order_.made.language), running_head()} {}

  Result<Pages> lay_out() {
    auto address = address_lines();
    if (!address) return address.error();
    put_head();
    put_address(*address);
    put_reference();
    sheet_.y = body_top_;
    sheet_.paragraph(order_.words.subject, {.size = 11, .is_bold = true, .leading = 1.15}, 10, true);
    for (const auto &words : paragraphs(order_.words.opening)) sheet_.paragraph(words, kBody, kParagraphGap);
    const auto *letter = order_.made.letter ? &*order_.made.letter : nullptr;
    if (letter != nullptr && letter->has_table) {
      sheet_.y += 2;
      put_table(sheet_, parts_.formats, order_.model, labels_, letter->items);
      sheet_.y += 12;
    }
    const auto closing = paragraphs(order_.words.closing);
    for (std::size_t i{0}; i + 1 < closing.size(); ++i) sheet_.paragraph(closing[i], kBody, kParagraphGap);
    if (letter != nullptr && letter->has_payment)
      if (auto put = put_payment(letter->items); !put) return put.error();
    if (!closing.empty()) sheet_.paragraph(closing.back(), kBody, kParagraphGap);
    put_page_ends();
    if (order_.settings.window == config::LetterWindow::cover_sheet) add_cover(*address);
    if (!parts_.setter.fault().empty()) return conflict(parts_.setter.fault());
    Pages pages;
    pages.pages = std::move(sheet_.pages());
    pages.colour = order_.creditor.letterhead.colour;
    pages.title = order_.words.subject;
    pages.author = one_line(order_.creditor.name);
    pages.date = format_date(order_.model.dated);
    return pages;
  }

 private:
  /// A language without labels of ours has them in its template; a template without letter words needs few of
  /// them.
  static const config::LetterLabels &labels_of(const config::Template &made) {
    if (made.letter) return made.letter->labels;
    const auto *own = config::letter_labels(made.language);
    return own != nullptr ? *own : *config::letter_labels("en");
  }

  const std::string &label(LetterLabel which) const { return labels_[static_cast<std::size_t>(which)]; }
  Text set(std::string_view words, const TextStyle &style, double width = 0) {
    return parts_.setter.set(words, style, width);
  }
  static double height(const Text &text) { return Typesetter::extent(text).height; }
  static double width(const Text &text) { return Typesetter::extent(text).width; }

  double footer_height() {
    std::string lines;
    for (const auto &line : order_.creditor.letterhead.footer)
      lines += (lines.empty() ? "" : "\n") + one_line(line);
    if (lines.empty()) return 0;
    const auto left = mm(parts_.layout.head.x);
    footer_ = set(lines, {.size = 7, .is_centred = true, .is_of_letter = false, .leading = 1.15},
                  mm(kSheetWidthMm - 20) - left);
    return height(footer_) + 4;
  }

  std::string running_head() {
    std::string head{first_characters(one_line(order_.creditor.name), 60)};
    const auto &model = order_.model;
    if (!model.customer_number.empty())
      head +=
          " · " + label(LetterLabel::customer) + ' ' + first_characters(one_line(model.customer_number), 40);
    return head + " · " + parts_.formats.long_date(model.dated);
  }

  /// The recipient's lines as they will be set, in the largest type in which all of them fit.
  Result<std::vector<Text>> address_lines() {
    std::vector<std::string> lines;
    for (const auto &line : order_.address)
      if (auto words = one_line(line); !words.empty()) lines.push_back(std::move(words));
    if (lines.empty()) return conflict("the letter has no address");
    if (!order_.has_envelope) {
      std::string all;
      for (const auto &line : lines) all += (all.empty() ? "" : "\n") + line;
      const auto text = set(all, {.size = kAddressSizes[0], .is_of_letter = false, .leading = 1},
                            mm(parts_.layout.address.width));
      if (height(text) > mm(kAddressHeightMaxMm))
        return conflict("the address takes more than half of the page");
      return std::vector{text};
    }
    if (lines.size() > kAddressLinesMax)
      return conflict("the address has " + std::to_string(lines.size()) + " lines, and the window takes " +
                      std::to_string(kAddressLinesMax));
    const auto &area = parts_.layout.address;
    std::string_view too_wide;
    for (const auto size : kAddressSizes) {
      std::vector<Text> set_lines;
      too_wide = {};
      for (const auto &line : lines) {
        set_lines.push_back(set(line, {.size = size, .is_of_letter = false, .leading = 1}));
        if (width(set_lines.back()) > mm(area.width) && too_wide.empty()) too_wide = line;
      }
      const bool is_too_high{lines.size() > kUsualAddressLines &&
                             height(set_lines.front()) * static_cast<double>(lines.size()) > mm(area.height)};
      if (too_wide.empty() && !is_too_high) return set_lines;
    }
    return conflict("the address's line \"" + first_characters(too_wide, 80) +
                    "\" is wider than the window (" + std::to_string(static_cast<int>(area.width)) + " mm)");
  }

  /// The creditor's name in the largest type in which it stays above the window, or beside it.
  Text name_within(double wide, double high) {
    Text name;
    for (const double size : {13.0, 11.0, 9.0, 7.0}) {
      name = set(first_characters(one_line(order_.creditor.name), kNameMax),
                 {.size = size, .is_bold = true, .is_of_letter = false, .leading = 1.05}, wide);
      if (height(name) <= high) break;
    }
    return name;
  }

  void put_head() {
    const auto &head = parts_.layout.head;
    auto &page = sheet_.page();
    double y{mm(head.y)};
    const bool is_wide{head.width > 100};  // the sender's address beside the logo, else below it
    if (parts_.logo) {
      const auto scale = std::min(1.0, head.height / parts_.logo->height_mm);
      page.pictures.push_back({parts_.logo->picture, parts_.logo->ink, mm(head.x), y,
                               mm(parts_.logo->width_mm * scale), mm(parts_.logo->height_mm * scale), false});
      y += mm(parts_.logo->height_mm * scale) + 4;
    } else {
      const auto name = name_within(mm(is_wide ? 95 : head.width), mm(std::min(head.height, 16.0)));
      page.texts.push_back({name, mm(head.x), y, 0, -1, true});
      y += height(name) + 3;
    }
    std::string lines{parts_.logo ? first_characters(one_line(order_.creditor.name), kNameMax)
                                  : std::string{}};
    std::size_t count{0};
    for (const auto &line : order_.creditor.address_lines)
      if (count++ < kHeadLinesMax) lines += (lines.empty() ? "" : "\n") + one_line(line);
    const auto &reference = parts_.layout.reference;
    const auto address = set(lines, {.size = 8, .is_of_letter = false, .leading = 1.1},
                             mm(is_wide ? reference.width : head.width));
    const auto top = is_wide ? mm(head.y) : y;
    page.texts.push_back({address, mm(is_wide ? reference.x : head.x), top, 0, -1, false});
    reference_top_ = std::max(mm(reference.y), top + height(address) + 6);
  }

  void put_address(const std::vector<Text> &lines) {
    const auto &area = parts_.layout.address;
    double y{mm(area.y)};
    const auto pitch =
        std::min(mm(area.height) / static_cast<double>(std::max(kUsualAddressLines, lines.size())),
                 height(lines.front()) * 1.12);
    for (const auto &line : lines) {
      sheet_.page().texts.push_back({line, mm(area.x), y, 0, -1, false});
      y += pitch;
    }
    if (!order_.has_envelope) address_bottom_ = mm(area.y) + height(lines.front());
    if (parts_.layout.sender_line > 0) put_sender_line();
  }

  void put_sender_line() {
    std::string words{one_line(order_.creditor.letterhead.sender_line)};
    if (words.empty()) {
      words = one_line(order_.creditor.name);
      for (const auto &line : order_.creditor.address_lines) words += " · " + one_line(line);
    }
    const auto &area = parts_.layout.address;
    auto line = set(words, {.size = kSenderLineSizes[0], .is_of_letter = false, .leading = 1});
    for (const auto size : kSenderLineSizes)
      if (width(line) > mm(area.width))
        line = set(words, {.size = size, .is_of_letter = false, .leading = 1});
    while (width(line) > mm(area.width) && words.size() > 8) {
      words = first_characters(words, words.size() * 9 / 10);  // what the window does not show is not read
      line = set(words, {.size = 6, .is_of_letter = false, .leading = 1});
    }
    const auto y = mm(parts_.layout.sender_line);
    sheet_.page().texts.push_back({line, mm(area.x), y, 0, -1, false});
    sheet_.page().rules.push_back({mm(area.x), y + height(line) + 0.5, width(line), 0.3, false});
  }

  void put_reference() {
    const auto &area = parts_.layout.reference;
    const auto &model = order_.model;
    double y{reference_top_};
    const std::pair<LetterLabel, std::string> rows[]{
        {LetterLabel::date, parts_.formats.long_date(model.dated)},
        {LetterLabel::customer, first_characters(one_line(model.customer_number), 60)},
        {LetterLabel::our_reference, first_characters(one_line(model.letter_reference), 60)}};
    double label_width{0};
    for (const auto &[which, words] : rows)
      if (!words.empty()) label_width = std::max(label_width, width(set(label(which), kSmall)));
    for (const auto &[which, words] : rows) {
      if (words.empty()) continue;
      const auto value = set(words, kSmall, mm(area.width) - label_width - 8);
      put_in(area, set(label(which), kSmall), 0, y, true);
      put_in(area, value, label_width + 8, y, false);
      y += height(value) + 2;
    }
    body_top_ = std::max({mm(parts_.layout.body), y + 12, address_bottom_ + 12});
  }

  void put_in(const Area &area, const Text &text, double from_start, double y, bool is_coloured) {
    const auto x = sheet_.is_right_to_left()
                       ? mm(area.x + area.width) - from_start - Typesetter::extent(text).end
                       : mm(area.x) + from_start;
    sheet_.page().texts.push_back({text, x, y, 0, -1, is_coloured});
  }

  /// Where the money goes, and the code that says so to a telephone: on one page.
  Result<void> put_payment(config::LetterItems items) {
    const auto &model = order_.model;
    if (!model.bank) return {};
    const auto payment = payment_lines(*model.bank, sum_to_pay(model, items), model.payment_reference);
    Picture code;
    if (payment) {
      const auto made = qr_code(*payment);
      if (!made) return made.error();
      code = picture_of(*made);
    }
    const std::pair<std::string, std::string> rows[]{
        {label(LetterLabel::holder), one_line(model.bank->name)},
        {"IBAN", in_groups_of_four(model.bank->iban)},
        {"BIC", model.bank->bic},
        {label(LetterLabel::quote), one_line(model.payment_reference)}};
    const auto heading = set(label(LetterLabel::bank), {.size = 10, .is_bold = true});
    const auto caption = set(label(LetterLabel::scan), {.size = 7, .is_centred = true}, mm(kCodeMm + 8));
    double label_width{0};
    for (const auto &[name, words] : rows) label_width = std::max(label_width, width(set(name, kSmall)));
    const auto value_width = sheet_.width() - label_width - 10 - (code ? mm(kCodeMm + 12) : 0);
    std::vector<std::pair<Text, Text>> lines;
    double rows_height{height(heading) + 4};
    for (const auto &[name, words] : rows) {
      if (words.empty()) continue;
      lines.emplace_back(set(name, kSmall), set(words, kSmall, value_width));
      rows_height += height(lines.back().second) + 2;
    }
    const auto block = std::max(rows_height, code ? mm(kCodeMm) + height(caption) : 0);
    sheet_.y += 6;
    if (!sheet_.has_room(block)) sheet_.next_page();
    double y{sheet_.y};
    if (code) put_code(code, caption);
    sheet_.put_from_start(heading, 0, y, true);
    y += height(heading) + 4;
    for (const auto &[name, words] : lines) {
      sheet_.put_from_start(name, 0, y);
      sheet_.put_from_start(words, label_width + 10, y);
      y += height(words) + 2;
    }
    sheet_.y += block + 8;
    return {};
  }

  void put_code(const Picture &code, const Text &caption) {
    const auto side = mm(kCodeMm), from_start = sheet_.width() - side - mm(4);
    const auto x = sheet_.is_right_to_left() ? sheet_.left() + mm(4) : sheet_.left() + from_start;
    sheet_.page().pictures.push_back({nullptr, code, x, sheet_.y, side, side, true});
    sheet_.page().texts.push_back({caption, x - mm(4), sheet_.y + side - 2, 0, -1, false});
  }

  void put_page_ends() {
    const auto count = std::to_string(sheet_.pages().size());
    for (std::size_t i{0}; i < sheet_.pages().size(); ++i) {
      auto words = label(LetterLabel::page);
      replace(words, "{page}", std::to_string(i + 1));
      replace(words, "{pages}", count);
      auto &page = sheet_.pages()[i];
      const auto number = set(words, {.size = 8});
      const auto x =
          sheet_.is_right_to_left() ? sheet_.left() : sheet_.left() + sheet_.width() - width(number);
      page.texts.push_back({number, x, footer_top_ - height(number) - 5, 0, -1, false});
      page.rules.push_back({sheet_.left(), footer_top_ - 3, sheet_.width(), 0.5, true});
      if (footer_) page.texts.push_back({footer_, sheet_.left(), footer_top_, 0, -1, false});
    }
  }

  /// A page before the others with the address alone; printed on both sides, its back stays empty.
  void add_cover(const std::vector<Text> &address) {
    auto pages = std::move(sheet_.pages());
    sheet_.pages().assign(1, {});
    put_head();
    put_address(address);
    put_reference();
    if (order_.settings.is_duplex) sheet_.pages().emplace_back();
    sheet_.pages().insert(sheet_.pages().end(), std::make_move_iterator(pages.begin()),
                          std::make_move_iterator(pages.end()));
  }

  const LetterParts &parts_;
  const LetterOrder &order_;
  const config::LetterLabels &labels_;
  Text footer_{};
  double footer_top_{0}, reference_top_{0}, address_bottom_{0}, body_top_{0};
  LetterSheet sheet_;
};

}  // namespace

bool is_right_to_left(std::string_view language) {
  const auto code = language.substr(0, 2);
  return code == "ar" || code == "he" || code == "fa" || code == "ur" || code == "yi" || code == "ps";
}

Result<Pages> lay_out(const LetterParts &parts) {
  return Flow{parts}.lay_out();
}

}  // namespace relance::render
