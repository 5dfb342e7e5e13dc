#include "plugins/protocol/smpp/exchange.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace relance::smpp {
namespace {

using std::chrono::milliseconds;

Outcome unknown(const Job &job, std::string code, std::string text) {
  Outcome outcome{.kind = Outcome::Kind::unknown, .code = std::move(code), .text = std::move(text)};
  outcome.message_ids = job.ids;
  return outcome;
}

Outcome not_sent(std::string code, std::string text, milliseconds retry_after) {
  return {.kind = Outcome::Kind::not_sent,
          .verdict = Verdict::temporary,
          .code = std::move(code),
          .text = std::move(text),
          .retry_after = retry_after};
}

/// What one status other than 0 says about a message of which nothing is out.
Outcome refused(std::uint32_t status, Verdict verdict) {
  const auto meaning = meaning_of(status);
  const bool is_passing{verdict == Verdict::temporary || verdict == Verdict::link};
  return {.kind = is_passing ? Outcome::Kind::not_sent : Outcome::Kind::refused,
          .verdict = verdict,
          .status = status,
          .code = name_of_status(status),
          .text = std::string{meaning.words}};
}

std::string code_of(std::uint32_t bind_status) {
  if (bind_status == 0) return "link_down";
  return meaning_of(bind_status).verdict == Verdict::configuration ? "configuration" : "bind_refused";
}

}  // namespace

struct Hub::Loop {
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{io.get_executor()};
  boost::asio::steady_timer timer{io};
};

Hub::Hub(Options options, Events events)
    : options_{std::move(options)},
      events_{std::move(events)},
      loop_{std::make_unique<Loop>()},
      pause_{options_.timeouts.throttle_first} {
  for (std::size_t count{0}; count < options_.links; ++count) {
    if (options_.mode == Mode::transceiver) {
      slots_.emplace_back();
      continue;
    }
    slots_.emplace_back().role = Role::transmitter;
    slots_.emplace_back().role = Role::receiver;
  }
}

Hub::~Hub() = default;

std::string Hub::prepare() {
  std::string fault;
  if (options_.has_tls) tls_ = wire::TlsContext::make(options_.tls, fault);
  return fault;
}

void Hub::run() {
  boost::asio::post(loop_->io, [this] { tick(); });
  loop_->io.run();
}

void Hub::wake() {
  boost::asio::post(loop_->io, [this] { take_orders(); });
}

void Hub::take_orders() {
  Orders orders;
  {
    const std::lock_guard lock{mutex_};
    orders = std::exchange(orders_, {});
    is_woken_ = false;
  }
  for (auto &submission : orders.submissions) take_submission(std::move(submission));
  acknowledge(orders.stored);
  for (auto &question : orders.questions) ask(std::move(question));
  if (orders.has_room) has_room_ = true;
  if (orders.stop_within) begin_stop(*orders.stop_within);
  pump_all();
}

void Hub::take_submission(Submission submission) {
  auto job = std::make_shared<Job>(std::move(submission));
  job->ids.resize(job->parts.size());
  if (is_stopping_) return end(*job, not_sent("stopping", "the instance stops", milliseconds{0}));
  if (!can_send()) return end(*job, not_sent("link_down", "no link is bound", until_reopened()));
  waiting_.push_back(std::move(job));
}

void Hub::acknowledge(const std::vector<std::uint64_t> &tokens) {
  for (const auto token : tokens) {
    const auto found = unacknowledged_.find(token);
    if (found == unacknowledged_.end()) continue;  // of a link that is gone: it will come again
    for (const auto &slot : slots_)
      if (slot.link && slot.link->number() == found->second.link)
        slot.link->acknowledge(found->second.command, found->second.sequence);
    unacknowledged_.erase(found);
  }
}

void Hub::ask(Question question) {
  std::shared_ptr<Link> least;
  for (const auto &link : links())
    if (link->is_bound() && link->sends() && (!least || link->load() < least->load())) least = link;
  if (!least || is_stopping_) return question.then({});
  least->ask(question.command, question.body, std::move(question.then));
}

void Hub::begin_stop(milliseconds grace) {
  if (std::exchange(is_stopping_, true)) return;
  say_open();
  end_waiting("stopping", "the instance stops", milliseconds{0});
  for (auto &job : std::exchange(half_sent_, {}))
    end(*job, unknown(*job, "stopping", "a part of it is out, and the instance stops"));
  for (const auto &link : links()) link->leave(Clock::now() + grace);
}

void Hub::end_all() {
  boost::asio::post(loop_->io, [this] { abort(); });
}

