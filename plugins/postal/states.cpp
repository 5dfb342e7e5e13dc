#include "plugins/postal/states.hpp"

#include <algorithm>
#include <string>

namespace relance::postal {
namespace {

using sdk::FailureClass;
using sdk::ReceiptKind;

constexpr std::size_t kWordsMax{200};

struct Word {
  std::string_view word;
  Meaning meaning;
};
/// Returned mail says that nobody lives there; "unclaimed" and "refused" say that somebody does.
constexpr Word kWords[]{
    {"interim", {}},
    {"accepted", {ReceiptKind::accepted}},
    {"dispatched", {ReceiptKind::dispatched}},
    {"available", {ReceiptKind::available}},
    {"delivered", {ReceiptKind::delivered, true}},
    {"accepted_by_addressee", {ReceiptKind::accepted_by_addressee, true}},
    {"refused", {ReceiptKind::refused, true, FailureClass::policy}},
    {"unclaimed", {ReceiptKind::unclaimed, true, FailureClass::temporary}},
    {"returned", {ReceiptKind::returned, true, FailureClass::address_dead}},
    {"sent_back", {ReceiptKind::returned, true, FailureClass::temporary}},  // and nobody says why
    {"failed", {ReceiptKind::failed, true, FailureClass::temporary}},
    {"rejected", {ReceiptKind::failed, true, FailureClass::policy}},
    {"cancelled", {ReceiptKind::cancelled, true}},
};

/// Bytes of the character that the text begins with; 0: it is no UTF-8 (RFC 3629).
std::size_t character_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto first = byte(0);
  const std::size_t length{first < 0x80   ? 1u
                           : first < 0xC2 ? 0u
                           : first < 0xE0 ? 2u
                           : first < 0xF0 ? 3u
                           : first < 0xF5 ? 4u
                                          : 0u};
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i{1}; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const bool is_overlong{(first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90)};
  const bool is_beyond{(first == 0xED && byte(1) > 0x9F) || (first == 0xF4 && byte(1) > 0x8F)};
  return is_overlong || is_beyond ? 0 : length;
}

}  // namespace

std::optional<Meaning> meaning_of(std::string_view word) {
  for (const auto &row : kWords)
    if (row.word == word) return row.meaning;
  return std::nullopt;
}

sdk::Receipt to_receipt(const Meaning &meaning) {
  sdk::Receipt receipt;
  receipt.kind = meaning.kind;
  receipt.is_final = meaning.is_final;
  receipt.failure = meaning.failure;
  return receipt;
}

std::string words_of(std::string_view text) {
  std::string words;
  while (!text.empty() && words.size() < kWordsMax) {
    const auto length = character_at(text);
    if (length == 0 || static_cast<unsigned char>(text[0]) < 0x20 || text[0] == 0x7F)
      words += length == 0 ? '?' : ' ';
    else if (words.size() + length <= kWordsMax)
      words += text.substr(0, length);
    else
      break;  // no half of a character
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  while (words.ends_with(' ')) words.pop_back();
  return words;
}

}  // namespace relance::postal
