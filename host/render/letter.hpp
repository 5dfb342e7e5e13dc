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
  fax,  ///< TIFF, a page an image of 1728 × 2291 dots (204 × 196 an inch), Group 4; black and white
};

struct PrintedLetter {
  std::string bytes;
  std::uint32_t pages{0}, sheets{0};  ///< sheets: printed on both sides, a page more or less is none
};

inline constexpr std::size_t kAddressLinesMax{7};  ///< six, and the country's of a letter that goes abroad

/// Keeps what is costly between letters: fonts, logos, formatters. Confined to one thread.
class LetterPrinter {
 public:
  /// One a thread: what it keeps depends on no configuration.
  static LetterPrinter &of_this_thread();

  LetterPrinter();
  ~LetterPrinter();
  LetterPrinter(const LetterPrinter &) = delete;
  LetterPrinter &operator=(const LetterPrinter &) = delete;

  /// Deterministic: the same order gives the same bytes on one machine. A `conflict` is this letter's, and
  /// another provider may take it: the address does not fit the window, too many pages or bytes, a character
  /// that no font has. `unavailable` is the letterhead's, and so every letter's of this creditor: see
  /// check().
  Result<PrintedLetter> print(const LetterOrder &order, LetterForm form);

  /// `unavailable`: the font is not installed or cannot be read, or the logo cannot. Mended, it is found so
  /// again without a restart.
  Result<void> check(const config::Letterhead &head);

 private:
  struct Kept;
  std::unique_ptr<Kept> kept_;
};

}  // namespace relance::render
