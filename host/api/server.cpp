// The acceptor, the connections and the two pools of handlers.
#include "host/api/server.hpp"

#include "host/api/stream_exchange.hpp"
#include "host/api/unix_listener.hpp"
#include "host/base/log.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/url.hpp>

#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

namespace relance::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Local = asio::local::stream_protocol;
using Stream = beast::basic_stream<Local>;

constexpr std::size_t kReadBufferBytes{64 * 1024};
constexpr Milliseconds kStopPatience{1000};  ///< for answers under way, once the engine has stopped

/// Beast's idea of a synchronous stream over read_some().
struct TimedReader {
  int fd;
  Milliseconds timeout;

  template <class Buffers>
  std::size_t read_some(const Buffers &buffers, beast::error_code &failed) {
    for (auto at = asio::buffer_sequence_begin(buffers); at != asio::buffer_sequence_end(buffers); ++at) {
      const asio::mutable_buffer part{*at};
      if (part.size() == 0) continue;
      const auto got = api::read_some(fd, {static_cast<char *>(part.data()), part.size()}, timeout);
      if (!got) {
        failed = beast::error::timeout;
        return 0;
      }
      failed = *got == 0 ? beast::error_code{asio::error::eof} : beast::error_code{};
      return *got;
    }
    failed = {};
    return 0;
  }
  template <class Buffers>
  std::size_t read_some(const Buffers &buffers) {
    beast::error_code failed;
    const auto got = read_some(buffers, failed);
    if (failed) throw beast::system_error{failed};
    return got;
  }
};

/// What is wrong with the bytes that came, as an answer; nothing when there is nobody left to answer.
std::optional<Response> refusal(beast::error_code failed) {
  if (failed == http::error::header_limit) return problem(431, "the header is longer than the limit");
  if (failed == http::error::body_limit)
    return problem(413, "the body is longer than the limit of this path");
  if (failed.category() == http::make_error_code(http::error::bad_method).category() &&
      failed != http::error::end_of_stream && failed != http::error::partial_message)
    return problem(400, "this is not HTTP/1.1: " + failed.message());
  return std::nullopt;
}

Result<void> read_target(std::string_view target, Request &request) {
  const auto url = boost::urls::parse_origin_form({target.data(), target.size()});
  if (!url) return invalid("the request's path cannot be read: " + url.error().message());
  request.path = url->path();
  for (const auto &parameter : url->params()) request.query.emplace_back(parameter.key, parameter.value);
  return {};
}

}  // namespace

class Server::Impl {
 public:
  Impl(std::filesystem::path path, const Router &router, ServerLimits limits, int listener)
      : path{std::move(path)},
        router{router},
        limits{limits},
        acceptor{context, Local{}, listener},
        workers{limits.workers},
        streams{limits.streams} {
    accept();
    thread = std::thread{[this] { context.run(); }};
  }

  void accept();
  void close_doors();
  void stop();

  class Connection;
  const std::filesystem::path path;
  const Router &router;
  const ServerLimits limits;
  // The io thread's alone:
  std::set<Connection *> connections;
  bool is_closing{false};
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> keeps_running{context.get_executor()};
  Local::acceptor acceptor;
  asio::thread_pool workers, streams;
  std::thread thread;
  // Answers being worked on:
  std::mutex mutex;
  std::condition_variable ended;
  std::size_t busy{0};
};

class Server::Impl::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Impl &server, Local::socket socket)
      : server_{server}, stream_{std::move(socket)}, by_{peer_name(fd())} {
    server_.connections.insert(this);
  }
  ~Connection() { server_.connections.erase(this); }

  void read_header();
  void refuse_at_the_door();
  void close_if_idle() {
    if (is_idle_) close();
  }
  void end_input() { stream_.socket().shutdown(Local::socket::shutdown_receive, ignored_); }
  void close() {
    stream_.socket().shutdown(Local::socket::shutdown_both, ignored_);
    stream_.close();
  }

 private:
  using HeaderParser = http::request_parser<http::empty_body>;
  using StringParser = http::request_parser<http::string_body>;
  using BufferParser = http::request_parser<http::buffer_body>;

  int fd() { return stream_.socket().native_handle(); }
  void on_header();
  void read_body(const Route &route);
  void work(const Route &route);
  void work_streamed(const Route &route);
  void stream(const Route &route, const std::shared_ptr<BufferParser> &parser);
  void respond(Response response);
  void next(bool keeps_open);
  void start_busy();
  void end_busy();

  Impl &server_;
  Stream stream_;
  const std::string by_;
  beast::flat_buffer buffer_{kReadBufferBytes};
  std::optional<HeaderParser> header_;
  Request request_;
  http::response<http::string_body> response_;
  bool keeps_open_{true}, is_idle_{false};
  beast::error_code ignored_;
};

