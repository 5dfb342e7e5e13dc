// The parser is fed by hand: a small request costs one read, one parse and one write, with no timer of its
// own; the listener looks at all deadlines a few times a second.
#include "host/api/hook_connection.hpp"

#include "host/api/hook_request.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <memory_resource>
#include <optional>
#include <tuple>

namespace relance::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;
using PlainStream = Tcp::socket;
using TlsStream = asio::ssl::stream<Tcp::socket>;

constexpr std::size_t kReadBytes{16 * 1024};
/// Room for the header of most requests; of others the rest comes from the heap. Below 1 KiB for the fields
/// as copied: for more glibc tidies its whole heap up.
constexpr std::size_t kFieldsBytes{2 * 1024}, kFieldsUsual{12};
constexpr Milliseconds kIdleTimeout{75'000};  ///< between two requests: longer than the proxies' own 60 s
constexpr Milliseconds kAnswerTimeout{
    15'000};  ///< for the plugin and the disk; providers give up at 5 to 30 s
constexpr Milliseconds kWriteTimeout{10'000};
constexpr Milliseconds kLingerTimeout{2'000};  ///< so that who still sends can read the refusal
constexpr std::size_t kLingerBytesMax{256 * 1024};
constexpr int kRetryDownSeconds{30}, kRetryStoreSeconds{5}, kRetryThrottledSeconds{1};

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

Tcp::socket &socket_of(PlainStream &stream) {
  return stream;
}
Tcp::socket &socket_of(TlsStream &stream) {
  return stream.next_layer();
}

template <class Stream>
class Connection final : public HookConnection {
 public:
  template <class... Args>
  Connection(HookHouse &house, const CallerAddress &peer, std::shared_ptr<asio::ssl::context> context,
             Args &&...args)
      : HookConnection{house, peer}, context_{std::move(context)}, stream_{std::forward<Args>(args)...} {}
  ~Connection() override {
    release_body();
    house_.left(*this);
  }

  void start() override {
    deadline_ = in(house_.settings().header_timeout);
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      phase_ = Phase::handshake;
      stream_.async_handshake(asio::ssl::stream_base::server, [self = self()](beast::error_code failed) {
        if (!failed) self->next_request();
      });
    } else {
      next_request();
    }
  }

  void ended(engine::HookResult result) override {
    token_ = 0;
    switch (result.end) {
      case engine::HookEnd::stored:
      case engine::HookEnd::challenge:
        ++house_.traffic().accepted;
        return respond(result.answer.value_or(channel::WebhookAnswer{}));
      case engine::HookEnd::forged: {
        ++house_.traffic().unauthorized;
        channel::WebhookAnswer answer{401, {}, {}};
        if (result.answer)
          for (auto &header : result.answer->headers)
            if (header.first == "www-authenticate") answer.headers.push_back(std::move(header));
        return respond(std::move(answer));
      }
      case engine::HookEnd::down:
      case engine::HookEnd::not_stored:
        ++house_.traffic().unavailable;
        return respond(
            unavailable(result.end == engine::HookEnd::down ? kRetryDownSeconds : kRetryStoreSeconds));
    }
  }

  void look(SteadyTime now) override {
    if (now < deadline_) return;
    deadline_ = SteadyTime::max();
    switch (phase_) {
      case Phase::header:
      case Phase::body:
        ++house_.traffic().timed_out;
        return refuse(408, "the request did not come to its end in time");
      case Phase::waiting:
        house_.forget(std::exchange(token_, 0));
        ++house_.traffic().unavailable;
        return respond(unavailable(kRetryStoreSeconds));
      default:
        return close();
    }
  }

  [[nodiscard]] SteadyTime silent_until() const override {
    const bool is_silent{phase_ == Phase::idle || phase_ == Phase::handshake || phase_ == Phase::header};
    return is_silent ? deadline_ : SteadyTime::max();
  }
  void close_if_idle() override {
    if (phase_ == Phase::idle || phase_ == Phase::handshake) close();
  }
  void close() override {
    phase_ = Phase::closed;
    beast::error_code ignored;
    socket_of(stream_).shutdown(Tcp::socket::shutdown_both, ignored);
    socket_of(stream_).close(ignored);
  }

 private:
  enum class Phase : std::uint8_t { handshake, idle, header, body, waiting, answering, lingering, closed };
  using Fields = http::basic_fields<std::pmr::polymorphic_allocator<char>>;
  using Parser = http::request_parser<http::string_body, Fields::allocator_type>;

  std::shared_ptr<Connection> self() { return std::static_pointer_cast<Connection>(shared_from_this()); }
  static SteadyTime in(Milliseconds time) { return std::chrono::steady_clock::now() + time; }
  static channel::WebhookAnswer unavailable(int retry_seconds) {
    return {503, {{"retry-after", std::to_string(retry_seconds)}}, {}};
  }

  void next_request() {
    if (house_.is_closing()) return close();
    release_body();
    parser_.reset();
    fields_.release();
    parser_.emplace(std::piecewise_construct, std::make_tuple(),
                    std::make_tuple(Fields::allocator_type{&fields_}));
    parser_->eager(false);
    parser_->header_limit(house_.settings().header_bytes_max);
    parser_->body_limit(house_.settings().body_bytes_max);
    is_refused_ = is_head_ = false;
    // The first request of a connection has no time to be idle in.
    phase_ = buffer_.size() == 0 && has_answered_ ? Phase::idle : Phase::header;
    deadline_ = in(phase_ == Phase::idle ? kIdleTimeout : house_.settings().header_timeout);
    go_on();
  }

  /// Parses what is there; reads on when that is not enough.
  void go_on() {
    while (!parser_->is_done()) {
      if (buffer_.size() == 0) return read_more();
      if (phase_ == Phase::idle) {
        phase_ = Phase::header;
        deadline_ = in(house_.settings().header_timeout);
      }
      beast::error_code failed;
      const bool was_in_header{!parser_->is_header_done()};
      buffer_.consume(parser_->put(buffer_.data(), failed));
      if (failed == http::error::need_more) return read_more();
      if (failed) return refuse_bytes(failed);
      if (was_in_header && parser_->is_header_done() && !enter_body()) return;
    }
    hand_over();
  }

  void read_more() {
    if (phase_ == Phase::closed) return;
    // A header that is not whole yet, or a chunk's extension or trailer: the parser bounds neither of the two
    // last, and takes nothing of them before their end is there.
    if (buffer_.size() > house_.settings().header_bytes_max) return refuse_bytes(http::error::header_limit);
    is_reading_ = true;
    stream_.async_read_some(buffer_.prepare(kReadBytes),
                            [self = self()](beast::error_code failed, std::size_t count) {
                              self->is_reading_ = false;
                              // With a refusal on its way already, what still comes is not a request.
                              if (self->phase_ == Phase::answering && self->is_refused_) return;
                              if (failed || self->phase_ == Phase::closed) return self->close();
                              if (self->phase_ == Phase::lingering) return self->linger(count);
                              self->buffer_.commit(count);
                              self->go_on();
                            });
  }

  /// False: the request ends here, or goes on when the caller has been told to go on.
  bool enter_body() {
    const auto &message = parser_->get();
    const auto &settings = house_.settings();
    ++house_.traffic().requests;
    is_head_ = message.method() == http::verb::head;
    request_ = std::make_shared<channel::WebhookRequest>();
    request_->received_at = WallClock{}.now();
    request_->headers.reserve(kFieldsUsual);
    request_->method = std::string{view(message.method_string())};
    const auto target = view(message.target());
    std::vector<std::string_view> forwarded;
    for (const auto &field : message) {
      auto &[name, value] = request_->headers.emplace_back(std::string{view(field.name_string())},
                                                           std::string{view(field.value())});
      for (auto &c : name)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
      if (name == "x-forwarded-for") forwarded.push_back(view(field.value()));
    }
    if (const auto no = check_header(*request_, message.version(), target, settings)) {
      ++house_.traffic().malformed;
      return refuse(no->status, no->why), false;
    }
    const auto caller = caller_behind(peer_, forwarded, house_.trusted());
    const auto path = hook_path(target);
    const bool is_right{
        house_.is_right(path ? path->provider : std::string{}, path ? path->token : std::string{})};
    if (!house_.may_ask(is_right ? path->provider : std::string{}, caller)) {
      ++house_.traffic().throttled;
      return refuse(429, "too many requests", kRetryThrottledSeconds), false;
    }
    if (!is_right) {
      ++house_.traffic().not_found;
      return refuse(404, ""), false;
    }
    const auto length = parser_->content_length();
    const auto room =
        parser_->chunked() ? settings.body_bytes_max : static_cast<std::size_t>(length.value_or(0));
    if (!house_.reserve(room)) {
      ++house_.traffic().overloaded;
      return refuse(503, "too much is under way", kRetryThrottledSeconds), false;
    }
    reserved_ = room;
    provider_ = path->provider;
    request_->remote_address = to_text(caller);
    request_->url = settings.public_url + std::string{target};
    phase_ = Phase::body;
    deadline_ = in(settings.request_timeout);
    if (parser_->is_done() || !beast::iequals(message[http::field::expect], "100-continue")) return true;
    asio::async_write(stream_, asio::buffer(std::string_view{"HTTP/1.1 100 Continue\r\n\r\n"}),
                      [self = self()](beast::error_code failed, std::size_t) {
                        if (!failed && self->phase_ == Phase::body) self->go_on();
                      });
    return false;
  }

  void hand_over() {
    keeps_open_ = parser_->get().keep_alive();
    request_->body = std::move(parser_->get().body());
    phase_ = Phase::waiting;
    deadline_ = in(kAnswerTimeout);
    token_ = house_.hand_over(*this, std::move(provider_), std::move(request_));
  }

  void refuse_bytes(beast::error_code failed) {
    auto &traffic = house_.traffic();
    if (failed == http::error::body_limit) {
      ++traffic.too_large;
      return refuse(413, "the body is larger than is taken");
    }
    ++traffic.malformed;
    if (failed == http::error::header_limit) return refuse(431, "the header is larger than is taken");
    refuse(400, "this is not HTTP/1.1");
  }

  /// Ends the connection, as the rest of the request is not read.
  void refuse(unsigned status, const char *why, int retry_seconds = 0) {
    is_refused_ = true;
    keeps_open_ = false;
    channel::WebhookAnswer answer{status, {}, why};
    if (*why != 0) answer.headers.emplace_back("content-type", "text/plain");
    if (status == 405) answer.headers.emplace_back("allow", "POST, PUT, GET, HEAD");
    if (retry_seconds != 0) answer.headers.emplace_back("retry-after", std::to_string(retry_seconds));
    respond(std::move(answer));
  }

  void respond(channel::WebhookAnswer answer) {
    if (phase_ == Phase::closed) return;
    const auto reason = http::obsolete_reason(static_cast<http::status>(answer.status));
    const bool stays{keeps_open_ && !house_.is_closing()};
    out_.clear();
    out_.append("HTTP/1.1 ")
        .append(std::to_string(answer.status))
        .append(" ")
        .append(reason.data(), reason.size());
    out_.append(stays ? "\r\nServer: relanced\r\n" : "\r\nServer: relanced\r\nConnection: close\r\n");
    for (const auto &[name, value] : answer.headers)
      out_.append(name).append(": ").append(value).append("\r\n");
    // A 204 has no body and says nothing of its length (RFC 9110 §8.6).
    if (answer.status != 204)
      out_.append("Content-Length: ").append(std::to_string(answer.body.size())).append("\r\n");
    out_.append("\r\n");
    if (!is_head_ && answer.status != 204) out_.append(answer.body);
    phase_ = Phase::answering;
    deadline_ = in(kWriteTimeout);
    asio::async_write(stream_, asio::buffer(out_),
                      [self = self(), stays](beast::error_code failed, std::size_t) {
                        if (failed || self->phase_ == Phase::closed) return self->close();
                        self->has_answered_ = true;
                        if (stays) return self->next_request();
                        self->begin_to_linger();
                      });
  }

  /// A close with bytes unread would be a reset, and the caller might lose the answer.
  void begin_to_linger() {
    release_body();
    phase_ = Phase::lingering;
    deadline_ = in(kLingerTimeout);
    beast::error_code ignored;
    socket_of(stream_).shutdown(Tcp::socket::shutdown_send, ignored);
    if (!is_reading_) linger(0);
  }
  void linger(std::size_t count) {
    buffer_.clear();
    lingered_ += count;
    if (lingered_ > kLingerBytesMax) return close();
    socket_of(stream_).async_read_some(buffer_.prepare(kReadBytes),
                                       [self = self()](beast::error_code failed, std::size_t more) {
                                         if (failed) return self->close();
                                         self->linger(more);
                                       });
  }

  void release_body() {
    if (reserved_ != 0) house_.give_back(std::exchange(reserved_, 0));
  }

  const std::shared_ptr<asio::ssl::context> context_;  ///< outlives the stream
  Stream stream_;
  beast::flat_buffer buffer_;
  std::array<std::byte, kFieldsBytes> fields_room_;
  std::pmr::monotonic_buffer_resource fields_{fields_room_.data(), fields_room_.size()};  ///< of one request
  std::optional<Parser> parser_;
  std::string out_, provider_;
  std::shared_ptr<channel::WebhookRequest> request_;
  SteadyTime deadline_{SteadyTime::max()};
  channel::Token token_{0};
  std::size_t reserved_{0}, lingered_{0};
  Phase phase_{Phase::idle};
  bool keeps_open_{true}, is_head_{false}, is_refused_{false}, has_answered_{false}, is_reading_{false};
};

}  // namespace

std::shared_ptr<HookConnection> make_hook_connection(HookHouse &house, asio::io_context &io,
                                                     HookSocket socket, const CallerAddress &peer,
                                                     std::shared_ptr<asio::ssl::context> tls) {
  Tcp::socket taken{io, socket.is_v6 ? Tcp::v6() : Tcp::v4(), socket.fd};
  if (!tls) return std::make_shared<Connection<PlainStream>>(house, peer, nullptr, std::move(taken));
  auto &used = *tls;
  return std::make_shared<Connection<TlsStream>>(house, peer, std::move(tls), std::move(taken), used);
}

}  // namespace relance::api
