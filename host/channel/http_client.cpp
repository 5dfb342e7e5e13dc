#include "host/channel/http_client.hpp"

#include "host/channel/http_transfer.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <limits>
#include <mutex>
#include <optional>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>
#include <unordered_map>
#include <variant>

namespace relance::channel {
namespace {

// A provider answers hundreds of calls over few connections; more of them would only be more to keep alive.
constexpr long kConnectionsMax{256}, kConnectionsOfHostMax{32}, kIdleConnectionsMax{64};
constexpr std::size_t kSpareHandlesMax{64};
constexpr int kEventsMax{64};  ///< of one wait; what is left over comes with the next one

void start_libcurl() {
  static const CURLcode started{curl_global_init(CURL_GLOBAL_DEFAULT)};
  if (started != CURLE_OK) std::terminate();  // without memory or its TLS library: nothing would work
}

}  // namespace

class HttpClient::Loop {
 public:
  explicit Loop(HttpSettings settings) : settings_(std::move(settings)) {
    start_libcurl();
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    news_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    multi_ = curl_multi_init();
    if (epoll_ < 0 || news_ < 0 || multi_ == nullptr || !watch(news_, EPOLLIN, EPOLL_CTL_ADD))
      std::terminate();
    // libcurl says what to wait for, and is told what has come: asked to find out by itself it would look at
    // every open call for each byte of one of them.
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Loop::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Loop::on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, kConnectionsMax);
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, kConnectionsOfHostMax);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kIdleConnectionsMax);
    thread_ = std::thread([this] { run(); });
  }
  Loop(const Loop &) = delete;
  Loop &operator=(const Loop &) = delete;
  ~Loop() {
    is_stopping_ = true;
    wake();
    thread_.join();
    for (const auto &[id, transfer] : open_) {
      curl_multi_remove_handle(multi_, transfer->easy());
      curl_easy_cleanup(transfer->easy());
    }
    for (auto *easy : spare_) curl_easy_cleanup(easy);
    curl_multi_cleanup(multi_);
    ::close(news_);
    ::close(epoll_);
  }

  CallId send(HttpCall call, Done done) {
    const auto id = ++last_id_;
    post(Start{id, std::move(call), std::move(done)});
    return id;
  }
  void cancel(CallId id) { post(id); }
  void set(HttpSettings settings) { post(std::move(settings)); }

 private:
  struct Start {
    CallId id;
    HttpCall call;
    Done done;
  };
  using Order = std::variant<Start, CallId, HttpSettings>;

  void post(Order order) {
    bool was_empty{false};
    {
      const std::lock_guard lock(mutex_);
      was_empty = orders_.empty();
      orders_.push_back(std::move(order));
    }
    if (was_empty) wake();
  }
  void wake() {
    const std::uint64_t one{1};
    [[maybe_unused]] const auto written = ::write(news_, &one, sizeof one);  // full: it is awake already
  }

  using Clock = std::chrono::steady_clock;

  [[nodiscard]] bool watch(int fd, std::uint32_t events, int operation) const {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    return ::epoll_ctl(epoll_, operation, fd, &event) == 0;
  }
  /// `known`: what the multi handle was told to keep for the socket, null until it is watched.
  static int on_socket(CURL *, curl_socket_t fd, int what, void *self, void *known) {
    const auto &loop = *static_cast<Loop *>(self);
    if (what == CURL_POLL_REMOVE) {
      (void)loop.watch(fd, 0, EPOLL_CTL_DEL);  // a socket that is closed already has left by itself
      return 0;
    }
    const auto events = ((what & CURL_POLL_IN) != 0 ? std::uint32_t{EPOLLIN} : 0u) |
                        ((what & CURL_POLL_OUT) != 0 ? std::uint32_t{EPOLLOUT} : 0u);
    if (known == nullptr) curl_multi_assign(loop.multi_, fd, self);
    const auto probably = known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    const auto else_by = known == nullptr ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    return loop.watch(fd, events, probably) || loop.watch(fd, events, else_by) ? 0 : -1;
  }
  static int on_timer(CURLM *, long after_ms, void *self) {
    auto &due = static_cast<Loop *>(self)->due_;
    due = after_ms < 0 ? std::nullopt : std::optional{Clock::now() + std::chrono::milliseconds{after_ms}};
    return 0;
  }
  /// Until libcurl's next time-out, rounded up; for ever when it has none.
  [[nodiscard]] int patience_ms() const {
    if (!due_) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due_ - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
  }
  void pass_on(const epoll_event &event) {
    if (event.data.fd == news_) {
      std::uint64_t count{0};
      [[maybe_unused]] const auto taken = ::read(news_, &count, sizeof count);
      return;
    }
    const int what{((event.events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                   ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                   ((event.events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0)};
    int running{0};
    curl_multi_socket_action(multi_, event.data.fd, what, &running);
  }

  void run() {
    // The daemon's signals are for its other threads; a TLS connection that the peer has reset raises SIGPIPE
    // on the thread that writes.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    while (!is_stopping_) {
      std::vector<Order> orders;
      {
        const std::lock_guard lock(mutex_);
        orders.swap(orders_);
      }
      for (auto &order : orders) std::visit([this](auto &one) { obey(one); }, order);
      end_finished();
      std::array<epoll_event, kEventsMax> events{};
      const auto count = ::epoll_wait(epoll_, events.data(), kEventsMax, patience_ms());
      for (int at{0}; at < count; ++at) pass_on(events[static_cast<std::size_t>(at)]);
      if (due_ && *due_ <= Clock::now()) {
        due_.reset();
        int running{0};
        curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
      }
      end_finished();
    }
  }

  void obey(Start &start) {
    auto *easy = spare_.empty() ? curl_easy_init() : spare_.back();
    if (!spare_.empty()) spare_.pop_back();
    auto transfer =
        std::make_unique<HttpTransfer>(start.id, std::move(start.call), std::move(start.done), easy);
    if (!transfer->prepare(settings_)) return finish(std::move(transfer), CURLE_FAILED_INIT);
    if (curl_multi_add_handle(multi_, easy) != CURLM_OK)
      return finish(std::move(transfer), CURLE_FAILED_INIT);
    open_.emplace(start.id, std::move(transfer));
  }
  void obey(CallId id) {
    const auto found = open_.find(id);
    if (found == open_.end()) return;
    found->second->set_cancelled();
    curl_multi_remove_handle(multi_, found->second->easy());
    take_out(found, CURLE_ABORTED_BY_CALLBACK);
  }
  void obey(HttpSettings &settings) { settings_ = std::move(settings); }

  void end_finished() {
    int left{0};
    while (const CURLMsg *message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      auto *const easy = message->easy_handle;
      const auto code = message->data.result;
      HttpTransfer *transfer{nullptr};
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
      curl_multi_remove_handle(multi_, easy);  // `message` is gone with it
      take_out(open_.find(transfer->id()), code);
    }
  }

  using Open = std::unordered_map<CallId, std::unique_ptr<HttpTransfer>>;
  void take_out(Open::iterator at, CURLcode code) {
    auto transfer = std::move(at->second);
    open_.erase(at);
    finish(std::move(transfer), code);
  }
  void finish(std::unique_ptr<HttpTransfer> transfer, CURLcode code) {
    transfer->end(code);
    auto *const easy = transfer->easy();
    if (easy == nullptr || spare_.size() == kSpareHandlesMax) return curl_easy_cleanup(easy);
    curl_easy_reset(easy);
    spare_.push_back(easy);
  }

  CURLM *multi_{nullptr};
  int epoll_{-1}, news_{-1};
  std::atomic<CallId> last_id_{0};
  std::atomic<bool> is_stopping_{false};
  std::mutex mutex_;
  std::vector<Order> orders_;

  // The thread's own
  HttpSettings settings_;
  Open open_;
  std::vector<CURL *> spare_;
  std::optional<Clock::time_point> due_;  ///< libcurl's next time-out

  std::thread thread_;
};

HttpClient::HttpClient(HttpSettings settings) : loop_(std::make_unique<Loop>(std::move(settings))) {}
HttpClient::~HttpClient() = default;

HttpClient::CallId HttpClient::send(HttpCall call, Done done) {
  return loop_->send(std::move(call), std::move(done));
}
void HttpClient::cancel(CallId id) {
  loop_->cancel(id);
}
void HttpClient::set(HttpSettings settings) {
  loop_->set(std::move(settings));
}

}  // namespace relance::channel
