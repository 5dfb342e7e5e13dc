// Bytes in, bytes out, time, and the ways a connection ends.
#include "plugins/protocol/smtp/connection.hpp"

#include "plugins/protocol/smtp/transaction.hpp"
#include "plugins/protocol/wire/line.hpp"

#include <utility>

namespace relance::smtp {

Connection::Connection(Pool &pool, const Options &options)
    : pool_{pool}, options_{options}, line_{std::make_unique<wire::Line>(pool.io())} {}

Connection::~Connection() = default;

void Connection::open() {
  has_progress_ = true;
  arm();
  line_->dial(options_.host, options_.port, [self = shared_from_this()](std::string fault) {
    if (self->phase_ == Phase::closed) return;
    if (!fault.empty()) return self->setup_failed(Stage::connect, std::move(fault));
    self->connected();
  });
}

void Connection::connected() {
  wire_.attach(line_->socket());
  local_address_ = line_->local_address_literal();
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
  line_->read(input_, [self = shared_from_this()](std::string fault, std::size_t count) {
    self->is_reading_ = false;
    if (self->phase_ == Phase::closed) return;
    if (!fault.empty()) return self->lost("the connection was lost: " + fault);
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
  line_->await_writable([self = shared_from_this()](std::string fault) {
    self->is_waiting_writable_ = false;
    if (self->phase_ == Phase::closed) return;
    if (!fault.empty()) return self->lost("the connection was lost: " + fault);
    self->settle();
  });
}

void Connection::drain_input() {
  // Bounded: a server that has failed to take our bytes has little to say.
  for (int round{0}; round < 4 && phase_ != Phase::closed; ++round) {
    std::array<char, 4096> buffer{};
    const auto count = line_->read_now(buffer);
    if (count == 0) return;
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
  wire_.attach(-1);
  line_->close();
  const auto self = shared_from_this();  // the pool lets go of us
  pool_.closed(this, failure);
}

}  // namespace relance::smtp
