#include "host/channel/inproc_instance.hpp"

#include "host/channel/attempt_call.hpp"
#include "host/channel/evidence_border.hpp"
#include "host/channel/poll_call.hpp"
#include "host/channel/webhook_border.hpp"

#include <future>

namespace relance::channel {
namespace {

constexpr Milliseconds kDestroyGrace{2000};  ///< for destroy() to join the plugin's threads
constexpr std::size_t kOpenInprocFactor{4};  ///< the engine keeps to max_in_flight; beyond this it has lost count
constexpr std::size_t kOpenInprocMin{1024};

constexpr std::size_t kRepliesHandedOverMax{8u << 20};  ///< handed over in one call

}  // namespace

InprocInstance::InprocInstance(ProviderSettings settings, const relance_plugin &driver,
                               ProviderEvents &events)
    : settings_(std::move(settings)),
      events_(events),
      budget_(settings_.limits.log_lines_max),
      instance_(driver, settings_.id, tokens_, state_, *this),
      keeper_(tokens_, [this](const std::vector<OpenToken> &expired) { end_expired(expired); }) {
  if (!settings_.http) return;
  http_ = std::make_shared<HttpCalls>(
      settings_.http, settings_.http_hosts,
      HttpCalls::Ear{[this] { thread_.post(Kind::note, [this] { hand_replies(); }); },
                     [this](int level, std::string line) {
                       if (settings_.hooks.log)
                         to_engine([&] { settings_.hooks.log(settings_.id, level, line, {}); });
                     }});
}

InprocInstance::~InprocInstance() {
  close_http();
}

Result<void> InprocInstance::start() {
  auto started = std::make_shared<std::promise<Result<void>>>();
  auto future = started->get_future();
  thread_.post(Kind::note, [this, started] { started->set_value(begin()); });
  thread_.start(shared_from_this(), {[this] { instance_.wake(); },
                                     [this] {
                                       if (std::exchange(is_instance_started_, false))
                                         instance_.stop(grace_left());
                                     },
                                     [this] { end(); }});
  keeper_.start();
  if (future.wait_for(settings_.limits.start_timeout) != std::future_status::ready) {
    abandon();
    return unavailable("provider '" + settings_.id + "' did not start within " +
                       std::to_string(settings_.limits.start_timeout.count()) + " ms");
  }
  auto result = future.get();
  if (!result) {
    abandon();
    return result;
  }
  if (instance_.traits().can_webhook) judge_.start(shared_from_this(), {[] {}, [] {}, [] {}});
  has_started_ = true;
  if (!has_said_ready_) to_engine([&] { events_.ready(settings_.id, kWholeWindow); });
  if (!has_said_health_) to_engine([&] { events_.health(settings_.id, {}); });
  return {};
}

Result<void> InprocInstance::begin() {
  if (auto loaded = state_.load(state_path()); !loaded) return loaded;
  if (auto created = instance_.create(settings_.settings_json); !created) return created;
  if (!is_taking_) return unavailable("stopped while it started");  // start() has given up
  auto started = instance_.start();
  is_instance_started_ = started.has_value();
  return started;
}

void InprocInstance::end() {
  if (is_judge_left_) return;  // the plugin is still in a call: nothing of it may go
  instance_.destroy();
  tokens_.drain(false);
  thread_.unless_left_behind([this] {  // else its file may be another instance's by now
    if (has_started_) static_cast<void>(state_.save_if_changed(state_path()));
  });
}

bool InprocInstance::open(Token token, Operation operation, std::shared_ptr<const void> keeps) {
  if (!is_taking_) {
    give(make_up({{token, operation, {}, nullptr}}, "stopping", "the provider is being stopped"));
    return false;
  }
  if (tokens_.open({token, operation, WallClock().now() + settings_.limits.answer_timeout, std::move(keeps)}))
    return true;
  if (tokens_.is_held(ending_of(operation), token))
    give(make_up({{token, operation, {}, nullptr, true}}, "held", "the plugin has not let go of it yet"));
  return false;  // else its end is on its way
}

/// Of tokens that are open by now.
void InprocInstance::hand_over(std::function<void()> call) {
  thread_.post(Kind::hand_over, std::move(call));
  keeper_.note_open();
}

void InprocInstance::submit(std::vector<Submission> batch) {
  const auto open_max = std::max<std::size_t>(kOpenInprocFactor * instance_.traits().max_in_flight, kOpenInprocMin);
  std::vector<Submission> taken;
  std::vector<OpenToken> refused;
  if (is_taking_ && tokens_.size(Ending::complete) + batch.size() <= open_max) {
    taken = std::move(batch);
  } else {
    for (const auto &s : batch) refused.push_back({s.token, Operation::submit, {}, nullptr});
  }
  if (!refused.empty())
    give(make_up(refused, is_taking_ ? "window" : "stopping", "the provider takes no more messages now"));
  if (taken.empty()) return;
  const auto messages = std::make_shared<const MessageBatch>(std::move(taken));
  std::vector<const relance_message *> going;
  going.reserve(messages->submissions.size());
  const auto now = WallClock().now();
  tokens_.open_all(
      messages->submissions.size(),
      [&](std::size_t i) {
        const auto &s = messages->submissions[i];
        return OpenToken{s.token, Operation::submit,
                         std::max(s.not_after, now) + settings_.limits.outcome_grace, messages};
      },
      [&](std::size_t i, bool is_new) {  // open already: its end is on its way
        if (is_new) going.push_back(&messages->arrays.messages()[i]);
      });
  hand_over([this, messages, going = std::move(going)] { instance_.submit(going); });
}

void InprocInstance::commit(AttemptRef attempt, Instant not_after) {
  const auto call = std::make_shared<AttemptCall<relance_commit>>(std::move(attempt));
  call->c.not_after_ms = to_ms(not_after);
  if (open(call->c.token, Operation::commit, call)) hand_over([this, call] { instance_.commit(call->c); });
}

void InprocInstance::discard(AttemptRef attempt) {
  const auto call = std::make_shared<AttemptCall<relance_discard>>(std::move(attempt));
  if (open(call->c.token, Operation::discard, call)) hand_over([this, call] { instance_.discard(call->c); });
}

void InprocInstance::recall(AttemptRef attempt) {
  const auto call = std::make_shared<AttemptCall<relance_recall>>(std::move(attempt));
  if (open(call->c.token, Operation::recall, call)) hand_over([this, call] { instance_.recall(call->c); });
}

void InprocInstance::query(AttemptRef attempt) {
  const auto call = std::make_shared<AttemptCall<relance_query>>(std::move(attempt));
  if (open(call->c.token, Operation::query, call)) hand_over([this, call] { instance_.query(call->c); });
}

void InprocInstance::parse(Token token, const std::string &kind, std::shared_ptr<const std::string> bytes,
                           Instant received_at) {
  struct Call {
    std::string kind;
    std::shared_ptr<const std::string> bytes;
    relance_raw c{};
  };
  const auto call = std::make_shared<Call>(Call{kind, std::move(bytes), {}});
  call->c = {sizeof(relance_raw), 0, token, to_str(call->kind), to_str(*call->bytes), to_ms(received_at)};
  if (open(token, Operation::parse, call))
    hand_over([this, call] { instance_.parse(std::span(&call->c, 1)); });
}

void InprocInstance::poll(Token token, const std::string &cursor, OpenPage open_page) {
  const auto call = std::make_shared<PollCall>(token, cursor, std::move(open_page));
  if (open(token, Operation::poll, call)) hand_over([this, call] { instance_.poll(call->c()); });
}

void InprocInstance::fetch(EvidenceWish wish) {
  const auto call = std::make_shared<EvidenceCall>(std::move(wish));
  if (open(call->wish.token, Operation::fetch, call)) hand_over([this, call] { instance_.fetch(call->c); });
}

/// On the engine's own thread: a quote is pure and may be asked for at any time.
std::vector<std::optional<Quote>> InprocInstance::quote(std::span<const Submission> batch,
                                                        Milliseconds deadline) {
  std::vector<std::optional<Quote>> quotes(batch.size());
  if (!is_taking_ || !has_started_) return quotes;
  const MessageBatch messages{{batch.begin(), batch.end()}};
  const auto give_up_at = std::chrono::steady_clock::now() + deadline;
  for (std::size_t i{0}; i < quotes.size() && std::chrono::steady_clock::now() < give_up_at; ++i)
    quotes[i] = instance_.quote(messages.arrays.messages()[i]);
  return quotes;
}

void InprocInstance::authenticate(std::vector<WebhookCall> calls) {
  using Calls = std::vector<std::shared_ptr<const AuthenticateCall>>;
  const auto going = std::make_shared<Calls>();
  std::vector<OpenToken> refused;
  const bool is_open{is_taking_ && has_started_ && instance_.traits().can_webhook &&
                     tokens_.size(Ending::judged) + calls.size() <= settings_.limits.judging_max};
  const auto deadline = WallClock().now() + settings_.limits.judge_timeout;
  for (auto &webhook : calls) {
    if (!is_open) {
      refused.push_back({webhook.token, Operation::authenticate, {}, nullptr});
      continue;
    }
    auto call = std::make_shared<const AuthenticateCall>(webhook.token, std::move(webhook.request));
    if (tokens_.open({call->token, Operation::authenticate, deadline, call}))
      going->push_back(std::move(call));
  }
  if (!refused.empty())
    deliver(make_up(refused, "down", is_taking_ ? "too many webhooks wait already" : "it is being stopped"),
            settings_.id, events_);
  if (going->empty()) return;
  judge_.post(Kind::hand_over, [this, going] {
    std::vector<const AuthenticateCall *> pointers;
    for (const auto &call : *going) pointers.push_back(call.get());
    instance_.authenticate(pointers);
  });
  keeper_.note_open();
}

void InprocInstance::set_webhook_url(std::string url) {
  const std::lock_guard lock(url_mutex_);
  webhook_url_ = std::move(url);
}

std::string InprocInstance::webhook_url() {
  const std::lock_guard lock(url_mutex_);
  return webhook_url_;
}

void InprocInstance::stored(std::vector<Token> tokens) {
  thread_.post(Kind::note, [this, tokens = std::move(tokens)] { instance_.stored(tokens); });
}

void InprocInstance::room() {
  thread_.post(Kind::note, [this] { instance_.room(); });
}

void InprocInstance::stop(Milliseconds grace) {
  if (!is_taking_.exchange(false) || !has_started_) return abandon();
  const auto give_up_at = std::chrono::steady_clock::now() + grace;
  give_up_at_ = give_up_at;
  judge_.begin_stop();
  thread_.begin_stop();
  // Whatever the thread is at, from here on it hands nothing over that it has not announced before.
  give(make_up(tokens_.withdraw(), "stopping", "the provider was stopped before it was handed over"));
  if (!wait_for_ends(give_up_at - last_words(grace)) && http_) http_->give_up();
  wait_for_ends(give_up_at);
  give(make_up(tokens_.drain(true), "no_end", "the plugin had not ended it when it was stopped"));
  abandon();
}

bool InprocInstance::wait_for_ends(std::chrono::steady_clock::time_point until) {
  std::unique_lock lock(ended_mutex_);
  return ended_.wait_until(lock, until, [this] { return tokens_.size() == 0; });
}

Milliseconds InprocInstance::grace_left() const {
  const auto left = give_up_at_.load() - std::chrono::steady_clock::now();
  return std::max(std::chrono::floor<Milliseconds>(left), Milliseconds{0});
}

/// Closes the way to the engine and ends the thread, or leaves it to itself when the plugin does not return.
void InprocInstance::abandon() {
  is_taking_ = false;
  is_closed_ = true;
  engine_mutex_.lock();  // until nobody is in there any more
  engine_mutex_.unlock();
  close_http();
  if (!thread_.is_running()) return;
  keeper_.stop();
  if (judge_.is_running()) is_judge_left_ = !judge_.end(kDestroyGrace);
  if ((thread_.end(kDestroyGrace) && !is_judge_left_) || !settings_.hooks.log) return;
  settings_.hooks.log(settings_.id, RELANCE_LOG_ERROR,
                      "the plugin does not return from a call; its thread is left behind", {});
}

relance_status InprocInstance::http_send(HttpCall call) {
  return http_ ? to_status(http_->send(std::move(call))) : RELANCE_E_REFUSED;
}

void InprocInstance::http_cancel(Token token) {
  if (http_) http_->cancel(token);
}

/// On the serial thread.
void InprocInstance::hand_replies() {
  for (;;) {
    const auto replies = http_->take(kRepliesHandedOverMax);
    if (replies.empty()) return;
    instance_.http_replied(replies);
  }
}

void InprocInstance::give(MadeUp ends) {
  to_engine([&] { deliver(std::move(ends), settings_.id, events_); });
}

void InprocInstance::note_end() {
  if (is_taking_) return;  // only stop() waits for it
  const std::lock_guard lock(ended_mutex_);
  ended_.notify_all();
}

void InprocInstance::end_expired(const std::vector<OpenToken> &expired) {
  log(RELANCE_LOG_ERROR, "the plugin broke its contract: it did not end its tokens in time",
      {{"tokens", std::to_string(expired.size())}});
  give(make_up(expired, "no_end", "the plugin did not end it in time"));
  note_end();
}

void InprocInstance::complete(std::span<const relance_result> results) {
  std::vector<Outcome> outcomes;
  outcomes.reserve(results.size());
  for (const auto &result : results) outcomes.push_back(to_outcome(result));
  to_engine([&] { events_.outcomes(settings_.id, std::move(outcomes)); });
  note_end();
}

void InprocInstance::recalled(std::span<const relance_recalled> results) {
  std::vector<Recall> recalls;
  for (const auto &result : results) recalls.push_back(to_recall(result));
  to_engine([&] { events_.recalls(settings_.id, std::move(recalls)); });
  note_end();
}

void InprocInstance::discarded(std::span<const relance_discarded> results) {
  std::vector<Discard> discards;
  for (const auto &result : results) discards.push_back(to_discard(result));
  to_engine([&] { events_.discards(settings_.id, std::move(discards)); });
  note_end();
}

void InprocInstance::late_drafts(std::span<const relance_result> results) {
  std::vector<Outcome> outcomes;
  for (const auto &result : results) outcomes.push_back(to_outcome(result));
  to_engine([&] { events_.late_drafts(settings_.id, std::move(outcomes)); });
}

void InprocInstance::parsed(std::span<const relance_parsed> results) {
  std::vector<Parsed> parsed;
  for (const auto &result : results) parsed.push_back(to_parsed(result));
  to_engine([&] { events_.parsed(settings_.id, std::move(parsed)); });
  note_end();
}

void InprocInstance::polled(const relance_polled &result) {
  to_engine([&] { events_.polled(settings_.id, to_polled(result)); });
  note_end();
}

void InprocInstance::fetched(std::span<const relance_evidence_fetched> results) {
  std::vector<Fetched> fetched;
  for (const auto &result : results) fetched.push_back(to_fetched(result));
  to_engine([&] { events_.fetched(settings_.id, std::move(fetched)); });
  note_end();
}

void InprocInstance::judged(std::vector<Judgement> judgements) {
  to_engine([&] { events_.judged(settings_.id, std::move(judgements)); });
  note_end();
}

std::size_t InprocInstance::inbound(std::span<const relance_inbound> batch) {
  std::vector<Inbound> items;
  items.reserve(batch.size());
  for (const auto &in : batch) items.push_back(to_inbound(in));
  std::size_t taken{0};
  to_engine([&] { taken = events_.inbound(settings_.id, std::move(items)); });
  return std::min(taken, batch.size());
}

void InprocInstance::ready(std::uint32_t credit) {
  has_said_ready_ = true;
  to_engine([&] { events_.ready(settings_.id, credit); });
}

void InprocInstance::health(const relance_health &health) {
  has_said_health_ = true;
  to_engine([&] { events_.health(settings_.id, to_health(health)); });
}

void InprocInstance::log(int level, std::string_view text, Fields fields) {
  if (!settings_.hooks.log) return;
  const auto dropped = budget_.take();
  if (!dropped) return;
  if (*dropped != 0) fields.emplace_back("lines_dropped_before", std::to_string(*dropped));
  to_engine([&] { settings_.hooks.log(settings_.id, level, text, fields); });
}

void InprocInstance::metric(std::uint32_t kind, std::string_view name, double value, Fields labels) {
  if (settings_.hooks.metric)
    to_engine([&] { settings_.hooks.metric(settings_.id, kind, name, value, labels); });
}

void InprocInstance::state_changed(std::string_view, std::string_view) {
  thread_.post(Kind::note, [this] {
    if (const auto saved = state_.save_if_changed(state_path()); !saved)
      log(RELANCE_LOG_ERROR, saved.error().text(), {});
  });
}

Instant InprocInstance::business_now() {
  auto now = WallClock().now();
  if (settings_.hooks.business_now) to_engine([&] { now = settings_.hooks.business_now(); });
  return now;
}

}  // namespace relance::channel
