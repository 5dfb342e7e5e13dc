// @see hfaxd's HELP and faxstat(1) for the letters of a state; the names are what JPARM STATE says
#include "plugins/protocol/hylafax/job.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace relance::hylafax {
namespace {

constexpr std::size_t kJobDigitsMax{9};

struct StateName {
  State state;
  std::string_view name;
  char letter;
};
/// JPARM says the name, a LIST the letter.
constexpr std::array kStates{
    StateName{State::suspended, "SUSPENDED", 'T'}, StateName{State::pending, "PENDING", 'P'},
    StateName{State::sleeping, "SLEEPING", 'S'},   StateName{State::blocked, "BLOCKED", 'B'},
    StateName{State::ready, "READY", 'W'},         StateName{State::active, "ACTIVE", 'R'},
    StateName{State::done, "DONE", 'D'},           StateName{State::failed, "FAILED", 'F'},
};

template <class T = unsigned>
T number(std::string_view text) {
  T value{0};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}
State state_of_letter(std::string_view letter) {
  if (letter.size() != 1) return State::undefined;
  const auto found =
      std::find_if(kStates.begin(), kStates.end(), [&](const auto &s) { return s.letter == letter[0]; });
  return found == kStates.end() ? State::undefined : found->state;
}

}  // namespace

std::string_view name_of(State state) {
  const auto found =
      std::find_if(kStates.begin(), kStates.end(), [&](const auto &s) { return s.state == state; });
  return found == kStates.end() ? std::string_view{"UNDEFINED"} : found->name;
}

State state_named(std::string_view name) {
  const auto found =
      std::find_if(kStates.begin(), kStates.end(), [&](const auto &s) { return s.name == name; });
  return found == kStates.end() ? State::undefined : found->state;
}

std::optional<Job> read_job(const std::vector<std::string> &lines) {
  Job job;
  for (const std::string_view line : lines) {
    const auto from = line.find_first_not_of(' ');
    const auto colon = line.find(": ");
    if (from == line.npos || colon == line.npos || from == 0) continue;
    const auto name = line.substr(from, colon - from), value = line.substr(colon + 2);
    if (name == "JOBID") job.id = value;
    if (name == "JOBINFO") job.key = value;
    if (name == "OWNER") job.owner = value;
    if (name == "STATE") job.state = state_named(value);
    if (name == "STATUSCODE") job.code = value;
    if (name == "STATUS") job.status = value;
    if (name == "NPAGES") job.pages = number(value);
    if (name == "TOTPAGES") job.pages_total = number(value);
    if (name == "TOTDIALS") job.dials = number(value);
    if (name == "MAXDIALS") job.dials_max = number(value);
  }
  if (!is_job_id(job.id) || job.state == State::undefined) return std::nullopt;
  return job;
}

std::optional<Job> read_listed(std::string_view line) {
  std::array<std::string_view, 9> fields;
  for (auto &field : fields) {
    const auto bar = line.find('|');
    if (bar == line.npos) return std::nullopt;
    field = line.substr(0, bar);
    line.remove_prefix(bar + 1);
  }
  Job job{.id = std::string{fields[0]},
          .key = std::string{fields[2]},
          .owner = std::string{fields[3]},
          .state = state_of_letter(fields[1]),
          .status = std::string{line},
          .pages = number(fields[4]),
          .pages_total = number(fields[5]),
          .dials = number(fields[6]),
          .dials_max = number(fields[7]),
          .scheduled_s = number<std::int64_t>(fields[8])};
  if (!is_job_id(job.id) || job.state == State::undefined) return std::nullopt;
  return job;
}

bool is_job_id(std::string_view text) {
  return !text.empty() && text.size() <= kJobDigitsMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace relance::hylafax