void Hub::abort() {
  take_orders();
  if (!is_stopping_) begin_stop(milliseconds{0});
  for (const auto &link : links()) link->abort("the instance ends");
  loop_->timer.cancel();
  deliver();
  loop_->guard.reset();
}

void Hub::tick() {
  armed_for_ = Clock::time_point::max();
  const auto now = Clock::now();
  for (std::size_t at{0}; at < slots_.size(); ++at) {
    auto &slot = slots_[at];
    if (const auto link = slot.link) {
      link->check_time(now);
    } else if (!is_stopping_ && slot.open_at <= now) {
      open(slot);
    } else if (!is_stopping_) {
      look_at(slot.open_at);
    }
  }
  if (paused_until_ > now) look_at(paused_until_);
  expire_half_sent(now);
  say_open();
  pump_all();
}

void Hub::open(Slot &slot) {
  slot.link = std::make_shared<Link>(loop_->io, *this, options_, slot.role, tls_, ++last_link_);
  const auto link = slot.link;
  link->open();
}

void Hub::pump_all() {
  for (const auto &link : links()) link->pump();
  deliver();
}

void Hub::look_at(Clock::time_point when) {
  if (when >= armed_for_) return;
  armed_for_ = when;
  loop_->timer.expires_at(when);
  loop_->timer.async_wait([this](const boost::system::error_code &error) {
    if (!error) tick();
  });
}

JobPtr Hub::next_job() {
  const auto now = Clock::now();
  if (paused_until_ > now) return nullptr;
  expire_half_sent(now);
  for (auto *queue : {&half_sent_, &waiting_}) {
    while (!queue->empty()) {
      auto job = std::move(queue->front());
      queue->pop_front();
      if (job->submission.not_after > now) return job;
      end(*job, not_sent("too_late", "its time was over before it could leave", milliseconds{0}));
    }
  }
  return nullptr;
}

void Hub::expire_half_sent(Clock::time_point now) {
  std::erase_if(half_sent_, [&](const JobPtr &job) {
    if (job->submission.not_after > now) return look_at(job->submission.not_after), false;
    end(*job, unknown(*job, "half_sent", "a part of it is out, and the others could not follow in time"));
    return true;
  });
}

void Hub::settled(JobPtr job) {
  const bool is_out{job->is_out()};
  if (!job->doubt.empty()) {
    const bool is_silent{job->refused == 0};
    return end(*job, unknown(*job, is_silent ? "no_answer" : name_of_status(job->refused), job->doubt));
  }
  if (job->refused != 0) {
    if (!is_out) return end(*job, refused(job->refused, options_.verdict_of(job->refused)));
    return end(*job, unknown(*job, name_of_status(job->refused), "a part was refused, and another is out"));
  }
  if (job->next_part() == job->parts.size()) {
    Outcome outcome{.kind = Outcome::Kind::accepted};
    outcome.message_ids = std::move(job->ids);
    return end(*job, std::move(outcome));
  }
  if (is_stopping_)
    return end(*job, is_out ? unknown(*job, "stopping", "a part of it is out, and the instance stops")
                            : not_sent("stopping", "the instance stops", milliseconds{0}));
  if (is_out) {
    job->throttled = 0;
    look_at(job->submission.not_after);
    half_sent_.push_back(std::move(job));
  } else if (job->throttled != 0) {
    auto outcome = not_sent(name_of_status(job->throttled), std::string{meaning_of(job->throttled).words},
                            std::chrono::duration_cast<milliseconds>(paused_until_ - Clock::now()));
    outcome.whole_client = true;
    end(*job, std::move(outcome));
  } else if (can_send()) {
    waiting_.push_front(std::move(job));  // another link takes it
  } else {
    end(*job, not_sent("link_down", "the link was lost before it was written", until_reopened()));
  }
}

void Hub::throttled() {
  const auto now = Clock::now();
  if (paused_until_ > now) return;
  paused_until_ = now + pause_;
  pause_ = std::min(pause_ * 2, options_.timeouts.throttle_most);
  look_at(paused_until_);
  say_open();
}

void Hub::flowing() {
  if (paused_until_ <= Clock::now()) pause_ = options_.timeouts.throttle_first;
}

void Hub::bound(Link &link) {
  auto *slot = slot_of(link);
  if (slot == nullptr) return;
  slot->backoff = milliseconds{0};
  slot->why.clear();
  slot->bind_status = 0;
  slot->has_failed = false;
  say_health();
  say_open();
}

