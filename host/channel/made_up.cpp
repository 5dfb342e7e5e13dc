#include "host/channel/made_up.hpp"

namespace relance::channel {

MadeUp make_up(const std::vector<OpenToken> &open, const std::string &code, const std::string &text) {
  MadeUp ends;
  for (const auto &token : open) {
    switch (token.operation) {
      case Operation::recall:
        ends.recalls.push_back({token.token, RecallKind::unknown, text});
        break;
      case Operation::discard:
        ends.discards.push_back({token.token, DiscardKind::unknown, text});
        break;
      case Operation::parse: {
        Parsed parsed;
        parsed.token = token.token;
        parsed.error = text;
        ends.parsed.push_back(std::move(parsed));
        break;
      }
      case Operation::poll:
        ends.polled.push_back({token.token, {}, text, {}});
        break;
      case Operation::fetch:
        ends.fetched.push_back({token.token, FetchKind::again, {}, text, {}});
        break;
      case Operation::authenticate:
        ends.judged.push_back({token.token, Verdict::down, {}, text});
        break;
      case Operation::submit:
      case Operation::commit:
      case Operation::query: {
        Outcome outcome;
        outcome.token = token.token;
        outcome.code = code;
        outcome.text = text;
        if (!token.is_announced && token.operation != Operation::query) {
          outcome.kind = OutcomeKind::not_sent;
          outcome.failure = FailureClass::temporary;
        }
        ends.outcomes.push_back(std::move(outcome));
      }
    }
  }
  return ends;
}

void deliver(MadeUp ends, const std::string &provider, ProviderEvents &events) {
  if (!ends.outcomes.empty()) events.outcomes(provider, std::move(ends.outcomes));
  if (!ends.recalls.empty()) events.recalls(provider, std::move(ends.recalls));
  if (!ends.discards.empty()) events.discards(provider, std::move(ends.discards));
  if (!ends.parsed.empty()) events.parsed(provider, std::move(ends.parsed));
  if (!ends.fetched.empty()) events.fetched(provider, std::move(ends.fetched));
  if (!ends.judged.empty()) events.judged(provider, std::move(ends.judged));
  for (auto &polled : ends.polled) events.polled(provider, std::move(polled));
}

}  // namespace relance::channel
