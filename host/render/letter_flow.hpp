// What stands on a letter, in its order: letterhead, address, reference, subject, opening, invoices, how to
// pay, closing; then, once it is known how many pages there are, what stands on each.
#pragma once

#include "host/render/formats.hpp"
#include "host/render/letter.hpp"
#include "host/render/letter_sheet.hpp"
#include "host/render/logo.hpp"

#include <optional>

namespace relance::render {

/// What a letter's own words are written in.
bool is_right_to_left(std::string_view language);

/// Borrowed for the call.
struct LetterParts {
  const LetterOrder &order;
  const LetterLayout &layout;
  const std::optional<Logo> &logo;
  Typesetter &setter;
  Formats &formats;
};

/// An error says what does not fit.
Result<Pages> lay_out(const LetterParts &parts);

}  // namespace relance::render
