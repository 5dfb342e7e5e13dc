#include "plugins/sms/smpp/channel.hpp"

#include "plugins/sms/quotation.hpp"
#include "plugins/sms/smpp/inbound.hpp"
#include "plugins/sms/smpp/text.hpp"
#include "plugins/sms/smpp/verdicts.hpp"

#include <algorithm>
#include <chrono>

namespace relance::sms::smpp {
namespace {

/// To ready(): max_in_flight alone binds.
constexpr std::uint32_t kAsPromised{RELANCE_CREDIT_ALL};
/// What was written at stop() has so long for its answer; the host waits longer.
constexpr std::chrono::milliseconds kStopGrace{1'500};
/// Ten years: a moment beyond it is as good as this one, and cannot overflow a clock.
constexpr std::int64_t kFarMs{std::int64_t{3650} * 86'400'000};
/// Until its message centre says more, a text is on its way so long.
constexpr std::int64_t kReceiptWithinMs{86'400'000};
constexpr const char *kLearnedKey{"receipt_ids"};

/// What several answers to one question say together. On the client's thread.
struct Asked {
  std::size_t open{0};
  std::vector<protocol::Answer> answers{};
};

bool is_under_way(const protocol::Answer &answer) {
  const auto said = protocol::read_query_answer(answer.body);
  using State = protocol::MessageState;
  if (!answer.is_answered || answer.status != 0 || !said) return false;
  const auto state = static_cast<State>(said->state);
  return state == State::enroute || state == State::delivered || state == State::accepted ||
         state == State::scheduled;
}

/// A message centre wants the sender that the message had; it is told the provider's, which is most often
/// that.
protocol::Address own_address(const SenderReading &sender, const Settings &settings) {
  return sender.id ? source_of(*sender.id, settings) : protocol::Address{};
}

std::string words_of(const protocol::Answer &answer) {
  if (!answer.is_answered) return "no answer";
  if (answer.status != 0) return protocol::name_of_status(answer.status);
  const auto said = protocol::read_query_answer(answer.body);
  return said ? "message_state " + std::to_string(said->state) : "an answer that cannot be read";
}

/// The references may be those of some parts only: a part that is out settles that nothing is sent again, and
/// receipts tell the rest. That one failed settles nothing.
sdk::Outcome to_query_outcome(const std::vector<protocol::Answer> &answers) {
  for (const auto &answer : answers)
    if (is_under_way(answer)) return sdk::Outcome::accepted();
  return sdk::Outcome::unknown("query", words_of(answers.front()));
}

sdk::Recalled to_recalled(const std::vector<protocol::Answer> &answers) {
  const auto is_gone = [](const protocol::Answer &answer) {
    return answer.is_answered && answer.status == 0;
  };
  const auto is_late = [](const protocol::Answer &answer) {
    return answer.is_answered && answer.status != 0;
  };
  if (std::all_of(answers.begin(), answers.end(), is_gone)) return {sdk::RecallKind::cancelled, {}};
  const auto text = "cancel_sm: " + words_of(answers.back());
  if (std::all_of(answers.begin(), answers.end(), is_late)) return {sdk::RecallKind::too_late, text};
  return {sdk::RecallKind::unknown, text};
}

}  // namespace

SmppChannel::SmppChannel(sdk::Host host, std::string_view, std::string_view settings_json,
                         sdk::Issues &issues)
    : host_{host},
      settings_{read_settings(settings_json, issues)},
      ids_{settings_.receipt_ids, host.state(kLearnedKey).value_or(std::string{})},
      learned_{ids_.learned()} {}

SmppChannel::~SmppChannel() {
  client_.reset();  // ends what is open, then joins
}

sdk::Traits SmppChannel::traits() const {
  sdk::Traits traits{.max_in_flight = settings_.max_in_flight()};
  if (settings_.awaits_receipts) traits.expected_receipts = {{RELANCE_RCPT_DELIVERED, 0, kReceiptWithinMs}};
  if (!settings_.query) traits.without |= RELANCE_CAP_QUERY_BY_REF;
  if (!settings_.recall) traits.without |= RELANCE_CAP_RECALL;
  return traits;
}

void SmppChannel::start() {
  host_.ready(0);
  client_.emplace(
      settings_.server,
      protocol::Events{[this](std::span<protocol::Completion> completions) { ended(completions); },
                       [this](std::span<const protocol::Arrival> arrivals) { return arrived(arrivals); },
                       [this](const protocol::Health &health) { say_health(health); },
                       [this](bool is_open) { host_.ready(is_open ? kAsPromised : 0); }});
  if (const auto fault = client_->start(); !fault.empty()) {
    client_.reset();
    host_.health(sdk::HealthLevel::down, "tls", fault);
    throw std::runtime_error(fault);
  }
}

void SmppChannel::stop() {
  if (client_) client_->stop(kStopGrace);
}

void SmppChannel::submit(std::vector<sdk::Pending> batch) {
  if (!client_) {
    for (auto &pending : batch)
      pending.end(sdk::Outcome::not_sent("not_started", "the instance was not started"));
    return;
  }
  const auto wall_now_ms = host_.wall_ms();
  const auto now = std::chrono::steady_clock::now();
  std::vector<protocol::Submission> submissions;
  submissions.reserve(batch.size());
  sdk::OutcomeBatch<relance_message> refused{host_};
  {
    const std::lock_guard lock{mutex_};
    for (auto &pending : batch) {
      const sdk::Message message{*pending};
      auto preparation = prepare(message, settings_.sender, settings_.text, settings_.prices);
      if (const auto *issue = preparation.fatal()) {
        refused.add(std::move(pending), to_refusal(*issue));
        continue;
      }
      const auto left_ms = std::clamp(message.not_after_ms - wall_now_ms, -kFarMs, kFarMs);
      const auto token = pending.token();
      auto bodies = to_bodies(message, preparation.prepared, settings_);
      const auto part_count = static_cast<std::uint32_t>(bodies.size());
      submissions.push_back({token, std::move(bodies), now + std::chrono::milliseconds{left_ms}});
      open_.emplace(token, Open{std::move(pending), std::move(preparation.prepared.price), part_count});
    }
  }
  refused.flush();
  if (!submissions.empty()) client_->submit(std::move(submissions));
}

/// On the client's thread.
void SmppChannel::ended(std::span<protocol::Completion> completions) {
  sdk::OutcomeBatch<relance_message> ends{host_};
  {
    const std::lock_guard lock{mutex_};
    for (auto &completion : completions) {
      const auto found = open_.find(completion.id);
      if (found == open_.end()) continue;
      for (const auto &id : completion.outcome.message_ids) ids_.given(id);
      const bool is_paid{completion.outcome.kind == protocol::Outcome::Kind::accepted};
      auto outcome = to_outcome(std::move(completion.outcome));
      if (is_paid) outcome.price = std::move(found->second.price);
      outcome.part_count = found->second.part_count;
      ends.add(std::move(found->second.pending), std::move(outcome));
      open_.erase(found);
    }
  }
  ends.flush();
  keep_learned();
}

void SmppChannel::keep_learned() {
  const std::lock_guard lock{mutex_};
  if (auto learned = ids_.learned(); learned != learned_) {
    learned_ = std::move(learned);
    host_.set_state(kLearnedKey, learned_);
  }
}

std::size_t SmppChannel::arrived(std::span<const protocol::Arrival> arrivals) {
  const auto now_ms = host_.wall_ms();
  std::vector<sdk::Inbound> batch;
  batch.reserve(arrivals.size());
  for (const auto &arrival : arrivals)
    batch.push_back({.token = arrival.token, .kind = "link", .bytes = arrival.pdu, .received_at_ms = now_ms});
  return host_.inbound(batch);
}

void SmppChannel::say_health(const protocol::Health &health) {
  using Level = protocol::Health::Level;
  const auto level = health.level == Level::up         ? sdk::HealthLevel::up
                     : health.level == Level::degraded ? sdk::HealthLevel::degraded
                                                       : sdk::HealthLevel::down;
  const auto retry_at_ms = health.retry_in.count() == 0 ? 0 : host_.wall_ms() + health.retry_in.count();
  host_.health(level, health.code, health.text, retry_at_ms);
}

void SmppChannel::stored(std::span<const sdk::Token> tokens) {
  if (client_) client_->stored({tokens.begin(), tokens.end()});
}

void SmppChannel::room() {
  if (client_) client_->room();
}

void SmppChannel::parse(sdk::PendingParse pending) {
  if (pending.kind() != "link") return pending.unreadable("not from a link");
  auto meaning = read_inbound(pending.bytes(), settings_, ids_);
  keep_learned();
  if (meaning.part.count < 2 || meaning.parsed.replies.empty()) return pending.end(meaning.parsed);
  reassembly_.add(std::move(pending), meaning.parsed.replies.front(), meaning.part, Reassembly::Clock::now());
  if (!reassembly_.is_empty())
    host_.wake(static_cast<std::uint32_t>(std::chrono::milliseconds{Reassembly::kPatience}.count()));
}

void SmppChannel::wake() {
  reassembly_.expire(Reassembly::Clock::now());
  if (!reassembly_.is_empty())
    host_.wake(static_cast<std::uint32_t>(std::chrono::milliseconds{Reassembly::kPatience}.count()) / 4);
}

sdk::Quote SmppChannel::quote(const sdk::Message &message) const {
  return to_quote(prepare(message, settings_.sender, settings_.text, settings_.prices));
}

void SmppChannel::query(sdk::PendingQuery pending) {
  const sdk::Query query{*pending};
  if (query.refs.empty() || !client_)
    return pending.end(sdk::Outcome::unknown("query", "no reference to ask by"));
  const auto asked = std::make_shared<Asked>();
  const auto sender = read_sender(settings_.sender);
  asked->open = query.refs.size();
  const auto shared = std::make_shared<sdk::PendingQuery>(std::move(pending));
  for (const auto ref : query.refs) {
    std::string body;
    protocol::append_query(body, ref, own_address(sender, settings_));
    client_->ask(protocol::kQuerySm, std::move(body), [asked, shared](const protocol::Answer &answer) {
      asked->answers.push_back(answer);
      if (--asked->open == 0) shared->end(to_query_outcome(asked->answers));
    });
  }
}

void SmppChannel::recall(sdk::PendingRecall pending) {
  const sdk::Recall recall{*pending};
  if (recall.refs.empty() || !client_) return pending.unknown("no reference to recall by");
  const auto sender = read_sender(settings_.sender);
  const auto asked = std::make_shared<Asked>();
  asked->open = recall.refs.size();
  const auto shared = std::make_shared<sdk::PendingRecall>(std::move(pending));
  for (const auto ref : recall.refs) {
    std::string body;
    protocol::append_cancel(body, ref, own_address(sender, settings_));
    client_->ask(protocol::kCancelSm, std::move(body), [asked, shared](const protocol::Answer &answer) {
      asked->answers.push_back(answer);
      if (--asked->open == 0) shared->end(to_recalled(asked->answers));
    });
  }
}

}  // namespace relance::sms::smpp
