#include "plugins/sms/quotation.hpp"

#include <algorithm>

namespace relance::sms {
namespace {

constexpr std::string_view kSenderPath{"/sender/address"}, kNumberPath{"/addressee/address"},
    kTextPath{"/parts/text"};
/// So many characters are named in a warning; a text in another script would name its alphabet.
constexpr std::size_t kForcingNamedMax{8};

void say_encoding(const gsm::Segmented &text, std::string_view original,
                  std::vector<sdk::Quote::Issue> &issues) {
  if (text.encoding == gsm::Encoding::gsm7) return;
  std::string message{"UCS-2 because of "};
  message += gsm::to_utf8(std::u32string_view{text.forcing}.substr(0, kForcingNamedMax));
  if (text.forcing.size() > kForcingNamedMax) message += " and others";
  message += "; " + std::to_string(text.parts.size()) + (text.parts.size() == 1 ? " part" : " parts");
  if (const auto saving = gsm::find_saving(original, text)) {
    message += saving->replacement == gsm::Replacement::accents
                   ? "; text.replacement = \"accents\" would make it "
                   : "; text.replacement = \"typographic\" would make it ";
    message += std::to_string(saving->parts);
  }
  issues.push_back({std::string{kTextPath}, std::move(message), false});
}

}  // namespace

const sdk::Quote::Issue *Preparation::fatal() const {
  const auto found =
      std::find_if(issues.begin(), issues.end(), [](const auto &issue) { return issue.is_fatal; });
  return found == issues.end() ? nullptr : &*found;
}

Preparation prepare(const sdk::Message &message, std::string_view default_sender, const TextRules &rules,
                    const PriceTable &prices) {
  Preparation result;
  auto sender = read_sender(message.sender.address.empty() ? default_sender : message.sender.address);
  if (sender.id)
    result.prepared.sender = std::move(*sender.id);
  else
    result.issues.push_back({std::string{kSenderPath}, "the sender: " + sender.fault, true});
  if (!is_e164(message.addressee.address))
    result.issues.push_back({std::string{kNumberPath}, "is no number in E.164, such as +33612345678", true});
  const auto text = message.text();
  if (text.empty()) result.issues.push_back({std::string{kTextPath}, "there is no text", true});
  result.prepared.text = gsm::segment(text, rules.encoding);
  const auto parts = result.prepared.text.parts.size();
  if (parts > rules.parts_max)
    result.issues.push_back({std::string{kTextPath},
                             "takes " + std::to_string(parts) + " parts; text.parts_max allows " +
                                 std::to_string(rules.parts_max),
                             true});
  say_encoding(result.prepared.text, text, result.issues);
  result.prepared.price = prices.price_of(message.addressee.address, parts);
  return result;
}

sdk::Quote to_quote(Preparation preparation) {
  return {.segments = static_cast<std::uint32_t>(preparation.prepared.text.parts.size()),
          .price = std::move(preparation.prepared.price),
          .issues = std::move(preparation.issues)};
}

sdk::Outcome to_refusal(const sdk::Quote::Issue &issue) {
  const auto failure = issue.path == kSenderPath   ? sdk::FailureClass::configuration
                       : issue.path == kNumberPath ? sdk::FailureClass::address_dead
                                                   : sdk::FailureClass::policy;
  const auto *const code = issue.path == kSenderPath   ? "sender"
                           : issue.path == kNumberPath ? "number"
                                                       : "text";
  return sdk::Outcome::rejected(failure, code, issue.message);
}

}  // namespace relance::sms
