// What one connection knows about one message under way.
#pragma once

#include "plugins/protocol/smtp/connection.hpp"

#include <optional>
#include <vector>

namespace relance::smtp {

struct Connection::Transaction {
  explicit Transaction(std::unique_ptr<Job> given) : job{std::move(given)} {}

  std::unique_ptr<Job> job;
  Stage stage{Stage::mail};
  std::size_t commands_sent{0};  // MAIL, one RCPT a recipient, DATA
  bool mail_accepted{false};
  std::size_t recipients_accepted{0};
  std::vector<Reply> recipient_replies;
  std::optional<Reply> refusal;  // of MAIL, or of DATA
  bool has_content_begun{false};
  bool is_content_complete{false};
  std::size_t content_at{0};
  bool is_line_start{true};
  std::uint64_t dot_position{0};  // in the wire's plain stream, once complete

  [[nodiscard]] std::size_t recipient_count() const { return job->submission.envelope.recipients.size(); }
  [[nodiscard]] bool are_recipients_refused() const {
    return recipient_replies.size() == recipient_count() && recipients_accepted == 0;
  }
  /// Decided by replies alone, whatever happens to the connection.
  [[nodiscard]] bool is_refused() const { return refusal.has_value() || are_recipients_refused(); }
  [[nodiscard]] Outcome refusal_outcome() const;
};

}  // namespace relance::smtp
