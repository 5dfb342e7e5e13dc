#include "plugins/sms/kannel/answer.hpp"

#include <algorithm>
#include <string_view>

namespace relance::sms::kannel {
namespace {

/// Kannel's longest answer is a sentence.
constexpr std::size_t kAnswerWordsMax{120};
constexpr std::int64_t kRetryTemporaryMs{30'000};

/// One line of printable characters: the answer goes into the journal.
std::string words_of(std::string_view body) {
  std::string words;
  for (const char c : body.substr(0, kAnswerWordsMax))
    words += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  while (!words.empty() && words.back() == ' ') words.pop_back();
  return words;
}

struct Saying {
  std::uint32_t status;
  std::string_view begins;
};
bool says(const sdk::HttpReply &reply, std::initializer_list<Saying> sayings) {
  return std::any_of(sayings.begin(), sayings.end(), [&](const Saying &saying) {
    return reply.status == saying.status && std::string_view{reply.body}.starts_with(saying.begins);
  });
}

sdk::Outcome misconfigured(std::string code, std::string text) {
  auto outcome = sdk::Outcome::not_sent(std::move(code), std::move(text));
  outcome.failure = sdk::FailureClass::configuration;
  outcome.whole_instance = true;
  return outcome;
}

}  // namespace

sdk::Outcome read_answer(const sdk::HttpReply &reply) {
  if (reply.result != sdk::HttpReply::Result::replied) return reply.outcome();
  const auto code = std::to_string(reply.status);
  auto words = words_of(reply.body);
  // 3: its link to the network is down, and the message lies in its spool.
  if (says(reply, {{202, "0: Accepted"}, {202, "3: Queued"}, {202, "Sent."}}))
    return sdk::Outcome::accepted();
  if (says(reply, {{403, "Not routable"}, {400, "Number(s) has/have been denied"}}))
    return sdk::Outcome::rejected(sdk::FailureClass::policy, code, std::move(words));
  if (says(reply, {{403, "Authorization failed"},
                   {400, "Sender missing"},
                   {400, "Account field"},
                   {400, "DLR-"},
                   {400, "Invalid content-type"},
                   {404, "Unknown request"}}))
    return misconfigured(code, std::move(words));
  if (says(reply, {{503, "Temporal failure"}}))
    return sdk::Outcome::not_sent(code, std::move(words),
                                  std::max(kRetryTemporaryMs, reply.retry_after_ms()));
  if (reply.status == 400 && words.ends_with("rejected"))  // Kannel's words about what it was given
    return sdk::Outcome::rejected(sdk::FailureClass::policy, code, std::move(words));
  if (reply.status >= 400 && reply.status < 500 && reply.status != 408 && reply.status != 409 &&
      reply.status != 429)
    return misconfigured(code, "not Kannel's words; is url the address of its sendsms?");
  return sdk::Outcome::unknown(code, "an answer that does not say whether the message was taken");
}

}  // namespace relance::sms::kannel
