// What we ask of a printer and what its answers mean: requests as messages, statuses as outcomes, jobs as
// values. Nothing of it travels here.
// @see RFC 8011 §4 (operations), §5.3 (jobs), appendix B (statuses)
#pragma once

#include "plugins/postal/ipp/settings.hpp"
#include "plugins/protocol/ipp/message.hpp"

#include <relance/http.hpp>
#include <relance/parsed.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::postal::ipp {

namespace proto = relance::ipp;

enum class Operation : std::uint16_t {
  print_job = 0x0002,
  validate_job = 0x0004,
  create_job = 0x0005,
  send_document = 0x0006,
  cancel_job = 0x0008,
  get_job_attributes = 0x0009,
  get_jobs = 0x000A,
};
enum class JobState : std::int32_t { pending = 3, held, processing, stopped, cancelled, aborted, completed };

struct Job {
  std::int32_t id{0};
  std::string name{};
  JobState state{JobState::pending};
  std::string reasons{}, message{};
  std::optional<std::int32_t> documents{}, sheets{};  ///< where the printer says it

  /// It waits for a document that never came to an end.
  [[nodiscard]] bool waits_for_document() const;
};

/// A job of ours as the host keeps it: the printer's number, which another job has after a restart of the
/// printer, and our key, which its name must still be.
struct JobRef {
  std::int32_t id{0};
  std::string key;
  [[nodiscard]] std::string text() const { return std::to_string(id) + '/' + key; }
  static std::optional<JobRef> parse(std::string_view ref);
};

struct Answer {
  std::optional<proto::Message> message{};  ///< nothing: no whole answer of a printer came
  sdk::Outcome outcome{};                   ///< when it is no success: what that means for the letter
  [[nodiscard]] bool is_success() const { return message && message->is_success(); }
};

[[nodiscard]] sdk::HttpRequest to_request(const Settings &settings, const proto::Message &message,
                                          std::int64_t not_after_ms, bool is_idempotent);
[[nodiscard]] Answer read_answer(const Settings &settings, const sdk::HttpReply &reply);

[[nodiscard]] proto::Message new_job(const Settings &settings, Operation operation, std::string_view key);
[[nodiscard]] proto::Message about_job(const Settings &settings, Operation operation, std::int32_t id);
[[nodiscard]] proto::Message list_jobs(const Settings &settings, bool is_completed);

[[nodiscard]] std::vector<Job> jobs_of(const proto::Message &answer);
/// "server-error-busy", or the number of what has no name here.
[[nodiscard]] std::string status_name(std::uint16_t code);

}  // namespace relance::postal::ipp
