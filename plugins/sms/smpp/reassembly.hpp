// An incoming text in parts, each of which came, was stored and is parsed by itself: the parses are held open
// until the last part is there, so that a restart in between loses nothing (the host asks them all again) and
// the words reach a person once.
#pragma once

#include "plugins/protocol/gsm/gsm.hpp"

#include <relance/parsed.hpp>

#include <chrono>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace relance::sms::smpp {

class Reassembly {
 public:
  using Clock = std::chrono::steady_clock;
  /// What a part that does not come is waited for. The host has a bounded number of parses open.
  static constexpr std::chrono::seconds kPatience{20};
  static constexpr std::size_t kTextsMax{64}, kRememberedMax{256};

  /// `part.count` is 2 or more. Ends this parse now or later.
  void add(sdk::PendingParse pending, const sdk::Reply &reply, gsm::Concatenation part,
           Clock::time_point now);
  /// Ends what has waited long enough with the parts that there are.
  void expire(Clock::time_point now);
  [[nodiscard]] bool is_empty() const { return texts_.empty(); }

 private:
  struct Text {
    sdk::Reply reply{};
    std::uint8_t count{0};
    std::map<std::uint8_t, std::string> parts{};
    std::vector<sdk::PendingParse> pending{};
    Clock::time_point until{};
  };
  void end(const std::string &name, Text text);

  std::map<std::string, Text> texts_;
  std::deque<std::string> ended_;  ///< names: a message centre that repeats a part means no new text
};

}  // namespace relance::sms::smpp
