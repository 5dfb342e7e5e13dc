// The acceptors, the accounts of who is here, and the way to the engine and back: requests of one round of
// the thread go over together, and so do their ends.
#include "host/api/hook_listener.hpp"

#include "host/api/hook_connection.hpp"
#include "host/api/hook_tls.hpp"
#include "host/base/log.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <list>
#include <thread>
#include <unordered_map>
#include <unordered_set>

namespace relance::api {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using Code = boost::system::error_code;

constexpr int kHookBacklog{512};
constexpr Milliseconds kDeadlineLookEvery{200};  ///< at deadlines, which are of seconds
constexpr Milliseconds kAcceptPause{100};        ///< after an accept that failed: no descriptors, most likely
constexpr std::size_t kBodiesBytesMax{64 << 20};  ///< of all requests under way together
constexpr std::uint32_t kLostRateMax{
    20};  ///< paths that nobody has, a second and address: a misprint, not a search

CallerAddress caller_of(const Tcp::endpoint &endpoint) {
  return parse_caller(endpoint.address().to_string()).value_or(CallerAddress{});
}

}  // namespace

class HookListener::Impl final : public HookHouse, public std::enable_shared_from_this<HookListener::Impl> {
 public:
  Impl(const config::Hooks &settings, engine::Webhooks &webhooks)
      : webhooks_{webhooks},
        settings_{settings},
        trusted_{settings.trusted_proxies},
        rates_{settings.rate_max} {}

  Result<void> open() {
    auto tls = load_hook_tls(settings_);
    if (!tls) return tls.error();
    use(*tls);
    for (const auto &address : settings_.listen)
      if (auto bound = bind(address); !bound) return bound;
    webhooks_.listen([this](std::vector<engine::HookResult> results) { take_results(std::move(results)); });
    for (auto &acceptor : acceptors_) accept(acceptor);
    look();
    thread_ = std::thread{[this] { io_.run(); }};
    return {};
  }

  Result<void> reload(const config::Hooks &settings) {
    if (settings.listen != settings_of_start())
      return conflict("hooks.listen cannot change while the daemon runs: restart it");
    auto tls = load_hook_tls(settings);
    if (!tls) return tls.error();
    asio::post(io_, [self = shared_from_this(), settings, tls = std::move(*tls)] {
      self->settings_ = settings;
      self->use(tls);
      self->trusted_ = Networks{settings.trusted_proxies};
      self->rates_ = Rates{settings.rate_max};
    });
    return {};
  }

  void close_doors() {
    asio::post(io_, [self = shared_from_this()] {
      if (std::exchange(self->is_closing_, true)) return;
      Code ignored;
      for (auto &acceptor : self->acceptors_) acceptor.close(ignored);
      const auto all = self->connections_;
      for (auto *connection : all) connection->close_if_idle();
    });
  }

  void stop() {
    if (!thread_.joinable()) return;
    close_doors();
    webhooks_.listen({});
    asio::post(io_, [self = shared_from_this()] {
      const auto all = self->connections_;
      for (auto *connection : all) connection->close();
      self->waiting_.clear();
      self->timer_.cancel();
      self->is_over_ = true;
    });
    keeps_running_.reset();
    thread_.join();
  }

  [[nodiscard]] const std::vector<std::string> &addresses() const { return addresses_; }
  [[nodiscard]] const HookTraffic &shown() const { return traffic_; }
  [[nodiscard]] std::optional<Instant> certificate_until() const {
    const auto until = certificate_until_.load();
    return until == Instant::max() ? std::nullopt : std::optional{until};
  }