void Hub::closed(Link &link, std::string why, std::uint32_t bind_status) {
  auto *slot = slot_of(link);
  if (slot == nullptr) return;
  std::erase_if(unacknowledged_, [&](const auto &item) { return item.second.link == link.number(); });
  slot->link.reset();
  slot->why = std::move(why);
  slot->bind_status = bind_status;
  slot->has_failed = true;
  if (is_stopping_) return;
  const auto &timeouts = options_.timeouts;
  const auto first = bind_status == 0 ? timeouts.backoff_first : timeouts.refused_first;
  const auto most = bind_status == 0 ? timeouts.backoff_most : timeouts.refused_most;
  slot->backoff = std::clamp(slot->backoff * 2, first, most);
  slot->open_at = Clock::now() + slot->backoff;
  look_at(slot->open_at);
  say_health();
  say_open();
  if (!can_send()) end_waiting("link_down", slot->why, until_reopened());
}

void Hub::arrived(Link &link, const Pdu &pdu) {
  Arrival arrival{++last_token_, std::string{pdu.whole}};
  std::fill_n(arrival.pdu.begin() + 12, 4, '\0');
  unacknowledged_[arrival.token] = {link.number(), pdu.command, pdu.sequence};
  offered_.push_back(std::move(arrival));
}

void Hub::offer() {
  if (offered_.empty() || !has_room_) return;
  const std::vector<Arrival> batch{std::make_move_iterator(offered_.begin()),
                                   std::make_move_iterator(offered_.end())};
  const auto taken = events_.arrived(batch);
  offered_.clear();
  offered_.insert(offered_.end(), batch.begin() + static_cast<std::ptrdiff_t>(taken), batch.end());
  has_room_ = offered_.empty();
}

void Hub::deliver() {
  if (std::exchange(is_telling_, true)) return;
  offer();
  if (!ended_.empty()) {
    auto ended = std::exchange(ended_, {});
    events_.ended(ended);
  }
  is_telling_ = false;
}

void Hub::end(Job &job, Outcome outcome) {
  std::erase(outcome.message_ids, std::string{});
  ended_.push_back({job.submission.id, std::move(outcome)});
}

void Hub::end_waiting(const std::string &code, const std::string &text, milliseconds retry_after) {
  for (const auto &job : std::exchange(waiting_, {})) end(*job, not_sent(code, text, retry_after));
}

void Hub::say_open() {
  const bool is_open{can_send() && paused_until_ <= Clock::now() && !is_stopping_};
  if (std::exchange(is_open_, is_open) != is_open) events_.open(is_open);
}

void Hub::say_health() {
  Health health;
  std::size_t bound{0};
  const Slot *worst{nullptr};
  for (const auto &slot : slots_) {
    const bool is_bound{slot.link && slot.link->is_bound()};
    bound += is_bound ? 1u : 0u;
    if (!is_bound && slot.has_failed && (worst == nullptr || slot.bind_status != 0)) worst = &slot;
  }
  if (bound == slots_.size()) {
    health.level = Health::Level::up;
  } else if (worst == nullptr) {
    if (!can_send()) return;  // the others are on their way
    health.level = Health::Level::up;
  } else {
    health.level = can_send() ? Health::Level::degraded : Health::Level::down;
    health.code = code_of(worst->bind_status);
    health.text = worst->why;
    if (worst->role == Role::receiver) health.text += " (receiver: receipts wait at the message centre)";
    if (slots_.size() > 1)
      health.text +=
          "; " + std::to_string(bound) + " of " + std::to_string(slots_.size()) + " links are bound";
  }
  auto said = health;  // the time to the next try is no news
  if (told_ && *told_ == said) return;
  told_ = said;
  if (health.level != Health::Level::up) health.retry_in = until_reopened();
  events_.health(health);
}

bool Hub::can_send() const {
  return std::any_of(slots_.begin(), slots_.end(), [](const Slot &slot) {
    return slot.link && slot.link->is_bound() && slot.link->sends();
  });
}

Hub::Slot *Hub::slot_of(const Link &link) {
  const auto found =
      std::find_if(slots_.begin(), slots_.end(), [&](const Slot &slot) { return slot.link.get() == &link; });
  return found == slots_.end() ? nullptr : &*found;
}

std::vector<std::shared_ptr<Link>> Hub::links() const {
  std::vector<std::shared_ptr<Link>> open;
  for (const auto &slot : slots_)
    if (slot.link) open.push_back(slot.link);
  return open;
}

milliseconds Hub::until_reopened() const {
  auto next = Clock::time_point::max();
  for (const auto &slot : slots_)
    if (!slot.link && slot.role != Role::receiver) next = std::min(next, slot.open_at);
  if (next == Clock::time_point::max()) return options_.timeouts.backoff_first;
  return std::max(std::chrono::duration_cast<milliseconds>(next - Clock::now()), milliseconds{0}) +
         options_.timeouts.backoff_first;
}

}  // namespace relance::smpp
