#include "host/engine/reply_words.hpp"

#include "host/domain/money.hpp"

namespace relance::engine {
namespace {

std::string amount_of(const channel::Reply &reply) {
  if (reply.amount_minor == 0) return "all";
  const auto currency = domain::Currency::parse(reply.currency);
  if (!currency) return "a part";
  return domain::format_money({reply.amount_minor, *currency});
}

std::string meaning_of(const channel::Reply &reply) {
  const auto day = reply.date ? format_date(*reply.date) : std::string{"a day not said"};
  switch (reply.kind) {
    case channel::ReplyKind::promise:
      return "Promises to pay " + amount_of(reply) + " by " + day;
    case channel::ReplyKind::dispute:
      return "Disputes the debt";
    case channel::ReplyKind::wrong_address:
      return "Says that this address is not the debtor's";
    case channel::ReplyKind::call_back:
      return "Asks to be called back on " + day;
    case channel::ReplyKind::human:
    case channel::ReplyKind::stop:
    case channel::ReplyKind::automatic:
      break;
  }
  return {};
}

}  // namespace

std::string words_of(const channel::Reply &reply) {
  auto words = meaning_of(reply);
  if (words.empty()) return reply.text;
  if (!reply.text.empty()) words += ":\n" + reply.text;
  return words;
}

}  // namespace relance::engine
