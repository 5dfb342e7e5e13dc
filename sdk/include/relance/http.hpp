// HTTP for plugins, on relance.http/1: the host's client, which pools connections, verifies TLS, obeys the
// operator's proxy and list of allowed hosts, never follows a redirect and never sends a request twice by
// itself. A reply keeps apart what matters for a reminder: replied, certainly not sent, unknown. post() and
// get() wait, and belong into the blocking style's methods; send() calls back.
#ifndef RELANCE_HTTP_HPP
#define RELANCE_HTTP_HPP

#include <relance/http.h>
#include <relance/outcome.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>

namespace relance::sdk {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpOptions {
  std::uint32_t connect_timeout_ms{0};  ///< 0: 10 s
  std::uint32_t timeout_ms{0};          ///< until the last byte of the reply; 0: 60 s
  std::uint64_t reply_max{0};           ///< bytes of the reply's body; 0: 1 MiB
  bool is_idempotent{false};            ///< a second copy does no harm: the host may repeat it
};

struct HttpRequest {
  std::string method{"GET"};
  std::string url{};
  HttpHeaders headers{};  ///< no Host, Content-Length, Connection, Transfer-Encoding: those are the host's
  std::string body{};
  std::int64_t not_after_ms{0};  ///< wall time: no first byte later; 0: none
  HttpOptions options{};
};

/// What an author knows of a provider's API beyond HTTP itself; see HttpReply::outcome().
struct HttpRules {
  /// A 400, 422 and the like say that this message can never go: REJECTED with this class. Unset: NOT_SENT,
  /// tried again.
  std::optional<FailureClass> refused_as{};
  /// The provider's documentation says that a 429 or a 503 took nothing: NOT_SENT after Retry-After.
  /// Otherwise UNKNOWN.
  bool throttled_took_nothing{false};
};

struct HttpReply {
  enum class Result : std::uint32_t {
    replied = RELANCE_HTTP_REPLIED,    ///< a whole reply; its status may be any
    not_sent = RELANCE_HTTP_NOT_SENT,  ///< no byte of the request left the host
    unknown = RELANCE_HTTP_UNKNOWN,    ///< the request, or a part of it, left; no whole reply came
  };
  Result result{Result::unknown};
  std::uint32_t status{0};  ///< 0: none
  HttpHeaders headers{};    ///< names in lower case
  std::string body{};
  std::string error{};  ///< for a log line
  std::int64_t received_at_ms{0};

  [[nodiscard]] bool is_success() const { return result == Result::replied && status >= 200 && status < 300; }
  [[nodiscard]] std::string_view header(std::string_view name) const {
    for (const auto &[key, value] : headers)
      if (key == name) return value;
    return {};
  }
  /// From now on; 0: not said, or said so that nobody understands it.
  [[nodiscard]] std::int64_t retry_after_ms() const {
    const std::string text{header("retry-after")};
    if (text.empty()) return 0;
    if (text.find_first_not_of("0123456789") == text.npos)
      return text.size() > 8 ? 0 : 1000 * static_cast<std::int64_t>(std::stoul(text));
    const auto at = http_date_ms(text);
    return at == 0 ? 0 : std::max<std::int64_t>(at - received_at_ms, 0);
  }

  /// What this reply means for the message that was posted. Call it for what is no success (a success is
  /// ACCEPTED, with no reference, as only the author knows where that stands). 401, 402, 403, 404, 405 and
  /// 407 are about this provider's settings or account: NOT_SENT, and all messages wait. 408, 409, redirects
  /// and 5xx tell nothing certain: UNKNOWN.
  [[nodiscard]] Outcome outcome(const HttpRules &rules = {}) const {
    if (result == Result::not_sent) return Outcome::not_sent("http", error);
    if (result != Result::replied) return Outcome::unknown("http", error);
    const auto code = "http " + std::to_string(status);
    if (is_success()) return Outcome::accepted();
    if ((status >= 401 && status <= 405) || status == 407) {
      auto outcome = Outcome::not_sent(code, "the provider does not serve these settings", retry_after_ms());
      outcome.failure = FailureClass::configuration;
      outcome.whole_instance = true;
      return outcome;
    }
    if ((status == 429 || status == 503) && rules.throttled_took_nothing) {
      auto outcome = Outcome::not_sent(code, "the provider takes no more for now", retry_after_ms());
      outcome.whole_instance = true;
      return outcome;
    }
    if (status < 400 || status >= 500 || status == 408 || status == 409 || status == 429)
      return Outcome::unknown(code, "an answer that does not say whether the message was taken");
    if (rules.refused_as)
      return Outcome::rejected(*rules.refused_as, code, "the provider refused the message");
    return Outcome::not_sent(code, "the provider did not take the message");
  }