  // --- HookHouse: the io thread
  [[nodiscard]] const config::Hooks &settings() const override { return settings_; }
  [[nodiscard]] const Networks &trusted() const override { return trusted_; }
  [[nodiscard]] bool is_closing() const override { return is_closing_; }
  HookTraffic &traffic() override { return traffic_; }
  [[nodiscard]] bool is_right(std::string_view provider, std::string_view token) const override {
    return webhooks_.is_right(provider, token);
  }
  bool may_ask(const std::string &provider, const CallerAddress &caller) override {
    const auto now = std::chrono::steady_clock::now();
    const auto key = rate_key(caller);
    return provider.empty() ? lost_rates_.take(key, now) : rates_.take(key + provider, now);
  }
  bool reserve(std::size_t bytes) override {
    if (bodies_bytes_ + bytes > kBodiesBytesMax && bodies_bytes_ != 0) return false;
    bodies_bytes_ += bytes;
    return true;
  }
  void give_back(std::size_t bytes) override { bodies_bytes_ -= bytes; }
  channel::Token hand_over(HookConnection &connection, std::string provider,
                           std::shared_ptr<const channel::WebhookRequest> request) override {
    const auto token = ++last_token_;
    waiting_.emplace(token, connection.shared_from_this());
    if (going_.empty())
      asio::post(io_, [self = shared_from_this()] { self->webhooks_.take(std::exchange(self->going_, {})); });
    going_.push_back({token, std::move(provider), std::move(request)});
    return token;
  }
  void forget(channel::Token token) override {
    waiting_.erase(token);
    webhooks_.forget(token);
  }
  void left(HookConnection &connection) override {
    if (connections_.erase(&connection) == 0) return;
    --traffic_.connections;
    seats_.leave(connection.peer());
  }

 private:
  /// Only the io thread changes it, and never this part.
  [[nodiscard]] const std::vector<config::Hooks::Address> &settings_of_start() const { return bound_; }

  void use(const HookTls &tls) {
    context_ = tls.context;
    certificate_until_ = tls.until;
    certificate_.watch(tls);
    certificate_.look(WallClock{}.now());
  }

