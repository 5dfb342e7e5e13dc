#include "plugins/protocol/report/status_code.hpp"

#include "plugins/protocol/report/ascii.hpp"

#include <algorithm>
#include <array>

namespace relance::report {
namespace {

/// How many bytes at `at` are a status of class 2, 4 or 5; 0 when they are none.
std::size_t status_length(std::string_view text, std::size_t at) {
  if (at >= text.size() || (text[at] != '2' && text[at] != '4' && text[at] != '5')) return 0;
  if (at > 0 && (is_alnum(text[at - 1]) || text[at - 1] == '.')) return 0;
  std::size_t i = at + 1;
  for (int part = 0; part < 2; ++part) {
    if (i >= text.size() || text[i] != '.') return 0;
    const std::size_t begin = ++i;
    while (i < text.size() && is_digit(text[i])) ++i;
    if (i == begin || i - begin > 3) return 0;
  }
  if (i < text.size() && is_letter(text[i]) && !is_letter(text[i - 1]) && i + 1 < text.size() &&
      is_digit(text[i + 1]))
    return 0;
  const bool goes_on = i + 1 < text.size() && text[i] == '.' && is_digit(text[i + 1]);
  return goes_on ? 0 : i - at;
}

/// Words after which a number of three digits is a reply code.
bool announces_code(std::string_view before) {
  constexpr std::array<std::string_view, 16> kWords{
      "said", "error", "code",   "reply", "response", "failed", "reason",  "returned",
      "smtp", "with",  "status", "was",   "fehler",   "erreur", "replied", "message"};
  before = trim(before);
  std::size_t begin = before.size();
  while (begin > 0 && is_letter(before[begin - 1])) --begin;
  const auto word = lower(before.substr(begin));
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

struct Reply {
  int code{0};
  std::size_t end{0};        ///< after the code
  std::size_t status_at{0};  ///< where a status follows; 0 when none does
};

/// The reply code at `at`, when its surroundings say that it is one.
Reply reply_at(std::string_view text, std::size_t at) {
  const bool has_shape = at + 3 <= text.size() && (text[at] == '4' || text[at] == '5') &&
                         is_digit(text[at + 1]) && is_digit(text[at + 2]) && text[at + 1] <= '9';
  if (!has_shape) return {};
  if (at > 0 && (is_alnum(text[at - 1]) || text[at - 1] == '.' || text[at - 1] == '/')) return {};
  const std::size_t end = at + 3;
  if (end < text.size() && (is_alnum(text[end]) || text[end] == '/' || text[end] == '@')) return {};
  const bool goes_on = end + 1 < text.size() && (text[end] == '.' || text[end] == '-' || text[end] == ',') &&
                       is_digit(text[end + 1]) && status_length(text, end + 1) == 0;
  if (goes_on) return {};
  std::size_t next = end;
  while (next < text.size() && next - end < 4 &&
         std::string_view(" -'\"#:(<").find(text[next]) != std::string_view::npos)
    ++next;
  const bool has_status = next > end && status_length(text, next) > 0;
  const int code = (text[at] - '0') * 100 + (text[at + 1] - '0') * 10 + (text[at + 2] - '0');
  if (has_status) return {code, end, next};
  std::size_t before = at;
  while (before > 0 && (text[before - 1] == ' ' || text[before - 1] == '\t')) --before;
  constexpr std::string_view kOpeners = "\n:;<>(#\"'=|";
  const bool is_opened = before == 0 || kOpeners.find(text[before - 1]) != std::string_view::npos;
  // host[192.0.2.1]:25 and times have the code glued to a colon.
  const bool is_port =
      at > 0 && text[at - 1] == ':' && at > 1 && (text[at - 2] == ']' || is_digit(text[at - 2]));
  const bool is_ranged = text[at + 1] <= '8';
  if (is_ranged && !is_port && (is_opened || announces_code(text.substr(0, before)))) return {code, end, 0};
  return {};
}

}  // namespace

std::vector<Code> find_codes(std::string_view text, std::size_t most) {
  std::vector<Code> codes;
  for (std::size_t i = 0; i < text.size() && codes.size() < most; ++i) {
    if (!is_digit(text[i])) continue;
    if (const auto reply = reply_at(text, i); reply.code != 0) {
      Code code{reply.code, {}, reply.status_at != 0};
      i = reply.end - 1;
      if (reply.status_at != 0) {
        const auto length = status_length(text, reply.status_at);
        code.status = std::string(text.substr(reply.status_at, length));
        i = reply.status_at + length - 1;
      }
      codes.push_back(std::move(code));
    } else if (const auto length = status_length(text, i); length > 0 && text[i] != '2') {
      codes.push_back({0, std::string(text.substr(i, length)), false});
      i += length - 1;
    }
  }
  return codes;
}

std::string status_of(std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i)
    if (const auto length = status_length(value, i); length > 0) return std::string(value.substr(i, length));
  return {};
}

StatusClass class_of(std::string_view status) {
  if (status.empty()) return StatusClass::unknown;
  if (status[0] == '2') return StatusClass::success;
  if (status[0] == '4') return StatusClass::temporary;
  return status[0] == '5' ? StatusClass::permanent : StatusClass::unknown;
}

bool is_general(std::string_view status) {
  return status.size() == 5 && status.substr(1) == ".0.0";
}

Code best_code(const std::vector<Code> &codes) {
  const auto is_expiry = [](const Code &code) { return code.status == "4.4.7" || code.status == "5.4.7"; };
  const auto find = [&codes](auto wanted) -> const Code * {
    const auto found = std::find_if(codes.begin(), codes.end(), wanted);
    return found == codes.end() ? nullptr : &*found;
  };
  const Code *best =
      find([&](const Code &code) { return code.is_pair && !is_general(code.status) && !is_expiry(code); });
  if (best == nullptr)
    best = find([&](const Code &code) {
      return !code.status.empty() && !is_general(code.status) && !is_expiry(code);
    });
  if (best == nullptr)
    best = find([](const Code &code) { return !code.status.empty() && !is_general(code.status); });
  if (best == nullptr) best = find([](const Code &code) { return !code.status.empty(); });
  if (best == nullptr) return codes.empty() ? Code{} : codes.front();
  Code code = *best;
  if (code.reply == 0) {
    const auto *reply = find([&](const Code &other) { return other.reply / 100 == code.status[0] - '0'; });
    if (reply != nullptr) code.reply = reply->reply;
  }
  return code;
}

}  // namespace relance::report
