// A job of the fax server as its own words tell it: one answer to JPARM, one line of a LIST.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::hylafax {

enum class State : std::uint8_t {
  undefined,
  suspended,  ///< a draft, or taken out of the queue
  pending,
  sleeping,  ///< until the next call
  blocked,   ///< by another job to the same number
  ready,
  active,  ///< a call is under way
  done,
  failed,
};
[[nodiscard]] std::string_view name_of(State state);
[[nodiscard]] State state_named(std::string_view name);

struct Job {
  std::string id{};
  std::string key{};    ///< JOBINFO, as whoever made it has set it
  std::string owner{};  ///< empty in a JPARM of an old server
  State state{State::undefined};
  std::string code{};    ///< three digits; "000": nothing is wrong
  std::string status{};  ///< in words
  unsigned pages{0}, pages_total{0}, dials{0}, dials_max{0};
  std::int64_t scheduled_s{0};  ///< of a LIST: Unix time for which its last call was planned

  [[nodiscard]] bool is_over() const { return state == State::done || state == State::failed; }
};

/// The lines between "217-" and "217 ": "    NAME: value". Nothing when it is no such answer.
[[nodiscard]] std::optional<Job> read_job(const std::vector<std::string> &lines);

/// What JOBFMT is set to for read_listed(). The words of the status come last, as they may hold anything.
inline constexpr std::string_view kListFormat{"%j|%a|%J|%o|%p|%y|%d|%x|%Z|%s"};
[[nodiscard]] std::optional<Job> read_listed(std::string_view line);

/// Digits, as many as a job's number has.
[[nodiscard]] bool is_job_id(std::string_view text);

}  // namespace relance::hylafax
