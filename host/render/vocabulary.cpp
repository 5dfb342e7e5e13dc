// The table.
#include "host/render/vocabulary.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

namespace relance::render {

std::span<const Word> vocabulary() {
  static constexpr std::array<Word, kFieldCount> kWords{{
      {"creditor.name", Field::creditor_name, Shape::text, "the creditor"},
      {"creditor.address", Field::creditor_address, Shape::lines, "the creditor's postal address"},
      {"debtor.name", Field::debtor_name, Shape::text, "the debtor"},
      {"contact_name", Field::contact_name, Shape::text, "the person written to; may be empty"},
      {"bank", Field::bank, Shape::condition, "there is a bank account for the currency"},
      {"bank.name", Field::bank_name, Shape::text, "its holder"},
      {"bank.iban", Field::bank_iban, Shape::text, "its IBAN, in groups of four"},
      {"bank.bic", Field::bank_bic, Shape::text, "its BIC; may be empty"},
      {"total", Field::total, Shape::text, "what is open on all invoices"},
      {"overdue_total", Field::overdue_total, Shape::text, "what is open on those past their due date"},
      {"items", Field::items, Shape::items, "the overdue ones; before the due date all open ones"},
      {"overdue_items", Field::overdue_items, Shape::items, "those past their due date"},
      {"upcoming_items", Field::upcoming_items, Shape::items, "the others"},
      {"has_overdue", Field::has_overdue, Shape::condition, "at least one is past its due date"},
      {"has_upcoming", Field::has_upcoming, Shape::condition, "at least one is not yet due"},
      {"single_item", Field::single_item, Shape::condition, "there is exactly one invoice"},
      {"single_overdue", Field::single_overdue, Shape::condition, "exactly one is past its due date"},
      {"reference", Field::reference, Shape::text, "what to quote with the payment"},
      {"date", Field::date, Shape::text, "the message's date, in full"},
      {"step", Field::step, Shape::text, "the step's id"},
      {"level", Field::level, Shape::text, "how far the tone has risen, from 0"},
      {"merged_steps", Field::merged_steps, Shape::lines, "ids of missed steps that this message stands for"},
      {"has_merged", Field::has_merged, Shape::condition, "there are such steps"},
      {"number", Field::number, Shape::text, "of the invoice"},
      {"item_reference", Field::item_reference, Shape::text,
       "the invoice's own payment reference; may be empty"},
      {"issued", Field::issued, Shape::text, "its date"},
      {"due", Field::due, Shape::text, "its due date"},
      {"amount", Field::amount, Shape::text, "its amount"},
      {"balance", Field::balance, Shape::text, "what is still open"},
      {"days_overdue", Field::days_overdue, Shape::text,
       "days past the due date, as a number; 0 when not due"},
      {"overdue", Field::overdue, Shape::text, "the same in words: \"12 days\""},
      {"is_overdue", Field::is_overdue, Shape::condition, "it is past its due date"},
      {".", Field::line, Shape::text, "one line of a list of lines"},
  }};
  return kWords;
}

const Word *find_word(std::string_view name) {
  static const auto kByName = [] {
    std::unordered_map<std::string_view, const Word *> map;
    for (const auto &word : vocabulary()) map.emplace(word.name, &word);
    return map;
  }();
  const auto found = kByName.find(name);
  return found == kByName.end() ? nullptr : found->second;
}

}  // namespace relance::render
