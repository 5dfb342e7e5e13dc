// What a message says, as values, and what it is when rendered. The names that templates use for them:
// model_context.cpp and docs/for-operators/configuration.md.
#pragma once

#include "host/base/time.hpp"
#include "host/config/configuration.hpp"
#include "host/domain/money.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace relance::render {

struct MessageItem {
  std::string number, reference;
  CivilDate issued{}, due{};
  domain::Money amount{}, balance{};
  std::int32_t days_overdue{0};  ///< 0 or less: not yet due
};

/// Everything a template may speak of. Amounts are of one currency.
struct MessageModel {
  std::string creditor_name;
  std::vector<std::string> creditor_address{};
  std::optional<config::BankAccount> bank{};  ///< the creditor's for this currency
  std::string debtor_name;
  std::string contact_name{};  ///< empty: unknown
  std::string language;        ///< BCP 47, of the debtor: "fr", "de-AT"; numbers and dates are written in it
  std::string country{};  ///< of the debtor, where the language does not say it: en + GB writes 23 Nov 2026
  std::vector<MessageItem> items{};
  domain::Money total{};  ///< of all balances
  std::string step_id{};
  std::int32_t level{0};
  std::vector<std::string> merged_steps{};  ///< missed steps that this message stands for
  std::string payment_reference{};
  std::string customer_number{};   ///< of letters; empty: not shown
  std::string letter_reference{};  ///< what the creditor finds the letter by; empty: not shown
  CivilDate dated{};
};

/// Which of a template's words: those of a mail, those of a short message, or what a person says (else those of the mail).
enum class Form : std::uint8_t { mail, short_message, script };

struct RenderedMessage {
  std::string subject;  ///< one line
  std::string text;     ///< of a short message: without blank lines at its ends
  std::string html;     ///< empty when the template has none, and of a short message
};

/// A letter's words; the texts have paragraphs, parted by empty lines.
struct RenderedLetter {
  std::string subject, opening, closing;
};

}  // namespace relance::render
