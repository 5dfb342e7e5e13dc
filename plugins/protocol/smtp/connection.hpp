// One connection to a submission server: opens the session, then carries transactions, and knows at each
// moment what the server may have. session.cpp: from connect to ready; transaction.cpp: MAIL to the dot;
// connection.cpp: bytes, time, endings.
#pragma once

#include "plugins/protocol/smtp/pool.hpp"
#include "plugins/protocol/wire/wire.hpp"

#include <array>
#include <deque>
#include <memory>
#include <string>

namespace relance::wire {
class Line;
}

namespace relance::smtp {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Pool &pool, const Options &options);
  ~Connection();

  void open();
  /// There may be work.
  void pump();
  void check_time(Pool::Clock::time_point now);
  /// Takes no new work; ends when the present transaction has.
  void quit();
  void abort(std::string_view why);

  [[nodiscard]] bool is_ready() const { return phase_ == Phase::ready; }
  [[nodiscard]] bool is_idle() const { return phase_ == Phase::ready && !current_ && !is_leaving_; }

 private:
  enum class Phase : std::uint8_t { connecting, tls, session, ready, quitting, closed };
  enum class Expect : std::uint8_t {
    greeting,
    ehlo,
    helo,
    starttls,
    auth,
    auth_user,
    auth_secret,
    auth_cancel,
    mail,
    rcpt,
    data,
    end_of_data,
    rset,
    quit
  };
  struct Transaction;
  struct Pending {
    Expect expect;
    Transaction *transaction;  // of mail, rcpt, data, end_of_data
    std::uint64_t position;    // in the wire's plain stream, behind the question
  };

  // connection.cpp
  void connected();
  void read();
  void received(std::string_view bytes);
  void settle();
  void wait_writable();
  void drain_input();
  void on_reply(Reply reply);
  void arm();
  [[nodiscard]] Stage stage() const;
  void lost(std::string detail, const Reply *reply = nullptr);
  void close(const Outcome *failure);
  void command(std::string_view line, Expect expect);
  /// An answer to what was appended so far.
  void await_reply(Expect expect, Transaction *transaction = nullptr);

  // session.cpp
  void session_reply(Expect expect, const Reply &reply);
  void say_hello();
  void after_hello();
  void begin_tls();
  void tls_open();
  void authenticate();
  void authentication_reply(Expect expect, const Reply &reply);
  void become_ready();
  void setup_failed(Stage at, std::string detail, const Reply *reply = nullptr);

  // transaction.cpp
  std::unique_ptr<Transaction> next_transaction();
  void advance(Transaction &transaction);
  void transaction_reply(Pending pending, Reply reply);
  void recipient_reply(Transaction &transaction, Reply reply);
  void data_reply(Transaction &transaction, Reply reply);
  void begin_content(Transaction &transaction);
  void pump_content();
  void end_of_data_reply(Transaction &transaction, Reply reply);
  void end_current(Outcome outcome);
  void abandon(std::unique_ptr<Transaction> transaction, std::string_view detail, const Reply *reply,
               bool is_prefetched);
  [[nodiscard]] bool may_have_dot(const Transaction &transaction) const;
  [[nodiscard]] bool pipelines() const { return options_.pipelining && server_.pipelining; }

  Pool &pool_;
  const Options &options_;
  std::unique_ptr<wire::Line> line_;
  wire::Wire wire_;
  std::string local_address_;  ///< once connected, as an address literal: "[127.0.0.1]"
  Phase phase_{Phase::connecting};
  Stage setup_stage_{Stage::connect};
  bool is_reading_{false};
  bool is_waiting_writable_{false};
  bool is_leaving_{false};
  bool needs_rset_{false};
  bool has_progress_{false};
  ReplyParser parser_;
  Capabilities server_;
  std::deque<Pending> pending_;
  std::unique_ptr<Transaction> current_;
  std::unique_ptr<Transaction> next_;  // pipelined behind the dot of current_
  std::size_t handled_{0};
  Pool::Clock::time_point deadline_{Pool::Clock::time_point::max()};
  std::array<char, 16'384> input_{};
  std::string plain_;
};

}  // namespace relance::smtp
