#include "plugins/protocol/smpp/message_id.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace relance::smpp {
namespace {

/// A number that both bases write with six digits or more fits one message at most, as ids of a message
/// centre have about one length: 100,000 has five hexadecimal digits.
constexpr std::size_t kTellingDigits{6};

std::optional<std::uint64_t> number_of(std::string_view text, int base) {
  std::uint64_t number{0};
  const auto *end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, number, base);
  if (text.empty() || fault != std::errc{} || stop != end) return std::nullopt;
  return number;
}

std::string digits_of(std::uint64_t number, int base) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, number, base).ptr;
  return {text, end};
}

}  // namespace

MessageIds::MessageIds(ReceiptIds mode, std::string_view learned) : mode_{mode} {
  // "d U 8": decimal, upper case, eight digits wide.
  for (const char c : learned.substr(0, learned.find_last_of(' '))) {
    if (c == 'd') learned_ = ReceiptIds::decimal;
    if (c == 'h') learned_ = ReceiptIds::hexadecimal;
    if (c == 's') learned_ = ReceiptIds::same;
    style_.has_upper |= c == 'U';
    style_.has_lower |= c == 'L';
  }
  const auto last = learned.find_last_of(' ');
  if (last != std::string_view::npos)
    style_.width = static_cast<std::size_t>(number_of(learned.substr(last + 1), 10).value_or(0) % 256);
}

std::string MessageIds::learned() const {
  const std::lock_guard lock{mutex_};
  const char *mode{learned_ == ReceiptIds::decimal       ? "d"
                   : learned_ == ReceiptIds::hexadecimal ? "h"
                   : learned_ == ReceiptIds::same        ? "s"
                                                         : "-"};
  return std::string{mode} + ' ' + (style_.has_upper ? "U" : "") + (style_.has_lower ? "L" : "") + ' ' +
         digits_of(style_.width, 10);
}

void MessageIds::look_at(std::string_view id) {
  style_.has_upper |= std::any_of(id.begin(), id.end(), [](char c) { return c >= 'A' && c <= 'F'; });
  style_.has_lower |= std::any_of(id.begin(), id.end(), [](char c) { return c >= 'a' && c <= 'f'; });
  const bool is_padded{id.size() > 1 && id[0] == '0'};
  if (is_padded) style_.width = id.size();
  if (!is_padded && id.size() < style_.width) style_.width = 0;
}

void MessageIds::given(std::string_view id) {
  if (mode_ == ReceiptIds::same) return;
  const std::lock_guard lock{mutex_};
  look_at(id);
  if (mode_ != ReceiptIds::automatic) return;
  if (!known_.emplace(id).second) return;
  order_.emplace_back(id);
  if (order_.size() <= kRememberedMax) return;
  known_.erase(order_.front());
  order_.pop_front();
}

std::string MessageIds::pad(std::string digits) const {
  if (digits.size() < style_.width) digits.insert(0, style_.width - digits.size(), '0');
  return digits;
}

std::string MessageIds::to_hexadecimal(std::string_view decimal) const {
  const auto number = number_of(decimal, 10);
  if (!number) return {};
  auto digits = digits_of(*number, 16);
  if (style_.has_upper && !style_.has_lower)
    for (auto &digit : digits)
      if (digit >= 'a') digit = static_cast<char>(digit - 'a' + 'A');
  return pad(std::move(digits));
}

std::string MessageIds::to_decimal(std::string_view hexadecimal) const {
  const auto number = number_of(hexadecimal, 16);
  return number ? pad(digits_of(*number, 10)) : std::string{};
}

/// The same number in the same base, written as the responses write theirs.
std::string MessageIds::as_given(std::string_view id) const {
  const auto number = number_of(id, 16);
  if (!number) return {};
  auto digits = digits_of(*number, 16);
  const bool is_upper{style_.has_upper && !style_.has_lower};
  for (auto &digit : digits)
    if (is_upper && digit >= 'a') digit = static_cast<char>(digit - 'a' + 'A');
  return pad(std::move(digits));
}

std::optional<std::string> MessageIds::meant(std::string_view words_id) {
  const std::lock_guard lock{mutex_};
  const auto otherwise = [&](std::string id) { return id.empty() ? std::string{words_id} : std::move(id); };
  switch (mode_ == ReceiptIds::automatic ? learned_ : mode_) {
    case ReceiptIds::same:
      if (mode_ == ReceiptIds::same || known_.contains(std::string{words_id})) return std::string{words_id};
      return is_known(as_given(words_id)) ? as_given(words_id) : std::string{words_id};
    case ReceiptIds::decimal:
      return otherwise(to_hexadecimal(words_id));
    case ReceiptIds::hexadecimal:
      return otherwise(to_decimal(words_id));
    case ReceiptIds::automatic:
      break;
  }
  return by_evidence(words_id);
}

std::optional<std::string> MessageIds::by_evidence(std::string_view words_id) {
  const std::string same{words_id}, restyled{as_given(words_id)}, hexadecimal{to_hexadecimal(words_id)},
      decimal{to_decimal(words_id)};
  const bool fits_same{is_known(same) || is_known(restyled)};
  const bool fits_hexadecimal{hexadecimal != same && hexadecimal != restyled && is_known(hexadecimal)};
  const bool fits_decimal{decimal != same && decimal != restyled && is_known(decimal)};
  if (static_cast<int>(fits_same) + static_cast<int>(fits_hexadecimal) + static_cast<int>(fits_decimal) > 1)
    return std::nullopt;
  const auto prove = [&](Proofs &own, const Proofs &other, const Proofs &another, ReceiptIds mode) {
    if (words_id.size() < kTellingDigits) return;
    if (++own.count >= kProofs && other.count == 0 && another.count == 0) learned_ = mode;
  };
  if (fits_same) {
    prove(same_, decimal_, hexadecimal_, ReceiptIds::same);
    return is_known(same) ? same : restyled;
  }
  if (fits_hexadecimal) {
    prove(decimal_, same_, hexadecimal_, ReceiptIds::decimal);
    return hexadecimal;
  }
  if (fits_decimal) {
    prove(hexadecimal_, same_, decimal_, ReceiptIds::hexadecimal);
    return decimal;
  }
  return same;
}

}  // namespace relance::smpp