  /// An IMF-fixdate ("Sun, 06 Nov 1994 08:49:37 GMT") as Unix time; 0: it is none.
  static std::int64_t http_date_ms(const std::string &text) {
    static constexpr std::string_view kMonths{"JanFebMarAprMayJunJulAugSepOctNovDec"};
    char name[4]{};
    int day{0}, year{0}, hour{0}, minute{0}, second{0};
    if (std::sscanf(text.c_str(), "%*3s, %2d %3s %4d %2d:%2d:%2d GMT", &day, name, &year, &hour, &minute,
                    &second) != 6)
      return 0;
    const auto month = kMonths.find(name);
    if (month == kMonths.npos || month % 3 != 0) return 0;
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month / 3 + 1)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return 0;
    const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
    return ((days * 24LL + hour) * 60 + minute) * 60'000LL + second * 1000LL;
  }
};

/// application/x-www-form-urlencoded, as many APIs of SMS providers want it.
inline std::string form(std::initializer_list<Field> fields) {
  std::string out;
  const auto add = [&out](std::string_view text) {
    for (const char c : text) {
      const bool is_plain{(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          c == '-' || c == '.' || c == '_' || c == '~'};
      const auto byte = static_cast<std::uint8_t>(c);
      if (is_plain)
        out += c;
      else
        out.append({'%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]});
    }
  };
  for (const auto &[name, value] : fields) {
    if (!out.empty()) out += '&';
    add(name), out += '=', add(value);
  }
  return out;
}

/// Called once with a reply; may hold what cannot be copied, such as a Pending.
class OnReply {
 public:
  template <class F>
    requires std::is_invocable_v<F &, HttpReply>
  OnReply(F run) : call_(std::make_unique<Of<F>>(std::move(run))) {}  // NOLINT(google-explicit-constructor)
  void operator()(HttpReply reply) { call_->run(std::move(reply)); }

 private:
  struct Call {
    virtual ~Call() = default;
    virtual void run(HttpReply reply) = 0;
  };
  template <class F>
  struct Of final : Call {
    explicit Of(F f) : function(std::move(f)) {}
    void run(HttpReply reply) override { function(std::move(reply)); }
    F function;
  };
  std::unique_ptr<Call> call_;
};

/// Which calls of one instance are open. The driver feeds it with replies and closes it when the instance is
/// destroyed: who still waits then learns that the result is unknown.
class HttpDesk {
 public:
  /// 0: closed; nothing was kept.
  Token open(OnReply &on_reply) {
    const std::lock_guard lock(mutex_);
    if (is_closed_) return 0;
    open_.emplace(++last_token_, std::move(on_reply));
    return last_token_;
  }
  std::optional<OnReply> take(Token token) {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(token);
    if (found == open_.end()) return std::nullopt;
    std::optional<OnReply> on_reply{std::move(found->second)};
    open_.erase(found);
    if (open_.empty()) changed_.notify_all();
    return on_reply;
  }
  void replied(const relance_http_reply &raw, std::int64_t now_ms) {
    auto on_reply = take(raw.token);
    if (!on_reply) return;
    HttpReply reply{};
    if (raw.result == RELANCE_HTTP_REPLIED || raw.result == RELANCE_HTTP_NOT_SENT)
      reply.result = static_cast<HttpReply::Result>(raw.result);
    reply.status = raw.status;
    for (std::size_t i{0}; i < raw.header_count; ++i)
      reply.headers.emplace_back(to_view(raw.headers[i].key), to_view(raw.headers[i].value));
    reply.body = to_view(raw.body);
    reply.error = to_view(raw.error);
    reply.received_at_ms = now_ms;
    (*on_reply)(std::move(reply));
  }
  /// Nothing new from now on; the replies of what is open still come. False: nothing is open.
  bool stop() {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    return !open_.empty();
  }
  /// Waits until every reply has come, or so long; what is still open then, to be cancelled.
  std::vector<Token> left_after(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return open_.empty(); });
    std::vector<Token> left;
    for (const auto &[token, on_reply] : open_) left.push_back(token);
    return left;
  }
  void close() {
    std::map<Token, OnReply> left;
    {
      const std::lock_guard lock(mutex_);
      is_closed_ = true;
      left.swap(open_);
      changed_.notify_all();
    }
    for (auto &[token, on_reply] : left) {
      try {
        on_reply({.error = "the provider was stopped before the reply came"});
      } catch (...) {  // what it held ends by itself; nobody is left to hear of it
      }
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Token, OnReply> open_;
  Token last_token_{0};
  bool is_closed_{false};
};

/// What the face keeps for one instance.
class Services {
 public:
  HttpDesk http;
  std::atomic<bool> is_stopping{false};
};

/// On a thread of the host no plugin may wait, least of all for what the same thread would bring.
class HostThread {
 public:
  HostThread() { ++depth_; }
  HostThread(const HostThread &) = delete;
  HostThread &operator=(const HostThread &) = delete;
  ~HostThread() { --depth_; }
  [[nodiscard]] static bool is_this() { return depth_ > 0; }

 private:
  static inline thread_local int depth_{0};
};

class Http {
 public:
  explicit Http(Host host) : host_(host) {}

  /// Waits for the reply. Where waiting is forbidden (in every method that the host calls on its own thread,
  /// which is every method of the asynchronous style) nothing is sent, and the reply says so.
  HttpReply post(std::string url, HttpHeaders headers, std::string body, std::int64_t not_after_ms,
                 HttpOptions options = {}) const {
    return call({"POST", std::move(url), std::move(headers), std::move(body), not_after_ms, options});
  }
  HttpReply get(std::string url, HttpHeaders headers = {},
                HttpOptions options = {.is_idempotent = true}) const {
    return call({"GET", std::move(url), std::move(headers), {}, 0, options});
  }
  HttpReply call(const HttpRequest &request) const {
    if (HostThread::is_this())
      return {.result = HttpReply::Result::not_sent,
              .error = "a call that waits was made on a thread of the host; use Http::send()"};
    struct Wait {
      std::mutex mutex;
      std::condition_variable changed;
      std::optional<HttpReply> reply;
    };
    const auto wait = std::make_shared<Wait>();
    send(request, [wait](HttpReply reply) {
      const std::lock_guard lock(wait->mutex);
      wait->reply = std::move(reply);
      wait->changed.notify_one();
    });
    std::unique_lock lock(wait->mutex);
    wait->changed.wait(lock, [&] { return wait->reply.has_value(); });
    return std::move(*wait->reply);
  }

  /// `on_reply` runs exactly once, on the host's serial thread; at once, on this one, when nothing could be
  /// sent. It must not wait. Whom destroy() overtakes it tells UNKNOWN.
  void send(const HttpRequest &request, OnReply on_reply) const {
    const auto refuse = [&](OnReply &call, std::string why) {
      call({.result = HttpReply::Result::not_sent,
            .error = std::move(why),
            .received_at_ms = host_.wall_ms()});
    };
    const auto *client = static_cast<const relance_http *>(host_.extension(RELANCE_HTTP_ID));
    auto *services = host_.services();
    if (client == nullptr || services == nullptr)
      return refuse(on_reply, "this host has no HTTP client (relance.http/1)");
    const auto token = services->http.open(on_reply);
    if (token == 0) return refuse(on_reply, "the provider is being stopped");
    const auto status = hand_over(*client, token, request);
    if (status == RELANCE_OK) return;
    if (auto kept = services->http.take(token))
      refuse(*kept, status == RELANCE_E_REFUSED
                        ? "the host refused the call: malformed, or its host is not allowed"
                        : "the host takes no more calls now");
  }

 private:
  relance_status hand_over(const relance_http &client, Token token, const HttpRequest &request) const {
    std::vector<relance_kv> headers;
    for (const auto &[name, value] : request.headers) headers.push_back({to_str(name), to_str(value)});
    relance_http_call call{};
    call.size = sizeof call;
    call.flags = request.options.is_idempotent ? RELANCE_HTTP_IDEMPOTENT : 0u;
    call.token = token;
    call.method = to_str(request.method);
    call.url = to_str(request.url);
    call.headers = headers.data();
    call.header_count = headers.size();
    call.body = to_str(request.body);
    call.not_after_ms = request.not_after_ms;
    call.connect_timeout_ms = request.options.connect_timeout_ms;
    call.timeout_ms = request.options.timeout_ms;
    call.reply_max = request.options.reply_max;
    return client.send(host_.raw(), &call);
  }

  Host host_;
};

}  // namespace relance::sdk
#endif
