// The order of things: font, logo, pages, limits, bytes.
#include "host/render/letter.hpp"

#include "host/render/letter_flow.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>

namespace relance::render {

namespace {

constexpr std::size_t kLogosMax{64}, kLocalesMax{256};
/// With the time of its last change: a new logo is drawn from then on.
using LogoKey = std::tuple<std::string, std::int32_t, std::filesystem::file_time_type::rep>;
constexpr double kLogoWidthMaxMm{75};
/// What certainly needs more pages is not laid out first.
constexpr std::size_t kItemsMax{kPagesMax * 60}, kWordsBytesMax{kPagesMax * 8192};

std::string limit_text(const char *what, std::uint64_t is, std::uint64_t may_be) {
  return "the letter has " + std::to_string(is) + ' ' + what + ", and this provider takes " +
         std::to_string(may_be);
}

}  // namespace

struct LetterPrinter::Kept {
  Typesetter setter;
  std::map<LogoKey, Result<Logo>> logos;  // a bad one too: to find out what is wrong takes as long
  std::unordered_map<std::string, std::unique_ptr<Formats>> formats;

  Formats &formats_for(const MessageModel &model) {
    const std::string key{model.language + '/' + model.country};
    auto found = formats.find(key);
    if (found != formats.end()) return *found->second;
    if (formats.size() >= kLocalesMax) formats.clear();
    return *formats.emplace(key, std::make_unique<Formats>(model.language, model.country)).first->second;
  }

  Result<std::optional<Logo>> logo_of(const config::Letterhead &head) {
    if (head.logo.empty()) return std::optional<Logo>{};
    std::error_code error;
    const LogoKey key{head.logo.string(), head.logo_height_mm,
                      std::filesystem::last_write_time(head.logo, error).time_since_epoch().count()};
    auto found = logos.find(key);
    if (found == logos.end()) {
      if (logos.size() >= kLogosMax) logos.clear();
      auto read = read_logo(head.logo, head.logo_height_mm, kLogoWidthMaxMm);
      if (error) return read ? std::optional{std::move(*read)} : Result<std::optional<Logo>>{read.error()};
      found = logos.emplace(key, std::move(read)).first;
    }
    if (!found->second) return found->second.error();
    return std::optional{*found->second};
  }
};

LetterPrinter &LetterPrinter::of_this_thread() {
  thread_local LetterPrinter printer;
  return printer;
}

LetterPrinter::LetterPrinter() : kept_{std::make_unique<Kept>()} {}
LetterPrinter::~LetterPrinter() = default;

Result<void> LetterPrinter::check(const config::Letterhead &head) {
  if (auto begun = kept_->setter.begin(head.font, false); !begun) return begun.error();
  if (const auto logo = kept_->logo_of(head); !logo) return logo.error();
  return {};
}

Result<PrintedLetter> LetterPrinter::print(const LetterOrder &order, LetterForm form) {
  const auto &head = order.creditor.letterhead;
  const auto &settings = order.settings;
  if (order.model.items.size() > kItemsMax ||
      order.words.opening.size() + order.words.closing.size() > kWordsBytesMax)
    return conflict("the letter is longer than " + std::to_string(kPagesMax) + " pages");
  if (auto begun = kept_->setter.begin(head.font, is_right_to_left(order.made.language)); !begun)
    return begun.error();
  const auto logo = kept_->logo_of(head);
  if (!logo) return logo.error();
  auto window = settings.window.value_or(usual_window(order.creditor.country));
  if (window == config::LetterWindow::cover_sheet) window = usual_window(order.creditor.country);
  auto pages = lay_out({order, letter_layout(window), *logo, kept_->setter, kept_->formats_for(order.model)});
  if (!pages) return pages.error();
  PrintedLetter letter;
  letter.pages = static_cast<std::uint32_t>(pages->pages.size());
  letter.sheets = settings.is_duplex ? (letter.pages + 1) / 2 : letter.pages;
  const auto pages_max =
      settings.pages_max == 0 ? kPagesMax : std::min<std::size_t>(kPagesMax, settings.pages_max);
  if (letter.pages > pages_max) return conflict(limit_text("pages", letter.pages, pages_max));
  if (settings.sheets_max != 0 && letter.sheets > settings.sheets_max)
    return conflict(limit_text("sheets", letter.sheets, settings.sheets_max));
  letter.bytes = form == LetterForm::pdf ? pdf_of(*pages) : fax_of(*pages);
  if (letter.bytes.empty()) return internal("the letter could not be drawn");
  if (settings.bytes_max != 0 && letter.bytes.size() > settings.bytes_max)
    return conflict(limit_text("bytes", letter.bytes.size(), settings.bytes_max));
  return letter;
}

}  // namespace relance::render
