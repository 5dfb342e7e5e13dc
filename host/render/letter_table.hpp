// The invoices of a letter as a table over as many pages as it takes: the head again on each, and what has
// been summed up so far at its end and at the next one's beginning.
#pragma once

#include "host/render/formats.hpp"
#include "host/render/letter.hpp"
#include "host/render/letter_sheet.hpp"

namespace relance::render {

void put_table(LetterSheet &sheet, Formats &formats, const MessageModel &model,
               const config::LetterLabels &labels, config::LetterItems items);
/// What the table sums up: what is to be paid now.
domain::Money sum_to_pay(const MessageModel &model, config::LetterItems items);

}  // namespace relance::render
