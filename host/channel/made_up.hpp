// The ends that a plugin did not give, because it crashed, hung, forgot or was stopped. The careful ones:
// what it may have seen is unknown, what it certainly has not is not sent.
#pragma once

#include "host/channel/token_table.hpp"

#include <string>

namespace relance::channel {

struct MadeUp {
  std::vector<Outcome> outcomes;
  std::vector<Recall> recalls;
  std::vector<Discard> discards;
  std::vector<Parsed> parsed;
  std::vector<Polled> polled;
  std::vector<Fetched> fetched;
  std::vector<Judgement> judged;
};

MadeUp make_up(const std::vector<OpenToken> &open, const std::string &code, const std::string &text);

/// Gives them to the engine.
void deliver(MadeUp ends, const std::string &provider, ProviderEvents &events);

}  // namespace relance::channel