// ---------------------------------------------------------------------------------------------------------------------
// The door

void Server::Impl::accept() {
  acceptor.async_accept(context, [this](beast::error_code failed, Local::socket socket) {
    if (failed == asio::error::operation_aborted || is_closing) return;
    if (!failed) {
      const bool is_full{connections.size() >= limits.connections_max};
      const auto connection = std::make_shared<Connection>(*this, std::move(socket));
      if (is_full) {
        connection->refuse_at_the_door();
      } else {
        connection->read_header();
      }
    }
    accept();
  });
}

void Server::Impl::close_doors() {
  asio::post(context, [this] {
    if (is_closing) return;
    is_closing = true;
    remove_socket(path, acceptor.native_handle());
    beast::error_code ignored;
    acceptor.close(ignored);
    for (auto *connection : connections) connection->close_if_idle();
  });
}

void Server::Impl::stop() {
  if (!thread.joinable()) return;
  close_doors();
  const auto each = [this](void (Connection::*act)()) {
    asio::post(context, [this, act] {
      const std::set<Connection *> all{connections};
      for (auto *connection : all) (connection->*act)();
    });
  };
  each(&Connection::end_input);
  {
    std::unique_lock lock{mutex};
    ended.wait_for(lock, kStopPatience, [this] { return busy == 0; });
  }
  each(&Connection::close);
  workers.join();
  streams.join();
  // Nothing is pending but closed sockets: run() returns by itself.
  keeps_running.reset();
  thread.join();
}

void Server::Impl::Connection::refuse_at_the_door() {
  keeps_open_ = false;
  respond(problem(503, "the daemon has all the control connections it takes; try again"));
}

// ---------------------------------------------------------------------------------------------------------------------
// One request

void Server::Impl::Connection::read_header() {
  header_.emplace();
  header_->header_limit(static_cast<std::uint32_t>(server_.limits.header_bytes_max));
  header_->body_limit(server_.limits.stream_bytes_max);
  request_ = {};
  is_idle_ = true;
  stream_.expires_after(server_.limits.idle_timeout);
  http::async_read_header(stream_, buffer_, *header_,
                          [self = shared_from_this()](beast::error_code failed, std::size_t) {
                            self->is_idle_ = false;
                            if (!failed) return self->on_header();
                            self->keeps_open_ = false;
                            // An idle connection that runs out of time is just closed.
                            const bool has_begun{self->buffer_.size() > 0 || self->header_->got_some()};
                            if (auto answered = refusal(failed); answered && has_begun)
                              self->respond(std::move(*answered));
                          });
}

void Server::Impl::Connection::on_header() {
  const auto &message = header_->get();
  keeps_open_ = message.keep_alive();
  request_.method = std::string{message.method_string()};
  request_.by = by_;
  // An answer given before the body was read must not take the body for the next request.
  const bool has_body{!header_->is_done()};
  const auto refuse = [&](Response response) {
    if (has_body) keeps_open_ = false;
    respond(std::move(response));
  };
  if (message.version() != 11) return refuse(problem(505, "speak HTTP/1.1"));
  if (auto read = read_target({message.target().data(), message.target().size()}, request_); !read)
    return refuse(problem(read.error()));
  auto found = server_.router.find(request_);
  if (auto *response = std::get_if<Response>(&found)) return refuse(std::move(*response));
  const Route &route = *std::get<const Route *>(found);
  if (beast::iequals(message[http::field::expect], "100-continue")) {
    if (!write_all(fd(), "HTTP/1.1 100 Continue\r\n\r\n", Milliseconds{0})) return close();
  }
  if (std::holds_alternative<StreamHandler>(route.handler)) return work_streamed(route);
  read_body(route);
}