  Result<void> bind(const config::Hooks::Address &address) {
    Code failed;
    const auto ip = asio::ip::make_address(address.host, failed);
    const Tcp::endpoint endpoint{ip, address.port};
    const bool is_v6{ip.is_v6()};
    auto &acceptor = acceptors_.emplace_back(io_);
    if (!failed) acceptor.open(endpoint.protocol(), failed);
    if (!failed) acceptor.set_option(Tcp::acceptor::reuse_address{true}, failed);
    if (!failed && is_v6) acceptor.set_option(asio::ip::v6_only{true}, failed);
    if (!failed) acceptor.bind(endpoint, failed);
    if (!failed) acceptor.listen(kHookBacklog, failed);
    const auto shown = [&](std::uint16_t port) {
      return (is_v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(port);
    };
    if (failed)
      return unavailable("the webhook listener cannot listen at " + shown(address.port) + ": " +
                         failed.message());
    addresses_.push_back(shown(acceptor.local_endpoint(failed).port()));
    bound_.push_back(address);
    log::event(log::Id::WEBHOOKS_LISTENING, {{"address", addresses_.back()},
                                             {"tls", context_ ? "yes" : "no"},
                                             {"public_url", settings_.public_url}});
    return {};
  }

  void accept(Tcp::acceptor &acceptor) {
    acceptor.async_accept(io_, [this, &acceptor](Code failed, Tcp::socket socket) {
      if (failed == asio::error::operation_aborted || is_closing_) return;
      if (failed) {
        const auto pause = std::make_shared<asio::steady_timer>(io_, kAcceptPause);
        pause->async_wait([this, &acceptor, pause](Code) {
          if (!is_closing_) accept(acceptor);
        });
        return;
      }
      admit(std::move(socket));
      accept(acceptor);
    });
  }

  void admit(Tcp::socket socket) {
    Code failed;
    const auto endpoint = socket.remote_endpoint(failed);
    if (failed) return;
    const auto peer = caller_of(endpoint);
    const bool may_come{seats_.of(peer) < settings_.connections_of_address_max || trusted_.hold(peer)};
    const bool has_room{may_come && (connections_.size() < settings_.connections_max || displace_one())};
    if (!has_room) {
      ++traffic_.connections_refused;
      if (!context_) {  // in the socket's own buffer, or not at all
        static constexpr std::string_view kFull{
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: "
            "0\r\n\r\n"};
        socket.non_blocking(true, failed);
        socket.write_some(asio::buffer(kFull), failed);
      }
      return;
    }
    socket.set_option(Tcp::no_delay{true}, failed);
    const bool is_v6{endpoint.protocol() == Tcp::v6()};
    const auto connection = make_hook_connection(*this, io_, {socket.release(failed), is_v6}, peer, context_);
    connections_.insert(connection.get());
    seats_.take(peer);
    ++traffic_.connections;
    connection->start();
  }

  /// Of all that say nothing, the one that has had its time for longest: who only holds connections must not
  /// keep out who has something to tell. False: all are at work.
  bool displace_one() {
    HookConnection *oldest{nullptr};
    for (auto *connection : connections_)
      if (connection->silent_until() < (oldest == nullptr ? SteadyTime::max() : oldest->silent_until()))
        oldest = connection;
    if (oldest == nullptr) return false;
    ++traffic_.connections_displaced;
    oldest->close();
    return true;
  }

  void look() {
    timer_.expires_after(kDeadlineLookEvery);
    timer_.async_wait([this](Code failed) {
      if (failed || is_over_) return;
      const auto now = std::chrono::steady_clock::now();
      const auto all = connections_;
      for (auto *connection : all) {
        const auto kept = connection->weak_from_this().lock();
        if (kept) kept->look(now);
      }
      certificate_.look(WallClock{}.now());
      look();
    });
  }

  /// Any thread.
  void take_results(std::vector<engine::HookResult> results) {
    asio::post(io_, [self = shared_from_this(), results = std::move(results)]() mutable {
      for (auto &result : results) {
        const auto found = self->waiting_.find(result.token);
        if (found == self->waiting_.end()) continue;
        const auto connection = std::move(found->second);
        self->waiting_.erase(found);
        connection->ended(std::move(result));
      }
    });
  }

  engine::Webhooks &webhooks_;
  config::Hooks settings_;
  Networks trusted_;
  Rates rates_, lost_rates_{kLostRateMax};
  HookTraffic traffic_;
  std::vector<std::string> addresses_;
  std::vector<config::Hooks::Address> bound_;
  std::shared_ptr<asio::ssl::context> context_;
  CertificateWatch certificate_;
  std::atomic<Instant> certificate_until_{Instant::max()};
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> keeps_running_{io_.get_executor()};
  std::list<Tcp::acceptor> acceptors_;
  asio::steady_timer timer_{io_};
  std::unordered_set<HookConnection *> connections_;
  Seats seats_;
  std::unordered_map<channel::Token, std::shared_ptr<HookConnection>> waiting_;  ///< nothing else keeps them
  std::vector<engine::Webhooks::Call> going_;
  channel::Token last_token_{0};
  std::size_t bodies_bytes_{0};
  bool is_closing_{false}, is_over_{false};
  std::thread thread_;
};

Result<std::unique_ptr<HookListener>> HookListener::listen(const config::Hooks &settings,
                                                           engine::Webhooks &webhooks) {
  auto impl = std::make_shared<Impl>(settings, webhooks);
  if (auto opened = impl->open(); !opened) return opened.error();
  return std::unique_ptr<HookListener>{new HookListener{std::move(impl)}};
}

HookListener::HookListener(std::shared_ptr<Impl> impl) : impl_{std::move(impl)} {}
HookListener::~HookListener() {
  impl_->stop();
}
Result<void> HookListener::reload(const config::Hooks &settings) {
  return impl_->reload(settings);
}
void HookListener::close_doors() {
  impl_->close_doors();
}
void HookListener::stop() {
  impl_->stop();
}
const HookTraffic &HookListener::traffic() const {
  return impl_->shown();
}
std::optional<Instant> HookListener::certificate_until() const {
  return impl_->certificate_until();
}
const std::vector<std::string> &HookListener::addresses() const {
  return impl_->addresses();
}

}  // namespace relance::api
