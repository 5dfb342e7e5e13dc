#include "plugins/protocol/smtp/client.hpp"

#include "plugins/protocol/smtp/pool.hpp"
#include "plugins/protocol/wire/signal_free.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

namespace relance::smtp {

struct Client::Impl {
  Options options;
  Sink sink;
  boost::asio::io_context io{1};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> guard;
  std::optional<Pool> pool;
  std::thread thread;
  std::atomic<std::size_t> open{0};
  std::mutex mutex;
  std::vector<std::unique_ptr<Job>> inbox;  // under mutex
  std::vector<Completion> refused;          // under mutex
  std::atomic<bool> is_stopped{false};

  Impl(Options given, Sink given_sink) : options{std::move(given)}, sink{std::move(given_sink)} {}

  void drain() {
    std::vector<std::unique_ptr<Job>> jobs;
    std::vector<Completion> completions;
    {
      const std::scoped_lock lock{mutex};
      jobs.swap(inbox);
      completions.swap(refused);
    }
    open -= completions.size();
    if (!completions.empty()) sink(completions);
    pool->submit(std::move(jobs));
  }

  /// The checks cost a pass over the content: they run on the caller's thread.
  std::unique_ptr<Job> admit(Submission submission, Outcome &refusal) {
    auto job = std::make_unique<Job>();
    refusal.verdict = Verdict::rejected;
    refusal.stage = Stage::local;
    refusal.detail = envelope_fault(submission.envelope);
    if (refusal.detail.empty()) {
      job->check = check_content(submission.content);
      refusal.detail = job->check.fault;
    }
    if (refusal.detail.empty() && open >= options.window) {
      refusal.verdict = Verdict::not_sent;
      refusal.stage = Stage::queue;
      refusal.detail = "the window is full";
      refusal.whole_server = true;
    }
    job->submission = std::move(submission);
    return job;
  }
};

Client::Client(Options options, Sink sink)
    : impl_{std::make_unique<Impl>(std::move(options), std::move(sink))} {}

Client::~Client() {
  if (!impl_->thread.joinable()) return;
  boost::asio::post(impl_->io, [impl = impl_.get()] {
    impl->drain();
    impl->pool->abort();
    impl->guard.reset();
  });
  impl_->thread.join();
}

std::string Client::start() {
  std::string fault;
  std::shared_ptr<TlsContext> tls;
  if (impl_->options.tls != TlsMode::none) {
    tls = TlsContext::make(impl_->options.tls_options(), fault);
    if (!tls) return fault;
  }
  impl_->guard.emplace(impl_->io.get_executor());
  impl_->pool.emplace(impl_->io, impl_->options, std::move(tls), impl_->sink, impl_->open);
  const wire::AllSignalsBlocked blocked;
  impl_->thread = std::thread{[impl = impl_.get()] { impl->io.run(); }};
  return {};
}

void Client::submit(std::vector<Submission> submissions) {
  std::vector<std::unique_ptr<Job>> jobs;
  std::vector<Completion> refused;
  for (auto &submission : submissions) {
    Outcome refusal;
    const auto id = submission.id;
    auto job = impl_->admit(std::move(submission), refusal);
    ++impl_->open;
    if (refusal.detail.empty()) {
      jobs.push_back(std::move(job));
    } else {
      refused.push_back({id, std::move(refusal), std::move(job->submission)});
    }
  }
  bool was_empty{};
  {
    const std::scoped_lock lock{impl_->mutex};
    was_empty = impl_->inbox.empty() && impl_->refused.empty();
    impl_->inbox.insert(impl_->inbox.end(), std::make_move_iterator(jobs.begin()),
                        std::make_move_iterator(jobs.end()));
    impl_->refused.insert(impl_->refused.end(), std::make_move_iterator(refused.begin()),
                          std::make_move_iterator(refused.end()));
  }
  if (was_empty) boost::asio::post(impl_->io, [impl = impl_.get()] { impl->drain(); });
}

void Client::cancel(std::vector<std::uint64_t> ids) {
  boost::asio::post(impl_->io, [impl = impl_.get(), ids = std::move(ids)] {
    impl->drain();
    impl->pool->cancel(ids);
  });
}

void Client::stop(std::chrono::milliseconds grace) {
  boost::asio::post(impl_->io, [impl = impl_.get(), grace] {
    impl->drain();
    impl->pool->stop(grace);
  });
}

void Client::join() {
  if (!impl_->thread.joinable()) return;
  // Until here, what is submitted late is still answered.
  boost::asio::post(impl_->io, [impl = impl_.get()] { impl->guard.reset(); });
  impl_->thread.join();
}

}  // namespace relance::smtp
