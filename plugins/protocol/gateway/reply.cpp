#include "plugins/protocol/gateway/reply.hpp"

#include "plugins/protocol/gsm/gsm.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>

namespace relance::gateway {
namespace {

constexpr std::size_t kTextCharactersMax{200};
constexpr std::size_t kPriceCharactersMax{40};
constexpr int kExponentMax{30};
constexpr int kMicroDigitsMax{18};  ///< of millionths: more is no price of a message

/// For an operator's eyes: one line, bounded.
std::string one_line(std::string text) {
  auto characters = gsm::from_utf8(text);
  if (characters.size() > kTextCharactersMax) characters.resize(kTextCharactersMax);
  text = gsm::to_utf8(characters);
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text;
}

bool matches(const ReplyRule &rule, std::uint32_t status, const Said &said, bool is_readable) {
  const auto is_in = [&](const auto &range) { return status >= range.first && status <= range.second; };
  if (!rule.statuses.empty() && std::ranges::none_of(rule.statuses, is_in)) return false;
  const bool is_success{rule.outcome == sdk::OutcomeKind::accepted ||
                        rule.outcome == sdk::OutcomeKind::delivered};
  // A proxy's page of HTML with status 200 says nothing of the message.
  if (!is_readable && (is_success || !rule.where.empty())) return false;
  return holds(rule.where, said);
}

sdk::Outcome of_rule(const ReplyRule &rule, const sdk::HttpReply &reply) {
  sdk::Outcome outcome{.kind = rule.outcome, .failure = rule.failure, .whole_instance = rule.whole_provider};
  if (rule.outcome == sdk::OutcomeKind::not_sent) {
    if (outcome.failure == sdk::FailureClass::none) outcome.failure = sdk::FailureClass::temporary;
    const auto asked = reply.retry_after_ms();
    outcome.retry_after_ms = asked > 0 ? asked : rule.retry_after_ms;
  }
  return outcome;
}

void add_refs(const std::vector<Place> &places, const Said &said, sdk::Outcome &outcome) {
  for (const auto &place : places) {
    if (outcome.refs = place.all(said); !outcome.refs.empty()) break;
  }
  std::ranges::sort(outcome.refs);
  const auto twice = std::ranges::unique(outcome.refs);
  outcome.refs.erase(twice.begin(), twice.end());
}

/// How many there are. A part that was refused has no reference, and the others must not pass for the whole.
std::uint32_t count_parts(const std::vector<Place> &places, const Said &said) {
  for (const auto &place : places)
    if (const auto found = place.all(said); !found.empty()) return static_cast<std::uint32_t>(found.size());
  return 0;
}

/// Some name a price for each part of a message: what they cost together.
std::optional<std::int64_t> price_of(const std::vector<Place> &places, const Said &said) {
  for (const auto &place : places) {
    const auto prices = place.all(said);
    std::int64_t sum{0};
    for (const auto &text : prices) {
      const auto price = micro_units(text);
      if (!price || *price > std::numeric_limits<std::int64_t>::max() - sum) return std::nullopt;
      sum += *price;
    }
    if (!prices.empty()) return sum;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> micro_units(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);  // some state what was taken from the account
  int power{6};                                      // of ten, that the digits stand for
  if (const auto e = text.find_first_of("eE"); e != text.npos) {
    auto exponent = text.substr(e + 1);
    if (exponent.starts_with('+')) exponent.remove_prefix(1);
    int more{0};
    const auto [stop, fault] = std::from_chars(exponent.data(), exponent.data() + exponent.size(), more);
    if (fault != std::errc{} || stop != exponent.data() + exponent.size() || std::abs(more) > kExponentMax)
      return std::nullopt;
    power += more;
    text = text.substr(0, e);
  }
  if (text.size() > kPriceCharactersMax) return std::nullopt;
  const auto point = std::min(text.find('.'), text.size());
  std::string digits{text.substr(0, point)};
  if (point < text.size()) {
    const auto part = text.substr(point + 1);
    power -= static_cast<int>(part.size());
    digits += part;
  }
  if (digits.empty() || digits.find_first_not_of("0123456789") != digits.npos) return std::nullopt;
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.empty()) return 0;
  const auto length = static_cast<int>(digits.size()) + power;
  if (length > kMicroDigitsMax) return std::nullopt;
  digits.resize(static_cast<std::size_t>(std::max(length, 0)), '0');
  std::int64_t value{0};
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

sdk::Outcome to_outcome(const Reply &description, const sdk::HttpReply &reply) {
  if (reply.result != sdk::HttpReply::Result::replied) return reply.outcome();
  const auto document = read_document(description.format, reply.body);
  static const sdk::Json none;
  const Said said{document, document, none,
                  [&](std::string_view name) { return std::string{reply.header(name)}; }};
  const bool is_readable{!document.is_absent()};
  const auto rule = std::ranges::find_if(
      description.rules, [&](const ReplyRule &one) { return matches(one, reply.status, said, is_readable); });
  sdk::Outcome outcome;
  const bool has_rule{rule != description.rules.end()};
  if (has_rule)
    outcome = of_rule(*rule, reply);
  else if (!reply.is_success())
    outcome = reply.outcome();
  else if (!is_readable)
    outcome = sdk::Outcome::unknown("answer", "an answer that is not in the format of this provider");
  else if (description.states_what_is_accepted())
    outcome = sdk::Outcome::unknown("answer", "an answer that this provider's description does not know");
  else
    outcome = sdk::Outcome::accepted();
  add_refs(description.refs, said, outcome);
  outcome.part_count = count_parts(description.parts, said);
  if (outcome.kind == sdk::OutcomeKind::accepted && outcome.refs.empty() && !description.refs.empty())
    outcome = sdk::Outcome::unknown("answer", "accepted, but without the reference that it should carry");
  const bool is_good{outcome.kind == sdk::OutcomeKind::accepted ||
                     outcome.kind == sdk::OutcomeKind::delivered};
  if (outcome.kind == sdk::OutcomeKind::rejected || outcome.kind == sdk::OutcomeKind::not_sent) {
    outcome.refs.clear();
    outcome.part_count = 0;
  }
  if (const auto code = one_line(first_of(description.code, said)); !code.empty() && !is_good)
    outcome.code = code;
  if (const auto text = one_line(first_of(description.text, said)); !text.empty() && !is_good)
    outcome.text = text;
  if (outcome.code.empty() && !is_good) outcome.code = "http " + std::to_string(reply.status);
  if (const auto price = price_of(description.price, said)) {
    auto currency = description.currency_fixed.empty() ? first_of(description.currency, said)
                                                       : description.currency_fixed;
    if (currency.size() == 3) outcome.price = sdk::Price{*price, std::move(currency)};
  }
  return outcome;
}

}  // namespace relance::gateway
