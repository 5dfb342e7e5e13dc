// Bytes in, bytes out, time, and the ways a connection ends.
#include "plugins/protocol/smtp/connection.hpp"

#include "plugins/protocol/smtp/transaction.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <utility>

namespace relance::smtp {

using boost::asio::ip::tcp;

struct Connection::Network {
  explicit Network(boost::asio::io_context &io) : resolver{io}, socket{io} {}
  tcp::resolver resolver;
  tcp::socket socket;
};

Connection::Connection(Pool &pool, const Options &options)
    : pool_{pool}, options_{options}, network_{std::make_unique<Network>(pool.io())} {}

Connection::~Connection() = default;

void Connection::open() {
  has_progress_ = true;
  arm();
  const auto connect = [self = shared_from_this()](const tcp::resolver::results_type &endpoints) {
    boost::asio::async_connect(self->network_->socket, endpoints,
                               [self](const boost::system::error_code &failed, const tcp::endpoint &) {
                                 if (self->phase_ == Phase::closed) return;
                                 if (failed)
                                   return self->setup_failed(Stage::connect, "connect: " + failed.message());
                                 self->connected();
                               });
  };
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(options_.host, error);
  if (!error) {
    return connect(
        tcp::resolver::results_type::create(tcp::endpoint{address, options_.port}, options_.host, ""));
  }
  network_->resolver.async_resolve(
      options_.host, std::to_string(options_.port),
      [self = shared_from_this(), connect](const boost::system::error_code &failed,
                                           const tcp::resolver::results_type &endpoints) {
        if (self->phase_ == Phase::closed) return;
        if (failed) return self->setup_failed(Stage::connect, "resolve: " + failed.message());
        connect(endpoints);
      });
}

void Connection::connected() {
  boost::system::error_code ignored;
  auto &socket = network_->socket;
  socket.set_option(tcp::no_delay{true}, ignored);
  socket.non_blocking(true, ignored);
  wire_.attach(socket.native_handle());
  const auto address = socket.local_endpoint(ignored).address();
  local_address_ = (address.is_v6() ? "[IPv6:" : "[") + address.to_string() + "]";
  phase_ = Phase::session;
  setup_stage_ = Stage::greeting;
  await_reply(Expect::greeting);
  has_progress_ = true;
  if (options_.tls == TlsMode::implicit) begin_tls();
  settle();
  read();
}

void Connection::read() {
  if (phase_ == Phase::closed || is_reading_) return;
  is_reading_ = true;
  network_->socket.async_read_some(
      boost::asio::buffer(input_),
      [self = shared_from_this()](const boost::system::error_code &error, std::size_t count) {
        self->is_reading_ = false;
        if (self->phase_ == Phase::closed) return;
        if (error) return self->lost("the connection was lost: " + error.message());
        self->received({self->input_.data(), count});
        self->settle();
        self->read();
      });
}

void Connection::received(std::string_view bytes) {
  bool is_closed_by_peer{false};
  if (wire_.is_encrypted()) {
    plain_.clear();
    const auto state = wire_.decode(bytes, plain_);
    if (state == TlsFilter::State::failed) {
      wire_.flush();  // our alert says why
      if (phase_ == Phase::tls) return setup_failed(Stage::tls, wire_.tls_fault());
      return lost("TLS: " + wire_.tls_fault());
    }
    if (state == TlsFilter::State::handshaking) return;
    is_closed_by_peer = state == TlsFilter::State::closed;
    if (phase_ == Phase::tls) tls_open();
    bytes = plain_;
  }
  parser_.feed(bytes);
  while (phase_ != Phase::closed) {
    auto reply = parser_.next();
    if (!reply) break;
    on_reply(std::move(*reply));
  }
  if (phase_ == Phase::closed) return;
  if (!parser_.fault().empty()) return lost("protocol: " + std::string{parser_.fault()});
  if (is_closed_by_peer) lost("the server closed TLS");
}

void Connection::on_reply(Reply reply) {
  has_progress_ = true;
  if (pending_.empty()) {
    // 421 because of idleness or a shutdown; anything else is as good a reason to leave.
    return lost("an unexpected reply", &reply);
  }
  const auto pending = pending_.front();
  // The end of data has a rule of its own. Anything else that answers what we have not said is out of step:
  // what it seems to accept, it does not.
  if (pending.expect != Expect::end_of_data && pending.position > wire_.at_risk()) {
    return lost("protocol: an answer before its question", &reply);
  }
  const bool is_before_content{pending.expect == Expect::mail || pending.expect == Expect::rcpt ||
                               pending.expect == Expect::data || pending.expect == Expect::rset};
  if (reply.code == 421 && is_before_content) return lost("the server closes the session", &reply);
  pending_.pop_front();
  if (pending.transaction != nullptr) return transaction_reply(pending, std::move(reply));
  if (pending.expect == Expect::quit) return close(nullptr);
  if (pending.expect == Expect::rset) {
    if (!reply.is_positive()) return lost("RSET refused", &reply);
    needs_rset_ = false;
    if (current_ && current_->commands_sent == 0) advance(*current_);
    return;
  }
  session_reply(pending.expect, reply);
}

/// After anything that may have appended bytes or changed what is awaited.
void Connection::settle() {
  while (phase_ != Phase::closed && phase_ != Phase::connecting) {
    pump_content();
    const auto before = wire_.at_risk();
    const auto flushed = wire_.flush();
    has_progress_ |= wire_.at_risk() != before;
    if (flushed == wire::Wire::Flush::failed) {
      // The server may have said why before it closed.
      drain_input();
      if (phase_ != Phase::closed) lost("the connection was lost while writing");
      return;
    }
    if (flushed == wire::Wire::Flush::blocked) {
      wait_writable();
      break;
    }
    if (!current_ || !current_->has_content_begun || current_->is_content_complete) break;
  }
  arm();
}

void Connection::wait_writable() {
  if (std::exchange(is_waiting_writable_, true)) return;
  network_->socket.async_wait(tcp::socket::wait_write,
                              [self = shared_from_this()](const boost::system::error_code &error) {
                                self->is_waiting_writable_ = false;
                                if (self->phase_ == Phase::closed) return;
                                if (error) return self->lost("the connection was lost: " + error.message());
                                self->settle();
                              });
}

void Connection::drain_input() {
  // Bounded: a server that has failed to take our bytes has little to say.
  for (int round{0}; round < 4 && phase_ != Phase::closed; ++round) {
    boost::system::error_code error;
    std::array<char, 4096> buffer{};
    const auto count = network_->socket.read_some(boost::asio::buffer(buffer), error);
    if (error || count == 0) return;
    received({buffer.data(), count});
  }
}

void Connection::command(std::string_view line, Expect expect) {
  wire_.append(line);
  wire_.append("\r\n");
  await_reply(expect);
}

void Connection::await_reply(Expect expect, Transaction *transaction) {
  pending_.push_back({expect, transaction, wire_.position()});
}

Stage Connection::stage() const {
  if (phase_ != Phase::ready) return setup_stage_;
  return current_ ? current_->stage : Stage::queue;
}

/// Sets the deadline anew when something came or went; bytes that complete nothing do not count.
void Connection::arm() {
  if (!std::exchange(has_progress_, false)) return;
  const auto &timeouts = options_.timeouts;
  auto limit = timeouts.command;
  if (phase_ == Phase::connecting) {
    limit = timeouts.connect;
  } else if (phase_ == Phase::tls) {
    limit = timeouts.tls;
  } else if (pending_.empty()) {
    limit = timeouts.idle;
  } else if (current_ && current_->has_content_begun && !may_have_dot(*current_)) {
    limit = timeouts.content_block;
  } else {
    switch (pending_.front().expect) {
      case Expect::greeting:
        limit = timeouts.greeting;
        break;
      case Expect::data:
        limit = timeouts.data;
        break;
      case Expect::end_of_data:
        limit = timeouts.end_of_data;
        break;
      case Expect::quit:
        limit = timeouts.quit;
        break;
      default:
        break;
    }
  }
  deadline_ = Pool::Clock::now() + limit;
}

void Connection::check_time(Pool::Clock::time_point now) {
  if (phase_ == Phase::closed || now < deadline_) return;
  if (is_idle() && pending_.empty()) {
    quit();
  } else {
    lost("timed out");
  }
}

void Connection::quit() {
  is_leaving_ = true;
  if (phase_ == Phase::quitting || phase_ == Phase::closed || current_) return;
  if (phase_ != Phase::ready) return close(nullptr);
  phase_ = Phase::quitting;
  command("QUIT", Expect::quit);
  has_progress_ = true;
  settle();
}

void Connection::abort(std::string_view why) {
  if (phase_ != Phase::closed) lost(std::string{why});
}

/// The connection is of no more use. Decides for each message under way what the server may have of it.
void Connection::lost(std::string detail, const Reply *reply) {
  if (phase_ == Phase::closed) return;
  if (phase_ == Phase::connecting || phase_ == Phase::tls || phase_ == Phase::session) {
    return setup_failed(setup_stage_, std::move(detail), reply);
  }
  auto current = std::move(current_);
  auto next = std::move(next_);
  if (next) abandon(std::move(next), detail, reply, true);
  if (current) abandon(std::move(current), detail, reply, false);
  close(nullptr);
}

void Connection::close(const Outcome *failure) {
  phase_ = Phase::closed;
  pending_.clear();
  network_->resolver.cancel();
  wire_.attach(-1);
  boost::system::error_code ignored;
  network_->socket.close(ignored);
  const auto self = shared_from_this();  // the pool lets go of us
  pool_.closed(this, failure);
}

}  // namespace relance::smtp
