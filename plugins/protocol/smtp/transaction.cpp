// MAIL, RCPT, DATA, the content, the dot; and after any ending, what the server may have.
#include "plugins/protocol/smtp/transaction.hpp"

#include <algorithm>

namespace relance::smtp {
namespace {

/// Content is handed over in blocks, so that a large mail costs no copy of itself and a lost connection is
/// seen early.
constexpr std::size_t kBlockBytes{65'536};

Outcome by_reply(Stage stage, Reply reply) {
  Outcome outcome;
  outcome.verdict = reply.is_permanent() ? Verdict::rejected : Verdict::not_sent;
  outcome.stage = stage;
  outcome.reply = std::move(reply);
  return outcome;
}

Outcome refused_here(std::string detail) {
  Outcome outcome;
  outcome.verdict = Verdict::rejected;
  outcome.stage = Stage::local;
  outcome.detail = std::move(detail);
  return outcome;
}

void append_stuffed(std::string &out, std::string_view text, bool &is_line_start) {
  while (!text.empty()) {
    if (is_line_start && text.front() == '.') out += '.';
    const auto end = text.find('\n');
    is_line_start = end != std::string_view::npos;
    const auto length = is_line_start ? end + 1 : text.size();
    out.append(text, 0, length);
    text.remove_prefix(length);
  }
}

}  // namespace

Outcome Connection::Transaction::refusal_outcome() const {
  if (!mail_accepted && refusal) return by_reply(Stage::mail, *refusal);
  if (are_recipients_refused()) {
    // One that may be taken later makes the message worth another try.
    const auto transient = std::find_if(recipient_replies.begin(), recipient_replies.end(),
                                        [](const Reply &reply) { return !reply.is_permanent(); });
    auto outcome =
        by_reply(Stage::rcpt, transient == recipient_replies.end() ? recipient_replies.front() : *transient);
    if (recipient_replies.size() > 1) outcome.recipients = recipient_replies;
    return outcome;
  }
  return by_reply(Stage::data, *refusal);
}

void Connection::pump() {
  if (phase_ != Phase::ready || current_) return;
  const bool is_worn{handled_ >= options_.messages_per_connection};
  if (is_leaving_ || is_worn) return quit();
  current_ = next_transaction();
  if (!current_) {
    if (pool_.is_stopping()) quit();
    return;
  }
  has_progress_ = true;
  if (needs_rset_) {
    command("RSET", Expect::rset);
    if (!pipelines()) return settle();
    needs_rset_ = false;  // its answer comes before all others; a refusal ends the connection
  }
  advance(*current_);
  settle();
}

/// The next job that this server can take; others end here.
std::unique_ptr<Connection::Transaction> Connection::next_transaction() {
  while (auto job = pool_.take()) {
    const auto &submission = job->submission;
    if (submission.envelope.needs_smtputf8 && !server_.smtputf8) {
      pool_.finish(std::move(job), refused_here("the server does not offer SMTPUTF8"));
    } else if (job->check.has_eight_bit && !server_.eight_bit_mime) {
      pool_.finish(std::move(job), refused_here("the server does not offer 8BITMIME"));
    } else if (server_.max_size > 0 && submission.content.size() > server_.max_size) {
      pool_.finish(std::move(job), refused_here("larger than the server takes"));
    } else {
      return std::make_unique<Transaction>(std::move(job));
    }
  }
  return nullptr;
}

/// Sends what may be sent now: the whole group where the server pipelines (RFC 2920), else one command.
void Connection::advance(Transaction &transaction) {
  const auto &submission = transaction.job->submission;
  const auto count = transaction.recipient_count();
  do {
    const auto step = transaction.commands_sent++;
    if (step == 0) {
      append_mail(wire_.tail(), submission, server_, transaction.job->check.has_eight_bit, options_.dsn);
      await_reply(Expect::mail, &transaction);
    } else if (step <= count) {
      append_recipient(wire_.tail(), submission.envelope, step - 1, server_, options_.dsn);
      await_reply(Expect::rcpt, &transaction);
    } else {
      wire_.append("DATA\r\n");
      await_reply(Expect::data, &transaction);
    }
  } while (pipelines() && transaction.commands_sent < count + 2);
}

void Connection::transaction_reply(Pending pending, Reply reply) {
  auto &transaction = *pending.transaction;
  switch (pending.expect) {
    case Expect::mail:
      transaction.mail_accepted = reply.is_positive();
      if (transaction.mail_accepted) {
        transaction.stage = Stage::rcpt;
      } else if (!transaction.refusal) {
        transaction.refusal = std::move(reply);
        // Without pipelining nothing more was said about it.
        if (transaction.commands_sent == 1) return end_current(transaction.refusal_outcome());
      }
      if (transaction.commands_sent == 1) advance(transaction);
      return;
    case Expect::rcpt:
      return recipient_reply(transaction, std::move(reply));
    case Expect::data:
      return data_reply(transaction, std::move(reply));
    default:
      return end_of_data_reply(transaction, std::move(reply));
  }
}

void Connection::recipient_reply(Transaction &transaction, Reply reply) {
  transaction.recipients_accepted += static_cast<std::size_t>(reply.is_positive());
  transaction.recipient_replies.push_back(std::move(reply));
  const auto answered = transaction.recipient_replies.size();
  if (answered < transaction.recipient_count()) {
    if (transaction.commands_sent == answered + 1) advance(transaction);
    return;
  }
  transaction.stage = Stage::data;
  if (transaction.commands_sent == answered + 2) return;  // DATA is under way
  if (transaction.recipients_accepted > 0) return advance(transaction);
  needs_rset_ = true;
  end_current(transaction.refusal_outcome());
}

void Connection::data_reply(Transaction &transaction, Reply reply) {
  const bool goes_ahead{reply.code == 354};
  if (!goes_ahead && (reply.is_transient() || reply.is_permanent())) {
    needs_rset_ = transaction.mail_accepted;
    if (!transaction.refusal) transaction.refusal = std::move(reply);
    return end_current(transaction.refusal_outcome());
  }
  if (!goes_ahead) return lost("protocol: not an answer to DATA", &reply);
  if (!transaction.mail_accepted) {
    // A server that refuses MAIL and still wants content: whatever we sent, it might deliver.
    return lost("protocol: 354 after a refused MAIL");
  }
  if (transaction.recipients_accepted == 0) {
    // RFC 2920 §3.1: pipelined DATA taken without a recipient is ended by a lone dot.
    transaction.has_content_begun = true;
    transaction.is_content_complete = true;
    transaction.dot_position = wire_.position();
    wire_.append(".\r\n");
    await_reply(Expect::end_of_data, &transaction);
    return;
  }
  begin_content(transaction);
}

void Connection::begin_content(Transaction &transaction) {
  transaction.stage = Stage::content;
  // The process may have slept since MAIL. Leaving now is safe: without the dot there is no message.
  if (Pool::Clock::now() >= transaction.job->submission.not_after) return lost("not_after has passed");
  transaction.has_content_begun = true;
  await_reply(Expect::end_of_data, &transaction);
}

void Connection::pump_content() {
  if (!current_ || !current_->has_content_begun || current_->is_content_complete) return;
  auto &transaction = *current_;
  const std::string_view content{transaction.job->submission.content};
  while (wire_.backlog() < kBlockBytes && transaction.content_at < content.size()) {
    const auto block = content.substr(transaction.content_at, kBlockBytes);
    if (transaction.job->check.has_leading_dot) {
      append_stuffed(wire_.tail(), block, transaction.is_line_start);
    } else {
      wire_.append(block);
    }
    transaction.content_at += block.size();
  }
  if (transaction.content_at < content.size()) return;
  if (!content.ends_with('\n')) wire_.append("\r\n");
  transaction.is_content_complete = true;
  transaction.stage = Stage::end_of_data;
  transaction.dot_position = wire_.position();
  wire_.append(".\r\n");
  // RFC 2920 §3.1: commands may follow the dot in the same breath.
  const bool may_follow{pipelines() && !is_leaving_ && !needs_rset_ &&
                        handled_ + 1 < options_.messages_per_connection};
  if (may_follow) next_ = next_transaction();
  if (next_) advance(*next_);
}

bool Connection::may_have_dot(const Transaction &transaction) const {
  return transaction.is_content_complete && wire_.at_risk() > transaction.dot_position;
}

void Connection::end_of_data_reply(Transaction &transaction, Reply reply) {
  const bool is_empty{transaction.recipients_accepted == 0};
  if (is_empty) return end_current(transaction.refusal_outcome());
  const bool is_answer{reply.is_positive() || reply.is_transient() || reply.is_permanent()};
  if (!may_have_dot(transaction)) {
    // It answers what it has not read: only a refusal makes sense, and without its dot the message stays
    // nowhere.
    if (!reply.is_transient() && !reply.is_permanent())
      return lost("protocol: an answer before the end of data", &reply);
    auto outcome = by_reply(Stage::content, std::move(reply));
    pool_.finish(std::move(current_->job), std::move(outcome));
    current_.reset();
    return lost("the server refused the content early");
  }
  if (!is_answer) return lost("protocol: not an answer to the end of data", &reply);
  const bool is_closing{reply.code == 421};
  auto outcome = by_reply(Stage::end_of_data, std::move(reply));
  if (outcome.reply.is_positive()) {
    outcome.verdict = Verdict::accepted;
    outcome.queue_id = queue_id(outcome.reply.text);
  }
  if (transaction.recipient_replies.size() > 1) outcome.recipients = transaction.recipient_replies;
  is_leaving_ |= is_closing;
  end_current(std::move(outcome));
  if (is_closing) lost("the server closes the session");
}

void Connection::end_current(Outcome outcome) {
  ++handled_;
  pool_.finish(std::move(current_->job), std::move(outcome));
  current_ = std::move(next_);
  if (!current_) pump();
}

/// The connection is gone: back to the queue if nothing but commands was said, else the verdict that is
/// certain.
void Connection::abandon(std::unique_ptr<Transaction> transaction, std::string_view detail,
                         const Reply *reply, bool is_prefetched) {
  if (transaction->is_refused()) {
    auto refusal = transaction->refusal_outcome();
    return pool_.finish(std::move(transaction->job), std::move(refusal));
  }
  auto job = std::move(transaction->job);
  Outcome outcome;
  outcome.stage = transaction->stage;
  outcome.detail = detail;
  if (reply != nullptr) outcome.reply = *reply;
  if (may_have_dot(*transaction)) {
    outcome.verdict = Verdict::unknown;
    return pool_.finish(std::move(job), std::move(outcome));
  }
  outcome.verdict = Verdict::not_sent;
  if (outcome.stage == Stage::end_of_data) outcome.stage = Stage::content;  // its dot never left
  const bool can_go_again{!transaction->has_content_begun && !job->was_returned &&
                          (is_prefetched || handled_ > 0)};
  if (can_go_again) return pool_.give_back(std::move(job));
  pool_.finish(std::move(job), std::move(outcome));
}

}  // namespace relance::smtp
