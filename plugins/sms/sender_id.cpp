#include "plugins/sms/sender_id.hpp"

#include "plugins/protocol/gsm/gsm.hpp"

#include <algorithm>

namespace relance::sms {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_name_character(char c) {
  return c >= 0x20 && c < 0x7F && gsm::septets_of(static_cast<char32_t>(c)) == 1;
}

}  // namespace

bool is_e164(std::string_view text) {
  if (!text.starts_with('+')) return false;
  text.remove_prefix(1);
  return text.size() >= kNumberMin && text.size() <= kNumberMax && text.front() != '0' &&
         std::all_of(text.begin(), text.end(), is_digit);
}

SenderReading read_sender(std::string_view text) {
  if (text.empty()) return {{}, "there is none: give the creditor a sender for SMS, or this provider one"};
  if (text.front() == '+') {
    if (is_e164(text)) return {SenderId{SenderKind::number, std::string{text.substr(1)}}, {}};
    return {{}, "a number is + and 7 to 15 digits, the first of them not 0"};
  }
  if (std::all_of(text.begin(), text.end(), is_digit)) {
    if (text.size() >= 3 && text.size() <= kShortCodeMax)
      return {SenderId{SenderKind::short_code, std::string{text}}, {}};
    return {{}, "a short code has 3 to 8 digits; a number is written with + and its country"};
  }
  if (text.size() > kSenderNameMax) return {{}, "a name has at most 11 characters"};
  if (!std::all_of(text.begin(), text.end(), is_name_character))
    return {{}, "a name has unaccented letters, digits, spaces and simple punctuation only"};
  if (!std::any_of(text.begin(), text.end(), is_letter)) return {{}, "a name has at least one letter"};
  if (text.front() == ' ' || text.back() == ' ') return {{}, "a name neither begins nor ends with a space"};
  return {SenderId{SenderKind::name, std::string{text}}, {}};
}

}  // namespace relance::sms
