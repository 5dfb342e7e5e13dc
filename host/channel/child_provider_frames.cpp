// What a child says: each frame checked, each end held to an open token, and handed to the engine.
#include "host/channel/child_provider.hpp"
#include "host/channel/evidence_border.hpp"
#include "host/channel/webhook_border.hpp"

#include <utility>

namespace relance::channel {
namespace {

/// What ends nothing that was asked for. Words about tokens that are not open count as well, where they are
/// found.
bool is_chatter(FrameType type) {
  switch (type) {
    case FrameType::log:
    case FrameType::metric:
    case FrameType::health:
    case FrameType::ready:
    case FrameType::state:
    case FrameType::pong:
    case FrameType::http_cancel:
      return true;
    default:
      return false;
  }
}

}  // namespace

/// Of health and credit only the last word counts: a plugin that says a thousand in one breath costs the
/// engine one.
void ChildProvider::tell_news() {
  if (!judged_.empty()) {
    events_.judged(settings_.id, std::exchange(judged_, {}));
    note_end();
  }
  if (!is_announced_up_) return;
  if (std::exchange(has_news_health_, false)) events_.health(settings_.id, *said_health_);
  if (std::exchange(has_news_ready_, false)) events_.ready(settings_.id, *said_ready_);
}

bool ChildProvider::handle(const Frame &frame) {
  if (is_chatter(frame.type)) chatter_.note(1);
  switch (frame.type) {
    case FrameType::outcomes:
      return take_outcomes(frame);
    case FrameType::intent:
      return take_intent(frame);
    case FrameType::inbound: {
      auto inbound = decode_inbound(frame.payload);
      return inbound && inbound_.add(std::move(*inbound));
    }
    case FrameType::polled:
      return take_polled(frame);
    case FrameType::parsed:
      return take_parsed(frame);
    case FrameType::fetched:
      return take_fetched(frame);
    case FrameType::quoted:
      return take_quoted(frame);
    case FrameType::judged:
      return take_judged(frame);
    case FrameType::recalled:
      return take_recalls(frame);
    case FrameType::discarded:
      return take_discards(frame);
    case FrameType::started:
      return take_started(frame);
    case FrameType::refused:
      refused_ = decode_error(frame.payload);
      return refused_.has_value();
    case FrameType::ready: {
      const auto credit = decode_number(frame.payload);
      if (!credit || *credit < 0 || *credit > UINT32_MAX) return false;
      said_ready_ = static_cast<std::uint32_t>(*credit);
      has_news_ready_ = true;
      return true;
    }
    case FrameType::health: {
      auto health = decode_health(frame.payload);
      if (!health) return false;
      said_health_ = std::move(*health);
      has_news_health_ = true;
      return true;
    }
    case FrameType::log: {
      auto line = decode_log(frame.payload);
      if (!line) return false;
      log(line->level, line->text, std::move(line->fields));
      return true;
    }
    case FrameType::metric: {
      const auto metric = decode_metric(frame.payload);
      if (metric && settings_.hooks.metric)
        settings_.hooks.metric(settings_.id, metric->kind, metric->name, metric->value, metric->labels);
      return metric.has_value();
    }
    case FrameType::state: {
      const auto state = decode_state(frame.payload);
      return state && state_.put(state->key, state->value);
    }
    case FrameType::http_call:
    case FrameType::http_call_piece:
    case FrameType::http_cancel:
      return take_http(frame);
    case FrameType::pong:
      return frame.payload.empty();
    default:
      return false;
  }
}

bool ChildProvider::take_outcomes(const Frame &frame) {
  auto outcomes = decode_outcomes(frame.payload);
  if (!outcomes) return false;
  if (outcomes->empty()) chatter_.note(1);
  std::vector<Outcome> strays;
  tokens_.close_all(
      Ending::complete, outcomes->size(), [&](std::size_t i) { return (*outcomes)[i].token; },
      [&](std::size_t i, const OpenToken &open) {
        auto &kind = (*outcomes)[i].kind;
        if ((kind == OutcomeKind::prepared && open.operation == Operation::commit) ||
            (kind == OutcomeKind::not_found && open.operation != Operation::query))
          kind = OutcomeKind::unknown;
      },
      [&](std::size_t i) {
        strays.push_back((*outcomes)[i]);
        (*outcomes)[i].token = 0;
      });
  if (!strays.empty()) std::erase_if(*outcomes, [](const Outcome &outcome) { return outcome.token == 0; });
  for (const auto &stray : strays)
    fault("it ended a token that is not open", {{"token", std::to_string(stray.token)}});
  chatter_.note(strays.size());
  std::erase_if(strays, [&](const Outcome &stray) {
    return stray.kind != OutcomeKind::prepared || !tokens_.take_late(stray.token);
  });
  if (!strays.empty()) events_.late_drafts(settings_.id, std::move(strays));
  if (!outcomes->empty()) events_.outcomes(settings_.id, std::move(*outcomes));
  note_end();
  return true;
}

bool ChildProvider::take_discards(const Frame &frame) {
  auto discards = decode_discards(frame.payload);
  if (!discards) return false;
  if (discards->empty()) chatter_.note(1);
  chatter_.note(std::erase_if(
      *discards, [&](const Discard &discard) { return !tokens_.close(Ending::discarded, discard.token); }));
  if (!discards->empty()) events_.discards(settings_.id, std::move(*discards));
  note_end();
  return true;
}

bool ChildProvider::take_recalls(const Frame &frame) {
  auto recalls = decode_recalls(frame.payload);
  if (!recalls) return false;
  if (recalls->empty()) chatter_.note(1);
  chatter_.note(std::erase_if(
      *recalls, [&](const Recall &recall) { return !tokens_.close(Ending::recalled, recall.token); }));
  if (!recalls->empty()) events_.recalls(settings_.id, std::move(*recalls));
  note_end();
  return true;
}

bool ChildProvider::take_parsed(const Frame &frame) {
  auto parsed = decode_parsed(frame.payload);
  if (!parsed) return false;
  if (tokens_.close(Ending::parsed, parsed->token)) {
    std::vector<Parsed> list;
    list.push_back(std::move(*parsed));
    events_.parsed(settings_.id, std::move(list));
  } else {
    chatter_.note(1);
  }
  note_end();
  return true;
}

bool ChildProvider::take_polled(const Frame &frame) {
  auto polled = decode_polled(frame.payload);
  if (!polled) return false;
  if (tokens_.close(Ending::polled, polled->token)) {
    inbound_.end_poll(std::move(*polled));
  } else {
    chatter_.note(1);
  }
  offer_inbound();
  note_end();
  return true;
}

bool ChildProvider::take_fetched(const Frame &frame) {
  auto fetched = decode_fetched(frame.payload);
  if (!fetched) return false;
  if (tokens_.close(Ending::fetched, fetched->token)) {
    std::vector<Fetched> list;
    list.push_back(std::move(*fetched));
    events_.fetched(settings_.id, std::move(list));
  } else {
    chatter_.note(1);
  }
  note_end();
  return true;
}

/// Gathered over the frames of one read: many judgements wake the listener once.
bool ChildProvider::take_judged(const Frame &frame) {
  auto judgement = decode_judgement(frame.payload);
  if (!judgement) return false;
  if (tokens_.close(Ending::judged, judgement->token)) {
    judged_.push_back(std::move(*judgement));
  } else {
    chatter_.note(1);
  }
  return true;
}

bool ChildProvider::take_intent(const Frame &frame) {
  auto intent = decode_tokens(frame.payload);
  if (intent) {
    const auto named = intent->tokens.size();
    chatter_.note(named == 0 ? 1 : named - tokens_.announce(intent->ending, intent->tokens));
  }
  return intent.has_value();
}

void ChildProvider::offer_inbound() {
  if (const auto credit = inbound_.offer(); credit.items != 0)
    post([&](FrameWriter &w) { encode(w, credit); });
}

bool ChildProvider::take_started(const Frame &frame) {
  auto traits = decode_traits(frame.payload);
  if (!traits) return false;
  if (is_first_) traits_ = std::move(*traits);
  up_since_ = SteadyClock::now();
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::starting) return false;
    phase_ = Phase::up;
  }
  // What the plugin said while it started counts from now on: nothing can be handed over before.
  is_announced_up_ = true;
  has_news_health_ = has_news_ready_ = false;
  events_.health(settings_.id, said_health_.value_or(Health{}));
  events_.ready(settings_.id, said_ready_.value_or(kWholeWindow));
  if (std::exchange(is_first_, false)) started_.set_value({});
  return true;
}

}  // namespace relance::channel
