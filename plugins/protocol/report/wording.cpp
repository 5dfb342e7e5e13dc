// Matching of the wordings in wording_table.hpp, and what RFC 3463 says about statuses.
#include "plugins/protocol/report/wording.hpp"

#include "plugins/protocol/report/ascii.hpp"
#include "plugins/protocol/report/wording_table.hpp"

#include <algorithm>
#include <array>

namespace relance::report {
namespace {

/// Does `text` hold the fragments of `wording` in order, each within the gap after the one before?
bool holds(std::string_view text, std::string_view wording) {
  const auto star = wording.find('*');
  const auto head = wording.substr(0, star);
  for (std::size_t at = text.find(head); at != std::string_view::npos; at = text.find(head, at + 1)) {
    if (star == std::string_view::npos) return true;
    const auto rest = text.substr(at + head.size());
    auto tail = wording.substr(star + 1);
    const auto next = tail.substr(0, tail.find('*'));
    if (holds(rest.substr(0, kGapBytesMax + next.size()), next) &&
        (tail.size() == next.size() || holds(rest.substr(0, 2 * kGapBytesMax + tail.size()), tail)))
      return true;
  }
  return false;
}

}  // namespace

bool holds_any(std::string_view text, std::string_view wordings) {
  while (!wordings.empty()) {
    const auto end = wordings.find('|');
    if (holds(text, wordings.substr(0, end))) return true;
    wordings.remove_prefix(end == std::string_view::npos ? wordings.size() : end + 1);
  }
  return false;
}

std::string normalised(std::string_view text) {
  std::string out = squeeze(text);
  for (char &c : out) c = to_lower(c);
  // U+2018 and U+2019, as in "couldn’t".
  std::size_t to = 0;
  for (std::size_t from = 0; from < out.size(); ++from) {
    const auto rest = std::string_view(out).substr(from, 3);
    const bool is_quote = rest == "\xE2\x80\x98" || rest == "\xE2\x80\x99";
    out[to++] = is_quote ? '\'' : out[from];
    if (is_quote) from += 2;
  }
  out.resize(to);
  return out;
}

namespace {

/// The next word of `text` from `at` on, and where it ends.
std::string_view word_at(std::string_view text, std::size_t &at) {
  const auto begin = std::min(text.find_first_not_of(" \t\r\n", at), text.size());
  at = std::min(text.find_first_of(" \t\r\n", begin), text.size());
  return text.substr(begin, at - begin);
}

/// "host mx.customer.example[192.0.2.7] said:" names who speaks, not what is wrong with a host. Where it
/// ends; `at` itself where there is none.
std::size_t behind_speaker(std::string_view text, std::size_t at) {
  auto end = at;
  if (!equals_ignoring_case(word_at(text, end), "host")) return at;
  auto name = word_at(text, end);
  if (name.find('.') == std::string_view::npos) return at;
  if (name.find('[') == std::string_view::npos) {
    name = word_at(text, end);
    if (!name.starts_with('[')) return at;
  }
  if (name.ends_with(':')) return end;
  auto behind = end;
  return word_at(text, behind) == "said:" ? behind : end;
}

}  // namespace

std::string spoken_words(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    i = behind_speaker(text, i);
    const auto word = word_at(text, i);
    const bool is_name =
        word.find('@') != std::string_view::npos || word.find("://") != std::string_view::npos;
    if (!is_name && !word.empty()) out.append(word).append(" ");
  }
  return normalised(out);
}

std::optional<Meaning> meaning_of(std::string_view text) {
  for (const auto &family : kFamilies)
    if (holds_any(text, family.wordings))
      return Meaning{family.reason, family.status, family.clarity == Clarity::vague};
  return std::nullopt;
}

bool announces_failure(std::string_view text) {
  return holds_any(text, kFailures);
}
bool announces_delay(std::string_view text) {
  return holds_any(text, kDelays);
}
bool announces_success(std::string_view text) {
  const auto words = ' ' + std::string(text);
  return holds_any(words, kSuccesses) && !holds_any(words, kNoSuccess);
}

bool says_given_up(std::string_view text) {
  return holds_any(text, kEndings);
}
bool is_challenge(std::string_view text) {
  return holds_any(text, kChallenges);
}
bool begins_returned_message(std::string_view line) {
  return holds_any(line, kReturned);
}

Reason reason_of_status(std::string_view status) {
  using enum Reason;
  if (status.size() < 5) return unknown;
  if (status[0] == '2') return delivered;
  const auto detail = status.substr(2);
  constexpr std::array<std::pair<std::string_view, Reason>, 28> kDetails{{
      {"1.1", user_unknown},
      {"1.2", host_unknown},
      {"1.3", user_unknown},
      {"1.4", user_unknown},
      {"1.6", user_moved},
      {"1.7", sender_rejected},
      {"1.8", sender_rejected},
      {"1.10", user_unknown},
      {"2.1", mailbox_suspended},
      {"2.2", mailbox_full},
      {"2.3", message_too_large},
      {"3.1", system},
      {"3.2", system},
      {"3.4", message_too_large},
      {"4.1", network},
      {"4.2", network},
      {"4.3", system},
      {"4.4", host_unknown},
      {"4.5", network},
      {"4.6", network},
      {"4.7", expired},
      {"7.1", policy},
      {"7.20", authentication},
      {"7.23", authentication},
      {"7.25", blocked},
      {"7.26", authentication},
      {"7.28", rate_limited},
      {"7.509", authentication},
  }};
  for (const auto &[code, reason] : kDetails)
    if (detail == code) return reason;
  switch (status[2]) {
    case '1':
      return user_unknown;
    case '2':
      return mailbox_suspended;
    case '3':
      return system;
    case '4':
      return network;
    case '5':
      return system;
    case '6':
      return content;
    case '7':
      return policy;
    default:
      return unknown;
  }
}

std::string_view status_of_reason(Reason reason) {
  using enum Reason;
  switch (reason) {
    case Reason::delivered:
      return "2.0.0";
    case user_unknown:
      return "5.1.1";
    case host_unknown:
      return "5.1.2";
    case mailbox_full:
      return "5.2.2";
    case network:
      return "x.4.1";
    case expired:
      return "x.4.7";
    default:
      return "x.0.0";
  }
}

}  // namespace relance::report
