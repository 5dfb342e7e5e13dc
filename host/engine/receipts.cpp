// The way back: outcomes recorded before anything follows from them, raw bytes on disk before the provider
// may forget them, and only then what they mean.
#include "host/base/crash_point.hpp"
#include "host/base/log.hpp"
#include "host/engine/loop.hpp"
#include "host/engine/reply_words.hpp"
#include "host/engine/stop_word.hpp"

#include <algorithm>
#include <iterator>

namespace relance::engine {
namespace {

/// A provider that names no time of its own is tried again after this long.
constexpr Milliseconds kRetryDefault{std::chrono::minutes{5}};
constexpr std::size_t kOutcomesPerCommitMax{1000};

store::OutcomeRecord record_of(channel::Outcome outcome, Instant business_now) {
  store::OutcomeRecord record;
  record.attempt = static_cast<store::AttemptId>(outcome.token);
  record.kind = outcome.kind;
  record.failure = outcome.failure;
  record.refs = std::move(outcome.refs);
  record.part_count = outcome.part_count;
  record.code = std::move(outcome.code);
  record.text = std::move(outcome.text);
  if (record.kind == domain::OutcomeKind::not_sent)
    record.retry_at = business_now + outcome.retry_after.value_or(kRetryDefault);
  if (outcome.price && channel::is_price(*outcome.price)) {
    record.price_micro = outcome.price->micro_units;
    record.price_currency = std::move(outcome.price->currency);
  }
  return record;
}

store::ReceiptRecord record_of(channel::Receipt receipt) {
  store::ReceiptRecord record;
  record.ref = std::move(receipt.ref);
  record.idempotency_key = std::move(receipt.idempotency_key);
  record.part_index = receipt.part_index;
  record.part_count = receipt.part_count;
  record.kind = receipt.kind;
  record.is_final = receipt.is_final;
  record.failure = receipt.failure;
  record.code = std::move(receipt.code);
  record.text = std::move(receipt.text);
  record.provider_time = receipt.provider_time;
  if (receipt.price && channel::is_price(*receipt.price)) {
    record.price_micro = receipt.price->micro_units;
    record.price_currency = std::move(receipt.price->currency);
  }
  for (auto &evidence : receipt.evidence)
    record.evidence.push_back({std::move(evidence.media_type), std::move(evidence.file_name),
                               std::move(evidence.bytes), std::move(evidence.reference)});
  return record;
}

/// `channel`: of the provider that it came by.
store::ParsedRecord record_of(channel::Parsed parsed, std::string_view channel) {
  store::ParsedRecord record;
  record.inbound = static_cast<store::InboundId>(parsed.token);
  record.error = std::move(parsed.error);
  record.is_retryable = parsed.is_retryable;
  for (auto &receipt : parsed.receipts) record.receipts.push_back(record_of(std::move(receipt)));
  for (auto &reply : parsed.replies) {
    if (reply.kind == channel::ReplyKind::automatic)
      continue;  // an auto-reply is not a receipt and nobody's words
    const bool is_stop{
        reply.kind == channel::ReplyKind::stop ||
        (channel == "sms" && reply.kind == channel::ReplyKind::human && asks_to_stop(reply.text))};
    auto words = words_of(reply);
    record.replies.push_back({is_stop, std::move(reply.from), std::move(reply.to), std::move(reply.subject),
                              std::move(words), std::move(reply.ref), std::move(reply.idempotency_key)});
  }
  return record;
}

}  // namespace

void Engine::Loop::take(InboxBatch batch) {
  if (!batch.credits.empty() || !batch.outcomes.empty() || !batch.health.empty())
    starved_until_ = Instant::min();
  for (auto &credit : batch.credits) pool_.grant(credit.provider, credit.what);
  for (auto &health : batch.health) {
    // Every provider says "up" once when it starts: that is no news.
    if (health.what.level != channel::HealthLevel::up || pool_.is_troubled(health.provider))
      log::event(log::Id::PROVIDER_HEALTH,
                 {{"provider", health.provider}, {"code", health.what.code}, {"text", health.what.text}});
    pool_.set_health(health.provider, health.what);
    if (health.what.level == channel::HealthLevel::down) continue;
    hurry_unverified(health.provider);
    if (recall_retry_at_ != Instant::max()) recalls_wait_ = true;
    evidence_at_ = Instant::min();
  }
  counts_.inbox_outcomes += batch.outcomes.size();
  counts_.inbox_inbound += batch.inbound.size();
  take_outcomes(std::move(batch.outcomes));
  for (const auto &[provider, draft] : batch.late_drafts) take_late_draft(provider, draft);
  for (const auto &[provider, discard] : batch.discards) note_discard(provider, discard);
  for (auto &recall : batch.recalls)
    if (recalling_.contains(static_cast<store::AttemptId>(recall.what.token)))
      recalled_.push_back(std::move(recall));
  take_fetched(std::move(batch.fetched));
  std::move(batch.webhooks.begin(), batch.webhooks.end(), std::back_inserter(hooks_));
  std::move(batch.verified.begin(), batch.verified.end(), std::back_inserter(verified_));
  std::move(batch.polled.begin(), batch.polled.end(), std::back_inserter(polled_));
  std::move(batch.inbound.begin(), batch.inbound.end(), std::back_inserter(inbound_));
  for (auto &parsed : batch.parsed) {
    parsing_.erase(static_cast<store::InboundId>(parsed.what.token));
    if (!parsed.what.error.empty())
      log::event(log::Id::RECEIPT_UNPARSED,
                 {{"provider", parsed.provider}, {"inbound", parsed.what.token}, {"why", parsed.what.error}});
    auto *pooled = pool_.find(parsed.provider);
    if (pooled != nullptr) pooled->report.receipts += parsed.what.receipts.size();
    parsed_.push_back(record_of(std::move(parsed.what), pooled == nullptr ? "" : pooled->settings.channel));
  }
}

void Engine::Loop::take_outcomes(std::vector<From<channel::Outcome>> outcomes) {
  for (auto &[provider, outcome] : outcomes) {
    if (!pool_.note_ended(provider, outcome.token, outcome.kind)) {
      log::event(log::Id::PROVIDER_STRAY_OUTCOME, {{"provider", provider}, {"token", outcome.token}});
      continue;
    }
    if (take_answer(provider, outcome)) continue;
    note_draft_at_most(provider, outcome);
    note_repeated_release(outcome);
    pool_.note_outcome(provider, outcome);
    if (outcome.kind == domain::OutcomeKind::unknown) {
      if (auto *pooled = pool_.find(provider)) ++pooled->in_doubt;
      log::event(log::Id::OUTCOME_UNKNOWN, {{"provider", provider},
                                            {"attempt", outcome.token},
                                            {"code", outcome.code},
                                            {"text", outcome.text}});
    }
    if (outcome.whole_instance && outcome.retry_after) {
      const auto until = WallClock{}.now() + *outcome.retry_after;
      log::event(log::Id::PROVIDER_PAUSED,
                 {{"provider", provider}, {"until", format_instant(until)}, {"text", outcome.text}});
      pool_.pause_until(provider, until, outcome.code + ": " + outcome.text);
    }
    outcomes_.push_back(record_of(std::move(outcome), clock_.now()));
  }
}

void Engine::Loop::note_draft_at_most(const std::string &provider, channel::Outcome &outcome) {
  if (outcome.kind == domain::OutcomeKind::prepared && outcome.refs.empty()) {
    outcome.kind = domain::OutcomeKind::unknown;  // there is nothing to commit it by
    pool_.note_ended(provider, outcome.token, outcome.kind);
    if (outcome.code.empty()) outcome.code = "no_reference";
  }
  if (outcome.kind != domain::OutcomeKind::unknown) return;
  const auto attempt = store_->attempt(static_cast<store::AttemptId>(outcome.token));
  if (!attempt || !attempt->is_draft_at_most || attempt->is_prepared) return;
  outcome.kind = domain::OutcomeKind::not_sent;
  if (auto *pooled = pool_.find(provider); pooled != nullptr && !outcome.refs.empty())
    discard(*pooled, *attempt, outcome.refs);
  log::event(
      log::Id::OUTCOME_DRAFT_AT_MOST,
      {{"provider", provider}, {"attempt", outcome.token}, {"code", outcome.code}, {"text", outcome.text}});
}

std::span<const store::OutcomeRecord> Engine::Loop::outcomes_to_record() const {
  if (!outcomes_.empty()) crash_point(CrashPoint::outcome_taken);
  return {outcomes_.data(), std::min(outcomes_.size(), kOutcomesPerCommitMax)};
}

bool Engine::Loop::record_outcomes() {
  if (outcomes_.empty() || WallClock{}.now() < store_retry_at_) return false;
  const auto batch = outcomes_to_record();
  if (auto recorded = store_->record_outcomes(batch, clock_.now()); !recorded) {
    store_failed(recorded.error(), "record outcomes");
    return false;
  }
  store_works();
  outcomes_recorded(batch.size());
  return true;
}

void Engine::Loop::outcomes_recorded(std::size_t count) {
  if (count == 0) return;
  crash_point(CrashPoint::outcome_recorded);
  const std::vector<store::OutcomeRecord> done(
      std::make_move_iterator(outcomes_.begin()),
      std::make_move_iterator(outcomes_.begin() + static_cast<std::ptrdiff_t>(count)));
  outcomes_.erase(outcomes_.begin(), outcomes_.begin() + static_cast<std::ptrdiff_t>(count));
  recalls_wait_ = true;  // what was paid during its hand-over is recalled now
  doubts_changed_ = doubts_changed_ || !doubts_.empty() ||
                    std::any_of(done.begin(), done.end(),
                                [](const auto &one) { return one.kind == domain::OutcomeKind::unknown; });
  for (const auto &outcome : done)
    if (outcome.kind == domain::OutcomeKind::prepared)
      prepared_.emplace(outcome.attempt, Prepared{false, false, doubts_.contains(outcome.attempt)});
}

bool Engine::Loop::store_inbound() {
  if (WallClock{}.now() < store_retry_at_) {
    end_hooks(false);
    return false;
  }
  if (inbound_.empty() && polled_.empty() && hooks_.empty()) return false;
  const auto count = std::min<std::size_t>(inbound_.size(), settings_->configuration().limits.inbound_batch);
  const auto end = inbound_.begin() + static_cast<std::ptrdiff_t>(count);
  if (count + hooks_.size() > 0) crash_point(CrashPoint::inbound_taken);
  std::vector<store::InboundRecord> records;
  records.reserve(count + hooks_.size());
  for (auto item = inbound_.begin(); item != end; ++item)
    records.push_back({item->provider, item->what.kind, item->what.bytes, item->what.received_at});
  add_hooks_to(records);
  // A poll ends behind all that it found: its cursor goes to the disk with the last of that, never before.
  const auto polled =
      count == inbound_.size() ? std::exchange(polled_, {}) : std::vector<From<channel::Polled>>{};
  if (auto cursors = cursors_of(polled); !records.empty() || !cursors.empty()) {
    const auto ids = store_->store_inbound(records, cursors, clock_.now());
    if (!ids) {
      polled_.insert(polled_.begin(), polled.begin(), polled.end());
      end_hooks(false);
      store_failed(ids.error(), "store inbound");
      return false;
    }
    store_works();
  }
  end_polls(polled);
  if (records.empty())
    return false;  // polls that fail or find nothing come again for ever: they are no progress
  crash_point(CrashPoint::inbound_stored);
  hooks_came_ = hooks_came_ || !hooks_.empty();
  end_hooks(true);
  std::map<std::string, std::vector<channel::Token>> stored;
  for (auto item = inbound_.begin(); item != end; ++item) {
    auto *pooled = pool_.find(item->provider);
    if (pooled == nullptr || item->what.plugin_token == 0)
      continue;  // its provider still has them, and offers them again when it is back
    stored[item->provider].push_back(item->what.plugin_token);
    ++pooled->report.inbound;
  }
  inbound_.erase(inbound_.begin(), end);
  for (auto &[provider, tokens] : stored) pool_.find(provider)->provider->stored(std::move(tokens));
  crash_point(CrashPoint::inbound_released);
  parses_wait_ = true;
  if (!inbound_.empty()) return true;
  for (const auto &provider : inbox_.take_starved())
    if (auto *pooled = pool_.find(provider)) pooled->provider->room();
  return true;
}

bool Engine::Loop::parse_turn(bool &moved) {
  const auto from = std::chrono::steady_clock::now();
  const bool may_wait{!advance_ && !is_draining_ && from < parse_turn_at_};
  parse_is_put_off_ = may_wait && (parses_wait_ || !parsed_.empty());
  if (may_wait) return false;
  const bool reads{
      std::any_of(parsed_.begin(), parsed_.end(), [](const auto &one) { return one.error.empty(); })};
  const bool is_applied{apply_parsed()};
  const bool is_pumped{pump_parses()};
  if (is_applied && reads) moved = true;
  if (!is_applied && !is_pumped) return false;
  if (std::exchange(hooks_came_, false)) {
    const auto until = std::chrono::steady_clock::now();
    const auto pause = (until - from) * (kParseShare - 1);
    parse_turn_at_ = until + std::min<std::chrono::steady_clock::duration>(pause, kParsePauseMax);
  }
  return true;
}

bool Engine::Loop::pump_parses() {
  if (!parses_wait_ || parsing_.size() >= kParsesMax || WallClock{}.now() < store_retry_at_) return false;
  const auto waiting = store_->inbound_to_parse(pool_.ids(), clock_.now(), kParsesMax - parsing_.size());
  if (!waiting) {
    store_failed(waiting.error(), "read inbound");
    return false;
  }
  parses_wait_ = !waiting->empty();
  for (const auto &row : *waiting) {
    parsing_.insert(row.id);
    if (row.kind == kUnverifiedKind) {
      verify(row);
      continue;
    }
    pool_.find(row.provider)
        ->provider->parse(static_cast<channel::Token>(row.id), row.kind, row.bytes, row.received_at);
  }
  return !waiting->empty();
}

std::vector<store::CursorRecord> Engine::Loop::cursors_of(const std::vector<From<channel::Polled>> &polled) {
  std::vector<store::CursorRecord> cursors;
  for (const auto &[provider, end] : polled) {
    const auto *pooled = pool_.find(provider);
    // Of an instance that is gone: what it found is read again by the next, and repeats change nothing.
    if (pooled == nullptr || pooled->poll != end.token || !end.error.empty() || end.cursor == pooled->cursor)
      continue;
    cursors.push_back({provider, end.cursor});
  }
  return cursors;
}

void Engine::Loop::end_polls(const std::vector<From<channel::Polled>> &polled) {
  for (const auto &[provider, end] : polled) {
    auto *pooled = pool_.find(provider);
    if (pooled == nullptr || pooled->poll != end.token) continue;
    pooled->poll = 0;
    const auto pause =
        end.next_poll.count() > 0 ? end.next_poll : settings_->configuration().limits.poll_every;
    pooled->next_poll = WallClock{}.now();
    if (pooled->asked_up_to == 0 || !end.error.empty())
      pooled->next_poll += pause;  // else another page is due
    pooled->polls_failed = end.error.empty() ? 0 : pooled->polls_failed + 1;
    pooled->poll_failure = end.error;
    if (!end.error.empty())
      log::event(log::Id::PROVIDER_POLL_FAILED, {{"provider", provider}, {"why", end.error}});
    else
      pooled->cursor = end.cursor;
  }
}

Result<channel::OpenPage> Engine::Loop::open_page(const std::string &id, PooledProvider &pooled) {
  channel::OpenPage page;
  if (!pooled.provider->traits().polls_open) return page;
  auto awaited = store_->awaited(id, pooled.asked_up_to, clock_.now());
  if (!awaited) return awaited.error();
  page.has_more = awaited->has_more;
  pooled.asked_up_to = awaited->has_more ? awaited->items.back().attempt : 0;
  for (auto &item : awaited->items)
    page.items.push_back({std::move(item.idempotency_key), std::move(item.refs), item.accepted_at});
  return page;
}

void Engine::Loop::begin_polls() {
  const auto wall = WallClock{}.now();
  if (is_draining_ || wall < store_retry_at_) return;
  for (auto &[id, pooled] : pool_.all()) {
    if (!pooled.provider->traits().can_poll || pooled.poll != 0 || pooled.next_poll > wall) continue;
    auto cursor = store_->cursor(id);
    if (!cursor) return store_failed(cursor.error(), "read a cursor");
    pooled.cursor = std::move(*cursor);
    auto page = open_page(id, pooled);
    if (!page) return store_failed(page.error(), "read what a provider is asked about");
    pooled.poll = ++last_poll_;
    pooled.provider->poll(pooled.poll, pooled.cursor, std::move(*page));
  }
}

bool Engine::Loop::apply_parsed() {
  if (parsed_.empty() || WallClock{}.now() < store_retry_at_) return false;
  crash_point(CrashPoint::parsed);
  if (auto applied = store_->apply_parsed(parsed_, clock_.now()); !applied) {
    store_failed(applied.error(), "apply receipts");
    return false;
  }
  crash_point(CrashPoint::applied);
  store_works();
  for (const auto &parsed : parsed_)
    if (!parsed.error.empty() && parsed.is_retryable) {
      has_failed_parses_ = true;
      parse_retry_at_ = WallClock{}.now() + kParseRetry;
    }
  parsed_.clear();
  doubts_changed_ = doubts_changed_ || !doubts_.empty();
  recalls_wait_ = true;  // what was in doubt may be known to lie at its provider now
  evidence_at_ = Instant::min();
  return true;
}

bool Engine::Loop::ask_recalls() {
  if (!recalls_wait_ || is_draining_ || WallClock{}.now() < store_retry_at_) return false;
  const auto wanted = store_->recalls_wanted(clock_.now(), kRecallsMax);
  if (!wanted) {
    store_failed(wanted.error(), "read recalls");
    return false;
  }
  recalls_wait_ = false;
  recall_retry_at_ = Instant::max();
  bool any{false};
  for (const auto &one : *wanted) {
    if (recalling_.contains(one.attempt)) continue;
    if (one.refs.empty()) {  // nothing to name it by: its provider would not know which one is meant
      recalling_.insert(one.attempt);
      recalled_.push_back({one.provider,
                           {static_cast<channel::Token>(one.attempt), channel::RecallKind::unknown,
                            "the provider gave no reference to recall it by"}});
      any = true;
      continue;
    }
    auto *pooled = pool_.find(one.provider);
    if (pooled == nullptr || pooled->is_away()) {
      recall_retry_at_ = WallClock{}.now() + kRecallRetry;  // asked in vain, it would be answered "unknown"
      continue;
    }
    recalling_.insert(one.attempt);
    pooled->provider->recall({.token = static_cast<channel::Token>(one.attempt),
                              .idempotency_key = one.idempotency_key,
                              .refs = one.refs,
                              .sender = settings_->sender(one.creditor, one.channel)});
    any = true;
  }
  return any;
}

bool Engine::Loop::record_recalls() {
  if (recalled_.empty() || WallClock{}.now() < store_retry_at_) return false;
  std::vector<store::RecallRecord> records;
  for (const auto &[provider, recall] : recalled_) {
    const auto end = recall.kind == channel::RecallKind::cancelled  ? store::RecallEnd::cancelled
                     : recall.kind == channel::RecallKind::too_late ? store::RecallEnd::too_late
                                                                    : store::RecallEnd::unknown;
    records.push_back({static_cast<store::AttemptId>(recall.token), end, recall.text});
  }
  if (auto recorded = store_->record_recalls(records, clock_.now()); !recorded) {
    store_failed(recorded.error(), "record recalls");
    return false;
  }
  store_works();
  for (const auto &record : records) {
    recalling_.erase(record.attempt);
    log::event(log::Id::RECALL_ENDED,
               {{"attempt", record.attempt}, {"result", store::name_of(record.end)}, {"text", record.text}});
  }
  recalled_.clear();
  recalls_wait_ = true;  // the store may hold more than were looked at together
  return true;
}

void Engine::Loop::hear_out(const std::string &provider) {
  take(inbox_.take());
  forget_fetches_of(provider);
  for (auto &[from, item] : inbound_)
    if (from == provider) item.plugin_token = 0;
  // What was made up because of the stop is no answer: it will be asked again.
  std::erase_if(recalled_, [&](const auto &one) {
    if (one.provider != provider || one.what.kind != channel::RecallKind::unknown) return false;
    recalling_.erase(static_cast<store::AttemptId>(one.what.token));
    return true;
  });
}

}  // namespace relance::engine