void Server::Impl::Connection::read_body(const Route &route) {
  const auto parser = std::make_shared<StringParser>(std::move(*header_));
  const auto length = parser->content_length();
  if (length && *length > server_.limits.body_bytes_max) {
    keeps_open_ = false;
    return respond(problem(413, "the body has " + std::to_string(*length) +
                                    " bytes, this path takes at most " +
                                    std::to_string(server_.limits.body_bytes_max)));
  }
  parser->body_limit(server_.limits.body_bytes_max);
  stream_.expires_after(server_.limits.transfer_timeout);
  http::async_read(stream_, buffer_, *parser,
                   [self = shared_from_this(), parser, &route](beast::error_code failed, std::size_t) {
                     if (failed) {
                       self->keeps_open_ = false;
                       if (auto answered = refusal(failed)) self->respond(std::move(*answered));
                       return;
                     }
                     self->request_.body = std::move(parser->get().body());
                     self->work(route);
                   });
}

void Server::Impl::Connection::work(const Route &route) {
  stream_.expires_never();
  start_busy();
  asio::post(server_.workers, [self = shared_from_this(), &route]() mutable {
    auto response = answer(route, self->request_);
    auto &context = self->server_.context;
    asio::post(context, [self = std::move(self), response = std::move(response)]() mutable {
      self->end_busy();
      self->respond(std::move(response));
    });
  });
}

void Server::Impl::Connection::work_streamed(const Route &route) {
  stream_.expires_never();
  start_busy();
  const auto parser = std::make_shared<BufferParser>(std::move(*header_));
  asio::post(server_.streams, [self = shared_from_this(), parser, &route]() mutable {
    self->stream(route, parser);
    auto &context = self->server_.context;
    asio::post(context, [self = std::move(self)] { self->end_busy(); });
  });
}

/// On a thread of the pool: nothing else uses the connection meanwhile, but for shutdown().
void Server::Impl::Connection::stream(const Route &route, const std::shared_ptr<BufferParser> &parser) {
  TimedReader reader{fd(), server_.limits.transfer_timeout};
  const auto read = [&](std::span<char> into) -> Result<std::size_t> {
    while (!parser->is_done()) {
      auto &body = parser->get().body();
      body.data = into.data();
      body.size = into.size();
      beast::error_code failed;
      http::read_some(reader, buffer_, *parser, failed);
      const auto got = into.size() - body.size;
      if (failed && failed != http::error::need_buffer) {
        keeps_open_ = false;
        if (failed == http::error::body_limit)
          return invalid("the body is longer than the limit of this path");
        return unavailable("the request's body broke off: " + failed.message());
      }
      if (got > 0) return got;
    }
    return std::size_t{0};
  };
  StreamExchange exchange{fd(), server_.limits.transfer_timeout, read};
  auto response = answer(route, request_, exchange);
  if (!parser->is_done()) keeps_open_ = false;
  if (exchange.has_written()) {
    const bool is_whole{exchange.finish()};
    asio::post(server_.context, [self = shared_from_this(), is_whole] { self->next(is_whole); });
    return;
  }
  if (!response) response = Response{};
  asio::post(server_.context, [self = shared_from_this(), response = std::move(*response)]() mutable {
    self->respond(std::move(response));
  });
}

void Server::Impl::Connection::respond(Response response) {
  response_ = {};
  response_.version(11);
  response_.result(response.status);
  response_.set(http::field::server, "relanced");
  response_.set(http::field::content_type, response.content_type);
  response_.set(http::field::cache_control, "no-store");
  for (const auto &[name, value] : response.headers) response_.set(name, value);
  response_.keep_alive(keeps_open_ && !server_.is_closing);
  response_.body() = std::move(response.body);
  response_.prepare_payload();
  stream_.expires_after(server_.limits.transfer_timeout);
  http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code failed, std::size_t) {
    self->next(!failed);
  });
}

void Server::Impl::Connection::next(bool keeps_open) {
  if (keeps_open && keeps_open_ && !server_.is_closing) return read_header();
  close();
}

void Server::Impl::Connection::start_busy() {
  const std::scoped_lock lock{server_.mutex};
  ++server_.busy;
}

void Server::Impl::Connection::end_busy() {
  const std::scoped_lock lock{server_.mutex};
  if (--server_.busy == 0) server_.ended.notify_all();
}

// ---------------------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<Server>> Server::listen(const std::filesystem::path &socket, const Router &router,
                                               ServerLimits limits) {
  const auto listener = listen_unix(socket);
  if (!listener) return listener.error();
  log::event(log::Id::CONTROL_LISTENING, {{"socket", socket.string()}});
  return std::unique_ptr<Server>{new Server{std::make_unique<Impl>(socket, router, limits, *listener)}};
}

Server::Server(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Server::~Server() {
  impl_->stop();
}
void Server::close_doors() {
  impl_->close_doors();
}
void Server::stop() {
  impl_->stop();
}

}  // namespace relance::api
