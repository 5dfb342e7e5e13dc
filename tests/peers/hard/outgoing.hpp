// One text on its way to the message centre: its parts as submit_sm bodies, what was said of each, and what
// that means for the whole.
#pragma once

#include "tests/peers/hard/smpp_pdu.hpp"
#include "tests/peers/hard/sms_text.hpp"

#include <relance/message.hpp>
#include <relance/pending.hpp>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <deque>
#include <iterator>
#include <memory>

namespace hard {

inline std::string as_hex(std::uint32_t value) {
  char text[8];
  return {text, std::to_chars(text, text + sizeof text, value, 16).ptr};
}

struct Outgoing {
  relance::sdk::Pending pending;
  std::vector<std::string> bodies{};
  std::deque<std::size_t> todo{};  ///< parts to be written
  std::vector<std::string> ids{};  ///< by part; empty: not accepted
  std::size_t unanswered{0};
  std::uint32_t refused{0};
  bool is_throttled{false}, is_begun{false};

  [[nodiscard]] std::vector<std::string> refs() const {
    std::vector<std::string> known;
    std::copy_if(ids.begin(), ids.end(), std::back_inserter(known),
                 [](const auto &id) { return !id.empty(); });
    return known;
  }
  [[nodiscard]] relance::sdk::Outcome unknown(std::string code, std::string text) const {
    auto end = relance::sdk::Outcome::unknown(std::move(code), std::move(text));
    end.refs = refs();
    return end;
  }
  /// When every part that was written has its answer, and none is left to be tried again.
  [[nodiscard]] relance::sdk::Outcome outcome(std::int64_t throttle_pause_ms) const {
    using relance::sdk::FailureClass;
    using relance::sdk::Outcome;
    const bool is_out{!refs().empty()};
    if (refused != 0 && is_out) return unknown(as_hex(refused), "a part of it was refused, another is out");
    if (refused != 0)
      return Outcome::rejected(
          refused == smpp::kInvalidDestination ? FailureClass::address_dead : FailureClass::policy,
          as_hex(refused), "refused by the message centre");
    if (!is_throttled) return Outcome::accepted(refs());
    auto end = Outcome::not_sent(as_hex(smpp::kThrottled), "throttled", throttle_pause_ms);
    end.whole_instance = true;
    return end;
  }
};

inline std::string text_of(const relance::sdk::Message &message) {
  std::string text(message.text());
  text.erase(text.find_last_not_of(" \r\n") + 1);
  return text;
}

/// "YYMMDDhhmmsst00+", in UTC. @see SMPP v3.4 §7.1.1
inline std::string validity_of(std::int64_t valid_until_ms) {
  if (valid_until_ms <= 0) return {};
  const std::time_t seconds{valid_until_ms / 1000};
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%y%m%d%H%M%S000+", &utc)};
}

inline std::shared_ptr<Outgoing> make_outgoing(relance::sdk::Pending pending) {
  auto out = std::make_shared<Outgoing>(Outgoing{.pending = std::move(pending)});
  const relance::sdk::Message message(*out->pending);
  std::uint8_t reference{0};
  for (const char c : message.idempotency_key) reference = static_cast<std::uint8_t>(reference * 31 + c);
  const auto sms = split_sms(text_of(message), reference);
  smpp::ShortMessage wire;
  wire.source = message.sender.address;
  if (wire.source.find_first_not_of("+0123456789") != std::string::npos)
    wire.source_ton = 5, wire.source_npi = 0;
  std::erase(wire.source, '+');
  wire.destination = message.addressee.address;
  std::erase(wire.destination, '+');
  wire.validity = validity_of(message.valid_until_ms);
  wire.registered_delivery = 1;
  wire.data_coding = sms.data_coding;
  wire.esm_class = sms.has_header ? 0x40 : 0;
  for (const auto &part : sms.parts) {
    wire.text = part;
    out->todo.push_back(out->bodies.size());
    out->bodies.push_back(smpp::body_of(wire));
  }
  out->ids.resize(out->bodies.size());
  return out;
}

}  // namespace hard
