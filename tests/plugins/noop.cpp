// A channel that reaches nobody: it ends every message at once, or after latency_ms, with the outcome its
// settings name. With "receipts" it also says of each accepted message, through the inbound path, that it was
// delivered. It costs as little as a plugin can, so that what is measured with it is the host.
#include <boost/json.hpp>
#include <relance/channel.hpp>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace {

using namespace relance::sdk;
using SteadyClock = std::chrono::steady_clock;

OutcomeKind outcome_named(std::string_view name, Issues &issues) {
  if (name == "accepted") return OutcomeKind::accepted;
  if (name == "delivered") return OutcomeKind::delivered;
  if (name == "rejected") return OutcomeKind::rejected;
  if (name == "not_sent") return OutcomeKind::not_sent;
  if (name == "prepared") return OutcomeKind::prepared;
  if (name != "unknown") issues.fatal("/outcome", "names no outcome");
  return OutcomeKind::unknown;
}

class Noop {
 public:
  static constexpr Description kDescription{
      .id = "org.relance.test.noop",
      .driver = "noop",
      .name = "No-op",
      .version = "1.0",
      .vendor = "Relance",
      .channel = "email",
      .settings_schema = R"({"type": "object", "additionalProperties": false, "properties": {
        "outcome": {"enum": ["accepted", "delivered", "rejected", "not_sent", "prepared", "unknown"]},
        "latency_ms": {"type": "integer", "minimum": 0, "maximum": 600000},
        "receipts": {"type": "boolean"},
        "max_in_flight": {"type": "integer", "minimum": 1, "maximum": 1000000}}})"};

  Noop(Host host, std::string_view, std::string_view settings, Issues &issues) : host_(host) {
    const auto json =
        boost::json::parse(boost::json::string_view(settings.data(), settings.size())).as_object();
    if (const auto *v = json.if_contains("outcome"))
      kind_ = outcome_named(std::string_view(v->as_string()), issues);
    if (const auto *v = json.if_contains("latency_ms"))
      latency_ = std::chrono::milliseconds(v->to_number<int>());
    if (const auto *v = json.if_contains("receipts")) has_receipts_ = v->as_bool();
    if (const auto *v = json.if_contains("max_in_flight"))
      traits_.max_in_flight = v->to_number<std::uint32_t>();
  }
  ~Noop() { stop(); }

  [[nodiscard]] Traits traits() const { return traits_; }

  void start() {
    host_.health(HealthLevel::up);
    if (latency_.count() != 0) thread_ = std::thread([this] { end_when_due(); });
  }

  void submit(std::vector<Pending> batch) {
    if (latency_.count() == 0) return end_all(std::move(batch));
    const std::lock_guard lock(mutex_);
    waiting_.push_back({SteadyClock::now() + latency_, std::move(batch)});
    changed_.notify_one();
  }

  void commit(PendingCommit pending) { pending.accepted(refs_of(*pending)); }
  void discard(PendingDiscard pending) { pending.end(Discarded::gone()); }
  void query(PendingQuery pending) { pending.end({.kind = OutcomeKind::accepted}); }
  void recall(PendingRecall pending) { pending.too_late("it is always gone already"); }

  void stored(std::span<const Token>) {}
  void room() { offer(); }
  void parse(PendingParse pending) {
    if (!is_key(pending.bytes())) return pending.unreadable("no key");
    const Receipt receipt{
        .idempotency_key = std::string(pending.bytes()), .kind = ReceiptKind::delivered, .is_final = true};
    pending.done(std::span(&receipt, 1));
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
      changed_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  struct Waiting {
    SteadyClock::time_point due;
    std::vector<Pending> batch;
  };

  static bool is_key(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '-';
    });
  }

  static std::vector<std::string> refs_of(const relance_commit &commit) {
    std::vector<std::string> refs;
    for (std::size_t i{0}; i < commit.ref_count; ++i) refs.emplace_back(to_view(commit.refs[i]));
    return refs;
  }

  void end_all(std::vector<Pending> batch) {
    OutcomeBatch<relance_message> ends{host_};
    std::vector<Inbound> news;
    for (auto &pending : batch) {
      Outcome outcome{.kind = kind_};
      if (kind_ == OutcomeKind::prepared) outcome.refs = {"draft-" + std::string(pending.idempotency_key())};
      if (kind_ == OutcomeKind::rejected) outcome.failure = FailureClass::address_dead;
      if (has_receipts_ && kind_ == OutcomeKind::accepted)
        news.push_back({.token = ++next_token_,
                        .kind = "link",
                        .name = {},
                        .bytes = std::string(pending.idempotency_key()),
                        .received_at_ms = host_.wall_ms()});
      ends.add(std::move(pending), std::move(outcome));
    }
    ends.flush();
    if (news.empty()) return;
    {
      const std::lock_guard lock(mutex_);
      for (auto &item : news) news_.push_back(std::move(item));
    }
    offer();
  }

  void offer() {
    const std::lock_guard lock(mutex_);
    while (!news_.empty()) {
      const std::vector<Inbound> front(
          news_.begin(),
          news_.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(news_.size(), kOfferMax)));
      const auto taken = host_.inbound(front);
      news_.erase(news_.begin(), news_.begin() + static_cast<std::ptrdiff_t>(taken));
      if (taken < front.size()) return;
    }
  }

  void end_when_due() {
    std::unique_lock lock(mutex_);
    while (!waiting_.empty() || !is_stopping_) {
      if (waiting_.empty()) {
        changed_.wait(lock);
      } else if (!is_stopping_ && SteadyClock::now() < waiting_.front().due) {
        changed_.wait_until(lock, waiting_.front().due);
      } else {
        auto batch = std::move(waiting_.front().batch);
        waiting_.pop_front();
        lock.unlock();
        end_all(std::move(batch));
        lock.lock();
      }
    }
  }

  static constexpr std::size_t kOfferMax{256};  ///< raw items offered in one call

  Host host_;
  OutcomeKind kind_{OutcomeKind::accepted};
  std::chrono::milliseconds latency_{0};
  bool has_receipts_{false};
  Traits traits_{.max_in_flight = 4096, .idempotency_window_ms = 0, .not_found_certain_after_ms = 0};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  std::deque<Inbound> news_;
  std::atomic<Token> next_token_{0};
  bool is_stopping_{false};
  std::thread thread_;
};

}  // namespace

RELANCE_EXPORT_DRIVERS(Noop)
