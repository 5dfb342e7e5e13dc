#include "host/channel/http_client.hpp"

#include "host/channel/http_transfer.hpp"

#include <curl/curl.h>

#include <atomic>
#include <csignal>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <variant>

namespace relance::channel {
namespace {

// A provider answers hundreds of calls over few connections; more of them would only be more to keep alive.
constexpr long kConnectionsMax{256}, kConnectionsOfHostMax{32}, kIdleConnectionsMax{64};
constexpr std::size_t kSpareHandlesMax{64};
constexpr int kPollMs{60'000};  ///< libcurl shortens it to its own next time-out; whoever has news wakes it

void start_libcurl() {
  static const CURLcode started{curl_global_init(CURL_GLOBAL_DEFAULT)};
  if (started != CURLE_OK) std::terminate();  // without memory or its TLS library: nothing would work
}

}  // namespace

class HttpClient::Loop {
 public:
  explicit Loop(HttpSettings settings) : settings_(std::move(settings)) {
    start_libcurl();
    multi_ = curl_multi_init();
    curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, kConnectionsMax);
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, kConnectionsOfHostMax);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kIdleConnectionsMax);
    thread_ = std::thread([this] { run(); });
  }
  Loop(const Loop &) = delete;
  Loop &operator=(const Loop &) = delete;
  ~Loop() {
    is_stopping_ = true;
    curl_multi_wakeup(multi_);
    thread_.join();
    for (const auto &[id, transfer] : open_) {
      curl_multi_remove_handle(multi_, transfer->easy());
      curl_easy_cleanup(transfer->easy());
    }
    for (auto *easy : spare_) curl_easy_cleanup(easy);
    curl_multi_cleanup(multi_);
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
    if (was_empty) curl_multi_wakeup(multi_);
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
      int running{0};
      curl_multi_perform(multi_, &running);
      end_finished();
      curl_multi_poll(multi_, nullptr, 0, kPollMs, nullptr);
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
  std::atomic<CallId> last_id_{0};
  std::atomic<bool> is_stopping_{false};
  std::mutex mutex_;
  std::vector<Order> orders_;

  // The thread's own
  HttpSettings settings_;
  Open open_;
  std::vector<CURL *> spare_;

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
