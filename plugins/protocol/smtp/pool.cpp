#include "plugins/protocol/smtp/pool.hpp"

#include "plugins/protocol/smtp/connection.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>

namespace relance::smtp {
namespace {
using std::chrono::milliseconds;

/// How long a server that refused a further connection is not asked for another.
constexpr milliseconds kLimitedFor{30'000};
/// Wrong credentials do not get right by trying: a server may lock the account.
constexpr milliseconds kAuthenticationBackoff{60'000};
constexpr milliseconds kShortestTick{5};
constexpr milliseconds kLongestTick{250};

Outcome not_sent(Stage stage, std::string detail) {
  Outcome outcome;
  outcome.verdict = Verdict::not_sent;
  outcome.stage = stage;
  outcome.detail = std::move(detail);
  return outcome;
}

/// Fine enough for the shortest time-out.
milliseconds tick_of(const Timeouts &timeouts) {
  const auto shortest =
      std::min({timeouts.connect, timeouts.tls, timeouts.greeting, timeouts.command, timeouts.data,
                timeouts.content_block, timeouts.end_of_data, timeouts.quit, timeouts.idle});
  return std::clamp(shortest / 4, kShortestTick, kLongestTick);
}
}  // namespace

struct Pool::Timer : boost::asio::steady_timer {
  using boost::asio::steady_timer::steady_timer;
};

Pool::Pool(boost::asio::io_context &io, const Options &options, std::shared_ptr<TlsContext> tls,
           Client::Sink sink, std::atomic<std::size_t> &open)
    : io_{io},
      options_{options},
      tls_{std::move(tls)},
      sink_{std::move(sink)},
      open_{open},
      timer_{std::make_unique<Timer>(io)},
      limit_{options.connections} {}

Pool::~Pool() = default;

void Pool::submit(std::vector<std::unique_ptr<Job>> jobs) {
  const auto now = Clock::now();
  for (auto &job : jobs) {
    if (is_stopping_) {
      finish(std::move(job), not_sent(Stage::queue, "stopping"));
    } else if (now < down_until_) {
      auto outcome = down_;
      outcome.retry_after_ms = std::chrono::duration_cast<milliseconds>(down_until_ - now).count() + 1;
      finish(std::move(job), std::move(outcome));
    } else {
      queue_.push_back(std::move(job));
    }
  }
  dispatch();
}

void Pool::cancel(const std::vector<std::uint64_t> &ids) {
  for (auto &job : queue_) {
    if (std::find(ids.begin(), ids.end(), job->submission.id) != ids.end()) {
      finish(std::move(job), not_sent(Stage::queue, "cancelled"));
    }
  }
  std::erase(queue_, nullptr);
}

void Pool::stop(milliseconds grace) {
  if (is_stopping_) return;
  is_stopping_ = true;
  stop_at_ = Clock::now() + grace;
  fail_queue(not_sent(Stage::queue, "stopping"));
  const auto connections = connections_;  // quitting may take one out
  for (const auto &connection : connections) connection->quit();
  schedule_tick();
}

void Pool::abort() {
  is_stopping_ = true;
  fail_queue(not_sent(Stage::queue, "stopping"));
  const auto connections = connections_;
  for (const auto &connection : connections) connection->abort("stopping");
  timer_->cancel();
}

std::unique_ptr<Job> Pool::take() {
  while (!queue_.empty()) {
    auto job = std::move(queue_.front());
    queue_.pop_front();
    if (Clock::now() < job->submission.not_after) return job;
    finish(std::move(job), not_sent(Stage::queue, "not_after has passed"));
  }
  return nullptr;
}

void Pool::finish(std::unique_ptr<Job> job, Outcome outcome) {
  auto &completion = completions_.emplace_back(Completion{job->submission.id, std::move(outcome), {}});
  if (completion.outcome.verdict == Verdict::not_sent) completion.submission = std::move(job->submission);
  if (std::exchange(is_delivery_scheduled_, true)) return;
  // Behind the handlers that are ready now: what ends together is reported together.
  boost::asio::post(io_, [this] { deliver(); });
}

void Pool::deliver() {
  is_delivery_scheduled_ = false;
  auto completions = std::exchange(completions_, {});
  open_ -= completions.size();
  if (!completions.empty()) sink_(completions);
}

void Pool::give_back(std::unique_ptr<Job> job) {
  if (is_stopping_) return finish(std::move(job), not_sent(Stage::queue, "stopping"));
  job->was_returned = true;
  queue_.push_front(std::move(job));
}

void Pool::ready() {
  backoff_ = milliseconds{0};
  down_until_ = {};
}

void Pool::closed(const Connection *connection, const Outcome *failure) {
  std::erase_if(connections_, [&](const auto &other) { return other.get() == connection; });
  if (failure != nullptr) {
    if (connections_.empty()) {
      backoff_ = std::clamp(backoff_ * 2, options_.backoff_first, options_.backoff_most);
      const bool is_lasting{failure->stage == Stage::auth && !failure->reply.is_transient()};
      if (is_lasting) backoff_ = std::min(kAuthenticationBackoff, options_.backoff_most);
      down_ = *failure;
      down_.whole_server = true;
      down_.retry_after_ms = backoff_.count();
      down_until_ = Clock::now() + backoff_;
      limited_until_ = {};
      fail_queue(down_);
    } else {
      // Those that are left decide: another one for each that fails would knock at a closed door for ever.
      limit_ = connections_.size();
      limited_until_ = Clock::now() + kLimitedFor;
    }
  }
  if (is_stopping_ && connections_.empty()) timer_->cancel();
  dispatch();
}

void Pool::dispatch() {
  if (queue_.empty() || is_stopping_) return schedule_tick();
  const auto connections = connections_;
  for (const auto &connection : connections) {
    if (queue_.empty()) break;
    if (connection->is_idle()) connection->pump();
  }
  const auto now = Clock::now();
  if (now >= limited_until_) limit_ = options_.connections;
  const auto opening = static_cast<std::size_t>(std::count_if(
      connections_.begin(), connections_.end(), [](const auto &other) { return !other->is_ready(); }));
  for (auto wanted = opening; wanted < queue_.size() && connections_.size() < limit_ && now >= down_until_;
       ++wanted) {
    connections_.push_back(std::make_shared<Connection>(*this, options_));
    connections_.back()->open();
  }
  schedule_tick();
}

void Pool::schedule_tick() {
  if (is_ticking_ || (connections_.empty() && queue_.empty())) return;
  is_ticking_ = true;
  timer_->expires_after(tick_of(options_.timeouts));
  timer_->async_wait([this](const boost::system::error_code &error) {
    is_ticking_ = false;
    if (!error) tick();
  });
}

void Pool::tick() {
  const auto now = Clock::now();
  expire(now);
  const auto connections = connections_;
  for (const auto &connection : connections) {
    if (now >= stop_at_) {
      connection->abort("stopping");
    } else {
      connection->check_time(now);
    }
  }
  dispatch();
}

void Pool::expire(Clock::time_point now) {
  for (auto &job : queue_) {
    if (now >= job->submission.not_after)
      finish(std::move(job), not_sent(Stage::queue, "not_after has passed"));
  }
  std::erase(queue_, nullptr);
}

void Pool::fail_queue(const Outcome &failure) {
  for (auto &job : std::exchange(queue_, {})) finish(std::move(job), failure);
}

}  // namespace relance::smtp
