// Letters as PDF and as fax pages: a letterhead, an address that shows through its window, what the template
// says, a table of the invoices over as many pages as it takes, how to pay. Whether a letter fits its
// provider is known before anything is promised: what does not fit is an error that says why.
#pragma once

#include "host/base/result.hpp"
#include "host/config/configuration.hpp"
#include "host/render/message.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace relance::render {

struct LetterOrder {
  const config::Creditor &creditor;
  const config::LetterSettings &settings;  ///< of the provider
  const config::Template &made;            ///< that the words are of
  const RenderedLetter &words;
  const MessageModel &model;
  std::vector<std::string> address{};  ///< lines of the recipient, its name first
  bool has_envelope{true};             ///< false: no window limits the address
};

enum class LetterForm : std::uint8_t {
  pdf,  ///< A4, fonts embedded
  fax,  ///< TIFF, a page an image of 1728 × 2292 dots (204 × 196 an inch), Group 4; black and white
};

struct PrintedLetter {
  std::string bytes;
  std::uint32_t pages{0}, sheets{0};  ///< sheets: printed on both sides, a page more or less is none
};

inline constexpr std::size_t kAddressLinesMax{6};  ///< what every window takes

/// Keeps what is costly between letters: fonts, logos, formatters. Confined to one thread.
class LetterPrinter {
 public:
  /// One a thread: what it keeps depends on no configuration.
  static LetterPrinter &of_this_thread();

  LetterPrinter();
  ~LetterPrinter();
  LetterPrinter(const LetterPrinter &) = delete;
  LetterPrinter &operator=(const LetterPrinter &) = delete;

  /// Deterministic: the same order gives the same bytes on one machine. Errors (`conflict`): the address does
  /// not fit the window, too many pages or bytes, a character that no font has, a logo that cannot be read, a
  /// font that is not installed.
  Result<PrintedLetter> print(const LetterOrder &order, LetterForm form);

 private:
  struct Kept;
  std::unique_ptr<Kept> kept_;
};

}  // namespace relance::render
